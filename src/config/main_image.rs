//! Where what is known of the main image comes from.

use std::path::{Path, PathBuf};

use super::command::Command;
use super::release_of_image::root_of;
use super::values::ImageLibc;

/// The main image, as far as this run can look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MainImage {
    /// Its C library, where that was said.
    pub(crate) libc: Option<ImageLibc>,
    /// Its dpkg status: a file or a folder.
    pub(crate) status: Option<PathBuf>,
    /// Its root file system, or a copy of it.
    pub(crate) root: Option<PathBuf>,
}

/// An image that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownImage {
    /// As a lock records it: with its digest.
    pub(crate) name: String,
    /// A folder with what of its root file system tells something.
    pub(crate) root: PathBuf,
    /// Whether dpkg has installed something in it.
    pub(crate) has_packages: bool,
    /// Its PATH.
    pub(crate) path: Option<String>,
}

impl KnownImage {
    /// Its dpkg database.
    pub(super) fn status(&self) -> Option<PathBuf> {
        self.has_packages.then(|| self.root.join("var/lib/dpkg"))
    }
}

impl MainImage {
    /// `base` is what counts as installed; `dpkg` the database of this machine, which is the image for a command that runs in
    /// it, whatever the base is.
    pub(super) fn of(command: Command, libc: Option<ImageLibc>, base: Option<&Path>, dpkg: &Path) -> Self {
        let own = command.runs_in_image().then_some(dpkg);
        let status = base.or(own.filter(|own| own.join("status").is_file() || own.join("status.d").is_dir()));
        let root = own.or(base).and_then(root_of);
        Self { libc, status: status.map(Path::to_owned), root }
    }
}
