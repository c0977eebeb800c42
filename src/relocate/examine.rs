//! What relocation did to a tree, asked afterwards: which paths in which files were rewritten, and which stay and why.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::aarch64;
use super::file::{Worker, bytes_at, is_linker};
use super::record::Record;
use super::{All, Files, Left, Paths, Relocation, searcher};

/// A file that has paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// In the tree, without `/`.
    pub path: PathBuf,
    /// Offsets in bytes, what the package has there, and what is there now.
    pub rewritten: Vec<(u64, Vec<u8>, Vec<u8>)>,
    /// Whether the dynamic linker and the folders of libraries are strings at the end of the file.
    pub extended: bool,
    /// Offsets in bytes, what is there, and why it stays.
    pub left: Vec<(u64, Vec<u8>, Left)>,
}

/// Examines the files of a relocated tree at or below a path, which is relative to it; those without any path are left
/// out.
///
/// # Errors
/// A tree that cannot be read.
pub fn examine(root: &Path, record: &Record, below: &Path) -> io::Result<Vec<Examined>> {
    let mut files = Files::default();
    let paths = Paths::read(root, |path, meta| {
        if path.starts_with(below) {
            files.add(path, meta);
        }
    })?;
    let searcher = searcher()?;
    let all = All { root, paths: &paths, files: &[], searcher: &searcher };
    let relocation = Relocation::to(&record.prefix).for_tree(root, &all).map_err(io::Error::other)?;
    let mut worker = Worker::new(&relocation, &paths, &searcher);
    let mut examined = Vec::new();
    for path in files.first {
        let mut left = worker.staying(&root.join(&path))?;
        // an adapted prefix may begin like a path of the tree
        left.retain(|(_, path, _)| !Path::new(OsStr::from_bytes(path)).starts_with(&record.prefix));
        let edits = record.files.get(&path).map(|original| original.edits.as_slice()).unwrap_or_default();
        let mut rewritten = Vec::new();
        let (mut extended, mut grown) = (false, 0_u64);
        if let Some(end) = edits.iter().find(|edit| edit.original.is_empty()) {
            extended = true;
            left.retain(|(place, _, _)| *place < end.offset);
            for (_, path, left) in &mut left {
                if is_linker(Path::new(OsStr::from_bytes(path))) {
                    *left = Left::Replaced;
                }
            }
        }
        for edit in edits {
            if let Some(original) = aarch64::spelled(&edit.original) {
                let now = bytes_at(&root.join(&path), edit.offset + grown, edit.original.len())?;
                let now = aarch64::spelled(&now).map(Vec::from).unwrap_or(now);
                rewritten.push((edit.offset, original.to_vec(), now));
            } else if matches!(edit.original.first(), Some(b'/' | b'L')) {
                let now = worker.token_at(&root.join(&path), edit.offset + grown)?;
                let length = usize::try_from(edit.length).unwrap_or(usize::MAX);
                let rest = now.get(length..).unwrap_or_default();
                rewritten.push((edit.offset, [&edit.original, rest].concat(), now));
            }
            grown += edit.length.saturating_sub(edit.original.len() as u64);
        }
        if !rewritten.is_empty() || !left.is_empty() || extended {
            examined.push(Examined { path, rewritten, extended, left });
        }
    }
    examined.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(examined)
}
