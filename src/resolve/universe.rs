//! The universe: which version of each package may be chosen, beside what is installed already.

use std::cmp::Ordering;

use super::options::ResolveOptions;
use super::pin::Priorities;
use super::slot::{Choice, Slot};
use crate::control::version;
use crate::source::index::{Index, NameId, Package, PackageId};
use crate::source::provenance::Provenance;

/// An index seen from some architectures, under a set of pins, beside what is installed already.
pub(super) struct Universe<'i> {
    /// The packages.
    pub(super) index: &'i Index,
    /// Where each part of the index comes from.
    pub(super) provenance: &'i [Provenance],
    /// The native architecture, then the foreign ones.
    pub(super) architectures: Vec<&'i str>,
    /// Whether newer versions of what the base has may be chosen.
    pub(super) may_upgrade: bool,
    /// The architectures again; `None` for one that the index does not mention.
    architecture_ids: Vec<Option<NameId>>,
    /// The architecture `all`.
    all: Option<NameId>,
    /// The part of the index that is the base.
    base_part: Option<usize>,
    candidates: Choice,
    present: Choice,
    excluded: Vec<Slot>,
}

impl<'i> Universe<'i> {
    /// The universe in which each package has its candidate: the version of the highest priority, of those the
    /// highest, of the same one that of the first source (apt_preferences(5)). What is in the base is its own
    /// candidate, unless it may be upgraded and a newer version is there.
    pub(super) fn new(index: &'i Index, provenance: &'i [Provenance], options: &ResolveOptions<'i>) -> Self {
        let mut architectures = vec![options.architecture];
        for foreign in options.foreign {
            if !architectures.contains(&foreign.as_str()) {
                architectures.push(foreign);
            }
        }
        let slots = index.names().len() * architectures.len();
        let mut universe = Self {
            index,
            provenance,
            architecture_ids: architectures.iter().map(|name| index.names().find(name)).collect(),
            architectures,
            all: index.names().find("all"),
            may_upgrade: options.upgrade_base,
            base_part: options.base,
            candidates: Choice::none(slots),
            present: Choice::none(slots),
            excluded: Vec::new(),
        };
        universe.find_candidates(options);
        universe
    }

    fn find_candidates(&mut self, options: &ResolveOptions<'i>) {
        let mut best: Vec<i32> = vec![0; self.candidates.len()];
        let priorities = Priorities::new(self.index, self.provenance, options.pins, options.architecture);
        for package in self.index.packages() {
            let Some(slot) = self.slot_of(package) else { continue };
            if Some(package.part()) == self.base_part {
                self.present[slot] = Some(package.id());
                continue;
            }
            let priority = priorities.of(package);
            if priority <= 0 {
                continue;
            }
            let better = match self.candidates[slot] {
                None => true,
                Some(known) => priority
                    .cmp(&best[slot.0])
                    .then_with(|| compare(package, self.index.package(known)))
                    .is_gt(),
            };
            if better {
                self.candidates[slot] = Some(package.id());
                best[slot.0] = priority;
            }
        }
        for slot in (0..self.present.len()).map(Slot) {
            let Some(installed) = self.present[slot] else { continue };
            let newer = self.candidates[slot].is_some_and(|candidate| {
                compare(self.index.package(candidate), self.index.package(installed)).is_gt()
            });
            if !(newer && options.upgrade_base) {
                self.candidates[slot] = Some(installed);
            }
        }
    }

    /// The candidate of each slot.
    pub(super) fn candidates(&self) -> &Choice {
        &self.candidates
    }

    /// Makes another version the candidate, or none.
    pub(super) fn set_candidate(&mut self, slot: Slot, candidate: Option<PackageId>) {
        self.candidates[slot] = candidate;
    }

    /// What counts as installed before anything is chosen: the base, and what the user excludes.
    pub(super) fn present(&self) -> &Choice {
        &self.present
    }

    /// Leaves a package out: relations on it count as satisfied, and its own do not count.
    pub(super) fn exclude(&mut self, slot: Slot) {
        self.present[slot] = self.candidates[slot];
        self.excluded.push(slot);
    }

    /// Whether a package was left out.
    pub(super) fn is_excluded(&self, package: Package<'_>) -> bool {
        !self.excluded.is_empty() && self.excluded.contains(&self.slot(package))
    }

