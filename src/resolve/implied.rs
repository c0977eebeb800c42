//! What packages read of essential ones, on which nobody has to depend (Debian Policy, section 3.8): every Debian system has it, a
//! main image may not.

use super::slot::Slot;
use super::universe::Universe;
use crate::source::index::{Package, PackageId};

/// A package, and the essential one that has its data. Without a description of the terminal no program that draws on one starts;
/// without a locale whose letters are UTF-8 tmux and Ansible don't; TeX's own programs, which make its formats, call a shell.
const IMPLIED: [(&str, &str); 5] = [
    ("libtinfo6", "ncurses-base"),
    ("tmux", "libc-bin"),
    ("ansible-core", "libc-bin"),
    ("tex-common", "debianutils"),
    ("tex-common", "dash"),
];

/// The packages that read the data of an essential one.
pub(super) fn readers_of(data: &str) -> impl Iterator<Item = &'static str> {
    IMPLIED.iter().filter(move |(_, other)| *other == data).map(|(reader, _)| *reader)
}

/// Adds what those that were chosen read, unless the base has it, or it was ruled out or left out, or lacks something.
pub(super) fn add_implied(universe: &Universe<'_>, forbidden: &[Slot], chosen: &mut Vec<PackageId>) {
    for (reader, data) in IMPLIED {
        let is_chosen = |name| chosen.iter().any(|id: &PackageId| universe.index.package(*id).name() == name);
        if !is_chosen(reader) || is_chosen(data) {
            continue;
        }
        let slots = universe.index.names().find(data).into_iter().flat_map(|name| universe.slots(name));
        let mut candidates = slots
            .filter(|slot| universe.architecture_of(*slot) == 0 && !forbidden.contains(slot))
            .filter(|slot| universe.present()[*slot].is_none())
            .filter_map(|slot| universe.candidates()[slot])
            .filter(|id| fits(universe, chosen, universe.index.package(*id)));
        let found = candidates.next();
        chosen.extend(found);
    }
}

/// Whether a package is an essential one, and needs nothing that is not there.
fn fits(universe: &Universe<'_>, chosen: &[PackageId], package: Package<'_>) -> bool {
    let there = |group| {
        let chosen = chosen.iter().map(|id| universe.index.package(*id));
        chosen.chain(universe.base()).any(|other| universe.group_accepts(package, group, other))
    };
    package.essential() && universe.needs(package).all(there)
}
