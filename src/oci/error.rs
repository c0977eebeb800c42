//! What can go wrong with an image.

use std::io;
use std::path::{Path, PathBuf};

use crate::fetch;

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
    /// A registry that does not take it.
    #[error(transparent)]
    Registry(#[from] fetch::Error),
    /// An image of somebody else that cannot be used.
    #[error("image {image}: {problem}")]
    BadImage {
        /// As it was named.
        image: String,
        /// Why not.
        problem: String,
    },
    /// An image for other machines.
    #[error("image {image} is not for {wanted}: it is for {there}")]
    NoPlatform {
        /// As it was named.
        image: String,
        /// The platform that was asked for.
        wanted: String,
        /// Those that there are.
        there: String,
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
            Self::Registry(error) => {
                error.hint().unwrap_or_else(|| "look in the log of the registry".to_owned())
            }
            Self::BadImage { .. } => {
                "look at it with 'skopeo inspect', and pull or build it again; or name another one".to_owned()
            }
            Self::NoPlatform { .. } => "choose an image for that platform, or another --arch".to_owned(),
            Self::NoLayout { .. } => {
                "name a folder that is not there yet, or one that 'aptlet bake' or skopeo has made".to_owned()
            }
        }
    }
}
