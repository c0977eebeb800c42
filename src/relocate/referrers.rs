//! Who refers to some places of a program: the instructions that take their address or load what is there, and the tables that
//! have it; and the numbers beside, which may be the lengths of strings.
//!
//! Go, Rust and D keep strings without an end, one beside the other, as pairs of an address and a length. In instructions, the
//! length is an operand near the one that takes the address; in a table, it is the next word.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;

use object::elf::{EM_AARCH64, EM_X86_64};

use super::elf::ElfLayout;
use super::read::{each_window, fill};
use super::references::{relative_relocations, word};

/// How far from an instruction that takes an address others are looked at for a length, in bytes.
const NEAR: usize = 48;
/// A word of a table, in bytes.
const WORD: usize = 8;
/// For one place, no more lengths of either kind are kept.
const MOST_LENGTHS: usize = 64;

/// How a place is referred to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Referrers {
    /// Its address is taken, by an instruction or a table.
    pub(super) is_addressed: bool,
    /// How much of what is there is loaded at once into a register, in bytes.
    pub(super) loaded: usize,
    /// Lengths of what is there as tables have them, in bytes.
    pub(super) told: Vec<usize>,
    /// What may be its length: numbers near instructions that take the address.
    pub(super) guessed: Vec<usize>,
}

/// Those of places in a file, which are offsets in bytes; a place that nothing refers to is left out.
pub(super) fn referrers(
    file: &File,
    layout: &ElfLayout,
    places: impl Iterator<Item = u64>,
) -> io::Result<BTreeMap<u64, Referrers>> {
    let mut wanted: Vec<(u64, u64)> =
        places.filter_map(|place| Some((layout.address(place)?, place))).collect();
    wanted.sort_unstable();
    let mut search = Search { wanted, found: BTreeMap::new() };
    if search.wanted.is_empty() {
        return Ok(search.found);
    }
    for code in &layout.code {
        let Some(start) = layout.address(code.start) else { continue };
        let mut pages = [None; 32];
        each_window(file, code.clone(), NEAR, |at, bytes, inner| {
            let address = start.wrapping_add(at).wrapping_sub(code.start);
            match layout.machine {
                machine if machine == EM_X86_64.0 => {
                    search.amd64(bytes, inner, address, layout.is_fixed);
                }
                machine if machine == EM_AARCH64.0 => search.arm64(bytes, inner, address, &mut pages),
                _ => {}
            }
        })?;
    }
    let mut tables = Vec::new();
    for range in &layout.relocations {
        relative_relocations(file, range.clone(), |place, addend| {
            if let Some(target) = search.place(addend) {
                tables.push((target, place.wrapping_add(WORD as u64)));
            }
        })?;
    }
    for (target, next) in tables {
        let mut length = [0; WORD];
        let filled = layout.offset(next).map_or(Ok(0), |offset| fill(file, &mut length, offset))?;
        search.addressed(target, (filled == WORD).then(|| word(&length)));
    }
    if layout.is_fixed {
        for range in layout.data() {
            each_window(file, range, WORD, |at, bytes, inner| search.pairs(bytes, inner, at))?;
        }
    }
    Ok(search.found)
}

struct Search {
    /// Addresses and places, sorted.
    wanted: Vec<(u64, u64)>,
    found: BTreeMap<u64, Referrers>,
}

impl Search {
    /// The place that is wanted and has an address.
    fn place(&self, address: u64) -> Option<u64> {
        let within = self.wanted.first()?.0 <= address && address <= self.wanted.last()?.0;
        let index =
            within.then(|| self.wanted.binary_search_by_key(&address, |(address, _)| *address))?.ok()?;
        Some(self.wanted[index].1)
    }

    fn addressed(&mut self, place: u64, length: Option<u64>) {
        let found = self.found.entry(place).or_default();
        found.is_addressed = true;
        add(&mut found.told, length.and_then(|length| usize::try_from(length).ok()));
    }

    /// Operands that are relative to the next instruction, which a ModRM byte of mode 00 and 101 announces, whatever the
    /// instruction; in a program that is loaded at a fixed address, also the operand of `mov $address, %reg`.
    fn amd64(&mut self, bytes: &[u8], inner: Range<usize>, address: u64, is_fixed: bool) {
        for at in inner {
            let byte = bytes[at];
            let is_relative = byte & 0xc7 == 0x05;
            let is_absolute = is_fixed && byte & 0xf8 == 0xb8;
            if !is_relative && !is_absolute {
                continue;
            }
            let Some(operand) = bytes.get(at + 1..).and_then(<[u8]>::first_chunk) else { continue };
            let target = if is_relative {
                let displacement = i32::from_le_bytes(*operand);
                address.wrapping_add(at as u64 + 5).wrapping_add_signed(displacement.into())
            } else {
                u32::from_le_bytes(*operand).into()
            };
            let Some(place) = self.place(target) else { continue };
            let found = self.found.entry(place).or_default();
            if is_relative && !bytes[..at].ends_with(&[0x8d]) {
                found.loaded = found.loaded.max(amd64_load(&bytes[..at]));
                continue;
            }
            found.is_addressed = true;
            let (start, end) = (at.saturating_sub(NEAR), (at + NEAR).min(bytes.len()));
            add(&mut found.guessed, amd64_numbers(&bytes[start..end]));
        }
    }

