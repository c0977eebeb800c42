//! What a request for a suite means for what the package needs: `curl/trixie-backports` takes `libcurl4t64` from there as well, if
//! curl asks for a version that the candidate is too old for. As apt does (`pkgDepCache::SetCandidateRelease`).

use super::slot::Slot;
use super::universe::{Universe, compare};
use crate::control::relation::Operator;
use crate::source::index::{Package, PackageId};

/// Makes versions of a suite candidates where a package of it needs them. Without a way to have all that it needs, nothing
/// changes. Returns sentences on what did.
pub(super) fn follow(universe: &mut Universe<'_>, package: PackageId, suite: &str) -> Vec<String> {
    let mut changed = Changed::new();
    if !is_followed(universe, package, suite, &mut changed) {
        undo(universe, &mut changed, 0);
    }
    let label = |id| universe.label(universe.index.package(id));
    let told = |(slot, _, reason): &(Slot, _, PackageId)| {
        let taken = universe.index.package(universe.candidates()[*slot]?);
        let (name, version) = (universe.label(taken), taken.version());
        Some(format!("{name} {version} of {suite} is taken as well, because of {}", label(*reason)))
    };
    changed.iter().filter_map(told).collect()
}

/// A slot, the candidate that it had, and the package that needs another.
type Changed = Vec<(Slot, Option<PackageId>, PackageId)>;

fn undo(universe: &mut Universe<'_>, changed: &mut Changed, from: usize) {
    for (slot, before, _) in changed.drain(from..).rev() {
        universe.set_candidate(slot, before);
    }
}

fn is_followed(universe: &mut Universe<'_>, owner: PackageId, suite: &str, changed: &mut Changed) -> bool {
    let package = universe.index.package(owner);
    let groups: Vec<_> = universe.needs(package).collect();
    groups.into_iter().all(|group| {
        if universe.is_group_satisfied(universe.candidates(), package, group) {
            return true;
        }
        // another candidate is no help to who takes any version
        let versioned = group.iter().filter(|alternative| alternative.operator != Operator::Any);
        let slots: Vec<Slot> = versioned.flat_map(|alternative| universe.slots(alternative.name)).collect();
        slots.into_iter().any(|slot| {
            let is_one = |other: &Package<'_>| {
                universe.provenance[other.part()].is_suite(suite)
                    && universe.group_accepts(package, group, *other)
            };
            let versions = universe.versions(slot).filter(is_one);
            let newest =
                versions.reduce(|best, other| if compare(other, best).is_gt() { other } else { best });
            let stays = universe.present()[slot].is_some() && !universe.may_upgrade;
            let Some(found) = newest.filter(|_| !stays).map(Package::id) else { return false };
            let begun = changed.len();
            changed.push((slot, universe.candidates()[slot], owner));
            universe.set_candidate(slot, Some(found));
            let is_whole = is_followed(universe, found, suite, changed);
            if !is_whole {
                undo(universe, changed, begun);
            }
            is_whole
        })
    })
}
