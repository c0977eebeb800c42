"""The packages whose ELF files are checked, and the trees that they are in."""

import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "fidelity"))

from archive import HELPER, LARGEST, Package, fetch  # noqa: E402

# What one tree may unpack to, in KiB; there are two at once, and their packages.
ROOM = 1 << 20
# Requests that are tried as one tree first.
AT_ONCE = 40
FIELDS = re.compile(r"^(Package|Section|Size): (.*)$", re.M)
C_LIBRARY = re.compile(r"^(?:Pre-)?Depends:.*\blibc6 ", re.M)
MERGED = ("bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/")
NO_SOLUTION = 3
TOO_LARGE = "it and what it needs unpack to"


class Failure(Exception):
    """A command of aptlet that had to succeed did not."""


def targets():
    """URI, suite, component and file of what the machine has of its own Debian release, whose keys aptlet has built in."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)\t$(FILENAME)"]
    command += ["Created-By: Packages", "Architecture: amd64"]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    release = re.search(r"^VERSION_CODENAME=(.*)$", Path("/etc/os-release").read_text(), re.M)[1]
    suites = [release, f"{release}-updates", f"{release}-security"]
    fields = (line.split("\t") for line in sorted(text.splitlines()))
    return [target for target in fields if target[1] in suites and target[2] == "main"]


def stanzas():
    """By name: the section, and whether it needs the C library. None is above LARGEST."""
    if not targets():
        subprocess.run(["apt-get", "-qq", "update"], check=True)
    found = {}
    for _, _, _, file in targets():
        text = subprocess.run([HELPER, "cat-file", file], stdout=subprocess.PIPE, text=True, check=True).stdout
        for stanza in text.split("\n\n"):
            fields = dict(FIELDS.findall(stanza))
            if fields and int(fields["Size"]) <= LARGEST:
                found[fields["Package"]] = (fields.get("Section", ""), bool(C_LIBRARY.search(stanza)))
    if not found:
        raise SystemExit("apt has no packages of this Debian release on this machine: check its sources")
    return found


def order(there, named, seed, count):
    """All names in the order in which they are wanted: a fifth of the named ones, or all; the others by the seed."""
    chance = random.Random(seed)
    named = [name for name in named if name in there]
    named = chance.sample(named, min(len(named), max(1, count // 5)))
    others = sorted(name for name, (_, needs) in there.items() if needs and name not in named)
    return named + chance.sample(others, len(others))


@dataclass
class Batch:
    """Requests that can be in one tree, and the lock for it."""

    requests: list
    lock: str
    packages: list

    @property
    def room(self):
        """KiB; by the packages' own word."""
        return sum(package.installed_size or 0 for package in self.packages)


