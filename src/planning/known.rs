//! What is known of a source from the run that made what is installed.

use crate::publish::State;
use crate::source::list::Source;

/// Whether what is installed was made from a source.
pub(super) fn rests_on(state: &State, source: &Source) -> bool {
    let (name, places) = (source.name(), places(source));
    state.releases.iter().any(|release| release.source == name || places.contains(&release.url))
}

/// All places where the Release of a source may be, as a state has them.
pub(super) fn places(source: &Source) -> Vec<String> {
    source.release_urls().map(String::from).collect()
}
