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
