//! `aptlet install`: the whole way, unless what is installed is what is asked for.

mod dry_run;
mod foretold;
mod layout;
pub(super) mod notes;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(super) use self::dry_run::dry_run;
use self::foretold::Foretold;
pub(super) use self::layout::{filter, layout, unpacking};
use crate::building::{self, space, staging};
use crate::config::{OnFailure, Owners, Settings};
use crate::current_generation;
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::{CaBundle, Client};
use crate::launch::libraries::Image;
use crate::lock;
use crate::note::Recorded;
use crate::plan::Plan;
use crate::planning::{
    Inputs, Planner, Wanted, fingerprint, is_valid, refuse_changes, refuse_rollback, release_state,
};
use crate::publish::space::Amount;
use crate::publish::{self, Changes, Destination, State, View, size_limit};
use crate::relocate::Relocation;
use crate::report::Report;
use crate::source::Released;
use crate::tree::filter::Filter;
use crate::tree::volume::{self, Lacks};
use crate::tree::{self, owners, records};
use crate::wording::{counted, mebibytes};

/// What is to be installed: a plan that is written down, or one to be made.
enum ToInstall<'a> {
    Plan(Box<Plan>),
    Planner(Box<Planner<'a>>),
}

impl ToInstall<'_> {
    async fn is_answered_by(&self, state: &State) -> Result<bool, Error> {
        match self {
            Self::Plan(_) => Ok(true),
            Self::Planner(planner) => planner.is_current(state).await,
        }
    }

    /// The plan, and what it rests on: no Release may be older than those that are `known`, or somebody else's.
    async fn plan(
        self,
        settings: &Settings,
        known: Option<&State>,
        report: &Report,
    ) -> Result<(Plan, Sources), Error> {
        let planned = match self {
            Self::Plan(plan) => return Ok((*plan, Sources::default())),
            Self::Planner(planner) => planner.plan(known, None, report).await?,
        };
        if let Some(state) = known {
            refuse_rollback(state, &planned.releases)?;
            refuse_changes(state, &planned.releases, settings.allow_releaseinfo_change)?;
        }
        Ok((planned.plan, Sources { releases: planned.releases, left_out: planned.left_out }))
    }
}

/// The sources of a plan that is made.
#[derive(Default)]
struct Sources {
    releases: Vec<Released>,
    /// Those that it was made without.
    left_out: Vec<String>,
}

impl Sources {
    fn note_in(&self, state: &mut State) {
        state.releases = self.releases.iter().map(release_state).collect();
        state.left_out.clone_from(&self.left_out);
    }
}

pub(super) async fn install(settings: &Settings, report: &Report) -> Result<(), Error> {
    if settings.own_binary && settings.lock.is_none() && settings.requests.is_empty() {
        return put_binary(settings, report).await;
    }
    let foretold = Foretold::new(settings);
    foretold.of_run();
    let result = complete_or_make(settings, report, &foretold).await;
    if result.is_ok() {
        foretold.take_back();
    }
    result
}

