//! What of a finished tree is on the disk.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::arrange::Arrange as _;
use crate::oci;
use crate::oci::Content;

/// A path of a tree.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Relative to the root.
    pub(super) path: PathBuf,
    pub(super) mode: u32,
    pub(super) mtime: i64,
    pub(super) content: Content,
    /// The file itself, where it has other names.
    pub(super) inode: Option<u64>,
}

impl Found {
    /// How many bytes it has.
    pub(super) fn size(&self) -> u64 {
        if let Content::File(size) = self.content { size } else { 0 }
    }

    pub(super) fn is_folder(&self) -> bool {
        self.content == Content::Directory
    }
}

/// All paths below a root, folders before what is in them, in one order.
pub(super) fn walk(root: &Path) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let here = root.join(&folder);
        let unread = |source| oci::Error::read(&here, source);
        for entry in fs::read_dir(&here).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let path = folder.join(entry.file_name());
            let meta = entry.metadata().map_err(unread)?;
            if meta.is_dir() {
                folders.push(path.clone());
            }
            let content = content(root, &path, &meta)?;
            let inode = (meta.is_file() && meta.nlink() > 1).then(|| meta.ino());
            found.push(Found { path, mode: meta.mode() & 0o7777, mtime: meta.mtime(), content, inode });
        }
    }
    found.arrange_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn content(root: &Path, path: &Path, meta: &Metadata) -> Result<Content, Error> {
    let kind = meta.file_type();
    Ok(if kind.is_dir() {
        Content::Directory
    } else if kind.is_file() {
        Content::File(meta.len())
    } else if kind.is_symlink() {
        let target = fs::read_link(root.join(path));
        Content::Link(target.map_err(|source| oci::Error::read(&root.join(path), source))?)
    } else if kind.is_fifo() {
        Content::Fifo
    } else {
        return Err(Error::Odd { path: Path::new("/").join(path) });
    })
}
