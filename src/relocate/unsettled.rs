//! Paths in the data of a program of which the bytes around do not tell where they begin or end: who refers to them does
//! ([`super::referrers`]).
//!
//! - The byte before may be the end of something else, such as of a number: `?/usr/lib/tool`, and the path ends with a NUL.
//! - In Go and Rust, strings lie side by side: `a public key/etc/tool/conf/run/tool`. Only their lengths tell them apart.
//! - Sixteen or eight bytes, `/usr/lib/x86_64-`, may be a constant that is loaded into a register. What follows them is the
//!   next constant, and the program puts the rest of the path behind them.

use std::collections::BTreeMap;

use super::boundaries::path_at_start;
use super::decide::{VECTOR, begins_a_path, is_a_path};
use super::kept::Kept;
use super::paths::Paths;
use super::referrers::Referrers;
use super::top_level::TopLevel;

/// More of a path is not remembered, in bytes.
const LONGEST: usize = 256;
/// Of one file: a file may be made of paths.
const MOST: usize = 50_000;
/// How much is loaded into a register at once, in bytes; a constant is aligned to as much.
const LOADS: [usize; 2] = [VECTOR, 8];
/// As deep a path is at least that is taken for one although nothing tells its length: `/usr/share/tool`.
const DEEP: usize = 3;
/// What is as long, in bytes, is the top of a path and nothing below.
const SHORTEST: usize = 4;

/// Where Rust's own library was compiled, which every program says that has some of it.
const RUST: [&[u8]; 3] = [b"/library/core/src/", b"/library/std/src/", b"/library/alloc/src/"];

/// Those of one file.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    all: Vec<Candidate>,
    /// Whether strings of the file lie side by side without an end.
    is_packed: bool,
    /// Where the last path ends that was taken for one, in bytes of the file: what is within is a part of it.
    within: u64,
}

/// A place where a path may begin.
#[derive(Debug)]
pub(super) struct Candidate {
    /// In bytes of the file.
    pub(super) place: u64,
    /// The byte before it, if there is one, and all that could be of the path.
    pub(super) bytes: Vec<u8>,
    /// Where in these the path begins.
    pub(super) at: usize,
    /// Whether all of it is a path of the tree, if one begins there.
    is_whole: bool,
    /// Those of [`LOADS`] that may have loaded its beginning as a constant.
    loads: [bool; 2],
    /// Why it stays, if nothing settles it.
    pub(super) kept: Kept,
}

impl Unsettled {
    pub(super) fn of_file(is_go: bool) -> Self {
        Self { is_packed: is_go, ..Self::default() }
    }

    /// Remembers a place where no path was seen, if something that refers to it could tell that one of the tree begins there.
    pub(super) fn add(&mut self, bytes: &[u8], (at, place): (usize, u64), kept: Kept, paths: &Paths) -> bool {
        let rest = &bytes[at..];
        self.is_packed |= RUST.iter().any(|folder| rest.starts_with(folder));
        if !matches!(kept, Kept::NotABeginning | Kept::NotInTheTree) || self.all.len() == MOST {
            return false;
        }
        let whole = path_at_start(rest);
        let run = &whole[..whole.len().min(LONGEST)];
        let after = rest.get(run.len()).copied();
        let is_whole = place >= self.within
            && kept == Kept::NotABeginning
            && run.len() == whole.len()
            && is_a_path(run, after, paths).is_some();
        let is_text = kept == Kept::NotInTheTree && after == Some(0);
        let loads = LOADS.map(|size| {
            // a short one may as well be the beginning of a text that is copied piece by piece
            place.is_multiple_of(size as u64)
                && (size == VECTOR || !is_text)
                && run.get(..size).is_some_and(|start| begins_a_path(start, paths).is_some())
        });
        // what says that it is Rust may come later
        let is_open = self.is_packed || kept == Kept::NotABeginning || after != Some(0);
        let may_be_packed = is_open && depth_in_tree(run, paths) >= DEEP - 1;
        // to write into a path that stays would damage it
        if is_whole || (kept == Kept::NotInTheTree && !self.is_packed) {
            self.taken(run, place);
        }
        if !is_whole && loads == [false; 2] && !may_be_packed {
            return false;
        }
        let from = at.saturating_sub(1);
        let bytes = bytes[from..at + run.len()].to_vec();
        self.all.push(Candidate { place, bytes, at: at - from, is_whole, loads, kept });
        true
    }

    /// Tells of a path that was taken for one.
    pub(super) fn taken(&mut self, path: &[u8], place: u64) {
        self.within = place + path.len() as u64;
    }

    /// The places of which the referrers are to be known.
    pub(super) fn places(&self) -> impl Iterator<Item = u64> {
        let matter = |one: &&Candidate| self.is_packed || one.is_whole || one.loads != [false; 2];
        self.all.iter().filter(matter).map(|candidate| candidate.place)
    }

