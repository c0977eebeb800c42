//! From the chosen packages to a plan: what to fetch, from where, and what it must hash to.

use super::error::Error;
use crate::arrange::Arrange as _;
use crate::digest::Sha256;
use crate::plan::{Artifact, Basis, Place, Plan};
use crate::source::index::{Index, Package, PackageId};
use crate::source::provenance::Provenance;

/// A plan, and what the user should know of how it came about.
#[derive(Debug)]
pub struct Resolved {
    /// The plan. The SHA-256 of [`Resolved::by_sha512`] is still to be found out.
    pub plan: Plan,
    /// The packages of the plan, by their number, of which the index has only a SHA-512.
    pub(crate) by_sha512: BySha512,
    /// The packages that the requests turned out to mean, those of the base last.
    pub(crate) requested: Vec<PackageId>,
    /// What is there in an older version than could be chosen: that, and the newer one.
    pub(crate) upgradable: Vec<(PackageId, PackageId)>,
    /// Sentences for the log.
    pub notes: Vec<String>,
}

/// Packages by their number in a plan, and their SHA-512.
pub(crate) type BySha512 = Vec<(usize, [u8; 64])>;

/// The plan that installs the `chosen` packages, whatever their order; and those of it that are known by their SHA-512
/// alone.
///
/// # Errors
/// [`Error::Odd`], [`Error::Unverifiable`].
pub(super) fn plan(
    index: &Index,
    provenance: &[Provenance],
    basis: Basis,
    chosen: Vec<PackageId>,
) -> Result<(Plan, BySha512), Error> {
    let mut packages: Vec<(Artifact, Option<[u8; 64]>)> = chosen
        .into_iter()
        .map(|id| index.package(id))
        .map(|package| artifact(index, package, provenance))
        .collect::<Result<_, _>>()?;
    packages.arrange_by(|(left, _), (right, _)| {
        (&left.name, &left.architecture).cmp(&(&right.name, &right.architecture))
    });
    let by_sha512 = packages.iter().enumerate();
    let by_sha512 = by_sha512.filter_map(|(number, (_, sha512))| Some((number, (*sha512)?))).collect();
    let packages: Vec<Artifact> = packages.into_iter().map(|(artifact, _)| artifact).collect();
    let sources = provenance
        .iter()
        .map(|from| &from.source)
        .filter(|source| packages.iter().any(|package| package.places().any(|(id, _)| id == source.id)))
        .cloned()
        .collect();
    Ok((Plan { basis, sources, packages }, by_sha512))
}

fn artifact(
    index: &Index,
    package: Package<'_>,
    provenance: &[Provenance],
) -> Result<(Artifact, Option<[u8; 64]>), Error> {
    let from = &provenance[package.part()];
    let name = || format!("{} {}", package.name(), package.version());
    let odd = |field, reason: &str| Error::Odd {
        package: name(),
        field,
        reason: reason.to_owned(),
        origin: from.source.describe(),
    };
    if let Some((field, reason)) = package.bad() {
        return Err(odd(field, &reason));
    }
    let filename = match package.filename() {
        "" => return Err(odd("Filename", "it is missing")),
        filename => within(filename)
            .ok_or_else(|| odd("Filename", &format!("'{filename}' leads out of the repository")))?,
    };
    if package.size() == 0 {
        return Err(odd("Size", "it is missing"));
    }
    let sha512 = package.sha512();
    let sha256 = match (package.sha256(), sha512) {
        (Some(digest), _) => digest,
        (None, Some(_)) => Sha256([0; 32]),
        (None, None) => {
            return Err(Error::Unverifiable { package: name(), origin: from.source.describe() });
        }
    };
    let twins = index.versions(package.name_id()).filter(|other| {
        other.id() != package.id()
            && other.sha256() == Some(sha256)
            && other.size() == package.size()
            && other.version() == package.version()
            && other.architecture_id() == package.architecture_id()
            && other.bad().is_none()
    });
    let place = |other: Package<'_>| {
        let source = provenance[other.part()].source.id.clone();
        Some(Place { source, filename: within(other.filename())? })
    };
    // what the base has is nowhere to be fetched from, and what is in two suites of one mirror is in one place
    let elsewhere = |place: &Place| {
        let source = provenance.iter().map(|other| &other.source).find(|source| source.id == place.source);
        source.is_some_and(|source| {
            !source.uris.is_empty() && (source.uris != from.source.uris || place.filename != filename)
        })
    };
    let also = twins.filter_map(place).filter(elsewhere).collect();
    let artifact = Artifact {
        name: package.name().to_owned(),
        version: package.version().to_owned(),
        architecture: package.architecture().to_owned(),
        source: from.source.id.clone(),
        filename,
        size: package.size(),
        sha256,
        installed_size: package.installed_size(),
        also,
    };
    Ok((artifact, sha512.filter(|_| package.sha256().is_none())))
}

/// The path below a repository that a file name of its index means. To apt an absolute one begins there as well. None
/// for one that leads out of it: apt asks for that, too, and so the index of one repository could have packages taken
/// from another of the host.
fn within(filename: &str) -> Option<String> {
    let relative = filename.trim_start_matches('/');
    if !relative.split('/').any(|part| part == "..") {
        return (!relative.is_empty()).then(|| relative.to_owned());
    }
    let mut path: Vec<&str> = Vec::new();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => {
                path.pop()?;
            }
            part => path.push(part),
        }
    }
    (!path.is_empty()).then(|| path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_in_its_repository() {
        for (filename, path) in [
            ("pool/a.deb", Some("pool/a.deb")),
            ("./a.deb", Some("./a.deb")),
            ("/pool/a.deb", Some("pool/a.deb")),
            ("//a.deb", Some("a.deb")),
            ("pool//a.deb", Some("pool//a.deb")),
            ("./pool/../a.deb", Some("a.deb")),
            ("a/b/../../c.deb", Some("c.deb")),
            ("a..deb", Some("a..deb")),
            ("..", None),
            ("../a.deb", None),
            ("/../a.deb", None),
            ("a/../../a.deb", None),
            ("a/..", None),
            ("/", None),
        ] {
            assert_eq!(within(filename).as_deref(), path, "{filename}");
        }
    }
}
