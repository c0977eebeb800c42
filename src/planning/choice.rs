//! What a choice of packages is made from.

use std::path::{Path, PathBuf};

use crate::deb::paragraph::field;
use crate::digest::Sha256;
use crate::resolve::pin::Pin;
use crate::source::keyring::{Keyring, KeyringFiles};
use crate::source::list::Source;

/// What a plan is made from.
pub(crate) struct PlanInputs {
    /// Without credentials in their URIs.
    pub(super) sources: Vec<Source>,
    /// Whom to trust for sources that do not say it.
    pub(super) keyring: Keyring,
    /// The keyrings that sources name.
    pub(super) keyring_files: KeyringFiles,
    pub(super) pins: Vec<Pin>,
    /// The digest of what pins, where anything does.
    pub(super) pins_sha256: Option<Sha256>,
    /// The sources as they were asked for, before anything is looked up of them.
    pub(super) asked: Vec<String>,
    pub(super) base: Option<Base>,
}

impl PlanInputs {
    /// The sources, without credentials in their URIs.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Counts packages of the base as not installed, by their names.
    pub(crate) fn leave_out(&mut self, is_left_out: impl Fn(&str) -> bool) {
        let Some(base) = &mut self.base else { return };
        let stanzas = base.text.split_inclusive("\n\n");
        let stays = |stanza: &&str| !field(stanza, "Package").is_some_and(&is_left_out);
        base.text = stanzas.filter(stays).collect();
    }

    /// Counts more as installed: the stanzas of a dpkg status, of which `path` tells messages.
    pub(crate) fn count_as_installed(&mut self, path: &Path, stanzas: &str) {
        if stanzas.is_empty() {
            return;
        }
        let base = self.base.get_or_insert_with(|| Base { path: path.to_owned(), text: String::new() });
        base.text.push_str(stanzas);
    }
}

/// What the main image has.
pub(super) struct Base {
    pub(super) path: PathBuf,
    /// The stanzas of its packages.
    pub(super) text: String,
}

impl Base {
    pub(super) fn digest(&self) -> Sha256 {
        Sha256::of(self.text.as_bytes())
    }
}
