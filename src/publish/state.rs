//! What a generation was made from, written into it: `var/lib/aptlet/state.json` beside `aptlet.lock`.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::digest::Sha256;
use crate::fetch::Validators;
use crate::note::Recorded;
use crate::tree::records;
use crate::tree::volume::{Lacks, set_mode};

const FORMAT: u32 = 2;

/// What a generation was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct State {
    format: u32,
    /// Digest of what the user asked for and of everything else that decides the plan.
    pub(crate) request: Sha256,
    /// Digest of the plan.
    pub(crate) plan: Sha256,
    /// Number of packages.
    pub(crate) packages: usize,
    /// Bytes of all `.deb`s.
    pub(crate) download_size: u64,
    /// The Release files that the plan was made from; empty for a lock.
    pub(crate) releases: Vec<ReleaseState>,
    /// The sources that the plan was made without, as source lists have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) left_out: Vec<String>,
    /// What the volume does not keep, so that it need not be as it was installed.
    #[serde(default)]
    pub(crate) lacks: Lacks,
    /// What an unprivileged run could not do, and what else differs from a dpkg installation.
    pub(crate) notes: Vec<Recorded>,
}

/// A Release file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ReleaseState {
    /// Its source, as the source list has it, without credentials.
    #[serde(default)]
    pub(crate) source: String,
    /// What it said of itself.
    #[serde(default)]
    pub(crate) info: Option<ReleaseInfo>,
    /// Where it was fetched from, without credentials.
    pub(crate) url: String,
    /// What the server said of it.
    pub(crate) validators: Validators,
    /// Digest of the file as served.
    pub(crate) sha256: Sha256,
    /// `Date`, seconds since 1970.
    pub(crate) date: Option<i64>,
    /// Until when it is good, by `Valid-Until` and the settings of its source, seconds since 1970.
    pub(crate) valid_until: Option<i64>,
}

/// What a Release file says of itself, which pins refer to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct ReleaseInfo {
    /// `Origin`
    pub(crate) origin: String,
    /// `Label`
    pub(crate) label: String,
    /// `Suite`
    pub(crate) suite: String,
    /// `Codename`
    pub(crate) codename: String,
    /// That of its packages where no pin is about them, by `NotAutomatic` and `ButAutomaticUpgrades`.
    pub(crate) priority: String,
}

impl State {
    /// A state of today's format.
    pub(crate) fn new(request: Sha256, plan: Sha256) -> Self {
        Self {
            format: FORMAT,
            request,
            plan,
            packages: 0,
            download_size: 0,
            releases: Vec::new(),
            left_out: Vec::new(),
            lacks: Lacks::default(),
            notes: Vec::new(),
        }
    }

    /// The state of a generation; `None` where it has none that this aptlet understands.
    pub(crate) fn read(generation: &Path) -> Option<Self> {
        let text = fs::read(generation.join(records::STATE)).ok()?;
        serde_json::from_slice(&text).ok().filter(|state: &Self| state.format == FORMAT)
    }

    /// Replaces the state of a generation whose sources have been signed anew.
    pub(crate) fn rewrite(&self, generation: &Path) -> Result<(), Error> {
        let path = generation.join(records::STATE);
        // not in the tree: a run that is killed would leave something there that nobody installed
        let folder = generation.parent().and_then(Path::parent).unwrap_or(generation);
        let fresh = folder.join("state.new");
        let text = self.render()?;
        fs::write(&fresh, text)
            .and_then(|()| set_mode(&fresh, 0o644))
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(|source| {
                let _ = fs::remove_file(&fresh);
                Error::write(&path, source)
            })
    }

    /// What is written into the tree, at [`records::STATE`].
    ///
    /// # Errors
    /// None that a state can cause.
    pub(crate) fn render(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec_pretty(self).map_err(|error| Error::write(Path::new(records::STATE), error.into()))
    }
}
