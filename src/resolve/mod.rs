//! The stop *resolve*: index and requests in, plan out.
//!
//! Two layers: `mark` chooses what apt would choose, fast and without search; where what it chose is broken,
//! `judge` (resolvo) looks for a solution among the same candidates, and where there is none either,
//! `explain` says why.

mod explain;
mod glob;
mod judge;
mod mark;
mod nearest;
pub mod pin;
mod settle;
#[cfg(test)]
mod tests;
mod universe;
mod unknown;
mod why;

use crate::plan::{Artifact, Plan, Request};
use crate::request;
use crate::source::index::{Index, Package, PackageId};
use crate::source::provenance::Provenance;
use pin::Pin;
use settle::Settled;
use universe::{Slot, Universe};
pub use unknown::{ElsewhereHint, Unknown};
pub use why::{Step, Why};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No source has such a package.
    #[error("{0}")]
    UnknownPackage(Box<Unknown>),
    /// A pattern that selects nothing.
    #[error("no package that can be installed matches '{pattern}' in {}", searched.join(", "))]
    NoMatch {
        /// As it was asked for, with version or suite.
        pattern: String,
        /// The sources that were read.
        searched: Vec<String>,
    },
    /// The package exists, but not so.
    #[error("package '{name}' has no {wanted}; there is {}", available.join(", "))]
    NoSuchVersion {
        /// As it was asked for.
        name: String,
        /// `version 1.0` or `version in suite x`.
        wanted: String,
        /// The suite asked for, where no source has it at all.
        absent_suite: Option<String>,
        /// `version (suite)`.
        available: Vec<String>,
    },
    /// Pins leave no candidate.
    #[error("the preferences forbid every version of package '{name}': {}", available.join(", "))]
    PinnedAway {
        /// As it was asked for.
        name: String,
        /// `version (suite)`.
        available: Vec<String>,
    },
    /// Several packages provide it.
    #[error("'{name}' is a virtual package provided by {}", providers.join(", "))]
    Virtual {
        /// As it was asked for.
        name: String,
        /// Sorted.
        providers: Vec<String>,
    },
    /// The base has another version than the one that was asked for.
    #[error("package '{name}': the base has version {installed}, and {wanted} was asked for")]
    InBase {
        /// As it was asked for.
        name: String,
        /// The version in the base.
        installed: String,
        /// The version asked for.
        wanted: String,
    },
    /// Both asked for and excluded.
    #[error("package '{name}' is both asked for and excluded")]
    Excluded {
        /// As it was asked for.
        name: String,
    },
    /// What is to be explained is not there.
    #[error("package '{name}' is not in the plan{}", because(reasons))]
    NotInPlan {
        /// As it was asked for.
        name: String,
        /// Sentences: what in the plan stands for it, or rules it out.
        reasons: Vec<String>,
        /// The packages of the plan that stand for it.
        instead: Vec<String>,
    },
    /// No set of packages satisfies all requests.
    #[error("the requests cannot be installed together: {0}")]
    NoSolution(String),
    /// The index does not say how the file can be verified.
    #[error(
        "the index of {origin} gives no SHA256, size or usable filename for {package}, so it cannot be verified"
    )]
    Unverifiable {
        /// `name version`.
        package: String,
        /// The source.
        origin: String,
    },
}

fn because(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

impl Error {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownPackage(unknown) => unknown.hint(),
            Self::NoSuchVersion { absent_suite: Some(suite), .. } => {
                format!("No source is of the suite {suite}: add it, or ask for one of these.")
            }
            Self::NotInPlan { instead, .. } => match instead.as_slice() {
                [] => "Run 'aptlet lock -o -' to see what is in the plan.".to_owned(),
                some => format!("Run it with --explain {}.", some.join(", or ")),
            },
            Self::NoMatch { .. } => {
                "Check the pattern: it is no regular expression, but '*', '?' and '[...]' for the letters of whole \
                 names. Patterns and names with '-' at the end take away from what it selects."
                    .to_owned()
            }
            Self::NoSuchVersion { .. } => "Ask for one of these, or for the name alone.".to_owned(),
            Self::PinnedAway { .. } => "Ask for name=version, or change the *.pref files.".to_owned(),
            Self::Virtual { .. } => "Ask for one of them by name.".to_owned(),
            Self::InBase { .. } => {
                "Leave the version out to use what the base has, or allow another with --upgrade-base.".to_owned()
            }
            Self::Excluded { .. } => "Take it out of one of the two.".to_owned(),
            Self::NoSolution(reason) if reason.contains(" the base") => {
                "What the base has stays as it is: ask for other packages, or let newer versions of it into the tree \
                 with --upgrade-base."
                    .to_owned()
            }
            Self::NoSolution(_) => {
                "Ask for fewer or other packages, or add the source that has what is missing.".to_owned()
            }
            Self::Unverifiable { .. } => "Ask the repository's owner to publish SHA256 digests.".to_owned(),
        })
    }
}

