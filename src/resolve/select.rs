//! The selection: which version of which package each request means here.
//!
//! `jq=1.6` makes version 1.6 the candidate; `awk`, which only `mawk` provides, is `mawk`; `jq-` keeps `jq` out.

use super::error::Error;
use super::glob;
use super::slot::Slot;
use super::suite;
use super::universe::{Universe, compare};
use super::unknown::Unknown;
use crate::arrange::Arrange as _;
use crate::request::Request;
use crate::source::index::{MultiArch, NameId, Package};

/// What the requests come down to.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// To be installed, in order; each once.
    pub(super) wanted: Vec<Slot>,
    /// To be kept out.
    pub(super) forbidden: Vec<Slot>,
    /// What is asked for, and is in the base.
    pub(super) present: Vec<Slot>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// Selects what each request means, in order; a version or suite that is named becomes the candidate.
pub(super) fn select(universe: &mut Universe<'_>, requests: &[Request]) -> Result<Selection, Error> {
    let mut selection = Selection::default();
    for request in &glob::expand(universe, requests)? {
        let known = universe.index.names().find(&request.name);
        if request.forbid {
            forbid(universe, known, request, &mut selection);
            continue;
        }
        let name = known.ok_or_else(|| unknown(universe, request))?;
        let real = universe
            .slots_for(name, request.arch.as_deref())
            .find(|slot| universe.versions(*slot).next().is_some());
        let slot = match real {
            Some(slot) => choose_version(universe, slot, request)?,
            None => only_provider(universe, name, request)?,
        };
        if let Some(installed) = universe.present()[slot]
            && universe.candidates()[slot] == Some(installed)
        {
            selection.notes.push(in_base(universe, slot, universe.index.package(installed)));
            selection.present.push(slot);
        } else {
            if let (None, Some(suite), Some(chosen)) =
                (&request.version, &request.suite, universe.candidates()[slot])
            {
                selection.notes.extend(suite::follow(universe, chosen, suite));
            }
            if !selection.wanted.contains(&slot) {
                selection.wanted.push(slot);
            }
        }
    }
    Ok(selection)
}

/// The error for a request whose name nobody has.
fn unknown(universe: &Universe<'_>, request: &Request) -> Error {
    Unknown::new(universe, &request.name, request.arch.as_deref()).into()
}

/// Keeps out what a request such as `jq-` names.
fn forbid(universe: &Universe<'_>, name: Option<NameId>, request: &Request, selection: &mut Selection) {
    for slot in name.into_iter().flat_map(|name| universe.slots_for(name, request.arch.as_deref())) {
        match universe.present()[slot] {
            Some(_) => selection.notes.push(format!("{} stays, because the base has it", request.name)),
            None => selection.forbidden.push(slot),
        }
    }
}

/// The note on a request for what the base has.
fn in_base(universe: &Universe<'_>, slot: Slot, installed: Package<'_>) -> String {
    let there = format!("{} {} is in the base already", universe.label(installed), installed.version());
    let newer = universe.versions(slot).find(|other| compare(*other, installed).is_gt());
    match newer {
        Some(newer) => format!("{there}; --upgrade-base would install {}", newer.version()),
        None => there,
    }
}