    /// What was left out.
    pub(super) fn excluded(&self) -> impl Iterator<Item = Package<'i>> + '_ {
        self.excluded.iter().filter_map(|slot| self.present[*slot]).map(|id| self.index.package(id))
    }

    /// Whether a package is one of the base.
    pub(super) fn is_base(&self, package: Package<'_>) -> bool {
        Some(package.part()) == self.base_part
    }

    /// The base's packages.
    pub(super) fn base(&self) -> impl Iterator<Item = Package<'i>> + '_ {
        let present = self.base_part.map(|_| self.present.packages());
        let packages = present.into_iter().flatten().map(|id| self.index.package(id));
        packages.filter(|package| self.is_base(*package))
    }

    /// The slot of a package, if this run installs for its architecture.
    pub(super) fn slot_of(&self, package: Package<'_>) -> Option<Slot> {
        let own = package.architecture_id();
        let number = match self.architecture_named(own) {
            Some(number) => number,
            None if Some(own) == self.all => 0,
            None => return None,
        };
        Some(Slot(package.name_id().index() * self.architectures.len() + number))
    }

    /// The slot of a package that some choice may contain.
    pub(super) fn slot(&self, package: Package<'_>) -> Slot {
        // a package of no architecture of this run is in no choice, so it can be taken for a native one
        self.slot_of(package).unwrap_or(Slot(package.name_id().index() * self.architectures.len()))
    }

    /// The slots of a name, the native one first.
    pub(super) fn slots(&self, name: NameId) -> impl Iterator<Item = Slot> + use<> {
        let count = self.architectures.len();
        (0..count).map(move |number| Slot(name.index() * count + number))
    }

    /// The name of a slot.
    pub(super) fn name_of(&self, slot: Slot) -> &'i str {
        self.index.names().get(NameId::from_index(slot.0 / self.architectures.len()))
    }

    /// Which architecture a slot is for: 0 for the native one.
    pub(super) fn architecture_of(&self, slot: Slot) -> usize {
        slot.0 % self.architectures.len()
    }

    /// The slots of a name that a request can mean: of its architecture, or of any, the native one first.
    pub(super) fn slots_for(
        &self,
        name: NameId,
        architecture: Option<&str>,
    ) -> impl Iterator<Item = Slot> + use<> {
        let number = match architecture {
            None => None,
            Some("all" | "any" | "native") => Some(0),
            // of an architecture that this run does not know there is no slot
            Some(named) => {
                Some(self.architectures.iter().position(|own| *own == named).unwrap_or(usize::MAX))
            }
        };
        let all = self.slots(name).enumerate();
        all.filter(move |(i, _)| number.is_none_or(|number| number == *i)).map(|(_, slot)| slot)
    }

    /// The number of an architecture by its name: 0 for the native one; none for one that this run does not know.
    #[inline]
    pub(super) fn architecture_named(&self, name: NameId) -> Option<usize> {
        self.architecture_ids.iter().position(|id| *id == Some(name))
    }

    /// `name`, or `name:arch` for a foreign one.
    pub(super) fn label(&self, package: Package<'_>) -> String {
        match self.architecture_of(self.slot(package)) {
            0 => package.name().to_owned(),
            _ => format!("{}:{}", package.name(), package.architecture()),
        }
    }

    /// The versions for a slot, in the order of the sources, the base last.
    pub(super) fn versions(&self, slot: Slot) -> impl Iterator<Item = Package<'i>> + Clone + '_ {
        let name = NameId::from_index(slot.0 / self.architectures.len());
        self.index.versions(name).filter(move |package| self.slot_of(*package) == Some(slot))
    }

    /// The packages of a choice that are not there before.
    pub(super) fn additions(&self, chosen: &Choice) -> Vec<PackageId> {
        let all = (0..chosen.len()).map(Slot);
        all.filter(|slot| chosen[*slot] != self.present[*slot]).filter_map(|slot| chosen[slot]).collect()
    }
}

/// By version (deb-version(7)).
pub(super) fn compare(left: Package<'_>, right: Package<'_>) -> Ordering {
    version::compare(left.version(), right.version())
}
