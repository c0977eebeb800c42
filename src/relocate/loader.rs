//! What the loader of a program looks for: the name of the dynamic linker (`PT_INTERP`), and the folders of libraries
//! (`DT_RPATH`). In the adapted form these are patched, as patchelf(1) does.
//!
//! Both are strings that have to grow: `/lib64/ld-linux-x86-64.so.2` becomes `/opt/tools/usr/lib64/ld-linux-x86-64.so.2`. They
//! go to the end of the file, into a segment of their own, which takes the place of a note in the table of segments. So
//! nothing that is there already moves.
//!
//! The folders are a `DT_RPATH` of the program: unlike `DT_RUNPATH`, it holds for the libraries of its libraries, too, and
//! comes before `LD_LIBRARY_PATH` (ld.so(8)). For the same reason a `DT_RUNPATH` of a library becomes a `DT_RPATH`.
//! Sources: elf(5); the System V ABI, chapter 5; fs/binfmt_elf.c of Linux; elf/dl-load.c of glibc.

use std::fs::File;
use std::io;

use object::elf::{
    DT_NULL, DT_RELACOUNT, DT_RELCOUNT, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB, DynamicTag,
    FileHeader32, FileHeader64, PF_R, PT_DYNAMIC, PT_GNU_PROPERTY, PT_INTERP, PT_LOAD, PT_NOTE,
};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endian as _, Endianness, ReadCache, ReadRef};

use super::replacement::Replacement;

/// As the smallest page of any machine, in bytes.
const PAGE: u64 = 4096;
/// What a string table may have, in bytes: the largest known have some megabytes.
const LARGEST: u64 = 64 << 20;

/// What the strings are to be.
pub(super) struct LoaderPaths<'a> {
    /// The path below the prefix of a dynamic linker that the tree has.
    pub(super) linker: &'a dyn Fn(&[u8]) -> Option<Vec<u8>>,
    /// Folders of libraries below the prefix.
    pub(super) libraries: &'a [String],
    /// Where the tree is seen.
    pub(super) prefix: &'a str,
}

/// What is to be written into a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Patch {
    /// Nothing is needed.
    None,
    Replacements(Vec<Replacement>),
    /// Its tables have no place for what is needed.
    NoRoom,
}

/// What a program, or a library, needs so that it finds the tree's dynamic linker and libraries.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn patch(file: &File, wanted: &LoaderPaths<'_>) -> io::Result<Patch> {
    let cache = ReadCache::new(file);
    let parsed = parse::<FileHeader64<Endianness>>(&cache, true)
        .or_else(|| parse::<FileHeader32<Endianness>>(&cache, false));
    let length = file.metadata()?.len();
    Ok(parsed.map_or(Patch::None, |elf| elf.patch(length, wanted)))
}

/// A segment: elf(5), `Elf64_Phdr`.
#[derive(Debug, Clone, Copy)]
struct Segment {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    physical: u64,
    in_file: u64,
    in_memory: u64,
    align: u64,
}

/// The tables of an ELF file that are read or written here.
struct Elf {
    is_64: bool,
    endian: Endianness,
    /// Where the table of segments is in the file.
    table: u64,
    segments: Vec<Segment>,
    /// Where the dynamic section is in the file.
    dynamic: u64,
    /// Its tags and values, with the empty ones at its end; none, where there is no such section.
    entries: Vec<(i64, u64)>,
    /// The string table that it names.
    strings: Vec<u8>,
    linker: Option<Vec<u8>>,
}

/// `None` for what cannot be understood.
fn parse<'a, H: FileHeader<Endian = Endianness>>(data: impl ReadRef<'a>, is_64: bool) -> Option<Elf> {
    let header = H::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let headers = header.program_headers(endian, data).ok()?;
    let segment = |header: &H::ProgramHeader| Segment {
        kind: header.p_type(endian).0,
        flags: header.p_flags(endian).0,
        offset: header.p_offset(endian).into(),
        address: header.p_vaddr(endian).into(),
        physical: header.p_paddr(endian).into(),
        in_file: header.p_filesz(endian).into(),
        in_memory: header.p_memsz(endian).into(),
        align: header.p_align(endian).into(),
    };
    let segments: Vec<Segment> = headers.iter().map(segment).collect();
    let linker = headers.iter().find_map(|header| header.interpreter(endian, data).ok().flatten());
    let mut elf = Elf {
        is_64,
        endian,
        table: header.e_phoff(endian).into(),
        segments,
        dynamic: 0,
        entries: Vec::new(),
        strings: Vec::new(),
        linker: linker.map(<[u8]>::to_vec),
    };
    if let Some(dynamic) = elf.segments.iter().find(|segment| segment.kind == PT_DYNAMIC.0) {
        elf.dynamic = dynamic.offset;
        let entries = headers.iter().find_map(|header| header.dynamic(endian, data).ok().flatten())?;
        elf.entries = entries.iter().map(|entry| (entry.tag(endian).0, entry.d_val(endian).into())).collect();
        let (address, size) = (elf.value(DT_STRTAB)?, elf.value(DT_STRSZ)?);
        let offset = elf.offset(address)?;
        elf.strings = data.read_bytes_at(offset, Some(size).filter(|size| *size <= LARGEST)?).ok()?.to_vec();
    }
    Some(elf)
}

