"""Point 2: forms of Release files and indexes."""

from cases import case
from repository import COMPRESSED, Repository


def plain(site, **more):
    """tool, which needs lib."""
    return site.repository(**more).add(site.deb("tool", Depends="lib")).add(site.deb("lib"))


def simple(name, first=False, **how):
    """A case that differs by what is written only."""
    @case(f"release/{name}", first)
    def build(site):
        plain(site).write(**how)
        return site.ask()
    return build


# how it is signed and which forms there are
simple("inline-only", how="inline")
simple("detached-only", how="detached")
for form in COMPRESSED:
    simple(f"index{form or '-plain'}", forms=(form,))
simple("all-forms", forms=tuple(COMPRESSED))
simple("plain-listed-not-there", forms=(".gz",), listed=("", ".gz"))
simple("xz-listed-not-there", forms=("", ".gz"), listed=("", ".gz", ".xz"))
simple("gz-there-not-listed", forms=("", ".gz"), listed=("",))
simple("by-hash", by_hash=True, Acquire_By_Hash="yes")
simple("by-hash-promised-not-there", Acquire_By_Hash="yes")
simple("by-hash-odd-value", Acquire_By_Hash="maybe")
# its fields
for field in ("Architectures", "Components", "Codename", "Suite", "Origin", "Label", "Date"):
    simple(f"{field.lower()}-absent", **{field: None})
    simple(f"{field.lower()}-empty", **{field: ""})
simple("only-codename", Suite=None, Origin=None, Label=None, Date=None)
simple("only-digests", Suite=None, Origin=None, Label=None, Codename=None, Architectures=None, Components=None, Date=None)
simple("architectures-others-too", Architectures="all amd64 arm64 armhf i386 s390x")
simple("architectures-with-commas", Architectures="amd64, arm64")
simple("architectures-without-ours", Architectures="arm64")
simple("architectures-all-only", Architectures="all")
simple("architectures-x86_64", Architectures="x86_64")
simple("architecture-misspelt", Architectures=None, Architecture="amd64")
simple("components-with-commas", Components="main, extra")
simple("components-without-ours", Components="other")
simple("components-with-suite", Components="stable/main")
simple("components-updates-form", Components="updates/main")
simple("suite-of-another-name", Suite="unstable")
simple("codename-of-another-name", Codename="sid")
simple("both-of-another-name", Suite="unstable", Codename="sid")
simple("not-automatic", NotAutomatic="yes")
simple("but-automatic-upgrades", NotAutomatic="yes", ButAutomaticUpgrades="yes")
simple("unknown-fields", Snapshots="https://snapshot.mirror.example/@SNAPSHOTID@/", Version="12.5", Changelogs="no", Vendor_Odd="x")
simple("no-support-for-all", No_Support_for_Architecture_all="Packages")
simple("packages-require-authorization", Packages_Require_Authorization="yes")
simple("signed-by-field-ours", Signed_By="")
# digests
for names in (("SHA256",), ("SHA512",), ("SHA256", "SHA512"), ("MD5Sum",), ("SHA1",), ("MD5Sum", "SHA1"), ("MD5Sum", "SHA1", "SHA256", "SHA512"),
              ()):
    simple(f"digests-{'-'.join(names).lower() or 'none'}", digests=names)
# bytes
RELEASE_BYTES = {
    "crlf": lambda body: body.replace(b"\n", b"\r\n"),
    "latin1": lambda body: body.replace(b"Origin: Peers", b"Origin: P\xe9\xe9rs"),
    "comment": lambda body: b"# generated\n" + body,
    "comment-inside": lambda body: body.replace(b"\nLabel", b"\n# generated\nLabel"),
    "blank-first": lambda body: b"\n" + body,
    "blank-last": lambda body: body + b"\n\n",
    "no-line-end": lambda body: body.rstrip(b"\n"),
    "second-stanza": lambda body: body + b"\nOrigin: Other\nSuite: other\n",
    "tabs-in-digests": lambda body: body.replace(b" Packages", b"\tPackages").replace(b"  ", b"\t"),
    "one-space-in-digests": lambda body: b"\n".join(b" " + b" ".join(line.split()) if line.startswith(b" ") else line
                                                    for line in body.split(b"\n")),
    "upper-case-digests": lambda body: b"\n".join(b" " + line.split()[0].upper() + b" " + b" ".join(line.split()[1:])
                                                  if line.startswith(b" ") else line for line in body.split(b"\n")),
    "lower-case-fields": lambda body: body.replace(b"SHA256:", b"sha256:").replace(b"Suite:", b"suite:").replace(b"Date:", b"date:"),
    "doubled-field": lambda body: body.replace(b"Label", b"Origin: Other\nLabel", 1),
    "doubled-sha256": lambda body: body + body[body.index(b"SHA256:"):],
    "other-sha256-first": lambda body: body.replace(b"SHA256:\n", b"SHA256:\n " + b"a" * 64 + b" 10 main/binary-amd64/Packages.gz\n"),
    "odd-line-in-digests": lambda body: body.replace(b"SHA256:\n", b"SHA256:\n not a digest\n"),
    "dot-slash-paths": lambda body: body.replace(b" main/", b" ./main/"),
    "absolute-paths": lambda body: body.replace(b" main/", b" /main/"),
    "double-slash-paths": lambda body: body.replace(b" main/", b" main//"),
    "paths-with-space": lambda body: body.replace(b"SHA256:\n", b"SHA256:\n " + b"a" * 64 + b" 10 main/a file\n"),
    "size-negative": lambda body: body.replace(b"SHA256:\n", b"SHA256:\n " + b"a" * 64 + b" -1 main/other\n"),
    "description-of-lines": lambda body: body.replace(b"\nLabel", b"\nDescription: one\n two\n .\n three\nLabel"),
    "dashes": lambda body: body.replace(b"\nLabel", b"\nDescription: one\n - two\n -----\nLabel"),
    "dash-first": lambda body: b"- odd: 1\n" + body,
    "no-space-after-colon": lambda body: body.replace(b": ", b":"),
    "nul": lambda body: body.replace(b"Peers\n", b"Pe\0rs\n", 1),
    "empty": lambda body: b"",
    "html": lambda body: b"<!DOCTYPE html><html><body>Log in</body></html>\n",
    "digests-on-first-line": lambda body: body.replace(b"SHA256:\n ", b"SHA256: "),
}
for label, change in RELEASE_BYTES.items():
    simple(f"bytes-{label}", release=change)
