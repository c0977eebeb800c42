//! Why a path is kept as it is.

/// Why a path is kept as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kept {
    /// It is the end of a longer one, or of one that is put together: `/lib` in `/opt/lib` and in `${prefix}/lib`.
    NotABeginning,
    /// The tree has nothing of that name.
    NotInTheTree,
    /// It is the main image's by purpose: accounts, hosts, what is written at run time; `/etc/passwd`, `/var/log`.
    OfTheImage,
    /// It stands in instructions, whose meaning the bytes alone do not tell.
    Code,
    /// It is the tree's, but there is no room for the prefix.
    NoRoom,
    /// It is the name of the dynamic linker, which stands at the end of the file by now.
    Replaced,
}

impl Kept {
    /// In words.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotABeginning => "the end of a longer path, perhaps",
            Self::NotInTheTree => "not in the tree",
            Self::OfTheImage => "of the main image, by purpose",
            Self::Code => "in instructions",
            Self::NoRoom => "no room for the prefix",
            Self::Replaced => "replaced by one at the end of the file",
        }
    }
}
