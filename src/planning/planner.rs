//! From the inputs to a plan: the stops *sources*, *index* and *resolve*.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{AbortHandle, JoinSet};

use super::choice::PlanInputs;
use super::elsewhere;
use super::known::rests_on;
use super::question;
use super::sources::foreign;
use crate::config::{Settings, release_beside};
use crate::error::Error;
use crate::fetch::Client;
use crate::plan::Plan;
use crate::publish::State;
use crate::report::Report;
use crate::request;
use crate::resolve::pin::Pin;
use crate::resolve::{self, Essential, ResolveOptions, Resolved, Why};
use crate::source::archive::{self, Archived};
use crate::source::index::{Package, PackageId};
use crate::source::list::Source;
use crate::source::{Kept, LeftOut, Loaded, Loader, Released, base};
use crate::wording::counted;

/// How long the other URIs of a source are waited for when all else is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes a plan of the inputs.
pub(crate) struct Planner<'a> {
    pub(super) settings: &'a Settings,
    pub(super) choice: PlanInputs,
    pub(super) loader: Loader,
    /// The sources that are nowhere to be found.
    pub(super) unlocated: Vec<LeftOut>,
    /// The archives that are asked for; those whose requests say what must be there are not read before a plan is made.
    pub(super) archives: Vec<(&'a request::Archive, Option<Archived>)>,
}

/// A plan made from the sources, and the Releases that it rests on.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) releases: Vec<Released>,
    /// The sources that it could be made without, and that another run may find in order.
    pub(crate) left_out: Vec<String>,
    /// The answer to what was to be explained.
    pub(crate) why: Option<Why>,
    /// The packages that the requests turned out to mean, those of the base included.
    pub(crate) requested: Vec<Meant>,
    /// What the base has in an older version than could be chosen.
    pub(crate) upgradable: Vec<Meant>,
}

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meant {
    pub(crate) name: String,
    pub(crate) architecture: String,
    pub(crate) version: String,
}

impl Meant {
    fn of(package: Package<'_>) -> Self {
        let (name, architecture, version) = (package.name(), package.architecture(), package.version());
        Self { name: name.to_owned(), architecture: architecture.to_owned(), version: version.to_owned() }
    }
}

impl<'a> Planner<'a> {
    /// Looks up lists of mirrors and snapshots, and reads the archives that are asked for by their paths.
    ///
    /// # Errors
    /// An archive that cannot be taken.
    pub(crate) async fn new(
        settings: &'a Settings,
        mut choice: PlanInputs,
        client: Client,
    ) -> Result<Self, Error> {
        let architectures = std::iter::once(settings.architecture.to_string());
        let loader = Loader {
            client,
            keyring: std::mem::take(&mut choice.keyring),
            keyring_files: std::mem::take(&mut choice.keyring_files),
            architectures: architectures.chain(foreign(settings)).collect(),
            source_names: choice.pins.iter().any(Pin::needs_sources),
            now: Timestamp::now(),
            kept: settings.kept_indexes.clone().map(Kept::new),
        };
        let mut archives = Vec::new();
        for archive in settings.requests.iter().filter_map(request::Request::archive) {
            let read = match archive.sha256 {
                Some(_) => None,
                None => Some(loader.archive(archive).await?),
            };
            archives.push((archive, read));
        }
        let unlocated;
        (choice.sources, unlocated) = loader.located(choice.sources).await;
        Ok(Self { settings, choice, loader, unlocated, archives })
    }

