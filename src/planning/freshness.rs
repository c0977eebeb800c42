//! Whether what is installed is still the answer, by the Release files that it was made from.

use jiff::Timestamp;
use url::Url;

use super::planner::Planner;
use crate::config::OnFailure;
use crate::error::Error;
use crate::publish::State;
use crate::publish::state::ReleaseState;
use crate::source::Released;
use crate::source::list::Source;

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
        let mut checks = Vec::new();
        for release in &state.releases {
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

/// A Release that is older than the one that the current generation was made from is a replay. Which of the places of
/// its source it comes from makes no difference: a mirror could hide its `InRelease`, and serve an old `Release`.
pub(crate) fn refuse_rollback(state: &State, releases: &[Released]) -> Result<(), Error> {
    for released in releases {
        let url = released.url.to_string();
        let places: Vec<String> = released.source.release_urls().map(String::from).collect();
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

pub(crate) fn release_state(released: &Released) -> ReleaseState {
    ReleaseState {
        url: released.url.to_string(),
        validators: released.validators.clone(),
        sha256: released.sha256,
        date: released.release.date.map(Timestamp::as_second),
        valid_until: released.release.expiry(&released.source).map(Timestamp::as_second),
    }
}
