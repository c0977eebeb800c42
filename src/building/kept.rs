//! Packages that are kept from earlier trees are laid out anew, and only the others are fetched; these are kept as well.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::pipeline::fetch_and_unpack;
use super::staging::{FETCHED, private_root};
use super::unpack::Unpacking;
use crate::error::Error;
use crate::fetch::Client;
use crate::plan::{Artifact, Plan};
use crate::tree::kept::Kept;
use crate::tree::{self, Unpacked};

/// What of a plan is laid out already, in the plan's order.
pub(crate) struct LaidOut {
    packages: Vec<Option<Unpacked>>,
    /// What is to be fetched.
    pub(crate) missing: Arc<Plan>,
}

/// Lays out below `staging` what is kept.
///
/// # Errors
/// A `staging` that cannot be written to.
pub(crate) fn lay_out_kept(plan: &Plan, staging: &Path, kept: &Kept) -> Result<LaidOut, Error> {
    let mut packages = Vec::new();
    for (number, artifact) in plan.packages.iter().enumerate() {
        packages.push(kept.lay_out(artifact, &private_root(staging, number))?);
    }
    let missing = plan.packages.iter().zip(&packages).filter(|(_, known)| known.is_none());
    let missing: Vec<Artifact> = missing.map(|(artifact, _)| artifact.clone()).collect();
    let missing = Plan { basis: plan.basis.clone(), sources: plan.sources.clone(), packages: missing };
    Ok(LaidOut { packages, missing: Arc::new(missing) })
}

impl LaidOut {
    /// Fetches, keeps and lays out the rest, as [`fetch_and_unpack`] does.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn complete(
        self,
        client: &Client,
        staging: &Path,
        connections: usize,
        how: &Unpacking,
        kept: &Kept,
        progress: impl Fn(u64),
    ) -> Result<Vec<Unpacked>, Error> {
        let Self { packages, missing } = self;
        let scratch = staging.join(FETCHED);
        fs::create_dir_all(&scratch).map_err(|source| tree::Error::write(&scratch, source))?;
        let fetched = fetch_and_unpack(&missing, client, &scratch, connections, how, progress).await?;
        let mut fetched = fetched.into_iter().enumerate();
        let mut complete = Vec::new();
        for (number, known) in packages.into_iter().enumerate() {
            let place = private_root(staging, number);
            complete.push(match known {
                Some(unpacked) => unpacked,
                None => {
                    let (at, unpacked) = fetched
                        .next()
                        .ok_or_else(|| Error::Internal("a package was not fetched".to_owned()))?;
                    keep(unpacked, &private_root(&scratch, at), &place, kept)?
                }
            });
        }
        Ok(complete)
    }
}

/// Keeps a package that was unpacked in `fresh`, and lays it out in `place`. One that cannot be kept is only laid out.
fn keep(unpacked: Unpacked, fresh: &Path, place: &Path, kept: &Kept) -> Result<Unpacked, Error> {
    match kept.keep(&unpacked, fresh) {
        Ok(()) => {
            let again = kept.lay_out(&unpacked.artifact, place)?;
            again.ok_or_else(|| Error::Internal(format!("{} was not kept", unpacked.artifact.label())))
        }
        // it is where it was until all else is done
        Err(error) if fresh.exists() => {
            tracing::debug!("cannot keep {}: {error}", unpacked.artifact.label());
            fs::rename(fresh, place).map_err(|source| tree::Error::write(place, source))?;
            Ok(unpacked)
        }
        Err(error) => Err(tree::Error::write(place, error).into()),
    }
}
