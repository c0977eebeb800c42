//! From the chosen packages to a plan: what to fetch, from where, and what it must hash to.

use super::error::Error;
use crate::plan::{Artifact, Basis, Plan};
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
        .map(|package| artifact(package, &provenance[package.part()]))
        .collect::<Result<_, _>>()?;
    packages.sort_by(|left, right| (&left.name, &left.architecture).cmp(&(&right.name, &right.architecture)));
    let sources = provenance
        .iter()
        .map(|from| &from.source)
        .filter(|source| packages.iter().any(|package| package.source == source.id))
        .cloned()
        .collect();
    Ok(Plan { basis, sources, packages })
}

fn artifact(package: Package<'_>, from: &Provenance) -> Result<Artifact, Error> {
    let unverifiable = || Error::Unverifiable {
        package: format!("{} {}", package.name(), package.version()),
        origin: from.source.describe(),
    };
    let filename = package.filename();
    let sound =
        !filename.is_empty() && !filename.starts_with('/') && !filename.split('/').any(|part| part == "..");
    if !sound || package.size() == 0 {
        return Err(unverifiable());
    }
    Ok(Artifact {
        name: package.name().to_owned(),
        version: package.version().to_owned(),
        architecture: package.architecture().to_owned(),
        source: from.source.id.clone(),
        filename: filename.to_owned(),
        size: package.size(),
        sha256: package.sha256().ok_or_else(unverifiable)?,
        installed_size: package.installed_size(),
    })
}
