"""The situations of which apt's own integration tests are made, each with packages that can really be installed."""

import gzip
import re

from cases import case
from cases.releases import plain
from debs import MAINTAINER, fields
from repository import COMPRESSED

# By the test that has the situation: one package a line, `name version architecture field=value; field=value`, then requests.
RELATIONS = {
    "or-groups": ("a 1 amd64 Depends=x | y; Recommends=z | x\nx 1 amd64 Conflicts=b\ny 1 amd64\nb 1 amd64\nz 1 amd64", ["a", "a b", "a y", "a z"]),
    "versioned-or-groups": ("a 1 amd64 Depends=x (>= 2) | y\nx 1 amd64\ny 1 amd64", ["a"]),
    "versioned-provides": ("a 1 amd64 Depends=virt (>= 2)\np1 1 amd64 Provides=virt (= 1)\np2 1 amd64 Provides=virt (= 2.1)\np3 1 amd64 Provides=virt\n"
                           "b 1 amd64 Depends=virt (= 2.1)\nc 1 amd64 Depends=virt (>= 3)\nd 1 amd64 Conflicts=virt (<< 2); Depends=p1", ["a", "b", "c", "d", "virt"]),
    "provides-bad-operator": ("a 1 amd64 Depends=virt\np 1 amd64 Provides=virt (>= 1)", ["a"]),
    "prefer-non-virtual": ("a 1 amd64 Depends=real\nreal 1 amd64\nother 2 amd64 Provides=real", ["a", "real"]),
    "provides-arch-all": ("a 1 all Depends=virt\np 1 all Provides=virt", ["a", "virt"]),
    "breaks-a-provider": ("p 1 amd64 Provides=foo\nb 1 amd64 Breaks=foo\nc 1 amd64 Breaks=foo (<< 3)", ["p b", "p c"]),
    "conflicts-itself-by-virtual": ("a 1 amd64 Provides=mta; Conflicts=mta\nb 1 amd64 Provides=mta; Conflicts=mta\nc 1 amd64 Depends=a | mta", ["a", "a b", "c", "c b"]),
    "specific-architecture": ("a 1 amd64 Depends=lib:amd64\nb 1 all Depends=lib:i386\nc 1 amd64 Depends=lib:any\nlib 1 amd64 Multi-Arch=same", ["a", "b", "c"]),
    "multiarch-allowed": ("foo 1 amd64 Multi-Arch=allowed\na 1 amd64 Depends=foo:any\nb 1 amd64 Depends=foo:any (>= 2)\nc 1 amd64 Depends=foo:any (>= 1)\n"
                          "cool 1 amd64 Multi-Arch=allowed; Provides=bar (= 2)\nd 1 amd64 Depends=cool:any, bar:any\ne 1 amd64 Depends=bar:any (>= 1)", ["a", "b", "c", "d", "e"]),
    "any-stripped": ("p 1 amd64\na 1 amd64 Depends=p:any", ["a"]),
    "pre-depends-break": ("a 1 amd64 Pre-Depends=b\nb 2 amd64 Breaks=c (<< 2)\nc 2 amd64\nc 1 amd64", ["a c", "a c=1"]),
    "versioned-recommends": ("a 1 amd64 Recommends=r (>= 2), s\nr 1 amd64\ns 1 amd64", ["a"]),
    "dependency-loop": ("a 1 amd64 Depends=b\nb 1 amd64 Depends=c\nc 1 amd64 Depends=a", ["a", "c"]),
    "self-dependency": ("a 1 amd64 Depends=a", ["a"]),
    "self-conflict": ("a 1 amd64 Conflicts=a", ["a"]),
    "self-break": ("a 1 amd64 Breaks=a (<< 2)", ["a"]),
    "mixed-case-names": ("Big 1 amd64 Depends=lib\nlib 1 amd64\nbig 2 amd64", ["big"]),
    "long-name": (f"{'n' * 180} 1 amd64\na 1 amd64 Depends={'n' * 180}", ["a"]),
    "not-normalised": ("perc 007.2616.0000.0000 all Depends=; Pre-Depends=; Recommends=; Provides=; Replaces=", ["perc", "perc=7.2616.0.0", "perc=007.2616.0000.0000"]),
    "versions-that-compare-equal": ("a 1.0 amd64\na 1.00 amd64\na 01.0 amd64", ["a", "a=1.0", "a=1.00"]),
    "tilde-order": ("a 1.0~~ amd64\na 1.0~ amd64\na 1.0~rc1 amd64\na 1.0~beta amd64", ["a"]),
    "letters-order": ("a 1.0a amd64\na 1.0+ amd64\na 1.0. amd64\na 1.0-1 amd64", ["a"]),
    "essential-unasked": ("e 1 amd64 Essential=yes\na 1 amd64", ["a"]),
    "important": ("e 1 amd64 Important=yes\np 1 amd64 Protected=yes\na 1 amd64 Depends=e", ["a"]),
    "replaces-and-conflicts": ("new 1 amd64 Replaces=old; Conflicts=old; Provides=old\nold 1 amd64\na 1 amd64 Depends=old", ["a", "a new", "old"]),
    "phased": ("a 1 amd64\na 2 amd64 Phased-Update-Percentage=0", ["a"]),
    "prefer-higher-priority-providers": ("a 1 amd64 Depends=virt\np1 1 amd64 Provides=virt; Priority=extra\np2 1 amd64 Provides=virt; Priority=standard\n"
                                         "p3 1 amd64 Provides=virt; Priority=optional", ["a"]),
    "provider-that-cannot-be": ("a 1 amd64 Depends=virt\np1 1 amd64 Provides=virt; Depends=absent\np2 1 amd64 Provides=virt", ["a"]),
    "alternative-that-cannot-be": ("a 1 amd64 Depends=x | y\nx 1 amd64 Depends=absent\ny 1 amd64", ["a"]),
    "deep-alternative-that-cannot-be": ("a 1 amd64 Depends=b | c\nb 1 amd64 Depends=d\nd 1 amd64 Depends=e\ne 1 amd64 Depends=absent\nc 1 amd64", ["a"]),
    "older-candidate-needed": ("a 1 amd64 Depends=lib (= 1)\nlib 1 amd64\nlib 2 amd64", ["a"]),
    "exact-versions-of-a-source": ("a 1 amd64 Depends=l1 (= 1), l2 (= 1)\nl1 1 amd64\nl2 1 amd64 Depends=l1 (= 1)\nl1 2 amd64", ["a", "a l1"]),
    "other-architecture-beside": ("a 1 amd64\na 2 i386\nb 1 i386", ["a", "b"]),
    "many-digits": ("a 1.00000000000000000000000000001 amd64\na 1.99999999999999999999999999999 amd64", ["a"]),
    "intersecting": ("a 1 amd64 Depends=x | y, y | z\nx 1 amd64\ny 1 amd64\nz 1 amd64", ["a"]),
}