PACKAGES_BYTES = {
    "crlf": lambda index: index.replace(b"\n", b"\r\n"),
    "blank-first": lambda index: b"\n\n" + index,
    "blank-lines-between": lambda index: index.replace(b"\n\n", b"\n\n\n\n"),
    "white-lines-between": lambda index: index.replace(b"\n\n", b"\n \n"),
    "crlf-between": lambda index: index.replace(b"\n\n", b"\n\r\n"),
    "no-line-end": lambda index: index.rstrip(b"\n"),
    "comment-first": lambda index: b"# by a program\n" + index,
    "comment-between": lambda index: index.replace(b"\n\n", b"\n\n# next\n"),
    "comment-alone": lambda index: index.replace(b"\n\n", b"\n\n# next\n\n"),
    "latin1-comment": lambda index: b"# gr\xfc\xdfe\n" + index,
    "html": lambda index: b"<html></html>\n",
    "empty": lambda index: b"",
    "twice": lambda index: index + b"\n" + index,
    "byte-order-mark": lambda index: b"\xef\xbb\xbf" + index,
}
for label, change in PACKAGES_BYTES.items():
    simple(f"packages-{label}", packages=change)


@case("release/sha512-only-in-packages")
def sha512_only(site):
    repository = site.repository()
    for deb in (site.deb("tool", Depends="lib"), site.deb("lib")):
        repository.add(deb, digests=("SHA512",))
    repository.write()
    return site.ask()


for names in (("MD5Sum",), ("SHA1",), ("MD5Sum", "SHA1"), ("SHA256",), ("MD5Sum", "SHA1", "SHA256", "SHA512"), ()):
    @case(f"release/packages-digests-{'-'.join(names).lower() or 'none'}")
    def packages_digests(site, names=names):
        site.repository().add(site.deb("tool"), digests=names).write()
        return site.ask()


# no Release, as every tutorial of dpkg-scanpackages has it
for form in ("", ".gz", ".xz", ".bz2"):
    for where in ("http", "file", "copy"):
        @case(f"release/none-flat{form or '-plain'}-{where}", first=form == ".gz" and where == "http")
        def no_release(site, form=form, where=where):
            bare(site, form, site.repository(flat="./"))
            uri = {"http": site.url, "file": site.file, "copy": site.file.replace("file:", "copy:")}[where]
            return site.ask(list=f"deb [trusted=yes] {uri} ./\n")


def bare(site, form, repository: Repository):
    """Indexes without any Release."""
    repository.add(site.deb("tool", Depends="lib")).add(site.deb("lib"))
    for path, content in repository.index_paths().items():
        repository.put(path + form, COMPRESSED[form](content))


@case("release/none-with-dists")
def no_release_with_dists(site):
    bare(site, ".gz", site.repository())
    return site.ask(list=f"deb [trusted=yes] {site.url} stable main\n")


@case("release/none-not-trusted")
def no_release_not_trusted(site):
    bare(site, ".gz", site.repository(flat="./"))
    return site.ask(list=f"deb {site.url} ./\n")


@case("release/none-allow-insecure")
def no_release_allow_insecure(site):
    bare(site, ".gz", site.repository(flat="./"))
    return site.ask(list=f"deb [allow-insecure=yes] {site.url} ./\n")


@case("release/unsigned-trusted")
def unsigned_trusted(site):
    plain(site).write(how="unsigned")
    return site.ask(list=f"deb [trusted=yes] {site.url} stable main\n")


@case("release/unsigned-allow-insecure")
def unsigned_allowed(site):
    plain(site).write(how="unsigned")
    return site.ask(list=f"deb [allow-insecure=yes] {site.url} stable main\n")


@case("release/unsigned")
def unsigned(site):
    plain(site).write(how="unsigned")
    return site.ask()


