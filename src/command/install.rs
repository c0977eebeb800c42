//! `aptlet install`: the whole way, unless what is installed is what is asked for.

use std::path::Path;

use serde_json::{Map, json};

use crate::building::assemble::{Making, filter};
use crate::building::space;
use crate::config::{Owners, Settings};
use crate::error::Error;
use crate::lock;
use crate::plan::Plan;
use crate::planning::freshness::{is_current, refuse_rollback, release_state};
use crate::planning::{client, fingerprint, plan as sources};
use crate::publish::space::Amount;
use crate::publish::{self, Destination, State, View};
use crate::relocate::Relocation;
use crate::report::{Report, counted, mebibytes};
use crate::tree::owners;

pub(super) async fn install(settings: &Settings, report: &Report) -> Result<(), Error> {
    if settings.own_binary && settings.lock.is_none() && settings.requests.is_empty() {
        return put_binary(settings, report).await;
    }
    let read = |path: &Path| lock::read_for(path, settings.architecture.as_str());
    let locked = settings.lock.as_deref().map(read).transpose()?;
    let client = client(settings)?;
    let request = match &locked {
        Some(plan) => fingerprint::of_plan(settings, lock::digest(plan))?,
        None => fingerprint::of_request(settings, &client).await?,
    };
    let mut destination = open(settings, view(settings)).await?;
    if settings.own_binary {
        destination.need_binary();
    }
    let previous = publish::current(&settings.dest);
    let known = previous.as_deref().and_then(State::read);
    let installed = known.as_ref().filter(|state| state.request == request);
    if let Some(state) = installed
        && is_current(settings, &client, state).await?
    {
        complete(&destination, state)?;
        up_to_date(settings, report, state, previous.as_deref());
        return Ok(());
    }
    if settings.owners == Owners::Keep {
        owners::probe(&settings.dest)
            .map_err(|source| crate::tree::Error::Owners { path: settings.dest.clone(), source })?;
    }
    // a folder that cannot be written to is told before anything is fetched, one that is full when it is known what it
    // would have to hold
    let early = match destination.staging().map_err(Error::from) {
        Err(error) if error.full().is_none() => return Err(error),
        staging => staging.ok(),
    };
    let (plan, releases) = match locked {
        Some(plan) => (plan, Vec::new()),
        None => {
            let planned = sources::plan(settings, client.clone(), None, report).await?;
            if let Some(state) = &known {
                refuse_rollback(state, &planned.releases)?;
            }
            (planned.resolved.plan, planned.releases)
        }
    };
    if let (Some(state), Some(generation)) = (installed, &previous)
        && state.plan == lock::digest(&plan)
    {
        let mut state = state.clone();
        state.releases = releases.iter().map(release_state).collect();
        // what is installed is right all the same, and the next run finds that out again
        if let Err(error) = state.rewrite(generation) {
            tracing::warn!("cannot note that the sources were signed anew: {error}");
        }
        complete(&destination, &state)?;
        up_to_date(settings, report, &state, previous.as_deref());
        return Ok(());
    }
    let filter = filter(settings)?;
    let space = destination.check_space(space::needed(&plan), plan.packages.len());
    if filter.is_empty() {
        check_allowance(settings, &plan)?;
        space?;
    } else if let Err(error) = space {
        // what is left out is not known before it is fetched, so what packages declare is the most that it can be
        tracing::warn!("{error}; it may do all the same, since some of it is left out");
    }

    let staging = early.map_or_else(|| destination.staging(), Ok).map_err(|error| {
        shortage(error.into(), &destination, Path::new(""), space::needed(&plan), plan.packages.len())
    })?;
    let mut state = State::new(request, lock::digest(&plan));
    state.packages = plan.packages.len();
    state.download_size = plan.download_size();
    state.releases = releases.iter().map(release_state).collect();
    let making = Making { settings, report, client: &client, plan: &plan, filter, staging: staging.path() };
    let generation = making.install(&mut destination, &mut state).await.map_err(|error| {
        let missing = space::missing(&plan, staging.path());
        shortage(error, &destination, staging.path(), missing, plan.packages.len())
    })?;
    drop(staging);

    for note in &state.notes {
        tracing::debug!("note: {note}");
    }
    let summary = format!(
        "{} ({}) installed in {}{}",
        counted(state.packages, "package"),
        mebibytes(state.download_size),
        settings.dest.display(),
        if state.notes.is_empty() {
            String::new()
        } else {
            format!(", {} (aptlet status)", counted(state.notes.len(), "note"))
        },
    );
    report.success(&summary, facts(&state, Some(&generation), true));
    Ok(())
}

/// `aptlet install --self` alone: for containers that are started by what is in the volume.
async fn put_binary(settings: &Settings, report: &Report) -> Result<(), Error> {
    let mut destination = open(settings, view(settings)).await?;
    let path = destination.put_binary()?;
    report.success(&format!("aptlet is {}", path.display()), Map::new());
    Ok(())
}

fn view(settings: &Settings) -> View {
    match Relocation::to(&settings.prefix) {
        relocation if relocation.is_none() => View::plain(),
        relocation => View::relocated(relocation.links(), !relocation.is_exact()),
    }
}

/// Waits for other runs in a thread of its own, so that a signal to end is heeded meanwhile.
async fn open(settings: &Settings, view: View) -> Result<Destination, Error> {
    let (path, keep) = (settings.dest.clone(), settings.keep_generations);
    let open = move || {
        Destination::open(&path, view, keep, || {
            tracing::info!("another aptlet is at work on {}; waiting for it", path.display());
        })
    };
    let opened = tokio::task::spawn_blocking(open).await;
    Ok(opened.map_err(|error| Error::Internal(error.to_string()))??)
}

/// What is installed already may lack its links, if the run that made it was killed.
fn complete(destination: &Destination, state: &State) -> Result<(), Error> {
    let nothing = Amount::default();
    destination
        .complete()
        .map_err(|error| shortage(error.into(), destination, Path::new(""), nothing, state.packages))
}

/// An error that means that the volume is full, told as what is needed; any other as it is.
fn shortage(
    error: Error,
    destination: &Destination,
    staging: &Path,
    missing: Amount,
    packages: usize,
) -> Error {
    match error.full() {
        Some(full) => {
            tracing::debug!("{error}");
            publish::Error::from(destination.shortage(full, staging, missing, packages)).into()
        }
        None => error,
    }
}

fn up_to_date(settings: &Settings, report: &Report, state: &State, generation: Option<&Path>) {
    let packages = counted(state.packages, "package");
    let summary = format!("{packages} up to date in {}", settings.dest.display());
    report.success(&summary, facts(state, generation, false));
}

/// What the packages say that they unpack to, before any is fetched; what they do unpack to is counted later.
fn check_allowance(settings: &Settings, plan: &Plan) -> Result<(), Error> {
    let sizes = plan.packages.iter().map(|package| package.installed_size.saturating_mul(1024));
    let declared = sizes.fold(0, u64::saturating_add);
    match settings.max_unpacked {
        Some(limit) if declared > limit => Err(crate::tree::Error::Declared { declared, limit }.into()),
        _ => Ok(()),
    }
}

fn facts(state: &State, generation: Option<&Path>, changed: bool) -> Map<String, serde_json::Value> {
    let name = generation.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    Map::from_iter([
        ("changed".to_owned(), json!(changed)),
        ("packages".to_owned(), json!(state.packages)),
        ("bytes".to_owned(), json!(state.download_size)),
        ("generation".to_owned(), json!(name)),
        ("notes".to_owned(), json!(state.notes)),
    ])
}
