//! Slots, `name:arch`, of each of which one version can be installed; and a choice of versions, one for each slot.

use std::ops::{Index as At, IndexMut as AtMut};

use crate::source::index::PackageId;

/// What apt and dpkg call a package: a name in one architecture, of which one version can be installed. Packages of
/// architecture `all` count as native (the Multi-Arch specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot(pub(super) usize);

/// The version that is chosen for each slot, if any.
#[derive(Debug, Clone)]
pub(super) struct Choice(Vec<Option<PackageId>>);

impl At<Slot> for Choice {
    type Output = Option<PackageId>;

    fn index(&self, slot: Slot) -> &Option<PackageId> {
        &self.0[slot.0]
    }
}

impl AtMut<Slot> for Choice {
    fn index_mut(&mut self, slot: Slot) -> &mut Option<PackageId> {
        &mut self.0[slot.0]
    }
}

impl Choice {
    /// Nothing for any of so many slots.
    pub(super) fn none(slots: usize) -> Self {
        Self(vec![None; slots])
    }

    /// The chosen packages.
    pub(super) fn packages(&self) -> impl Iterator<Item = PackageId> + '_ {
        self.0.iter().copied().flatten()
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
