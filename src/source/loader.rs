//! What everything that is fetched of a source goes through: the client, whom to trust, and the clock.

use jiff::Timestamp;

use super::kept::Kept;
use super::keyring::{Keyring, KeyringFiles};
use crate::fetch::Client;

/// Fetches and verifies: Releases ([`Loader::release`]), indexes ([`Loader::index`]), and single archives
/// ([`Loader::archive`]).
#[derive(Debug, Clone)]
pub(crate) struct Loader {
    /// How to reach mirrors.
    pub(crate) client: Client,
    /// Whom to trust where a source has no `Signed-By`.
    pub(crate) keyring: Keyring,
    /// What the sources name in `Signed-By`.
    pub(crate) keyring_files: KeyringFiles,
    /// The native architecture, then the foreign ones.
    pub(crate) architectures: Vec<String>,
    /// Whether the names of source packages are kept.
    pub(crate) source_names: bool,
    /// The clock.
    pub(crate) now: Timestamp,
    /// What earlier runs fetched, and where this one keeps what it fetches.
    pub(crate) kept: Option<Kept>,
}

impl Loader {
    /// The same, but without waiting for a mirror that is busy or silent.
    pub(crate) fn hasty(&self) -> Self {
        Self { client: self.client.hasty(), ..self.clone() }
    }
}
