"""Point 7: source lists, in both formats."""

from cases import case
from cases.releases import plain
from repository import Repository

# Fields added to the one source.
FIELDS = {
    "unknown": {"Flavour": "x"},
    "description": {"Description": "the vendor's packages"},
    "repolib": {"X-Repolib-Name": "Vendor", "Repolib-Name": "Vendor", "X-Repolib-ID": "vendor"},
    "enabled-yes": {"Enabled": "yes"}, "enabled-true": {"Enabled": "true"}, "enabled-1": {"Enabled": "1"},
    "enabled-maybe": {"Enabled": "maybe"}, "enabled-no": {"Enabled": "no"}, "enabled-false": {"Enabled": "false"},
    "enabled-0": {"Enabled": "0"}, "enabled-off": {"Enabled": "off"}, "enabled-empty": {"Enabled": ""}, "enabled-upper": {"Enabled": "NO"},
    "languages-empty": {"Languages": ""}, "languages-none": {"Languages": "none"}, "languages": {"Languages": "de en"},
    "languages-add": {"Languages-Add": "fr"}, "targets": {"Targets": "Packages"}, "targets-remove": {"Targets-Remove": "Translations"},
    "targets-none": {"Targets": "none"}, "targets-contents": {"Targets-Add": "Contents-deb"},
    "pdiffs-no": {"PDiffs": "no"}, "by-hash-force": {"By-Hash": "force"}, "by-hash-no": {"By-Hash": "no"}, "by-hash-odd": {"By-Hash": "often"},
    "architectures": {"Architectures": "amd64"}, "architectures-two": {"Architectures": "amd64 arm64"},
    "architectures-commas": {"Architectures": "amd64,arm64"}, "architectures-empty": {"Architectures": ""},
    "architectures-other": {"Architectures": "arm64"}, "architectures-add": {"Architectures-Add": "arm64"},
    "architectures-remove": {"Architectures-Remove": "amd64"}, "architectures-unknown": {"Architectures": "amd64 z80"},
    "architectures-native": {"Architectures": "native"},
    "trusted-no": {"Trusted": "no"}, "trusted-yes": {"Trusted": "yes"}, "trusted-odd": {"Trusted": "maybe"}, "trusted-empty": {"Trusted": ""},
    "allow-weak": {"Allow-Weak": "yes"}, "allow-insecure": {"Allow-Insecure": "yes"},
    "allow-downgrade": {"Allow-Downgrade-To-Insecure": "yes"},
    "check-date-no": {"Check-Date": "no"}, "date-max-future": {"Date-Max-Future": "10"}, "date-max-future-odd": {"Date-Max-Future": "soon"},
    "valid-until-max-odd": {"Valid-Until-Max": "x"}, "inrelease-path": {"InRelease-Path": "InRelease"},
    "signed-by-twice": {"signed-by": "/nonexistent.gpg"}, "snapshot-no": {"Snapshot": "no"}, "snapshot-disable": {"Snapshot": "disable"},
    "doubled-suites": {"suites": "other"}, "types-odd": {"Types": "deb rpm"}, "types-empty": {"Types": ""}, "types-upper": {"Types": "DEB"},
    "components-empty": {"Components": ""}, "components-twice": {"Components": "main main"}, "suites-empty": {"Suites": ""},
    "suites-two": {"Suites": "stable other"}, "suites-twice": {"Suites": "stable stable"}, "uris-empty": {"URIs": ""},
    "include": {"Include": "tool lib"}, "include-tool-only": {"Include": "tool"}, "exclude-lib": {"Exclude": "lib"},
    "exclude-tool": {"Exclude": "tool"}, "exclude-other": {"Exclude": "other"}, "include-glob": {"Include": "to* lib"},
}
for label, more in FIELDS.items():
    @case(f"list/field-{label}")
    def field(site, more=more):
        plain(site).write()
        return site.ask(sources=with_fields(site.source(), more))


def with_fields(source, more):
    """The stanza with these fields, in place of those of the same name."""
    kept = [line for line in source.splitlines(True) if line.partition(":")[0] not in more]
    return "".join(kept) + "".join(f"{key}: {value}\n" for key, value in more.items())


