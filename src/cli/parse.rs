//! Reading a command line.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches as _};

use super::definition::{Cli, Plain, Probed, Requested, Started, Subcommands, command};
use super::groups;
use crate::config::{Command, Options, PathPattern};
use crate::masking;

/// What the command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// What to do.
    pub(crate) command: Command,
    /// The requests, as they were written.
    pub(crate) requests: Vec<String>,
    /// The flags.
    pub(crate) options: Options,
    /// For `aptlet run`: the command and its arguments.
    pub(crate) program: Vec<OsString>,
}

/// Parses the command line, the program's name first.
///
/// # Errors
/// Also a call for help or for the version; clap's error knows what to print where, and the exit code (2 for
/// usage errors).
pub(crate) fn parse<I, T>(arguments: I) -> Result<Arguments, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let mut command = command();
    let matches = command.try_get_matches_from_mut(arguments).map_err(without_password)?;
    if let Some((name, matches)) = matches.subcommand() {
        refuse(&mut command, name, matches)?;
    }
    let mut arguments = read(&matches)?;
    if let Some((_, matches)) = matches.subcommand() {
        place(&mut arguments.options.tree.path_exclude, matches, "path-exclude");
        place(&mut arguments.options.tree.path_include, matches, "path-include");
    }
    Ok(arguments)
}

/// Notes where patterns stood, since the order of one flag's and of another's matters.
fn place(patterns: &mut [PathPattern], matches: &ArgMatches, flag: &str) {
    for (pattern, place) in patterns.iter_mut().zip(matches.indices_of(flag).into_iter().flatten()) {
        pattern.place = place;
    }
}

fn read(matches: &ArgMatches) -> Result<Arguments, clap::Error> {
    let arguments =
        |command, requests, options| Arguments { command, requests, options, program: Vec::new() };
    Ok(match Cli::from_arg_matches(matches)?.command {
        Subcommands::Install(Requested { requests, options }) => {
            arguments(Command::Install, requests, options)
        }
        Subcommands::Run(Started { requested, packages, program }) => {
            let requests = [requested.requests, packages].concat();
            Arguments { program, ..arguments(Command::Run, requests, requested.options) }
        }
        Subcommands::Lock(Requested { requests, options }) => arguments(Command::Lock, requests, options),
        Subcommands::Render(Requested { requests, options }) => arguments(Command::Render, requests, options),
        Subcommands::Status(Plain { options }) => arguments(Command::Status, Vec::new(), options),
        Subcommands::Verify(Plain { options }) => arguments(Command::Verify, Vec::new(), options),
        Subcommands::Watch(Requested { requests, options }) => arguments(Command::Watch, requests, options),
        Subcommands::Reconcile(Requested { requests, options }) => {
            arguments(Command::Reconcile, requests, options)
        }
        Subcommands::Probe(Probed { endpoint, options }) => {
            arguments(Command::Probe(endpoint), Vec::new(), options)
        }
    })
}

/// What the arguments of a pod are refused for goes to its log.
fn without_password(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let value = masking::uri(value).into_owned();
        error.insert(ContextKind::InvalidValue, ContextValue::String(value));
    }
    error
}

/// What clap itself would say if the command did not have the flag.
fn refuse(command: &mut clap::Command, name: &str, matches: &ArgMatches) -> Result<(), clap::Error> {
    let is_given = |flag: &&str| matches.value_source(flag) == Some(ValueSource::CommandLine);
    let Some(flag) = groups::refused(name).find(is_given) else { return Ok(()) };
    let mut error = clap::Error::new(ErrorKind::UnknownArgument).with_cmd(command);
    error.insert(ContextKind::InvalidArg, ContextValue::String(format!("--{flag}")));
    if let Some(subcommand) = command.find_subcommand_mut(name) {
        error.insert(ContextKind::Usage, ContextValue::StyledStr(subcommand.render_usage()));
    }
    Err(error)
}
