#!/usr/bin/python3
"""Compares a tree that aptlet made for `/` with what dpkg-deb extracts from the same .debs.

usage: fidelity.py TREE LOCK FOLDER

LOCK is the lock that TREE was installed from. The .debs that it names are fetched from its sources into FOLDER and
extracted there one after the other, in the order of the lock.

Compared for every path: type, mode, size, content, link target, time of modification, and which names are hard
links of one file. Left out, because they differ by intent:
  - merged-usr: /bin, /sbin, /lib* of the packages are looked for below /usr; the links themselves are aptlet's
  - set-id bits of files, owners and devices, which an unprivileged run cannot make
  - what aptlet adds: ADDED, links to /etc/alternatives, and what tmpfiles.d asks for

The time of a directory is not compared with the extracted one but with the archives: tar sets it when it has passed
the directory's members, and whatever comes later spoils it (dpkg-deb puts symbolic links at an archive's end, and
the next package writes into the same directory), so extracting leaves the clock's time on many of them. What the
archives say is plain: the time of the last package, in the lock's order, that has the directory as a member.
"""

import os
import stat
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

ADDED = [
    "var/lib/dpkg",
    "var/lib/aptlet",
    "etc/alternatives",
    "etc/passwd",
    "etc/group",
    "etc/ca-certificates.conf",
    "etc/ssl/certs",
]
ALIASES = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"]
TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo"}


@dataclass
class Entry:
    """What lstat(2) says of a path, and where the path is."""

    path: Path
    type: str
    mode: int
    size: int
    time: int
    target: str
    inode: int

    @classmethod
    def of(cls, path):
        seen = path.lstat()
        type_ = TYPES.get(stat.S_IFMT(seen.st_mode), "other")
        set_id = stat.S_ISUID | stat.S_ISGID if type_ == "file" else 0
        return cls(
            path=path,
            type=type_,
            mode=stat.S_IMODE(seen.st_mode) & ~set_id,
            size=seen.st_size if type_ == "file" else 0,
            time=seen.st_mtime_ns,
            target=os.readlink(path) if type_ == "link" else "",
            inode=seen.st_ino,
        )


def merged(path):
    """The place in a merged-usr tree of a path as packages have it, both relative."""
    first, _, rest = path.partition("/")
    return f"usr/{path}" if first in ALIASES and rest else path


def walk(root):
    """All paths below a folder, relative to it."""
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            yield os.path.relpath(os.path.join(folder, name), root)


def entries(root, place=lambda path: path):
    """All entries of a tree by their place, but for merged-usr links, and a list of places that are there twice."""
    found, twice = {}, []
    for path in walk(root):
        if path in ALIASES:
            continue
        entry, at = Entry.of(root / path), place(path)
        if at in found and not found[at].type == entry.type == "directory":
            twice.append(at)
        found[at] = entry
    return found, twice


def fetch(lock, folder):
    """Fetches the .debs of a lock, in its order, by apt's own means, which check them."""
    uris = {source["id"]: source["uris"][0].rstrip("/") for source in lock["source"]}
    debs, arguments = [], []
    for package in lock["package"]:
        debs.append(folder / f"{package['sha256']}.deb")
        url = f"{uris[package['source']]}/{package['filename']}"
        arguments += [url, debs[-1], f"SHA256:{package['sha256']}"]
    helper = ["/usr/lib/apt/apt-helper", "-qq", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]
    subprocess.run([*helper, "download-file", *arguments], check=True)
    return debs


def compressions(deb):
    """The names of a .deb's members after `debian-binary`."""
    names = []
    with deb.open("rb") as file:
        file.seek(8)
        while header := file.read(60):
            names.append(header[:16].decode().rstrip(" /"))
            size = int(header[48:58])
            file.seek(size + size % 2, os.SEEK_CUR)
    return names[1:]


