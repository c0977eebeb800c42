"""Point 6: several URIs of one source, and several sources of one package."""

from cases import case
from cases.releases import plain


def two(site, first=None, second=None, **how):
    """Two copies of one repository, and a list of both, in that order."""
    for folder, change in (("one", first), ("two", second)):
        repository = plain(site, folder=folder)
        if change:
            change(repository)
        repository.write(**how)
    return f"{site.url}/one {site.url}/two"


@case("several/same-content")
def same(site):
    return site.ask(sources=site.source(uris=two(site)))


@case("several/second-is-newer")
def newer(site):
    uris = two(site, second=lambda repository: repository.add(site.deb("tool", "2.0", Depends="lib")))
    return site.ask(sources=site.source(uris=uris))


@case("several/first-is-newer")
def older(site):
    uris = two(site, first=lambda repository: repository.add(site.deb("tool", "2.0", Depends="lib")))
    return site.ask(sources=site.source(uris=uris))


@case("several/second-has-another-package")
def another(site):
    uris = two(site, second=lambda repository: repository.add(site.deb("extra")))
    return site.ask("tool", "extra", sources=site.source(uris=uris))


@case("several/first-is-dead")
def dead(site):
    plain(site).write()
    return site.ask(sources=site.source(uris=f"{site.dead} {site.url}"))


@case("several/second-is-dead")
def second_dead(site):
    plain(site).write()
    return site.ask(sources=site.source(uris=f"{site.url} {site.dead}"))


@case("several/first-is-404")
def first_404(site):
    plain(site).write()
    return site.ask(sources=site.source(uris=f"{site.url}/absent {site.url}"))


@case("several/first-is-untrusted")
def first_untrusted(site):
    plain(site, folder="one").write(sign="other")
    plain(site, folder="two").write()
    return site.ask(sources=site.source(uris=f"{site.url}/one {site.url}/two"))


@case("several/first-lacks-index")
def lacks_index(site):
    uris = two(site)
    for file in (site.folder / "one/dists/stable/main/binary-amd64").iterdir():
        file.unlink()
    return site.ask(sources=site.source(uris=uris))


@case("several/first-lacks-packages")
def lacks_packages(site):
    uris = two(site)
    for file in (site.folder / "one").rglob("*.deb"):
        file.unlink()
    return site.ask(sources=site.source(uris=uris))


@case("several/first-has-damaged-packages")
def damaged(site):
    uris = two(site)
    for file in (site.folder / "one").rglob("*.deb"):
        file.write_bytes(b"x" * file.stat().st_size)
    return site.ask(sources=site.source(uris=uris))


@case("several/two-sources-same-package-first-lacks-it")
def two_sources(site):
    two(site)
    for file in (site.folder / "one").rglob("*.deb"):
        file.unlink()
    return site.ask(sources={"a.sources": site.source(uris=f"{site.url}/one"), "b.sources": site.source(uris=f"{site.url}/two")})


@case("several/two-sources-same-version-other-content")
def same_version(site):
    for folder, mark in (("one", "first"), ("two", "second")):
        site.repository(folder=folder).add(site.deb("tool", mark=mark)).write()
    return site.ask(sources={"a.sources": site.source(uris=f"{site.url}/one"), "b.sources": site.source(uris=f"{site.url}/two")})


@case("several/two-sources-same-version-other-depends")
def same_version_depends(site):
    for folder, needed in (("one", "a"), ("two", "b")):
        site.repository(folder=folder).add(site.deb("tool", Depends=needed)).add(site.deb(needed)).write()
    return site.ask(sources={"a.sources": site.source(uris=f"{site.url}/two"), "b.sources": site.source(uris=f"{site.url}/one")})


@case("several/same-package-twice-in-an-index")
def twice(site):
    site.repository().add(site.deb("tool", mark="1"), filename="pool/1.deb").add(site.deb("tool", mark="2"), filename="pool/2.deb").write()
    return site.ask()


@case("several/same-package-in-two-components")
def components(site):
    repository = site.repository(components=("main", "extra"))
    repository.add(site.deb("tool", mark="1")).add(site.deb("tool", mark="2"), component="extra").write()
    return site.ask(sources=site.source(components="extra main"))


@case("several/version-order-across-sources")
def across(site):
    for folder, version in (("one", "1.0~rc1"), ("two", "1.0"), ("three", "1.0-0ubuntu1"), ("four", "1:0.1")):
        site.repository(folder=folder).add(site.deb("tool", version)).write()
    return site.ask(sources="\n".join(site.source(uris=f"{site.url}/{folder}") for folder in ("one", "four", "two", "three")))


@case("several/dependency-from-another-source")
def depends_elsewhere(site):
    site.repository(folder="one").add(site.deb("tool", Depends="lib (>= 2)")).add(site.deb("lib")).write()
    site.repository(folder="two").add(site.deb("lib", "2.0")).write()
    return site.ask(sources={"a.sources": site.source(uris=f"{site.url}/one"), "b.sources": site.source(uris=f"{site.url}/two")})


@case("several/not-automatic-beside")
def not_automatic(site):
    site.repository(folder="one").add(site.deb("tool")).write()
    site.repository(folder="two", suite="backports").add(site.deb("tool", "2.0")).write(NotAutomatic="yes", ButAutomaticUpgrades="yes")
    return site.ask(sources={"a.sources": site.source(uris=f"{site.url}/one"),
                             "b.sources": site.source(uris=f"{site.url}/two", suites="backports")})
