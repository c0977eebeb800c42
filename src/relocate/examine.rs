//! What relocation did to a tree, asked afterwards: which paths in which files were rewritten, and which stay and why.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::aarch64;
use super::boundaries::{LONGEST_PATH, path_at_start};
use super::candidates::Candidates;
use super::elf::is_dynamic_linker;
use super::error::Error;
use super::form::Form;
use super::kept::Kept;
use super::needles::searcher;
use super::paths::Paths;
use super::read::fill;
use super::record::Record;
use super::wide;
use super::worker::Worker;

/// A file that has paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Examined {
    /// In the tree, without `/`.
    pub(crate) path: PathBuf,
    /// Offsets in bytes, what the package has there, and what is there now.
    pub(crate) rewritten: Vec<(u64, Vec<u8>, Vec<u8>)>,
    /// Whether the dynamic linker and the folders of libraries are strings at the end of the file.
    pub(crate) extended: bool,
    /// Offsets in bytes, what is there, and why it stays.
    pub(crate) left: Vec<(u64, Vec<u8>, Kept)>,
}

/// Examines the files of a relocated tree at or below a path, which is relative to it; those without any path are left
/// out.
///
/// # Errors
/// [`Error::Read`], with what of the tree cannot be read.
pub(crate) fn examine(root: &Path, record: &Record, below: &Path) -> Result<Vec<Examined>, Error> {
    let mut candidates = Candidates::default();
    let paths = Paths::read(root, |path, meta| {
        if path.starts_with(below) {
            candidates.add(path, meta);
        }
    })?;
    let searcher = searcher()?;
    // the path links have their names, and what is still there had no room for one
    let form = Form::to(&record.prefix).for_tree(root, &paths)?.named();
    let mut worker = Worker::new(&form, &paths, &searcher);
    let mut examined = Vec::new();
    for path in candidates.first {
        let full = root.join(&path);
        let mut left = worker.kept(&full)?;
        // an adapted prefix may begin like a path of the tree
        left.retain(|(_, path, _)| !Path::new(OsStr::from_bytes(path)).starts_with(&record.prefix));
        let overwritten =
            record.files.get(&path).map(|original| original.overwritten.as_slice()).unwrap_or_default();
        let mut rewritten = Vec::new();
        let (mut extended, mut grown) = (false, 0_u64);
        if let Some(end) = overwritten.iter().find(|piece| piece.original.is_empty()) {
            extended = true;
            left.retain(|(place, _, _)| *place < end.offset);
            for (_, path, kept) in &mut left {
                if is_dynamic_linker(Path::new(OsStr::from_bytes(path))) {
                    *kept = Kept::Replaced;
                }
            }
        }
        for piece in overwritten {
            if let Some(original) = aarch64::spelled(&piece.original) {
                let now = bytes_at(&full, piece.offset + grown, piece.original.len())?;
                let now = aarch64::spelled(&now).map(Vec::from).unwrap_or(now);
                rewritten.push((piece.offset, original.to_vec(), now));
            } else if let Some(original) = wide::spelled(&piece.original) {
                let now = bytes_at(&full, piece.offset + grown, LONGEST_PATH)?;
                let now = wide::spelled(&now).unwrap_or_default();
                let rest = now.get(original.len()..).unwrap_or_default();
                rewritten.push((piece.offset, [&original, rest].concat(), now));
            } else if matches!(piece.original.first(), Some(b'u' | b'e' | b'v'))
                || piece.original.contains(&b' ')
            {
                // the first of several names, or a list of them
                let length = usize::try_from(piece.length).unwrap_or_default();
                let now = bytes_at(&full, piece.offset + grown, length)?;
                rewritten.push((piece.offset, piece.original.clone(), now));
            } else if matches!(piece.original.first(), Some(b'/' | b'L')) {
                // a path, or the name of a variable, may go on after what was written over
                let now = path_at_start(&bytes_at(&full, piece.offset + grown, LONGEST_PATH)?).to_vec();
                let length = usize::try_from(piece.length).unwrap_or(usize::MAX);
                let rest = now.get(length..).unwrap_or_default();
                rewritten.push((piece.offset, [&piece.original, rest].concat(), now));
            }
            grown += piece.length.saturating_sub(piece.original.len() as u64);
        }
        if !rewritten.is_empty() || !left.is_empty() || extended {
            examined.push(Examined { path, rewritten, extended, left });
        }
    }
    examined.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(examined)
}

/// The bytes at a place of a file, as many as it has.
fn bytes_at(path: &Path, offset: u64, length: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; length];
    let filled = File::open(path)
        .and_then(|file| fill(&file, &mut bytes, offset))
        .map_err(|source| Error::read(path, source))?;
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::relocate::Relocation;
    use crate::tree::Tree;

    #[test]
    fn paths_that_are_not_written_in_bytes_are_shown_as_what_they_say() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        for path in ["usr/share/tool", "usr/bin"] {
            tree.create_directory(Path::new(path)).unwrap();
        }
        let root = tree.root().to_owned();
        let wide: Vec<u8> = "/usr/share/tool\0".bytes().flat_map(|byte| [byte, 0, 0, 0]).collect();
        fs::write(root.join("usr/bin/wide"), wide).unwrap();
        fs::write(root.join("usr/bin/joined"), "os.path.join('/', 'usr', 'share', 'tool')").unwrap();
        fs::write(root.join("usr/bin/list"), "catdir(rootdir, qw/usr share tool/)").unwrap();
        let relocated = Relocation::to("/p").apply(&mut tree).unwrap();
        let examined = examine(&root, &relocated.record, Path::new("usr/bin")).unwrap();
        let shown = |path: &str, offset: u64, before: &str, now: &str| Examined {
            path: path.into(),
            rewritten: vec![(offset, before.into(), now.into())],
            extended: false,
            left: Vec::new(),
        };
        let expected = [
            shown("usr/bin/joined", 19, "usr", "p/u"),
            shown("usr/bin/list", 18, "/usr share tool/", "(p/u share tool)"),
            shown("usr/bin/wide", 0, "/usr/share/tool", "/p/u/share/tool"),
        ];
        assert_eq!(examined, expected);
    }
}
