//! The files of a tree that are looked through, each once: not those that nobody but people reads, and a file of several names
//! (hard links) under the first of them.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// As long as the shortest path that is rewritten, `/usr`.
const SHORTEST: u64 = 4;

/// Folders of aptlet's and dpkg's own records, whose paths are those of the packages; and of what only people read.
const PASSED_OVER: [&str; 12] = [
    "var/lib/dpkg",
    "var/lib/aptlet",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/share/doc-base",
    "usr/share/locale",
    // patterns for files of others
    "usr/share/misc",
    "usr/lib/file",
    "usr/share/mime",
];

/// Files to look through; their paths are relative to the tree.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Each file once, under one of its names.
    pub(super) first: Vec<PathBuf>,
    /// The other names of those that have several.
    pub(super) others: HashMap<PathBuf, Vec<PathBuf>>,
    inodes: HashMap<u64, PathBuf>,
}

impl Candidates {
    /// Takes a regular file, whose path is relative to the tree, if it may have a path in it.
    pub(super) fn add(&mut self, path: &Path, meta: &Metadata) {
        if meta.len() < SHORTEST || PASSED_OVER.iter().any(|folder| path.starts_with(folder)) {
            return;
        }
        if meta.nlink() > 1 {
            if let Some(name) = self.inodes.get(&meta.ino()) {
                self.others.entry(name.clone()).or_default().push(path.to_owned());
                return;
            }
            self.inodes.insert(meta.ino(), path.to_owned());
        }
        self.first.push(path.to_owned());
    }
}
