//! The judge behind the first pass: resolvo's SAT solver over the same candidates. It finds a solution where the
//! first pass fails, and shows the conflict where there is none.
//!
//! Every version set names exactly one package (a relation that several packages satisfy is a union of such
//! sets), because resolvo takes the candidates of a version set to share one name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Display};

use resolvo::{
    Candidates, Condition, ConditionId, DenseIndex, Dependencies, DependencyProvider,
    HintDependenciesAvailable, Interner, KnownDependencies, Problem, Requirement, SolvableId, Solver,
    SolverCache, StringId, UnsolvableOrCancelled, VersionSetId, VersionSetUnionId,
};

use super::universe::{Universe, critical};
use crate::source::index::{NameId, PackageId};

/// Looks for a set of candidates that contains the requests and breaks no relation. On failure: resolvo's
/// account of the conflict.
pub(super) fn judge(universe: &Universe<'_>, requests: &[NameId]) -> Result<Vec<PackageId>, String> {
    let provider = Provider { universe, sets: RefCell::default() };
    let requirements = requests
        .iter()
        .map(|name| {
            let wanted = match universe.candidates()[name.index()] {
                Some(id) => Set::Exactly(id),
                None => Set::Nothing(*name),
            };
            provider.set(wanted).into()
        })
        .collect();
    let mut solver = Solver::new(provider);
    match solver.solve(Problem::new().requirements(requirements)) {
        Ok(solvables) => Ok(solvables.into_iter().map(package_of).collect()),
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            Err(conflict.display_user_friendly(&solver).to_string())
        }
        Err(UnsolvableOrCancelled::Cancelled(_)) => Err("the search was cancelled".to_owned()),
    }
}

/// What a version set of one name stands for; a name has at most one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Set {
    Exactly(PackageId),
    Not(PackageId),
    Nothing(NameId),
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

fn name_of(name: resolvo::NameId) -> usize {
    name.to_index()
}

impl Provider<'_, '_> {
    fn set(&self, set: Set) -> VersionSetId {
        let text = match set {
            Set::Exactly(id) => self.universe.index.package(id).version().to_owned(),
            Set::Not(id) => format!("not {}", self.universe.index.package(id).version()),
            Set::Nothing(_) => "any version".to_owned(),
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
        self.universe.index.names().get(NameId::from_index(name_of(name)))
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl Display + '_ {
        Shown(self.get(version_set).1)
    }

    fn display_string(&self, _: StringId) -> impl Display + '_ {
        ""
    }

    fn version_set_name(&self, version_set: VersionSetId) -> resolvo::NameId {
        let name = match self.get(version_set).0 {
            Set::Exactly(id) | Set::Not(id) => self.universe.index.package(id).name_id(),
            Set::Nothing(name) => name,
        };
        resolvo::NameId::from_index(name.index())
    }

    fn solvable_name(&self, solvable: SolvableId) -> resolvo::NameId {
        resolvo::NameId::from_index(self.universe.index.package(package_of(solvable)).name_id().index())
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
            Set::Nothing(_) => false,
        };
        candidates.iter().copied().filter(|candidate| holds(*candidate) != inverse).collect()
    }

    async fn get_candidates(&self, name: resolvo::NameId) -> Option<Candidates> {
        let candidate = self.universe.candidates()[name_of(name)]?;
        Some(Candidates {
            candidates: vec![solvable_of(candidate)],
            hint_dependencies_available: HintDependenciesAvailable::All,
            ..Candidates::default()
        })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, _: &mut [SolvableId]) {}

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let package = self.universe.index.package(package_of(solvable));
        let candidates = self.universe.candidates();
        let mut known = KnownDependencies::default();
        for group in critical(package) {
            let mut sets = Vec::new();
            for alternative in group {
                for solution in self.universe.solutions(candidates, package, alternative) {
                    sets.push(self.set(Set::Exactly(solution.id())));
                }
            }
            if sets.is_empty() {
                sets.extend(
                    group
                        .iter()
                        .map(|missing| self.described(Set::Nothing(missing.name), package.show(missing))),
                );
            }
            known.requirements.push(self.union(sets).into());
        }
        for (other, _) in self.universe.conflicting(candidates, package) {
            known.constrains.push(self.set(Set::Not(other.id())));
        }
        Dependencies::Known(known)
    }
}
