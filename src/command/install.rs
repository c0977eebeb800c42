//! `aptlet install`: the whole way.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, json};

use super::{client, fingerprint, pipeline, sources};
use crate::config::{Owners, RequireScripts, Settings};
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::{self, Client};
use crate::lock;
use crate::plan::Plan;
use crate::publish::state::{FOLDER, ReleaseState};
use crate::publish::{self, Destination, State, View, commands, launchers};
use crate::report::{Report, counted, mebibytes};
use crate::source::Released;
use crate::tree::filter::Filter;
use crate::tree::finish::{self, Authority, How};
use crate::tree::relocate::{Relocation, record};
use crate::tree::write::Generated;
use crate::tree::{Note, Tree, Unpacked, database, divert, group, manifest, owners};

pub(super) async fn install(settings: &Settings, report: &Report) -> Result<(), Error> {
    let locked = settings.lock.as_deref().map(lock::read).transpose()?;
    let client = client(settings)?;
    let request = match &locked {
        Some(plan) => fingerprint::of_plan(settings, lock::digest(plan))?,
        None => fingerprint::of_request(settings, &client).await?,
    };
    let at_root = settings.prefix == "/";
    let relocation = Relocation::to(&settings.prefix);
    let view = if at_root { View::plain() } else { View::relocated(&relocation) };
    let mut destination = Destination::open(&settings.dest, view, || {
        tracing::info!("another aptlet is at work on {}; waiting for it", settings.dest.display());
    })?;
    let previous = publish::current(&settings.dest);
    let known = previous.as_deref().and_then(State::read);
    let installed = known.as_ref().filter(|state| state.request == request);
    if let Some(state) = installed
        && is_current(settings, &client, state).await?
    {
        up_to_date(settings, report, state, previous.as_deref());
        return Ok(());
    }
    if settings.owners == Owners::Keep {
        owners::probe(&settings.dest)
            .map_err(|source| crate::tree::Error::Owners { path: settings.dest.clone(), source })?;
    }
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
        state.rewrite(generation)?;
        up_to_date(settings, report, &state, previous.as_deref());
        return Ok(());
    }
    let filter = filter(settings)?;
    let space = check_space(&destination, &settings.dest, &plan);
    if filter.is_empty() {
        check_allowance(settings, &plan)?;
        space?;
    } else if let Err(error) = space {
        // what is left out is not known before it is fetched, so what packages declare is the most that it can be
        tracing::warn!("{error}; it may do all the same, since some of it is left out");
    }

    let staging = destination.staging()?;
    let stop = report.begin("fetch", plan.download_size());
    let keep = settings.owners == Owners::Keep;
    // what is to be as dpkg has it is nobody else's
    let shared = !keep
        && group::share(&settings.dest, staging.path())
            .map_err(|source| publish::Error::write(staging.path(), source))?;
    let how = pipeline::How {
        connections: settings.connections,
        max_unpacked: settings.max_unpacked,
        filter,
        keep_owners: keep,
        shared,
    };
    let unpacked = pipeline::run(&plan, &client, staging.path(), how, &stop).await?;
    stop.end(format!("{} fetched, verified and unpacked", mebibytes(plan.download_size())));

    let stop = report.begin("merge", 0);
    let mut state = State::new(request, lock::digest(&plan));
    state.packages = plan.packages.len();
    state.download_size = plan.download_size();
    state.releases = releases.iter().map(release_state).collect();
    let tree = staging.path().join("tree");
    let place = Place { root: &tree, staging: staging.path(), shared };
    let commands = build(place, &mut destination, settings, &plan, unpacked, &mut state)?;
    let id = id(&state);
    let generation = destination.publish(&tree, &id)?;
    drop(staging);
    destination.remove_old(&generation, previous.as_deref())?;
    stop.end(format!("{} in generation {id}", counted(commands, "command")));

    for note in &state.notes {
        tracing::debug!("note: {note}");
    }
    let summary = format!(
        "{} packages ({}) installed in {}{}",
        state.packages,
        mebibytes(state.download_size),
        settings.dest.display(),
        if state.notes.is_empty() {
            String::new()
        } else {
            format!(", {} notes (aptlet status)", state.notes.len())
        },
    );
    report.success(&summary, facts(&state, Some(&generation)));
    Ok(())
}

fn up_to_date(settings: &Settings, report: &Report, state: &State, generation: Option<&Path>) {
    let packages = counted(state.packages, "package");
    let summary = format!("{packages} up to date in {}", settings.dest.display());
    report.success(&summary, facts(state, generation));
}

