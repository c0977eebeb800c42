#!/usr/bin/python3
"""Compares a tree that aptlet made for `/` with what dpkg-deb extracts from the same .debs.

usage: fidelity.py TREE LOCK FOLDER

LOCK is the lock that TREE was installed from. The .debs that it names are fetched from its sources into FOLDER and
extracted there one after the other, in the order of the lock. `tests/fidelity/compare.py` says what is compared, and
which differences are meant. The time of a directory is that of the last package, in the lock's order, that has it as
a member.
"""

import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fidelity"))
from compare import Archive, Archives, Comparison, hard_links  # noqa: E402


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


def main():
    tree, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[3])
    lock = tomllib.loads(Path(sys.argv[2]).read_text())
    extracted = folder / "extracted"
    extracted.mkdir(parents=True)
    debs = fetch(lock, folder)
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", deb, extracted], check=True)
    archives = [Archive(deb) for deb in debs]
    compared = Comparison(tree, extracted, Archives(archives), (os.geteuid(), os.getegid()))
    for fault in compared.faults:
        print(fault)

    kinds = Counter(entry.type for entry in compared.theirs.values())
    linked = sum(len(names) > 1 for names in hard_links(compared.theirs).values())
    members = Counter(name for archive in archives for name in archive.parts)
    print(f"{len(debs)} packages; members: {', '.join(f'{count} {name}' for name, count in sorted(members.items()))}")
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())), end="; ")
    meant = ", ".join(f"{count} {kind}" for kind, count in sorted(compared.counts.items()))
    print(f"{linked} hard-linked names; meant to differ: {meant}; {len(compared.faults)} faults")
    return 1 if compared.faults else 0


if __name__ == "__main__":
    sys.exit(main())
