//! The universe: which version of each package may be chosen, and what satisfies a relation.

use std::cmp::Ordering;
use std::ops::{Index as At, IndexMut as AtMut};

use super::{Options, pin};
use crate::control::relation::Operator;
use crate::control::version;
use crate::source::index::{Alternative, Index, Kind, MultiArch, NameId, Package, PackageId, Qualifier};
use crate::source::provenance::Provenance;

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
    /// The chosen packages.
    pub(super) fn packages(&self) -> impl Iterator<Item = PackageId> + '_ {
        self.0.iter().copied().flatten()
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

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
    architecture_ids: Vec<Option<NameId>>,
    all: Option<NameId>,
    base_part: Option<usize>,
    candidates: Choice,
    present: Choice,
    excluded: Vec<Slot>,
}

impl<'i> Universe<'i> {
    /// Finds the candidate of each package: the highest priority, then the highest version, then the first
    /// source (apt_preferences(5)). What is in the base is its own candidate, unless it may be upgraded.
    pub(super) fn new(index: &'i Index, provenance: &'i [Provenance], options: &Options<'i>) -> Self {
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
            candidates: Choice(vec![None; slots]),
            present: Choice(vec![None; slots]),
            excluded: Vec::new(),
        };
        universe.find_candidates(options);
        universe
    }

    fn find_candidates(&mut self, options: &Options<'i>) {
        let mut best: Vec<i32> = vec![0; self.candidates.len()];
        for package in self.index.packages() {
            let Some(slot) = self.slot_of(package) else { continue };
            if Some(package.part()) == self.base_part {
                self.present[slot] = Some(package.id());
                continue;
            }
            let priority = pin::priority(options.pins, package, &self.provenance[package.part()]);
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

    /// The candidates, by slot.
    pub(super) fn candidates(&self) -> &Choice {
        &self.candidates
    }

    /// Makes another version the candidate, or none.
    pub(super) fn set_candidate(&mut self, slot: Slot, candidate: Option<PackageId>) {
        self.candidates[slot] = candidate;
    }

    /// What is there before anything is chosen: the base, and what is left out by the user's wish.
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
        let present = if self.base_part.is_some() { self.present.0.as_slice() } else { &[] };
        present.iter().flatten().map(|id| self.index.package(*id)).filter(|package| self.is_base(*package))
    }

    /// The slot of a package, if this run installs for its architecture.
    pub(super) fn slot_of(&self, package: Package<'_>) -> Option<Slot> {
        let own = package.architecture_id();
        let number = match self.architecture_ids.iter().position(|id| *id == Some(own)) {
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

    /// The packages of a choice that satisfy an alternative of a relation of `owner`; each once.
    pub(super) fn solutions(
        &self,
        choice: &Choice,
        owner: Package<'i>,
        alternative: &Alternative,
    ) -> Vec<Package<'i>> {
        let mut found = Vec::new();
        self.each_chosen(choice, alternative.name, |package| {
            if self.satisfies(package, owner, alternative) {
                push_once(&mut found, package);
            }
            false
        });
        found
    }

    /// Whether any alternative of a group is satisfied by a choice.
    pub(super) fn is_group_satisfied(
        &self,
        choice: &Choice,
        owner: Package<'i>,
        group: &[Alternative],
    ) -> bool {
        group.iter().any(|alternative| {
            self.each_chosen(choice, alternative.name, |package| self.satisfies(package, owner, alternative))
        })
    }

    /// The packages of a choice that cannot be installed beside `owner`, each with the `Conflicts` or `Breaks` of
    /// `owner` that says so; without one for the same package of another architecture, which must be
    /// `Multi-Arch: same` and of the same version. A package never conflicts with itself (Debian Policy 7.4).
    pub(super) fn clashing(
        &self,
        choice: &Choice,
        owner: Package<'i>,
    ) -> Vec<(Package<'i>, Option<&'i Alternative>)> {
        let mut found: Vec<(Package<'i>, Option<&Alternative>)> = Vec::new();
        if self.is_excluded(owner) {
            return found;
        }
        for alternative in negative(owner) {
            found.extend(
                self.forbidden(choice, owner, alternative)
                    .into_iter()
                    .map(|other| (other, Some(alternative))),
            );
        }
        if self.architectures.len() > 1 {
            let own = self.slot(owner);
            for slot in self.slots(owner.name_id()).filter(|slot| *slot != own) {
                if let Some(other) = choice[slot].map(|id| self.index.package(id))
                    && !self.is_excluded(other)
                    && !are_siblings(owner, other)
                {
                    found.push((other, None));
                }
            }
        }
        found
    }

    /// The packages of a choice that one `Conflicts` or `Breaks` of `owner` forbids; each once.
    fn forbidden(&self, choice: &Choice, owner: Package<'i>, alternative: &Alternative) -> Vec<Package<'i>> {
        let mut found = Vec::new();
        self.each_chosen(choice, alternative.name, |package| {
            if package.name_id() != owner.name_id()
                && self.is_meant(package, owner, alternative, true)
                && accepts(package, owner, alternative)
                && !self.is_excluded(package)
            {
                push_once(&mut found, package);
            }
            false
        });
        found
    }

    /// The groups of `Pre-Depends` and `Depends` that a choice must satisfy: none of a package that was left out, and
    /// of the base only what it satisfies itself, since what it lacks already is not for this run to mend.
    pub(super) fn needs(&self, package: Package<'i>) -> impl Iterator<Item = &'i [Alternative]> + '_ {
        let (excluded, base) = (self.is_excluded(package), self.is_base(package));
        critical(package).filter(move |group| {
            !excluded && (!base || self.is_group_satisfied(&self.present, package, group))
        })
    }

    /// Whether no package of a choice lacks anything or clashes with another; the base alone may.
    pub(super) fn is_whole(&self, chosen: &Choice) -> bool {
        chosen.packages().map(|id| self.index.package(id)).all(|package| {
            self.needs(package).all(|group| self.is_group_satisfied(chosen, package, group))
                && self
                    .clashing(chosen, package)
                    .iter()
                    .all(|(other, _)| self.is_base(package) && self.is_base(*other))
        })
    }

    /// The packages of a choice that are not there before.
    pub(super) fn additions(&self, chosen: &Choice) -> Vec<PackageId> {
        let all = (0..chosen.len()).map(Slot);
        all.filter(|slot| chosen[*slot] != self.present[*slot]).filter_map(|slot| chosen[slot]).collect()
    }

    /// Whether one package satisfies a group of another.
    pub(super) fn group_accepts(
        &self,
        owner: Package<'_>,
        group: &[Alternative],
        package: Package<'_>,
    ) -> bool {
        group.iter().any(|alternative| self.satisfies(package, owner, alternative))
    }

    /// Whether `package` satisfies an alternative of a relation of `owner`, by its name or through `Provides`.
    pub(super) fn satisfies(
        &self,
        package: Package<'_>,
        owner: Package<'_>,
        alternative: &Alternative,
    ) -> bool {
        self.is_meant(package, owner, alternative, false) && accepts(package, owner, alternative)
    }

    /// Whether a relation reaches the architecture of a package (the Multi-Arch specification). `Conflicts` and
    /// `Breaks` without a qualifier reach all.
    fn is_meant(
        &self,
        package: Package<'_>,
        owner: Package<'_>,
        alternative: &Alternative,
        negative: bool,
    ) -> bool {
        let single = self.architectures.len() == 1;
        match alternative.qualifier {
            Qualifier::Any => package.multi_arch() == MultiArch::Allowed,
            Qualifier::None if single || negative => true,
            Qualifier::None => {
                let own = self.architecture_of(self.slot(package));
                own == self.architecture_of(self.slot(owner)) || package.multi_arch() == MultiArch::Foreign
            }
            Qualifier::Architecture(name) => {
                let wanted = self.architecture_ids.iter().position(|id| *id == Some(name));
                wanted.is_some_and(|wanted| {
                    wanted == self.architecture_of(self.slot(package))
                        || (!negative && package.multi_arch() == MultiArch::Foreign)
                })
            }
        }
    }

    /// Visits the chosen versions of `name` and the chosen providers of it, until one is enough.
    fn each_chosen(&self, choice: &Choice, name: NameId, mut visit: impl FnMut(Package<'i>) -> bool) -> bool {
        for slot in self.slots(name) {
            if let Some(id) = choice[slot]
                && visit(self.index.package(id))
            {
                return true;
            }
        }
        self.index
            .providers(name)
            .any(|package| choice[self.slot(package)] == Some(package.id()) && visit(package))
    }
}

/// Whether the version that a relation of `owner` asks for is there, in the package itself or in its `Provides`
/// (Debian Policy 7.5: a versioned relation needs a versioned `Provides`).
fn accepts(package: Package<'_>, owner: Package<'_>, alternative: &Alternative) -> bool {
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

/// Whether two packages of one name and different architectures can be installed together.
fn are_siblings(left: Package<'_>, right: Package<'_>) -> bool {
    [left, right].iter().all(|package| package.multi_arch() == MultiArch::Same)
        && left.version() == right.version()
}

fn push_once<'i>(found: &mut Vec<Package<'i>>, package: Package<'i>) {
    if found.iter().all(|known| known.id() != package.id()) {
        found.push(package);
    }
}

/// `Conflicts` and `Breaks`: for a choice that is made at once they mean the same.
fn negative<'i>(package: Package<'i>) -> impl Iterator<Item = &'i Alternative> {
    [Kind::Conflicts, Kind::Breaks].into_iter().flat_map(move |kind| package.alternatives(kind))
}

/// `Pre-Depends`, then `Depends`.
pub(super) fn critical<'i>(package: Package<'i>) -> impl Iterator<Item = &'i [Alternative]> {
    [Kind::PreDepends, Kind::Depends].into_iter().flat_map(move |kind| package.groups(kind))
}

/// By version (deb-version(7)).
pub(super) fn compare(left: Package<'_>, right: Package<'_>) -> Ordering {
    version::compare(left.version(), right.version())
}