/// What decides between several answers.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The native architecture.
    pub architecture: &'a str,
    /// Other architectures whose packages may be chosen.
    pub foreign: &'a [String],
    /// Pins, in the order of their files.
    pub pins: &'a [Pin],
    /// Whether `Recommends` count.
    pub recommends: bool,
    /// The part of the index that is installed already.
    pub base: Option<usize>,
    /// Whether a newer version may be installed of what the base has.
    pub upgrade_base: bool,
    /// Names of packages to leave out, whoever needs them.
    pub exclude: &'a [String],
    /// Whether all packages that say `Essential: yes` are asked for, too.
    pub essential: bool,
}

/// A plan, and what the user should know of how it came about.
#[derive(Debug)]
pub struct Resolved {
    /// The plan.
    pub plan: Plan,
    /// The packages that the requests turned out to mean.
    pub requested: Vec<PackageId>,
    /// Sentences for the log.
    pub notes: Vec<String>,
}

/// Finds what is to be installed. `provenance` describes the parts of `index`, in their order.
pub fn resolve(
    index: &Index,
    provenance: &[Provenance],
    request: Request,
    wanted: &[request::Request],
    options: &Options<'_>,
) -> Result<Resolved, Error> {
    let mut universe = Universe::new(index, provenance, options);
    let mut settled = settle::settle(&mut universe, wanted)?;
    let mut notes = std::mem::take(&mut settled.notes);
    notes.extend(settle::exclude(&mut universe, options.exclude)?);
    if let Some(slot) =
        settled.wanted.iter().find(|slot| universe.present()[**slot] == universe.candidates()[**slot])
    {
        return Err(Error::Excluded { name: universe.name_of(*slot).to_owned() });
    }
    if options.essential {
        add_essential(&universe, &mut settled);
    }
    let Settled { wanted, forbidden, .. } = settled;
    let chosen = match mark::run(&universe, &wanted, &forbidden, options.recommends) {
        Some(chosen) => chosen,
        None => {
            for slot in &forbidden {
                universe.set_candidate(*slot, None);
            }
            let found = judge::judge(&universe, &wanted).map_err(|conflict| {
                let reason = explain::explain(&universe, &wanted);
                Error::NoSolution(reason.unwrap_or_else(|| conflict.trim().to_owned()))
            })?;
            notes.push(
                "apt's first choice does not fit together; a full search found this solution".to_owned(),
            );
            if options.recommends {
                notes.push("the full search leaves recommended packages out".to_owned());
            }
            found
        }
    };
    notes.extend(lacking(&universe, &chosen));
    let requested = wanted.iter().filter_map(|slot| universe.candidates()[*slot]).collect();
    Ok(Resolved { plan: plan(index, provenance, request, chosen)?, requested, notes })
}

/// Why the package `name` (or `name:arch`) is in a plan that [`resolve`] made of the same arguments.
///
/// # Errors
/// [`Error::NotInPlan`], and [`Error::UnknownPackage`] where the sources do not know the name.
pub fn explain(
    index: &Index,
    provenance: &[Provenance],
    resolved: &Resolved,
    options: &Options<'_>,
    name: &str,
) -> Result<Why, Error> {
    why::why(&Universe::new(index, provenance, options), resolved, name)
}

/// The Essential set, by name, after what was asked for.
fn add_essential(universe: &Universe<'_>, settled: &mut Settled) {
    let mut essential: Vec<Slot> = universe
        .candidates()
        .packages()
        .map(|id| universe.index.package(id))
        .filter(|package| package.essential())
        .map(|package| universe.slot(package))
        .filter(|slot| universe.architecture_of(*slot) == 0 && universe.present()[*slot].is_none())
        .filter(|slot| !settled.wanted.contains(slot) && !settled.forbidden.contains(slot))
        .collect();
    essential.sort_by_key(|slot| universe.name_of(*slot));
    settled.wanted.extend(essential);
}

/// Who lacks what was excluded.
fn lacking(universe: &Universe<'_>, chosen: &[PackageId]) -> Vec<String> {
    let mut notes = Vec::new();
    for package in chosen.iter().map(|id| universe.index.package(*id)) {
        for group in universe.needs(package) {
            let there = |id: &PackageId| {
                let other = universe.index.package(*id);
                universe.group_accepts(package, group, other)
            };
            let lacks = universe.excluded().find(|other| universe.group_accepts(package, group, *other));
            if let Some(lacks) = lacks
                && !chosen.iter().any(there)
                && !universe.base().any(|other| universe.group_accepts(package, group, other))
            {
                let (package, lacks) = (universe.label(package), universe.label(lacks));
                notes.push(format!("{package} needs {lacks}, which is excluded"));
            }
        }
    }
    notes
}

fn plan(
    index: &Index,
    provenance: &[Provenance],
    request: Request,
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
    Ok(Plan { request, sources, packages })
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