    /// `adrp`, and what uses its register: `add` takes the address, `ldr` loads.
    fn arm64(&mut self, bytes: &[u8], inner: Range<usize>, address: u64, pages: &mut [Option<u64>; 32]) {
        for at in inner.step_by(4) {
            let Some(instruction) = bytes.get(at..at + 4).map(word) else { break };
            let (to, from) = ((instruction & 31) as usize, (instruction >> 5 & 31) as usize);
            let immediate = instruction >> 10 & 0xfff;
            let scale = match instruction & 0xffc0_0000 {
                0x9100_0000 => 0,
                // 64 bits, into a general or a vector register; 128 bits
                0xf940_0000 | 0xfd40_0000 => 3,
                0x3dc0_0000 => 4,
                _ if instruction & 0x9f00_0000 == 0x9000_0000 => {
                    let pages_away = (instruction >> 5 & 0x7_ffff) << 2 | (instruction >> 29 & 3);
                    // 21 bits with a sign
                    let pages_away = (pages_away << 43).cast_signed() >> 43;
                    let page = address.wrapping_add(at as u64) & !0xfff;
                    pages[to] = Some(page.wrapping_add_signed(pages_away << 12));
                    continue;
                }
                _ => continue,
            };
            let target = pages[from].map(|page| page.wrapping_add(immediate << scale));
            let Some(place) = target.and_then(|target| self.place(target)) else { continue };
            let found = self.found.entry(place).or_default();
            if scale > 0 {
                found.loaded = found.loaded.max(1 << scale);
                continue;
            }
            found.is_addressed = true;
            let (start, end) = (at.saturating_sub(NEAR), (at + NEAR).min(bytes.len()));
            let numbers = bytes[start..end].chunks_exact(4).filter_map(|one| arm64_number(word(one)));
            add(&mut found.guessed, numbers);
        }
    }

    /// Pairs of an address and a length, in the data of a program that is loaded at a fixed address.
    fn pairs(&mut self, bytes: &[u8], inner: Range<usize>, offset: u64) {
        let first = (offset + inner.start as u64).next_multiple_of(WORD as u64) - offset;
        for at in (usize::try_from(first).unwrap_or(usize::MAX)..inner.end).step_by(WORD) {
            let Some(address) = bytes.get(at..at + WORD) else { break };
            if let Some(place) = self.place(word(address)) {
                self.addressed(place, bytes.get(at + WORD..at + 2 * WORD).map(word));
            }
        }
    }
}

fn add(known: &mut Vec<usize>, lengths: impl IntoIterator<Item = usize>) {
    for length in lengths {
        if known.len() < MOST_LENGTHS && !known.contains(&length) {
            known.push(length);
        }
    }
}

/// How much an instruction loads into a register that has these bytes before its ModRM byte.
fn amd64_load(before: &[u8]) -> usize {
    match before {
        // mov into a general register
        [.., 0x48..=0x4f, 0x8b] => 8,
        // movsd and movss, whose numbers are no part of a path; movq
        [.., 0xf2 | 0xf3, 0x0f, 0x10] | [.., 0xf2 | 0xf3, 0x40..=0x4f, 0x0f, 0x10] => 0,
        [.., 0xf3, 0x0f, 0x7e] | [.., 0xf3, 0x40..=0x4f, 0x0f, 0x7e] => 8,
        // movups and movupd, movaps and movapd, movdqa and movdqu; the same with a VEX prefix of two bytes or three
        [.., 0x0f, 0x10 | 0x28 | 0x6f]
        | [.., 0xc5, _, 0x10 | 0x28 | 0x6f]
        | [.., 0xc4, _, _, 0x10 | 0x28 | 0x6f] => 16,
        _ => 0,
    }
}

