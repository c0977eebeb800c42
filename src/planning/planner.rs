//! From the inputs to a plan: the stops *sources*, *index* and *resolve*.

use jiff::Timestamp;

use super::elsewhere;
use super::inputs::{Base, PlanInputs};
use super::sources::foreign;
use crate::config::Settings;
use crate::error::Error;
use crate::fetch::Client;
use crate::plan::{Basis, Plan};
use crate::report::Report;
use crate::request;
use crate::resolve::{self, ResolveOptions, Resolved, Why};
use crate::source::archive::{self, Archived};
use crate::source::list::Source;
use crate::source::{Loaded, Loader, Released, base};
use crate::wording::counted;

/// Makes a plan of the inputs.
pub(crate) struct Planner<'a> {
    pub(super) settings: &'a Settings,
    pub(super) choice: PlanInputs,
    pub(super) loader: Loader,
    /// The archives that are asked for; those whose requests say what must be there are not read before a plan is made.
    pub(super) archives: Vec<(&'a request::Archive, Option<Archived>)>,
}

/// A plan made from the sources, and the Releases that it rests on.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) releases: Vec<Released>,
    /// The answer to what was to be explained.
    pub(crate) why: Option<Why>,
}

impl<'a> Planner<'a> {
    /// Reads the archives that are asked for by their paths.
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
            now: Timestamp::now(),
        };
        let mut archives = Vec::new();
        for archive in settings.requests.iter().filter_map(request::Request::archive) {
            let read = match archive.sha256 {
                Some(_) => None,
                None => Some(loader.archive(archive).await?),
            };
            archives.push((archive, read));
        }
        Ok(Self { settings, choice, loader, archives })
    }

    /// Makes the plan; `explain` names a package whose being in it is to be explained.
    ///
    /// # Errors
    /// Sources that cannot be had or are not to be trusted; requests that have no solution.
    pub(crate) async fn plan(mut self, explain: Option<&str>, report: &Report) -> Result<Planned, Error> {
        let stop = report.begin("sources", 0);
        let archives = self.read_archives().await?;
        let requests = requests(self.settings, &archives);
        let releases = releases(&self.loader, &self.choice.sources).await?;
        let base = self.choice.base.as_ref().map(|base| base::parse(&base.path, &base.text)).transpose()?;
        let archived = archives.into_iter().map(|archive| (archive.part, archive.provenance));
        let loaded = self.loader.index(&releases, archived.chain(base).collect()).await?;
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
                return Err(elsewhere::look(error, self.settings, &self.loader, &releases).await);
            }
        };
        for (number, sha512) in std::mem::take(&mut resolved.by_sha512) {
            let package = &resolved.plan.packages[number];
            if let Some(source) = resolved.plan.source_of(package) {
                let (filename, size) = (&package.filename, package.size);
                let digest = self.loader.sha256_of(source, filename, size, sha512).await?;
                resolved.plan.packages[number].sha256 = digest;
            }
        }
        for note in &resolved.notes {
            tracing::info!("{note}");
        }
        stop.end(counted(resolved.plan.packages.len(), "package"));
        Ok(Planned { plan: resolved.plan, releases, why })
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
        let basis = Basis {
            packages: settings.requests.iter().map(|request| request.text.clone()).collect(),
            architecture: architecture.clone(),
            recommends: settings.recommends,
            exclude: settings.exclude.clone(),
            with_essential: settings.with_essential,
            base_sha256: self.choice.base.as_ref().map(Base::digest),
        };
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
            essential: settings.with_essential,
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

async fn releases(loader: &Loader, sources: &[Source]) -> Result<Vec<Released>, Error> {
    let mut tasks = Vec::new();
    for source in sources {
        let (loader, source) = (loader.clone(), source.clone());
        tasks.push(tokio::spawn(async move { loader.release(&source).await }));
    }
    let mut releases = Vec::new();
    for task in tasks {
        let released = task.await.map_err(|error| Error::Internal(error.to_string()))?;
        releases.push(released?);
    }
    Ok(releases)
}
