#!/usr/bin/python3
"""What relocation did to a tree, judged without its code.

usage: relocated.py PLAIN RELOCATED PREFIX [--linker]

PLAIN is a generation for /, RELOCATED one of the same packages for PREFIX, a slash and a letter. Fails if
- a file has another size, mode, time or kind, or a path is only in one of them (aptlet's own records aside),
- bytes differ that are no path's beginning, or the name of LD_LIBRARY_PATH; on arm64 also as the immediates of movz and
  movk, two bytes in each,
- in an archive of Java's, whose size may change, the same holds of each member; they are the same ones in the same order,
- an ELF file's headers or sections' table differ, its PT_INTERP does not end with a NUL, a segment's offset and address
  do not agree (as the kernel wants them, elf(5)), or readelf says something else about it,
- with --linker: the tree's own dynamic linker does not take a program (`--verify`); that of arm64 is run by
  qemu-aarch64-static,
- more than 0.5 % of the paths in ELF files and scripts that name something in the tree still lead out of it, or any of
  them is of no class that docs/explanation/anywhere.md explains (leftover.py). Each class is counted and shown.
"""

import collections
import os
import stat
import struct
import subprocess
import sys
import zipfile

from leftover import Left, Names, walk


def homes(letter):
    pairs = {root: b"/" + letter + home for root, home in
             {b"/usr": b"/u", b"/etc": b"/e", b"/lib": b"/l", b"/bin": b"/b", b"/var": b"/v", b"/opt": b"/o",
              b"/sbin": b"//s", b"/lib64": b"/l64", b"/lib32": b"/l32", b"/libx32": b"/lx32"}.items()}
    assert all(len(root) == len(home) for root, home in pairs.items())
    return pairs


def differing(one, other):
    """Where two texts of one length differ, as ranges."""
    step, at = 1 << 16, 0
    places = []
    while at < len(one):
        if one[at:at + step] != other[at:at + step]:
            places += [at + i for i, (a, b) in enumerate(zip(one[at:at + step], other[at:at + step])) if a != b]
        at += step
    return places


def halves(pairs, letter):
    """Immediates of movz and movk that differ: which two of eight bytes, before, after; whether a path begins there."""
    known = {(3, b"Y_", b"Y" + letter): False}
    for root, home in pairs.items():
        for part in range(2):
            old, new = (text[2 * part:2 * part + 2] for text in (root, home))
            known[part, old, new] = part == 0
    return known


def instruction(one, other, place, known):
    """Whether an instruction of arm64 differs in its immediate as a path would; and if it begins one."""
    old, new = (struct.unpack_from("<I", text, place)[0] for text in (one, other))
    if old & 0x7f800000 not in (0x52800000, 0x72800000) or (old ^ new) & ~(0xffff << 5):
        return None
    return known.get((old >> 21 & 3, *(struct.pack("<H", word >> 5 & 0xffff) for word in (old, new))))


def wide(pairs):
    """The same in letters of 16 and 32 bits, as Qt and fish have them."""
    spread = lambda text, width: b"".join(bytes([byte]).ljust(width, b"\0") for byte in text)  # noqa: E731
    return {spread(root, width): spread(home, width) for root, home in pairs.items() for width in (2, 4)}


def joined(one, other, place, letter):
    """How many bytes from here are the first name of a path that a script or clang joins, or a slash around a list of Perl's; 0 if none."""
    name = one[place:place + 3]
    if name in (b"usr", b"etc", b"var") and other[place:place + 3] == letter + b"/" + name[:1] and one[place - 1:place] in b"'\"(/":
        return 3
    # clang puts together the path of the dynamic linker
    if one[place - 1:place + 6] == b"\0lib64\0" and other[place:place + 5] == letter + b"/l64":
        return 5
    # qw/usr share/ becomes qw(p/u share)
    lists = (one[place - 2:place], one[place:place + 1], other[place:place + 1])
    line = other[max(other.rfind(b"\n", 0, place), 0):place]
    return 1 if lists == (b"qw", b"/", b"(") or (lists[1:] == (b"/", b")") and b"qw(" in line) else 0


def explained(one, other, pairs, letter):
    """The places that differ and are no rewritten path; and the number of those that are."""
    rest, count, done = [], 0, -1
    pairs = pairs | wide(pairs)
    # e_machine, see elf(5)
    known = halves(pairs, letter) if one[:4] == b"\x7fELF" and one[18:20] == b"\xb7\0" else {}
    for place in differing(one, other):
        if place <= done:
            continue
        for root, home in pairs.items():
            start = place - next(i for i in range(len(root)) if root[i] != home[i])
            if one[start:start + len(root)] == root and other[start:start + len(root)] == home:
                count, done = count + 1, start + len(root) - 1
                break
        else:
            start = place - 7
            if one[start:start + 8] == b"LIBRARY_" and other[start:start + 8] == b"LIBRARY" + letter:
                done = place
            elif length := joined(one, other, place, letter):
                count, done = count + (length > 1), place + length - 1
            elif (begins := instruction(one, other, place & ~3, known)) is not None:
                count, done = count + begins, place | 3
            else:
                rest.append(place)
    return rest, count


