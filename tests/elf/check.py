"""What an ELF file must be for the kernel (fs/binfmt_elf.c), glibc's linker (elf/dl-load.c, elf/rtld.c) and readelf.

`faults` judges a file by itself, `damage` what relocation did to one. A fault has a rule, and a sentence that says where.
A file that breaks a rule in its package already (tests of binutils, files of debug symbols …) may break it as before, but
no other.
"""

import re
import subprocess
from collections import Counter
from typing import NamedTuple

from elf import (
    DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, DT_SYMTAB, ET_DYN, ET_EXEC, PT_DYNAMIC,
    PT_GNU_EH_FRAME, PT_GNU_PROPERTY, PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_NOTE, PT_PHDR, PT_TLS, SHT_NOBITS, Elf,
    Malformed,
)  # fmt: skip

PAGE = 4096
PATH_MAX = 4096
SHF_ALLOC, SHF_TLS, SHT_NULL = 2, 0x400, 0
NAMES = {PT_DYNAMIC: "PT_DYNAMIC", PT_TLS: "PT_TLS", PT_NOTE: "PT_NOTE", PT_GNU_EH_FRAME: "PT_GNU_EH_FRAME",
         PT_GNU_RELRO: "PT_GNU_RELRO", PT_GNU_PROPERTY: "PT_GNU_PROPERTY"}  # fmt: skip
# Tags that name an address, with the one that has its size, if any has.
ADDRESSES = {4: None, DT_SYMTAB: None, 0x6FFFFEF5: None, 7: 8, 17: 18, 23: 2, 36: 35, 25: 27, 26: 28, 32: 33,
             0x6FFFFFF0: None, 0x6FFFFFFC: None}  # fmt: skip
ONCE = (DT_STRTAB, DT_STRSZ, DT_SYMTAB, DT_SONAME, DT_RPATH, DT_RUNPATH)
# What readelf writes among its tables where a file is wrong.
COMPLAINT = r"<corrupt|<no-strings>|\[corrupt|[Ww]arning: |[Ee]rror: |<string table index|<invalid|out of bounds"


class Fault(NamedTuple):
    rule: str
    sentence: str

    def __str__(self):
        return f"{self.rule}: {self.sentence}"


def faults(elf):
    """All rules that a file breaks."""
    found = []
    parts = [of_sections]
    if elf.type in (ET_EXEC, ET_DYN):
        parts += [of_program_headers, of_interpreter, of_loads, of_other_segments, of_dynamic, of_names]
    for part in parts:
        try:
            found += (Fault(*fault) for fault in part(elf))
        except Malformed as problem:
            fault = Fault(problem.rule, str(problem))
            found += [fault] if fault not in found else []
    return found


def of_program_headers(elf):
    length = len(elf.segments) * elf.segment_size
    if length > 65536:
        yield "program headers", f"{length} bytes of them are more than the kernel reads"
    kinds = [segment.kind for segment in elf.segments]
    for kind, name in ((PT_PHDR, "PT_PHDR"), (PT_INTERP, "PT_INTERP")):
        if kinds.count(kind) > 1:
            yield name, f"there are {kinds.count(kind)}"
        if kind in kinds and PT_LOAD in kinds and kinds.index(kind) > kinds.index(PT_LOAD):
            yield name, "it comes after a PT_LOAD"
    for own in elf.of_kind(PT_PHDR):
        if own.offset != elf.segments_at or own.file_size != length:
            yield "PT_PHDR", f"it has {own.offset:#x}+{own.file_size:#x}, the table is {elf.segments_at:#x}+{length:#x}"
        first = elf.loads[0] if elf.loads else None
        if first is None or not first.holds(own.address, own.file_size):
            yield "PT_PHDR", "the first PT_LOAD does not have it"
        elif own.address - first.address + first.offset != own.offset:
            yield "PT_PHDR", "the first PT_LOAD puts another part of the file there"
    if PT_INTERP in kinds and not any(
        segment.offset <= elf.segments_at and elf.segments_at + length <= segment.offset + segment.file_size
        for segment in elf.loads
    ):
        yield "program headers", "no PT_LOAD has them"


def of_interpreter(elf):
    for segment in elf.of_kind(PT_INTERP)[:1]:
        text = elf.interpreter
        if not 2 <= segment.file_size <= PATH_MAX:
            yield "PT_INTERP", f"the kernel takes none of {segment.file_size} bytes"
        elif len(text) != segment.file_size:
            yield "PT_INTERP", "it lies beyond the file"
        elif text[-1]:
            yield "PT_INTERP", f"no NUL ends {text!r}"
        elif 0 in text[:-1]:
            yield "PT_INTERP", f"a NUL is within {text!r}"


