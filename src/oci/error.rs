//! What can go wrong with an image.

use std::io;
use std::path::{Path, PathBuf};

/// An image that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Anything the file system refuses.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is to be a part of the image.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder with something else in it.
    #[error("{} is no image layout: {reason}", folder.display())]
    NoLayout {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Error {
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "make room there, or write to another place with -o".to_owned()
            }
            Self::Write { .. } => "name a place with -o that this user can write to".to_owned(),
            Self::Read { .. } => {
                "leave it out with --path-exclude, or run this as a user who can read it".to_owned()
            }
            Self::NoLayout { .. } => {
                "name a folder that is not there yet, or one that 'aptlet bake' or skopeo has made".to_owned()
            }
        }
    }
}
