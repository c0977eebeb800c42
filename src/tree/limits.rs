//! How much packages may unpack to: each of them, and all together.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::plan::Artifact;

/// How much a package may unpack to.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Bytes, both of files and of the archive that holds them.
    pub max_unpacked: u64,
    /// Archive members.
    pub max_entries: u64,
    /// Bytes of all their paths, and `ENTRY` for each member: these are held in memory until the tree is finished.
    pub max_names: u64,
    /// What all packages together may still unpack to.
    pub allowance: Option<&'a Allowance>,
}

/// What a member takes in memory besides its path, in bytes.
pub(super) const ENTRY: u64 = 64;

impl Limits<'_> {
    /// Bytes: one and a half times what the index declares, and no less than ten times the size of the `.deb`, for some
    /// declare MiB where KiB are meant; or a hundred times that size where it declares nothing; plus 64 MiB. Members: one for each KiB of that, since dpkg-gencontrol(1) counts no less for
    /// any; but no more than fit in 32 MiB of memory.
    pub(crate) fn for_artifact(artifact: &Artifact) -> Self {
        let declared = match artifact.installed_size {
            0 => artifact.size.saturating_mul(100),
            kibibytes => kibibytes.saturating_mul(1024 + 512).max(artifact.size.saturating_mul(10)),
        };
        let max_unpacked = declared.saturating_add(64 << 20);
        Self { max_unpacked, max_entries: max_unpacked / 1024, max_names: 32 << 20, allowance: None }
    }
}

/// What the packages of a plan may unpack to together (`--max-unpacked`).
#[derive(Debug)]
pub struct Allowance {
    /// In bytes.
    pub(crate) total: u64,
    used: AtomicU64,
}

impl Allowance {
    /// `total` in bytes.
    pub(crate) fn new(total: u64) -> Self {
        Self { total, used: AtomicU64::new(0) }
    }

    /// Counts so many bytes as unpacked; false if that is more than was allowed.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let used = self.used.fetch_add(bytes.min(self.total.saturating_add(1)), Ordering::Relaxed);
        used.saturating_add(bytes) <= self.total
    }
}
