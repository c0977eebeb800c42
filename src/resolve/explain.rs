//! Why there is no solution, in words.

use std::collections::{HashMap, VecDeque};

use super::universe::{Universe, critical};
use crate::source::index::{Alternative, NameId, Package, PackageId};

/// The three package names nearest to one that does not exist.
pub(super) fn nearest(universe: &Universe<'_>, name: &str) -> Vec<String> {
    let names = universe.index.names();
    let mut scored: Vec<(f64, &str)> = names
        .ids()
        .filter(|id| universe.candidates()[id.index()].is_some())
        .map(|id| names.get(id))
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(right.1)));
    scored.into_iter().take(3).map(|(_, known)| known.to_owned()).collect()
}

/// Packages that every solution has, each with the one that needs it first; requests need nobody.
type Forced = HashMap<PackageId, Option<(PackageId, String)>>;

/// Why there is no solution, where dependencies without a choice lead to it: the shortest chain from a request to
/// something missing, or two packages that are both needed and exclude each other. `None` where it takes a search
/// to see.
pub(super) fn explain(universe: &Universe<'_>, requests: &[NameId]) -> Option<String> {
    let mut forced = Forced::new();
    let mut queue = VecDeque::new();
    for name in requests {
        if let Some(id) = universe.candidates()[name.index()]
            && forced.insert(id, None).is_none()
        {
            queue.push_back(id);
        }
    }
    let mut order = Vec::new();
    while let Some(id) = queue.pop_front() {
        order.push(id);
        let package = universe.index.package(id);
        for group in critical(package) {
            let mut solutions: Vec<PackageId> = group
                .iter()
                .flat_map(|alternative| universe.solutions(universe.candidates(), package, alternative))
                .map(Package::id)
                .collect();
            solutions.dedup();
            match solutions[..] {
                [] => {
                    let there: Vec<String> =
                        group.iter().map(|alternative| what_there_is(universe, alternative)).collect();
                    let needed = step(package, &package.show_group(group));
                    let before = chain(universe, &forced, id);
                    return Some(format!("{before}{needed}, but {}", there.join(" and ")));
                }
                [only] => {
                    forced.entry(only).or_insert_with(|| {
                        queue.push_back(only);
                        Some((id, package.show_group(group)))
                    });
                }
                _ => {}
            }
        }
    }
    exclusion(universe, &forced, &order)
}

fn exclusion(universe: &Universe<'_>, forced: &Forced, order: &[PackageId]) -> Option<String> {
    let packages = order.iter().map(|id| universe.index.package(*id));
    let (package, other, relation) = packages
        .flat_map(|package| {
            let conflicts = universe.conflicting(universe.candidates(), package);
            conflicts.into_iter().map(move |(other, relation)| (package, other, relation))
        })
        .find(|(_, other, _)| forced.contains_key(&other.id()))?;
    let reason = if relation.name == other.name_id() {
        String::new()
    } else {
        format!(", which provides {}", universe.index.names().get(relation.name))
    };
    let why = [package, other].map(|package| chain(universe, forced, package.id())).concat();
    let (name, version) = (package.name(), package.version());
    Some(format!("{why}{name} {version} conflicts with {} {}{reason}", other.name(), other.version()))
}

fn step(package: Package<'_>, relation: &str) -> String {
    format!("{} needs {relation}", package.name())
}

/// The steps from a request to a package, each ending in `; `.
fn chain(universe: &Universe<'_>, forced: &Forced, to: PackageId) -> String {
    let mut steps = Vec::new();
    let mut current = to;
    while let Some(Some((parent, relation))) = forced.get(&current) {
        steps.push(format!("{}; ", step(universe.index.package(*parent), relation)));
        current = *parent;
    }
    steps.reverse();
    steps.concat()
}

fn what_there_is(universe: &Universe<'_>, alternative: &Alternative) -> String {
    let name = universe.index.names().get(alternative.name);
    let candidate = universe.candidates()[alternative.name.index()];
    if let Some(id) = candidate {
        let package = universe.index.package(id);
        let suite = &universe.provenance[package.part()].source.suite;
        return format!("only {name} {} is in {suite}", package.version());
    }
    match universe.index.versions(alternative.name).next() {
        Some(_) => format!("no version of {name} may be chosen here"),
        None => format!("there is no {name} in the sources"),
    }
}
