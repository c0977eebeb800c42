//! From a plan to the current generation.

use std::path::{Path, PathBuf};

use super::pipeline;
use crate::config::{Owners, RequireScripts, Settings};
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::{self, Client};
use crate::finish::{self, Authority, Finishing};
use crate::launch;
use crate::lock;
use crate::plan::Plan;
use crate::publish::{self, Destination, State};
use crate::relocate::Relocation;
use crate::report::{Report, counted, mebibytes};
use crate::tree::filter::Filter;
use crate::tree::write::Generated;
use crate::tree::{Note, Tree, Unpacked, database, divert, group, manifest, owners, records};

/// A generation in the making.
pub(crate) struct Making<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) report: &'a Report,
    pub(crate) client: &'a Client,
    pub(crate) plan: &'a Plan,
    /// What is left out of the packages.
    pub(crate) filter: Filter,
    pub(crate) staging: &'a Path,
}

impl Making<'_> {
    /// From the plan to the current generation; adds the notes to its state.
    pub(crate) async fn install(
        self,
        destination: &mut Destination,
        state: &mut State,
    ) -> Result<PathBuf, Error> {
        let Self { settings, report, client, plan, filter, staging } = self;
        let stop = report.begin("fetch", plan.download_size());
        let keep = settings.owners == Owners::Keep;
        // what is to be as dpkg has it is nobody else's
        let shared = !keep
            && group::share(&settings.dest, staging)
                .map_err(|source| publish::Error::write(staging, source))?;
        let how = pipeline::How {
            connections: settings.connections,
            max_unpacked: settings.max_unpacked,
            filter,
            keep_owners: keep,
            shared,
        };
        let unpacked = pipeline::run(plan, client, staging, how, &stop).await?;
        stop.end(format!("{} fetched, verified and unpacked", mebibytes(plan.download_size())));

        let stop = report.begin("merge", 0);
        let tree = staging.join(pipeline::TREE);
        let place = Place { root: &tree, staging, shared };
        let commands = build(place, destination, settings, plan, unpacked, state)?;
        let id = id(state);
        let generation = destination.publish(&tree, &id)?;
        stop.end(format!("{} in generation {id}", counted(commands, "command")));
        Ok(generation)
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
    place: Place<'_>,
    destination: &mut Destination,
    settings: &Settings,
    plan: &Plan,
    unpacked: Vec<Unpacked>,
    state: &mut State,
) -> Result<usize, Error> {
    let Place { root, staging, shared } = place;
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
    let (at_root, is_exact) = (relocation.is_none(), relocation.is_exact());
    let authorities = authorities(settings)?;
    let how =
        Finishing { date, prefix: &settings.prefix, authorities: &authorities, locales: &settings.locales };
    let unfinished = finish::run(&mut tree, how)?;
    match settings.require_scripts {
        RequireScripts::None => {}
        RequireScripts::Known => unfinished.require_scripts(false)?,
        RequireScripts::All => unfinished.require_scripts(true)?,
    }
    state.notes = unfinished.notes.iter().map(ToString::to_string).collect();
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
    tree.create_directory(Path::new(if at_root { records::FOLDER } else { records::COMMANDS }))?;
    database::write(&mut tree, date)?;
    let generated = Generated { date };
    for (path, target) in &relocated.links {
        let link = tree.root().join(path);
        generated
            .link(&target.to_string_lossy(), &link)
            .map_err(|source| publish::Error::write(&link, source))?;
    }
    // the C library was left to a base
    let needs_launchers = !at_root && settings.base.is_some() && !launch::has_own_linker(root);
    if needs_launchers {
        destination.need_binary();
    }
    let commands = if at_root {
        launch::commands(root).len()
    } else if is_exact && !needs_launchers {
        launch::link(root, generated)?
    } else {
        let (commands, covered) = launch::write(root, !is_exact, generated)?;
        if !is_exact {
            let affected = launch::lacking(&tree, &settings.prefix, &relocated.cramped, &covered);
            state.notes.extend(launch::notes(&affected, &settings.prefix));
        }
        commands
    };
    let lock_file = root.join(records::LOCK);
    generated
        .file(&lock_file, lock::render(plan).as_bytes())
        .map_err(|source| publish::Error::write(&lock_file, source))?;
    state.write(tree.root(), generated)?;
    if !relocated.record.prefix.is_empty() {
        let path = root.join(records::RELOCATED);
        let text = relocated.record.render();
        generated.file(&path, &text).map_err(|source| publish::Error::write(&path, source))?;
    }
    let keep = settings.owners == Owners::Keep;
    if keep {
        owners::apply(&tree)?;
    }
    let path = root.join(records::MANIFEST);
    manifest::describe(root, keep, |folder| tree.directory_mode(folder), &relocated.digests)
        .and_then(|text| generated.file(&path, &text))
        .map_err(|source| publish::Error::write(&path, source))?;
    tree.finish()?;
    Ok(commands)
}

/// What the settings leave out of packages.
pub(crate) fn filter(settings: &Settings) -> Result<Filter, Error> {
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
