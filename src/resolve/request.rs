//! Requests: which version of which package each of them means.

use super::Error;
use super::explain::nearest;
use super::universe::Universe;
use crate::config::Request;
use crate::source::index::{NameId, Package};

/// Settles what each request means, in order; a version or suite that is named becomes the candidate.
pub(super) fn settle(
    universe: &mut Universe<'_>,
    wanted: &[Request],
) -> Result<(Vec<NameId>, Vec<NameId>), Error> {
    let (mut requests, mut forbidden) = (Vec::new(), Vec::new());
    for want in wanted {
        check_architecture(universe, want)?;
        let known = universe.index.names().find(&want.name);
        if want.forbid {
            forbidden.extend(known);
            continue;
        }
        let name = known.ok_or_else(|| unknown(universe, want))?;
        let name = if universe.installable(name).next().is_some() {
            choose_version(universe, name, want)?;
            name
        } else {
            only_provider(universe, name, want)?
        };
        if !requests.contains(&name) {
            requests.push(name);
        }
    }
    Ok((requests, forbidden))
}

fn check_architecture(universe: &Universe<'_>, want: &Request) -> Result<(), Error> {
    match &want.arch {
        Some(other) if other != universe.architecture && other != "all" && other != "any" => {
            Err(Error::ForeignArchitecture {
                name: want.name.clone(),
                wanted: other.clone(),
                native: universe.architecture.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

fn choose_version(universe: &mut Universe<'_>, name: NameId, want: &Request) -> Result<(), Error> {
    let versions = universe.installable(name);
    let provenance = universe.provenance;
    let chosen = match (&want.version, &want.suite) {
        (Some(version), _) => versions.clone().find(|package| package.version() == version),
        (None, Some(suite)) => newest(versions.clone().filter(|p| provenance[p.part()].is_suite(suite))),
        (None, None) => match universe.candidates()[name.index()] {
            Some(_) => return Ok(()),
            None => {
                return Err(Error::PinnedAway {
                    name: want.name.clone(),
                    available: available(versions, universe),
                });
            }
        },
    };
    match chosen {
        Some(package) => {
            universe.set_candidate(name, Some(package.id()));
            Ok(())
        }
        None => Err(Error::NoSuchVersion {
            name: want.name.clone(),
            wanted: match (&want.version, &want.suite) {
                (Some(version), _) => format!("version {version}"),
                (None, suite) => format!("version in suite {}", suite.as_deref().unwrap_or_default()),
            },
            available: available(versions, universe),
        }),
    }
}

fn newest<'i>(versions: impl Iterator<Item = Package<'i>>) -> Option<Package<'i>> {
    versions.reduce(|best, other| {
        if crate::control::version::compare(other.version(), best.version()).is_gt() { other } else { best }
    })
}

fn available<'i>(versions: impl Iterator<Item = Package<'i>>, universe: &Universe<'_>) -> Vec<String> {
    versions
        .map(|package| {
            format!("{} ({})", package.version(), universe.provenance[package.part()].source.suite)
        })
        .collect()
}

/// A virtual package may be asked for where one package provides it; several leave the choice to the user.
fn only_provider(universe: &Universe<'_>, name: NameId, want: &Request) -> Result<NameId, Error> {
    let mut providers: Vec<NameId> = universe
        .index
        .providers(name)
        .filter(|package| universe.candidates()[package.name_id().index()] == Some(package.id()))
        .map(Package::name_id)
        .collect();
    providers.sort_unstable();
    providers.dedup();
    match providers[..] {
        [] => Err(unknown(universe, want)),
        [only] if want.version.is_none() && want.suite.is_none() => Ok(only),
        _ => {
            let mut names: Vec<String> =
                providers.iter().map(|id| universe.index.names().get(*id).to_owned()).collect();
            names.sort();
            Err(Error::Virtual { name: want.name.clone(), providers: names })
        }
    }
}

fn unknown(universe: &Universe<'_>, want: &Request) -> Error {
    let elsewhere = universe
        .index
        .names()
        .find(&want.name)
        .into_iter()
        .flat_map(|name| universe.index.versions(name))
        .map(|package| package.architecture().to_owned())
        .collect();
    Error::UnknownPackage {
        name: want.name.clone(),
        architectures: elsewhere,
        nearest: nearest(universe, &want.name),
        searched: universe.provenance.iter().map(|from| from.source.describe()).collect(),
    }
}
