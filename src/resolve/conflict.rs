//! Why there is no solution, in words: `a needs b; b needs c (>= 2), but only c 1.4 is in bookworm`.

use std::collections::{HashMap, VecDeque};

use super::slot::Slot;
use super::universe::{Universe, compare};
use crate::arrange::Arrange as _;
use crate::source::index::{Alternative, Package, PackageId};

/// Packages that every solution has, each with the one that needs it first; requests need nobody.
type Forced = HashMap<PackageId, Option<(PackageId, String)>>;

/// Why there is no solution, where dependencies without a choice lead to it: the shortest chain from a request to
/// something missing, or two packages that are both needed and exclude each other. `None` where it takes a search
/// to see.
pub(super) fn reason(universe: &Universe<'_>, requests: &[Slot]) -> Option<String> {
    let mut forced = Forced::new();
    let mut queue = VecDeque::new();
    for slot in requests {
        match universe.candidates()[*slot] {
            None => return Some(format!("{} is both asked for and kept out", universe.name_of(*slot))),
            Some(id) => {
                if forced.insert(id, None).is_none() {
                    queue.push_back(id);
                }
            }
        }
    }
    let mut order = Vec::new();
    while let Some(id) = queue.pop_front() {
        order.push(id);
        let package = universe.index.package(id);
        for group in universe.needs(package) {
            if universe.is_group_satisfied(universe.present(), package, group) {
                continue;
            }
            let mut solutions: Vec<PackageId> = group
                .iter()
                .flat_map(|alternative| universe.solutions(universe.candidates(), package, alternative))
                .map(Package::id)
                .collect();
            solutions.arrange();
            solutions.dedup();
            match solutions[..] {
                [] => {
                    let there: Vec<String> =
                        group.iter().map(|missing| what_there_is(universe, package, missing)).collect();
                    let needed = step(universe, package, &package.show_group(group));
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
    let needed = order.iter().map(|id| universe.index.package(*id));
    let (package, other, relation) = needed
        .chain(universe.base())
        .flat_map(|package| {
            let clashes = universe.clashing(universe.candidates(), package);
            clashes.into_iter().map(move |(other, relation)| (package, other, relation))
        })
        .find(|(package, other, _)| {
            forced.contains_key(&other.id()) || (universe.is_base(*other) && !universe.is_base(*package))
        })?;
    let reason = match relation {
        Some(relation) if relation.name == other.name_id() => String::new(),
        Some(relation) => format!(", which provides {}", universe.index.names().get(relation.name)),
        None => ", as they are not of one version and Multi-Arch: same".to_owned(),
    };
    let why = [package, other].map(|package| chain(universe, forced, package.id())).concat();
    let [one, two] = [package, other].map(|package| {
        let of = if universe.is_base(package) { " of the base" } else { "" };
        format!("{} {}{of}", universe.label(package), package.version())
    });
    Some(format!("{why}{one} conflicts with {two}{reason}"))
}

fn step(universe: &Universe<'_>, package: Package<'_>, relation: &str) -> String {
    format!("{} needs {relation}", universe.label(package))
}

/// The steps from a request to a package, each ending in `; `.
fn chain(universe: &Universe<'_>, forced: &Forced, to: PackageId) -> String {
    let mut steps = Vec::new();
    let mut current = to;
    while let Some(Some((parent, relation))) = forced.get(&current) {
        steps.push(format!("{}; ", step(universe, universe.index.package(*parent), relation)));
        current = *parent;
    }
    steps.reverse();
    steps.concat()
}

/// What is there instead of an alternative that nothing satisfies.
fn what_there_is(universe: &Universe<'_>, owner: Package<'_>, alternative: &Alternative) -> String {
    let name = universe.index.names().get(alternative.name);
    let suite = |package: Package<'_>| universe.provenance[package.part()].source.suite.as_str();
    let mut slots = universe.slots(alternative.name);
    if let Some(id) = slots.find_map(|slot| universe.candidates()[slot]) {
        let package = universe.index.package(id);
        if !universe.is_base(package) {
            return format!(
                "only {} {} is in {}",
                universe.label(package),
                package.version(),
                suite(package)
            );
        }
        let newer = universe
            .versions(universe.slot(package))
            .filter(|other| !universe.is_base(*other) && compare(*other, package).is_gt())
            .find(|other| owner.accepts(alternative, other.version()));
        let there = format!("the base has {name} {}", package.version());
        return match newer {
            Some(newer) => format!(
                "{there}, and {} of {} would take its place (--upgrade-base)",
                newer.version(),
                suite(newer)
            ),
            None => there,
        };
    }
    match universe.index.versions(alternative.name).next() {
        Some(_) => format!("no version of {name} may be chosen here"),
        None => format!("there is no {name} in the sources"),
    }
}
