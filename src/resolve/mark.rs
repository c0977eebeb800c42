//! The first pass: marks packages in apt's order, so that the answer is apt's.
//!
//! The rules were read off apt 2.6 and 3.0 (`apt-pkg/depcache.cc`) and are numbered as in
//! `docs/architecture.md`. The pass is fast and deterministic, and it can fail where a solution exists; then the
//! judge ([`super::judge`]) looks for it.

use std::cmp::Reverse;

use super::universe::{Choice, Universe, critical, negative};
use crate::source::index::{Alternative, Kind, NameId, Package, PackageId};

/// apt gives up here, too.
const DEEPEST: usize = 3000;

/// Runs the pass. `None` when what it marked is broken.
pub(super) fn run(
    universe: &Universe<'_>,
    requests: &[NameId],
    forbidden: &[NameId],
    recommends: bool,
) -> Option<Vec<PackageId>> {
    let mut marker = Marker::new(universe, recommends);
    for name in forbidden {
        marker.forbid(*name);
    }
    // all requests are marked and protected before any is expanded
    for name in requests {
        if !marker.install(*name, 0, By::User { expand: false }) {
            return None;
        }
        marker.protected[name.index()] = true;
    }
    for name in requests {
        if !marker.install(*name, 0, By::User { expand: true }) {
            return None;
        }
    }
    marker.sweep(requests);
    marker.is_whole().then(|| marker.installed.iter().copied().flatten().collect())
}

struct Marker<'u, 'i> {
    universe: &'u Universe<'i>,
    recommends: bool,
    candidates: Vec<Option<PackageId>>,
    installed: Vec<Option<PackageId>>,
    /// Its state may not change: requested, being expanded, or ruled out.
    protected: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    User { expand: bool },
    Dependency { expand: bool },
}

impl By {
    fn is_user(self) -> bool {
        matches!(self, Self::User { .. })
    }

    fn expands(self) -> bool {
        matches!(self, Self::User { expand: true } | Self::Dependency { expand: true })
    }
}

struct Group<'i> {
    alternatives: &'i [Alternative],
    critical: bool,
}

impl<'u, 'i> Marker<'u, 'i> {
    fn new(universe: &'u Universe<'i>, recommends: bool) -> Self {
        let count = universe.candidates().len();
        Self {
            universe,
            recommends,
            candidates: universe.candidates().to_vec(),
            installed: vec![None; count],
            protected: vec![false; count],
        }
    }

    fn forbid(&mut self, name: NameId) {
        self.candidates[name.index()] = None;
        self.protected[name.index()] = true;
    }

    fn groups(&self, package: Package<'i>) -> impl Iterator<Item = Group<'i>> + use<'i> {
        let recommended = if self.recommends { Some(package.groups(Kind::Recommends)) } else { None };
        critical(package).map(|alternatives| Group { alternatives, critical: true }).chain(
            recommended.into_iter().flatten().map(|alternatives| Group { alternatives, critical: false }),
        )
    }

    fn satisfied(&self, choice: &Choice, owner: Package<'i>, group: &[Alternative]) -> bool {
        self.universe.is_group_satisfied(choice, owner, group)
    }

    /// Whether a marked package still lacks something or meets something that it conflicts with.
    fn is_broken(&self, package: Package<'i>) -> bool {
        self.groups(package).any(|group| !self.satisfied(&self.installed, package, group.alternatives))
            || !self.universe.conflicting(&self.installed, package).is_empty()
    }

    fn install(&mut self, name: NameId, depth: usize, by: By) -> bool {
        let slot = name.index();
        if depth > DEEPEST {
            return false;
        }
        let (protected, marked) = (self.protected[slot], self.installed[slot].is_some());
        if !by.is_user() && protected && !marked {
            return false;
        }
        let Some(candidate) = self.candidates[slot] else { return false };
        let package = self.universe.index.package(candidate);
        if !protected && marked && !self.is_broken(package) {
            return true;
        }
        if by.expands() && !self.candidates_satisfy(package) {
            if !protected {
                self.discard(slot);
            }
            return false;
        }
        if by.is_user() {
            self.installed[slot] = Some(candidate);
        }
        let fail_early = !protected && !by.is_user();
        let mut failed = false;
        let mut wanted = Vec::new();
        if by.expands() {
            wanted = self
                .groups(package)
                .filter(|group| protected || !self.satisfied(&self.installed, package, group.alternatives))
                .collect();
            if !self.clear_conflicts(package, protected, by.is_user()) {
                if fail_early {
                    return false;
                }
                failed = true;
            }
        }
        self.installed[slot] = Some(candidate);
        if by.expands() {
            self.protected[slot] = true;
            let expanded = self.expand(package, &wanted, depth, protected, by.is_user());
            self.protected[slot] = protected;
            if !expanded {
                if fail_early {
                    self.discard(slot);
                    return false;
                }
                failed = true;
            }
        }
        !failed
    }

    fn discard(&mut self, slot: usize) {
        self.candidates[slot] = None;
        self.installed[slot] = None;
    }

