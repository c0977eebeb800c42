//! The solver behind apt's choice: resolvo's, for SAT, over the same candidates. It finds a solution where marking
//! fails, and shows the conflict where there is none.
//!
//! Every version set names exactly one slot (a relation that several packages satisfy is a union of such sets),
//! because resolvo takes the candidates of a version set to share one name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Display};

use resolvo::{
    Candidates, Condition, ConditionId, DenseIndex, Dependencies, DependencyProvider,
    HintDependenciesAvailable, Interner, KnownDependencies, Problem, Requirement, SolvableId, Solver,
    SolverCache, StringId, UnsolvableOrCancelled, VersionSetId, VersionSetUnionId,
};

use super::slot::{Choice, Slot};
use super::universe::Universe;
use crate::source::index::{Alternative, Package, PackageId};

/// Looks for a set of candidates that contains the requests and breaks no relation, beside what is present. On
/// failure: resolvo's account of the conflict.
pub(super) fn solve(universe: &Universe<'_>, requests: &[Slot]) -> Result<Vec<PackageId>, String> {
    let provider = Provider { universe, sets: RefCell::default() };
    let asked = requests.iter().map(|slot| match universe.candidates()[*slot] {
        Some(id) => Set::Exactly(id),
        None => Set::Nothing(*slot),
    });
    let stays = universe.base().map(|package| Set::Any(universe.slot(package)));
    let requirements = asked.chain(stays).map(|set| provider.set(set).into()).collect();
    let mut solver = Solver::new(provider);
    match solver.solve(Problem::new().requirements(requirements)) {
        Ok(solvables) => {
            let mut chosen = universe.present().clone();
            for id in solvables.into_iter().map(package_of) {
                chosen[universe.slot(universe.index.package(id))] = Some(id);
            }
            Ok(universe.additions(&chosen))
        }
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            Err(in_own_words(&conflict.display_user_friendly(&solver).to_string()))
        }
        Err(UnsolvableOrCancelled::Cancelled(_)) => Err("the search was cancelled".to_owned()),
    }
}

/// What resolvo says, for people who have not heard of candidates, constraints and options.
fn in_own_words(account: &str) -> String {
    const WORDS: [(&str, &str); 10] = [
        ("The following packages are incompatible", "these do not go together:"),
        ("No candidates were found for ", "nothing can be chosen for "),
        (", for which no candidates were found.", ", for which there is nothing"),
        (", which can be installed with any of the following options:", ", which could be:"),
        (" can be installed with any of the following options:", " could be:"),
        (", which cannot be installed because there are no viable options:", ", which cannot be installed:"),
        (" cannot be installed because there are no viable options:", " cannot be installed:"),
        (", which conflicts with any installable versions previously reported", ", which is needed above"),
        (" would constrain", " conflicts with"),
        (" would require", " needs"),
    ];
    WORDS.iter().fold(account.to_owned(), |text, (theirs, own)| text.replace(theirs, own))
}

/// What a version set of one slot stands for. A slot has at most two versions: the candidate, and one of the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Set {
    Exactly(PackageId),
    Not(PackageId),
    Any(Slot),
    Nothing(Slot),
}

#[derive(Default)]
struct Sets {
    all: Vec<(Set, String)>,
    ids: HashMap<Set, usize>,
    unions: Vec<Vec<VersionSetId>>,
}

struct Provider<'u, 'i> {
    universe: &'u Universe<'i>,
    sets: RefCell<Sets>,
}

fn package_of(solvable: SolvableId) -> PackageId {
    PackageId::from_index(solvable.to_index())
}

fn solvable_of(package: PackageId) -> SolvableId {
    SolvableId::from_index(package.index())
}

impl Provider<'_, '_> {
    fn set(&self, set: Set) -> VersionSetId {
        let text = match set {
            Set::Exactly(id) => self.universe.index.package(id).version().to_owned(),
            Set::Not(id) => format!("not {}", self.universe.index.package(id).version()),
            Set::Any(_) | Set::Nothing(_) => "any version".to_owned(),
        };
        self.described(set, text)
    }

    fn described(&self, set: Set, text: String) -> VersionSetId {
        let mut sets = self.sets.borrow_mut();
        let next = sets.all.len();
        let index = match set {
            // each stands for another relation, which its text shows
            Set::Nothing(_) => next,
            _ => *sets.ids.entry(set).or_insert(next),
        };
        if index == next {
            sets.all.push((set, text));
        }
        VersionSetId::from_index(index)
    }

    fn get(&self, id: VersionSetId) -> (Set, String) {
        self.sets.borrow().all[id.to_index()].clone()
    }