/// Whether a generation is still the answer: always for a lock, else while the Releases are the same and have
/// not expired. A mirror that is down is no reason to take a working tree away.
async fn is_current(settings: &Settings, client: &Client, state: &State) -> Result<bool, Error> {
    if settings.lock.is_some() {
        return Ok(true);
    }
    let loader = sources::loader(settings, client.clone())?;
    let now = Timestamp::now().as_second();
    let urls = sources::release_urls(settings)?;
    let mut checks = Vec::new();
    for release in &state.releases {
        if release.valid_until.is_some_and(|until| until < now) {
            return Ok(false);
        }
        let Some(url) = urls.iter().find(|url| url.as_str() == release.url).cloned() else {
            return Ok(false);
        };
        let (loader, release) = (loader.clone(), release.clone());
        checks.push(tokio::spawn(async move {
            loader.is_unchanged(&url, &release.validators, release.sha256).await
        }));
    }
    for check in checks {
        match check.await.map_err(|error| Error::Internal(error.to_string()))? {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            // the mirror is up: what it has by now, Release and Release.gpg perhaps, is for a plan to find out
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => tracing::warn!("cannot look for updates, so what is installed stays: {error}"),
        }
    }
    Ok(true)
}

/// A Release that is older than the one that the current generation was made from is a replay.
fn refuse_rollback(state: &State, releases: &[Released]) -> Result<(), Error> {
    for released in releases {
        let url = released.url.to_string();
        let known = state.releases.iter().find(|known| known.url == url);
        if let (Some(known), Some(date)) = (known.and_then(|known| known.date), released.release.date)
            && date.as_second() < known
        {
            let known = Timestamp::from_second(known).unwrap_or_default();
            return Err(crate::source::Error::Rollback { url, made: date, known }.into());
        }
    }
    Ok(())
}

