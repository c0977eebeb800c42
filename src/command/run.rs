//! `aptlet run`: installs if that is needed, and becomes the command of the main container: the same process, as if
//! aptlet had never been there.

use std::ffi::OsString;
use std::path::Path;
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
    let variables = std::env::vars_os();
    let variables: Vec<_> = match settings.libraries {
        true => with_libraries(variables, &settings.dest.join("lib")),
        false => variables.collect(),
    };
    let error = match process::exec(command, variables.into_iter(), own, ending) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    report.unstarted(&error.to_string(), error.code(), &settings.termination_log);
    Ok(error.code().into())
}

/// The variables with a folder of libraries behind those that the image names itself.
fn with_libraries(
    variables: impl Iterator<Item = (OsString, OsString)>,
    folder: &Path,
) -> Vec<(OsString, OsString)> {
    const NAME: &str = "LD_LIBRARY_PATH";
    let (mut named, mut others): (Vec<_>, Vec<_>) = variables.partition(|(name, _)| name == NAME);
    let before = named.pop().map(|(_, value)| value).unwrap_or_default();
    let folders = std::env::split_paths(&before).filter(|known| known != folder && !before.is_empty());
    let folders = folders.chain([folder.to_owned()]);
    // what cannot be joined has a colon in it, and no path of ours has
    let value = std::env::join_paths(folders).unwrap_or_else(|_| folder.as_os_str().to_owned());
    others.push((NAME.into(), value));
    others
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_libraries_is_behind_those_of_the_image() {
        let of = |value: Option<&str>| {
            let given = value.map(|value| ("LD_LIBRARY_PATH".into(), value.into()));
            let variables = [("HOME".into(), "/".into())].into_iter().chain(given);
            with_libraries(variables, Path::new("/p/lib")).pop().map(|(_, value)| value)
        };
        for (before, after) in [
            (None, "/p/lib"),
            (Some(""), "/p/lib"),
            (Some("/opt/lib"), "/opt/lib:/p/lib"),
            // a second run, and what an empty entry means: the working directory
            (Some("/p/lib:/opt/lib:"), "/opt/lib::/p/lib"),
        ] {
            assert_eq!(of(before), Some(after.into()), "{before:?}");
        }
    }
}