    /// Each place, with the top of the path that begins there, if one does.
    pub(super) fn settle(
        self,
        referrers: &BTreeMap<u64, Referrers>,
        paths: &Paths,
    ) -> impl Iterator<Item = (Candidate, Option<&'static TopLevel>)> {
        self.all.into_iter().map(move |candidate| {
            let top = referrers
                .get(&candidate.place)
                .and_then(|referrers| candidate.settle(referrers, self.is_packed, paths));
            (candidate, top)
        })
    }
}

impl Candidate {
    fn settle(&self, referrers: &Referrers, is_packed: bool, paths: &Paths) -> Option<&'static TopLevel> {
        let run = &self.bytes[self.at..];
        let is_constant = LOADS.iter().zip(self.loads).any(|(size, may)| may && *size == referrers.loaded);
        let is_path = if is_packed && referrers.is_addressed && !is_constant {
            let of = |lengths: &[usize]| {
                let lengths = lengths.iter().filter(|length| **length > SHORTEST);
                lengths.filter_map(|length| run.get(..*length)).collect::<Vec<_>>()
            };
            let is_one = |path: &&[u8]| is_a_path(path, None, paths).is_some();
            match (of(&referrers.told), of(&referrers.guessed)) {
                (told, _) if !told.is_empty() => told.iter().any(is_one),
                (_, guessed) if !guessed.is_empty() => {
                    guessed.iter().any(|path| is_one(path) && !is_shallow(path))
                }
                _ => depth_in_tree(run, paths) >= DEEP,
            }
        } else {
            is_constant || self.is_whole
        };
        TopLevel::of(run).filter(|_| is_path)
    }
}

/// Whether a path is one that so many begin with that a number beside it may be its length by chance: `/usr/lib`.
fn is_shallow(path: &[u8]) -> bool {
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).count();
    names < DEEP && TopLevel::of(path).is_some_and(|top| matches!(top.link, "u" | "v"))
}

/// How many names deep the longest path of the tree is that some bytes begin with, unless it is the main image's: 3 of
/// `/usr/share/toolbox`, if there is `/usr/share/tool`.
fn depth_in_tree(run: &[u8], paths: &Paths) -> usize {
    let Some(top) = TopLevel::of(run) else { return 0 };
    let name = run[top.path.len()..].split(|byte| *byte == b'/').find(|name| !name.is_empty());
    if name.is_none_or(|name| top.may_be_of_the_image(name)) || run.starts_with(b"/usr/local/") {
        return 0;
    }
    let (mut depth, mut end) = (1, top.path.len());
    while let Some(length) = run[end..].iter().position(|byte| *byte != b'/') {
        let start = end + length;
        let next = run[start..].iter().position(|byte| *byte == b'/').map_or(run.len(), |next| start + next);
        if !paths.has(&run[..next]) {
            let is_begun = paths.longest_name(&run[..end], &run[start..next]).is_some();
            return depth + usize::from(is_begun);
        }
        (depth, end) = (depth + 1, next);
    }
    depth
}

#[cfg(test)]
mod tests {
    use crate::relocate::tests::relocated_file;

    /// Where instructions and data are in [`program`].
    const CODE: usize = 0x140;
    const DATA: usize = 0x180;

    /// A program for amd64 that is loaded at 0 as it lies in the file.
    fn program(code: &[u8], data: &[u8], is_fixed: bool) -> Vec<u8> {
        let mut bytes = vec![0; DATA];
        let mut put = |at: usize, value: usize, size: usize| {
            bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        };
        put(0, 0x0001_0102_464c_457f, 8);
        let kind = if is_fixed { 2 } else { 3 };
        // e_type, e_machine, e_version, e_phoff, e_shoff, e_phentsize, e_phnum, e_shentsize, e_shnum
        for (at, value, size) in [
            (16, kind, 2),
            (18, 62, 2),
            (20, 1, 4),
            (32, 64, 8),
            (40, 128, 8),
            (54, 56, 2),
            (56, 1, 2),
            (58, 64, 2),
            (60, 2, 2),
        ] {
            put(at, value, size);
        }
        // PT_LOAD: p_type, p_filesz
        put(64, 1, 4);
        put(64 + 32, DATA + data.len(), 8);
        // SHT_PROGBITS, SHF_ALLOC and SHF_EXECINSTR, offset, size
        for (at, value, size) in [(4, 1, 4), (8, 6, 8), (16, CODE, 8), (24, CODE, 8), (32, code.len(), 8)] {
            put(128 + 64 + at, value, size);
        }
        bytes[CODE..CODE + code.len()].copy_from_slice(code);
        bytes.extend(data);
        bytes
    }

    /// Instructions before an operand that is relative to the next one, others after it; the operand leads to a place in the
    /// data.
    fn relative(before: &[u8], to: usize, after: &[u8]) -> Vec<u8> {
        let displacement = u32::try_from(DATA + to - (CODE + before.len() + 4)).unwrap_or(0);
        [before, &displacement.to_le_bytes(), after].concat()
    }

