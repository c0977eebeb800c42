//! `LD_LIBRARY_PATH` gets another name in the tree.
//!
//! A main image may set the variable for programs of its own. With its folders, the tree's programs would load libraries that
//! do not fit theirs. So the tree's dynamic linker looks at another variable, and everything in the tree that means the
//! variable is rewritten, too. For the prefix `/p` it is `LD_LIBRARYpPATH`: as long as before, with the letter of the prefix
//! in place of an underscore.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::aarch64;
use super::amd64::is_movabs;
use super::elf::{self, ElfLayout};
use super::error::Error;
use super::needles::{LD_LIBRARY_PATH, LIBRARY_};
use super::paths::Paths;
use super::region::Region;

/// Where in the name the underscore is that is replaced.
const UNDERSCORE: usize = 10;
/// glibc's dynamic linker has some 250 KiB.
const LARGEST: u64 = 8 << 20;

/// The other name of the variable.
#[derive(Debug, Clone)]
pub(super) struct RenamedVariable {
    letter: u8,
}

impl RenamedVariable {
    /// For a tree of which each dynamic linker has exactly one place where the name is compared; else the name stays. `letter`
    /// is that of the prefix, `p` of `/p`.
    pub(super) fn of(root: &Path, paths: &Paths, letter: u8) -> Result<Option<Self>, Error> {
        let mut found = false;
        for path in paths.iter().filter(|path| elf::is_dynamic_linker(path)) {
            let full = root.join(path.strip_prefix("/").unwrap_or(path));
            let meta = full.symlink_metadata().map_err(|source| Error::read(&full, source))?;
            if !meta.is_file() || meta.len() > LARGEST {
                continue;
            }
            match places(&full).map_err(|source| Error::read(&full, source))? {
                None => {}
                Some(1) => found = true,
                Some(_) => return Ok(None),
            }
        }
        Ok(found.then_some(Self { letter }))
    }

    /// What to write over the name, or over the operand of the linker's instruction, which stands at the beginning of `rest`;
    /// `None` where it is only a part of another name, such as `LD_LIBRARY_PATH_64`.
    pub(super) fn replacement(&self, before: &[u8], rest: &[u8], region: Region) -> Option<Vec<u8>> {
        let is_name =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if region.is_code_of_the_linker() {
            let is_operand =
                rest.starts_with(LIBRARY_) && (region == Region::LinkerImmediates || is_movabs(before));
            return is_operand.then(|| self.renamed(LIBRARY_, UNDERSCORE - b"LD_".len()));
        }
        let is_whole = rest.starts_with(LD_LIBRARY_PATH)
            && !is_name(before.last())
            && !is_name(rest.get(LD_LIBRARY_PATH.len()));
        (is_whole && !region.is_code()).then(|| self.renamed(LD_LIBRARY_PATH, UNDERSCORE))
    }

    fn renamed(&self, name: &[u8], at: usize) -> Vec<u8> {
        let mut name = name.to_vec();
        name[at] = self.letter;
        name
    }
}

/// In how many places a dynamic linker compares the name. `None` for what is no program, such as `ld.so.conf`.
fn places(linker: &Path) -> io::Result<Option<usize>> {
    let bytes = match fs::read(linker) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        bytes => bytes?,
    };
    if !elf::is_elf(&bytes) {
        return Ok(None);
    }
    let layout = ElfLayout::of(&File::open(linker)?);
    let places = memchr::memmem::find_iter(&bytes, LIBRARY_)
        .filter(|at| layout.is_code(*at as u64) && is_movabs(&bytes[..*at]))
        .count();
    let constants = aarch64::constants(&layout, &bytes, 0, 0..bytes.len());
    Ok(Some(places + constants.filter(|(_, constant)| constant.bytes == *LIBRARY_).count()))
}
