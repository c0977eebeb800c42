#!/usr/bin/python3
"""Paths in files that name something in a tree, and why one that leads out of it does: by what stands around it.

usage: leftover.py RELOCATED PREFIX

Shows those of one generation, for a prefix of a slash and a letter, by their classes. docs/explanation/anywhere.md explains each class;
fails if one has none, or if more than 0.5 % of all paths lead out. relocated.py does the same and more.
"""

import bisect
import collections
import os
import re
import stat
import struct
import sys

OWN = ("var/lib/aptlet", "var/lib/dpkg")
READ_BY_PEOPLE = re.compile(r"usr/share/(doc|man|info|lintian|bug|doc-base|locale|misc)/|usr/lib/file/")
PATH = re.compile(rb"/(?:usr|etc|lib64|lib32|libx32|lib|bin|sbin|var|opt)(?:/[A-Za-z0-9_.+@~-]*)*")
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/+@~"
OF_THE_IMAGE = (
    b"passwd group shadow gshadow subuid subgid hosts resolv.conf nsswitch.conf host.conf gai.conf localtime timezone hostname"
    b" mtab machine-id os-release debian_version fstab services protocols networks shells environment").split()
KEPT = re.compile(
    rb"/etc/(" + b"|".join(map(re.escape, OF_THE_IMAGE)) + rb")(/|$)|/var/(tmp|run|lock|log|mail|spool)(/|$)"
    # of Debian's packages only empty folders
    rb"|/usr/local(/|$)")
# `movabs` into a register: its operand has eight bytes of a longer text
OPERAND = re.compile(rb"[\x48\x49][\xb8-\xbf](/(?:usr|etc|lib|var|opt)/[ -~]{3})", re.S)
SHF_EXECINSTR, SHT_NOBITS = 4, 8

# The first whose expression matches what stands before a path (64 bytes) counts.
BEFORE = {
    "a regular expression": rb"(\\|\^[^\0\n\"']{0,12}|\(\?:[^\0\n]{0,12}|\.\*)$",
    "in a list after a variable": rb":\}$",
    "read by a shell's dot": rb"(^|[\n;&|{(]|\bthen|\bdo|\belse)[ \t]*\.[ \t]+[\"']?$",
    "the end of a longer path": rb"([})\]$@*?]|[\w}$][\"']|\+ ?[\"']|[\w})\]\"'] ?\. ?[\"'])$",
    "in a comment": rb"(^|\n)[ \t]*#[^\n]*$",
}
# They continue something, and name nothing by themselves.
PARTS = ("a regular expression", "the end of a longer path")
BEFORE = {name: re.compile(expression) for name, expression in BEFORE.items()}


class Sections:
    """Those of a 64-bit ELF file; other files have none."""

    def __init__(self, data):
        self.all = []
        if data[:4] != b"\x7fELF" or data[4] != 2:
            return
        start, = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        heads = [struct.unpack_from("<IIQQQQ", data, start + number * size) for number in range(count if start else 0)]
        for name, kind, flags, _, offset, length in heads:
            if kind != SHT_NOBITS:
                at = heads[names][4] + name
                self.all.append((data[at:data.index(b"\0", at)], flags, offset, offset + length))

    def of(self, place):
        """Name, and whether it has instructions."""
        for name, flags, start, end in self.all:
            if start <= place < end:
                return name, bool(flags & SHF_EXECINSTR)
        return b"", False


def leftovers(data, names):
    """Paths of a file that name something in the tree: where they are, and what they are."""
    for match in PATH.finditer(data):
        at, path = match.start(), match.group().rstrip(b".")
        before = data[max(0, at - 1):at]
        if before and before in LETTERS and data[max(0, at - 7):at] != b"file://":
            continue
        if not KEPT.match(path) and path.rstrip(b"/").count(b"/") >= 2 and names.has(path):
            yield at, path
    if data[:4] == b"\x7fELF":
        sections = Sections(data)
        for match in OPERAND.finditer(data):
            if sections.of(match.start())[1] and names.begins(match[1]):
                yield match.start(1), match[1]


def reason(data, at, path):
    """The class of one that leads out of the tree."""
    name, code = Sections(data).of(at)
    if code:
        return "in instructions"
    if name.startswith(b".gnu_debug"):
        return "a debug link"
    before = data[max(0, at - 64):at]
    after = data[at + len(path):at + len(path) + 2]
    for name, expression in BEFORE.items():
        if name != "in a comment" and expression.search(before):
            return name
    if re.match(rb"\.([\s\0\"')]|$)", after):
        return "the end of a sentence"
    line = data[data.rfind(b"\n", 0, at) + 1:at]
    if data[:2] == b"#!" and BEFORE["in a comment"].search(line):
        return "in a comment"
    return "other"


