//! A tree that is being made, put where it will be seen, for as long as programs run in it.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The links of a destination, which lead to a tree that is not published. What is published turns them, also where
/// this has been killed.
pub(super) struct Room {
    links: Vec<PathBuf>,
}

impl Room {
    /// `links`: the names in the destination, and what they stand for in the tree.
    pub(super) fn open(destination: &Path, root: &Path, links: &[(&str, &str)]) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let mut room = Self { links: Vec::new() };
        for (name, target) in links {
            let link = destination.join(name);
            if link.is_symlink() {
                fs::remove_file(&link)?;
            }
            symlink(root.join(target), &link)?;
            room.links.push(link);
        }
        Ok(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        for link in &self.links {
            let _ = fs::remove_file(link);
        }
    }
}
