//! What a word that is no command or flag was probably meant to be: never what is in no help, nor what another command
//! takes.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::config::nearest;

/// Flags of other tools (pip, chroot, docker, apk, dnf), and those here that do the same.
const HABITS: [(&str, &str); 8] = [
    ("target", "dest"),
    ("root", "dest"),
    ("output-dir", "dest"),
    ("installroot", "dest"),
    ("repo", "sources"),
    ("repository", "sources"),
    ("index-url", "mirror"),
    ("platform", "arch"),
];

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
        } else {
            let tip = format!("to install the package {word}, write 'aptlet install {word}'");
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
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
        let shown: Vec<&str> = flags.filter_map(clap::Arg::get_long).collect();
        let word = flag.trim_start_matches('-').split('=').next().unwrap_or_default();
        let habit = HABITS.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| (*ours).to_owned());
        let habit = habit.filter(|ours| shown.contains(&ours.as_str()));
        if let Some(meant) = habit.or_else(|| nearest(word, shown)) {
            error.insert(ContextKind::SuggestedArg, ContextValue::String(format!("--{meant}")));
        }
        // clap's names whatever flag stands before
        let usage = subcommand.clone().bin_name(format!("aptlet {}", subcommand.get_name())).render_usage();
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    error
}
