#!/usr/bin/python3
"""The checks must find what is wrong with an ELF file, and take one that has grown as a tree of another prefix has it."""

import os
import shutil
import stat
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from check import complaints, damage, faults, new_complaints
from elf import (
    DT_NEEDED, DT_NULL, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE, PT_PHDR,
    PT_GNU_RELRO, Elf, Malformed,
)  # fmt: skip
from trees import TOO_LARGE, Batch, Maker, Tree

# One of the machine's own, with a PT_NOTE that can be spared.
PROGRAM = Path("/usr/bin/env")
LINKER = "lib64/ld-linux-x86-64.so.2"
PREFIX = "/opt/tools"
SEGMENT = {"kind": (0, "I"), "offset": (8, "Q"), "address": (16, "Q"), "file_size": (32, "Q"), "memory_size": (40, "Q"),
           "align": (48, "Q")}  # fmt: skip
HEADER = {"type": (16, "H"), "machine": (18, "H"), "segments_at": (32, "Q"), "sections_at": (40, "Q"),
          "segment_size": (54, "H"), "segment_count": (56, "H"), "names_index": (62, "H")}  # fmt: skip


class Copy:
    """A file of 64 bits, little endian, to change."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.elf = Elf(data)

    def put(self, place, form, value):
        struct.pack_into("<" + form, self.data, place, value)

    def header(self, **fields):
        for name, value in fields.items():
            self.put(HEADER[name][0], HEADER[name][1], value)

    def segment(self, number, **fields):
        for name, value in fields.items():
            self.put(self.elf.segments_at + 56 * number + SEGMENT[name][0], SEGMENT[name][1], value)

    def number(self, kind, which=0):
        return [number for number, segment in enumerate(self.elf.segments) if segment.kind == kind][which]

    def swap(self, one, other):
        places = [self.elf.segments_at + 56 * number for number in (one, other)]
        first, second = (bytes(self.data[place : place + 56]) for place in places)
        self.data[places[0] : places[0] + 56], self.data[places[1] : places[1] + 56] = second, first

    def tag(self, tag, value, new=None):
        """Changes the first entry of a tag, and its tag if asked to."""
        place = self.elf.of_kind(PT_DYNAMIC)[0].offset
        place += 16 * [known for known, _ in self.elf.dynamic].index(tag)
        self.put(place, "Q", tag if new is None else new)
        self.put(place + 8, "Q", value)

    def bytes_at(self, place, data):
        self.data[place : place + len(data)] = data

    def done(self):
        return bytes(self.data)


def grown(data, interpreter, folders):
    """The program for another prefix: a string table and an interpreter's name in a PT_LOAD that was a PT_NOTE."""
    copy = Copy(data)
    elf = copy.elf
    table = elf.strings + folders + b"\0"
    place = -(-len(data) // 4096) * 4096
    address = -(-max(load.address + load.memory_size for load in elf.loads) // 4096) * 4096
    added = table + interpreter + b"\0"
    copy.data += bytes(place - len(data)) + added
    headers = [copy.data[elf.segments_at + 56 * n : elf.segments_at + 56 * (n + 1)] for n in range(len(elf.segments))]
    kinds = [segment.kind for segment in elf.segments]
    # PT_LOADs are in the order of their addresses; the note is behind them, as linkers put it, or goes there
    note = len(kinds) - 1 - kinds[::-1].index(PT_NOTE)
    last = copy.number(PT_LOAD, -1) + (note > copy.number(PT_LOAD, -1))
    headers.insert(last, headers.pop(note))
    copy.bytes_at(elf.segments_at, b"".join(headers))
    copy.segment(last, kind=PT_LOAD, offset=place, address=address, file_size=len(added), memory_size=len(added), align=4096)
    copy.put(elf.segments_at + 56 * last + 4, "I", 4)
    copy.put(elf.segments_at + 56 * last + 24, "Q", address)
    name = next(n for n, header in enumerate(headers) if struct.unpack_from("<I", header)[0] == PT_INTERP)
    copy.segment(name, offset=place + len(table), address=address + len(table), file_size=len(interpreter) + 1,
                 memory_size=len(interpreter) + 1)  # fmt: skip
    copy.tag(DT_STRTAB, address)
    copy.tag(DT_STRSZ, len(table))
    # the first of the entries that are DT_NULL to the end
    copy.tag(DT_NULL, len(elf.strings), new=15)
    return copy.done()


@unittest.skipUnless(os.uname().machine == "x86_64", "skipped: the program to damage is one of x86_64")
class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.data = PROGRAM.read_bytes()
        cls.plain, cls.tree = cls.make("plain", "/"), cls.make("tree", PREFIX)

    @classmethod
    def make(cls, name, prefix):
        """A tree with a linker and a folder of libraries."""
        destination = cls.folder / name
        generation = destination / ".aptlet/generations/0123"
        (generation / "usr/lib64").mkdir(parents=True)
        (generation / "usr/lib/private").mkdir(parents=True)
        (generation / "usr" / LINKER).write_bytes(b"")
        (generation / "lib64").symlink_to("usr/lib64")
        (destination / ".aptlet/current").symlink_to("generations/0123")
        (destination / "usr").symlink_to(".aptlet/current/usr")
        (destination / "lib64").symlink_to("usr/lib64")
        return Tree(destination, prefix)

    def setUp(self):
        self.copy = Copy(self.data)
        self.elf = self.copy.elf

    def found(self, original=None, relocated=None):
        good = grown(self.data, f"{PREFIX}/usr/{LINKER}".encode(), f"{PREFIX}/usr/lib/private".encode())
        return list(damage(original or self.data, relocated or good, self.plain, self.tree))

    def finds(self, rule):
        """That a damaged copy breaks a rule, which its original keeps."""
        self.assertEqual(faults(self.elf), [])
        found = list(damage(self.data, self.copy.done(), self.plain, self.tree))
        self.assertTrue([sentence for sentence in found if sentence.startswith(rule)], f"no {rule!r} in {found}")

    # --- what is good

    def test_nothing_is_wrong_with_it(self):
        self.assertEqual(faults(self.elf), [])
        self.assertEqual(self.elf.interpreter, f"/{LINKER}\0".encode())
        self.assertIn(b"libc.so.6", self.elf.texts(DT_NEEDED))
        self.assertIn(b"libc.so.6", self.elf.versions)
        self.assertGreater(len(self.elf.symbols), 10)

    def test_one_that_has_grown_is_taken(self):
        self.assertEqual(self.found(), [])

    def test_one_that_has_grown_is_taken_by_the_kernel_and_the_linker(self):
        path = self.folder / "grown"
        path.write_bytes(grown(self.data, f"/{LINKER}".encode(), b"/usr/lib/private"))
        path.chmod(0o755)
        said = subprocess.run([path, "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
        self.assertIn("env", said)

    def test_readelf_says_nothing_else_of_one_that_has_grown(self):
        one, other = self.folder / "one", self.folder / "other"
        one.write_bytes(self.data)
        other.write_bytes(grown(self.data, f"/{LINKER}".encode(), b"/usr/lib/private"))
        self.assertEqual(list(new_complaints(one, other)), [])

    def test_small_and_big_endian_files_of_32_bits_are_read(self):
        for endian, order in ((1, "<"), (2, ">")):
            header = b"\x7fELF" + bytes([1, endian, 1]) + bytes(9)
            header += struct.pack(order + "HHIIIIIHHHHHH", 2, 20, 1, 0x10000, 52, 0, 0, 52, 32, 2, 0, 0, 0)
            name = b"/lib/ld.so\0"
            end = 52 + 64 + len(name)
            header += struct.pack(order + "IIIIIIII", PT_INTERP, 116, 0x10074, 0, len(name), len(name), 4, 1)
            header += struct.pack(order + "IIIIIIII", PT_LOAD, 0, 0x10000, 0, end, end, 5, 0x1000)
            self.assertEqual(faults(Elf(header + name)), [])
            self.assertEqual(Elf(header + name).interpreter, name)
            self.assertEqual([fault.rule for fault in faults(Elf(header + name[:-1] + b"x"))], ["PT_INTERP"])
            self.assertEqual({fault.rule for fault in faults(Elf(header + name[:-1]))}, {"PT_INTERP", "PT_LOAD p_filesz"})

    def test_what_a_package_has_damaged_may_be_so(self):
        self.copy.segment(self.copy.number(PT_LOAD), align=0x3000)
        broken = self.copy.done()
        self.assertTrue(faults(Elf(broken)))
        self.assertEqual(list(damage(broken, broken + b"\0", self.plain, self.plain)), [])

    # --- PT_INTERP

    def test_an_interpreter_without_nul(self):
        segment = self.elf.of_kind(PT_INTERP)[0]
        self.copy.bytes_at(segment.offset + segment.file_size - 1, b"x")
        self.finds("PT_INTERP: no NUL ends")

    def test_an_interpreter_cut_before_its_nul(self):
        size = self.elf.of_kind(PT_INTERP)[0].file_size - 1
        self.copy.segment(self.copy.number(PT_INTERP), file_size=size, memory_size=size)
        self.finds("PT_INTERP: no NUL ends")

    def test_an_interpreter_with_a_nul_within(self):
        self.copy.bytes_at(self.elf.of_kind(PT_INTERP)[0].offset + 8, b"\0")
        self.finds("PT_INTERP: a NUL is within")

    def test_an_interpreter_of_one_byte(self):
        self.copy.segment(self.copy.number(PT_INTERP), file_size=1)
        self.finds("PT_INTERP: the kernel takes none")

    def test_an_interpreter_beyond_the_file(self):
        self.copy.segment(self.copy.number(PT_INTERP), offset=len(self.data) - 2)
        self.finds("PT_INTERP: it lies beyond the file")

    def test_an_interpreter_that_is_not_in_the_tree(self):
        for name in (f"/{LINKER}", f"{PREFIX}/lib/ld-linux-x86-64.so.2"):
            found = self.found(relocated=grown(self.data, name.encode(), b""))
            self.assertTrue([sentence for sentence in found if sentence.startswith("PT_INTERP: ")], found)

    def test_an_interpreter_behind_a_load(self):
        self.copy.swap(self.copy.number(PT_INTERP), self.copy.number(PT_LOAD))
        self.finds("PT_INTERP: it comes after a PT_LOAD")

    def test_an_interpreter_that_is_gone(self):
        self.copy.segment(self.copy.number(PT_INTERP), kind=0)
        self.finds("PT_INTERP: None instead of")

    # --- PT_LOAD, program headers

    def test_a_load_that_is_not_congruent(self):
        number = self.copy.number(PT_LOAD, -1)
        self.copy.segment(number, address=self.elf.segments[number].address + 0x10)
        self.finds("PT_LOAD congruence")

    def test_a_load_that_is_not_congruent_modulo_a_page(self):
        number = self.copy.number(PT_LOAD, 1)
        self.copy.segment(number, align=1, offset=self.elf.segments[number].offset + 0x200)
        self.finds("PT_LOAD congruence")

    def test_an_align_that_is_no_power_of_two(self):
        self.copy.segment(self.copy.number(PT_LOAD), align=0x3000)
        self.finds("PT_LOAD p_align")

    def test_loads_out_of_order(self):
        self.copy.swap(self.copy.number(PT_LOAD, 1), self.copy.number(PT_LOAD, 2))
        self.finds("PT_LOAD order")

    def test_loads_that_overlap(self):
        number = self.copy.number(PT_LOAD)
        self.copy.segment(number, memory_size=0x100000)
        self.finds("PT_LOAD order")

    def test_loads_that_share_a_page(self):
        number = self.copy.number(PT_LOAD, 1)
        segment = self.elf.segments[number]
        before = self.elf.loads[0]
        self.copy.segment(self.copy.number(PT_LOAD), memory_size=segment.address - before.address - 0x800)
        self.copy.segment(number, offset=segment.offset - 0x200, address=segment.address - 0x200)
        self.finds("PT_LOAD pages")

    def test_a_load_beyond_the_file(self):
        self.copy.segment(self.copy.number(PT_LOAD, -1), file_size=len(self.data), memory_size=len(self.data))
        self.finds("PT_LOAD p_filesz")

    def test_a_load_with_more_in_the_file_than_in_memory(self):
        self.copy.segment(self.copy.number(PT_LOAD, -1), memory_size=1)
        self.finds("PT_LOAD p_memsz")

    def test_a_load_beyond_all_addresses(self):
        number = self.copy.number(PT_LOAD, -1)
        self.copy.segment(number, address=self.elf.segments[number].address + (1 << 47))
        self.finds("PT_LOAD p_vaddr")

    def test_a_file_that_is_cut(self):
        del self.copy.data[len(self.data) // 2 :]
        self.finds("section headers")

    def test_program_headers_beyond_the_file(self):
        self.copy.header(segments_at=len(self.data) - 8)
        self.finds("program headers")

    def test_program_headers_of_another_size(self):
        self.copy.header(segment_size=32)
        self.finds("program headers")

    def test_program_headers_that_no_load_has(self):
        table = self.data[self.elf.segments_at :][: 56 * len(self.elf.segments)]
        self.copy.header(segments_at=len(self.data))
        self.copy.data += table
        self.finds("program headers: no PT_LOAD")
        self.finds("PT_PHDR")

    def test_a_phdr_that_is_not_the_table(self):
        self.copy.segment(self.copy.number(PT_PHDR), file_size=56)
        self.finds("PT_PHDR")

    def test_a_phdr_that_is_elsewhere_in_memory(self):
        self.copy.segment(self.copy.number(PT_PHDR), address=0x48)
        self.finds("PT_PHDR: the first PT_LOAD puts")

    def test_no_elf_file_any_more(self):
        self.copy.bytes_at(0, b"\0")
        self.finds("header")

    # --- other segments, PT_DYNAMIC, sections

    def test_a_segment_that_no_load_has(self):
        self.copy.segment(self.copy.number(PT_GNU_RELRO), address=0x7000000)
        self.finds("PT_GNU_RELRO: no PT_LOAD")

    def test_a_dynamic_that_is_elsewhere_in_memory(self):
        number = self.copy.number(PT_DYNAMIC)
        self.copy.segment(number, address=self.elf.segments[number].address - 16)
        self.finds("PT_DYNAMIC")

    def test_a_dynamic_without_end(self):
        number = self.copy.number(PT_DYNAMIC)
        self.copy.segment(number, file_size=16 * 3)
        self.finds("PT_DYNAMIC: no DT_NULL")

    def test_a_string_table_that_is_cut(self):
        self.copy.tag(DT_STRSZ, self.elf.value(DT_STRSZ) // 2)
        self.finds("DT_")

    def test_a_string_table_that_does_not_end_with_nul(self):
        self.copy.tag(DT_STRSZ, self.elf.value(DT_STRSZ) - 1)
        self.finds("DT_STRSZ")

    def test_a_string_table_beyond_its_load(self):
        self.copy.tag(DT_STRSZ, len(self.data))
        self.finds("DT_STRTAB")

    def test_a_string_table_in_no_load(self):
        self.copy.tag(DT_STRTAB, 0x7000000)
        self.finds("DT_STRTAB")

    def test_another_string_table(self):
        self.copy.tag(DT_STRTAB, self.elf.value(DT_STRTAB) + 1)
        self.finds("symbols: ")

    def test_a_folder_of_libraries_beyond_the_table(self):
        self.copy.tag(DT_NULL, len(self.elf.strings) + 8, new=DT_RUNPATH)
        self.finds("DT_RUNPATH")

    def test_a_needed_library_beyond_the_table(self):
        self.copy.tag(DT_NEEDED, len(self.elf.strings))
        self.finds("DT_NEEDED")

    def test_another_needed_library(self):
        place = self.elf.place(self.elf.value(DT_STRTAB), 1) + self.elf.strings.index(b"libc.so.6")
        self.copy.bytes_at(place, b"/p/c.so.6")
        self.finds("DT_NEEDED: ")

    def test_a_soname_that_was_not_there(self):
        self.copy.tag(DT_NULL, self.elf.value(DT_NEEDED), new=DT_SONAME)
        self.finds("DT_SONAME")

    def test_a_tag_that_is_there_twice(self):
        self.copy.tag(DT_NULL, self.elf.value(DT_STRTAB), new=DT_STRTAB)
        self.finds("PT_DYNAMIC: the tag 5")

    def test_a_symbol_of_another_name(self):
        place = self.elf.place(self.elf.value(DT_STRTAB), 1) + self.elf.strings.index(b"setlocale")
        self.copy.bytes_at(place, b"/p/u")
        self.finds("symbols: ")

    def test_a_version_of_another_name(self):
        place = self.elf.place(self.elf.value(DT_STRTAB), 1) + self.elf.strings.index(b"GLIBC_")
        self.copy.bytes_at(place, b"/p/u")
        self.finds("versions: ")

    def test_section_headers_beyond_the_file(self):
        self.copy.header(sections_at=len(self.data) - 64)
        self.finds("section headers")

    def test_names_of_sections_that_are_not_there(self):
        self.copy.header(names_index=200)
        self.finds("section names")

    def test_another_machine(self):
        self.copy.header(machine=3)
        self.finds("machine: ")

    # --- folders of libraries

    def test_folders_that_the_tree_does_not_have(self):
        before = grown(self.data, f"/{LINKER}".encode(), b"/usr/lib/private")
        self.assertEqual(self.found(original=before), [])
        for folders, sentence in (
            (b"/usr/lib/private", "has not ['usr/lib/private']"),
            (b"/opt/tools/usr/lib/private:/opt/tools/usr/lib/none", "that the tree does not have"),
            (b"/opt/tools/usr/lib/private:", "the current one"),
            (b"", "has not ['usr/lib/private']"),
        ):
            found = self.found(before, grown(self.data, f"{PREFIX}/usr/{LINKER}".encode(), folders))
            self.assertTrue([one for one in found if one.startswith("RPATH: ") and sentence in one], (folders, found))

    def test_a_folder_beside_the_file_must_stay(self):
        before = grown(self.data, f"/{LINKER}".encode(), b"$ORIGIN/../lib")
        found = self.found(original=before)
        self.assertTrue([one for one in found if one.startswith("RPATH: ") and "$ORIGIN" in one], found)

    # --- readelf

    @unittest.skipUnless(shutil.which("readelf"), "skipped: no readelf")
    def test_what_readelf_complains_of(self):
        good, bad = self.folder / "good", self.folder / "bad"
        good.write_bytes(self.data)
        self.copy.header(names_index=200)
        bad.write_bytes(self.copy.done())
        self.assertFalse(complaints(good))
        self.assertTrue(complaints(bad))


class Trees(unittest.TestCase):
    def test_links_are_followed_as_the_main_container_does(self):
        with tempfile.TemporaryDirectory() as folder:
            generation = Path(folder) / "dest/.aptlet/generations/0123"
            (generation / "usr/lib").mkdir(parents=True)
            (generation / "usr/lib/file").write_bytes(b"")
            for name, target in {"lib": "usr/lib", "usr/lib/link": "/p/usr/lib/file", "usr/lib/out": "/usr/lib/file",
                                 "usr/lib/round": "round", "usr/lib/up": "../../../../../usr/lib/file"}.items():  # fmt: skip
                (generation / name).symlink_to(target)
            destination = Path(folder) / "dest"
            (destination / ".aptlet/current").symlink_to("generations/0123")
            (destination / "usr").symlink_to(".aptlet/current/usr")
            tree = Tree(destination, "/p")
            for path in ("/p/usr/lib/file", "/p/usr/lib/link", "/p//usr/./lib/../lib/file", "/p/usr/lib/up",
                         "/p/.aptlet/current/lib/file"):  # fmt: skip
                self.assertEqual(tree.resolve(path), "usr/lib/file", path)
            for path in ("/usr/lib/file", "/p/usr/lib/out", "/p/usr/lib/round", "/p/usr/none", "/q", "/p", "/"):
                self.assertIsNone(tree.resolve(path), path)
            self.assertEqual(sorted(tree.files()), ["usr/lib/file"])
            self.assertEqual(tree.seen("usr/lib/file"), "/p/usr/lib/file")
            self.assertEqual(tree.seen("srv/file"), "/p/.aptlet/current/srv/file")


class Batches(unittest.TestCase):
    def batches(self, requests, answer):
        """What the maker makes of requests, if the resolver answers so, and what it skips."""
        maker = object.__new__(Maker)
        maker.skipped = {}
        maker.batch = lambda names: answer(names) or Batch(names, "", [])
        return [batch.requests for batch in maker.batches(requests)], maker.skipped

    def test_all_that_go_together_are_one(self):
        self.assertEqual(self.batches([1, 2, 3], lambda names: None), ([[1, 2, 3]], {}))

    def test_what_conflicts_is_in_another_tree(self):
        found, skipped = self.batches(list(range(10)), lambda names: "conflict" if {3, 7} <= set(names) else None)
        self.assertEqual((found, skipped), ([[0, 1, 2, 3, 4, 5, 6, 8, 9], [7]], {}))

    def test_what_can_not_be_installed_is_skipped(self):
        for bad in (0, 3, 5):
            found, skipped = self.batches(list(range(6)), lambda names: "no" if bad in names else None)
            self.assertEqual(([one for batch in found for one in batch], skipped), ([n for n in range(6) if n != bad], {bad: "no"}))

    def test_no_tree_is_too_large(self):
        large = f"{TOO_LARGE} 2000 MiB"
        found, skipped = self.batches(list(range(10)), lambda names: large if len(names) > 4 or 9 in names else None)
        self.assertEqual((found, skipped), ([[0, 1, 2, 3], [4, 5, 6, 7], [8]], {9: large}))


if __name__ == "__main__":
    unittest.main()
