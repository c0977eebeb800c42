//! What relocation must know of an ELF file before it searches it: where its instructions are, where the name of its dynamic
//! linker, and which address is which place of the file. Source: elf(5).

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use object::elf::{
    EM_AARCH64, ET_EXEC, FileHeader32, FileHeader64, PT_INTERP, PT_LOAD, SHF_EXECINSTR, SHT_NOBITS, SHT_RELA,
};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache, ReadRef};

const MAGIC: &[u8; 4] = b"\x7fELF";

/// Parts of an ELF file, as offsets in bytes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct ElfLayout {
    /// Sections of instructions, in order, without overlaps.
    pub(super) code: Vec<Range<u64>>,
    /// The string that `PT_INTERP` names.
    pub(super) interpreter: Option<u64>,
    /// `e_machine`.
    pub(super) machine: u16,
    /// Whether the instructions are those of arm64, and its data little-endian.
    pub(super) is_aarch64: bool,
    /// Whether it is loaded at the addresses that it names.
    pub(super) is_fixed: bool,
    /// Whether it is Go's, whose strings lie side by side without an end.
    pub(super) is_go: bool,
    /// Tables of relocations with addends, as the sections of instructions.
    pub(super) relocations: Vec<Range<u64>>,
    /// What is loaded, and the address of its first byte.
    loaded: Vec<(Range<u64>, u64)>,
}

pub(super) fn is_elf(beginning: &[u8]) -> bool {
    beginning.starts_with(MAGIC)
}

/// Whether a file has the name of a dynamic linker of glibc: `ld-linux-x86-64.so.2`.
pub(super) fn is_dynamic_linker(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b"ld-linux") || name.starts_with(b"ld64.so") || name.starts_with(b"ld.so")
}

fn parse<'a, H: FileHeader<Endian = Endianness>>(data: impl ReadRef<'a>) -> Option<ElfLayout> {
    let header = H::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let (mut code, mut relocations, mut is_go) = (Vec::new(), Vec::new(), false);
    let sections = header.section_headers(endian, data).unwrap_or_default();
    let names = header.section_strings(endian, data, sections).unwrap_or_default();
    for section in sections {
        is_go |= section.name(endian, names).is_ok_and(|name| name.ends_with(b".gopclntab"));
        let (offset, size): (u64, u64) = (section.sh_offset(endian).into(), section.sh_size(endian).into());
        let range = offset..offset.saturating_add(size);
        let kind = section.sh_type(endian);
        if section.sh_flags(endian).contains(SHF_EXECINSTR) && kind != SHT_NOBITS {
            code.push(range);
        } else if kind == SHT_RELA {
            relocations.push(range);
        }
    }
    let segments = header.program_headers(endian, data).ok()?;
    let interpreter = segments.iter().find(|segment| segment.p_type(endian) == PT_INTERP);
    let loaded = segments.iter().filter(|segment| segment.p_type(endian) == PT_LOAD).map(|segment| {
        let (offset, size) = segment.file_range(endian);
        (offset..offset.saturating_add(size), segment.p_vaddr(endian).into())
    });
    Some(ElfLayout {
        code: merged(code),
        interpreter: interpreter.map(|segment| segment.p_offset(endian).into()),
        machine: header.e_machine(endian).0,
        is_aarch64: header.e_machine(endian) == EM_AARCH64 && endian == Endianness::Little,
        is_fixed: header.e_type(endian) == ET_EXEC,
        is_go,
        relocations: merged(relocations),
        loaded: loaded.collect(),
    })
}

/// In order and without overlaps: a damaged file may have the same bytes in many sections.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        last.end = if overlaps { last.end.max(next.end) } else { last.end };
        overlaps
    });
    ranges
}

impl ElfLayout {
    /// Of a file that [`is_elf`]; of one that cannot be understood nothing is known, and its bytes are data.
    pub(super) fn of(file: &File) -> Self {
        let cache = ReadCache::new(file);
        parse::<FileHeader64<Endianness>>(&cache)
            .or_else(|| parse::<FileHeader32<Endianness>>(&cache))
            .unwrap_or_default()
    }

    pub(super) fn has_code(&self) -> bool {
        !self.code.is_empty()
    }

    pub(super) fn is_code(&self, offset: u64) -> bool {
        let next = self.code.partition_point(|range| range.end <= offset);
        self.code.get(next).is_some_and(|range| range.contains(&offset))
    }

    /// What is loaded and is no instructions.
    pub(super) fn data(&self) -> impl Iterator<Item = Range<u64>> {
        self.loaded.iter().flat_map(|(range, _)| {
            let mut from = range.start;
            let code = self.code.iter().filter(|code| range.contains(&code.start));
            let mut pieces: Vec<_> = code
                .map(|code| {
                    let piece = from..code.start;
                    from = code.end;
                    piece
                })
                .collect();
            pieces.push(from..range.end);
            pieces.into_iter().filter(|piece| piece.start < piece.end)
        })
    }

    /// Where in the file an address is.
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        self.loaded.iter().find_map(|(range, start)| {
            let offset = range.start.checked_add(address.checked_sub(*start)?)?;
            range.contains(&offset).then_some(offset)
        })
    }

    /// The address of a place in the file.
    pub(super) fn address(&self, offset: u64) -> Option<u64> {
        let (range, start) = self.loaded.iter().find(|(range, _)| range.contains(&offset))?;
        start.checked_add(offset - range.start)
    }
}