/// What may be operands of some instructions: of those that put a number into a register (B8+r) or into memory (C7 with its
/// forms of an address), push it (6A) or compare a register with it (83 /7).
fn amd64_numbers(bytes: &[u8]) -> Vec<usize> {
    let mut numbers = Vec::new();
    let number = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok().filter(|number| *number < 1 << 16)
    };
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            0xb8..=0xbf => numbers.extend(number(at + 1)),
            0xc7 => numbers.extend([2, 3, 4, 7].into_iter().filter_map(|more| number(at + more))),
            0x6a => numbers.extend(bytes.get(at + 1).map(|byte| usize::from(*byte))),
            0x83 if bytes.get(at + 1).is_some_and(|model| *model >= 0xf8) => {
                numbers.extend(bytes.get(at + 2).map(|byte| usize::from(*byte)));
            }
            _ => {}
        }
    }
    numbers
}

/// What an instruction puts into a register: `movz`, or `orr` with the zero register and a run of bits, as Go has it.
fn arm64_number(instruction: u64) -> Option<usize> {
    if instruction & 0x7fe0_0000 == 0x5280_0000 {
        return Some((instruction >> 5 & 0xffff) as usize);
    }
    let is_run = matches!(instruction & 0xffc0_03e0, 0xb240_03e0 | 0x3200_03e0);
    let (right, ones) = ((instruction >> 16 & 63) as u32, (instruction >> 10 & 63) as u32 + 1);
    let run = if ones < 64 { (1_u64 << ones) - 1 } else { u64::MAX };
    let number = if instruction >> 31 == 1 {
        run.rotate_right(right)
    } else {
        u32::try_from(run).ok()?.rotate_right(right).into()
    };
    usize::try_from(number).ok().filter(|number| is_run && *number < 1 << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(addresses: &[u64]) -> Search {
        Search {
            wanted: addresses.iter().map(|address| (*address, *address)).collect(),
            found: BTreeMap::new(),
        }
    }

    #[test]
    fn go_has_the_length_beside_the_address() {
        // skopeo 1.9.3: lea …, %rax; mov $0x26, %ebx
        let code = b"\x48\x8d\x05\x6a\x16\x28\x00\xbb\x26\x00\x00\x00\x31\xc9";
        let mut search = search(&[0x40_0007 + 0x28_166a, 0x99_9999]);
        search.amd64(code, 0..code.len(), 0x40_0000, false);
        let (place, found) = search.found.pop_first().unwrap_or_default();
        assert_eq!((place, found.is_addressed, found.loaded), (0x68_1671, true, 0));
        assert!(found.guessed.contains(&0x26), "{found:?}");
        assert!(search.found.is_empty());
    }

    #[test]
    fn what_is_loaded_is_known_from_what_is_pointed_to() {
        for (opcode, loaded) in [
            // movdqa, vmovdqa, movups, movdqa into %xmm8
            (&b"\x66\x0f\x6f"[..], 16),
            (b"\xc5\xf9\x6f", 16),
            (b"\x0f\x10", 16),
            (b"\x66\x44\x0f\x6f", 16),
            // movq, mov into %rax
            (b"\xf3\x0f\x7e", 8),
            (b"\x48\x8b", 8),
            // movsd, cmpq
            (b"\xf2\x0f\x10", 0),
            (b"\x48\x3b", 0),
        ] {
            let code = [opcode, b"\x05\x10\0\0\0"].concat();
            let target = 0x1010 + code.len() as u64;
            let mut search = search(&[target]);
            search.amd64(&code, 0..code.len(), 0x1000, false);
            let found = &search.found[&target];
            assert_eq!((found.loaded, found.is_addressed), (loaded, false), "{}", opcode.escape_ascii());
        }
        // adrp x0, +1 page; ldr q0, [x0, #0x20]; add x1, x0, #0x24; mov x2, #24 (orr); mov w3, #38 (movz)
        let code: Vec<u8> = [0xb000_0000_u32, 0x3dc0_0800, 0x9100_9001, 0xb27d_07e2, 0x5280_04c3]
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect();
        let mut search = search(&[0x40_1020, 0x40_1024]);
        search.arm64(&code, 0..code.len(), 0x40_0100, &mut [None; 32]);
        assert_eq!(search.found[&0x40_1020].loaded, 16);
        let named = &search.found[&0x40_1024];
        assert!(
            named.is_addressed && named.guessed.contains(&24) && named.guessed.contains(&38),
            "{named:?}"
        );
    }

    #[test]
    fn a_table_has_the_length_in_the_next_word() {
        let mut bytes = vec![0; 5];
        bytes.extend(0x40_1000_u64.to_le_bytes());
        bytes.extend(27_u64.to_le_bytes());
        let mut search = search(&[0x40_1000]);
        search.pairs(&bytes, 0..bytes.len(), 3);
        assert_eq!(search.found[&0x40_1000].told, [27]);
    }
}
