//! One plan of what was installed, what goes and what comes.

use super::outcome::Failure;
use super::session::Session;
use crate::arrange::Arrange as _;
use crate::digest::Sha256;
use crate::error::Error;
use crate::live::Package;
use crate::plan::{Artifact, Plan, PlanSource};
use crate::source::base;

/// What was there, without what goes, and with what comes.
pub(super) fn merged(
    session: &Session,
    old: &Plan,
    leaving: &[&Package],
    additions: Option<&Plan>,
    manual: &[String],
) -> Result<Plan, Failure> {
    let mut plan = Plan { basis: old.basis.clone(), sources: old.sources.clone(), packages: Vec::new() };
    let goes = |artifact: &Artifact| {
        leaving
            .iter()
            .any(|package| package.name == artifact.name && package.architecture == artifact.architecture)
    };
    let replaced = |artifact: &Artifact| {
        additions.is_some_and(|additions| additions.packages.iter().any(|new| takes_place(new, artifact)))
    };
    plan.packages = old.packages.iter().filter(|old| !goes(old) && !replaced(old)).cloned().collect();
    if let Some(additions) = additions {
        plan.basis = additions.basis.clone();
        let mut incoming = additions.clone();
        for source in &mut incoming.sources {
            let before = source.id.clone();
            let is_other =
                |known: &PlanSource, new: &PlanSource| known.id == new.id && known.uris != new.uris;
            while plan.sources.iter().any(|known| is_other(known, source)) {
                source.id.push('+');
            }
            for artifact in &mut incoming.packages {
                if artifact.source == before {
                    artifact.source.clone_from(&source.id);
                }
                for place in artifact.also.iter_mut().filter(|place| place.source == before) {
                    place.source.clone_from(&source.id);
                }
            }
        }
        plan.sources.retain(|known| !incoming.sources.iter().any(|new| new.id == known.id));
        plan.sources.append(&mut incoming.sources);
        plan.packages.append(&mut incoming.packages);
    }
    plan.basis.packages = manual.to_vec();
    plan.basis.architecture = session.settings.architecture.to_string();
    plan.basis.base_sha256 = match &session.settings.base {
        Some(base) => Some(Sha256::of(base::read(base).map_err(Error::from)?.as_bytes())),
        None => None,
    };
    plan.packages
        .arrange_by(|one, other| (&one.name, &one.architecture).cmp(&(&other.name, &other.architecture)));
    let Plan { sources, packages, .. } = &mut plan;
    sources.retain(|source| packages.iter().any(|package| package.places().any(|(id, _)| id == source.id)));
    sources.arrange_by(|one, other| one.id.cmp(&other.id));
    Ok(plan)
}

fn takes_place(new: &Artifact, old: &Artifact) -> bool {
    new.name == old.name
        && (new.architecture == old.architecture || new.architecture == "all" || old.architecture == "all")
}
