//! The universe: which version of each package may be chosen, and what satisfies a relation.

use std::cmp::Ordering;

use super::pin::{self, Pin};
use crate::control::relation::Operator;
use crate::control::version;
use crate::source::index::{Alternative, Index, Kind, MultiArch, NameId, Package, PackageId, Qualifier};
use crate::source::provenance::Provenance;

/// An index seen from one architecture, under a set of pins.
pub(super) struct Universe<'i> {
    /// The packages.
    pub(super) index: &'i Index,
    /// Where each part of the index comes from.
    pub(super) provenance: &'i [Provenance],
    /// The native architecture.
    pub(super) architecture: &'i str,
    candidates: Vec<Option<PackageId>>,
}

/// The version that is chosen of each package, if any; by [`NameId`].
pub(super) type Choice = [Option<PackageId>];

impl<'i> Universe<'i> {
    /// Finds the candidate of each package: the highest priority, then the highest version, then the first
    /// source (apt_preferences(5)).
    pub(super) fn new(
        index: &'i Index,
        provenance: &'i [Provenance],
        pins: &[Pin],
        architecture: &'i str,
    ) -> Self {
        let mut universe =
            Self { index, provenance, architecture, candidates: vec![None; index.names().len()] };
        for name in index.names().ids() {
            let best = universe
                .installable(name)
                .map(|package| (pin::priority(pins, package, &provenance[package.part()]), package))
                .filter(|(priority, _)| *priority > 0)
                .reduce(|best, other| {
                    let order = other.0.cmp(&best.0).then_with(|| compare(other.1, best.1));
                    if order.is_gt() { other } else { best }
                });
            universe.candidates[name.index()] = best.map(|(_, package)| package.id());
        }
        universe
    }

    /// The candidates, by name.
    pub(super) fn candidates(&self) -> &Choice {
        &self.candidates
    }

    /// Makes another version the candidate, or none.
    pub(super) fn set_candidate(&mut self, name: NameId, candidate: Option<PackageId>) {
        self.candidates[name.index()] = candidate;
    }

    /// The versions of a package that this architecture can run, in the order of the sources.
    pub(super) fn installable(&self, name: NameId) -> impl Iterator<Item = Package<'i>> + Clone + use<'i> {
        let architecture = self.architecture;
        self.index.versions(name).filter(move |package| {
            let own = package.architecture();
            own == architecture || own == "all"
        })
    }

    /// Whether a qualifier lets this package satisfy a relation (the Multi-Arch specification).
    fn qualifies(&self, package: Package<'_>, qualifier: Qualifier) -> bool {
        match qualifier {
            Qualifier::None => true,
            Qualifier::Any => package.multi_arch() == MultiArch::Allowed,
            Qualifier::Architecture(name) => self.index.names().get(name) == self.architecture,
        }
    }

    /// Whether `package` satisfies an alternative of a relation of `owner`, by its name or through `Provides`
    /// (Debian Policy 7.5: a versioned relation needs a versioned `Provides`).
    pub(super) fn satisfies(
        &self,
        package: Package<'_>,
        owner: Package<'_>,
        alternative: &Alternative,
    ) -> bool {
        if !self.qualifies(package, alternative.qualifier) {
            return false;
        }
        if package.name_id() == alternative.name && owner.accepts(alternative, package.version()) {
            return true;
        }
        package.alternatives(Kind::Provides).iter().any(|provided| {
            provided.name == alternative.name
                && (alternative.operator == Operator::Any
                    || (provided.operator == Operator::Equal
                        && owner.accepts(alternative, package.relation_version(provided))))
        })
    }

    /// The packages of a choice that satisfy an alternative; each once.
    pub(super) fn solutions(
        &self,
        choice: &Choice,
        owner: Package<'i>,
        alternative: &Alternative,
    ) -> Vec<Package<'i>> {
        let mut found = Vec::new();
        self.each_chosen(choice, alternative.name, |package| {
            if self.satisfies(package, owner, alternative)
                && found.iter().all(|known: &Package<'_>| known.id() != package.id())
            {
                found.push(package);
            }
            false
        });
        found
    }

    /// Whether any package of a choice satisfies an alternative.
    pub(super) fn is_satisfied(
        &self,
        choice: &Choice,
        owner: Package<'i>,
        alternative: &Alternative,
    ) -> bool {
        self.each_chosen(choice, alternative.name, |package| self.satisfies(package, owner, alternative))
    }

    /// Whether any alternative of a group is satisfied by a choice.
    pub(super) fn is_group_satisfied(
        &self,
        choice: &Choice,
        owner: Package<'i>,
        group: &[Alternative],
    ) -> bool {
        group.iter().any(|alternative| self.is_satisfied(choice, owner, alternative))
    }

    /// The packages of a choice that a `Conflicts` or `Breaks` of `owner` forbids; a package never conflicts
    /// with itself (Debian Policy 7.4).
    pub(super) fn conflicting(
        &self,
        choice: &Choice,
        owner: Package<'i>,
    ) -> Vec<(Package<'i>, &'i Alternative)> {
        let mut found = Vec::new();
        for alternative in negative(owner) {
            for package in self.solutions(choice, owner, alternative) {
                if package.name_id() != owner.name_id() {
                    found.push((package, alternative));
                }
            }
        }
        found
    }

    /// Visits the chosen version of `name` and the chosen providers of it, until one is enough.
    fn each_chosen(&self, choice: &Choice, name: NameId, mut visit: impl FnMut(Package<'i>) -> bool) -> bool {
        if let Some(id) = choice[name.index()]
            && visit(self.index.package(id))
        {
            return true;
        }
        self.index
            .providers(name)
            .any(|package| choice[package.name_id().index()] == Some(package.id()) && visit(package))
    }
}

/// `Conflicts` and `Breaks`: for a choice that is made at once they mean the same.
pub(super) fn negative<'i>(package: Package<'i>) -> impl Iterator<Item = &'i Alternative> {
    [Kind::Conflicts, Kind::Breaks].into_iter().flat_map(move |kind| package.alternatives(kind))
}

/// `Pre-Depends`, then `Depends`.
pub(super) fn critical<'i>(package: Package<'i>) -> impl Iterator<Item = &'i [Alternative]> {
    [Kind::PreDepends, Kind::Depends].into_iter().flat_map(move |kind| package.groups(kind))
}

fn compare(left: Package<'_>, right: Package<'_>) -> Ordering {
    version::compare(left.version(), right.version())
}
