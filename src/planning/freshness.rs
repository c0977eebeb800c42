//! Whether what is installed is still the answer, by the Release files that it was made from.

use jiff::Timestamp;
use url::Url;

use super::known::{places, rests_on};
use super::planner::Planner;
use crate::config::OnFailure;
use crate::error::Error;
use crate::publish::State;
use crate::publish::state::{ReleaseInfo, ReleaseState};
use crate::source::list::Source;
use crate::source::{LeftOut, Released};

impl Planner<'_> {
    /// Whether a generation is still the answer: while the Releases are the same and have not expired. A mirror that is
    /// down is no reason to take a working tree away.
    ///
    /// # Errors
    /// A mirror that is down, where that is to be the end.
    pub(crate) async fn is_current(&self, state: &State) -> Result<bool, Error> {
        if !is_valid(state, self.loader.now) {
            return Ok(false);
        }
        let aborts = self.settings.on_failure == Some(OnFailure::Abort);
        let loader = if aborts { self.loader.clone() } else { self.loader.hasty() };
        let urls: Vec<Url> = self.choice.sources.iter().flat_map(Source::release_urls).collect();
        if self.is_back(state).await? {
            return Ok(false);
        }
        let mut checks = Vec::new();
        for release in &state.releases {
            let Some(url) = urls.iter().find(|url| url.as_str() == release.url).cloned() else {
                let Some(lost) = self.unlocated.iter().find(|source| source.source == release.source) else {
                    return Ok(false);
                };
                tracing::warn!("cannot look for updates, so what is installed stays: {lost}");
                continue;
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
                Err(error) if aborts => return Err(error.into()),
                Err(error) => tracing::warn!("cannot look for updates, so what is installed stays: {error}"),
            }
        }
        Ok(true)
    }
}

/// Whether none of the Releases that a generation was made from has expired.
pub(crate) fn is_valid(state: &State, now: Timestamp) -> bool {
    state.releases.iter().all(|release| release.valid_until.is_none_or(|until| until >= now.as_second()))
}

impl Planner<'_> {
    /// Whether a source that what is installed was made without can be used by now.
    async fn is_back(&self, state: &State) -> Result<bool, Error> {
        let mut checks = Vec::new();
        for source in self.choice.sources.iter().filter(|source| state.left_out.contains(&source.name())) {
            // its Release is known, and what it lists could not be had
            if rests_on(state, source) {
                return Ok(true);
            }
            let (loader, source) = (self.loader.clone(), source.clone());
            checks.push(tokio::spawn(async move {
                loader.release(&source).await.map_err(|error| LeftOut::source(&source, error))
            }));
        }
        for check in checks {
            match check.await.map_err(|error| Error::Internal(error.to_string()))? {
                Ok(_) => return Ok(true),
                Err(left_out) => tracing::warn!("a source is left out: {left_out}"),
            }
        }
        Ok(false)
    }
}

/// A Release that is older than the one that the current generation was made from is a replay. Which of the places of
/// its source it comes from makes no difference: a mirror could hide its `InRelease`, and serve an old `Release`.
pub(crate) fn refuse_rollback(state: &State, releases: &[Released]) -> Result<(), Error> {
    for released in releases {
        let url = released.url.to_string();
        let places = places(&released.source);
        let known = state.releases.iter().filter(|known| places.contains(&known.url));
        if let (Some(known), Some(date)) = (known.filter_map(|known| known.date).max(), released.release.date)
            && date.as_second() < known
        {
            let known = Timestamp::from_second(known).unwrap_or_default();
            return Err(crate::source::Error::Rollback { url, made: date, known }.into());
        }
    }
    Ok(())
}

/// A Release that says that it is of somebody else, or of another distribution, than the one that the current generation
/// was made from: apt, too, asks whether that is meant. Suites are renamed and versions rise whenever there is a new
/// stable release, and that is told.
///
/// # Errors
/// Such a change, unless it is `allowed`.
pub(crate) fn refuse_changes(state: &State, releases: &[Released], allowed: bool) -> Result<(), Error> {
    for released in releases {
        let (name, places) = (released.source.name(), places(&released.source));
        let mut known = state.releases.iter().rev().filter_map(|known| {
            (known.source == name || places.contains(&known.url)).then_some(known.info.as_ref())?
        });
        let Some(known) = known.next() else { continue };
        let now = info(released);
        for (field, before, after, harmless) in [
            ("Origin", &known.origin, &now.origin, false),
            ("Label", &known.label, &now.label, false),
            ("Codename", &known.codename, &now.codename, false),
            ("default priority", &known.priority, &now.priority, false),
            ("Suite", &known.suite, &now.suite, true),
        ] {
            if before == after {
                continue;
            }
            let changed = crate::source::Error::InfoChanged {
                url: released.url.to_string(),
                field,
                known: before.clone(),
                now: after.clone(),
            };
            match harmless || allowed {
                true => tracing::warn!("{changed}"),
                false => return Err(changed.into()),
            }
        }
    }
    Ok(())
}

fn info(released: &Released) -> ReleaseInfo {
    let release = &released.release;
    ReleaseInfo {
        origin: release.origin.clone(),
        label: release.label.clone(),
        suite: release.suite.clone(),
        codename: release.codename.clone(),
        priority: release.priority().to_string(),
    }
}

pub(crate) fn release_state(released: &Released) -> ReleaseState {
    ReleaseState {
        source: released.source.name(),
        info: Some(info(released)),
        url: released.url.to_string(),
        validators: released.validators.clone(),
        sha256: released.sha256,
        date: released.release.date.map(Timestamp::as_second),
        valid_until: released.release.expiry(&released.source).map(Timestamp::as_second),
    }
}
