//! apt's choice: packages are marked in apt's order, so that the answer is apt's.
//!
//! The rules were read off apt 2.6 and 3.0 (`apt-pkg/depcache.cc`) and are numbered as in
//! `docs/design/resolver.md`. Marking is fast and deterministic, and it can fail where a solution exists; then
//! the solver ([`super::solve`]) looks for it.

use std::cmp::Reverse;

use super::satisfy::critical;
use super::slot::{Choice, Slot};
use super::universe::Universe;
use crate::arrange::Arrange as _;
use crate::source::index::{Alternative, Package, PackageId, RelationField};

/// How many packages deep a chain of dependencies may go; apt gives up there, too.
const DEEPEST: usize = 3000;

/// Marks the requests and what they need. `None` where what is marked in the end is broken.
pub(super) fn mark(
    universe: &Universe<'_>,
    requests: &[Slot],
    forbidden: &[Slot],
    recommends: bool,
) -> Option<Vec<PackageId>> {
    let mut marker = Marker::new(universe, recommends);
    for slot in forbidden {
        marker.rule_out(*slot);
    }
    // all requests are marked and protected before any is expanded
    for slot in requests {
        if !marker.install(*slot, 0, By::User { expand: false }) {
            return None;
        }
        marker.protected[slot.0] = true;
    }
    for slot in requests {
        if !marker.install(*slot, 0, By::User { expand: true }) {
            return None;
        }
    }
    marker.sweep(requests);
    let Marker { installed, .. } = marker;
    universe.is_whole(&installed).then(|| universe.additions(&installed))
}

/// The marking of one run.
struct Marker<'u, 'i> {
    universe: &'u Universe<'i>,
    recommends: bool,
    candidates: Choice,
    installed: Choice,
    /// By slot: its state may not change, because it is requested, being expanded, ruled out or in the base.
    protected: Vec<bool>,
}

/// Who asks for a package to be marked; `expand`: together with what it needs.
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

/// Alternatives of which one is enough; `critical`: without one the package is broken.
struct Group<'i> {
    alternatives: &'i [Alternative],
    critical: bool,
}

impl<'u, 'i> Marker<'u, 'i> {
    fn new(universe: &'u Universe<'i>, recommends: bool) -> Self {
        let present = universe.present();
        let count = present.len();
        let mut marker = Self {
            universe,
            recommends,
            candidates: universe.candidates().clone(),
            installed: present.clone(),
            protected: vec![false; count],
        };
        for id in present.packages() {
            let package = universe.index.package(id);
            let slot = universe.slot(package);
            // what is there stays; only an upgrade that is allowed may take its place
            if universe.candidates()[slot] == Some(id) {
                marker.protected[slot.0] = true;
                for (other, _) in universe.clashing(universe.candidates(), package) {
                    let other = universe.slot(other);
                    if present[other].is_none() {
                        marker.rule_out(other);
                    }
                }
            }
        }
        marker
    }

    /// Keeps a package out for good.
    fn rule_out(&mut self, slot: Slot) {
        self.candidates[slot] = None;
        self.protected[slot.0] = true;
    }

    fn groups(&self, package: Package<'i>) -> impl Iterator<Item = Group<'i>> + use<'i> {
        let recommended =
            if self.recommends { Some(package.groups(RelationField::Recommends)) } else { None };
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
            || !self.universe.clashing(&self.installed, package).is_empty()
    }