def lengthened(text):
    """Names of one letter, which no policy allows, of two."""
    return re.sub(r"(?<![\w.~+-])([a-z])(?![\w.~+-])", r"\1\1", text)


def debs(site, text):
    for line in lengthened(text).splitlines():
        name, version, arch, *rest = line.split(" ", 3)
        more = dict(part.split("=", 1) for part in rest[0].split("; ")) if rest else {}
        if all(value for value in more.values()) and re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name):
            yield site.deb(name, version, arch, **more)
        else:  # dpkg-deb refuses these
            control = fields({"Package": name, "Version": version, "Architecture": arch, "Maintainer": MAINTAINER, "Description": name, **more})
            yield site.raw_deb(control.encode(), name=name, version=version, arch=arch)


for label, (text, requests) in RELATIONS.items():
    for number, request in enumerate(requests):
        @case(f"apt/{label}-{number}")
        def relations(site, text=text, request=request):
            repository = site.repository()
            # each version of a package has a stanza of its own in the index of this architecture
            for deb in debs(site, text):
                repository.add(deb, arch="amd64")
            repository.write()
            return site.ask(*lengthened(request).split())

    @case(f"apt/{label}-recommends")
    def with_recommends(site, text=text, request=requests[0]):
        repository = site.repository()
        for deb in debs(site, text):
            repository.add(deb, arch="amd64")
        repository.write()
        return site.ask(*lengthened(request).split(), recommends=True)


