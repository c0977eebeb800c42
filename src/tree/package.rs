//! A package on its way into the tree.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::note::Note;
use super::ownership::{Owned, Owner};
use crate::deb::Control;
use crate::plan::Artifact;

/// What of a package was left out because of a [`super::filter::Filter`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Files, links and directories.
    pub(crate) paths: u64,
    /// The bytes of the files.
    pub(crate) bytes: u64,
}

/// A directory of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directory {
    /// Its place in the tree, relative; empty for the root.
    pub(crate) path: PathBuf,
    /// Permission bits, sticky and set-group-id included.
    pub(crate) mode: u32,
    /// Seconds since the epoch; `None` where the package has files in the directory, but not the directory.
    pub(crate) mtime: Option<i64>,
    /// Whose it is, if not root's and to be kept.
    pub(crate) owner: Option<Owner>,
}

impl Directory {
    pub(super) fn implied(path: PathBuf) -> Self {
        Self { path, mode: 0o755, mtime: None, owner: None }
    }
}

/// A package that lies in its private root.
#[derive(Debug, Clone)]
pub struct Unpacked {
    /// What was unpacked.
    pub(crate) artifact: Artifact,
    /// Its control information.
    pub(crate) control: Control,
    /// What it holds, in archive order: absolute, as archived (`/lib/x`, not `/usr/lib/x`), without the root
    /// and without device nodes. What was left out is among them, as dpkg lists it, too.
    pub(crate) paths: Vec<PathBuf>,
    /// What of it is not all root's, but for directories; nothing if owners are not kept.
    pub(crate) owned: Vec<Owned>,
    /// How many of its files the group may read or execute only because it shares the volume.
    pub(crate) widened: u64,
    /// How much of it was left out.
    pub(crate) left_out: LeftOut,
    /// Its directories, in the order of their making.
    pub(crate) directories: Vec<Directory>,
    /// The merged-usr links that its paths count on, such as `lib`.
    pub(crate) aliases: BTreeSet<&'static str>,
    /// The newest modification time in the archive, in seconds since the epoch.
    pub(crate) newest_mtime: i64,
    /// Where the tree differs from the archive.
    pub(crate) notes: Vec<Note>,
}

/// The newest modification time in any of the archives, in seconds since the epoch; 0 without packages.
pub(crate) fn newest_mtime(packages: &[Unpacked]) -> i64 {
    let times = packages.iter().map(|package| package.newest_mtime);
    times.max().filter(|time| *time != i64::MIN).unwrap_or(0)
}