    /// Whether each dependency could still be satisfied by something marked or by a candidate.
    fn candidates_satisfy(&self, package: Package<'i>) -> bool {
        critical(package).all(|group| {
            self.satisfied(&self.installed, package, group)
                || self.satisfied(&self.candidates, package, group)
        })
    }

    /// Unmarks what the package conflicts with, or rules it out for good where the package is protected.
    fn clear_conflicts(&mut self, package: Package<'i>, propagate: bool, by_user: bool) -> bool {
        let mut cleared = true;
        for alternative in negative(package) {
            let clashing = |choice: &Choice| {
                let mut found = self.universe.solutions(choice, package, alternative);
                found.retain(|other| other.name_id() != package.name_id());
                found
            };
            if !propagate && clashing(&self.installed).is_empty() {
                continue;
            }
            for other in clashing(&self.candidates) {
                let slot = other.name_id().index();
                if self.installed[slot].is_some() {
                    if self.protected[slot] {
                        cleared = false;
                        if !propagate && !by_user {
                            return false;
                        }
                        continue;
                    }
                    self.installed[slot] = None;
                }
                if propagate {
                    self.candidates[slot] = None;
                    self.protected[slot] = true;
                }
            }
        }
        cleared
    }

    fn expand(
        &mut self,
        package: Package<'i>,
        wanted: &[Group<'i>],
        depth: usize,
        propagate: bool,
        by_user: bool,
    ) -> bool {
        let mut complete = true;
        for group in wanted {
            if self.satisfied(&self.installed, package, group.alternatives) {
                if propagate && group.critical && !self.protect_only_solution(package, group, depth) {
                    complete = false;
                }
                continue;
            }
            if !self.expand_group(package, group, depth, propagate) && group.critical {
                complete = false;
                if !propagate && !by_user {
                    return false;
                }
            }
        }
        complete
    }

    /// Protection is handed on along a dependency that only one package satisfies.
    fn protect_only_solution(&mut self, package: Package<'i>, group: &Group<'i>, depth: usize) -> bool {
        let solutions = self.solutions(package, group);
        let [only] = solutions[..] else { return true };
        if self.protected[only.name_id().index()] {
            return true;
        }
        self.protected[only.name_id().index()] = true;
        self.install(only.name_id(), depth + 1, By::Dependency { expand: true })
    }

    fn expand_group(
        &mut self,
        package: Package<'i>,
        group: &Group<'i>,
        depth: usize,
        propagate: bool,
    ) -> bool {
        let solutions = self.solutions(package, group);
        for solution in &solutions {
            let name = solution.name_id();
            if self.candidates[name.index()] != Some(solution.id()) {
                continue;
            }
            if propagate && group.critical && solutions.len() == 1 {
                if !self.install(name, depth + 1, By::Dependency { expand: false }) {
                    continue;
                }
                self.protected[name.index()] = true;
            }
            if self.install(name, depth + 1, By::Dependency { expand: true }) {
                return true;
            }
        }
        false
    }

    /// The candidates that satisfy a group, alternative by alternative, the preferred provider first.
    fn solutions(&self, package: Package<'i>, group: &Group<'i>) -> Vec<Package<'i>> {
        let mut all: Vec<Package<'i>> = Vec::new();
        for alternative in group.alternatives {
            let mut found = self.universe.solutions(&self.candidates, package, alternative);
            found.sort_by_key(|solution| {
                let name = solution.name_id();
                (
                    !self.protected[name.index()],
                    name != alternative.name,
                    !solution.essential(),
                    !solution.important(),
                    solution.priority(),
                    Reverse(name),
                )
            });
            for solution in found {
                let slot = solution.name_id().index();
                let ruled_out = self.protected[slot] && self.installed[slot].is_none();
                if !ruled_out && all.iter().all(|known| known.id() != solution.id()) {
                    all.push(solution);
                }
            }
        }
        all
    }

    /// Unmarks what nothing reaches from the requests, through dependencies or recommendations.
    fn sweep(&mut self, requests: &[NameId]) {
        let mut reached = vec![false; self.installed.len()];
        let mut queue: Vec<PackageId> = Vec::new();
        let visit = |id: PackageId, reached: &mut Vec<bool>, queue: &mut Vec<PackageId>| {
            let slot = self.universe.index.package(id).name_id().index();
            if !std::mem::replace(&mut reached[slot], true) {
                queue.push(id);
            }
        };
        for name in requests {
            if let Some(id) = self.installed[name.index()] {
                visit(id, &mut reached, &mut queue);
            }
        }
        while let Some(id) = queue.pop() {
            let package = self.universe.index.package(id);
            for group in critical(package).chain(package.groups(Kind::Recommends)) {
                for alternative in group {
                    for solution in self.universe.solutions(&self.installed, package, alternative) {
                        visit(solution.id(), &mut reached, &mut queue);
                    }
                }
            }
        }
        for (slot, reached) in reached.into_iter().enumerate() {
            if !reached {
                self.installed[slot] = None;
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.installed.iter().flatten().all(|id| {
            let package = self.universe.index.package(*id);
            critical(package).all(|group| self.satisfied(&self.installed, package, group))
                && self.universe.conflicting(&self.installed, package).is_empty()
        })
    }
}
