//! What one `Packages` file held.

use super::names::Names;
use super::record::{Alternative, Record};

/// What one `Packages` file held. Made by [`Part::read`], joined into an [`Index`](super::Index).
#[derive(Debug, Default)]
pub struct Part {
    pub(super) names: Names,
    pub(super) text: String,
    pub(super) records: Vec<Record>,
    pub(super) alternatives: Vec<Alternative>,
}

impl Part {
    /// About how many bytes it takes.
    pub(super) fn memory(&self) -> usize {
        self.names.memory()
            + self.text.len()
            + self.records.len() * size_of::<Record>()
            + self.alternatives.len() * size_of::<Alternative>()
    }
}

#[cfg(test)]
impl Part {
    /// Number of stanzas.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }
}