# The bytes of the whole file; {source} is the ordinary stanza.
FILES = {
    "comment": "# the vendor\n{source}", "comment-inside": "Types: deb\n# here\n{rest}", "comment-between": "{source}\n# nothing\n\n# more\n",
    "blank-first": "\n\n{source}", "no-line-end": "{stripped}", "crlf": "{crlf}", "disabled-beside": "{source}\nTypes: deb\nURIs: http://absent.invalid/\nSuites: x\n"
    "Components: y\nEnabled: no\n", "lower-case": "{lower}", "two-stanzas": "{source}\n{other}", "commented-fields": "{source}#Enabled: no\n",
    "latin1-comment": "# gr\u00fc\u00dfe\n{source}", "byte-order-mark": "\ufeff{source}", "continuation": "{continued}",
    "tabs": "{tabs}", "key-inside": "{inside}", "key-inside-dots": "{inside}", "empty-file": "", "only-comment": "# nothing\n",
    "spaces-before-colon": "{spaced}", "blank-line-of-spaces": "{source} \n{other}",
}
for label, text in FILES.items():
    @case(f"list/file-{label}")
    def file(site, text=text):
        plain(site).write()
        source = site.source()
        key = site.world.keys.public(armor=True).decode().strip()
        inside = "\n".join(f" {line or '.'}" for line in key.splitlines())
        forms = {
            "source": source, "rest": source.partition("\n")[2], "stripped": source.rstrip("\n"), "crlf": source.replace("\n", "\r\n"),
            "lower": "".join(line.partition(":")[0].lower() + ":" + line.partition(":")[2] for line in source.splitlines(True)),
            "other": site.source(uris=f"{site.url}/"), "continued": source.replace("Components: ", "Components:\n "),
            "tabs": source.replace(": ", ":\t"), "spaced": source.replace(": ", " : "),
            "inside": site.source(key=f"\n{inside}").replace("Signed-By: \n", "Signed-By:\n"),
        }
        return site.ask(sources=text.format(**forms))

# One-line sources: {key}, {url}.
LINES = {
    "plain": "deb [signed-by={key}] {url} stable main", "arch": "deb [arch=amd64 signed-by={key}] {url} stable main",
    "arch-two": "deb [arch=amd64,arm64 signed-by={key}] {url} stable main", "arch-add": "deb [arch+=arm64 signed-by={key}] {url} stable main",
    "arch-remove": "deb [arch-=amd64 signed-by={key}] {url} stable main", "arch-other": "deb [arch=arm64 signed-by={key}] {url} stable main",
    "spaces": "deb  [ arch=amd64   signed-by={key} ]   {url}   stable   main  ", "tabs": "deb\t[signed-by={key}]\t{url}\tstable\tmain",
    "comment-after": "deb [signed-by={key}] {url} stable main # the vendor", "comment-joined": "deb [signed-by={key}] {url} stable main#x",
    "options-twice": "deb [arch=amd64 arch=arm64 signed-by={key}] {url} stable main", "option-unknown": "deb [flavour=x signed-by={key}] {url} stable main",
    "option-upper": "deb [Arch=amd64 Signed-By={key}] {url} stable main", "option-no-value": "deb [trusted signed-by={key}] {url} stable main",
    "option-empty": "deb [arch= signed-by={key}] {url} stable main", "option-quoted": 'deb [signed-by="{key}"] {url} stable main',
    "bracket-no-space": "deb [signed-by={key}]{url} stable main", "bracket-unclosed": "deb [signed-by={key} {url} stable main",
    "brackets-empty": "deb [] {url} stable main", "no-components": "deb [signed-by={key}] {url} stable", "two-components": "deb [signed-by={key}] {url} stable main absent",
    "upper-type": "DEB [signed-by={key}] {url} stable main", "deb-src-only": "deb-src [signed-by={key}] {url} stable main",
    "rpm": "rpm [signed-by={key}] {url} stable main\ndeb [signed-by={key}] {url} stable main", "lang-none": "deb [lang=none signed-by={key}] {url} stable main",
    "target": "deb [target=Packages signed-by={key}] {url} stable main", "quoted-uri": 'deb [signed-by={key}] "{url}" stable main',
    "leading-space": "   deb [signed-by={key}] {url} stable main", "arch-variable": "deb [signed-by={key}] {url} stable main $(ARCH)",
    "twice": "deb [signed-by={key}] {url} stable main\ndeb [signed-by={key}] {url} stable main",
    "twice-other-options": "deb [signed-by={key}] {url} stable main\ndeb [arch=amd64 signed-by={key}] {url} stable main",
    "twice-other-key": "deb [signed-by={key}] {url} stable main\ndeb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {url} stable main",
    "twice-without-key": "deb [signed-by={key}] {url} stable main\ndeb {url} stable main",
    "twice-slash": "deb [signed-by={key}] {url} stable main\ndeb [signed-by={key}] {url}/ stable main",
    "twice-other-trust": "deb [signed-by={key}] {url} stable main\ndeb [trusted=yes signed-by={key}] {url} stable main",
    "twice-trust-no": "deb [trusted=yes] {url} stable main\ndeb [trusted=no] {url} stable main",
    "twice-other-component": "deb [signed-by={key}] {url} stable main\ndeb [signed-by={key}] {url} stable absent",
    "exact-path": "deb [signed-by={key}] {url} dists/stable/ ", "dot-suite": "deb [signed-by={key}] {url} . main",
    "crlf": "deb [signed-by={key}] {url} stable main\r", "by-hash": "deb [by-hash=force signed-by={key}] {url} stable main",
    "fingerprint": "deb [signed-by={fingerprint}] {url} stable main", "key-and-fingerprint": "deb [signed-by={key},{fingerprint}] {url} stable main",
    "fingerprint-exact": "deb [signed-by={fingerprint}!] {url} stable main", "two-keys": "deb [signed-by={key},/nonexistent.gpg] {url} stable main",
    "include": "deb [include=tool,lib signed-by={key}] {url} stable main", "exclude": "deb [exclude=lib signed-by={key}] {url} stable main",
    "no-uri": "deb [signed-by={key}] stable main", "empty": "", "file-uri": "deb [signed-by={key}] {file} stable main",
    "file-uri-three": "deb [signed-by={key}] {file3} stable main", "copy-uri": "deb [signed-by={key}] {copy} stable main",
}
for label, text in LINES.items():
    @case(f"list/line-{label}")
    def line(site, text=text):
        plain(site).write()
        keys = site.world.keys
        known = {"keyrings": {"peers.gpg": keys.public()}} if "fingerprint" in text else {}
        return site.ask(list=text.format(key=site.key, url=site.url, fingerprint=keys.fingerprint(), file=site.file,
                                         file3=site.file.replace("file:", "file://"), copy=site.file.replace("file:", "copy:")) + "\n", **known)


