//! How a path of a tree differs from what was installed.

use std::fmt;
use std::path::PathBuf;

use crate::tree::group::is_of_kubelet;
use crate::tree::mtree::{Entry, Kind};

/// How one path differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// As it is seen in the tree, absolute.
    pub(crate) path: PathBuf,
    /// What is the matter.
    pub(crate) what: What,
}

/// What is the matter with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// It is gone.
    Missing,
    /// Nothing that was installed is there.
    Added,
    /// It is a file where a link was, or the like.
    Kind,
    /// Its permission bits.
    Mode {
        /// As installed.
        installed: u32,
        /// As it is.
        found: u32,
    },
    /// Whose it is.
    Owner {
        /// User and group as installed.
        installed: (u32, u32),
        /// User and group as they are.
        found: (u32, u32),
    },
    /// What is in the file.
    Content,
    /// The file is what its package has, without the relocation.
    NotRelocated,
    /// Where the link leads.
    Target,
    /// It cannot be read by this user, so that its content is not known.
    Unreadable,
}

impl What {
    pub(super) fn is_mode(self) -> bool {
        matches!(self, Self::Mode { .. })
    }

    /// One word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Kind => "type",
            Self::Mode { .. } => "mode",
            Self::Owner { .. } => "owner",
            Self::Content | Self::NotRelocated => "content",
            Self::Target => "target",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what.word(), self.path.display())?;
        match self.what {
            What::Mode { installed, found } => write!(f, " ({installed:04o} is now {found:04o})"),
            What::NotRelocated => f.write_str(" (as its package has it, not relocated)"),
            What::Owner { installed: (user, group), found } => {
                write!(f, " ({user}:{group} is now {}:{})", found.0, found.1)
            }
            _ => Ok(()),
        }
    }
}

/// What differs between a path as it was installed and as it is; see [`super::verify()`] for `group`.
pub(super) fn difference(installed: &Entry, found: &Entry, group: Option<u32>) -> Option<What> {
    let of_kubelet =
        |mode: u32| group.is_some() && is_of_kubelet(installed.mode, mode, installed.kind == Kind::Directory);
    match what_differs(installed, found) {
        Some(What::Mode { found, .. }) if of_kubelet(found) => {}
        None => {}
        differs => return differs,
    }
    match (installed.owner, found.owner) {
        (Some(was), Some(is)) if was != is && (was.0, group) != (is.0, Some(is.1)) => {
            Some(What::Owner { installed: was, found: is })
        }
        _ => None,
    }
}

fn what_differs(installed: &Entry, found: &Entry) -> Option<What> {
    match (&installed.kind, &found.kind) {
        (Kind::Link { target: was }, Kind::Link { target: is }) => (was != is).then_some(What::Target),
        (Kind::File { size: was, sha256: digest }, Kind::File { size: is, sha256: now }) => {
            match (digest, now) {
                _ if was != is => Some(What::Content),
                (Some(digest), Some(now)) if digest != now => Some(What::Content),
                (Some(_), None) => Some(What::Unreadable),
                _ => mode(installed, found),
            }
        }
        (Kind::Directory, Kind::Directory) | (Kind::Fifo, Kind::Fifo) => mode(installed, found),
        _ => Some(What::Kind),
    }
}

fn mode(installed: &Entry, found: &Entry) -> Option<What> {
    (installed.mode != found.mode).then_some(What::Mode { installed: installed.mode, found: found.mode })
}
