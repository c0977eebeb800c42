//! What the fields of a stanza say, where they have a few values only; and which of them are relations.

/// The relation fields that decide what is installed (Debian Policy 7), in apt's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationField {
    /// `Pre-Depends`
    PreDepends,
    /// `Depends`
    Depends,
    /// `Conflicts`
    Conflicts,
    /// `Breaks`
    Breaks,
    /// `Recommends`
    Recommends,
    /// `Provides`
    Provides,
}

impl RelationField {
    /// How many there are.
    pub(super) const COUNT: usize = 6;

    /// As a control file spells it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::PreDepends => "Pre-Depends",
            Self::Depends => "Depends",
            Self::Conflicts => "Conflicts",
            Self::Breaks => "Breaks",
            Self::Recommends => "Recommends",
            Self::Provides => "Provides",
        }
    }
}

/// `Multi-Arch` (the Multi-Arch specification; deb-control(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MultiArch {
    /// The default.
    #[default]
    No,
    /// Co-installable with itself of another architecture.
    Same,
    /// Satisfies dependencies of any architecture.
    Foreign,
    /// Satisfies `name:any`.
    Allowed,
}

/// `Priority`, the most important first (Debian Policy 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Priority {
    Required,
    Important,
    Standard,
    #[default]
    Optional,
    Extra,
}
