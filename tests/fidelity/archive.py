"""The packages to compare: chosen by a seed from the archive of the machine's own apt sources, and fetched from it."""

import bz2
import gzip
import lzma
import os
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import file_digest

HELPER = "/usr/lib/apt/apt-helper"
LARGEST = 60 << 20
AT_ONCE = 4


@dataclass(frozen=True)
class Package:
    """A stanza of the index, as far as a lock needs it; `sha256` is also the name of its file in the cache."""

    name: str
    version: str
    architecture: str
    url: str
    size: int
    sha256: str
    installed_size: int | None

    @classmethod
    def of(cls, stanza, uri):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        if "Package" not in fields:
            return None
        installed_size = fields.get("Installed-Size")
        return cls(
            name=fields["Package"],
            version=fields["Version"],
            architecture=fields["Architecture"],
            url=f"{uri.rstrip('/')}/{fields['Filename']}",
            size=int(fields["Size"]),
            sha256=fields["SHA256"],
            installed_size=int(installed_size) if installed_size else None,
        )

    def lock(self, filename, folder):
        """A lock with this package alone, which lies in a folder."""
        installed_size = f"installed-size = {self.installed_size}\n" if self.installed_size is not None else ""
        return (
            f'version = 1\n\n[request]\npackages = ["{self.name}"]\narchitecture = "amd64"\nrecommends = false\n\n'
            f'[[source]]\nid = "here"\nuris = ["{folder.as_uri()}"]\nsuite = "here"\ncomponent = "main"\n\n'
            f'[[package]]\nname = "{self.name}"\nversion = "{self.version}"\narchitecture = "{self.architecture}"\n'
            f'source = "here"\nfilename = "{filename}"\nsize = {self.size}\nsha256 = "{self.sha256}"\n{installed_size}'
        )


def indexes():
    """URI and file of each Packages file that the machine's apt has, in an order that does not depend on hosts."""
    command = ["apt-get", "indextargets", "--format", "$(RELEASE)\t$(COMPONENT)\t$(REPO_URI)\t$(FILENAME)"]
    command += ["Created-By: Packages", "Architecture: amd64"]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split("\t")[2:] for line in sorted(found.splitlines())]


def universe():
    """All packages by their names."""
    if not indexes():
        subprocess.run(["apt-get", "-qq", "update"], check=True)
    found = {}
    for uri, file in indexes():
        text = subprocess.run([HELPER, "cat-file", file], stdout=subprocess.PIPE, text=True, check=True).stdout
        packages = (Package.of(stanza, uri) for stanza in text.split("\n\n"))
        found |= {package.name: package for package in packages if package}
    if not found:
        raise SystemExit("apt has no packages on this machine: check its sources")
    return found


def choose(there, names, seed, count):
    """The named ones that there are, but of a small sample two thirds; the rest by the seed. None is above LARGEST."""
    there = {name: package for name, package in there.items() if package.size <= LARGEST}
    names = [name for name in names if name in there]
    rest = sorted(there.keys() - names)
    chance = random.Random(seed)
    names = chance.sample(names, min(len(names), count * 2 // 3))
    return [there[name] for name in names + chance.sample(rest, count - len(names))]


def fetch(packages, cache):
    """Fetches by apt's own means, which check the digests, whatever is not in the cache."""
    partial = cache / "partial"
    partial.mkdir(parents=True, exist_ok=True)
    missing = [package for package in packages if not (cache / f"{package.sha256}.deb").exists()]

    def some(share):
        arguments = [word for one in share for word in (one.url, partial / one.sha256, f"SHA256:{one.sha256}")]
        options = ["-qq", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]
        subprocess.run([HELPER, *options, "download-file", *arguments], check=True, stdout=subprocess.DEVNULL)
        for one in share:
            os.rename(partial / one.sha256, cache / f"{one.sha256}.deb")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(some, filter(None, (missing[i::AT_ONCE] for i in range(AT_ONCE)))))
    return len(missing)


def zstandard(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


# What dpkg-deb(1) reads, by the extension of the part; xz is what the archive itself has.
COMPRESSIONS = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard,
    ".bz2": bz2.compress,
    ".lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
}


def ar(parts):
    """The bytes of a `.deb` of these parts, as deb(5) has them."""
    text = b"!<arch>\n"
    for name, data in {"debian-binary": b"2.0\n", **parts}.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
        text += header.encode() + data + b"\n" * (len(data) % 2)
    return text


def repack(package, deb, cache):
    """The same package with its parts compressed in each other way, where deb(5) allows it for the part."""
    parts = {}
    for part, option in (("control.tar", "--ctrl-tarfile"), ("data.tar", "--fsys-tarfile")):
        parts[part] = subprocess.run(["dpkg-deb", option, deb], stdout=subprocess.PIPE, check=True).stdout
    for extension, compress in COMPRESSIONS.items():
        control = extension if extension in ("", ".gz", ".zst") else ".gz"
        text = ar({
            f"control.tar{control}": COMPRESSIONS[control](parts["control.tar"]),
            f"data.tar{extension}": compress(parts["data.tar"]),
        })
        file = cache / "repacked.deb"
        file.write_bytes(text)
        with file.open("rb") as whole:
            digest = file_digest(whole, "sha256").hexdigest()
        os.rename(file, cache / f"{digest}.deb")
        yield replace(package, size=len(text), sha256=digest)


def named(file):
    """The names that a file of the kind of `chosen` has, in its order."""
    lines = [line.partition("#")[0].split() for line in file.read_text().splitlines()]
    return list(dict.fromkeys(word for line in lines for word in line))
