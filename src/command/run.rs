//! `aptlet run`: installs if that is needed, and becomes the command of the main container: the same process, as if
//! aptlet had never been there.

use std::ffi::OsString;
use std::process::ExitCode;

use super::install;
use crate::config::{OnFailure, PathOrder, Settings};
use crate::error::Error;
use crate::process::{self, Ending};
use crate::report::Report;
use crate::startup::block_on;

/// Returns only when the command is not started; the exit code is a shell's, for one that cannot be.
pub(super) fn run(
    settings: &Settings,
    command: &[OsString],
    report: &Report,
    ending: &Ending,
) -> Result<ExitCode, Error> {
    prepare(settings, report, ending)?;
    let own = settings.dest.join("bin");
    let own = (own.as_path(), settings.path_order == PathOrder::First);
    let error = match process::exec(command, std::env::vars_os(), own, ending) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    report.unstarted(&error.to_string(), error.code(), &settings.termination_log);
    Ok(error.code().into())
}

/// Installs; requests to end that come later are the command's.
fn prepare(settings: &Settings, report: &Report, ending: &Ending) -> Result<(), Error> {
    match block_on(install::install(settings, report), ending) {
        Err(error) if settings.on_failure == Some(OnFailure::Continue) => {
            let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
            tracing::warn!("{error}{hint}; going on with what is installed, as --on-failure says");
        }
        result => result?,
    }
    let pending = ending.stop_listening();
    let pending = pending.map_err(|error| Error::Internal(format!("cannot look for signals: {error}")))?;
    match pending {
        Some(signal) => ending.end(signal, "; the command was not started"),
        None => Ok(()),
    }
}