    /// What may satisfy a group or clash with a package: candidates, and versions of the base beside newer ones.
    fn possible<T>(&self, found: impl Fn(&Choice) -> Vec<T>, id: impl Fn(&T) -> PackageId) -> Vec<PackageId> {
        let mut ids: Vec<PackageId> = Vec::new();
        for choice in [self.universe.present(), self.universe.candidates()] {
            for new in found(choice).iter().map(&id) {
                if !ids.contains(&new) {
                    ids.push(new);
                }
            }
        }
        ids
    }

    fn union(&self, sets: Vec<VersionSetId>) -> Requirement {
        if let [only] = sets[..] {
            return Requirement::Single(only);
        }
        let unions = &mut self.sets.borrow_mut().unions;
        unions.push(sets);
        Requirement::Union(VersionSetUnionId::from_index(unions.len() - 1))
    }
}

struct Shown(String);

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Interner for Provider<'_, '_> {
    type NameId = resolvo::NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, solvable: SolvableId) -> impl Display + '_ {
        self.universe.index.package(package_of(solvable)).version()
    }

    fn display_name(&self, name: resolvo::NameId) -> impl Display + '_ {
        let slot = Slot(name.to_index());
        let known = self.universe.versions(slot).next();
        Shown(
            known.map_or_else(
                || self.universe.name_of(slot).to_owned(),
                |package| self.universe.label(package),
            ),
        )
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl Display + '_ {
        Shown(self.get(version_set).1)
    }

    fn display_string(&self, _: StringId) -> impl Display + '_ {
        ""
    }

    fn version_set_name(&self, version_set: VersionSetId) -> resolvo::NameId {
        let slot = match self.get(version_set).0 {
            Set::Exactly(id) | Set::Not(id) => self.universe.slot(self.universe.index.package(id)),
            Set::Any(slot) | Set::Nothing(slot) => slot,
        };
        resolvo::NameId::from_index(slot.0)
    }

    fn solvable_name(&self, solvable: SolvableId) -> resolvo::NameId {
        let slot = self.universe.slot(self.universe.index.package(package_of(solvable)));
        resolvo::NameId::from_index(slot.0)
    }

    fn version_sets_in_union(&self, union: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        self.sets.borrow().unions[union.to_index()].clone().into_iter()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        // no requirement here ever carries a condition
        Condition::Requirement(VersionSetId::from_index(0))
    }
}

impl DependencyProvider for Provider<'_, '_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        version_set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let (set, _) = self.get(version_set);
        let holds = |candidate: SolvableId| match set {
            Set::Exactly(id) => package_of(candidate) == id,
            Set::Not(id) => package_of(candidate) != id,
            Set::Any(_) => true,
            Set::Nothing(_) => false,
        };
        candidates.iter().copied().filter(|candidate| holds(*candidate) != inverse).collect()
    }

    async fn get_candidates(&self, name: resolvo::NameId) -> Option<Candidates> {
        let slot = Slot(name.to_index());
        let present = self.universe.present()[slot];
        let mut versions: Vec<PackageId> =
            self.universe.candidates()[slot].into_iter().chain(present).collect();
        versions.dedup();
        if versions.is_empty() {
            return None;
        }
        Some(Candidates {
            candidates: versions.into_iter().map(solvable_of).collect(),
            favored: present.map(solvable_of),
            hint_dependencies_available: HintDependenciesAvailable::All,
            ..Candidates::default()
        })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, _: &mut [SolvableId]) {}

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let package = self.universe.index.package(package_of(solvable));
        let mut known = KnownDependencies::default();
        for group in self.universe.needs(package) {
            let solutions = |choice: &Choice| -> Vec<Package<'_>> {
                let each = |alternative: &Alternative| self.universe.solutions(choice, package, alternative);
                group.iter().flat_map(each).collect()
            };
            let possible = self.possible(solutions, |solution| solution.id());
            let mut sets: Vec<VersionSetId> =
                possible.into_iter().map(|id| self.set(Set::Exactly(id))).collect();
            if sets.is_empty() {
                sets.extend(group.iter().filter_map(|missing| {
                    let slot = self.universe.slots(missing.name).next()?;
                    Some(self.described(Set::Nothing(slot), package.show(missing)))
                }));
            }
            known.requirements.push(self.union(sets).into());
        }
        let clashes =
            self.possible(|choice| self.universe.clashing(choice, package), |(other, _)| other.id());
        for id in clashes {
            if !(self.universe.is_base(package) && self.universe.is_base(self.universe.index.package(id))) {
                known.constrains.push(self.set(Set::Not(id)));
            }
        }
        Dependencies::Known(known)
    }
}
