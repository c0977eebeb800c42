//! Reading a command line.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, FromArgMatches as _};

use super::definition::{
    Cli, Looked, Named, Plain, Prepared, Probed, Requested, Sought, Sources, Started, Subcommands, command,
};
use super::{apt, suggest};
use crate::config::{Command, Options, PathPattern};
use crate::masking;

/// What the command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// What to do.
    pub(crate) command: Command,
    /// The requests, as they were written; for commands that look: names or words; for `aptlet man`: the folder.
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
pub(crate) fn parse<I, T>(line: I) -> Result<Arguments, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let line = apt::in_order(line);
    if let Some(word) = apt::word(&line) {
        let (requests, options) = (vec![word.to_owned()], Options::default());
        return Ok(Arguments { command: Command::Instead, requests, options, program: Vec::new() });
    }
    let mut command = command();
    let matches = command.try_get_matches_from_mut(&line).map_err(without_password);
    let matches = matches.map_err(|error| suggest::visible(error, &command, &line))?;
    let mut arguments = read(&matches)?;
    if let Some((_, matches)) = matches.subcommand() {
        if let Some((flag, instead)) = apt::refused(matches) {
            let message = format!("'{flag}' is not done by aptlet: {instead}\n");
            return Err(clap::Error::raw(ErrorKind::UnknownArgument, message));
        }
        apt::apply(matches, &mut arguments.options);
        place(&mut arguments.options.tree.path_exclude, matches, "path-exclude");
        place(&mut arguments.options.tree.path_include, matches, "path-include");
    }
    Ok(arguments)
}

/// Notes where patterns stood, since the order of one flag's and of another's matters.
fn place(patterns: &mut [PathPattern], matches: &ArgMatches, flag: &str) {
    for (pattern, place) in patterns.iter_mut().zip(indices(matches, flag)) {
        pattern.place = place;
    }
}

/// None for a command that does not take the flag.
fn indices<'m>(matches: &'m ArgMatches, flag: &str) -> impl Iterator<Item = usize> + 'm {
    let is_taken = matches.try_contains_id(flag).unwrap_or(false);
    is_taken.then(|| matches.indices_of(flag)).flatten().into_iter().flatten()
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
        Subcommands::Live(Prepared { requested: Requested { requests, options }, no_sudo }) => {
            arguments(Command::Live { no_sudo }, requests, options)
        }
        Subcommands::Lock(Requested { requests, options }) => arguments(Command::Lock, requests, options),
        Subcommands::Bake(Requested { requests, options }) => arguments(Command::Bake, requests, options),
        Subcommands::Sbom(Requested { requests, options }) => arguments(Command::Sbom, requests, options),
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
        Subcommands::Source(Sources { mut words, key, options }) => {
            words.extend(key.into_iter().flat_map(|key| ["--key".to_owned(), key]));
            arguments(Command::Source, words, options)
        }
        Subcommands::Search(Sought { words, names_only, options }) => {
            arguments(Command::Search { names_only }, words, options)
        }
        Subcommands::Show(Named { names, options }) => arguments(Command::Show, names, options),
        Subcommands::Policy(Looked { names, options }) => arguments(Command::Policy, names, options),
        Subcommands::List(Looked { names, options }) => arguments(Command::List, names, options),
        Subcommands::Completions { shell } => {
            arguments(Command::Completions(shell), Vec::new(), Options::default())
        }
        Subcommands::Man { folder } => arguments(Command::Man, vec![folder], Options::default()),
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