@case("apt/filename-with-percent-sequence")
def percent(site):
    """The file's own name has %3a in it."""
    site.repository().add(site.deb("tool"), filename="pool/tool_0%3a0+0~0_all.deb").write()
    return site.ask()


@case("apt/filename-with-percent-sequence-file")
def percent_file(site):
    site.repository().add(site.deb("tool"), filename="pool/tool_0%3a0+0~0_all.deb").write()
    return site.ask(sources=site.source(uris=site.file))


@case("apt/different-methods")
def methods(site):
    plain(site).write()
    return site.ask(list=site.line() + site.line(rest=f"{site.file} stable main"))


@case("apt/different-methods-file-first")
def methods_file_first(site):
    plain(site).write()
    return site.ask(list=site.line(rest=f"{site.file} stable main") + site.line())


for form in (".gz", ".xz", ".bz2", ".lzma", ".zst", ".lz4"):
    @case(f"apt/empty-file-as-index{form}")
    def empty_file(site, form=form):
        """Not an archive of nothing, but nothing."""
        site.repository(folder="empty", flat="./").root.joinpath(f"Packages{form}").write_bytes(b"")
        plain(site).write()
        return site.ask(list=site.line() + f"deb [trusted=yes] {site.url}/empty ./\n")

    @case(f"apt/archive-of-nothing-as-index{form}")
    def empty_archive(site, form=form):
        site.repository(folder="empty", flat="./").root.joinpath(f"Packages{form}").write_bytes(COMPRESSED[form](b""))
        plain(site).write()
        return site.ask(list=site.line() + f"deb [trusted=yes] {site.url}/empty ./\n")


@case("apt/empty-index-in-release")
def empty_listed(site):
    site.repository(folder="empty").write()
    plain(site).write()
    return site.ask(list=site.line() + site.line(rest=f"{site.url}/empty stable main"))


@case("apt/inrelease-with-unsigned-before")
def unsigned_before(site):
    """Another Release stands before the signed one, as in CVE-2013-1051."""
    repository = plain(site).write(how="inline")
    path = repository.dist / "InRelease"
    path.write_bytes(b"Origin: Evil\nSuite: stable\n\n" + path.read_bytes())
    return site.ask()


@case("apt/inrelease-of-two-messages")
def two_messages(site):
    repository = plain(site).write(how="inline")
    path = repository.dist / "InRelease"
    path.write_bytes(path.read_bytes() + site.world.keys.sign(b"Origin: Other\n"))
    return site.ask()


@case("apt/release-gpg-with-payload")
def payload(site):
    """Release.gpg holds a message of its own beside its signature."""
    repository = plain(site).write(how="detached")
    path = repository.dist / "Release.gpg"
    path.write_bytes(b"Origin: Evil\n" + path.read_bytes())
    return site.ask()


for number, place in enumerate(("beeta_1.deb%0a%0a201%20URI%20Done%0a", "beeta_1.deb%250a%250a201%2520URI", "other\r\nX: y")):
    @case(f"apt/redirect-with-line-ends-{number}")
    def injected(site, place=place):
        plain(site).write()
        site.answer(r"tool.*\.deb$", lambda handler, rest: (302, {"Location": place.replace("\r\n", "%0d%0a")}, b""))
        return site.ask(sources=site.source(uris=site.odd))


def raw_reply(text):
    def answer(handler, rest):
        file = handler.server.servers.work / "sites" / handler.path.split("/")[1] / rest
        if not file.is_file():
            return 404
        handler.wfile.write(text.encode("latin-1").replace(b"{length}", str(file.stat().st_size).encode()) + file.read_bytes())
        handler.close_connection = True
        return b""
    return answer