    /// Marks the candidate of a slot (`MarkInstall`); `false` where it cannot be had, or what it needs cannot.
    fn install(&mut self, slot: Slot, depth: usize, by: By) -> bool {
        if depth > DEEPEST {
            return false;
        }
        let Some(candidate) = self.candidates[slot] else { return false };
        if self.universe.present()[slot] == Some(candidate) {
            return true;
        }
        let (protected, marked) = (self.protected[slot.0], self.installed[slot] == Some(candidate));
        if !by.is_user() && protected && !marked {
            return false;
        }
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
            self.protected[slot.0] = true;
            let expanded = self.expand(package, &wanted, depth, protected, by.is_user());
            self.protected[slot.0] = protected;
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

    /// Unmarks a package, which is no candidate any more.
    fn discard(&mut self, slot: Slot) {
        self.candidates[slot] = None;
        self.installed[slot] = self.universe.present()[slot];
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
        if !propagate && self.universe.clashing(&self.installed, package).is_empty() {
            return true;
        }
        let mut cleared = true;
        for (other, _) in self.universe.clashing(&self.candidates, package) {
            let slot = self.universe.slot(other);
            if self.installed[slot].is_some() {
                if self.protected[slot.0] || self.universe.present()[slot].is_some() {
                    cleared = false;
                    if !propagate && !by_user {
                        return false;
                    }
                    continue;
                }
                self.installed[slot] = None;
            }
            if propagate {
                self.rule_out(slot);
            }
        }
        cleared
    }

    /// Marks what a package needs; `false` where something critical cannot be had.
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
        let slot = self.universe.slot(only);
        if std::mem::replace(&mut self.protected[slot.0], true) {
            return true;
        }
        self.install(slot, depth + 1, By::Dependency { expand: true })
    }

    /// Marks the first of the packages that satisfy a group that can be had.
    fn expand_group(
        &mut self,
        package: Package<'i>,
        group: &Group<'i>,
        depth: usize,
        propagate: bool,
    ) -> bool {
        let solutions = self.solutions(package, group);
        for solution in &solutions {
            let slot = self.universe.slot(*solution);
            if self.candidates[slot] != Some(solution.id()) {
                continue;
            }
            if propagate && group.critical && solutions.len() == 1 {
                if !self.install(slot, depth + 1, By::Dependency { expand: false }) {
                    continue;
                }
                self.protected[slot.0] = true;
            }
            if self.install(slot, depth + 1, By::Dependency { expand: true }) {
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
            found.arrange_by_key(|solution| {
                let slot = self.universe.slot(*solution);
                (
                    !self.protected[slot.0],
                    solution.name_id() != alternative.name,
                    !solution.essential(),
                    !solution.important(),
                    self.universe.architecture_of(slot),
                    solution.priority(),
                    Reverse(slot),
                )
            });
            for solution in found {
                let slot = self.universe.slot(solution);
                let ruled_out = self.protected[slot.0] && self.installed[slot].is_none();
                if !ruled_out && all.iter().all(|known| known.id() != solution.id()) {
                    all.push(solution);
                }
            }
        }
        all
    }

    /// Unmarks what nothing reaches from the requests, through dependencies or recommendations.
    fn sweep(&mut self, requests: &[Slot]) {
        let universe = self.universe;
        let mut reached = vec![false; self.installed.len()];
        let mut queue: Vec<PackageId> = Vec::new();
        let visit = |id: PackageId, reached: &mut Vec<bool>, queue: &mut Vec<PackageId>| {
            let slot = universe.slot(universe.index.package(id));
            if !std::mem::replace(&mut reached[slot.0], true) {
                queue.push(id);
            }
        };
        // all of the base counts as asked for, as what apt finds installed does
        let roots = requests.iter().filter_map(|slot| self.installed[*slot]);
        for id in roots.chain(universe.base().map(Package::id)) {
            visit(id, &mut reached, &mut queue);
        }
        while let Some(id) = queue.pop() {
            let package = universe.index.package(id);
            for group in critical(package).chain(package.groups(RelationField::Recommends)) {
                for alternative in group {
                    for solution in universe.solutions(&self.installed, package, alternative) {
                        visit(solution.id(), &mut reached, &mut queue);
                    }
                }
            }
        }
        for slot in (0..reached.len()).map(Slot) {
            if !reached[slot.0] {
                self.installed[slot] = universe.present()[slot];
            }
        }
    }
}
