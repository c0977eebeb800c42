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

/// The shortest chain from a request to a dependency that nothing satisfies, where the way to it leaves no
/// choice. `None` when the reason is a conflict rather than something missing.
pub(super) fn missing_chain(universe: &Universe<'_>, requests: &[NameId]) -> Option<String> {
    let mut parents: HashMap<PackageId, Option<(PackageId, String)>> = HashMap::new();
    let mut queue = VecDeque::new();
    for name in requests {
        if let Some(id) = universe.candidates()[name.index()]
            && parents.insert(id, None).is_none()
        {
            queue.push_back(id);
        }
    }
    while let Some(id) = queue.pop_front() {
        let package = universe.index.package(id);
        for group in critical(package) {
            let mut solutions: Vec<PackageId> = group
                .iter()
                .flat_map(|alternative| universe.solutions(universe.candidates(), package, alternative))
                .map(Package::id)
                .collect();
            solutions.dedup();
            match solutions[..] {
                [] => return Some(chain(universe, &parents, package, group)),
                [only] => {
                    parents.entry(only).or_insert_with(|| {
                        queue.push_back(only);
                        Some((id, package.show_group(group)))
                    });
                }
                _ => {}
            }
        }
    }
    None
}

fn chain(
    universe: &Universe<'_>,
    parents: &HashMap<PackageId, Option<(PackageId, String)>>,
    package: Package<'_>,
    group: &[Alternative],
) -> String {
    let mut steps = vec![format!("{} needs {}", package.name(), package.show_group(group))];
    let mut current = package.id();
    while let Some(Some((parent, relation))) = parents.get(&current) {
        steps.push(format!("{} needs {relation}", universe.index.package(*parent).name()));
        current = *parent;
    }
    steps.reverse();
    let there: Vec<String> = group.iter().map(|alternative| what_there_is(universe, alternative)).collect();
    format!("{}, but {}", steps.join("; "), there.join(" and "))
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
