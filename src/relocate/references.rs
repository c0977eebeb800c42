//! What the instructions and tables of an ELF file point to.
//!
//! Linkers keep one string for two where one is the end of the other: if a program has `/usr/lib/x86_64-linux-gnu` and `gnu`, the
//! second is not there again, but something points into the middle of the first. To write over that end would change both.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use object::elf::{
    DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, EM_AARCH64, EM_X86_64, FileHeader64, R_AARCH64_RELATIVE,
    R_X86_64_RELATIVE, SHT_DYNSYM,
};
use object::read::elf::{Dyn as _, FileHeader as _, SectionHeader as _, Sym as _};
use object::{Endianness, ReadCache};

use super::elf::ElfLayout;

/// What is read at once, in bytes; a multiple of the size of a relocation and of an instruction.
const CHUNK: usize = 24 << 14;
/// As long as an instruction can be whose beginning was read.
const MORE: usize = 8;

/// Offsets in a file that its instructions or tables point to, sorted.
#[derive(Debug, Default)]
pub(super) struct References(Vec<u64>);

impl References {
    /// Those of a file for amd64 or arm64; of other machines none are known.
    pub(super) fn of(file: &File, layout: &ElfLayout) -> io::Result<Self> {
        let mut found = dynamic_names(file).unwrap_or_default();
        let mut add = |address: u64| {
            // many point to the same place: before it grows, it may shrink
            if found.len() == found.capacity() {
                found.sort_unstable();
                found.dedup();
                found.reserve(found.len() + 1);
            }
            found.extend(layout.offset(address));
        };
        for code in &layout.code {
            let Some(address) = layout.address(code.start) else { continue };
            match layout.machine {
                machine if machine == EM_X86_64.0 => each(file, code.clone(), |at, bytes, whole| {
                    amd64(&bytes[..whole], bytes, address.wrapping_add(at - code.start), &mut add);
                })?,
                machine if machine == EM_AARCH64.0 => {
                    let mut pages = [None; 32];
                    each(file, code.clone(), |at, bytes, whole| {
                        arm64(&bytes[..whole], address.wrapping_add(at - code.start), &mut pages, &mut add);
                    })?;
                }
                _ => {}
            }
        }
        if layout.is_fixed && layout.machine == EM_X86_64.0 && !layout.is_go {
            for code in &layout.code {
                each(file, code.clone(), |_, bytes, whole| operands(&bytes[..whole], &mut add))?;
            }
            for data in layout.data() {
                each(file, data, |at, bytes, whole| pointers(&bytes[..whole], at, &mut add))?;
            }
        }
        for table in &layout.relocations {
            relative_relocations(file, table.clone(), |_, addend| add(addend))?;
        }
        found.sort_unstable();
        found.dedup();
        Ok(Self(found))
    }

    /// Whether something points to an offset.
    pub(super) fn has(&self, offset: u64) -> bool {
        self.0.binary_search(&offset).is_ok()
    }

    /// How many bytes from an offset on nothing points into.
    pub(super) fn alone(&self, offset: u64) -> usize {
        let next = self.0.partition_point(|known| *known <= offset);
        self.0.get(next).map_or(usize::MAX, |known| usize::try_from(known - offset).unwrap_or(usize::MAX))
    }
}

