//! Which commands the main container is to get: those of what was asked for, and not those of mere dependencies, which
//! would take the place of its own (`gdal-bin` needs a `python3`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::commands::{COMMAND_FOLDERS, commands};
use crate::control::relation;
use crate::plan::Plan;
use crate::request::{Kind, Request};
use crate::tree::{Tree, Unpacked, in_tree};

/// Where a package that is there for its dependencies alone may have files.
const OF_NO_USE: [&str; 5] =
    ["usr/share/doc", "usr/share/man", "usr/share/lintian", "usr/share/bug", "usr/share/metainfo"];

/// The names of the commands to expose, sorted: of the packages that were asked for, by their numbers, and of those of the same
/// source package; and, where one has none and is there for its dependencies alone, of the nearest of these that have any.
pub(crate) fn exposed(tree: &Tree, requested: &BTreeSet<usize>) -> Vec<String> {
    let packages = tree.packages();
    let owned = Owned::of(tree);
    let sources: BTreeSet<&str> = requested.iter().map(|number| source(&packages[*number])).collect();
    let mut names = BTreeSet::new();
    for (number, package) in packages.iter().enumerate() {
        if requested.contains(&number) || sources.contains(source(package)) {
            names.extend(owned.by(number));
        }
    }
    for &number in requested {
        let of_same_source =
            |other: &usize| source(&packages[*other]) == source(&packages[number]) && owned.has(*other);
        if !(0..packages.len()).any(|other| of_same_source(&other)) && is_empty(tree, &packages[number]) {
            names.extend(of_dependencies(number, packages, &owned));
        }
    }
    names.into_iter().map(str::to_owned).collect()
}

/// The commands of a tree by the package that has them.
struct Owned {
    names: BTreeMap<usize, Vec<String>>,
}

impl Owned {
    /// What no package has, as a link of update-alternatives(1), is of the package that has what it leads to.
    fn of(tree: &Tree) -> Self {
        let commands = commands(tree.root());
        let places: Vec<(&String, [PathBuf; 4])> = commands
            .iter()
            .map(|(name, file)| {
                let [first, second, third] = COMMAND_FOLDERS.map(|folder| Path::new(folder).join(name));
                let target = file.strip_prefix(tree.root()).unwrap_or(file).to_owned();
                (name, [first, second, third, target])
            })
            .collect();
        let wanted: BTreeSet<&Path> =
            places.iter().flat_map(|(_, places)| places).map(PathBuf::as_path).collect();
        let mut owners: BTreeMap<&Path, usize> = BTreeMap::new();
        for (number, package) in tree.packages().iter().enumerate() {
            for path in &package.paths {
                if let Some(place) = wanted.get(in_tree(path).as_path()) {
                    owners.insert(place, number);
                }
            }
        }
        let mut names: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (name, places) in &places {
            if let Some(owner) = places.iter().find_map(|place| owners.get(place.as_path())) {
                names.entry(*owner).or_default().push((*name).clone());
            }
        }
        Self { names }
    }

    fn by(&self, number: usize) -> impl Iterator<Item = &str> {
        self.names.get(&number).into_iter().flatten().map(String::as_str)
    }

    fn has(&self, number: usize) -> bool {
        self.names.contains_key(&number)
    }
}

/// The numbers of the packages that were asked for by name, pattern or place.
pub(crate) fn requested(plan: &Plan, packages: &[Unpacked]) -> BTreeSet<usize> {
    let mut requested = BTreeSet::new();
    for text in &plan.basis.packages {
        let Ok(request) = text.parse::<Request>() else { continue };
        if request.forbid {
            continue;
        }
        let by = |is: &dyn Fn(&Unpacked) -> bool| -> Vec<usize> {
            packages.iter().enumerate().filter(|(_, package)| is(package)).map(|(number, _)| number).collect()
        };
        let named = |name: &str| by(&|package| package.artifact.name == name);
        let found = match &request.kind {
            Kind::Names(names) => by(&|package| names.matches(&package.artifact.name)),
            Kind::Archive(archive) => by(&|package| {
                let artifact = &package.artifact;
                let folder = plan.source(&artifact.source).and_then(|source| source.uris.first());
                artifact.filename == archive.file_name
                    && folder.is_some_and(|folder| folder == archive.public_folder().as_str())
            }),
            Kind::Name => match (named(&request.name), request.name.strip_suffix('+')) {
                (found, _) if !found.is_empty() => found,
                // `name+` asks for `name`, where no package is called so
                (_, Some(name)) if !named(name).is_empty() => named(name),
                _ => by(&|package| provides(package, &request.name)),
            },
        };
        requested.extend(found);
    }
    requested
}

fn provides(package: &Unpacked, name: &str) -> bool {
    related(package, "Provides").any(|provided| provided == name)
}

/// The names in a field of relations.
fn related<'a>(package: &'a Unpacked, field: &str) -> impl Iterator<Item = &'a str> {
    let field = package.control.field(field).unwrap_or_default();
    relation::parse(field).filter_map(Result::ok).map(|relation| relation.name)
}

/// The name of the source package (Debian Policy 5.6.1).
fn source(package: &Unpacked) -> &str {
    let named = package.control.field("Source").and_then(|field| field.split_whitespace().next());
    named.unwrap_or(&package.artifact.name)
}

/// Whether a package is there for its dependencies alone: a metapackage, or one that hands on to its successor. It may have
/// documentation, links, and lists of its own.
fn is_empty(tree: &Tree, package: &Unpacked) -> bool {
    let own = Path::new("usr/share").join(&package.artifact.name);
    package.paths.iter().map(|path| in_tree(path)).all(|path| {
        path.starts_with(&own)
            || OF_NO_USE.iter().any(|folder| path.starts_with(folder))
            || !fs::symlink_metadata(tree.root().join(path)).is_ok_and(|meta| meta.is_file())
    })
}

/// The commands of the nearest dependencies that have any, all those that are as near.
fn of_dependencies<'a>(number: usize, packages: &[Unpacked], owned: &'a Owned) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::from([number]);
    let mut level = vec![number];
    while !level.is_empty() {
        let mut next = Vec::new();
        for dependant in level {
            let fields = ["Pre-Depends", "Depends"].into_iter();
            for name in fields.flat_map(|field| related(&packages[dependant], field)) {
                let is = |package: &Unpacked| package.artifact.name == name || provides(package, name);
                next.extend((0..packages.len()).filter(|other| is(&packages[*other]) && seen.insert(*other)));
            }
        }
        let names: BTreeSet<&str> = next.iter().flat_map(|number| owned.by(*number)).collect();
        if !names.is_empty() {
            return names;
        }
        level = next;
    }
    BTreeSet::new()
}
