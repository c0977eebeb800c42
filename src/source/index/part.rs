//! What one `Packages` file held.

use super::names::Names;
use super::record::{Alternative, Record, Text};

/// What one `Packages` file held. Made by [`Part::read`], joined into an [`Index`](super::Index).
#[derive(Debug, Default)]
pub struct Part {
    pub(super) names: Names,
    pub(super) text: String,
    pub(super) records: Vec<Record>,
    pub(super) alternatives: Vec<Alternative>,
    /// `Source` of the records that have one, by their number, where it was asked for.
    pub(super) sources: Vec<(u32, Text)>,
}

#[cfg(test)]
impl Part {
    /// Number of stanzas.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }
}