def of_loads(elf):
    last = None
    for number, segment in enumerate(elf.loads):
        name = f"the PT_LOAD number {number} at {segment.offset:#x}"
        align = max(segment.align, 1)
        if align & (align - 1):
            yield "PT_LOAD p_align", f"{name} has {align:#x}, no power of two"
        if align % PAGE:
            yield "PT_LOAD p_align", f"{name} has {align:#x}, no multiple of a page"
        if (segment.offset - segment.address) % align or (segment.offset - segment.address) % PAGE:
            yield "PT_LOAD congruence", f"{name} and its address {segment.address:#x} differ modulo {max(align, PAGE):#x}"
        if segment.offset + segment.file_size > len(elf.data):
            yield "PT_LOAD p_filesz", f"{name} lies beyond the file: {segment.file_size:#x} bytes"
        if segment.file_size > segment.memory_size:
            yield "PT_LOAD p_memsz", f"{name} has {segment.memory_size:#x}, less than its {segment.file_size:#x} bytes"
        if segment.address + segment.memory_size > (1 << (47 if elf.runs_here else 64 if elf.wide else 32)):
            yield "PT_LOAD p_vaddr", f"{name} ends beyond all addresses"
        if last is not None and segment.address < last.address + last.memory_size:
            yield "PT_LOAD order", f"{name} has {segment.address:#x}, not behind the one before it"
        # the kernel and the linker map whole pages: one that has two segments would be the later one's
        elif last is not None and last.memory_size and segment.address // PAGE < -(-(last.address + last.memory_size) // PAGE):
            yield "PT_LOAD pages", f"{name} begins in the last page of the one before it"
        last = segment


def of_other_segments(elf):
    for segment in elf.of_kind(*NAMES):
        name = NAMES[segment.kind]
        if segment.offset + segment.file_size > len(elf.data):
            yield name, f"{segment.offset:#x}+{segment.file_size:#x} lies beyond the file"
        size = segment.file_size if segment.kind == PT_TLS else segment.memory_size
        # a linker rounds the end of PT_GNU_RELRO up
        size = min(size, 1) if segment.kind == PT_GNU_RELRO else size
        around = next((load for load in elf.loads if load.spans(segment.address, size)), None)
        if around is None:
            yield name, f"no PT_LOAD has its addresses {segment.address:#x}+{size:#x}"
        elif segment.file_size and segment.offset - around.offset != segment.address - around.address:
            yield name, f"the PT_LOAD around it puts another part of the file at {segment.address:#x}"


def of_dynamic(elf):
    if not elf.dynamic:
        return
    for tag in ONCE:
        if len(elf.values(tag)) > 1:
            yield "PT_DYNAMIC", f"the tag {tag} is there {len(elf.values(tag))} times"
    if elf.strings is None:
        at, size = (elf.value(tag) for tag in (DT_STRTAB, DT_STRSZ))
        yield "DT_STRTAB", f"the string table {at}+{size} is not in the file's part of a PT_LOAD"
    elif not elf.strings or elf.strings[0] or elf.strings[-1]:
        yield "DT_STRSZ", "the string table does not begin and end with a NUL"
    for tag, name in ((DT_NEEDED, "DT_NEEDED"), (DT_SONAME, "DT_SONAME"), (DT_RPATH, "DT_RPATH"), (DT_RUNPATH, "DT_RUNPATH")):
        if None in elf.texts(tag):
            yield name, f"its string at {elf.values(tag)[elf.texts(tag).index(None)]:#x} has no end in the string table"
    for tag, size in ADDRESSES.items():
        for at in elf.values(tag):
            length = (size and elf.value(size)) or 0
            if (at or length) and not any(load.spans(at, length) for load in elf.loads):
                yield f"dynamic tag {tag:#x}", f"{at:#x}+{length:#x} is in no PT_LOAD"


def of_names(elf):
    if elf.strings is None:
        return
    for rule, names in (("DT_SYMTAB", elf.symbols), ("DT_VERNEED", elf.versions)):
        if None in names:
            yield rule, f"the name of its entry {names.index(None)} has no end in the string table"


def of_sections(elf):
    if not elf.sections:
        return
    for number, section in enumerate(elf.sections):
        if section.kind in (SHT_NULL, SHT_NOBITS):
            continue
        if section.offset + section.size > len(elf.data):
            yield "section", f"number {number} lies beyond the file: {section.offset:#x}+{section.size:#x}"
        if not section.flags & SHF_ALLOC or not section.size or section.flags & SHF_TLS:
            continue
        around = next((load for load in elf.loads if load.holds(section.address, section.size)), None)
        if around and section.offset - around.offset != section.address - around.address:
            yield "section", f"number {number} is not where its PT_LOAD has {section.address:#x}"
    index = elf.sections[0].link if elf.names_index == 0xFFFF else elf.names_index
    if index >= len(elf.sections):
        yield "section names", f"e_shstrndx is {index} of {len(elf.sections)}"
    elif index:
        size = elf.sections[index].size
        if any(section.name >= size for section in elf.sections):
            yield "section names", "one lies beyond its string table"


