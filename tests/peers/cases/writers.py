"""Repositories that reprepro, aptly, apt-ftparchive and dpkg-scanpackages write."""

import gzip
import json
import os
import shutil
import subprocess

from cases import case

# Versions and fields that these programs write in their own ways; `tool` needs all others.
def debs(site):
    return [site.deb("tool", "1:2.0+dfsg-1~bpo12+1", Depends="lib (>= 1.0), data", Section="utils", Priority="optional", Installed_Size="12"),
            site.deb("lib", "1.0+b1", Section="libs", Priority="optional", Source="toolsource (1.0)", Multi_Arch="same"),
            site.deb("data", "3.0~rc1", arch="all", Section="main/data", Priority="optional", compression="xz")]


def run(site, *command, folder=None, **environment):
    """A program that signs with the keys of the run."""
    site.world.keys.fingerprint()
    known = {"PATH": os.environ["PATH"], "HOME": str(site.folder), "GNUPGHOME": str(site.world.keys.folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder or site.folder, env={**known, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.decode()}{done.stdout.decode()}")
    return done.stdout


# --- reprepro ------------------------------------------------------------------------------------------------
REPREPRO = {
    "plain": {},
    "no-suite": {"Suite": None},
    "only-gz": {"DebIndices": "Packages Release .gz"},
    "only-plain": {"DebIndices": "Packages Release ."},
    "xz-and-bz2": {"DebIndices": "Packages Release . .gz .xz .bz2"},
    "valid-for": {"ValidFor": "10d"},
    "not-automatic": {"NotAutomatic": "yes", "ButAutomaticUpgrades": "yes"},
    "fake-component-prefix": {"Codename": "stable/updates", "FakeComponentPrefix": "updates"},
    "codename-with-slash": {"Codename": "vendor/stable"},
    "signed-by": {"Signed-By": "{fingerprint}"},
    "description": {"Description": "The vendor's packages", "Version": "12.5", "Label": "Vendor: all", "Origin": "Vendor, Inc."},
    "two-components": {"Components": "main extra"},
    "many-architectures": {"Architectures": "amd64 arm64 i386 source"},
    "exact-names": {"Label": None, "Origin": None},
    "contents": {"Contents": ". .gz"},
    "tracking": {"Tracking": "minimal"},
    "unsigned": {"SignWith": None},
}
for label, changes in REPREPRO.items():
    @case(f"writer/reprepro-{label}", first=label == "plain")
    def reprepro(site, changes=changes):
        fingerprint = site.world.keys.fingerprint()
        said = {"Origin": "Vendor", "Label": "Vendor", "Suite": "stable", "Codename": "bookworm", "Architectures": "amd64", "Components": "main",
                "SignWith": fingerprint, **changes}
        (site.folder / "conf").mkdir()
        (site.folder / "conf/distributions").write_text(
            "".join(f"{key}: {value.format(fingerprint=fingerprint)}\n" for key, value in said.items() if value is not None))
        run(site, "reprepro", "-b", site.folder, "--ignore=extension", "--ignore=surprisingbinary", "includedeb", said["Codename"], *(deb.path for deb in debs(site)))
        return site.ask(sources=site.source(suites=said["Codename"], components=said["Components"]))


@case("writer/reprepro-by-suite")
def reprepro_by_suite(site):
    reprepro(site, {})
    run(site, "reprepro", "-b", site.folder, "createsymlinks")
    return site.ask(sources=site.source(suites="stable"))


@case("writer/reprepro-updated")
def reprepro_updated(site):
    question = reprepro(site, {})
    newer = site.deb("tool", "1:3.0", Depends="lib", Section="utils", Priority="optional")

    def then():
        run(site, "reprepro", "-b", site.folder, "includedeb", "bookworm", newer.path)
    question.then = then
    return question


# --- aptly ---------------------------------------------------------------------------------------------------
APTLY = {
    "plain": [],
    "by-hash": ["-acquire-by-hash"],
    "origin": ["-origin=Vendor, Inc.", "-label=Vendor: all"],
    "not-automatic": ["-notautomatic=yes", "-butautomaticupgrades=yes"],
    "no-bz2": ["-skip-bz2"],
    "no-contents": ["-skip-contents"],
    "suite": ["-suite=stable"],
    "architectures": ["-architectures=amd64,arm64"],
    "unsigned": ["-skip-signing"],
    "component": ["-component=extra"],
}
APTLY_PLACES = {"": "", "prefix": "vendor", "deep-prefix": "vendor_a/b", "dots": "."}


def aptly(site, options, place="", distribution="bookworm", snapshot=False, more=()):
    """A published repository; gives back the URI."""
    config = site.folder / "aptly.json"
    config.write_text(json.dumps({"rootDir": str(site.folder / "aptly"), "gpgProvider": "gpg", "gpgDisableVerify": True}))
    signed = [] if "-skip-signing" in options else [f"-gpg-key={site.world.keys.fingerprint()}", "-batch"]
    distribution = [f"-distribution={distribution}"]

    def call(*arguments):
        run(site, "aptly", f"-config={config}", *arguments)
    call("repo", "create", *distribution, "vendor")
    call("repo", "add", "vendor", *(deb.path for deb in [*debs(site), *more]))
    kind, name = ("snapshot", "one") if snapshot else ("repo", "vendor")
    if snapshot:
        call("snapshot", "create", "one", "from", "repo", "vendor")
    call("publish", kind, *signed, *options, *distribution * snapshot, name, *[place] * bool(place))
    call("db", "cleanup")
    path = "" if place in ("", ".") else "/" + place.replace("_", "/")
    return f"{site.url}/aptly/public{path}"


for label, options in APTLY.items():
    @case(f"writer/aptly-{label}", first=label == "plain")
    def aptly_options(site, options=options):
        uri = aptly(site, options)
        return site.ask(sources=site.source(uris=uri, suites="bookworm", components="extra" if "component" in str(options) else "main"))

for label, place in APTLY_PLACES.items():
    @case(f"writer/aptly-place-{label or 'root'}")
    def aptly_place(site, place=place):
        return site.ask(sources=site.source(uris=aptly(site, [], place), suites="bookworm"))


@case("writer/aptly-snapshot")
def aptly_snapshot(site):
    return site.ask(sources=site.source(uris=aptly(site, [], snapshot=True), suites="bookworm"))


@case("writer/aptly-distribution-with-slash")
def aptly_slash(site):
    """aptly publishes it under another name, and says so in the Release."""
    return site.ask(sources=site.source(uris=aptly(site, [], distribution="stable/updates"), suites="stable-updates"))


@case("writer/aptly-old-version-asked-for")
def aptly_old(site):
    more = [site.deb("tool", "1:1.0-1", Section="utils", Priority="optional")]
    return site.ask("tool=1:1.0-1", sources=site.source(uris=aptly(site, [], more=more), suites="bookworm"))


# --- apt-ftparchive ------------------------------------------------------------------------------------------
def pool(site, folder="pool/main"):
    (site.folder / folder).mkdir(parents=True, exist_ok=True)
    for deb in debs(site):
        shutil.copy(deb.path, site.folder / folder / deb.filename)


FTPARCHIVE = {
    "plain": [],
    "codename": ["APT::FTPArchive::Release::Codename=stable", "APT::FTPArchive::Release::Architectures=amd64", "APT::FTPArchive::Release::Components=main"],
    "acquire-by-hash": ["APT::FTPArchive::Release::Acquire-By-Hash=yes", "APT::FTPArchive::DoByHash=true"],
    "no-md5": ["APT::FTPArchive::MD5=false", "APT::FTPArchive::SHA1=false"],
    "only-sha512": ["APT::FTPArchive::MD5=false", "APT::FTPArchive::SHA1=false", "APT::FTPArchive::SHA256=false"],
    "only-md5": ["APT::FTPArchive::SHA1=false", "APT::FTPArchive::SHA256=false", "APT::FTPArchive::SHA512=false"],
    "valid-until": ["APT::FTPArchive::Release::ValidTime=86400"],
    "numeric-zone": ["APT::FTPArchive::Release::NumericTimezone=yes"],
    "long-description": ["APT::FTPArchive::LongDescription=false"],
    "not-automatic": ["APT::FTPArchive::Release::NotAutomatic=yes"],
    "fields": ["APT::FTPArchive::Release::Fields::=X-Vendor", "APT::FTPArchive::Release::X-Vendor=x"],
    "patterns": ["APT::FTPArchive::Release::Patterns::=*.deb"],
}


def options_of(texts):
    return [part for text in texts for part in ("-o", text)]


def ftparchive(site, options, flat):
    """`packages` and `release`, as the page in Debian's wiki has it."""
    if flat:
        for deb in debs(site):
            shutil.copy(deb.path, site.folder / deb.filename)
        dist, inside = site.folder, site.folder
        index = run(site, "apt-ftparchive", *options_of(options), "packages", ".")
    else:
        pool(site)
        dist = site.folder / "dists/stable"
        inside = dist / "main/binary-amd64"
        inside.mkdir(parents=True)
        index = run(site, "apt-ftparchive", *options_of(options), "packages", "pool")
    (inside / "Packages").write_bytes(index)
    (inside / "Packages.gz").write_bytes(gzip.compress(index))
    body = run(site, "apt-ftparchive", *options_of(options), "release", "." if flat else dist)
    (dist / "InRelease").write_bytes(site.world.keys.sign(body))
    return site.ask(list=site.line(rest=f"{site.url} ./" if flat else f"{site.url} stable main"))


for label, options in FTPARCHIVE.items():
    case(f"writer/ftparchive-{label}", first=label == "plain")(lambda site, options=options: ftparchive(site, options, False))
    case(f"writer/ftparchive-{label}-flat")(lambda site, options=options: ftparchive(site, options, True))

GENERATE = """
Dir {{ ArchiveDir "{folder}"; CacheDir "{folder}/cache"; }};
Default {{ Packages::Compress "{compress}"; Contents::Compress "gzip"; }};
TreeDefault {{ BinCacheDB "packages-$(SECTION)-$(ARCH).db"; Directory "pool/$(SECTION)"; Packages "$(DIST)/$(SECTION)/binary-$(ARCH)/Packages"; }};
Tree "dists/stable" {{ Sections "main"; Architectures "amd64"; }};
"""
for compress in (". gzip", "xz", "gzip bzip2 xz", "zstd", "lz4", "."):
    @case(f"writer/ftparchive-generate-{compress.replace('. ', 'plain-').replace(' ', '-').replace('.', 'plain')}")
    def generate(site, compress=compress):
        pool(site)
        (site.folder / "cache").mkdir()
        (site.folder / "dists/stable/main/binary-amd64").mkdir(parents=True)
        (site.folder / "generate.conf").write_text(GENERATE.format(folder=site.folder, compress=compress))
        run(site, "apt-ftparchive", "generate", "generate.conf")
        body = run(site, "apt-ftparchive", "-o", "APT::FTPArchive::Release::Suite=stable", "release", "dists/stable")
        (site.folder / "dists/stable/InRelease").write_bytes(site.world.keys.sign(body))
        return site.ask()


# --- dpkg-scanpackages ---------------------------------------------------------------------------------------
SCAN = {
    "dot": (".", [], "./"), "multiversion": (".", ["-m"], "./"), "arch": (".", ["-a", "amd64"], "./"), "hash": (".", ["-h", "sha256"], "./"),
    "hash-md5": (".", ["-h", "md5"], "./"), "slash": (".", [], "/"), "folder": ("debian", [], "./"), "folder-suite": ("debian", [], "debian/"),
    "empty-override": (".", [], "./"), "null-override": (".", [], "./"),
}
for label, (folder, options, suite) in SCAN.items():
    for form in ("", ".gz"):
        for signed in (False, True):
            @case(f"writer/scanpackages-{label}{form}{'-signed' * signed}", first=(label, form, signed) == ("dot", ".gz", False))
            def scan(site, label=label, folder=folder, options=options, suite=suite, form=form, signed=signed):
                pool(site, folder)
                place = site.folder / folder if suite == "debian/" else site.folder
                override = {"null-override": ["/dev/null"], "empty-override": ["override"]}.get(label, [])
                (site.folder / "override").write_text("tool optional vendor/utils\n")
                index = run(site, "dpkg-scanpackages", *options, folder, *override)
                (place / f"Packages{form}").write_bytes(gzip.compress(index) if form else index)
                if signed:
                    body = run(site, "apt-ftparchive", "release", ".", folder=place)
                    (place / "InRelease").write_bytes(site.world.keys.sign(body))
                    return site.ask(list=site.line(rest=f"{site.url} {suite}"))
                return site.ask(list=f"deb [trusted=yes] {site.url} {suite}\n")