    /// Makes the plan; `known` is what is installed, and `explain` names a package whose being in the plan is to be
    /// explained. A source that cannot be used is left out, with a warning, but for one that what is installed was made
    /// from: without it, a run would take packages back to older versions.
    ///
    /// # Errors
    /// Sources that cannot be had or are not to be trusted, and are needed; requests that have no solution.
    pub(crate) async fn plan(
        mut self,
        known: Option<&State>,
        explain: Option<&str>,
        report: &Report,
    ) -> Result<Planned, Error> {
        let stop = report.begin("sources", 0);
        let archives = self.read_archives().await?;
        let requests = requests(self.settings, &archives);
        let strict = self.settings.strict_sources;
        let dispensable = |source: &Source| !strict && !known.is_some_and(|state| rests_on(state, source));
        let (releases, mut left_out) = self.releases(known, &dispensable).await?;
        let base = self.choice.base.as_ref().map(|base| base::parse(&base.path, &base.text)).transpose()?;
        let nothing_else = archives.is_empty();
        let archived = archives.into_iter().map(|archive| (archive.part, archive.provenance));
        // beside the indexes, which take longer
        let asks_nobody = self.loader.kept.as_ref().is_some_and(Kept::is_enough);
        let others = if asks_nobody { Vec::new() } else { releases.clone() };
        let compared = tokio::spawn(compare(self.loader.clone(), others));
        let _stopped = Stopped(compared.abort_handle());
        let mut loaded = self.loader.index(&releases, archived.chain(base).collect(), &dispensable).await?;
        left_out.append(&mut loaded.left_out);
        if nothing_else
            && loaded.provenance.len() == usize::from(self.choice.base.is_some())
            && !left_out.is_empty()
        {
            return Err(left_out.swap_remove(0).error.into());
        }
        for source in &left_out {
            tracing::warn!("a source is left out: {source}");
        }
        let _ = tokio::time::timeout(PATIENCE, compared).await;
        let suites = counted(releases.len(), "suite");
        stop.end(format!("{} in {suites}", counted(loaded.index.len(), "package")));

        let stop = report.begin("resolve", 0);
        if let Some(base) = self.choice.base.as_ref().filter(|base| base.text.is_empty()) {
            tracing::warn!("the base has no package: {}", base.path.display());
        }
        let (mut resolved, why) = match self.resolve(&loaded, &requests, explain) {
            Ok(found) => found,
            Err(error) => {
                // the search takes memory of its own
                drop(loaded);
                let error = elsewhere::look(error, self.settings, &self.loader, &releases).await;
                return Err(self.of_other_release(error.without(left_out), &releases));
            }
        };
        let left_out = left_out.into_iter().filter(LeftOut::may_pass).map(|source| source.source).collect();
        for (number, sha512) in std::mem::take(&mut resolved.by_sha512) {
            let package = &resolved.plan.packages[number];
            if let Some(source) = resolved.plan.source(&package.source) {
                let (filename, size) = (&package.filename, package.size);
                let digest = self.loader.sha256_of(source, filename, size, sha512).await?;
                resolved.plan.packages[number].sha256 = digest;
            }
        }
        for note in &resolved.notes {
            match self.settings.kept_indexes {
                None => tracing::info!("{note}"),
                // who is told what apt tells is told that already
                Some(_) => tracing::debug!("{note}"),
            }
        }
        stop.end(counted(resolved.plan.packages.len(), "package"));
        let meant = |id: &PackageId| Meant::of(loaded.index.package(*id));
        let requested = resolved.requested.iter().map(meant).collect();
        let upgradable = resolved.upgradable.iter().map(|(_, newer)| meant(newer)).collect();
        Ok(Planned { plan: resolved.plan, releases, left_out, why, requested, upgradable })
    }

    /// Where no source is of the release that the base is of, that is the likeliest reason, and its sources are the cure.
    fn of_other_release(&self, error: Error, releases: &[Released]) -> Error {
        let Some((release, _)) = self.settings.base.as_deref().and_then(release_beside) else { return error };
        // suites for updates have codenames of their own: bookworm-security
        let is_of = |released: &Released| released.release.codename.starts_with(release.codename());
        match error {
            Error::Resolve(_) | Error::LeftOut { .. } if !releases.iter().any(is_of) => {
                let codename = release.codename();
                Error::OtherRelease { error: Box::new(error), release: release.to_string(), codename }
            }
            error => error,
        }
    }

