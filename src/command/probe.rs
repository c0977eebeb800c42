//! `aptlet probe`: an exec probe for images that have no shell and no HTTP client.

use std::process::ExitCode;

use super::watch::ask;
use crate::config::{Endpoint, Host, Options, Watching};
use crate::error::Error;
use crate::report;
use crate::startup::before_settings;

/// Prints one line, which the kubelet puts into the event of a probe that failed.
pub(super) fn probe(endpoint: Endpoint, options: Options) -> ExitCode {
    let (format, termination_log) = before_settings(Some(&options));
    let watching = Host::this().and_then(|host| Watching::resolve(options, &[], &host));
    let watching = match watching.map_err(Error::from) {
        Ok(watching) => watching,
        Err(error) => {
            report::failure(format, &error, &termination_log);
            return error.class().into();
        }
    };
    let (good, said) = match (ask(&watching.dest), endpoint) {
        (Err(said), _) => (false, said),
        (Ok(_), Endpoint::Livez) => (true, "ok".to_owned()),
        (Ok((ready, detail)), Endpoint::Readyz) => (ready, detail.join("; ")),
    };
    match report::print(&format!("{said}\n")) {
        Err(error) => {
            report::failure(format, &error, &termination_log);
            error.class().into()
        }
        Ok(()) if good => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
    }
}
