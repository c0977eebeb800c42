"""A frozen part of Debian: the signed indexes of whole suites as they are today, and of their packages those that tests ask for.

It is made from this machine's own apt sources and kept in ~/.cache/aptlet/tests/cluster. Signatures, indexes and packages are
Debian's own, so that pods need no key and no other suite than the manifests have, and read indexes of the size that they have
at ftp.debian.org. What changed since the last run is fetched again.
"""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import urllib.parse
import urllib.request

from cluster import Refused, command

SUITES = {"trixie": "debian", "trixie-updates": "debian", "trixie-security": "debian-security"}
OLDER = {"bookworm": "debian", "bookworm-updates": "debian", "bookworm-security": "debian-security"}
# Each is what one pod may ask for: apt chooses what an empty system would need.
SERVED = [
    ["jq"], ["tree"], ["hello"], ["bc"], ["pv"], ["file"], ["less"], ["sqlite3"], ["redis-server"], ["python3"],
    ["curl", "ca-certificates", "jq"], ["dash", "coreutils"], ["jq", "dash", "coreutils"], ["nginx-light"], ["busybox-static"],
    ["yq"], ["yq", "xmlto", "bash"],
    # essential, so that apt takes it for granted; programs that draw on a terminal bring it
    ["ncurses-base"],
]
# a suite alone, as whoever mirrors Debian without its updates has it
ALONE = {"trixie": "debian"}
SERVED_ALONE = [["jq"]]
SERVED_OLDER = [["jq"], ["tree"], ["nginx-light"]]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "aptlet/tests/cluster"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def architecture():
    return command(["dpkg", "--print-architecture"]).strip()


def hosts():
    """Where this machine's apt gets Debian from: the URLs that end in debian and debian-security."""
    wanted = command(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]).split()
    found = {}
    for url in (word for word in wanted if "://" in word):
        name = url.rstrip("/").rsplit("/", 1)[-1]
        found.setdefault(name, url.rstrip("/"))
    for name in ("debian", "debian-security"):
        if name not in found:
            raise Refused(f"no source in /etc/apt has a URL that ends in /{name}")
    return found


