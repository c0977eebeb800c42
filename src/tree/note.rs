//! Where a package could not be laid out to the letter.

use std::fmt;
use std::path::PathBuf;

/// Where a package could not be laid out to the letter. Paths are as archived, absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Set-user-id and set-group-id bits were dropped.
    SetId {
        /// The file.
        path: PathBuf,
        /// The mode that the package wanted.
        mode: u32,
    },
    /// A device node was not made: that takes privileges.
    Device {
        /// The node.
        path: PathBuf,
    },
    /// The file is not owned by root in the package, but is by the current user now.
    Owner {
        /// The file.
        path: PathBuf,
        /// User id in the package.
        user: u32,
        /// Group id in the package.
        group: u32,
    },
    /// A symbolic link was left out because another package has a directory there, as dpkg does.
    KeptDirectory {
        /// The link.
        path: PathBuf,
    },
    /// The file makes way for another package's, as that one's diversion says.
    Diverted {
        /// The file.
        path: PathBuf,
        /// Where it is instead.
        to: PathBuf,
        /// The package that diverts it.
        owner: String,
    },
    /// Another package's file was replaced, as `Replaces` says.
    Replaced {
        /// In the tree.
        path: PathBuf,
        /// The package that had it.
        owner: String,
    },
    /// The file was left out because the package that has it already replaces this one.
    Yielded {
        /// In the tree.
        path: PathBuf,
        /// The package that has it.
        owner: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetId { path, mode } => {
                write!(f, "{}: set-id bits of mode {mode:04o} dropped", path.display())
            }
            Self::Device { path } => write!(f, "{}: device node not made", path.display()),
            Self::Owner { path, user, group } => {
                write!(f, "{}: owner {user}:{group} became the current user", path.display())
            }
            Self::KeptDirectory { path } => {
                write!(f, "{}: symbolic link left out, there is a directory already", path.display())
            }
            Self::Diverted { path, to, owner } => {
                write!(f, "{}: diverted to {} by package {owner}", path.display(), to.display())
            }
            Self::Replaced { path, owner } => {
                write!(f, "{}: replaces the file of package {owner}", path.display())
            }
            Self::Yielded { path, owner } => {
                write!(f, "{}: left out, replaced by the file of package {owner}", path.display())
            }
        }
    }
}
