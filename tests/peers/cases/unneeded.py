"""Point 5: a source that the request does not need, and the same where it does."""

import gzip

from cases import case
from cases.releases import plain

PORTAL = (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body>Please log in</body></html>\n")


def other(site, **how):
    """A second repository, which has a package of its own."""
    repository = site.repository(folder="other", **{key: how.pop(key) for key in ("suite", "components", "archs") if key in how})
    repository.add(site.deb("extra")).write(**how)
    return repository


def untrusted(site):
    other(site, sign="other")
    return site.source(uris=f"{site.url}/other")


def unsigned(site):
    other(site, how="unsigned")
    return site.source(uris=f"{site.url}/other")


def expired(site):
    other(site, Valid_Until="Thu, 01 Jan 2015 00:00:00 UTC")
    return site.source(uris=f"{site.url}/other")


def missing_component(site):
    other(site)
    return site.source(uris=f"{site.url}/other", components="main absent")


def missing_architecture(site):
    other(site)
    return site.source(uris=f"{site.url}/other", Architectures="arm64 amd64")


def only_other_architecture(site):
    other(site, archs=("arm64",))
    return site.source(uris=f"{site.url}/other", Architectures="arm64")


def architecture_lacking(site):
    other(site, archs=("arm64",))
    return site.source(uris=f"{site.url}/other")


def odd_answer(what, pattern=""):
    def make(site):
        other(site)
        site.answer(pattern, what)
        return site.source(uris=f"{site.odd}/other")
    return make


def bad_index(site):
    repository = other(site)
    for file in repository.dist.glob("main/binary-amd64/*"):
        file.write_bytes(gzip.compress(b"Package: extra\n"))
    return site.source(uris=f"{site.url}/other")


def no_index(site):
    repository = other(site)
    for file in repository.dist.glob("main/binary-amd64/*"):
        file.unlink()
    return site.source(uris=f"{site.url}/other")


def absent_key(site):
    other(site)
    return site.source(uris=f"{site.url}/other", key="/nonexistent/keyring.gpg")


def empty_key(site):
    other(site)
    (site.folder / "empty.gpg").write_bytes(b"")
    return site.source(uris=f"{site.url}/other", key=site.folder / "empty.gpg")


SOURCES = {
    "untrusted": untrusted,
    "unsigned": unsigned,
    "expired": expired,
    "component-missing": missing_component,
    "architecture-missing": missing_architecture,
    "architecture-lacking": architecture_lacking,
    "only-other-architecture": only_other_architecture,
    "suite-404": lambda site: site.source(suites="absent"),
    "repository-404": lambda site: site.source(uris=f"{site.url}/absent"),
    "file-missing": lambda site: site.source(uris="file:/nonexistent/repository"),
    "refused": lambda site: site.source(uris=site.dead),
    "name-unknown": lambda site: site.source(uris="http://nowhere.invalid/debian"),
    "portal": odd_answer(PORTAL),
    "empty-answer": odd_answer((200, {}, b"")),
    "403": odd_answer(403),
    "401": odd_answer(401),
    "407": odd_answer(407),
    "500": odd_answer(500),
    "redirect-loop": odd_answer(lambda handler, rest: (302, {"Location": handler.path}, b"")),
    "redirect-to-nowhere": odd_answer((302, {"Location": "http://127.0.0.3:9/"}, b"")),
    "index-404": odd_answer(404, "Packages"),
    "index-html": odd_answer(PORTAL, "Packages"),
    "index-bad": bad_index,
    "index-absent": no_index,
    "key-absent": absent_key,
    "key-empty": empty_key,
    "cdrom": lambda site: {"cd.list": "deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 DVD]/ bookworm main\n"},
    "ftp": lambda site: site.source(uris="ftp://127.0.0.1:9/debian"),
    "scheme-unknown": lambda site: site.source(uris="s3://bucket/debian"),
    "tor": lambda site: site.source(uris="tor+http://127.0.0.1:9/debian"),
    "source-packages": lambda site: site.source(uris=f"{site.url}/absent", types="deb-src"),
    "disabled": lambda site: site.source(uris=f"{site.url}/absent", Enabled="no"),
}
for label, make in SOURCES.items():
    @case(f"unneeded/{label}", first=label == "refused")
    def beside(site, make=make):
        plain(site).write()
        extra = make(site)
        files = extra if isinstance(extra, dict) else {"other.sources": extra}
        return site.ask(sources={"peers.sources": site.source(), **files})

    @case(f"needed/{label}")
    def needed(site, make=make):
        plain(site).write()
        extra = make(site)
        files = extra if isinstance(extra, dict) else {"other.sources": extra}
        return site.ask("tool", "extra", sources={"peers.sources": site.source(), **files})


@case("unneeded/all-disabled")
def all_disabled(site):
    plain(site).write()
    return site.ask(sources=site.source(Enabled="no"))


@case("unneeded/all-of-another-architecture")
def all_other(site):
    plain(site).write()
    return site.ask(sources=site.source(Architectures="arm64"))


@case("unneeded/deb-src-beside")
def deb_src(site):
    plain(site).write()
    return site.ask(sources=site.source(types="deb deb-src"))


@case("unneeded/same-request-mirror-down")
def complete_volume(site):
    """What was installed is asked for again, and the mirror has gone."""
    repository = plain(site).write()

    def then():
        repository.root.joinpath("dists").rename(repository.root / "gone")
    return site.ask(then=then)
