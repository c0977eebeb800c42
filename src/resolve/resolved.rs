//! From the chosen packages to a plan: what to fetch, from where, and what it must hash to.

use super::error::Error;
use crate::plan::{Artifact, Basis, Place, Plan};
use crate::source::index::{Index, Package, PackageId};
use crate::source::provenance::Provenance;

/// A plan, and what the user should know of how it came about.
#[derive(Debug)]
pub struct Resolved {
    /// The plan.
    pub plan: Plan,
    /// The packages that the requests turned out to mean.
    pub(crate) requested: Vec<PackageId>,
    /// Sentences for the log.
    pub notes: Vec<String>,
}

/// The plan that installs the `chosen` packages, whatever their order.
///
/// # Errors
/// [`Error::Unverifiable`].
pub(super) fn plan(
    index: &Index,
    provenance: &[Provenance],
    basis: Basis,
    chosen: Vec<PackageId>,
) -> Result<Plan, Error> {
    let mut packages: Vec<Artifact> = chosen
        .into_iter()
        .map(|id| index.package(id))
        .map(|package| artifact(index, package, provenance))
        .collect::<Result<_, _>>()?;
    packages.sort_by(|left, right| (&left.name, &left.architecture).cmp(&(&right.name, &right.architecture)));
    let sources = provenance
        .iter()
        .map(|from| &from.source)
        .filter(|source| packages.iter().any(|package| package.places().any(|(id, _)| id == source.id)))
        .cloned()
        .collect();
    Ok(Plan { basis, sources, packages })
}

fn artifact(index: &Index, package: Package<'_>, provenance: &[Provenance]) -> Result<Artifact, Error> {
    let from = &provenance[package.part()];
    let unverifiable = || Error::Unverifiable {
        package: format!("{} {}", package.name(), package.version()),
        origin: from.source.describe(),
    };
    let filename = package.filename();
    if !is_sound(filename) || package.size() == 0 {
        return Err(unverifiable());
    }
    let sha256 = package.sha256().ok_or_else(unverifiable)?;
    let twins = index.versions(package.name_id()).filter(|other| {
        other.id() != package.id()
            && other.sha256() == Some(sha256)
            && other.size() == package.size()
            && other.version() == package.version()
            && other.architecture_id() == package.architecture_id()
            && is_sound(other.filename())
    });
    let place = |other: Package<'_>| Place {
        source: provenance[other.part()].source.id.clone(),
        filename: other.filename().to_owned(),
    };
    // what the base has is nowhere to be fetched from, and what is in two suites of one mirror is in one place
    let elsewhere = |place: &Place| {
        let source = provenance.iter().map(|other| &other.source).find(|source| source.id == place.source);
        source.is_some_and(|source| {
            !source.uris.is_empty() && (source.uris != from.source.uris || place.filename != filename)
        })
    };
    Ok(Artifact {
        name: package.name().to_owned(),
        version: package.version().to_owned(),
        architecture: package.architecture().to_owned(),
        source: from.source.id.clone(),
        filename: filename.to_owned(),
        size: package.size(),
        sha256,
        installed_size: package.installed_size(),
        also: twins.map(place).filter(elsewhere).collect(),
    })
}

fn is_sound(filename: &str) -> bool {
    !filename.is_empty() && !filename.starts_with('/') && !filename.split('/').any(|part| part == "..")
}
