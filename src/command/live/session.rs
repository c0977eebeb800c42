//! What a command of a live destination begins with: its settings, as `aptlet live` was told them, and listening for requests to
//! end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use super::configuration::Configuration;
use super::outcome::Failure;
use super::source_lists;
use super::words::Words;
use crate::cli;
use crate::config::{Command, Host, KeptIndexes, LogFormat, Options, Settings, Verbosity};
use crate::current_generation::current;
use crate::error::Error;
use crate::live::{self, Installed, Place};
use crate::process::{Ending, Inherited};
use crate::report::Report;
use crate::request::{self, Origin, Request};
use crate::startup::block_on;

/// A command at work.
pub(super) struct Session {
    pub(super) place: Place,
    pub(super) settings: Settings,
    pub(super) report: Report,
    /// The release that the image's apt.conf prefers.
    pub(super) default_release: Option<String>,
    /// For a command of apt; `aptlet live` listens by itself.
    pub(super) ending: Option<Ending>,
}

impl Session {
    /// Of a command line.
    ///
    /// # Errors
    /// Settings that do not go together.
    pub(super) fn open(place: &Place, words: &Words) -> Result<Self, Failure> {
        Inherited::use_own_files();
        let starved = |source| Error::Starved { what: "listen for signals", source };
        let ending = Ending::listen(Inherited::at_start(), Box::new(|_| {})).map_err(starved)?;
        let mut settings = settings(place)?;
        let configuration = match settings.base {
            Some(_) => Configuration::below(Path::new("/etc/apt")),
            // the image is not Debian's, or counts for nothing
            None => Configuration::default(),
        };
        configuration.set_proxies();
        let recommends = words.recommends.or_else(|| configuration.flag("apt::install-recommends"));
        if let Some(recommends) = recommends {
            settings.recommends = recommends;
        }
        let retries = words.retries.as_ref().and_then(|text| u32::from_str(text).ok());
        if let Some(retries) = retries.or_else(|| configuration.number("acquire::retries")) {
            settings.retries = retries;
        }
        let seconds = words.timeout.as_ref().and_then(|text| u64::from_str(text).ok());
        if let Some(seconds) = seconds.or_else(|| configuration.number("acquire::http::timeout")) {
            settings.timeout = std::time::Duration::from_secs(seconds.max(1));
        }
        let quiet = if words.quiet > 0 { Verbosity::Quiet } else { Verbosity::Normal };
        let report = Report::of_apt(quiet);
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let default_release = configuration.get("apt::default-release").map(str::to_owned);
        Ok(Self { place: place.clone(), settings, report, default_release, ending: Some(ending) })
    }

    /// Does the work, unless a request to end comes first.
    pub(super) fn block_on(&self, work: impl Future<Output = Result<(), Error>>) -> Result<(), Failure> {
        let Some(ending) = &self.ending else {
            return Err(Error::Internal("nobody listens for requests to end".to_owned()).into());
        };
        block_on(work, ending).map_err(Failure::from)
    }

    /// The same for work that fails as apt does.
    pub(super) fn work(&self, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
        let mut failure = None;
        self.block_on(async {
            failure = work.await.err();
            Ok(())
        })?;
        failure.map_or(Ok(()), Err)
    }

    /// What is installed now.
    pub(super) fn installed(&self) -> Result<Installed, Error> {
        Installed::read(self.settings.base.as_deref(), current(self.place.dest()).as_deref())
    }

    /// What else than the destination decides what is the newest.
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        inputs(&self.settings)
    }
}

/// See [`Session::inputs`].
pub(super) fn inputs(settings: &Settings) -> Vec<PathBuf> {
    let status =
        settings.base.iter().map(|base| if base.is_dir() { base.join("status") } else { base.clone() });
    let apt = [
        "/etc/apt",
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d",
        "/etc/apt/preferences.d",
        "/etc/apt/apt.conf",
        "/etc/apt/apt.conf.d",
    ];
    status.chain(apt.map(PathBuf::from)).collect()
}

/// The words of a command line as requests; relative paths are beside the working directory.
///
/// # Errors
/// The first word that is none.
pub(super) fn requests(words: &[String]) -> Result<Vec<Request>, Failure> {
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    let mut requests = Vec::new();
    for word in words {
        let parsed = request::parse(word, &here, |_, _| Origin::Flag);
        requests
            .extend(parsed.map_err(|error| Failure::from(Error::from(crate::config::Error::from(error))))?);
    }
    Ok(requests)
}

/// What `aptlet live` was told, and what of that this container says otherwise.
///
/// # Errors
/// Settings that do not go together.
pub(super) fn settings(place: &Place) -> Result<Settings, Failure> {
    let live = live::Settings::read(place).unwrap_or_default();
    let line = live.arguments.iter().map(OsString::from);
    let told = cli::parse(line).map(|arguments| arguments.options);
    // an older or newer aptlet may have been told what this one does not know
    let mut options: Options = told.unwrap_or_default();
    options.destination.dest = Some(place.dest().to_owned());
    options.relocating.prefix = None;
    options.termination.termination_log = Some("/dev/null".into());
    options.logging.log_format = Some(LogFormat::Text);
    let mut host = Host::this().map_err(Error::from)?;
    let said: Vec<OsString> = host.environment.iter().map(|(name, _)| name.clone()).collect();
    let others =
        live.environment.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    host.environment.extend(others.filter(|(name, _)| !said.contains(name)));
    // what is to be installed is said by the command line alone
    host.environment
        .retain(|(name, _)| name != "APTLET_PACKAGES" && name != "APTLET_DEST" && name != "APTLET_LOCK");
    // where it is mounted, it may be in the other container alone
    options.folder.config = options.folder.config.filter(|folder| folder.is_dir());
    if !host.etc_aptlet.is_dir() {
        host.etc_aptlet = place.config();
        host.environment.retain(|(name, _)| name != "APTLET_CONFIG");
    }
    let mut settings =
        Settings::resolve(Command::Live { no_sudo: false }, options, &[], &host).map_err(Error::from)?;
    adapt(place, &mut settings)?;
    Ok(settings)
}

/// What is so in every live destination.
pub(super) fn adapt(place: &Place, settings: &mut Settings) -> Result<(), Failure> {
    settings.requests = Vec::new();
    settings.lock = None;
    settings.upgrade_base = true;
    settings.kept_indexes = Some(KeptIndexes { folder: place.indexes(), refresh: false });
    source_lists::count_on(place, settings)
}
