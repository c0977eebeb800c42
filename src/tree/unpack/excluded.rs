//! What must be known of the members that are left out of a package, because others may need them: a hard link to a
//! file that is left out still is that file, and a folder that is left out is there if it has something in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::tree::package::{Directory, LeftOut};

/// A hard link that stays, to a file that does not.
#[derive(Debug)]
pub(super) struct Orphan {
    /// As archived.
    pub(super) raw: Vec<u8>,
    /// In the private root.
    pub(super) path: PathBuf,
}

/// The members left out. Paths are those in the private root.
#[derive(Debug, Default)]
pub(super) struct Excluded {
    pub(super) count: LeftOut,
    /// Files and hard links, and the first name of each file.
    originals: BTreeMap<PathBuf, PathBuf>,
    directories: BTreeMap<PathBuf, Directory>,
    /// By the file that they need.
    orphans: BTreeMap<PathBuf, Vec<Orphan>>,
}

impl Excluded {
    pub(super) fn directory(&mut self, directory: Directory) {
        self.directories.insert(directory.path.clone(), directory);
    }

    pub(super) fn file(&mut self, path: &Path) {
        self.originals.insert(path.to_owned(), path.to_owned());
    }

    pub(super) fn hard_link(&mut self, path: &Path, target: PathBuf) {
        let original = self.originals.get(&target).cloned().unwrap_or(target);
        self.originals.insert(path.to_owned(), original);
    }

    /// The first name of the file that a target of a hard link is, if that target was left out.
    pub(super) fn original(&self, target: &Path) -> Option<&Path> {
        self.originals.get(target).map(PathBuf::as_path)
    }

    /// Whether this first name was left out.
    pub(super) fn is_out(&self, original: &Path) -> bool {
        self.original(original) == Some(original)
    }

    /// A link that stays, to a file whose first name was left out.
    pub(super) fn orphan(&mut self, original: &Path, orphan: Orphan) {
        // the next link may be one to this
        self.originals.insert(orphan.path.clone(), original.to_owned());
        self.orphans.entry(original.to_owned()).or_default().push(orphan);
    }

    /// Forgets the link of that path that waits for its file: a later member takes its place. Whether there is one.
    pub(super) fn supersede(&mut self, path: &Path) -> bool {
        let mut found = false;
        for orphans in self.orphans.values_mut() {
            let before = orphans.len();
            orphans.retain(|orphan| orphan.path != path);
            found |= orphans.len() < before;
        }
        if found {
            self.originals.remove(path);
        }
        found
    }

    /// Whether the archive must be read again.
    pub(super) fn has_orphans(&self) -> bool {
        !self.orphans.is_empty()
    }

    /// The links that need this file, each once.
    pub(super) fn take_orphans(&mut self, original: &Path) -> Vec<Orphan> {
        self.orphans.remove(original).unwrap_or_default()
    }

    /// Gives folders that had to be made all the same the modes and times of their members. dpkg would end with an error
    /// for want of such a folder.
    pub(super) fn restore(&self, directories: &mut [Directory]) {
        for directory in directories.iter_mut().filter(|directory| directory.mtime.is_none()) {
            if let Some(member) = self.directories.get(&directory.path) {
                directory.clone_from(member);
            }
        }
    }
}
