//! `aptlet run`: installs if that is needed, and becomes the command of the main container: the same process, as if
//! aptlet had never been there.

mod inherited;
mod signals;
mod start;

use std::ffi::OsString;
use std::process::ExitCode;

use inherited::Inherited;
use signals::Held;

use super::{block_on, install};
use crate::config::{OnFailure, Settings};
use crate::error::Error;
use crate::report::Report;

/// Returns only when the command is not started; the exit code is a shell's, for one that cannot be.
pub(super) fn run(settings: &Settings, command: &[OsString], report: &Report) -> Result<ExitCode, Error> {
    let held = prepare(settings, report)?;
    let own = settings.dest.join("bin");
    let error = match start::start(command, std::env::vars_os(), &own, &held) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    report.unstarted(&error.to_string(), error.code(), &settings.termination_log);
    Ok(error.code().into())
}

/// Installs, with requests to end held back from then on.
fn prepare(settings: &Settings, report: &Report) -> Result<Held, Error> {
    let broken = |error| Error::Internal(format!("cannot wait for signals: {error}"));
    let held = Held::new(Inherited::at_start()).map_err(broken)?;
    match block_on(install::install(settings, report), held.next()) {
        Err(error) if settings.on_failure == OnFailure::Continue => {
            let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
            tracing::warn!("{error}{hint}; going on with what is installed, as --on-failure says");
        }
        result => result?,
    }
    if let Some(signal) = held.pending().map_err(broken)? {
        tracing::warn!("stopped by signal {signal}; the command was not started");
        std::process::exit(128 + signal);
    }
    Ok(held)
}