impl Elf {
    fn patch(mut self, length: u64, wanted: &LoaderPaths<'_>) -> Patch {
        if self.linker.is_some() {
            self.patch_program(length, wanted)
        } else {
            self.patch_library(wanted.prefix)
        }
    }

    fn patch_library(&mut self, prefix: &str) -> Patch {
        let before = self.entries.clone();
        self.hand_on_folders(prefix);
        let replacements = self.changed_entries(&before);
        if replacements.is_empty() { Patch::None } else { Patch::Replacements(replacements) }
    }

    /// Makes a `DT_RPATH` of a `DT_RUNPATH`.
    fn hand_on_folders(&mut self, prefix: &str) {
        let Some(at) = self.position(DT_RUNPATH) else { return };
        let Some(folders) = self.string(self.entries[at].1) else { return };
        let stays = |folder: &[u8]| folder.starts_with(b"/") && !folder.starts_with(prefix.as_bytes());
        // what names folders of the main image, and nothing else, is empty then; the program has the same ones
        let end = if folders.split(|byte| *byte == b':').all(stays) { folders.len() as u64 } else { 0 };
        self.entries[at] = (DT_RPATH.0, self.entries[at].1.wrapping_add(end));
    }

    fn patch_program(&mut self, length: u64, wanted: &LoaderPaths<'_>) -> Patch {
        // such tables are not what a linker makes
        if self.segments.iter().any(|segment| segment.align > 1 && !segment.align.is_power_of_two()) {
            return Patch::NoRoom;
        }
        let (entries, segments) = (self.entries.clone(), self.segments.clone());
        let offset = length.next_multiple_of(8);
        let Some(address) = self.free_address(offset) else { return Patch::NoRoom };
        // a library that can be run (libc.so.6) names a linker, too; but who loads it says where libraries are
        let is_library = self.value(DT_SONAME).is_some();
        let mut content = Vec::new();
        if is_library {
            self.hand_on_folders(wanted.prefix);
        } else if !self.entries.is_empty() {
            let (Some(folders), Some(entry)) = (self.folders(wanted), self.entry_for_folders()) else {
                return Patch::NoRoom;
            };
            content = std::mem::take(&mut self.strings);
            self.entries[entry] = (DT_RPATH.0, content.len() as u64);
            content.extend(folders);
            content.push(0);
            let size = content.len() as u64;
            for (tag, value) in &mut self.entries {
                match *tag {
                    tag if tag == DT_STRTAB.0 => *value = address,
                    tag if tag == DT_STRSZ.0 => *value = size,
                    _ => {}
                }
            }
        }
        if let Some(linker) = self.linker.as_deref().and_then(wanted.linker) {
            let (start, size) = (content.len() as u64, linker.len() as u64 + 1);
            content.extend(&linker);
            content.push(0);
            for segment in self.segments.iter_mut().filter(|segment| segment.kind == PT_INTERP.0) {
                *segment = Segment {
                    offset: offset + start,
                    address: address + start,
                    physical: address + start,
                    in_file: size,
                    in_memory: size,
                    ..*segment
                };
            }
        }
        if content.is_empty() {
            let replacements = self.changed_entries(&entries);
            return if replacements.is_empty() { Patch::None } else { Patch::Replacements(replacements) };
        }
        if !self.add_segment(offset, address, content.len() as u64) {
            return Patch::NoRoom;
        }
        let mut replacements = self.changed_entries(&entries);
        replacements.push(Replacement {
            offset: self.table,
            original: segments.iter().flat_map(|segment| self.segment(segment)).collect(),
            bytes: self.segments.iter().flat_map(|segment| self.segment(segment)).collect(),
        });
        let mut appended = vec![0; usize::try_from(offset - length).unwrap_or_default()];
        appended.extend(content);
        replacements.push(Replacement { offset: length, original: Vec::new(), bytes: appended });
        Patch::Replacements(replacements)
    }

    /// The folders of libraries: those that the program names itself, relative to its place, come first.
    fn folders(&self, wanted: &LoaderPaths<'_>) -> Option<Vec<u8>> {
        let own = self.position(DT_RUNPATH).or_else(|| self.position(DT_RPATH));
        let own = own.map_or(Some(&[][..]), |at| self.string(self.entries[at].1))?;
        let is_kept =
            |folder: &&[u8]| folder.starts_with(b"$") || folder.starts_with(wanted.prefix.as_bytes());
        let own = own.split(|byte| *byte == b':').filter(is_kept);
        let all: Vec<&[u8]> = own.chain(wanted.libraries.iter().map(String::as_bytes)).collect();
        Some(all.join(&b':'))
    }