/// Where the names of dynamic symbols and libraries are: that of a symbol may be the end of a folder's in `DT_RUNPATH`, as
/// `lp_solve` is of `/usr/lib/lp_solve`.
fn dynamic_names(file: &File) -> Option<Vec<u64>> {
    let data = &ReadCache::new(file);
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, data).ok()?;
    let symbols = sections.symbols(endian, data, SHT_DYNSYM).ok()?;
    let strings: u64 = sections.section(symbols.string_section()).ok()?.sh_offset(endian);
    let mut found: Vec<u64> =
        symbols.iter().map(|symbol| strings.saturating_add(symbol.st_name(endian).into())).collect();
    if let Ok(Some((entries, _))) = sections.dynamic(endian, data) {
        let names = entries
            .iter()
            .filter(|entry| [DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME].contains(&entry.tag(endian)));
        found.extend(names.map(|entry| strings.saturating_add(entry.d_val(endian))));
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// Gives the address that each relocation of a table writes to, and the one that it writes.
pub(super) fn relative_relocations(
    file: &File,
    table: Range<u64>,
    mut visit: impl FnMut(u64, u64),
) -> io::Result<()> {
    each(file, table, |_, bytes, whole| {
        for entry in bytes[..whole].chunks_exact(24) {
            let kind = word(&entry[8..12]);
            if kind == u64::from(R_X86_64_RELATIVE.0) || kind == u64::from(R_AARCH64_RELATIVE.0) {
                visit(word(&entry[..8]), word(&entry[16..24]));
            }
        }
    })
}

/// Little-endian, as both machines are.
pub(super) fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Gives the bytes of a range, with its offset in the file, and the number of those that are not given again.
fn each(file: &File, range: Range<u64>, mut visit: impl FnMut(u64, &[u8], usize)) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK + MORE];
    let mut at = range.start;
    while at < range.end {
        let wanted = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(buffer.len());
        match file.read_exact_at(&mut buffer[..wanted], at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        visit(at, &buffer[..wanted], wanted.min(CHUNK));
        at += CHUNK as u64;
    }
    Ok(())
}

/// `lea disp32(%rip), %reg`: REX.W, 8D, a ModRM byte of mode 00 and 101.
fn amd64(starts: &[u8], bytes: &[u8], address: u64, add: &mut impl FnMut(u64)) {
    for at in memchr::memchr_iter(0x8d, starts) {
        let is_wide = at.checked_sub(1).is_some_and(|rex| bytes[rex] & 0xf8 == 0x48);
        if let Some(&[model, a, b, c, d]) = bytes.get(at + 1..at + 6)
            && is_wide
            && model & 0xc7 == 0x05
        {
            let displacement = i32::from_le_bytes([a, b, c, d]);
            add(address.wrapping_add(at as u64 + 6).wrapping_add_signed(displacement.into()));
        }
    }
}

/// What may be the operand of an instruction of a program that is loaded where it says: each address is one of 32 bits. What is
/// none leads to no place that is loaded, as a rule. A Go program is so large that it often would.
fn operands(bytes: &[u8], add: &mut impl FnMut(u64)) {
    bytes.windows(4).map(word).filter(|address| *address > 0xffff).for_each(add);
}

/// The addresses in the tables of such a program, which has no relocations for them.
fn pointers(bytes: &[u8], offset: u64, add: &mut impl FnMut(u64)) {
    let skipped = usize::try_from(offset.wrapping_neg() % 8).unwrap_or_default().min(bytes.len());
    bytes[skipped..].chunks_exact(8).map(word).filter(|address| *address > 0xffff).for_each(add);
}

