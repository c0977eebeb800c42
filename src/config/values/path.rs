//! Settings that are paths of another kind than a file of this machine, which is a [`PathBuf`].

use std::path::PathBuf;

/// A path of another container, or within a tree: it is never beside a file of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathElsewhere(pub(crate) PathBuf);

impl From<PathBuf> for PathElsewhere {
    fn from(path: PathBuf) -> Self {
        Self(path)
    }
}

/// What counts as installed already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// `none`: nothing does, whatever the image has. A file of that name is `./none`.
    Nothing,
    /// What this dpkg status has: a file or a folder.
    Status(PathBuf),
}

impl Base {
    /// The word for [`Base::Nothing`].
    pub(in crate::config) const NOTHING: &str = "none";

    /// The dpkg status, if there is to be one.
    pub(crate) fn status(self) -> Option<PathBuf> {
        match self {
            Self::Nothing => None,
            Self::Status(path) => Some(path),
        }
    }
}

impl From<PathBuf> for Base {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == Self::NOTHING { Self::Nothing } else { Self::Status(path) }
    }
}

/// Where `aptlet lock` writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// `-`: standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl From<PathBuf> for Output {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdout } else { Self::File(path) }
    }
}
