//! Why a tree could not be finished.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::tree;

/// Why a tree could not be finished.
///
/// The destination fails with [`Error::Read`] and [`Error::Write`]; the settings exclude the packages with
/// [`Error::Scripts`] and [`Error::Locale`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The destination does not give back what was unpacked to it.
    #[error("cannot read {}: {source}", shown(path))]
    Read {
        /// The file or folder that was being read.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The destination does not take it.
    #[error("cannot write {}: {source}", shown(path))]
    Write {
        /// The file that was being made.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Scripts that were not run, and that the settings do not do without.
    #[error("maintainer scripts are not done in full, of {packages}; first {first}")]
    Scripts {
        /// Names of packages.
        packages: String,
        /// The first script and its first line.
        first: String,
    },
    /// A locale that the user wants, and no package has.
    #[error("the tree has no locale '{name}'")]
    Locale {
        /// As the user spells it.
        name: String,
    },
    /// From the tree itself.
    #[error(transparent)]
    Tree(#[from] tree::Error),
}

/// A path within a line; its names are packages' own, and may have any letter.
fn shown(path: &Path) -> String {
    let mut text = String::new();
    for letter in path.to_string_lossy().chars() {
        if letter.is_control() { text.extend(letter.escape_debug()) } else { text.push(letter) }
    }
    text
}

impl Error {
    pub(super) fn read(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Read { path: path.as_ref().to_owned(), source }
    }

    pub(super) fn write(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Write { path: path.as_ref().to_owned(), source }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "a package has this so that the current user cannot read it: leave the package out, or run as root"
            }
            Self::Read { source, .. } if source.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                "a package has a link here that leads to itself: leave the package out, and tell the repository's owner"
            }
            Self::Read { .. } => return None,
            Self::Write { source, .. } => tree::write_hint(source)?,
            Self::Scripts { .. } => {
                "install without --require-scripts and see 'aptlet status' for what is missing, or leave the \
                 packages out"
            }
            Self::Locale { .. } => {
                "request the package locales-all as well, which has all that are compiled (aptlet compiles none), or \
                 libc-bin for C.UTF-8"
            }
            Self::Tree(error) => return error.hint(),
        };
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_follow_the_cause() {
        let read = |source: io::Error| Error::read("/p/x", source);
        let looped = read(Errno::LOOP.into());
        assert_eq!(looped.to_string(), "cannot read /p/x: Too many levels of symbolic links (os error 40)");
        assert!(looped.hint().is_some_and(|hint| hint.contains("leads to itself")));
        assert!(read(Errno::ACCESS.into()).hint().is_some_and(|hint| hint.contains("cannot read it")));
        assert_eq!(read(Errno::IO.into()).hint(), None);
        for errno in [Errno::NOSPC, Errno::ROFS, Errno::ACCESS, Errno::IO] {
            let own = Error::write("/p/x", errno.into());
            let of_tree = tree::Error::write("/p/x", errno);
            assert_eq!((own.to_string(), own.hint()), (of_tree.to_string(), of_tree.hint()));
        }
    }

    #[test]
    fn a_message_is_one_line() {
        let error = Error::read("/p/it's\n\u{1b}[1m\u{e9}", Errno::IO.into());
        assert_eq!(
            error.to_string(),
            "cannot read /p/it's\\n\\u{1b}[1m\u{e9}: Input/output error (os error 5)"
        );
    }
}