class Maker:
    """Makes batches and trees, in a folder."""

    def __init__(self, binary, work):
        self.binary, self.work = binary, work
        (work / "config").mkdir()
        lines = sorted({f"deb {uri} {suite} {component}" for uri, suite, component, _ in targets()})
        (work / "config/machine.list").write_text("\n".join(lines) + "\n")
        proxies = {key: value for key, value in os.environ.items() if key.endswith("_proxy")}
        self.environment = {"PATH": "/usr/bin:/bin", **proxies}
        self.skipped = {}

    def aptlet(self, *arguments):
        return subprocess.run(
            [self.binary, *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip

    def batch(self, requests):
        """One, or a sentence why there is none."""
        lock = self.work / "lock"
        done = self.aptlet("lock", "--quiet", "--config", self.work / "config", "--output", lock, *requests)
        if done.returncode == NO_SOLUTION:
            return next((line for line in done.stdout.splitlines() if line.startswith("error:")), "no solution")
        if done.returncode:
            raise Failure(f"lock of {' '.join(requests)}: {done.returncode}: {done.stdout}")
        plan = tomllib.loads(lock.read_text())
        uris = {source["id"]: source["uris"][0].rstrip("/") for source in plan["source"]}
        packages = [
            Package(one["name"], one["version"], one["architecture"], f"{uris[one['source']]}/{one['filename']}",
                    one["size"], one["sha256"], one.get("installed-size"))
            for one in plan["package"]
        ]  # fmt: skip
        found = Batch(requests, lock.read_text(), packages)
        return found if found.room <= ROOM else f"{TOO_LARGE} {found.room >> 10} MiB"

    def batches(self, requests):
        """Batches of all that can be; `skipped` says of each of the others why it is in none."""
        while requests:
            found, requests = self.largest(requests)
            if found:
                yield found

    def largest(self, requests):
        """A batch of most of the requests, or None, and those that are left for another: they do not go with these."""
        found, taken, left, rest = None, [], [], requests
        while rest:
            # how many of the rest can be added: at least `good`, and fewer than `bad`
            good, bad, tried, reason = 0, len(rest) + 1, len(rest), ""
            while bad - good > 1:
                answer = self.batch(taken + rest[:tried])
                if isinstance(answer, Batch):
                    good, found = tried, answer
                else:
                    bad, reason = tried, answer
                tried = (good + bad) // 2
            taken = taken + rest[:good]
            if good == len(rest):
                break
            if taken:
                left.append(rest[good])
            else:
                self.skipped[rest[good]] = reason
            rest = rest[good + 1 :]
            if taken and reason.startswith(TOO_LARGE):
                left += rest
                break
        return found, left

    def wanted(self, there, named, seed, count):
        """Batches until `count` requests are in one, each group of them of like sections, which need alike packages."""
        names = order(there, named, seed, count)
        missing = count
        while missing and names:
            group, names = sorted(names[:missing], key=lambda name: there[name][0]), names[missing:]
            missing = 0
            for start in range(0, len(group), AT_ONCE):
                before = len(self.skipped)
                yield from self.batches(group[start : start + AT_ONCE])
                missing += len(self.skipped) - before

    def install(self, batch, prefixes):
        """A tree of the batch for each prefix. What is fetched is gone afterwards."""
        pool = self.work / "pool"
        fetch(batch.packages, pool)
        # from here, so that the second tree need not fetch it again
        lock = re.sub(r"^uris = .*$", f'uris = ["{pool.as_uri()}"]', batch.lock, flags=re.M)
        for package in batch.packages:
            lock = re.sub(rf'^filename = ".*"(?=\nsize = \d+\nsha256 = "{package.sha256}")',
                          f'filename = "{package.sha256}.deb"', lock, flags=re.M)  # fmt: skip
        (self.work / "here.lock").write_text(lock)
        trees = []
        for number, prefix in enumerate(prefixes):
            destination = self.work / f"dest{number}"
            # what --slim leaves out is for people
            done = self.aptlet("install", "--quiet", "--slim", "--config", self.work / "config", "--lock",
                               self.work / "here.lock", "--dest", destination, "--prefix", prefix)  # fmt: skip
            if done.returncode:
                raise Failure(f"install for {prefix} of {' '.join(batch.requests)}: {done.returncode}: {done.stdout}")
            trees.append(Tree(destination, prefix))
        shutil.rmtree(pool)
        return trees

    def clear(self):
        """What `install` made goes away."""
        for path in [self.work / "pool", *self.work.glob("dest*")]:
            if path.exists():
                subprocess.run(["rm", "-rf", path], check=True)


class Tree:
    """A tree as its main container sees it."""

    def __init__(self, destination, prefix):
        self.prefix = prefix.rstrip("/")
        self.generation = (destination / ".aptlet/current").resolve()
        # a root file system is one generation
        self.root = destination if self.prefix else self.generation
        self.known = {}

    def files(self):
        """The regular files, by their paths in the generation."""
        for folder, _, names in os.walk(self.generation):
            for name in names:
                path = os.path.join(folder, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    yield os.path.relpath(path, self.generation)

    def owners(self):
        """By path, the packages that the database says have it."""
        found = {}
        for file in (self.generation / "var/lib/dpkg/info").glob("*.list"):
            package = file.stem.partition(":")[0]
            for line in file.read_text(errors="surrogateescape").splitlines():
                path = line.lstrip("/")
                found[f"usr/{path}" if path.startswith(MERGED) else path] = package
        return found

    def seen(self, path):
        """Where its main container sees a file of the generation."""
        own = os.path.lexists(self.root / path.partition("/")[0])
        return f"{self.prefix}/{path}" if own else f"{self.prefix}/.aptlet/current/{path}"

    def resolve(self, path):
        """Of an absolute path, with all links followed: what it is in the generation, or None if it is nothing there."""
        if path not in self.known:
            self.known[path] = self.follow(path)
        return self.known[path]

    def follow(self, path):
        place, parts, links = [], [part for part in path.split("/") if part not in ("", ".")], 0
        above = self.prefix.split("/")[1:]
        while parts:
            part = parts.pop(0)
            if part == "..":
                place = place[:-1]
                continue
            place.append(part)
            if place == above[: len(place)]:
                continue
            if place[: len(above)] != above:
                return None
            real = os.path.join(self.root, *place[len(above) :])
            try:
                mode = os.lstat(real).st_mode
            except OSError:
                return None
            if stat.S_ISLNK(mode):
                links += 1
                if links > 40:
                    return None
                target = os.readlink(real)
                place = [] if target.startswith("/") else place[:-1]
                parts = [part for part in target.split("/") if part not in ("", ".")] + parts
        inside = place[len(above) :]
        if inside[:2] == [".aptlet", "generations"]:
            inside = inside[3:]
        return "/".join(inside) or None
