//! What installed packages need of each other: which would be broken without some, and which nothing needs.

use std::collections::{BTreeSet, HashMap};

use super::installed::{Installed, Package, Where};
use crate::control::relation::{self, Relation};
use crate::control::version;
use crate::deb::paragraph::field;

/// The packages that count, and which of them have or provide a name.
pub(crate) struct Relations<'i> {
    packages: Vec<&'i Package>,
    by_name: HashMap<&'i str, Vec<usize>>,
    /// A virtual name, with the version that is provided of it.
    by_provided: HashMap<&'i str, Vec<(usize, &'i str)>>,
}

const EXCLUDES: [&str; 2] = ["Conflicts", "Breaks"];
const NEEDS: [&str; 2] = ["Pre-Depends", "Depends"];
/// What keeps a package from being taken for one that nobody needs, as apt has it by default.
const KEEPS: [&str; 4] = ["Pre-Depends", "Depends", "Suggests", "Recommends"];

impl<'i> Relations<'i> {
    pub(crate) fn of(installed: &'i Installed) -> Self {
        let packages: Vec<&Package> = installed.counting().collect();
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_provided: HashMap<&str, Vec<(usize, &str)>> = HashMap::new();
        for (number, package) in packages.iter().enumerate() {
            by_name.entry(&package.name).or_default().push(number);
            for provided in relation::parse(package.field("Provides")).flatten() {
                by_provided.entry(provided.name).or_default().push((number, provided.version));
            }
        }
        Self { packages, by_name, by_provided }
    }

    /// The destination's packages that lack something when those in `gone` are gone; each with what it lacks.
    pub(crate) fn broken(&self, gone: &BTreeSet<usize>) -> Vec<(usize, String)> {
        let mut broken = Vec::new();
        for (number, package) in self.packages.iter().enumerate() {
            if package.place == Where::Image || gone.contains(&number) {
                continue;
            }
            for group in NEEDS.iter().flat_map(|field| groups(package.field(field))) {
                if !group.iter().any(|one| self.satisfying(one).any(|other| !gone.contains(&other))) {
                    broken.push((number, shown(&group)));
                    break;
                }
            }
        }
        broken
    }

    /// These, and all of the destination's that cannot be without them.
    pub(crate) fn with_dependants(&self, mut gone: BTreeSet<usize>) -> BTreeSet<usize> {
        // what lacks something in any case does not go because of these
        let before: BTreeSet<usize> =
            self.broken(&BTreeSet::new()).into_iter().map(|(number, _)| number).collect();
        loop {
            let broken = self.broken(&gone).into_iter().map(|(number, _)| number);
            let more: Vec<usize> = broken.filter(|number| !before.contains(number)).collect();
            if more.is_empty() {
                return gone;
            }
            gone.extend(more);
        }
    }

    /// Those of the destination that nothing needs that was asked for, which `asked` knows of each; with `recommends`, to be recommended is
    /// to be needed.
    pub(crate) fn unneeded(
        &self,
        gone: &BTreeSet<usize>,
        recommends: bool,
        asked: impl Fn(&Package) -> bool,
    ) -> BTreeSet<usize> {
        let keeps = if recommends { &KEEPS[..] } else { &KEEPS[..KEEPS.len() - 1] };
        let mut reached: BTreeSet<usize> = BTreeSet::new();
        let is_root = |package: &Package| package.place == Where::Image || asked(package);
        let mut queue: Vec<usize> = (0..self.packages.len())
            .filter(|number| is_root(self.packages[*number]) && !gone.contains(number))
            .collect();
        reached.extend(&queue);
        while let Some(number) = queue.pop() {
            let package = self.packages[number];
            for relation in keeps.iter().flat_map(|field| relation::parse(package.field(field)).flatten()) {
                for other in self.satisfying(&relation) {
                    if !gone.contains(&other) && reached.insert(other) {
                        queue.push(other);
                    }
                }
            }
        }
        let own = |number: &usize| self.packages[*number].place == Where::Tree;
        (0..self.packages.len())
            .filter(own)
            .filter(|number| !reached.contains(number) && !gone.contains(number))
            .collect()
    }

    /// The destination's packages that cannot be beside one with this stanza (Debian Policy 7.3, 7.4).
    pub(crate) fn in_conflict(&self, stanza: &str) -> BTreeSet<usize> {
        let of = |name: &str| field(stanza, name).unwrap_or_default();
        let (name, version) = (of("Package"), of("Version"));
        let excluded: BTreeSet<usize> = EXCLUDES
            .iter()
            .flat_map(|kind| relation::parse(of(kind)).flatten())
            .flat_map(|relation| self.satisfying(&relation).collect::<Vec<_>>())
            .collect();
        let excludes = |package: &Package| {
            let mut relations =
                EXCLUDES.iter().flat_map(|kind| relation::parse(package.field(kind)).flatten());
            relations.any(|relation| {
                let named = relation.name == name
                    && (relation.version.is_empty()
                        || relation.operator.accepts(version::compare(version, relation.version)));
                let provided = || {
                    relation.version.is_empty()
                        && relation::parse(of("Provides")).flatten().any(|one| one.name == relation.name)
                };
                named || provided()
            })
        };
        self.numbers(|package| package.place == Where::Tree && package.name != name)
            .into_iter()
            .filter(|number| excluded.contains(number) || excludes(self.packages[*number]))
            .collect()
    }