/// Makes the version that a request names the candidate of its slot: by number, or the newest of a suite.
fn choose_version(universe: &mut Universe<'_>, slot: Slot, request: &Request) -> Result<Slot, Error> {
    let provenance = universe.provenance;
    let chosen = match (&request.version, &request.suite) {
        (Some(version), _) => {
            let found = |asked: &str| {
                newest(
                    universe.versions(slot).filter(|package| Request::is_version(asked, package.version())),
                )
            };
            let found = found(version).or_else(|| found(version.strip_suffix('+')?));
            // the base's own record of a version comes last, and is the one that is there
            let present = universe.present()[slot].map(|id| universe.index.package(id));
            present.filter(|there| found.is_some_and(|found| found.version() == there.version())).or(found)
        }
        (None, Some(suite)) => {
            newest(universe.versions(slot).filter(|package| provenance[package.part()].is_suite(suite)))
        }
        (None, None) if universe.candidates()[slot].is_some() => return Ok(slot),
        (None, None) => {
            return Err(Error::PinnedAway {
                name: request.name.clone(),
                available: available(universe, slot),
            });
        }
    };
    let Some(package) = chosen else {
        return Err(Error::NoSuchVersion {
            name: request.name.clone(),
            absent_suite: request
                .suite
                .clone()
                .filter(|suite| !provenance.iter().any(|from| from.is_suite(suite))),
            wanted: match (&request.version, &request.suite) {
                (Some(version), _) => format!("version {version}"),
                (None, suite) => format!("version in suite {}", suite.as_deref().unwrap_or_default()),
            },
            available: available(universe, slot),
        });
    };
    if let Some(installed) = universe.present()[slot].map(|id| universe.index.package(id)) {
        let same = installed.version() == package.version();
        if !same && !universe.may_upgrade {
            return Err(Error::InBase {
                name: universe.label(installed),
                installed: installed.version().to_owned(),
                wanted: package.version().to_owned(),
            });
        }
    }
    universe.set_candidate(slot, Some(package.id()));
    Ok(slot)
}

fn newest<'i>(versions: impl Iterator<Item = Package<'i>>) -> Option<Package<'i>> {
    versions.reduce(|best, other| if compare(other, best).is_gt() { other } else { best })
}

fn available(universe: &Universe<'_>, slot: Slot) -> Vec<String> {
    universe
        .versions(slot)
        .map(|package| {
            format!("{} ({})", package.version(), universe.provenance[package.part()].source.suite)
        })
        .collect()
}

/// A virtual package may be asked for where one package provides it; several leave the choice to the user.
fn only_provider(universe: &Universe<'_>, name: NameId, request: &Request) -> Result<Slot, Error> {
    let asked: Vec<usize> = universe
        .slots_for(name, request.arch.as_deref())
        .map(|slot| universe.architecture_of(slot))
        .collect();
    let mut providers: Vec<Slot> = universe
        .index
        .providers(name)
        .filter(|package| universe.candidates()[universe.slot(*package)] == Some(package.id()))
        .filter(|package| {
            let own = universe.architecture_of(universe.slot(*package));
            asked.contains(&own) || package.multi_arch() == MultiArch::Foreign
        })
        .map(|package| universe.slot(package))
        .collect();
    providers.arrange();
    providers.dedup();
    // what the native architecture offers is meant where nothing is said
    if request.arch.is_none() && providers.iter().any(|slot| universe.architecture_of(*slot) == 0) {
        providers.retain(|slot| universe.architecture_of(*slot) == 0);
    }
    if let Some(present) = providers.iter().find(|slot| universe.present()[**slot].is_some()) {
        return Ok(*present);
    }
    match providers[..] {
        [] => Err(unknown(universe, request)),
        [only] if request.version.is_none() && request.suite.is_none() => Ok(only),
        _ => {
            let mut names: Vec<String> =
                providers.iter().map(|slot| universe.name_of(*slot).to_owned()).collect();
            names.arrange();
            Err(Error::Virtual { name: request.name.clone(), providers: names })
        }
    }
}

/// Finds what is to be left out, and leaves it out.
pub(super) fn exclude(universe: &mut Universe<'_>, names: &[String]) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    for name in names {
        let known = universe.index.names().find(name);
        let slots: Vec<Slot> = known.into_iter().flat_map(|name| universe.slots(name)).collect();
        let there: Vec<Slot> =
            slots.into_iter().filter(|slot| universe.candidates()[*slot].is_some()).collect();
        if there.is_empty() {
            return Err(Unknown::new(universe, name, None).into());
        }
        for slot in there {
            match universe.present()[slot] {
                Some(_) => notes.push(format!("{name} is in the base, and stays there")),
                None => universe.exclude(slot),
            }
        }
    }
    Ok(notes)
}
