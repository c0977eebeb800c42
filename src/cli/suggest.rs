//! What a word that is no command or flag was probably meant to be: never what is in no help, nor what another command
//! takes.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::config::nearest;

/// The error, naming what was meant only if the help of the command has it.
pub(super) fn visible(mut error: clap::Error, command: &clap::Command, line: &[OsString]) -> clap::Error {
    let text = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    if let Some(word) = text(&error, ContextKind::InvalidSubcommand) {
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        error.remove(ContextKind::SuggestedSubcommand);
        if let Some(meant) = nearest(&word, shown.map(clap::Command::get_name)) {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![meant]));
        }
    }
    let named = line.get(1).and_then(|name| name.to_str());
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(subcommand) = named.and_then(|name| command.find_subcommand(name))
        && let Some(flag) = text(&error, ContextKind::InvalidArg)
    {
        // that nobody asks for a package of that name goes without saying
        error.remove(ContextKind::Suggested);
        error.remove(ContextKind::SuggestedArg);
        let flags = subcommand.get_arguments().filter(|argument| !argument.is_hide_set());
        if let Some(meant) = nearest(flag.trim_start_matches('-'), flags.filter_map(clap::Arg::get_long)) {
            error.insert(ContextKind::SuggestedArg, ContextValue::String(format!("--{meant}")));
        }
    }
    error
}
