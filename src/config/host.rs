//! What the configuration depends on besides the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use super::error::Error;

const DEFAULT_FOLDER: &str = "/etc/aptlet";

/// What the configuration depends on besides the command line.
#[derive(Debug, Clone)]
pub struct Host {
    /// All environment variables.
    pub environment: Vec<(OsString, OsString)>,
    /// What relative paths are relative to.
    pub working_directory: PathBuf,
    /// The folder of settings where none is named.
    pub etc_aptlet: PathBuf,
    /// The configuration of this machine's apt.
    pub etc_apt: PathBuf,
    /// The folder of this machine's dpkg database.
    pub dpkg: PathBuf,
}

impl Host {
    /// This process, on this machine.
    pub(crate) fn this() -> Result<Self, Error> {
        Ok(Self {
            environment: std::env::vars_os().collect(),
            working_directory: std::env::current_dir().map_err(Error::WorkingDirectory)?,
            etc_aptlet: DEFAULT_FOLDER.into(),
            etc_apt: "/etc/apt".into(),
            dpkg: "/var/lib/dpkg".into(),
        })
    }
}
