//! What is told without any setting: `aptlet completions`, `aptlet man`, and what takes the place of apt's commands.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap_complete::Shell;

use crate::cli;
use crate::error::Error;
use crate::report;
use crate::startup::before_settings;
use crate::wording::counted;

/// The exit code of what has no settings; a failure is told.
pub(super) fn ended(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let (format, termination_log) = before_settings(None);
            report::failure(format, &error, &termination_log);
            error.class().into()
        }
    }
}

pub(super) fn completions(shell: Shell) -> ExitCode {
    ended(report::print(&String::from_utf8_lossy(&cli::completions(shell))))
}

pub(super) fn manual(folder: &Path) -> ExitCode {
    ended(write_manual(folder))
}

fn write_manual(folder: &Path) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Output { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let pages = cli::manual().map_err(failed(folder))?;
    for (name, text) in &pages {
        let path = folder.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    report::print(&format!("{} in {}\n", counted(pages.len(), "page"), folder.display()))
}

pub(super) fn instead(word: &str) -> ExitCode {
    let Some(instead) = cli::instead_of(word) else { return ended(Ok(())) };
    let word = word.to_owned();
    if instead.is_done {
        report::say(&format!("{word}: there is nothing to do: {}", instead.why));
        return ExitCode::SUCCESS;
    }
    ended(Err(Error::Instead { word, why: instead.why, hint: instead.hint }))
}
