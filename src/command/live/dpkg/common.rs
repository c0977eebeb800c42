//! What dpkg's commands have in common.

use std::path::Path;
use std::process::ExitCode;

use crate::command::live::outcome::{Failure, print};
use crate::current_generation::current;
use crate::live::{Installed, Place};

/// dpkg's for what is wrong with a command line.
pub(super) const WRONG: u8 = 2;

pub(super) fn wrong(what: &str) -> Failure {
    Failure::dpkg("dpkg", format!("error: {what}"), Some("'dpkg --help' lists what there is."), WRONG)
}

pub(super) fn said(text: &str) -> Result<ExitCode, Failure> {
    print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// What is installed, without the settings of anything that changes it.
pub(super) fn installed(place: &Place) -> Result<Installed, Failure> {
    let folder = Path::new("/var/lib/dpkg");
    let has = folder.join("status").is_file() || folder.join("status.d").is_dir();
    Ok(Installed::read(has.then_some(folder), current(place.dest()).as_deref())?)
}
