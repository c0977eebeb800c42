//! Whose the members of a package are, as its archive says: by name and by number.

use std::path::PathBuf;

/// A user or a group as an archive has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Empty where the archive has none.
    pub(crate) name: String,
    /// What it was where the archive was made.
    pub(crate) number: u32,
}

impl Account {
    fn is_root(&self) -> bool {
        self.number == 0 && matches!(self.name.as_str(), "" | "root")
    }
}

/// Whose a member of an archive is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The user.
    pub(crate) user: Account,
    /// The group.
    pub(crate) group: Account,
}

impl Owner {
    /// Whether both are root, by name and by number.
    pub(super) fn is_root(&self) -> bool {
        self.user.is_root() && self.group.is_root()
    }
}

/// A member of a package that is not all root's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    /// As archived, absolute.
    pub(crate) path: PathBuf,
    /// Whose it is.
    pub(crate) owner: Owner,
    /// Whether it is a symbolic link.
    pub(crate) link: bool,
}