    /// The entry of the dynamic section that is to name the folders: one that does already, an empty one but for the last,
    /// or one that only says how many relocations are simple (glibc can do without).
    fn entry_for_folders(&self) -> Option<usize> {
        let end = self.position(DT_NULL)?;
        let is_spare = self.entries.get(end + 1).is_some_and(|entry| entry.0 == DT_NULL.0);
        self.position(DT_RUNPATH)
            .or_else(|| self.position(DT_RPATH))
            .or(is_spare.then_some(end))
            .or_else(|| self.position(DT_RELACOUNT))
            .or_else(|| self.position(DT_RELCOUNT))
    }

    /// Above all that is loaded, and as far from the beginning of a page as `offset` is.
    fn free_address(&self, offset: u64) -> Option<u64> {
        let loaded = self.segments.iter().filter(|segment| segment.kind == PT_LOAD.0);
        let ends = loaded.clone().map(|segment| segment.address.checked_add(segment.in_memory));
        let end = ends.collect::<Option<Vec<_>>>()?.into_iter().max()?;
        let align = self.align();
        let address = end.checked_next_multiple_of(align)?.checked_add(offset % align)?;
        let end = address.checked_add(2 * LARGEST)?;
        (self.is_64 || u32::try_from(end).is_ok()).then_some(address)
    }

    fn align(&self) -> u64 {
        let loaded = self.segments.iter().filter(|segment| segment.kind == PT_LOAD.0);
        loaded.map(|segment| segment.align).max().unwrap_or_default().max(PAGE)
    }

    /// In the place of a note, since the table cannot grow; after all that is loaded already, since these must be in the
    /// order of their addresses.
    fn add_segment(&mut self, offset: u64, address: u64, size: u64) -> bool {
        let spare = |kind: u32| self.segments.iter().rposition(|segment| segment.kind == kind);
        let Some(spare) = spare(PT_NOTE.0).or_else(|| spare(PT_GNU_PROPERTY.0)) else { return false };
        self.segments.remove(spare);
        let Some(last) = self.segments.iter().rposition(|segment| segment.kind == PT_LOAD.0) else {
            return false;
        };
        let segment = Segment {
            kind: PT_LOAD.0,
            flags: PF_R.0,
            offset,
            address,
            physical: address,
            in_file: size,
            in_memory: size,
            align: self.align(),
        };
        self.segments.insert(last + 1, segment);
        true
    }

    fn changed_entries(&self, before: &[(i64, u64)]) -> Vec<Replacement> {
        let size = if self.is_64 { 16 } else { 8 };
        let changed = self.entries.iter().zip(before).enumerate().filter(|(_, (now, before))| now != before);
        changed
            .map(|(at, (now, before))| Replacement {
                offset: self.dynamic + at as u64 * size,
                original: self.entry(*before),
                bytes: self.entry(*now),
            })
            .collect()
    }

    fn entry(&self, (tag, value): (i64, u64)) -> Vec<u8> {
        [self.word(tag.cast_unsigned()), self.word(value)].concat()
    }

    fn segment(&self, segment: &Segment) -> Vec<u8> {
        let half = |value: u32| self.endian.write_u32(value).to_vec();
        let Segment { kind, flags, offset, address, physical, in_file, in_memory, align } = *segment;
        let sizes = [offset, address, physical, in_file, in_memory].map(|value| self.word(value)).concat();
        // flags stand elsewhere in 32 bits
        match self.is_64 {
            true => [half(kind), half(flags), sizes, self.word(align)].concat(),
            false => [half(kind), sizes, half(flags), self.word(align)].concat(),
        }
    }

    /// All values of a 32-bit file were read from 32 bits, or are checked to fit.
    #[allow(clippy::cast_possible_truncation)]
    fn word(&self, value: u64) -> Vec<u8> {
        match self.is_64 {
            true => self.endian.write_u64(value).to_vec(),
            false => self.endian.write_u32(value as u32).to_vec(),
        }
    }

    fn position(&self, tag: DynamicTag) -> Option<usize> {
        let end = self.entries.iter().position(|entry| entry.0 == DT_NULL.0);
        let place = self.entries.iter().position(|entry| entry.0 == tag.0)?;
        end.is_none_or(|end| place <= end).then_some(place)
    }

    fn value(&self, tag: DynamicTag) -> Option<u64> {
        self.position(tag).map(|at| self.entries[at].1)
    }

    fn string(&self, at: u64) -> Option<&[u8]> {
        let rest = self.strings.get(usize::try_from(at).ok()?..)?;
        Some(&rest[..memchr::memchr(0, rest)?])
    }

    /// Where in the file an address is.
    fn offset(&self, address: u64) -> Option<u64> {
        let loaded = self.segments.iter().filter(|segment| segment.kind == PT_LOAD.0);
        loaded.clone().find_map(|segment| {
            let inside = address.checked_sub(segment.address).filter(|inside| *inside < segment.in_file)?;
            segment.offset.checked_add(inside)
        })
    }
}
