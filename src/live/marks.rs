//! Which packages were asked for, and which are to stay as they are: apt-mark(8).
//!
//! A generation's lock says which packages it was made for. What is marked afterwards is written down beside it, and counts
//! for that generation alone: so a run that is killed between the two has marked nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::arrange::Arrange as _;
use crate::current_generation::current;
use crate::error::Error;
use crate::lock;
use crate::tree::records;

const FILE: &str = "marks.json";

/// Marks of packages, each by `name` or `name:arch`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Marks {
    /// The generation that `manual` is about.
    generation: String,
    /// What was asked for.
    pub(crate) manual: Vec<String>,
    /// What is to stay as it is.
    pub(crate) held: Vec<String>,
}

impl Marks {
    /// Those that count now.
    pub(crate) fn read(place: &Place) -> Self {
        let kept: Self = place.read(FILE).unwrap_or_default();
        let generation = current(place.dest());
        let id = generation.as_deref().map(id).unwrap_or_default();
        if kept.generation == id {
            return kept;
        }
        let plan = generation.and_then(|generation| lock::read(&generation.join(records::LOCK)).ok());
        Self {
            generation: id,
            manual: plan.map(|plan| plan.basis.packages).unwrap_or_default(),
            held: kept.held,
        }
    }

    /// Writes them down for the generation that is current.
    ///
    /// # Errors
    /// A volume that does not take it.
    pub(crate) fn write(&mut self, place: &Place) -> Result<(), Error> {
        self.manual.arrange();
        self.manual.dedup();
        self.held.arrange();
        self.held.dedup();
        self.generation = current(place.dest()).as_deref().map(id).unwrap_or_default();
        place.write(FILE, self)
    }
}

fn id(generation: &Path) -> String {
    generation.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
