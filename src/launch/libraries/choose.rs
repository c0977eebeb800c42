//! Which libraries of a tree the image's own programs get: those that the tree's dynamic linker would find, without those of
//! glibc, which belong to the program's own dynamic linker, and without those that the image has itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::check::Needs;
use super::error::Error;
use super::image::{Has, Image};
use super::library::{Library, is_of_glibc};
use super::symbols::Symbols;
use crate::control::architecture::Architecture;
use crate::control::version;
use crate::finish::linkable;
use crate::launch::note::Note;
use crate::tree::links::resolve_in_root;
use crate::tree::{Tree, in_tree};

/// The source package of glibc, whose libraries fit their own dynamic linker and no other.
const GLIBC: &str = "glibc";
/// The libraries that the image's own programs are to get.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// By the names that they are loaded by.
    pub(super) libraries: BTreeMap<String, Library>,
    /// What there is to tell.
    pub(crate) notes: Vec<Note>,
}

/// Chooses libraries of a merged tree before it is relocated, and checks that the image's own programs can load them.
///
/// # Errors
/// [`Error::TooOld`]; what cannot be read.
pub(crate) fn choose(tree: &Tree, image: &Image, architecture: &Architecture) -> Result<Chosen, Error> {
    let mut found = found(tree, architecture)?;
    let mut notes = Vec::new();
    let wanted = wanted_versions(&found);
    let nothing = BTreeSet::new();
    found.retain(|soname, library| {
        let wanted = wanted.get(soname).unwrap_or(&nothing);
        match image.has(soname, &library.package) {
            None => true,
            Some(Has::Package(version)) => {
                let is_newer = version::compare(&library.version, &version).is_gt();
                if is_newer {
                    notes.push(Note::NewerLibrary {
                        soname: soname.clone(),
                        package: library.package.clone(),
                        version: library.version.clone(),
                        image: version,
                    });
                }
                is_newer
            }
            // what the image has does, unless the tree's own libraries need more of it
            Some(Has::File(versions)) => !wanted.is_subset(&versions),
            Some(Has::Some) => false,
        }
    });
    let private = private(tree.root(), &mut found);
    let needs = Needs::of(&found, &private, image)?;
    notes.extend(needs.notes(found.len()));
    Ok(Chosen { libraries: found, notes })
}

/// All libraries of the tree but glibc's.
fn found(tree: &Tree, architecture: &Architecture) -> Result<BTreeMap<String, Library>, Error> {
    let root = tree.root();
    let places = linkable(root, architecture)?.into_iter().filter(|(soname, _)| !is_of_glibc(soname));
    let places: Vec<(String, String, PathBuf)> = places
        .filter_map(|(soname, path)| {
            let place = resolve_in_root(root, Path::new(&path)).ok().flatten()?;
            Some((soname, path, place))
        })
        .collect();
    let owners = owners(tree, places.iter().map(|(.., place)| place.as_path()));
    let mut libraries = BTreeMap::new();
    for (soname, path, place) in &places {
        let owner = owners.get(place.as_path()).map(|number| &tree.packages()[*number]);
        let source = owner.map(|owner| owner.control.field("Source").unwrap_or(&owner.artifact.name));
        if source.is_some_and(|source| source.split_whitespace().next() == Some(GLIBC)) {
            continue;
        }
        // one that cannot be read cannot be loaded either
        let Some(symbols) = Symbols::of(&root.join(place)) else { continue };
        let (package, version) = owner
            .map(|owner| (owner.artifact.name.clone(), owner.artifact.version.clone()))
            .unwrap_or_default();
        let library = Library { soname: soname.clone(), path: path.clone(), package, version, symbols };
        libraries.insert(soname.clone(), library);
    }
    Ok(libraries)
}

/// Libraries in folders of their own, which others find by their RUNPATH. Where that begins with `$ORIGIN`, it begins where the
/// link is, so these are linked as well.
fn private(root: &Path, libraries: &mut BTreeMap<String, Library>) -> BTreeMap<String, Library> {
    let mut private: BTreeMap<String, Library> = BTreeMap::new();
    let mut beside: BTreeMap<String, Library> = BTreeMap::new();
    let mut queue: Vec<(String, Symbols)> =
        libraries.values().map(|library| (library.path.clone(), library.symbols.clone())).collect();
    while let Some((path, symbols)) = queue.pop() {
        for soname in &symbols.needed {
            let is_known =
                libraries.contains_key(soname) || private.contains_key(soname) || beside.contains_key(soname);
            if is_known || is_of_glibc(soname) {
                continue;
            }
            let Some((found, by_origin)) = by_run_path(root, &path, soname, &symbols.run_paths) else {
                continue;
            };
            let Some(symbols) = Symbols::of(&root.join(found.trim_start_matches('/'))) else { continue };
            queue.push((found.clone(), symbols.clone()));
            let library = Library {
                soname: soname.clone(),
                path: found,
                package: String::new(),
                version: String::new(),
                symbols,
            };
            let into = if by_origin { &mut beside } else { &mut private };
            into.insert(soname.clone(), library);
        }
    }
    libraries.append(&mut beside);
    private
}

/// Where a library of the tree finds another by its RUNPATH, and whether it has to know for that where it is itself.
fn by_run_path(root: &Path, path: &str, soname: &str, run_paths: &[String]) -> Option<(String, bool)> {
    let (origin, _) = path.rsplit_once('/')?;
    run_paths.iter().find_map(|folder| {
        let by_origin = folder.contains("ORIGIN");
        let folder = folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
        let found = resolve_in_root(root, Path::new(&format!("{folder}/{soname}"))).ok().flatten()?;
        Some((format!("/{}", found.to_str()?), by_origin))
    })
}

/// The packages that have these files, by their numbers.
fn owners<'a>(tree: &Tree, files: impl Iterator<Item = &'a Path>) -> HashMap<&'a Path, usize> {
    let files: BTreeSet<&Path> = files.collect();
    let mut owners = HashMap::new();
    for (number, package) in tree.packages().iter().enumerate() {
        for path in &package.paths {
            if let Some(file) = files.get(in_tree(path).as_path()) {
                owners.insert(*file, number);
            }
        }
    }
    owners
}

/// The versions of symbols that libraries need of each other.
fn wanted_versions(libraries: &BTreeMap<String, Library>) -> BTreeMap<String, BTreeSet<String>> {
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (of, versions) in libraries.values().flat_map(|library| &library.symbols.versions) {
        wanted.entry(of.clone()).or_default().extend(versions.iter().cloned());
    }
    wanted
}
