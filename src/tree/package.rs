//! A package on its way into the tree.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Note;
use crate::deb::Control;
use crate::plan::Artifact;

/// How much a package may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, both of files and of the archive that holds them.
    pub max_unpacked: u64,
    /// Archive members.
    pub max_entries: u64,
}

impl Limits {
    /// One and a half times what the index declares, plus 64 MiB; 16 GiB where it declares nothing.
    pub fn for_artifact(artifact: &Artifact) -> Self {
        let max_unpacked = match artifact.installed_size {
            0 => 16 << 30,
            kibibytes => kibibytes.saturating_mul(1024 + 512).saturating_add(64 << 20),
        };
        Self { max_unpacked, max_entries: 2_000_000 }
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
