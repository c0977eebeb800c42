//! The sources as those see them who only look: no plan is made.

use super::elsewhere;
use super::freshness::{refuse_changes, refuse_rollback};
use super::inputs::{Inputs, Wanted};
use super::planner::Planner;
use super::sources::foreign;
use crate::config::Settings;
use crate::error::Error;
use crate::masking;
use crate::publish::State;
use crate::report::Report;
use crate::resolve::pin::Priorities;
use crate::resolve::{self, Essential, Policy, ResolveOptions};
use crate::source::list::Source;
use crate::source::provenance::Provenance;
use crate::source::{LeftOut, Listed, Loaded, Released, base};

/// The verified Releases of the sources, through which their indexes are read.
pub(crate) struct Catalogue<'a> {
    settings: &'a Settings,
    planner: Planner<'a>,
    releases: Vec<Released>,
    left_out: Vec<LeftOut>,
}

impl<'a> Catalogue<'a> {
    /// Fetches and verifies the Releases. A source that cannot be used is left out, with a warning.
    ///
    /// # Errors
    /// Files that cannot be read; sources of which none can be used.
    pub(crate) async fn open(settings: &'a Settings) -> Result<Self, Error> {
        let inputs = Inputs::read(settings)?;
        let client = inputs.client(settings)?;
        let Wanted::Choice(choice) = inputs.wanted else {
            return Err(Error::Internal("a lock was read by a command that only looks".to_owned()));
        };
        let mut planner = Planner::new(settings, choice, client).await?;
        let dispensable = |_: &Source| !settings.strict_sources;
        let (releases, mut left_out) = planner.releases(None, &dispensable).await?;
        if releases.is_empty() && !left_out.is_empty() {
            return Err(left_out.swap_remove(0).error.into());
        }
        warn(&left_out);
        Ok(Self { settings, planner, releases, left_out })
    }

