//! Where what is kept of a live destination is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::current_generation::FOLDER;
use crate::error::Error;
use crate::publish::{self, own_folder};
use crate::tree::volume::set_mode;

/// The commands that a live destination has besides those of its packages, the one that need not be there last.
pub(crate) const NAMES: [&str; 10] = [
    "apt-get",
    "apt",
    "apt-cache",
    "apt-mark",
    "apt-key",
    "dpkg",
    "dpkg-query",
    "add-apt-repository",
    "apt-add-repository",
    "sudo",
];
/// Its name in the folder of a destination that is aptlet's own.
const LIVE: &str = "live";

/// A live destination.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    dest: PathBuf,
}

impl Place {
    /// Of a destination, whether that is live or is yet to be.
    pub(crate) fn of(dest: &Path) -> Self {
        Self { dest: dest.to_owned() }
    }

    /// The destination.
    pub(crate) fn dest(&self) -> &Path {
        &self.dest
    }

    /// Whether it is one.
    pub(crate) fn is_live(&self) -> bool {
        self.file("settings.json").is_file()
    }

    /// Something that is kept.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dest.join(FOLDER).join(LIVE).join(name)
    }

    /// The indexes.
    pub(crate) fn indexes(&self) -> PathBuf {
        self.file("indexes")
    }

    /// Packages as they were unpacked.
    pub(crate) fn packages(&self) -> PathBuf {
        self.file("packages")
    }

    /// Source lists that were added.
    pub(crate) fn sources(&self) -> PathBuf {
        self.file("sources.list.d")
    }

    /// A copy of the folder of settings.
    pub(crate) fn config(&self) -> PathBuf {
        self.file("config")
    }

    /// What one of its files says, if it can be read.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(self.file(name)).ok()?).ok()
    }

    /// Writes one of them, at once.
    ///
    /// # Errors
    /// A volume that does not take it.
    pub(super) fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(value).map_err(|error| Error::Internal(error.to_string()))?;
        self.put(name, &text)
    }

    /// The same of a text.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn put(&self, name: &str, text: &[u8]) -> Result<(), Error> {
        own_folder(&self.dest)?;
        let path = self.file(name);
        let write = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(&path);
            fs::create_dir_all(folder)?;
            for made in folder.ancestors().take_while(|made| made.starts_with(self.file(""))) {
                set_mode(made, 0o755)?;
            }
            let fresh = path.with_extension("fresh");
            fs::write(&fresh, text)?;
            set_mode(&fresh, 0o644)?;
            fs::rename(&fresh, &path)
        };
        write().map_err(|source| publish::Error::write(&path, source).into())
    }
}
