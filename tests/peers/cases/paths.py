"""Point 4: requests, and what names become in URLs."""

import urllib.parse

from cases import case
from cases.releases import plain

VERSIONS = ["1.0+deb12u1", "1.0~rc1", "1:1.0", "2:1.0+dfsg~1-1", "1.0+b1", "1.0-1ubuntu0.22.04.1", "1.0.git20240101", "0", "1.0~~a",
            "1.0a+really2.0-1~bpo12+1", "20240101T120000"]
NAMES = ["a", "x", "0ad", "lib+", "lib++", "g++-12", "libstdc++6", "name.with.dots", "under_score", "Upper", "MixedCase", "r", "a-", "-a",
         "python3.11", "plus+minus-dot.", "ünicode", "very-long-" + "x" * 120]


def object_store(handler, rest):
    """S3, and what imitates it, reads a plus sign as a space, and says 403 for what is not there."""
    slug = handler.path.split("/")[1]
    file = handler.server.servers.work / "sites" / slug / urllib.parse.unquote_plus(rest)
    return (200, {}, file.read_bytes()) if file.is_file() else 403


def strict(handler, rest):
    """A server that keeps the path as it was sent."""
    slug = handler.path.split("/")[1]
    file = handler.server.servers.work / "sites" / slug / rest
    return (200, {}, file.read_bytes()) if file.is_file() else 404


for number, version in enumerate(VERSIONS):
    @case(f"path/version-{number}-nginx", first=number == 0)
    def version_nginx(site, version=version):
        site.repository().add(site.deb("tool", version)).write()
        return site.ask()

    @case(f"path/version-{number}-object-store", first=number == 0)
    def version_store(site, version=version):
        site.repository().add(site.deb("tool", version)).write()
        site.answer("", object_store)
        return site.ask(sources=site.source(uris=site.odd))

    @case(f"path/version-{number}-asked-for")
    def version_exactly(site, version=version):
        site.repository().add(site.deb("tool", version)).add(site.deb("tool", "9:9.0")).write()
        return site.ask(f"tool={version}")


def named(site, name):
    """dpkg-deb refuses some of these names."""
    control = (f"Package: {name}\nVersion: 1.0\nArchitecture: amd64\nMaintainer: Peers <peers@mirror.example>\n"
               f"Description: {name}\n").encode()
    return site.raw_deb(control, name=name)


for number, name in enumerate(NAMES):
    @case(f"path/name-{number}")
    def name_asked_for(site, name=name):
        site.repository().add(named(site, name)).write()
        return site.ask(name)

    @case(f"path/name-{number}-beside")
    def name_beside(site, name=name):
        plain(site).add(named(site, name)).write()
        return site.ask()

CHARACTERS = {"space": " ", "percent": "%", "percent-encoded": "%2B", "hash": "#", "question": "?", "ampersand": "&", "quote": "'",
              "double-quote": '"', "brackets": "[1]", "braces": "{1}", "caret": "^", "comma": ",", "equals": "=", "at": "@", "colon": ":",
              "semicolon": ";", "star": "*", "backslash": "\\", "dollar": "$", "bang": "!", "bar": "|", "less": "<", "parentheses": "(1)",
              "backtick": "`", "unicode": "ü", "colon-dir": "isv:/k8s:/core"}
for label, character in CHARACTERS.items():
    @case(f"path/filename-{label}")
    def filename(site, character=character):
        site.repository().add(site.deb("tool"), filename=f"pool/a{character}b/tool.deb").write()
        return site.ask()

    @case(f"path/uri-{label}")
    def uri(site, character=character):
        plain(site, folder=f"a{character}b").write()
        quoted = urllib.parse.quote(f"a{character}b", safe="/:@!$&'()*+,;=")
        return site.ask(sources=site.source(uris=f"{site.url}/{quoted}"))

for suite in ("bookworm/mongodb-org/7.0", "stable+backports", "llvm-toolchain-bookworm-17", "any-version", "nodistro", "isv:k8s", "1.0~x", "UPPER",
              "stable/updates", "stable/"):
    @case(f"path/suite-{suite.replace('/', '_')}")
    def suite_name(site, suite=suite):
        plain(site, suite=suite.rstrip("/")).write()
        return site.ask(sources=site.source(suites=suite))

for component in ("non-free-firmware", "7", "6", "main/debug", "pg+dev", "UPPER", "a_b", "c.d", "main:x"):
    @case(f"path/component-{component.replace('/', '_')}")
    def component_name(site, component=component):
        plain(site, components=(component,)).write()
        return site.ask(sources=site.source(components=component))

URIS = {"slash-last": "{}/", "two-slashes-last": "{}//", "double-slash-inside": "{}//.", "dot-inside": "{}/./", "dotdot-inside": "{}/x/..",
        "upper-scheme": "upper", "with-port-and-user": "user"}
for label, form in URIS.items():
    @case(f"path/base-{label}")
    def base(site, form=form):
        plain(site).write()
        (site.folder / "x").mkdir()
        uri = site.url.replace("http:", "HTTP:") if form == "upper" else site.url.replace("//", "//user:pass@") if form == "user" else form.format(site.url)
        return site.ask(sources=site.source(uris=uri))

REQUESTS = {
    "version-glob": "tool=1.2*", "version-glob-middle": "tool=1*2", "version-glob-question": "tool=1.2.?", "version-glob-all": "tool=*",
    "version-glob-none": "tool=7*", "version-missing": "tool=7", "plus": "tool+", "plus-of-name": "lib+", "minus": "tool lib-", "suite": "tool/stable",
    "codename": "tool/stablecode", "suite-unknown": "tool/other", "suite-glob": "tool/sta*", "suite-regex": "tool//sta.*/",
    "component": "tool/main", "arch": "tool:amd64", "arch-any": "tool:any", "arch-native": "tool:native", "arch-other": "tool:arm64",
    "arch-version": "tool:amd64=1.2.3", "glob": "to*", "glob-question": "too?", "glob-class": "to[no]l", "regex": "^tool$", "regex-dot": "t..l",
    "upper": "TOOL", "twice": "tool tool", "twice-versions": "tool=1.2.3 tool=1.2.4", "virtual": "thing", "virtual-two": "shared",
    "nothing-of-that-name": "nothing", "tilde": "tool~", "pattern": "?name(tool)", "pattern-tilde": "~ntool", "pattern-exact": "?exact-name(tool)",
    "underscore": "under_score", "task": "tool^", "version-epoch-left-out": "epoch=1.0", "version-epoch": "epoch=1:1.0",
    "both": "tool=1.2.3/stable", "target-release-a": "tool/a=stable",
}
for label, request in REQUESTS.items():
    @case(f"request/{label}")
    def asked(site, request=request):
        repository = site.repository().add(site.deb("lib+"))
        for version in ("1.2.3", "1.2.4", "1.3", "1.0-2"):
            repository.add(site.deb("tool", version, Depends="lib"))
        repository.add(site.deb("lib", Provides="thing")).add(site.deb("ton", Provides="shared")).add(site.deb("tin", Provides="shared"))
        repository.add(named(site, "under_score")).add(site.deb("epoch", "1:1.0")).write(Codename="stablecode")
        return site.ask(*request.split())
