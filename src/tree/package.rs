//! A package on its way into the tree.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Note;
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

/// A directory of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its place in the tree, relative; empty for the root.
    pub path: PathBuf,
    /// Permission bits, sticky and set-group-id included.
    pub mode: u32,
    /// Seconds since the epoch; `None` where the package has files in the directory, but not the directory.
    pub mtime: Option<i64>,
}

impl Directory {
    pub(super) fn implied(path: PathBuf) -> Self {
        Self { path, mode: 0o755, mtime: None }
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
    /// and without device nodes.
    pub paths: Vec<PathBuf>,
    /// Its directories, in the order of their making.
    pub directories: Vec<Directory>,
    /// The merged-usr links that its paths count on, such as `lib`.
    pub aliases: BTreeSet<&'static str>,
    /// The newest modification time in the archive, in seconds since the epoch.
    pub newest_mtime: i64,
    /// Where the tree differs from the archive.
    pub notes: Vec<Note>,
}
