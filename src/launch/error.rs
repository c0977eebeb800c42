//! What can go wrong with launchers.

use std::io;
use std::path::{Path, PathBuf};

/// A link or launcher that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct Error {
    /// The file.
    pub(crate) path: PathBuf,
    /// Why.
    pub(crate) source: io::Error,
}

impl Error {
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_owned(), source }
    }
}