    /// The numbers of packages.
    pub(crate) fn numbers(&self, is: impl Fn(&Package) -> bool) -> BTreeSet<usize> {
        (0..self.packages.len()).filter(|number| is(self.packages[*number])).collect()
    }

    /// The stanzas of the destination's packages but those that `leaves` says, as a dpkg status.
    pub(crate) fn stanzas_of_tree(&self, leaves: impl Fn(&Package) -> bool) -> String {
        let own = self.packages.iter().filter(|package| package.place == Where::Tree && !leaves(package));
        own.flat_map(|package| [package.stanza.as_str(), "\n\n"]).collect()
    }

    /// All of them, by their numbers.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &'i Package> + '_ {
        self.packages.iter().copied()
    }

    /// One by its number.
    pub(crate) fn package(&self, number: usize) -> &'i Package {
        self.packages[number]
    }

    /// Whether something installed satisfies one of the alternatives of each group of a field.
    pub(crate) fn satisfies(&self, field: &str) -> bool {
        groups(field).iter().all(|group| group.iter().any(|one| self.satisfying(one).next().is_some()))
    }

    /// What installed packages are, or provide, of a relation.
    fn satisfying<'s>(&'s self, relation: &'s Relation<'_>) -> impl Iterator<Item = usize> + 's {
        let accepts = |own: &str| {
            relation.version.is_empty() || relation.operator.accepts(version::compare(own, relation.version))
        };
        let named = self.by_name.get(relation.name).into_iter().flatten().copied();
        let named = named.filter(move |number| accepts(&self.packages[*number].version));
        let provided = self.by_provided.get(relation.name).into_iter().flatten();
        let provided =
            provided.filter(move |(_, own)| relation.version.is_empty() || !own.is_empty() && accepts(own));
        named.chain(provided.map(|(number, _)| *number))
    }
}

fn groups(field: &str) -> Vec<Vec<Relation<'_>>> {
    let mut groups = vec![Vec::new()];
    for relation in relation::parse(field).flatten() {
        if let Some(group) = groups.last_mut() {
            group.push(relation);
        }
        if relation.last {
            groups.push(Vec::new());
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn shown(group: &[Relation<'_>]) -> String {
    let one = |relation: &Relation<'_>| match relation.version {
        "" => relation.name.to_owned(),
        version => format!("{} ({} {version})", relation.name, relation.operator.symbol()),
    };
    group.iter().map(one).collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::live::installed::DATABASE;

    fn installed(stanzas: &[&str]) -> (tempfile::TempDir, Installed) {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join(DATABASE);
        fs::create_dir_all(&database).unwrap();
        let parts = stanzas.iter().flat_map(|fields| ["Architecture: amd64\nPackage: ", *fields, "\n\n"]);
        let text: String = parts.collect();
        fs::write(database.join("status"), text).unwrap();
        let installed = Installed::read(None, Some(folder.path())).unwrap();
        (folder, installed)
    }

    fn names(relations: &Relations<'_>, numbers: &BTreeSet<usize>) -> Vec<String> {
        numbers.iter().map(|number| relations.package(*number).name.clone()).collect()
    }

    #[test]
    fn what_needs_a_package_goes_with_it_and_what_it_needed_is_of_no_use() {
        let (_folder, installed) = installed(&[
            "tool\nVersion: 1\nDepends: lib (>= 2) | other, virtual",
            "lib\nVersion: 2",
            "real\nVersion: 1\nProvides: virtual",
            "more\nVersion: 1\nPre-Depends: tool",
            "kept\nVersion: 1\nRecommends: lib",
            "old\nVersion: 1\nProvides: versioned (= 3)",
            "wants\nVersion: 1\nDepends: versioned (>= 4)",
        ]);
        let relations = Relations::of(&installed);
        let none = BTreeSet::new();
        let broken = relations.broken(&none);
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].1, "versioned (>= 4)");
        let lib = relations.numbers(|package| package.name == "lib");
        assert_eq!(names(&relations, &relations.with_dependants(lib)), ["tool", "lib", "more"]);
        let unneeded = |asked: &str| {
            names(&relations, &relations.unneeded(&none, true, |package| package.name == asked))
        };
        assert_eq!(unneeded("more"), ["kept", "old", "wants"]);
        assert_eq!(unneeded("kept"), ["tool", "real", "more", "old", "wants"]);
        assert!(relations.satisfies("virtual, lib (<< 3)") && !relations.satisfies("nothing | lib (>> 2)"));
    }
}