    fn rewritten(program: &[u8]) -> String {
        relocated_file("/p", "usr/bin/tool", program).0[DATA..].escape_ascii().to_string()
    }

    const LEA: &[u8] = b"\x48\x8d\x05";

    #[test]
    fn a_path_begins_where_an_instruction_says_so() {
        let data = b"\0\0\0\0?/usr/lib/tool/x.so\0";
        let after = "\\x00\\x00\\x00\\x00?/p/u/lib/tool/x.so\\x00";
        assert_eq!(rewritten(&program(&relative(LEA, 5, b"\xc3"), data, false)), after);
        let stays = data.escape_ascii().to_string();
        for to in [4, 6, 9] {
            assert_eq!(rewritten(&program(&relative(LEA, to, b"\xc3"), data, false)), stays);
        }
    }

    #[test]
    fn strings_that_lie_side_by_side_are_told_apart_by_their_lengths() {
        // as skopeo has them; Rust says who it is
        let rust = b"called/usr/src/rustc-1.63.0/library/core/src/option.rs";
        let data = [&b"a public key/etc/tool/conf/run/containers/etc/tool/confx"[..], rust].concat();
        let one = "a public key/p/e/tool/conf/run/containers/etc/tool/confxcalled";
        let other = "a public key/etc/tool/conf/run/containers/p/e/tool/confxcalled";
        // mov $14, %ebx
        let code = relative(LEA, 12, b"\xbb\x0e\0\0\0");
        assert!(rewritten(&program(&code, &data, false)).starts_with(one));
        let code = relative(b"\xbb\x0e\0\0\0\x48\x8d\x05", 41, b"\xc3");
        assert!(rewritten(&program(&code, &data, false)).starts_with(other));
        // a table in the data: an address and a length
        let mut table = data.clone();
        table.resize(data.len().next_multiple_of(8), 0);
        for word in [DATA as u64 + 12, 14] {
            table.extend(word.to_le_bytes());
        }
        assert!(rewritten(&program(b"\xc3", &table, true)).starts_with(one));
        // nothing leads there; without Rust it would be one long path
        assert!(rewritten(&program(b"\xc3", &data, false)).starts_with("a public key/etc/tool/conf/run"));
        let code = relative(LEA, 12, b"\xbb\x0e\0\0\0");
        let alone = &data[..data.len() - rust.len()];
        assert_eq!(rewritten(&program(&code, alone, false)), String::from_utf8_lossy(alone));
        // the main image's, whatever stands behind it
        let data = [&b"key/etc/passwd/etc/tool/conf"[..], rust].concat();
        let code = relative(LEA, 3, b"\xbb\x0b\0\0\0");
        assert!(rewritten(&program(&code, &data, false)).starts_with("key/etc/passwd/etc/tool/conf"));
    }

    #[test]
    fn a_constant_that_is_loaded_is_the_beginning_of_a_path() {
        // as in libespeak-ng: the rest of the path is elsewhere, and another constant follows
        let data = b"/usr/lib/tool/x.linux-gnu/other/";
        let load = relative(b"\x66\x0f\x6f\x05", 0, b"\xc3");
        assert_eq!(rewritten(&program(&load, data, false)), "/p/u/lib/tool/x.linux-gnu/other/");
        // movq …, %xmm0: eight bytes
        let data = b"/usr/libother/x/";
        let load = relative(b"\xf3\x0f\x7e\x05", 0, b"\xc3");
        assert_eq!(rewritten(&program(&load, data, false)), "/p/u/libother/x/");
        // not loaded; of the image; not of the tree
        for (data, load) in [
            (&b"/usr/lib/other/linux-gnu/other/"[..], b"\xf3\x0f\x7e\x06"),
            (b"/etc/passwdx/usr/", b"\xf3\x0f\x7e\x05"),
            (b"/usr/xyzother/x/", b"\xf3\x0f\x7e\x05"),
        ] {
            let code = relative(load, 0, b"\xc3");
            assert_eq!(rewritten(&program(&code, data, false)), String::from_utf8_lossy(data));
        }
    }

    #[test]
    fn four_bytes_in_a_store_are_the_beginning_of_a_path() {
        // as in ldc2
        let code = b"\x4c\x89\xe7\xc7\x00/usr\x48\x8b\x44\x24\x40\xc7\x00/etc\xc3\xc7\x00/lib\x3d/usr";
        let (result, _) = relocated_file("/p", "usr/bin/tool", &program(code, b"", false));
        let expected = b"\x4c\x89\xe7\xc7\x00/p/u\x48\x8b\x44\x24\x40\xc7\x00/p/e\xc3\xc7\x00/lib\x3d/usr";
        assert_eq!(result[CODE..CODE + code.len()], *expected);
    }
}