def walk(root):
    found = {}
    for folder, names, files in os.walk(root):
        relative = os.path.relpath(folder, root)
        for name in names + files:
            path = os.path.normpath(os.path.join(relative, name))
            if not path.startswith(OWN):
                found[path] = os.lstat(os.path.join(folder, name))
    return found


class Names:
    """What a tree has, with its links."""

    def __init__(self, root):
        self.root, self.known = root, {}
        self.sorted = sorted(b"/" + os.fsencode(path) for path in walk(root))
        self.sorted = [path for path in self.sorted if not KEPT.match(path)]

    def has(self, path):
        if path not in self.known:
            self.known[path] = self.resolve(path, 0)
        return self.known[path]

    def resolve(self, path, depth):
        place, parts = b"", [part for part in path.split(b"/") if part]
        while parts:
            part = parts.pop(0)
            if part in (b".", b".."):
                place = place if part == b"." else os.path.dirname(place)
                continue
            full = os.fsencode(self.root) + place + b"/" + part
            try:
                mode = os.lstat(full).st_mode
            except OSError:
                return False
            if stat.S_ISLNK(mode):
                target = os.readlink(full)
                depth += 1
                if depth > 40:
                    return False
                parts = [name for name in target.split(b"/") if name] + parts
                if target.startswith(b"/"):
                    place = b""
            else:
                place += b"/" + part
        return True

    def begins(self, start):
        """Whether something begins with some bytes, and nothing that is the main image's."""
        if any((b"/etc/" + name).startswith(start) for name in OF_THE_IMAGE):
            return False
        at = bisect.bisect_left(self.sorted, start)
        return at < len(self.sorted) and self.sorted[at].startswith(start)


class Left:
    """What is found in the files of a tree."""

    def __init__(self, names):
        self.names, self.all = names, []

    def look(self, file, data):
        """At an ELF file or a script, unless only people read it."""
        if (data[:4] == b"\x7fELF" or data[:2] == b"#!") and not READ_BY_PEOPLE.match(file):
            form = "ELF" if data[:4] == b"\x7fELF" else "scripts"
            for at, path in leftovers(data, self.names):
                self.all.append((reason(data, at, path), form, file, path, excerpt(data, at, path)))

    def count(self):
        """Without parts of something longer."""
        return sum(entry[0] not in PARTS for entry in self.all)

    def report(self, total):
        """Prints the classes; the faults."""
        left = self.count()
        print(f"{left} of {total} paths of ELF files and scripts that name something in the tree lead out of it"
              f" ({100 * left / max(1, total):.2f} %)")  # fmt: skip
        classes = collections.Counter(entry[0] for entry in self.all)
        for kind, count in classes.most_common():
            shown = [entry for entry in self.all if entry[0] == kind]
            elf = sum(entry[1] == "ELF" for entry in shown)
            part = ", and not counted" if kind in PARTS else ""
            print(f"  {kind}: {elf} in ELF files, {count - elf} in scripts{part}")
            for _, _, file, path, around in shown if kind == "other" else shown[:8]:
                print(f"    {path.decode('latin-1')} in {file}: {around}")
        bad = ["too many paths lead out of the tree"] if not total or left > 0.005 * total else []
        return bad + ([f"{classes['other']} of them are of no class"] if classes["other"] else [])


def excerpt(data, at, path):
    return data[max(0, at - 24):at + len(path) + 12].decode("latin-1").encode("unicode_escape").decode()


def main():
    root, prefix = sys.argv[1:3]
    left, seen, rewritten = Left(Names(root)), set(), 0
    home = re.compile(rb"(?<![A-Za-z0-9_.+@~-])%s//?(u|e|l64|l32|lx32|l|b|s|v|o)(?![A-Za-z0-9])" % os.fsencode(prefix))
    for file, about in sorted(walk(root).items()):
        if stat.S_ISREG(about.st_mode) and (about.st_dev, about.st_ino) not in seen:
            seen.add((about.st_dev, about.st_ino))
            with open(os.path.join(root, file), "rb") as opened:
                data = opened.read(4)
                if data != b"\x7fELF" and data[:2] != b"#!":
                    continue
                data += opened.read()
            left.look(file, data)
            rewritten += len(home.findall(data))
    bad = left.report(rewritten + left.count())
    print("\n".join(bad) or "nothing leads out by accident")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
