//! What a file system refuses, in the words that all stops have for it.

use std::io;
use std::path::{Path, PathBuf};

/// A file or folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OnDisk {
    /// What is there.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is to be there.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl OnDisk {
    pub(crate) fn read(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        Self::Read { path: path.as_ref().to_owned(), source: source.into() }
    }

    pub(crate) fn write(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        Self::Write { path: path.as_ref().to_owned(), source: source.into() }
    }
}