    /// The Releases of the sources, and what is left out.
    pub(super) async fn releases(
        &mut self,
        known: Option<&State>,
        dispensable: &impl Fn(&Source) -> bool,
    ) -> Result<(Vec<Released>, Vec<LeftOut>), Error> {
        let mut left_out = std::mem::take(&mut self.unlocated);
        let rested_on = |name: &str| {
            known.is_some_and(|state| state.releases.iter().any(|release| release.source == name))
        };
        if let Some(needed) =
            left_out.iter().position(|source| self.settings.strict_sources || rested_on(&source.source))
        {
            return Err(left_out.swap_remove(needed).error.into());
        }
        let mut tasks = Vec::new();
        for source in &self.choice.sources {
            let (loader, source) = (self.loader.clone(), source.clone());
            tasks.push(tokio::spawn(async move { loader.release(&source).await }));
        }
        let mut releases = Vec::new();
        for (task, source) in tasks.into_iter().zip(&self.choice.sources) {
            match task.await.map_err(|error| Error::Internal(error.to_string()))? {
                Ok(released) => releases.push(released),
                Err(error) if dispensable(source) => left_out.push(LeftOut::source(source, error)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok((releases, left_out))
    }

    /// One after the other, since the beginning of each is held in memory.
    async fn read_archives(&mut self) -> Result<Vec<Archived>, Error> {
        let mut archives = Vec::new();
        for (archive, read) in std::mem::take(&mut self.archives) {
            archives.push(match read {
                Some(read) => read,
                None => self.loader.archive(archive).await?,
            });
        }
        Ok(archive::distinct(archives)?)
    }

    fn resolve(
        &self,
        loaded: &Loaded,
        requests: &[request::Request],
        explain: Option<&str>,
    ) -> Result<(Resolved, Option<Why>), Error> {
        let settings = self.settings;
        let architecture = settings.architecture.to_string();
        let basis = question::basis(settings, &self.choice);
        let foreign = foreign(settings);
        let options = ResolveOptions {
            architecture: &architecture,
            foreign: &foreign,
            pins: &self.choice.pins,
            recommends: settings.recommends,
            // the last part of the index
            base: self.choice.base.as_ref().map(|_| loaded.provenance.len() - 1),
            upgrade_base: settings.upgrade_base,
            exclude: &settings.exclude,
            essential: if settings.with_essential { Essential::All } else { Essential::Read },
        };
        // apt's order of marking goes as deep as its chains of dependencies are long
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(64 << 20)
                .spawn_scoped(scope, || {
                    let (index, provenance) = (&loaded.index, &loaded.provenance);
                    let resolved = resolve::resolve(index, provenance, basis, requests, &options)?;
                    let why = explain
                        .map(|name| resolve::explain(index, provenance, &resolved, &options, name))
                        .transpose()?;
                    Ok((resolved, why))
                })
                .map_err(|source| Error::Starved { what: "start a thread", source })?
                .join()
                .map_err(|_| Error::Internal("the resolver broke".to_owned()))?
                .map_err(|error: resolve::Error| Error::from(error))
        })
    }
}

/// The requests as the resolver takes them: those for archives come last, as in apt, and each asks for the only
/// package of its archive's own suite.
fn requests(settings: &Settings, archives: &[Archived]) -> Vec<request::Request> {
    let named = settings.requests.iter().filter(|request| request.archive().is_none()).cloned();
    let of_archives = archives.iter().map(|archive| request::Request {
        kind: request::Kind::Name,
        name: archive.name.clone(),
        arch: None,
        version: None,
        suite: Some(archive.provenance.suite.clone()),
        forbid: false,
        text: archive.provenance.suite.clone(),
        origin: request::Origin::Flag,
    });
    named.chain(of_archives).collect()
}

/// Looks whether all URIs of each source have the same.
async fn compare(loader: Loader, releases: Vec<Released>) {
    let mut tasks = JoinSet::new();
    for released in releases.into_iter().filter(|released| released.source.uris.len() > 1) {
        let loader = loader.clone();
        tasks.spawn(async move { loader.compare(&released).await });
    }
    while tasks.join_next().await.is_some() {}
}

/// Ends a task that nobody waits for any more.
struct Stopped(AbortHandle);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.abort();
    }
}
