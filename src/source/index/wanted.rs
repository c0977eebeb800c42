//! What of a `Packages` file is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Which packages of a source count, by their names: `Include` and `Exclude` of sources.list(5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Only {
    /// All.
    #[default]
    All,
    /// These.
    Of(Arc<BTreeSet<String>>),
    /// All but these.
    AllBut(Arc<BTreeSet<String>>),
}

impl Only {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(names) => names.contains(name),
            Self::AllBut(names) => !names.contains(name),
        }
    }
}

/// What of a `Packages` file is kept: by default all of what a plan is made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Of which packages.
    pub(crate) only: Only,
    /// Whether `Source` as well, which only some pins look at.
    pub(crate) sources: bool,
}

impl Wanted {
    /// Whether a package of that name is kept.
    pub(super) fn has(&self, name: &str) -> bool {
        self.only.has(name)
    }
}
