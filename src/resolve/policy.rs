//! What pins and sources make of a name: its versions, what each of them counts, and which of them is the candidate.

use super::error::Error;
use super::options::ResolveOptions;
use super::pin::Priorities;
use super::universe::{Universe, compare};
use super::unknown::Unknown;
use crate::arrange::Arrange as _;
use crate::source::index::{Index, Package};
use crate::source::provenance::Provenance;

/// The versions of a name in one architecture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// `name`, or `name:arch` for a foreign one.
    pub(crate) label: String,
    /// The version that would be installed.
    pub(crate) candidate: Option<String>,
    /// The version in the base.
    pub(crate) in_base: Option<String>,
    /// The newest first.
    pub(crate) versions: Vec<Version>,
}

/// A version, and where it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) number: String,
    pub(crate) priority: i32,
    /// Parts of the index, in the order of the sources.
    pub(crate) places: Vec<Place>,
}

/// A part of the index, and what it counts where no pin is about one of its packages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) part: usize,
    pub(crate) priority: i32,
}

/// What there is of a name, for each architecture that has it.
///
/// # Errors
/// [`Error::UnknownPackage`], or [`Error::Virtual`] for a name that is only provided.
pub(crate) fn policy(
    index: &Index,
    provenance: &[Provenance],
    options: &ResolveOptions<'_>,
    name: &str,
) -> Result<Vec<Policy>, Error> {
    let universe = Universe::new(index, provenance, options);
    let priorities = Priorities::new(index, provenance, options.pins, options.architecture);
    let known = index.names().find(name);
    let mut all = Vec::new();
    for slot in known.into_iter().flat_map(|name| universe.slots(name)) {
        let mut versions: Vec<Package<'_>> = universe.versions(slot).collect();
        let Some(first) = versions.first().copied() else { continue };
        versions.arrange_by(|one, other| compare(*other, *one));
        let mut rows: Vec<Version> = Vec::new();
        for package in versions.into_iter().filter(|package| !universe.is_base(*package)) {
            let place = Place { part: package.part(), priority: priorities.of_part(package.part()) };
            let priority = priorities.of(package);
            match rows.last_mut().filter(|row| row.number == package.version() && row.priority == priority) {
                Some(row) => row.places.push(place),
                None => {
                    rows.push(Version {
                        number: package.version().to_owned(),
                        priority,
                        places: vec![place],
                    });
                }
            }
        }
        let version = |id| index.package(id).version().to_owned();
        all.push(Policy {
            label: universe.label(first),
            candidate: universe.candidates()[slot].map(version),
            in_base: universe.present()[slot].map(version),
            versions: rows,
        });
    }
    if all.is_empty() { Err(missing_in(&universe, name)) } else { Ok(all) }
}

/// What to say of a name that no package has.
pub(crate) fn missing(
    index: &Index,
    provenance: &[Provenance],
    options: &ResolveOptions<'_>,
    name: &str,
) -> Error {
    missing_in(&Universe::new(index, provenance, options), name)
}

fn missing_in(universe: &Universe<'_>, name: &str) -> Error {
    let known = universe.index.names().find(name);
    let providers = known.into_iter().flat_map(|name| universe.index.providers(name));
    let mut providers: Vec<String> = providers
        .filter(|package| universe.candidates()[universe.slot(*package)] == Some(package.id()))
        .map(|package| package.name().to_owned())
        .collect();
    providers.arrange();
    providers.dedup();
    match providers.is_empty() {
        true => Unknown::new(universe, name, None).into(),
        false => Error::Virtual { name: name.to_owned(), providers },
    }
}
