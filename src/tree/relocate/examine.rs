//! What relocation did to a tree, asked afterwards: which paths in which files were rewritten, and which stay and why.

use std::io;
use std::path::{Path, PathBuf};

use super::file::Worker;
use super::record::Record;
use super::{Files, Left, Paths, Relocation, searcher};

/// A file that has paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// In the tree, without `/`.
    pub path: PathBuf,
    /// Offsets in bytes, what the package has there, and what is there now.
    pub rewritten: Vec<(u64, Vec<u8>, Vec<u8>)>,
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
    let relocation = Relocation::to(&record.prefix).for_tree(root, &paths)?;
    let searcher = searcher()?;
    let mut worker = Worker::new(&relocation, &paths, &searcher);
    let mut all = Vec::new();
    for path in files.first {
        let left = worker.staying(&root.join(&path))?;
        let edits = record.files.get(&path).map(|original| original.edits.as_slice()).unwrap_or_default();
        let mut rewritten = Vec::new();
        for (offset, original) in edits {
            let now = worker.token_at(&root.join(&path), *offset)?;
            let rest = now.get(original.len()..).unwrap_or_default();
            rewritten.push((*offset, [original, rest].concat(), now));
        }
        if !rewritten.is_empty() || !left.is_empty() {
            all.push(Examined { path, rewritten, left });
        }
    }
    all.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(all)
}
