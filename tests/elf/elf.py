"""A reader of ELF files, 32 and 64 bits, little and big endian: elf(5), and no library, since it must judge damaged ones."""

import struct
from functools import cached_property
from typing import NamedTuple

MAGIC = b"\x7fELF"
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR, PT_TLS = 1, 2, 3, 4, 6, 7
PT_GNU_EH_FRAME, PT_GNU_RELRO, PT_GNU_PROPERTY = 0x6474E550, 0x6474E552, 0x6474E553
SHT_NOBITS, SHT_DYNSYM = 8, 11
SHF_EXECINSTR = 4
DT_NULL, DT_NEEDED, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = 0, 1, 5, 6, 10, 14, 15, 29
DT_VERNEED, DT_VERNEEDNUM, DT_FLAGS_1 = 0x6FFFFFFE, 0x6FFFFFFF, 0x6FFFFFFB
DF_1_PIE = 0x08000000
# Where extended numbering stands for a number that does not fit its field.
PN_XNUM = SHN_XINDEX = 0xFFFF


class Malformed(Exception):
    """The file is so damaged that no more can be read of it; `rule` is the rule of check.py that it breaks."""

    def __init__(self, rule, sentence):
        super().__init__(sentence)
        self.rule = rule


class Segment(NamedTuple):
    kind: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    align: int

    def holds(self, address, size):
        """Whether it has these addresses from the file."""
        return self.address <= address and address + size <= self.address + self.file_size

    def spans(self, address, size):
        """Whether it has these addresses in memory, where what the file does not have is zero."""
        return self.address <= address and address + size <= self.address + self.memory_size


class Section(NamedTuple):
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int


