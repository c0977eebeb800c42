//! Constants in instructions of arm64.
//!
//! An instruction has four bytes, two of which can be a part of a path. So eight bytes are put together by four instructions:
//! `movz` sets the lowest two and clears the others, and each `movk` sets two more (Arm Architecture Reference Manual,
//! C6.2). For `/usr/sha`, these have `/u`, `sr`, `/s` and `ha`. Compilers put instructions that have nothing to do with them
//! between.

use std::ops::Range;

use super::elf::ElfLayout;
use super::needles::LIBRARY_;
use super::replacement::Replacement;

/// What one instruction has, in bytes.
const INSTRUCTION: usize = 4;
/// From the first instruction of a constant to the last, in instructions; in 1.9 GB of Debian's programs it is 7 at most.
const SPAN: usize = 16;

/// `movz x0, #0` and `movk x0, #0`, and the bits of them that say so.
const MOVZ: u32 = 0xd280_0000;
const MOVK: u32 = 0xf280_0000;
const OPCODE: u32 = 0xff80_0000;
/// Where the bits are that say which two of the eight bytes are meant.
const PART: u32 = 21;
/// Where the two bytes are.
const IMMEDIATE: u32 = 5;

/// Eight bytes that are put together in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) bytes: [u8; 8],
    /// For each two of them, where their instruction is, if they have one; in bytes of the code.
    places: [Option<usize>; 4],
}

/// The constants that begin in a range of some bytes of a file, and where they do; `offset` is that of the bytes in the
/// file. Only those that may begin a path or the name of a variable. The bytes go on after the range for as long as a
/// constant may be, or to the end of the file.
pub(super) fn constants<'a>(
    layout: &'a ElfLayout,
    bytes: &'a [u8],
    offset: u64,
    range: Range<usize>,
) -> impl Iterator<Item = (usize, Constant)> {
    let sections = layout.is_aarch64.then_some(&layout.code).into_iter().flatten();
    sections.flat_map(move |section| {
        // the first instruction at or after some place
        let next = |place: usize| {
            let place = offset + place as u64;
            let inside = place.saturating_sub(section.start).next_multiple_of(INSTRUCTION as u64);
            let at = section.start.saturating_add(inside).min(section.end).max(offset) - offset;
            usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()))
        };
        let end = section.end.max(offset) - offset;
        let code = &bytes[..usize::try_from(end).map_or(bytes.len(), |end| end.min(bytes.len()))];
        let start = next(range.start);
        let words = code.get(start..next(range.end)).unwrap_or_default().chunks_exact(INSTRUCTION);
        words.enumerate().filter(|(_, word)| begins(number(word))).filter_map(move |(index, _)| {
            let at = start + index * INSTRUCTION;
            Some((at, Constant::at(code, at)?))
        })
    })
}

/// Whether an instruction sets a register to the first two bytes of a path, or of what follows `LD_` in the linker.
fn begins(word: u32) -> bool {
    let immediate = low_half(word >> IMMEDIATE).to_le_bytes();
    word & (OPCODE | (3 << PART)) == MOVZ && (immediate[0] == b'/' || LIBRARY_.starts_with(&immediate))
}

/// The two bytes that an instruction of a constant has. `None` for what is none.
pub(super) fn spelled(instruction: &[u8]) -> Option<[u8; 2]> {
    let is_one = instruction.len() == INSTRUCTION && matches!(number(instruction) & OPCODE, MOVZ | MOVK);
    is_one.then(|| low_half(number(instruction) >> IMMEDIATE).to_le_bytes())
}

