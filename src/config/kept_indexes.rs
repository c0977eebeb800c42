//! Where verified indexes are kept from one run to the next.

use std::path::PathBuf;

/// A folder of the Releases and indexes of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptIndexes {
    /// Where they are.
    pub(crate) folder: PathBuf,
    /// Whether Releases are fetched although they are there: `apt-get update`.
    pub(crate) refresh: bool,
}