@case("list/file-deep-arch-variable")
def arch_variable(site):
    """nvidia's container toolkit: $(ARCH) in the path."""
    plain(site, folder="deb/amd64", flat="").write()
    return site.ask(list=site.line(rest=f"{site.url}/deb/$(ARCH) /"))


@case("list/file-arch-variable-in-suite")
def arch_variable_suite(site):
    plain(site, flat="amd64").write()
    return site.ask(list=site.line(rest=f"{site.url} $(ARCH)/"))


def mirrors(site, text):
    (site.folder / "mirrors.txt").write_text(text)
    plain(site).write()


MIRRORS = {
    "one": "{url}\n", "priority": "http://absent.invalid/debian\tpriority:2\n{url}\tpriority:1\n", "dead-first": "{dead}\tpriority:1\n{url}\tpriority:2\n",
    "comment": "# mirrors\n{url}\n", "arch": "{url}\tarch:amd64\n", "arch-other": "{dead}\tarch:arm64\n{url}\n", "type": "{url}\ttype:index\n{url}\ttype:deb\n",
    "empty": "", "blank": "\n{url}\n\n", "slash": "{url}/\n", "spaces": "{url} priority:1\n", "html": "<html></html>\n", "file": "{file}\n",
    "unknown-word": "{url}\tlang:en\n",
}
for label, text in MIRRORS.items():
    for scheme in ("mirror+file", "mirror+http", "mirror"):
        # apt would take packages of a file: mirror where they are, and not say where that is
        if (scheme == "mirror" and label != "one") or (scheme, label) == ("mirror+file", "file"):
            continue

        @case(f"list/{scheme}-{label}")
        def mirror(site, text=text, scheme=scheme):
            mirrors(site, text.format(url=site.url, dead=site.dead, file=site.file))
            place = f"mirror+file:{site.folder}/mirrors.txt" if scheme == "mirror+file" else f"{scheme}:{site.url.partition(':')[2]}/mirrors.txt"
            return site.ask(list=site.line(rest=f"{place} stable main"))


@case("list/snapshot-server-field")
def snapshot(site):
    """A source at a time, of a repository that says where its snapshots are."""
    old: Repository = plain(site, folder="archive/20240101T000000Z")
    old.write()
    now = plain(site, folder="now").add(site.deb("tool", "2.0", Depends="lib"))
    now.write(Snapshots=f"{site.url}/archive/@SNAPSHOTID@/")
    return site.ask(sources=site.source(uris=f"{site.url}/now", Snapshot="20240101T000000Z"))
