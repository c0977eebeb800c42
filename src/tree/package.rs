//! A package on its way into the tree.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Note;
use super::filter::Filter;
use super::owners::{Owned, Owner};
use crate::deb::Control;
use crate::plan::Artifact;

/// How much a package may unpack to.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Bytes, both of files and of the archive that holds them.
    pub max_unpacked: u64,
    /// Archive members.
    pub max_entries: u64,
    /// Bytes of all their paths, and [`ENTRY`] for each member: these are held in memory until the tree is finished.
    pub max_names: u64,
    /// What all packages together may still unpack to.
    pub allowance: Option<&'a Allowance>,
}

/// What a member takes in memory besides its path, in bytes.
pub(super) const ENTRY: u64 = 64;

impl Limits<'_> {
    /// Bytes: one and a half times what the index declares, or a hundred times the size of the `.deb` where it
    /// declares nothing, plus 64 MiB. Members: one for each KiB of that, since dpkg-gencontrol(1) counts no less for
    /// any; but no more than fit in 32 MiB of memory.
    pub fn for_artifact(artifact: &Artifact) -> Self {
        let declared = match artifact.installed_size {
            0 => artifact.size.saturating_mul(100),
            kibibytes => kibibytes.saturating_mul(1024 + 512),
        };
        let max_unpacked = declared.saturating_add(64 << 20);
        Self { max_unpacked, max_entries: max_unpacked / 1024, max_names: 32 << 20, allowance: None }
    }
}

/// What the packages of a plan may unpack to together (`--max-unpacked`).
#[derive(Debug)]
pub struct Allowance {
    /// In bytes.
    pub total: u64,
    used: AtomicU64,
}

impl Allowance {
    /// `total` in bytes.
    pub fn new(total: u64) -> Self {
        Self { total, used: AtomicU64::new(0) }
    }

    /// Counts so many bytes as unpacked; false if that is more than was allowed.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let used = self.used.fetch_add(bytes.min(self.total.saturating_add(1)), Ordering::Relaxed);
        used.saturating_add(bytes) <= self.total
    }
}

/// How packages are laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout<'a> {
    /// Which paths are left out; without one, none.
    pub filter: Option<&'a Filter>,
    /// Whether owners and set-id bits are to be kept ([`super::owners`]), instead of being noted.
    pub keep_owners: bool,
    /// Whether a group shares the volume, and may read what its owner may ([`super::group`]).
    pub shared: bool,
}

/// What of a package was left out because of a [`Filter`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Files, links and directories.
    pub paths: u64,
    /// The bytes of the files.
    pub bytes: u64,
}

/// A directory of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its place in the tree, relative; empty for the root.
    pub path: PathBuf,
    /// Permission bits, sticky and set-group-id included.
    pub mode: u32,
    /// Seconds since the epoch; `None` where the package has files in the directory, but not the directory.
    pub mtime: Option<i64>,
    /// Whose it is, if not root's and to be kept.
    pub owner: Option<Owner>,
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
    pub artifact: Artifact,
    /// Its control information.
    pub control: Control,
    /// What it holds, in archive order: absolute, as archived (`/lib/x`, not `/usr/lib/x`), without the root
    /// and without device nodes. What was left out is among them, as dpkg lists it, too.
    pub paths: Vec<PathBuf>,
    /// What of it is not all root's, but for directories; nothing if owners are not kept.
    pub owned: Vec<Owned>,
    /// How many of its files the group may read or execute only because it shares the volume.
    pub widened: u64,
    /// How much of it was left out.
    pub left_out: LeftOut,
    /// Its directories, in the order of their making.
    pub directories: Vec<Directory>,
    /// The merged-usr links that its paths count on, such as `lib`.
    pub aliases: BTreeSet<&'static str>,
    /// The newest modification time in the archive, in seconds since the epoch.
    pub newest_mtime: i64,
    /// Where the tree differs from the archive.
    pub notes: Vec<Note>,
}

/// The newest modification time in any of the archives, in seconds since the epoch; 0 without packages.
pub fn newest_mtime(packages: &[Unpacked]) -> i64 {
    let times = packages.iter().map(|package| package.newest_mtime);
    times.max().filter(|time| *time != i64::MIN).unwrap_or(0)
}