def members(one, other, pairs, letter):
    """What is wrong with the members of an archive of Java's, and how many paths differ in them."""
    wrong, count = [], 0
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
        if first.namelist() != second.namelist():
            return ["it has other members"], 0
        for name in first.namelist():
            a, b = first.read(name), second.read(name)
            if len(a) != len(b):
                wrong.append(f"{name} has another size")
                continue
            rest, paths = explained(a, b, pairs, letter)
            wrong += [f"{name} differs at {place}, which is of no path" for place in rest[:3]]
            count += paths
    return wrong, count


def elf_is_sound(data):
    """Whether the kernel takes the segments: their offsets and addresses agree, the interpreter's name ends."""
    if data[4] != 2:
        return True
    phoff, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        kind, _, offset, address, _, filesz, _, align = struct.unpack_from("<IIQQQQQQ", data, phoff + number * size)
        if kind == 1 and align > 1 and (offset - address) % align:
            return False
        if kind == 3 and data[offset + filesz - 1] != 0:
            return False
    return True


def tables(data):
    """The parts of a 64-bit ELF file that are no data of its own."""
    if data[4] != 2:
        return b""
    phoff, shoff = struct.unpack_from("<QQ", data, 32)
    phsize, phcount, shsize, shcount = struct.unpack_from("<HHHH", data, 54)
    return data[:64] + data[phoff:phoff + phsize * phcount] + data[shoff:shoff + shsize * shcount]


def readelf(path):
    said = subprocess.run(["readelf", "-aW", path], capture_output=True, env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
    return [line.split(path.encode())[-1] for line in said.stderr.splitlines()], said.returncode


def added(plain, letter):
    """The links, and the folders they are in, that a relocated tree has besides (docs/design/relocation.md)."""
    links = {"usr/etc", "usr/var", f"usr/{letter}", f"usr/{letter}/e", f"usr/{letter}/v"}
    for path, meta in plain.items():
        if path.endswith("/usr") and path.count("/") > 1 and stat.S_ISDIR(meta.st_mode):
            links |= {path[:-3] + letter, f"{path[:-3]}{letter}/u"}
    return links


def main():
    plain, relocated, prefix = sys.argv[1:4]
    letter = prefix[1:].encode()
    pairs = homes(letter)
    bad, counts = [], collections.Counter()
    one, other = walk(plain), walk(relocated)
    # in a relocated tree absolute links are relative
    links = added(one, letter.decode())
    bad += [f"only in one of them: {path}" for path in sorted(one.keys() ^ other.keys() - links) if path != "etc/ld.so.cache"]
    names = Names(plain)
    before, after = Left(names), Left(names)
    linker = [os.path.join(relocated, "lib64/ld-linux-x86-64.so.2")]
    if not os.path.exists(linker[0]):
        linker = ["qemu-aarch64-static", os.path.join(relocated, "lib/ld-linux-aarch64.so.1")]
    seen = set()
    for path in sorted(one.keys() & other.keys()):
        a, b = one[path], other[path]
        if stat.S_IFMT(a.st_mode) != stat.S_IFMT(b.st_mode):
            bad.append(f"another kind: {path}")
        if not stat.S_ISREG(a.st_mode) or (b.st_dev, b.st_ino) in seen:
            continue
        seen.add((b.st_dev, b.st_ino))
        if path.endswith("/loaders.cache"):
            # made with the paths that its modules have below the prefix
            continue
        full = os.path.join(relocated, path)
        with open(full, "rb") as opened:
            archive = opened.read(4) == b"PK\x03\x04" and path.endswith(".jar")
        if (a.st_mode, a.st_mtime) != (b.st_mode, b.st_mtime) or a.st_size != b.st_size and not archive:
            bad.append(f"another size, mode or time: {path}")
            continue
        counts["files"] += 1
        if archive:
            wrong, count = members(os.path.join(plain, path), full, pairs, letter)
            counts["changed"] += count > 0
            counts["rewritten"] += count
            bad += [f"{path}: {what}" for what in wrong]
            continue
        first, second = (open(os.path.join(root, path), "rb").read() for root in (plain, relocated))
        is_elf = first[:4] == b"\x7fELF"
        if first != second:
            rest, count = explained(first, second, pairs, letter)
            counts["changed"] += 1
            counts["rewritten"] += count
            bad += [f"a byte that is of no path: {path} at {place}" for place in rest[:3]]
        if is_elf:
            counts["elf"] += 1
            if tables(first) != tables(second) or not elf_is_sound(second) and elf_is_sound(first):
                bad.append(f"an ELF file is damaged: {path}")
            if first != second:
                if readelf(os.path.join(plain, path)) != readelf(full):
                    bad.append(f"readelf sees something else: {path}")
                dynamic = b"/" + os.fsencode(os.path.basename(linker[-1])) in first[:8192] and struct.unpack_from("<H", first, 16)[0] in (2, 3)
                if "--linker" in sys.argv and dynamic and a.st_mode & 0o111:
                    counts["linked"] += 1
                    if subprocess.run([*linker, "--verify", full], capture_output=True).returncode not in (0, 2):
                        bad.append(f"the linker does not take it: {path}")
        before.look(path, first)
        after.look(path, second)
    print(f"{counts['files']} files, {counts['elf']} of them ELF; {counts['rewritten']} paths rewritten in {counts['changed']} files"
          + (f"; {counts['linked']} programs verified by the linker" if counts["linked"] else ""))
    bad += after.report(before.count())
    print("\n".join(bad[:40]) if bad else "nothing is damaged")
    return 1 if bad or not counts["rewritten"] else 0


if __name__ == "__main__":
    sys.exit(main())