def directory_times(deb):
    """The times of an archive's directories, in nanoseconds, by their place."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            members = [(member.name, member.mtime) for member in archive if member.isdir()]
    times = {os.path.normpath(name): int(time * 10**9) for name, time in members}
    return {merged(name): time for name, time in times.items() if name not in (".", *ALIASES)}


def hard_links(found):
    """The sets of names of one file, for each name."""
    by_inode = defaultdict(set)
    for place, entry in found.items():
        if entry.type == "file":
            by_inode[entry.inode].add(place)
    return {place: names for names in by_inode.values() for place in names}


def same_content(one, other):
    with one.open("rb") as left, other.open("rb") as right:
        while chunk := left.read(1 << 20):
            if chunk != right.read(1 << 20):
                return False
        return True


def asked_for(tree):
    """The folders and links of tmpfiles.d(5)."""
    lines = [line.split() for file in tree.glob("usr/lib/tmpfiles.d/*.conf") for line in file.read_text().splitlines()]
    return {line[1].strip("/") for line in lines if len(line) > 1 and line[0][0] in "dDvqQL"}


def added(place, entry, asked):
    below = any(place == folder or place.startswith(f"{folder}/") for folder in ADDED)
    above = any(folder.startswith(f"{place}/") for folder in [*ADDED, *asked])
    below = below or place in asked
    return below or above or entry.target.startswith("/etc/alternatives/")


def compare(ours, theirs, times, all_at_once, asked):
    """Yields a sentence for each difference."""
    our_links, their_links = hard_links(ours), hard_links(theirs)
    for place in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(place), theirs.get(place)
        if other is None:
            # merged-usr makes the folders that its links lead to
            if not added(place, one, asked) and place not in [f"usr/{alias}" for alias in ALIASES]:
                yield f"{place}: only in the tree"
            continue
        if one is None:
            yield f"{place}: missing in the tree"
            continue
        if one.type != other.type:
            yield f"{place}: {one.type}, dpkg-deb {other.type}"
            continue
        for what in ["mode", "size", "target"]:
            if getattr(one, what) != getattr(other, what):
                yield f"{place}: {what} {getattr(one, what)!r}, dpkg-deb {getattr(other, what)!r}"
        # a directory that no archive has as a member has no time to go by
        time = times.get(place, all_at_once) if one.type == "directory" else other.time
        if one.time != time:
            yield f"{place}: {one.type} has time {one.time}, {'archive' if one.type == 'directory' else 'dpkg-deb'} {time}"
        if one.type == "file":
            if one.size == other.size and not same_content(one.path, other.path):
                yield f"{place}: content"
            if our_links[place] != their_links[place]:
                yield f"{place}: hard links {sorted(our_links[place])}, dpkg-deb {sorted(their_links[place])}"


def main():
    tree, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[3])
    lock = tomllib.loads(Path(sys.argv[2]).read_text())
    extracted = folder / "extracted"
    extracted.mkdir(parents=True)
    debs = fetch(lock, folder)
    times = {}
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", deb, extracted], check=True)
        times.update(directory_times(deb))

    ours, _ = entries(tree)
    theirs, twice = entries(extracted, merged)
    newest = max([entry.time for entry in theirs.values() if entry.type != "directory"] + list(times.values()))
    differences = [f"{place}: shipped on both sides of merged-usr" for place in twice]
    differences += compare(ours, theirs, times, newest, asked_for(tree))
    for difference in differences:
        print(difference)

    kinds = Counter(entry.type for entry in theirs.values())
    linked = sum(len(names) > 1 for names in hard_links(theirs).values())
    set_id = sum(
        entry.type == "file" and bool(entry.path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID))
        for entry in theirs.values()
    )
    members = Counter(name for deb in debs for name in compressions(deb))
    print(f"{len(debs)} packages; members: {', '.join(f'{count} {name}' for name, count in sorted(members.items()))}")
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())), end="; ")
    print(f"{linked} hard-linked names, {set_id} set-id files, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
