//! `LD_LIBRARY_PATH`, which a main image may set for programs of its own: with its folders, the tree's programs would
//! load libraries that do not fit theirs. So the tree's dynamic linker looks at a variable of another name, which
//! everything in the tree that means it is rewritten to, too: `LD_LIBRARYpPATH` for the prefix `/p`.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::aarch64;
use super::elf;
use super::file::is_linker;
use super::ours::Among;
use super::paths::Paths;

/// The variable of ld.so(8).
pub(super) const NAME: &[u8] = b"LD_LIBRARY_PATH";
/// What glibc compares what follows `LD_` with: the operand of a `movabs` on amd64, a constant of several instructions on
/// arm64. The rest is compared apart.
pub(super) const OPERAND: &[u8] = b"LIBRARY_";
/// The underscore of the name that is replaced.
const AT: usize = 10;
/// glibc's dynamic linker has some 250 KiB.
const LARGEST: u64 = 8 << 20;

/// The other name.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    letter: u8,
}

impl Variable {
    /// For a tree of which each dynamic linker has exactly one place where the name is compared; else the name stays.
    pub(super) fn of(root: &Path, paths: &Paths, letter: u8) -> io::Result<Option<Self>> {
        let mut found = false;
        for path in paths.iter().filter(|path| is_linker(path)) {
            let full = root.join(path.strip_prefix("/").unwrap_or(path));
            let meta = full.symlink_metadata()?;
            if !meta.is_file() || meta.len() > LARGEST {
                continue;
            }
            match places(&full)? {
                None => {}
                Some(1) => found = true,
                Some(_) => return Ok(None),
            }
        }
        Ok(found.then_some(Self { letter }))
    }

    /// What to write over the name, or over the operand of the linker's instruction.
    pub(super) fn decide(&self, before: &[u8], rest: &[u8], among: Among) -> Option<Vec<u8>> {
        let is_name =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if matches!(among, Among::LinkerCode | Among::LinkerOperand) {
            let is_operand =
                rest.starts_with(OPERAND) && (among == Among::LinkerOperand || is_movabs(before));
            return is_operand.then(|| self.renamed(OPERAND, AT - b"LD_".len()));
        }
        let is_whole = rest.starts_with(NAME) && !is_name(before.last()) && !is_name(rest.get(NAME.len()));
        (is_whole && !among.is_code()).then(|| self.renamed(NAME, AT))
    }

    fn renamed(&self, name: &[u8], at: usize) -> Vec<u8> {
        let mut name = name.to_vec();
        name[at] = self.letter;
        name
    }
}

/// Whether these bytes end with the opcode of `movabs $…, %reg` (REX.W B8+r), whose operand has eight bytes.
pub(super) fn is_movabs(before: &[u8]) -> bool {
    matches!(before, [.., 0x48 | 0x49, 0xb8..=0xbf])
}

/// `None` for what is no program, such as `ld.so.conf`.
fn places(linker: &Path) -> io::Result<Option<usize>> {
    let bytes = match fs::read(linker) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        bytes => bytes?,
    };
    if !elf::is_elf(&bytes) {
        return Ok(None);
    }
    let layout = elf::layout(&File::open(linker)?);
    let places = memchr::memmem::find_iter(&bytes, OPERAND)
        .filter(|at| layout.is_code(*at as u64) && is_movabs(&bytes[..*at]))
        .count();
    let constants = aarch64::constants(&layout, &bytes, 0, 0..bytes.len());
    Ok(Some(places + constants.filter(|(_, constant)| constant.bytes == *OPERAND).count()))
}
