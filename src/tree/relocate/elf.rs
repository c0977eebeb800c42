//! What relocation must know of an ELF file: where its instructions are, and the name of its dynamic linker.

use std::fs::File;
use std::ops::Range;

use object::elf::{FileHeader32, FileHeader64, PT_INTERP, SHF_EXECINSTR, SHT_NOBITS};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache, ReadRef};

const MAGIC: &[u8; 4] = b"\x7fELF";

/// Parts of an ELF file, as offsets in bytes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Sections of instructions.
    pub(super) code: Vec<Range<u64>>,
    /// The string that `PT_INTERP` names.
    pub(super) interpreter: Option<u64>,
}

pub(super) fn is_elf(beginning: &[u8]) -> bool {
    beginning.starts_with(MAGIC)
}

/// The layout of a file that [`is_elf`]; of one that cannot be understood nothing is known, and its bytes are data.
pub(super) fn layout(file: &File) -> Layout {
    let cache = ReadCache::new(file);
    parse::<FileHeader64<Endianness>>(&cache)
        .or_else(|| parse::<FileHeader32<Endianness>>(&cache))
        .unwrap_or_default()
}

fn parse<'a, H: FileHeader<Endian = Endianness>>(data: impl ReadRef<'a>) -> Option<Layout> {
    let header = H::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.section_headers(endian, data).unwrap_or_default().iter();
    let code = sections.filter_map(|section| {
        let is_code =
            section.sh_flags(endian).contains(SHF_EXECINSTR) && section.sh_type(endian) != SHT_NOBITS;
        let (offset, size): (u64, u64) = (section.sh_offset(endian).into(), section.sh_size(endian).into());
        is_code.then(|| offset..offset.saturating_add(size))
    });
    let segments = header.program_headers(endian, data).ok()?;
    let interpreter = segments.iter().find(|segment| segment.p_type(endian) == PT_INTERP);
    Some(Layout {
        code: code.collect(),
        interpreter: interpreter.map(|segment| segment.p_offset(endian).into()),
    })
}

impl Layout {
    pub(super) fn has_code(&self) -> bool {
        !self.code.is_empty()
    }

    pub(super) fn is_code(&self, offset: u64) -> bool {
        self.code.iter().any(|range| range.contains(&offset))
    }
}
