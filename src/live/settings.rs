//! What the commands of a live destination count on: what `aptlet live` was told when it was prepared, perhaps in another
//! container.

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::error::Error;

const FILE: &str = "settings.json";

/// What `aptlet live` was told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Settings {
    /// Its command line, its own name first.
    pub(crate) arguments: Vec<String>,
    /// The variables that say what its flags say.
    pub(crate) environment: Vec<(String, String)>,
    /// The commands besides those of packages.
    pub(crate) commands: Vec<String>,
}

impl Settings {
    /// Those of a destination.
    pub(crate) fn read(place: &Place) -> Option<Self> {
        place.read(FILE)
    }

    /// Writes them down. The destination is live from then on.
    ///
    /// # Errors
    /// A volume that does not take it.
    pub(crate) fn write(&self, place: &Place) -> Result<(), Error> {
        place.write(FILE, self)
    }
}