impl Constant {
    /// What is put together from the `movz` at some place on: until the register is used, the flow may leave, or all
    /// eight bytes are there. `None` if it is only two bytes.
    fn at(code: &[u8], at: usize) -> Option<Self> {
        let mut words = code.get(at..)?.chunks_exact(INSTRUCTION).map(number).take(SPAN).enumerate();
        let (_, first) = words.next()?;
        let register = first & 0x1f;
        let mut places = [Some(at), None, None, None];
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&low_half(first >> IMMEDIATE).to_le_bytes());
        for (index, word) in words {
            // branches, exceptions and system instructions
            if word & 0x1c00_0000 == 0x1400_0000 {
                break;
            }
            if word & 0x1f != register {
                continue;
            }
            let part = ((word >> PART) & 3) as usize;
            if word & OPCODE != MOVK || places[part].is_some() {
                break;
            }
            places[part] = Some(at + index * INSTRUCTION);
            bytes[2 * part..2 * part + 2].copy_from_slice(&low_half(word >> IMMEDIATE).to_le_bytes());
            if part == 3 {
                break;
            }
        }
        places[1].map(|_| Self { bytes, places })
    }

    /// What to write over the instructions, so that the constant begins with other bytes. `None` if one of them has no
    /// instruction.
    pub(super) fn replacements(&self, code: &[u8], offset: u64, start: &[u8]) -> Option<Vec<Replacement>> {
        let mut bytes = self.bytes;
        bytes.get_mut(..start.len())?.copy_from_slice(start);
        let halves = self.bytes.chunks_exact(2).zip(bytes.chunks_exact(2)).zip(self.places);
        let replacement = |((_, new), place): ((&[u8], &[u8]), Option<usize>)| {
            let place = place?;
            let original = code.get(place..place + INSTRUCTION)?;
            let immediate = u32::from(u16::from_le_bytes([new[0], new[1]]));
            let word = (number(original) & !(0xffff << IMMEDIATE)) | (immediate << IMMEDIATE);
            let bytes = word.to_le_bytes().to_vec();
            Some(Replacement { offset: offset + place as u64, original: original.to_vec(), bytes })
        };
        halves.filter(|((old, new), _)| old != new).map(replacement).collect()
    }
}