def damage(original, relocated, plain, tree):
    """Sentences for what is wrong with the bytes of an ELF file as a tree has them, if its package has `original`.

    `plain` and `tree` are the trees for `/` and for the prefix, of trees.Tree.
    """
    first, second = Elf(original), None
    if original != relocated:
        try:
            second = Elf(relocated)
        except Malformed as problem:
            yield str(Fault(problem.rule, str(problem)))
            return
        known = Counter(fault.rule for fault in faults(first))
        for fault in faults(second):
            known[fault.rule] -= 1
            if known[fault.rule] < 0:
                yield str(fault)
        yield from unlike(first, second)
    yield from astray(first, second or first, plain, tree)


def attempt(elf, name):
    """A property, or nothing where the file is so damaged that it has none, which `faults` tells."""
    try:
        return getattr(elf, name)
    except Malformed:
        return None


def unlike(first, second):
    """What a new place or another path can not be the reason of."""
    for name in ("wide", "endian", "type", "machine", "flags", "entry", "symbols", "versions"):
        before, after = attempt(first, name), attempt(second, name)
        if before is not None and after is not None and before != after:
            shown = f"{before} instead of {after}"
            if isinstance(before, list):
                pairs = [pair for pair in zip(before, after) if pair[0] != pair[1]]
                shown = f"{len(after)} for {len(before)}, " + ", ".join(f"{b!r} was {a!r}" for a, b in pairs[:3])
            yield f"{name}: {shown}"
    if attempt(first, "dynamic") is None or attempt(second, "dynamic") is None:
        return
    for tag, name in ((DT_NEEDED, "DT_NEEDED"), (DT_SONAME, "DT_SONAME")):
        before, after = first.texts(tag), second.texts(tag)
        if len(before) != len(after) or any(a != b and a and b"/" not in a for a, b in zip(before, after)):
            yield f"{name}: {after} instead of {before}"


def astray(first, second, plain, tree):
    """Where the names of the interpreter and of folders of libraries lead."""
    before, after = attempt(first, "interpreter"), attempt(second, "interpreter")
    if (before is None) != (after is None):
        yield f"PT_INTERP: {after} instead of {before}"
    elif before is not None:
        target, now = plain.resolve(text(before)), tree.resolve(text(after))
        if target and now != target:
            yield f"PT_INTERP: {text(after)!r} is {now or 'nothing'} in the tree, and was {target}"
    if attempt(second, "dynamic") is None or attempt(first, "dynamic") is None:
        return
    folders = [[folder for tag in (DT_RPATH, DT_RUNPATH) for one in elf.texts(tag) if one is not None
                for folder in one.decode("utf-8", "surrogateescape").split(":")] for elf in (first, second)]  # fmt: skip
    if folders[1].count("") > folders[0].count(""):
        yield f"RPATH: an empty folder, which stands for the current one, in {folders[1]}"
    had = [plain.resolve(folder) for folder in folders[0] if folder.startswith("/")]
    has = [tree.resolve(folder) for folder in folders[1] if folder.startswith("/")]
    if lost := {folder for folder in had if folder} - set(has):
        yield f"RPATH: {folders[1]} has not {sorted(lost)}, as {folders[0]} had"
    if has.count(None) > had.count(None):
        yield f"RPATH: a folder that the tree does not have, in {folders[1]}, made from {folders[0]}"
    if kept := {folder for folder in folders[0] if folder.startswith("$")} - set(folders[1]):
        yield f"RPATH: {folders[1]} has not {sorted(kept)}"


def text(name):
    return name.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def complaints(path):
    """What readelf(1) complains of, without the paths that it names."""
    done = subprocess.run(
        ["sh", "-c", 'readelf --wide --all "$1" | grep -aE "$2"', "sh", path, COMPLAINT],
        stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, check=False,
    )  # fmt: skip
    lines = (done.stderr + done.stdout).replace(str(path).encode(), b"FILE").splitlines()
    return Counter(re.sub(rb"/[^\s'\"<>]+", b"PATH", line) for line in lines)


def new_complaints(original, relocated):
    """Sentences for what readelf says of one file and not of the other."""
    before, after = complaints(original), complaints(relocated)
    for line, count in sorted(((after - before) + (before - after)).items()):
        which = "says" if after[line] > before[line] else "no longer says"
        yield f"readelf {which}, {count} times: {line.decode('utf-8', 'replace')[:200]}"