    /// What `pick` makes of the stanzas of all indexes.
    ///
    /// # Errors
    /// Indexes of which none can be had.
    pub(crate) async fn listing<T: Send + 'static>(
        &mut self,
        report: &Report,
        pick: impl Fn(&[u8]) -> Option<T> + Clone + Send + Sync + 'static,
    ) -> Result<Vec<Listed<T>>, Error> {
        let stop = report.begin("index", 0);
        let (listed, mut left_out) = self.planner.loader.listing(&self.releases, pick).await?;
        if listed.is_empty() && !left_out.is_empty() {
            return Err(left_out.swap_remove(0).error.into());
        }
        warn(&left_out);
        self.left_out.append(&mut left_out);
        stop.end("");
        Ok(listed)
    }

    /// The stanzas of source packages that `pick` takes.
    ///
    /// # Errors
    /// Indexes that cannot be had.
    pub(crate) async fn source_packages(
        &self,
        pick: impl Fn(&[u8]) -> Option<String> + Clone + Send + Sync + 'static,
    ) -> Result<Vec<String>, Error> {
        Ok(self.planner.loader.source_packages(&self.releases, pick).await?)
    }

    /// What there is of names, and the parts of the index that this speaks of.
    ///
    /// # Errors
    /// The first name that nobody has.
    pub(crate) async fn policy(mut self, names: &[String]) -> Result<(Vec<Policy>, Vec<Provenance>), Error> {
        let loaded = self.load().await?;
        let (architecture, foreign) = (self.settings.architecture.to_string(), foreign(self.settings));
        let options = self.options(&loaded, &architecture, &foreign);
        let mut all = Vec::new();
        for name in names {
            match resolve::policy(&loaded.index, &loaded.provenance, &options, name) {
                Ok(policies) => all.extend(policies),
                Err(error) => return Err(self.explained(error, loaded).await),
            }
        }
        Ok((all, loaded.provenance))
    }

    /// The parts of the index, and what each counts where no pin is about a package.
    ///
    /// # Errors
    /// Indexes that cannot be had.
    pub(crate) async fn parts(mut self) -> Result<Vec<(i32, Provenance)>, Error> {
        let Loaded { index, provenance, .. } = self.load().await?;
        let architecture = self.settings.architecture.to_string();
        let priorities = Priorities::new(&index, &provenance, &self.planner.choice.pins, &architecture);
        let priorities: Vec<i32> = (0..provenance.len()).map(|part| priorities.of_part(part)).collect();
        Ok(priorities.into_iter().zip(provenance).collect())
    }

    /// What to say of a name that no package has.
    pub(crate) async fn missing(mut self, name: &str) -> Error {
        let loaded = match self.load().await {
            Ok(loaded) => loaded,
            Err(error) => return error,
        };
        let (architecture, foreign) = (self.settings.architecture.to_string(), foreign(self.settings));
        let options = self.options(&loaded, &architecture, &foreign);
        let error = resolve::missing(&loaded.index, &loaded.provenance, &options, name);
        self.explained(error, loaded).await
    }

    async fn explained(self, error: resolve::Error, loaded: Loaded) -> Error {
        // the search takes memory of its own
        drop(loaded);
        let error = elsewhere::look(error.into(), self.settings, &self.planner.loader, &self.releases).await;
        error.without(self.left_out)
    }

    async fn load(&mut self) -> Result<Loaded, Error> {
        let base = self.planner.choice.base.as_ref();
        let base = base.map(|base| base::parse(&base.path, &base.text)).transpose()?;
        let strict = self.settings.strict_sources;
        let base = base.into_iter().collect();
        let mut loaded = self.planner.loader.index(&self.releases, base, |_| !strict).await?;
        warn(&loaded.left_out);
        self.left_out.append(&mut loaded.left_out);
        Ok(loaded)
    }

    fn options<'o>(
        &'o self,
        loaded: &Loaded,
        architecture: &'o str,
        foreign: &'o [String],
    ) -> ResolveOptions<'o> {
        let settings = self.settings;
        ResolveOptions {
            architecture,
            foreign,
            pins: &self.planner.choice.pins,
            recommends: settings.recommends,
            // the last part of the index
            base: self.planner.choice.base.as_ref().map(|_| loaded.provenance.len() - 1),
            upgrade_base: settings.upgrade_base,
            exclude: &[],
            essential: Essential::Read,
        }
    }
}

/// What came of fetching everything anew.
pub(crate) struct Refreshed {
    /// The Releases, as apt tells them: `http://mirror.example/debian trixie InRelease`.
    pub(crate) releases: Vec<String>,
    pub(crate) left_out: Vec<LeftOut>,
    /// How many packages there are.
    pub(crate) packages: usize,
}

/// Fetches and verifies the Releases and indexes of all sources, and keeps them where the settings say.
///
/// # Errors
/// Files that cannot be read; a Release that is older than what is `known`.
pub(crate) async fn refresh(settings: &Settings, known: Option<&State>) -> Result<Refreshed, Error> {
    let inputs = Inputs::read(settings)?;
    let client = inputs.client(settings)?;
    let Wanted::Choice(choice) = inputs.wanted else {
        return Err(Error::Internal("a lock was read by a command that only looks".to_owned()));
    };
    let mut planner = Planner::new(settings, choice, client).await?;
    let (releases, mut left_out) = planner.releases(None, &|_: &Source| true).await?;
    if let Some(state) = known {
        refuse_rollback(state, &releases)?;
        refuse_changes(state, &releases, settings.allow_releaseinfo_change)?;
    }
    let mut loaded = planner.loader.index(&releases, Vec::new(), |_| true).await?;
    left_out.append(&mut loaded.left_out);
    let told = |released: &Released| {
        let name = released.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
        format!("{} {} {name}", masking::url(&released.uri), released.source.suite)
    };
    Ok(Refreshed { releases: releases.iter().map(told).collect(), left_out, packages: loaded.index.len() })
}

fn warn(left_out: &[LeftOut]) {
    for source in left_out {
        tracing::warn!("a source is left out: {source}");
    }
}