async fn complete_or_make(
    settings: &Settings,
    report: &Report,
    foretold: &Foretold<'_>,
) -> Result<(), Error> {
    let inputs = Inputs::read(settings)?;
    let client = inputs.client(settings)?;
    let Inputs { wanted, authorities, digests, .. } = inputs;
    let (request, asked) = match wanted {
        Wanted::Lock(plan) => {
            (fingerprint::of_plan(settings, &digests, lock::digest(&plan)), ToInstall::Plan(Box::new(plan)))
        }
        Wanted::Choice(choice) => {
            let planner = Planner::new(settings, choice, client.clone()).await?;
            (planner.fingerprint(&digests), ToInstall::Planner(Box::new(planner)))
        }
    };
    let image = image(settings)?;
    let request = image.as_ref().map_or(request, |image| image.part_of(request));
    let mut destination = open(settings, view(settings)).await?;
    if settings.own_binary {
        destination.need_binary();
    }
    let previous = current_generation::current(&settings.dest);
    let known = previous.as_deref().and_then(State::read);
    let installed = known.as_ref().filter(|state| state.request == request);
    if let Some(state) = installed
        && asked.is_answered_by(state).await?
    {
        complete(&destination, state)?;
        up_to_date(settings, report, state, previous.as_deref());
        return Ok(());
    }
    if settings.owners == Owners::Keep {
        let path = || settings.dest.clone();
        owners::probe(&settings.dest).map_err(|source| tree::Error::Owners { path: path(), source })?;
    }
    // a folder that cannot be written to is told before anything is fetched, one that is full when it is known what it
    // would have to hold
    let early = match destination.staging().map_err(Error::from) {
        Err(error) if error.full().is_none() => return Err(error),
        staging => staging.ok(),
    };
    let (plan, sources) = match asked.plan(settings, known.as_ref(), report).await {
        Ok(planned) => planned,
        Err(error) => {
            return unless_good(error, settings, report, &destination, installed, previous.as_deref());
        }
    };
    if let (Some(state), Some(generation)) = (installed, &previous)
        && state.plan == lock::digest(&plan)
    {
        let mut state = state.clone();
        sources.note_in(&mut state);
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
    let space = space.and_then(|()| {
        let needed = space::needed(&plan) + destination.own_need();
        size_limit::check(&settings.dest, settings.size_limit, needed.bytes, plan.packages.len())?;
        Ok(())
    });
    if filter.is_empty() {
        check_allowance(settings, &plan)?;
        space?;
    } else if let Err(error) = space {
        // what is left out is not known before it is fetched, so what packages declare is the most that it can be
        tracing::warn!("{error}; it may do all the same, since some of it is left out");
    }

    foretold.of_packages((space::needed(&plan) + destination.own_need()).bytes);

    let staging = early.map_or_else(|| destination.staging(), Ok).map_err(|error| {
        shortage(error.into(), &destination, Path::new(""), (space::needed(&plan), 0), plan.packages.len())
    })?;
    let mut state = State::new(request, lock::digest(&plan));
    state.packages = plan.packages.len();
    state.download_size = plan.download_size();
    sources.note_in(&mut state);
    // a tree that an older aptlet made, or that somebody changed, may not tell
    let before = previous.as_deref().and_then(|generation| lock::read(&generation.join(records::LOCK)).ok());
    let changes = before.map(|before| Changes::between(&before, &plan));
    let plan = Arc::new(plan);
    let making = Making {
        settings,
        report,
        client: &client,
        authorities: &authorities,
        image,
        plan: &plan,
        changes: changes.as_ref(),
        staging: staging.path(),
        lacks: staging.lacks(),
    };
    let (generation, requested) = match making.generation(filter, &mut destination, &mut state).await {
        Ok(made) => made,
        Err(error) => {
            let error = told_of_volume(error, settings, staging.lacks());
            let missing = (space::missing(&plan, staging.path()), plan.download_size());
            let error = shortage(error, &destination, staging.path(), missing, plan.packages.len());
            drop(staging);
            return unless_good(error, settings, report, &destination, installed, previous.as_deref());
        }
    };
    drop(staging);

    let notes = notes::tell(&state.notes, &requested);
    if let Some(changes) = &changes {
        tracing::info!("changed since the generation before: {changes}");
    }
    let (packages, size) = (counted(state.packages, "package"), mebibytes(state.download_size));
    let summary = format!("{packages} ({size}) installed in {}{notes}", settings.dest.display());
    let mut facts = facts(&state, Some(&generation), true);
    facts.insert("changes".to_owned(), json!(changes));
    report.success(&summary, facts);
    Ok(())
}

/// A generation in the making.
struct Making<'a> {
    settings: &'a Settings,
    report: &'a Report,
    client: &'a Client,
    authorities: &'a [CaBundle],
    /// That whose own programs are to load the tree's libraries.
    image: Option<Image>,
    plan: &'a Arc<Plan>,
    changes: Option<&'a Changes>,
    staging: &'a Path,
    lacks: Lacks,
}

impl Making<'_> {
    /// From the plan to the current generation, with the names of the packages that were asked for; adds the notes to its state.
    async fn generation(
        self,
        filter: Filter,
        destination: &mut Destination,
        state: &mut State,
    ) -> Result<(PathBuf, Vec<String>), Error> {
        let Self { settings, report, client, authorities, image, plan, changes, staging, lacks } = self;
        let stop = report.begin("fetch", plan.download_size());
        let unpacking = unpacking(settings, filter, staging)?;
        let progress = |bytes| stop.advance(bytes);
        let unpacked =
            building::fetch_and_unpack(plan, client, staging, settings.connections, &unpacking, progress)
                .await?;
        stop.end(format!("{} fetched, verified and unpacked", mebibytes(plan.download_size())));

        let stop = report.begin("merge", 0);
        let root = staging::tree(staging);
        let layout = layout(settings, authorities, &unpacking, &unpacked, image);
        let mut built = building::assemble(&root, staging, plan, unpacked, &layout)?;
        if built.needs_binary {
            destination.need_binary();
        }
        state.lacks = lacks;
        if !state.lacks.nothing() {
            let destination = settings.dest.display();
            tracing::warn!("the volume at {destination} does not keep {}; that is done without", state.lacks);
        }
        let also = notes::of_base(settings, &built.exposed);
        state.notes = built.notes.iter().chain(&also).map(Recorded::from).collect();
        let commands = counted(built.commands, "command");
        let requested = std::mem::take(&mut built.requested);
        built.finish(&[(records::STATE, &state.render()?)])?;
        // packages may have declared less than they take
        let own = destination.own_need().bytes;
        size_limit::check(&settings.dest, settings.size_limit, own, state.packages)
            .map_err(publish::Error::from)?;
        let id = id(state);
        let generation = destination.publish(&root, &id, changes)?;
        stop.end(format!("{commands} in generation {id}"));
        Ok((generation, requested))
    }
}