def download(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read()
    except OSError as error:
        raise Refused(f"{url}: {error}") from None


def fetch(url, path):
    """The file at the URL, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with urllib.request.urlopen(url, timeout=60) as answer, open(part, "wb") as file:
        shutil.copyfileobj(answer, file)
    part.rename(path)


class Apt:
    """apt-get of this machine with state of its own, as if nothing were installed."""

    def __init__(self, folder, urls, suites):
        self.folder = folder
        (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
        (folder / "archives/partial").mkdir(parents=True, exist_ok=True)
        lines = [f"deb [signed-by={KEYRING}] {urls[base]} {suite} main\n" for suite, base in suites.items()]
        (folder / "sources.list").write_text("".join(lines), encoding="utf-8")
        options = {
            "Dir::Etc::SourceList": folder / "sources.list", "Dir::Etc::SourceParts": "-", "Dir::Etc::Preferences": "-",
            "Dir::Etc::PreferencesParts": "-", "Dir::State::Lists": folder / "lists", "Dir::Cache": folder,
            "Dir::Cache::archives": folder / "archives", "Dir::State::status": "/dev/null", "Debug::NoLocking": "1",
            "APT::Sandbox::User": "root", "APT::Install-Recommends": "false", "Acquire::Languages": "none",
        }
        self.front = ["apt-get", "-qq"] + [word for key, value in options.items() for word in ("-o", f"{key}={value}")]

    def update(self):
        command([*self.front, "update"], timeout=300)

    def uris(self, requests):
        """URL, file name and bytes of what the requests need."""
        said = command([*self.front, "--yes", "--print-uris", "install", *requests], timeout=120)
        return [(url, name, int(size)) for url, name, size in re.findall(r"^'([^']+)' (\S+) (\d+)", said, re.M)]


def freeze(suites, served, urls):
    """Brings the suites and the packages into the cache; returns the packages' paths there by request."""
    releases = {suite: download(f"{urls[base]}/dists/{suite}/InRelease") for suite, base in suites.items()}
    # what apt chose stays its choice as long as the indexes and the requests do
    asked = hashlib.sha256(b"".join(releases.values()) + json.dumps(served).encode()).hexdigest()
    known = CACHE / f"chosen-{'-'.join(suites)}.json"
    if known.exists():
        chosen = json.loads(known.read_text(encoding="utf-8"))
        paths = {name: [CACHE / "served" / path for path in all_of] for name, all_of in chosen["paths"].items()}
        if chosen["asked"] == asked and all(path.exists() for all_of in paths.values() for path in all_of):
            return paths
    paths = freeze_anew(suites, served, urls)
    text = {name: [str(path.relative_to(CACHE / "served")) for path in all_of] for name, all_of in paths.items()}
    known.write_text(json.dumps({"asked": asked, "paths": text}), encoding="utf-8")
    return paths


def freeze_anew(suites, served, urls):
    tree = CACHE / "served"
    state = CACHE / f"apt-{'-'.join(suites)}"
    apt = Apt(state, urls, suites)
    apt.update()
    for suite, base in suites.items():
        (release,) = [path for path in (state / "lists").iterdir() if path.name.endswith(f"_dists_{suite}_InRelease")]
        # verified by apt; the index is named by its digest, so both are of one moment
        signed = release.read_bytes()
        dist = tree / base / "dists" / suite
        index = f"main/binary-{architecture()}/Packages.xz"
        digest = re.search(rf"^ ([0-9a-f]{{64}}) +\d+ {re.escape(index)}$", signed.decode(), re.M).group(1)
        place = dist / index
        again = place.parent / "by-hash/SHA256" / digest
        fetch(f"{urls[base]}/dists/{suite}/{os.path.dirname(index)}/by-hash/SHA256/{digest}", again)
        place.unlink(missing_ok=True)
        os.link(again, place)
        # not into the old file, which a mirror that runs may have by another link
        (dist / "InRelease").unlink(missing_ok=True)
        (dist / "InRelease").write_bytes(signed)
    paths = {}
    for requests in served:
        for url, _, size in apt.uris(requests):
            base = next(name for name, start in urls.items() if url.startswith(f"{start}/"))
            path = tree / base / urllib.parse.unquote(url[len(urls[base]) + 1:])
            if path.exists() and path.stat().st_size != size:
                path.unlink()
            fetch(url, path)
            paths.setdefault(" ".join(requests), []).append(path)
    return paths


class Archive:
    """`folder` is what a mirror serves: debian/ and debian-security/.

    `packages` are files of it by request, `alone` the same of trixie without its updates.
    """

    def __init__(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        urls = hosts()
        with open(CACHE / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # clusters may run side by side
            self.packages = freeze(SUITES, SERVED, urls)
            self.alone = freeze(ALONE, SERVED_ALONE, urls)
            freeze(OLDER, SERVED_OLDER, urls)
        self.folder = CACHE / "served"

    def unpacked(self, requests, folder):
        """The files of packages, with no script run."""
        for path in self.packages[requests]:
            command(["dpkg-deb", "--extract", path, folder])


def minbase(folder):
    """Debian as its images have it, with a shell, apt and a dpkg database."""
    kept = CACHE / f"minbase-bookworm-{architecture()}.tar"
    if not kept.exists():
        if shutil.which("mmdebstrap") is None:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", "mmdebstrap"]
            command(install, env=environment, timeout=600)
        lines = [f"deb [signed-by={KEYRING}] {hosts()[base]} {suite} main\n" for suite, base in OLDER.items()]
        made = kept.with_suffix(f".{os.getpid()}")
        words = ["mmdebstrap", "--quiet", "--format=tar", "--variant=minbase", "bookworm", made, "-"]
        command(words, input="".join(lines), timeout=600)
        made.rename(kept)
    command(["tar", "--extract", "--file", kept, "--directory", folder, "--exclude", "./dev/*"])
    # as debian:bookworm-slim has it
    shutil.rmtree(folder / "etc/apt/sources.list.d", ignore_errors=True)
    (folder / "etc/apt/sources.list").unlink(missing_ok=True)
    (folder / "etc/apt/sources.list.d").mkdir()
    stanza = "Types: deb\nURIs: http://ftp.debian.org/{}\nSuites: {}\nComponents: main\nSigned-By: {}\n"
    texts = [stanza.format("debian", "bookworm bookworm-updates", KEYRING), stanza.format("debian-security", "bookworm-security", KEYRING)]
    (folder / "etc/apt/sources.list.d/debian.sources").write_text("\n".join(texts), encoding="utf-8")
