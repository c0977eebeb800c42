//! What was found to be installed in its newest version: while nothing that decides that has changed, nobody need look again.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::place::Place;

const FILE: &str = "answered.json";

/// Answers, and what they rest on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Answered {
    rests_on: String,
    /// The name and version that a request turned out to mean.
    pub(crate) newest: BTreeMap<String, (String, String)>,
}

impl Answered {
    /// Those that still count; `more` is what else decides them.
    pub(crate) fn read(place: &Place, more: &[PathBuf]) -> Self {
        let rests_on = rests_on(place, more);
        let kept: Self = place.read(FILE).unwrap_or_default();
        if kept.rests_on == rests_on { kept } else { Self { rests_on, newest: BTreeMap::new() } }
    }

    /// Writes them down for what there is now. That they cannot be written only costs time.
    pub(crate) fn write(mut self, place: &Place, more: &[PathBuf]) {
        self.rests_on = rests_on(place, more);
        if let Err(error) = place.write(FILE, &self) {
            tracing::debug!("{error}");
        }
    }
}

/// The generation, the indexes, the sources and the image.
fn rests_on(place: &Place, more: &[PathBuf]) -> String {
    let generation = fs::read_link(place.dest().join(crate::current_generation::CURRENT));
    let names = ["settings.json", "marks.json", "preferences.d"].map(|name| place.file(name));
    let own = [place.indexes(), place.sources()].into_iter().chain(names).collect::<Vec<_>>();
    let files = own.iter().chain(more).map(|path| stamp(path)).collect::<Vec<_>>();
    format!("{:?} {files:?}", generation.ok())
}

/// What changes whenever a file does, or the names in a folder.
fn stamp(path: &Path) -> Option<(u64, i64, i64)> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.size(), meta.mtime(), meta.mtime_nsec()))
}
