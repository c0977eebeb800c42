//! What one `Packages` file held.

use super::names::Names;
use super::odd::{Odd, Oddities};
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
    /// The SHA-512 of records, by their number, that have no SHA-256.
    pub(super) sha512: Vec<(usize, [u8; 64])>,
    pub(super) odd: Oddities,
}

impl Part {
    /// The first stanza that cannot be installed as it is.
    pub(crate) fn unusable(&self) -> Option<&Odd> {
        self.odd.told.iter().find(|odd| !odd.is_usable())
    }

    /// How many stanzas make no sense, or not in every field.
    pub fn oddities(&self) -> usize {
        self.odd.count
    }
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