fn release_state(released: &Released) -> ReleaseState {
    ReleaseState {
        url: released.url.to_string(),
        validators: released.validators.clone(),
        sha256: released.sha256,
        date: released.release.date.map(Timestamp::as_second),
        valid_until: released
            .release
            .valid_until
            .filter(|_| released.source.check_valid_until && released.source.check_date)
            .map(Timestamp::as_second),
    }
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

/// What the unpacked tree, the downloads on their way and the launchers will take, where the packages say so.
fn check_space(destination: &Destination, path: &Path, plan: &Plan) -> Result<(), Error> {
    let unpacked: u64 = plan
        .packages
        .iter()
        .map(|package| match package.installed_size {
            0 => package.size.saturating_mul(3),
            kibibytes => kibibytes.saturating_mul(1024),
        })
        .fold(0, u64::saturating_add);
    let largest = plan.packages.iter().map(|package| package.size).max().unwrap_or_default();
    let needed = unpacked.saturating_add(largest).saturating_add(destination.own_size());
    match destination.free_space() {
        Some(free) if free < needed => Err(publish::Error::NoSpace {
            destination: path.to_owned(),
            free,
            needed,
            packages: plan.packages.len(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// Where a tree is built.
#[derive(Clone, Copy)]
struct Place<'a> {
    root: &'a Path,
    /// Where the packages lie.
    staging: &'a Path,
    /// Whether a group shares the volume.
    shared: bool,
}

/// From unpacked packages to a finished tree; returns the number of commands in it.
fn build(
    Place { root, staging, shared }: Place<'_>,
    destination: &mut Destination,
    settings: &Settings,
    plan: &Plan,
    unpacked: Vec<Unpacked>,
    state: &mut State,
) -> Result<usize, Error> {
    let mut tree = Tree::create(root, &plan.request.architecture)?;
    if shared {
        tree.share();
    }
    let (diversions, unread) = divert::read(&unpacked)?;
    tree.divert(diversions);
    for (number, package) in unpacked.into_iter().enumerate() {
        tree.merge(package, &pipeline::private_root(staging, number))?;
    }
    let date = tree.newest_mtime();
    let relocation = Relocation::to(&settings.prefix);
    let at_root = relocation.is_none();
    let authorities = authorities(settings)?;
    let how = How { date, prefix: &settings.prefix, authorities: &authorities, locales: &settings.locales };
    let outcome = finish::run(&mut tree, how)?;
    match settings.require_scripts {
        RequireScripts::None => {}
        RequireScripts::Known => outcome.require_scripts(false)?,
        RequireScripts::All => outcome.require_scripts(true)?,
    }
    state.notes = outcome.notes;
    state.notes.extend(unread.into_iter().map(|(package, line)| {
        format!("{package}: a diversion is missing, because its call of dpkg-divert cannot be read: {line}")
    }));
    let relocated = relocation.apply(&mut tree)?;
    state.notes.extend(notes(tree.packages()));
    if tree.widened() > 0 {
        state.notes.push(format!(
            "{} closed to others are open to the group that shares the destination (fsGroup)",
            counted(usize::try_from(tree.widened()).unwrap_or(usize::MAX), "path")
        ));
    }
    tree.create_directory(Path::new(if at_root { FOLDER } else { launchers::BIN }))?;
    database::write(&mut tree, date)?;
    let generated = Generated { date };
    // the C library was left to a base
    let needs_launchers = !at_root && settings.base.is_some() && !launchers::has_own_linker(root);
    if needs_launchers {
        destination.need_launchers();
    }
    let commands = if at_root {
        launchers::commands(root).len()
    } else if relocation.is_exact() && !needs_launchers {
        commands::link(root, generated)?
    } else {
        launchers::write(root, generated)?
    };
    let lock_file = root.join(FOLDER).join("aptlet.lock");
    generated
        .file(&lock_file, lock::render(plan).as_bytes())
        .map_err(|source| publish::Error::write(&lock_file, source))?;
    state.write(tree.root(), generated)?;
    if !relocated.record.prefix.is_empty() {
        let path = root.join(record::FILE);
        let text = relocated.record.render();
        generated.file(&path, &text).map_err(|source| publish::Error::write(&path, source))?;
    }
    let keep = settings.owners == Owners::Keep;
    if keep {
        owners::apply(&tree)?;
    }
    let path = root.join(manifest::FILE);
    manifest::describe(root, keep, |folder| tree.directory_mode(folder), &relocated.digests)
        .and_then(|text| generated.file(&path, &text))
        .map_err(|source| publish::Error::write(&path, source))?;
    tree.finish()?;
    Ok(commands)
}

/// What the settings leave out of packages.
fn filter(settings: &Settings) -> Result<Filter, Error> {
    let translations: Vec<String> =
        settings.locales.iter().map(|locale| Filter::translations(locale)).collect();
    let mut rules: Vec<(bool, &str)> = Vec::new();
    if settings.paths.slim {
        rules.extend(Filter::slim());
        rules.extend(translations.iter().map(|pattern| (true, pattern.as_str())));
    }
    rules.extend(settings.paths.rules.iter().map(|rule| (rule.include, rule.pattern.as_str())));
    Filter::new(rules).map_err(|bad| Error::Internal(format!("a pattern for paths: {bad}")))
}

/// The certificate authorities that the settings add, each named after its file.
fn authorities(settings: &Settings) -> Result<Vec<Authority>, Error> {
    let mut authorities = Vec::new();
    for path in &settings.ca_certificates {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let certificates = fetch::certificates(path)?.into_iter();
        authorities.extend(
            certificates
                .map(|certificate| Authority { name: name.clone().into_owned(), der: certificate.to_vec() }),
        );
    }
    Ok(authorities)
}

/// One line for what concerns a file; one a package for owners, of which there can be thousands; one for all that was
/// left out.
fn notes(packages: &[Unpacked]) -> Vec<String> {
    let mut lines = Vec::new();
    let left_out = packages.iter().map(|package| package.left_out);
    let (paths, bytes) =
        left_out.fold((0, 0_u64), |(paths, bytes), one| (paths + one.paths, bytes.saturating_add(one.bytes)));
    if paths > 0 {
        let size = mebibytes(bytes);
        lines.push(format!("{paths} paths ({size}) were left out, as --slim and --path-exclude say"));
    }
    for package in packages {
        let name = &package.artifact.name;
        let owned = package.notes.iter().filter(|note| matches!(note, Note::Owner { .. })).count();
        if owned > 0 {
            lines.push(format!("{name}: {owned} files of other owners than root belong to this user"));
        }
        let others = package.notes.iter().filter(|note| !matches!(note, Note::Owner { .. }));
        lines.extend(others.map(|note| format!("{name}: {note}")));
    }
    lines
}

/// The same plan for the same request is the same generation.
fn id(state: &State) -> String {
    let text = format!("{} {}", state.request, state.plan);
    Sha256::of(text.as_bytes()).to_string().chars().take(16).collect()
}

fn facts(state: &State, generation: Option<&Path>) -> Map<String, serde_json::Value> {
    let name = generation.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    Map::from_iter([
        ("packages".to_owned(), json!(state.packages)),
        ("bytes".to_owned(), json!(state.download_size)),
        ("generation".to_owned(), json!(name)),
        ("notes".to_owned(), json!(state.notes)),
    ])
}
