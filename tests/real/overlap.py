#!/usr/bin/python3
"""What tests/real/overlap.part needs besides the shell.

usage: overlap.py build FOLDER FIRST SECOND    makes FOLDER/1.deb and FOLDER/2.deb, packages `a` and `b`
       overlap.py lock FOLDER                  writes a lock of the .debs there to standard output
       overlap.py compare FOLDER               compares FOLDER/p, by aptlet, with what dpkg wrote to FOLDER/upper

Compared are the file lists of both packages, the list of diversions, and everything that the two ship: type, content
or target. dpkg has a new conffile as NAME.dpkg-new until the package is configured.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ALIASES = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]
INFO = Path("var/lib/dpkg")


def build(folder, *packages):
    for number, (name, text) in enumerate(zip("ab", packages), 1):
        with tempfile.TemporaryDirectory() as place:
            root = Path(place)
            fields, conffiles = [], []
            for item in text.split("|"):
                kind, _, rest = item.partition(":")
                if kind[0].isupper():
                    fields.append(item)
                    continue
                path, _, content = rest.partition("=")
                at = root / path.lstrip("/")
                at.parent.mkdir(parents=True, exist_ok=True)
                if kind == "link":
                    at.symlink_to(content)
                elif kind == "hard":
                    os.link(root / content.lstrip("/"), at)
                else:
                    at.write_text(content)
                if kind == "conffile":
                    conffiles.append(path + "\n")
            (root / "DEBIAN").mkdir()
            control = [f"Package: {name}", "Version: 1", "Architecture: all", "Maintainer: nobody <x@mirror.example>"]
            control += fields + ["Description: for a test"]
            (root / "DEBIAN/control").write_text("\n".join(control) + "\n")
            if conffiles:
                (root / "DEBIAN/conffiles").write_text("".join(conffiles))
            root.chmod(0o755)
            command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, folder / f"{number}.deb"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], check=True, capture_output=True, text=True).stdout.strip()


def lock(folder):
    print(f'version = 1\n\n[request]\npackages = ["a", "b"]\narchitecture = "amd64"\n')
    print(f'[[source]]\nid = "here"\nuris = ["file://{folder}/"]\nsuite = "./"')
    for name in sorted(path.name for path in folder.glob("*.deb")):
        deb = folder / name
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        print(f'\n[[package]]\nname = "{field(deb, "Package")}"\nversion = "{field(deb, "Version")}"')
        print(f'architecture = "{field(deb, "Architecture")}"\nsource = "here"\nfilename = "{name}"')
        print(f'size = {deb.stat().st_size}\nsha256 = "{digest}"')


def merged(path):
    first, _, rest = path.partition("/")
    return f"usr/{path}" if first in ALIASES and rest else path


def what_is(path):
    """Type and content; a conffile that waits for its configuration is what is new."""
    new = path.with_name(path.name + ".dpkg-new")
    path = new if new.exists() else path
    if path.is_symlink():
        return "link", os.readlink(path)
    if path.is_dir():
        return "directory", ""
    return ("file", hashlib.sha256(path.read_bytes()).hexdigest()) if path.exists() else ("nothing", "")


def lines(path):
    return set(path.read_text().splitlines()) if path.exists() else set()


def compare(folder):
    ours, theirs = folder / "p/.aptlet/current", folder / "upper"
    debs = [folder / "1.deb", folder / "2.deb"]
    differences, paths = [], set()
    for deb in debs:
        name, architecture = field(deb, "Package"), field(deb, "Architecture")
        names = [f"{name}.list", f"{name}:{architecture}.list"]
        lists = [set().union(*(lines(root / INFO / "info" / name) for name in names)) for root in (ours, theirs)]
        if lists[0] != lists[1]:
            differences.append(f"{name}.list: {sorted(lists[0] ^ lists[1])}")
        paths |= lists[0] | lists[1]
    diverted = [(root / INFO / "diversions").read_text() if (root / INFO / "diversions").exists() else "" for root in (ours, theirs)]
    triples = [set(zip(*[iter(text.splitlines())] * 3)) for text in diverted]
    if triples[0] != triples[1]:
        differences.append(f"diversions: {sorted(triples[0] ^ triples[1])}")
    paths |= {to for triples in triples for _, to, _ in triples}
    compared = 0
    for path in sorted(paths):
        place = merged(path.strip("/"))
        if place in ALIASES or path == "/.":
            continue
        one, other = what_is(ours / place), what_is(theirs / place)
        # a directory that the minimal system had already is not among what dpkg wrote
        if other[0] == "nothing" and one[0] == "directory":
            continue
        compared += 1
        if one != other:
            differences.append(f"{path}: {one}, dpkg {other}")
    print("\n".join([*differences, f"{compared} paths compared"]))
    return 1 if differences or not compared else 0


if __name__ == "__main__":
    command = {"build": build, "lock": lock, "compare": compare}[sys.argv[1]]
    sys.exit(command(Path(sys.argv[2]).resolve(), *sys.argv[3:]))