class Elf:
    """A file; raises Malformed where its header or its tables cannot be read."""

    def __init__(self, data):
        self.data = data
        if len(data) < 16 or data[:4] != MAGIC or data[4] not in (1, 2) or data[5] not in (1, 2):
            raise Malformed("header", "its first 16 bytes are no e_ident")
        self.wide = data[4] == 2
        self.endian = "<" if data[5] == 1 else ">"
        word = "Q" if self.wide else "I"
        header = self.unpack(f"HHI{word}{word}{word}IHHHHHH", 16, "header", "the ELF header")
        (self.type, self.machine, _, self.entry, self.segments_at, self.sections_at, self.flags, _, self.segment_size,
         self.segment_count, self.section_size, self.section_count, self.names_index) = header  # fmt: skip

    @property
    def runs_here(self):
        """Whether it is of x86-64 in 64 bits, the architecture that programs are started on."""
        return self.wide and self.machine == 62

    def unpack(self, form, place, rule, what):
        form = self.endian + form
        if place < 0 or place + struct.calcsize(form) > len(self.data):
            raise Malformed(rule, f"{what} at {place:#x} lies beyond the file's {len(self.data):#x} bytes")
        return struct.unpack_from(form, self.data, place)

    @cached_property
    def segments(self):
        size = 56 if self.wide else 32
        count = self.segment_count
        if count == PN_XNUM and self.sections:
            count = self.sections[0].info
        if not count:
            return []
        if self.segment_size != size:
            raise Malformed("program headers", f"e_phentsize is {self.segment_size}, not {size}")
        if self.segments_at + count * size > len(self.data):
            raise Malformed("program headers", f"{count} of them at {self.segments_at:#x} lie beyond the file")
        found = []
        for place in range(self.segments_at, self.segments_at + count * size, size):
            if self.wide:
                kind, flags, offset, address, _, file_size, memory_size, align = struct.unpack_from(
                    f"{self.endian}IIQQQQQQ", self.data, place)  # fmt: skip
            else:
                kind, offset, address, _, file_size, memory_size, flags, align = struct.unpack_from(
                    f"{self.endian}IIIIIIII", self.data, place)  # fmt: skip
            found.append(Segment(kind, flags, offset, address, file_size, memory_size, align))
        return found

    def of_kind(self, *kinds):
        return [segment for segment in self.segments if segment.kind in kinds]

    @cached_property
    def loads(self):
        return self.of_kind(PT_LOAD)

    @cached_property
    def sections(self):
        form, size = ("IIQQQQIIQQ", 64) if self.wide else ("IIIIIIIIII", 40)
        if not self.sections_at:
            return []
        if self.section_size != size:
            raise Malformed("section headers", f"e_shentsize is {self.section_size}, not {size}")
        what = "the section header"
        # the first has the number of all where that does not fit the header
        count = self.section_count or self.unpack(form, self.sections_at, "section headers", what)[5]
        if self.sections_at + count * size > len(self.data):
            raise Malformed("section headers", f"{count} of them at {self.sections_at:#x} lie beyond the file")
        return [Section(*self.unpack(form, self.sections_at + number * size, "section headers", what))
                for number in range(count)]  # fmt: skip

    @property
    def is_debug(self):
        """Whether it has debug symbols alone: its segments and sections are those of another file."""
        return self.type in (ET_EXEC, ET_DYN) and any(
            section.kind == SHT_NOBITS and section.flags & SHF_EXECINSTR for section in self.sections)

    @property
    def is_static_pie(self):
        return self.type == ET_DYN and bool((self.value(DT_FLAGS_1) or 0) & DF_1_PIE) and self.interpreter is None

    def place(self, address, size):
        """Where in the file an address is, or None if no PT_LOAD has all of it."""
        for segment in self.loads:
            if segment.holds(address, size):
                return address - segment.address + segment.offset
        return None

    @cached_property
    def interpreter(self):
        """What PT_INTERP says, with all its bytes, or None."""
        found = self.of_kind(PT_INTERP)
        return self.data[found[0].offset : found[0].offset + found[0].file_size] if found else None

    @cached_property
    def dynamic(self):
        """Tags and values of PT_DYNAMIC, with the DT_NULL that ends them."""
        found = self.of_kind(PT_DYNAMIC)
        if not found or not found[0].file_size:
            return []
        start, end = found[0].offset, found[0].offset + found[0].file_size
        if end > len(self.data):
            raise Malformed("PT_DYNAMIC", "it lies beyond the file")
        entries = []
        form, size = (f"{self.endian}QQ", 16) if self.wide else (f"{self.endian}II", 8)
        for place in range(start, end - size + 1, size):
            entries.append(struct.unpack_from(form, self.data, place))
            if entries[-1][0] == DT_NULL:
                return entries
        raise Malformed("PT_DYNAMIC", "no DT_NULL ends it")

    def values(self, tag):
        return [value for known, value in self.dynamic if known == tag]

    def value(self, tag):
        return next(iter(self.values(tag)), None)

    @cached_property
    def strings(self):
        """The dynamic string table, or None where there is none in a PT_LOAD."""
        address, size = self.value(DT_STRTAB), self.value(DT_STRSZ)
        if address is None or size is None:
            return None
        place = self.place(address, size)
        return None if place is None or place + size > len(self.data) else self.data[place : place + size]

    def string(self, index):
        """A string of that table without its NUL, or None if it has no end in it."""
        end = -1 if self.strings is None else self.strings.find(b"\0", index)
        return None if end < 0 else self.strings[index:end]

    def texts(self, tag):
        return [self.string(index) for index in self.values(tag)]

    @cached_property
    def symbols(self):
        """The names of the dynamic symbols, in their order: bytes, or None for one beyond the table."""
        table = next((section for section in self.sections if section.kind == SHT_DYNSYM), None)
        size = 24 if self.wide else 16
        at = self.value(DT_SYMTAB)
        if table is None or at is None or not table.size:
            return []
        # by the address that the linker goes by, which may have moved; the section has the number of them
        count = table.size // size
        place = self.place(at, count * size)
        if place is None or place + count * size > len(self.data):
            raise Malformed("DT_SYMTAB", f"{count} symbols at {at:#x} are not in a PT_LOAD")
        rest = size - 4
        names = struct.iter_unpack(f"{self.endian}I{rest}x", self.data[place : place + count * size])
        return [self.string(index) for (index,) in names]

    @cached_property
    def versions(self):
        """What DT_VERNEED asks for: the names of libraries and of their versions, in their order."""
        at, count = self.value(DT_VERNEED), self.value(DT_VERNEEDNUM)
        found = []
        if at is None or not count:
            return found
        for _ in range(count):
            place = self.place(at, 16)
            if place is None:
                raise Malformed("DT_VERNEED", f"an entry at {at:#x} is not in a PT_LOAD")
            _, names, file, first, further = self.unpack("HHIII", place, "DT_VERNEED", "an entry")
            found.append(self.string(file))
            each = at + first
            for _ in range(names):
                place = self.place(each, 16)
                if place is None:
                    raise Malformed("DT_VERNEED", f"a version at {each:#x} is not in a PT_LOAD")
                _, _, _, name, step = self.unpack("IHHII", place, "DT_VERNEED", "a version")
                found.append(self.string(name))
                each += step
            at += further
        return found
