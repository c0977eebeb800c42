//! Why a tree could not be relocated.

use std::io;
use std::path::{Path, PathBuf};

use crate::tree;

/// Why a tree could not be relocated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of the tree cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of the tree cannot be written over.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The tree takes no more.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// What is searched for cannot be compiled; nothing that a user could have caused.
    #[error("internal error: {0}")]
    Search(#[from] aho_corasick::BuildError),
}

impl Error {
    pub(super) fn read(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Read { path: path.as_ref().to_owned(), source }
    }

    pub(super) fn write(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        Self::Write { path: path.as_ref().to_owned(), source: source.into() }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Read { source, .. } => tree::read_hint(source).map(str::to_owned),
            Self::Write { source, .. } => tree::write_hint(source).map(str::to_owned),
            Self::Tree(error) => error.hint(),
            Self::Search(_) => Some("report this, with the log, to the makers of aptlet".to_owned()),
        }
    }
}
