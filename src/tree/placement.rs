//! How packages are laid out: what of them is left out, and whose the rest is.

use super::filter::Filter;

/// How packages are laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Placement<'a> {
    /// Which paths are left out; without one, none.
    pub(crate) filter: Option<&'a Filter>,
    /// Whether owners and set-id bits are to be kept ([`super::owners`]), instead of being noted.
    pub(crate) keep_owners: bool,
    /// Whether a group shares the volume, and may read what its owner may ([`super::group`]).
    pub(crate) shared: bool,
}
