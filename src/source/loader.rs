//! What everything that is fetched of a source goes through: the client, whom to trust, and the clock.

use jiff::Timestamp;

use super::keyring::{Keyring, KeyringFiles};
use crate::fetch::Client;

/// Fetches and verifies: Releases ([`Loader::release`]), indexes ([`Loader::index`]), and single archives
/// ([`Loader::archive`]).
#[derive(Debug, Clone)]
pub struct Loader {
    /// How to reach mirrors.
    pub client: Client,
    /// Whom to trust where a source has no `Signed-By`.
    pub keyring: Keyring,
    /// What the sources name in `Signed-By`.
    pub keyring_files: KeyringFiles,
    /// The native architecture, then the foreign ones.
    pub architectures: Vec<String>,
    /// The clock.
    pub now: Timestamp,
}
