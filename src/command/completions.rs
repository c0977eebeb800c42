//! `aptlet completions`: a script that completes command lines in a shell.

use clap_complete::Shell;

use crate::cli;
use crate::error::Error;
use crate::report;

pub(super) fn completions(shell: Shell) -> Result<(), Error> {
    report::print(&String::from_utf8_lossy(&cli::completions(shell)))
}
