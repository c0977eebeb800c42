//! `aptlet probe`: an exec probe for images that have no shell and no HTTP client.

use std::io::Write as _;
use std::process::ExitCode;

use super::pulse::ask;
use crate::config::{Endpoint, Host, Options, Watching};
use crate::error::Error;
use crate::report;

/// Prints one line, which the kubelet puts into the event of a probe that failed.
pub(in crate::command) fn probe(endpoint: Endpoint, options: Options) -> ExitCode {
    let (format, termination_log) = crate::command::before_settings(Some(&options));
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
    // whoever asked may be gone
    let _ = writeln!(std::io::stdout().lock(), "{said}");
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