@case("release/inrelease-not-signed-trusted")
def plain_inrelease(site):
    repository = plain(site).write(how="unsigned")
    (repository.dist / "Release").rename(repository.dist / "InRelease")
    return site.ask(list=f"deb [trusted=yes] {site.url} stable main\n")


# flat ones
for label, suite, folder in (("dot", "./", "./"), ("slash", "/", ""), ("folder", "debian/", "debian"), ("deep", "a/b/c/", "a/b/c"),
                             ("dot-folder", "./debian/", "debian")):
    for dots in (False, True):
        @case(f"release/flat-{label}{'-dot-slash' * dots}")
        def flat(site, suite=suite, folder=folder, dots=dots):
            repository = site.repository(flat=folder)
            for deb in (site.deb("tool", Depends="lib"), site.deb("lib")):
                inside = "" if folder in ("./", "") else folder + "/"
                repository.add(deb, filename=f"{'./' * dots}{inside}{deb.filename}")
            repository.write()
            return site.ask(list=site.line(rest=f"{site.url} {suite}"))


@case("release/flat-with-component")
def flat_with_component(site):
    plain(site, flat="./").write()
    return site.ask(list=site.line(rest=f"{site.url} ./ main"))


@case("release/flat-without-components-in-sources")
def deb822_flat(site):
    plain(site, flat="./").write()
    return site.ask(sources=site.source(suites="./", components=None))


@case("release/no-components-not-flat")
def no_components(site):
    plain(site).write()
    return site.ask(sources=site.source(components=None))


# architecture all
@case("release/binary-all-beside")
def all_beside(site):
    repository = site.repository(archs=("amd64", "all")).add(site.deb("tool", Depends="data")).add(
        site.deb("data", arch="all"), arch="all")
    repository.write()
    return site.ask()


@case("release/binary-all-beside-not-supported")
def all_not_supported(site):
    data = site.deb("data", arch="all")
    site.repository(archs=("amd64", "all")).add(site.deb("tool", Depends="data")).add(data, arch="all").add(data, arch="amd64").write(
        No_Support_for_Architecture_all="Packages")
    return site.ask()


@case("release/binary-all-only")
def all_only(site):
    site.repository(archs=("all",)).add(site.deb("tool", arch="all")).write()
    return site.ask()


@case("release/binary-all-listed-not-there")
def all_missing(site):
    repository = plain(site, archs=("amd64", "all"))
    repository.write()
    for file in repository.dist.glob("main/binary-all/*"):
        file.unlink()
    return site.ask()


@case("release/binary-all-not-in-architectures")
def all_not_in_architectures(site):
    site.repository(archs=("amd64", "all")).add(site.deb("tool", Depends="data")).add(site.deb("data", arch="all"), arch="all").write(
        Architectures="amd64")
    return site.ask()


@case("release/ours-absent-all-beside")
def ours_absent(site):
    site.repository(archs=("arm64", "all")).add(site.deb("tool", arch="all"), arch="all").write()
    return site.ask()


# an index that is listed, but not served
for status in (400, 403, 404, 406, 410, 416, 429, 500, 502, 503):
    @case(f"release/index-xz-{status}")
    def refused(site, status=status):
        plain(site).write(forms=("", ".gz", ".xz"))
        site.answer(r"Packages\.xz$", status)
        return site.ask(sources=site.source(uris=site.odd))

    @case(f"release/inrelease-{status}")
    def no_inrelease(site, status=status):
        plain(site).write()
        site.answer("InRelease$", status)
        return site.ask(sources=site.source(uris=site.odd))


@case("release/index-of-other-content")
def other_content(site):
    repository = plain(site).write(forms=("", ".gz", ".xz"))
    (repository.dist / "main/binary-amd64/Packages.xz").write_bytes(COMPRESSED[".xz"](b"Package: other\n"))
    return site.ask()


@case("release/index-plain-in-gz")
def plain_in_gz(site):
    """What a server sends that unpacks what it has, under the same name."""
    repository = plain(site).write(forms=(".gz",))
    path = repository.dist / "main/binary-amd64/Packages.gz"
    path.write_bytes(repository.index_paths()["main/binary-amd64/Packages"])
    return site.ask()


@case("release/gz-of-two-members")
def two_members(site):
    def two(content):
        half = content.index(b"\n\n") + 2
        return COMPRESSED[".gz"](content[:half]) + COMPRESSED[".gz"](content[half:])
    repository = plain(site)
    content = two(repository.index_paths()["main/binary-amd64/Packages"])
    repository.write(forms=(), extra=[("main/binary-amd64/Packages.gz", content)])
    return site.ask()


@case("release/xz-of-two-streams")
def two_streams(site):
    repository = plain(site)
    plain_text = repository.index_paths()["main/binary-amd64/Packages"]
    half = plain_text.index(b"\n\n") + 2
    content = COMPRESSED[".xz"](plain_text[:half]) + b"\0\0\0\0" + COMPRESSED[".xz"](plain_text[half:])
    repository.write(forms=(), extra=[("main/binary-amd64/Packages.xz", content)])
    return site.ask()