fn number(instruction: &[u8]) -> u32 {
    instruction.first_chunk::<INSTRUCTION>().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn low_half(word: u32) -> u16 {
    (word & 0xffff) as u16
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::relocated_file;
    use super::*;

    /// Where the instructions of [`program`] begin.
    const START: usize = 256;

    /// As in Debian's `cmake`: `/usr/inc` in `x2`, and `lude` in `w4`, which is no business of ours; then a jump.
    const INTERLEAVED: [u32; 9] = [
        0xd28e_a5e2,
        0x528e_ad84,
        0xf2ae_4e62,
        ADD,
        0xf2cd_25e2,
        0xaa13_03fc,
        0xf2ec_6dc2,
        0x72ac_ac84,
        0x1400_000d,
    ];
    /// As in glibc's `tzset`: `/usr/sha` in `x0`, which is compared with `x1`.
    const SHARE: [u32; 5] = [0xd28e_a5e0, 0xf2ae_4e60, 0xf2ce_65e0, 0xf2ec_2d00, 0xeb00_003f];
    /// As in bash: `/bin/sh` and a NUL.
    const SHELL: [u32; 6] = [0xd28c_45e2, 0xaa00_03e1, 0xf2ad_cd22, 0xf2ce_65e2, 0xf2e0_0d02, 0xf900_0002];
    /// As in glibc's dynamic linker: `LIBRARY_`.
    const LIBRARY: [u32; 4] = [0xd289_2982, 0xf2aa_4842, 0xf2ca_4822, 0xf2eb_eb22];
    /// `add x3, x19, x3, lsl #7`.
    const ADD: u32 = 0x8b03_1e63;

    /// A program of some machine with one section of instructions, and data after it.
    fn program(machine: u16, code: &[u32], data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; START];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        let mut put = |at: usize, value: usize, size: usize| {
            bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        };
        for (at, value, size) in [
            (18, machine.into(), 2),
            (20, 1, 4),
            (40, 64, 8),
            (52, 64, 2),
            (54, 56, 2),
            (58, 64, 2),
            (60, 2, 2),
        ] {
            put(at, value, size);
        }
        // SHT_PROGBITS, SHF_ALLOC and SHF_EXECINSTR, offset, size
        for (at, value, size) in [(4, 1, 4), (8, 6, 8), (24, START, 8), (32, code.len() * 4, 8)] {
            put(128 + at, value, size);
        }
        bytes.extend(code.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(data);
        bytes
    }

    /// What becomes of instructions, in a tree that has `/usr/bin/sh` and `/usr/share/tool`.
    fn rewritten(machine: u16, code: &[u32]) -> Vec<u32> {
        let file = relocated_file("/p", "usr/bin/tool", &program(machine, code, b"")).0;
        file[START..].chunks_exact(4).map(number).collect()
    }

    fn spelled_by(code: &[u32]) -> String {
        let mut layout = ElfLayout::default();
        layout.code = std::iter::once(0..code.len() as u64 * 4).collect();
        layout.is_aarch64 = true;
        let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        let all = constants(&layout, &bytes, 0, 0..bytes.len());
        all.map(|(at, constant)| format!("{at}:{}", constant.bytes.escape_ascii()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn what_instructions_spell() {
        assert_eq!(spelled_by(&INTERLEAVED), "0:/usr/inc");
        assert_eq!(spelled_by(&[SHARE.as_slice(), &SHELL].concat()), "0:/usr/sha 20:/bin/sh\\x00");
        assert_eq!(spelled_by(&LIBRARY), "0:LIBRARY_");
        // the register is used before the rest of it is there; it is another register; the flow may leave
        assert_eq!(spelled_by(&[SHELL[0], SHELL[2], SHELL[5], SHELL[3]]), "0:/bin\\x00\\x00\\x00\\x00");
        assert_eq!(spelled_by(&[SHARE[0], SHELL[2], SHELL[3]]), "");
        assert_eq!(spelled_by(&[SHARE[0], INTERLEAVED[8], SHARE[1]]), "");
        // `w4` has four bytes
        assert_eq!(spelled_by(&[SHARE[0] & !(1 << 31), SHARE[1] & !(1 << 31)]), "");
        assert_eq!(spelled_by(&[vec![SHARE[0]], vec![ADD; SPAN], vec![SHARE[1]]].concat()), "");
    }

    #[test]
    fn what_the_tree_has_is_rewritten() {
        // `/u` becomes `/p`, and `sr` becomes `/u`
        let (low, high) =
            (u32::from(u16::from_le_bytes(*b"/p")) << 5, u32::from(u16::from_le_bytes(*b"/u")) << 5);
        let share = [0xd280_0000 | low, 0xf2a0_0000 | high, SHARE[2], SHARE[3], SHARE[4]];
        assert_eq!(rewritten(183, &SHARE), share);
        assert_eq!(rewritten(62, &SHARE), SHARE, "another machine");
        let shell = rewritten(183, &SHELL);
        assert_eq!(spelled_by(&shell), "0:/p/b/sh\\x00");
        assert_eq!((shell[1], &shell[3..]), (SHELL[1], &SHELL[3..]));
        // the tree has no `/usr/include`
        assert_eq!(rewritten(183, &INTERLEAVED), INTERLEAVED);
        // `/usr` alone, and `/etc/pas`, which begins what is the main image's
        assert_eq!(rewritten(183, &SHARE[..2]), SHARE[..2]);
        let passwd = [0xd28c_a5e0, 0xf2ac_6e80, 0xf2ce_05e0, 0xf2ee_6c20];
        assert_eq!(spelled_by(&passwd), "0:/etc/pas");
        assert_eq!(rewritten(183, &passwd), passwd);
    }

    #[test]
    fn constants_across_the_ends_of_chunks_are_rewritten_and_digested() {
        // what `worker.rs` looks through at first
        let border = 64 + (512 << 10);
        let apart = [SHARE[0], ADD, SHARE[1], ADD, SHARE[2], SHARE[3]];
        for before in 0..8 {
            let mut code = vec![ADD; (border - START) / 4 - before];
            let at = code.len();
            code.extend([apart.as_slice(), &SHARE].concat());
            code.resize(300_000, ADD);
            let (file, relocated) = relocated_file("/p", "usr/bin/tool", &program(183, &code, b" /etc/tool"));
            let code: Vec<u32> = file[START..].chunks_exact(4).map(number).collect();
            assert_eq!(spelled_by(&code[at..at + 20]), "0:/p/u/sha 24:/p/u/sha", "{before}");
            assert!(file.ends_with(b" /p/e/tool"));
            let overwritten = &relocated.record.files.values().next().unwrap().overwritten;
            assert!(overwritten.is_sorted_by_key(|edit| edit.offset));
            assert_eq!(overwritten.len(), 5);
        }
    }

    #[test]
    fn the_linker_looks_at_another_variable() {
        let linker = |code: &[u32]| {
            let file = program(183, code, b"\0LD_LIBRARY_PATH\0");
            let file = relocated_file("/p", "usr/lib/tool/ld-linux-aarch64.so.1", &file).0;
            let code: Vec<u32> = file[START..].chunks(4).map(number).take(code.len()).collect();
            (spelled_by(&code), file.ends_with(b"\0LD_LIBRARYpPATH\0"))
        };
        assert_eq!(linker(&LIBRARY), ("0:LIBRARYp".to_owned(), true));
        let twice = [LIBRARY, LIBRARY].concat();
        assert_eq!(linker(&twice), ("0:LIBRARY_ 16:LIBRARY_".to_owned(), false));
    }

    #[test]
    fn instructions_that_were_written_over_can_be_told() {
        assert_eq!(spelled(&SHARE[0].to_le_bytes()), Some(*b"/u"));
        assert_eq!(spelled(&SHARE[1].to_le_bytes()), Some(*b"sr"));
        assert_eq!((spelled(b"/usr"), spelled(b"/sbin"), spelled(b"")), (None, None, None));
    }
}