REPLIES = {
    "no-reason-phrase": "HTTP/1.1 200\r\nContent-Length: {length}\r\n\r\n",
    "http-1.0": "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n",
    "http-1.0-no-length": "HTTP/1.0 200 OK\r\n\r\n",
    "line-feeds-only": "HTTP/1.1 200 OK\nContent-Length: {length}\n\n",
    "lower-case-headers": "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n",
    "space-before-colon": "HTTP/1.1 200 OK\r\nContent-Length : {length}\r\n\r\n",
    "no-space-after-colon": "HTTP/1.1 200 OK\r\nContent-Length:{length}\r\n\r\n",
    "header-without-colon": "HTTP/1.1 200 OK\r\nodd header\r\nContent-Length: {length}\r\n\r\n",
    "folded-header": "HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nContent-Length: {length}\r\n\r\n",
    "two-lengths": "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Length: {length}\r\n\r\n",
    "continue-first": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n",
    "early-hints-first": "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n",
    "many-headers": "HTTP/1.1 200 OK\r\n" + "X-Header: value\r\n" * 90 + "Content-Length: {length}\r\n\r\n",
    "long-header": "HTTP/1.1 200 OK\r\nX-Long: " + "x" * 8000 + "\r\nContent-Length: {length}\r\n\r\n",
    "icy": "ICY 200 OK\r\nContent-Length: {length}\r\n\r\n",
    "no-headers": "HTTP/1.1 200 OK\r\n\r\n",
    "proxy-connection": "HTTP/1.1 200 OK\r\nProxy-Connection: close\r\nContent-Length: {length}\r\n\r\n",
    "keep-alive-but-closes": "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: {length}\r\n\r\n",
}
for label, text in REPLIES.items():
    @case(f"apt/server-{label}")
    def replies(site, text=text):
        plain(site).write()
        site.answer("", raw_reply(text))
        # a server that closes unannounced may do so just when it is asked for the next file
        return site.ask(sources=site.source(uris=site.odd), apt_options=("-o", "Acquire::Retries=3"), aptlet_options=("--retries", "3"))


@case("apt/component-below-component")
def hidden_component(site):
    """main/debian-installer, of which the Release says nothing."""
    repository = plain(site, components=("main", "main/debian-installer"))
    repository.add(site.deb("installer"), component="main/debian-installer").write(Components="main contrib")
    return site.ask("installer", sources=site.source(components="main main/debian-installer"))


@case("apt/component-disappears")
def component_disappears(site):
    repository = plain(site, components=("main", "extra"))
    repository.add(site.deb("other"), component="extra").write()

    def then():
        repository.components.remove("extra")
        repository.stanzas = {key: value for key, value in repository.stanzas.items() if key[0] == "main"}
        repository.write()
    return site.ask(sources=site.source(components="main extra"), then=then)


@case("apt/index-says-other-size-than-server")
def size_mismatch(site):
    repository = plain(site).write()
    for file in repository.root.rglob("tool*.deb"):
        file.write_bytes(file.read_bytes() + b"x")
    return site.ask()


@case("apt/transaction-second-index-bad")
def transaction(site):
    """One of two indexes of a suite is wrong."""
    repository = plain(site, components=("main", "extra"))
    repository.add(site.deb("other"), component="extra").write()
    for file in repository.dist.glob("extra/binary-amd64/*"):
        file.write_bytes(gzip.compress(b"Package: evil\n"))
    return site.ask(sources=site.source(components="main extra"))


@case("apt/tagfile-of-64-kib")
def long_stanza(site):
    """A stanza that is longer than a buffer, between others."""
    repository = site.repository().add(site.deb("lib"))
    repository.stanza(site.deb("long").control + b"Filename: x\nSize: 1\nSHA256: " + b"a" * 64 + b"\n" + b"".join(
        b"X-Field-%d: %s\n" % (number, b"y" * 1000) for number in range(100)))
    repository.add(site.deb("tool", Depends="lib")).write()
    return site.ask()


@case("apt/long-dependency-line")
def long_dependency(site):
    names = [f"package-with-a-long-name-{number}" for number in range(2000)]
    site.repository().add(site.deb("tool", Depends=" | ".join([*names, "lib"]))).add(site.deb("lib")).write()
    return site.ask()