/// `aptlet install --self` alone: for containers that are started by what is in the volume.
async fn put_binary(settings: &Settings, report: &Report) -> Result<(), Error> {
    let mut destination = open(settings, view(settings)).await?;
    let path = destination.put_binary()?;
    report.success(&format!("aptlet is {}", path.display()), Map::new());
    Ok(())
}

pub(super) fn view(settings: &Settings) -> View {
    let relocation = Relocation::to(&settings.prefix);
    if relocation.is_none() {
        return View::plain();
    }
    let mut links = relocation.links();
    links.extend(settings.libraries.then_some(("lib", records::LIBRARIES)));
    View::relocated(&settings.prefix, links, !relocation.is_exact())
}

/// What is known of the image whose own programs are to load the tree's libraries.
pub(super) fn image(settings: &Settings) -> Result<Option<Image>, Error> {
    let read = || Image::read(&settings.image, &settings.architecture);
    Ok(settings.libraries.then(read).transpose()?)
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
    let destination = opened.map_err(|error| Error::Internal(error.to_string()))??;
    if volume::is_noexec(&settings.dest) {
        tracing::warn!(
            "{} is mounted noexec: no command of it starts where it is mounted so",
            settings.dest.display()
        );
    }
    Ok(destination)
}

/// What is installed already may lack its links, if the run that made it was killed.
fn complete(destination: &Destination, state: &State) -> Result<(), Error> {
    let nothing = (Amount::default(), 0);
    destination
        .complete()
        .map_err(|error| shortage(error.into(), destination, Path::new(""), nothing, state.packages))
}

/// A failure, unless what is installed is what was asked for, has not expired, and mirrors alone are to blame: a mirror that is down
/// is no reason to keep a pod from what it has.
fn unless_good(
    error: Error,
    settings: &Settings,
    report: &Report,
    destination: &Destination,
    installed: Option<&State>,
    generation: Option<&Path>,
) -> Result<(), Error> {
    let good = settings.on_failure != Some(OnFailure::Abort) && error.is_of_mirrors();
    let Some(state) = installed.filter(|state| good && is_valid(state, Timestamp::now())) else {
        return Err(error);
    };
    tracing::warn!("cannot look for updates, so what is installed stays: {error}");
    complete(destination, state)?;
    up_to_date(settings, report, state, generation);
    Ok(())
}

/// An error that means that the volume is full, told as what is needed; any other as it is.
pub(super) fn shortage(
    error: Error,
    destination: &Destination,
    staging: &Path,
    missing: (Amount, u64),
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

/// An error that is the volume's doing, told as that.
pub(super) fn told_of_volume(error: Error, settings: &Settings, lacks: Lacks) -> Error {
    let destination = settings.dest.clone();
    match error {
        Error::Tree(source @ (tree::Error::Duplicate { .. } | tree::Error::Overlap { .. })) if lacks.case => {
            tree::Error::Case { path: destination, source: source.into() }.into()
        }
        // it could be written to when staging was made
        error if error.unwritten().is_some_and(|source| source.kind() == ErrorKind::ReadOnlyFilesystem) => {
            publish::Error::TurnedReadOnly { destination, source: error.into() }.into()
        }
        error => error,
    }
}

fn up_to_date(settings: &Settings, report: &Report, state: &State, generation: Option<&Path>) {
    let packages = counted(state.packages, "package");
    let summary = format!("{packages} up to date in {}", settings.dest.display());
    report.success(&summary, facts(state, generation, false));
}

/// What the packages say that they unpack to, before any is fetched; what they do unpack to is counted later.
pub(super) fn check_allowance(settings: &Settings, plan: &Plan) -> Result<(), Error> {
    let sizes = plan.packages.iter().map(|package| package.installed_size.saturating_mul(1024));
    let declared = sizes.fold(0, u64::saturating_add);
    match settings.max_unpacked {
        Some(limit) if declared > limit => Err(crate::tree::Error::Declared { declared, limit }.into()),
        _ => Ok(()),
    }
}

fn facts(state: &State, generation: Option<&Path>, changed: bool) -> Map<String, Value> {
    let name = generation.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    Map::from_iter([
        ("changed".to_owned(), json!(changed)),
        ("changes".to_owned(), Value::Null),
        ("packages".to_owned(), json!(state.packages)),
        ("bytes".to_owned(), json!(state.download_size)),
        ("generation".to_owned(), json!(name)),
        ("notes".to_owned(), json!(state.notes)),
    ])
}

/// The same plan for the same request is the same generation.
fn id(state: &State) -> String {
    let text = format!("{} {}", state.request, state.plan);
    Sha256::of(text.as_bytes()).to_string().chars().take(16).collect()
}