/// `adrp`, which takes the address of a page, and `add` with the same register. What lies between is not followed.
fn arm64(bytes: &[u8], address: u64, pages: &mut [Option<u64>; 32], add: &mut impl FnMut(u64)) {
    for (number, instruction) in bytes.chunks_exact(4).enumerate() {
        let instruction = word(instruction);
        let (to, from) = ((instruction & 31) as usize, (instruction >> 5 & 31) as usize);
        if instruction & 0x9f00_0000 == 0x9000_0000 {
            let pages_away = (instruction >> 5 & 0x7_ffff) << 2 | (instruction >> 29 & 3);
            // 21 bits with a sign
            let pages_away = (pages_away << 43).cast_signed() >> 43;
            let page = address.wrapping_add(number as u64 * 4) & !0xfff;
            pages[to] = Some(page.wrapping_add_signed(pages_away << 12));
        } else if instruction & 0xffc0_0000 == 0x9100_0000
            && let Some(page) = pages[from]
        {
            add(page.wrapping_add(instruction >> 10 & 0xfff));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_lea_points_to_is_found() {
        let mut found = Vec::new();
        // lea 0x10(%rip), %rdi; lea -0x20(%rip), %r8; lea 0x10(%rip), %edi (an address of 32 bits: no pointer)
        let code = [
            &[0x48, 0x8d, 0x3d, 0x10, 0, 0, 0][..],
            &[0x4c, 0x8d, 0x05, 0xe0, 0xff, 0xff, 0xff],
            &[0x67, 0x8d, 0x3d, 0x10, 0, 0, 0],
        ]
        .concat();
        amd64(&code, &code, 0x1000, &mut |address| found.push(address));
        assert_eq!(found, [0x1017, 0xfee]);
        // cut in the middle of an instruction
        amd64(&code[..5], &code[..5], 0x1000, &mut |_| panic!());
    }

    #[test]
    fn what_a_fixed_program_points_to_is_found() {
        let mut found = Vec::new();
        // mov $0x402345, %edi; ret
        operands(&[0xbf, 0x45, 0x23, 0x40, 0, 0xc3], &mut |address| found.push(address));
        assert!(found.contains(&0x40_2345), "{found:x?}");
        found.clear();
        let table: Vec<u8> = [0, 0, 0]
            .into_iter()
            .chain([0x40_2345_u64, 7].iter().flat_map(|word| word.to_le_bytes()))
            .collect();
        pointers(&table, 5, &mut |address| found.push(address));
        assert_eq!(found, [0x40_2345]);
        pointers(&[0; 2], 1, &mut |_| panic!());
    }

    #[test]
    fn what_adrp_and_add_point_to_is_found() {
        let mut found = Vec::new();
        // adrp x0, +1 page; add x0, x0, #0x234; adrp x1, -1 page; nop; add x2, x1, #8; add x3, x4, #1
        let code: Vec<u8> =
            [0xb000_0000_u32, 0x9108_d000, 0xf0ff_ffe1, 0xd503_201f, 0x9100_2022, 0x9100_0483]
                .into_iter()
                .flat_map(u32::to_le_bytes)
                .collect();
        arm64(&code, 0x40_0100, &mut [None; 32], &mut |address| found.push(address));
        assert_eq!(found, [0x40_1234, 0x3f_f008]);
    }

    #[test]
    fn the_name_of_a_symbol_may_be_the_end_of_a_folders() {
        let strings = b"\0/usr/lib/lp_solve\0";
        // the header, three sections (none, SHT_DYNSYM, SHT_STRTAB), two symbols, the strings
        let (sections, symbols) = (64, 64 + 3 * 64);
        let at = symbols + 2 * 24;
        let mut bytes = vec![0; at];
        let mut put = |at: usize, value: usize, size: usize| {
            bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        };
        put(0, 0x0001_0102_464c_457f, 8);
        for (at, value, size) in
            [(16, 3, 2), (18, 62, 2), (20, 1, 4), (40, sections, 8), (58, 64, 2), (60, 3, 2), (62, 2, 2)]
        {
            put(at, value, size);
        }
        // sh_type, sh_offset, sh_size, sh_link, sh_info, sh_entsize
        let tables = [[11, symbols, 48, 2, 1, 24], [3, at, strings.len(), 0, 0, 0]];
        for (number, values) in tables.into_iter().enumerate() {
            let fields = [(4, 4), (24, 8), (32, 8), (40, 4), (44, 4), (56, 8)];
            for ((place, size), value) in fields.into_iter().zip(values) {
                put(sections + 64 * (number + 1) + place, value, size);
            }
        }
        put(symbols + 24, 10, 4);
        bytes.extend(strings);
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let references = References::of(&file, &ElfLayout::of(&file)).unwrap();
        let name = at as u64 + 10;
        assert_eq!(references.alone(at as u64 + 1), 9);
        assert!(references.has(name) && !references.has(name + 1));
    }

    #[test]
    fn what_is_alone_ends_where_something_points() {
        let references = References(vec![10, 20]);
        for (offset, alone) in [(0, 10), (9, 1), (10, 10), (11, 9), (20, usize::MAX), (30, usize::MAX)] {
            assert_eq!(references.alone(offset), alone, "{offset}");
        }
    }
}
