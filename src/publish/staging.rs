//! Folders for trees in the making.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::Error;
use super::generations::remove_tree;
use crate::tree::volume::Lacks;

/// Descriptors that are kept for removing a tree, which takes one for each level.
const SPARE: usize = 10;

/// A folder for a tree in the making; removed with all it holds when it is dropped.
#[derive(Debug)]
pub(crate) struct Staging {
    path: PathBuf,
    lacks: Lacks,
    /// What its removal takes, of which there may be no more by then.
    spare: Vec<OwnedFd>,
}

impl Staging {
    /// An empty folder in `folder`, of a volume that is known by the path `at`; its name begins with `name`.
    ///
    /// # Errors
    /// [`Error::OnDisk`]; [`Error::Volume`] for a volume that takes no tree.
    pub(crate) fn within(folder: &Path, name: &str, at: &Path) -> Result<Self, Error> {
        let failed = |source| Error::write(folder, source);
        let spare = (0..SPARE).map(|_| File::open(folder).map(OwnedFd::from)).collect::<io::Result<_>>();
        let spare = spare.map_err(failed)?;
        // not by the process id alone, which is 1 in every container: what could not be removed would be in the way
        let made = tempfile::Builder::new()
            .prefix(name)
            .make_in(folder, |path| fs::DirBuilder::new().mode(0o755).create(path));
        let ((), path) = made.and_then(|made| Ok(made.keep()?)).map_err(failed)?;
        let mut staging = Self { path, lacks: Lacks::default(), spare };
        staging.lacks = Lacks::of(&staging.path, at)?;
        Ok(staging)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What its volume does not keep.
    pub(crate) fn lacks(&self) -> Lacks {
        self.lacks
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.spare.clear();
        let _ = remove_tree(&self.path);
    }
}
