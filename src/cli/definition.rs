//! The whole command line: the commands, with the flags and the help of each.

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser, Subcommand};

use super::{groups, help};
use crate::config::{Endpoint, Options, PACKAGES, variable_of};

/// Install Debian packages into a volume: apt-get for pods, without apt-get
#[derive(Parser)]
#[command(name = "aptlet", version, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "'aptlet COMMAND --help' lists the flags of a command.")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Subcommands,
}

#[derive(Subcommand)]
pub(super) enum Subcommands {
    /// Install packages and all that they depend on
    #[command(after_help = help::INSTALL)]
    Install(Requested),
    /// Install packages if they are not, and become a command that finds them on its PATH
    #[command(after_help = help::RUN, override_usage = "aptlet run [OPTIONS] [REQUEST]... -- COMMAND [ARGUMENT]...")]
    Run(Started),
    /// Resolve only, and write down exactly what 'install' would install
    #[command(after_help = help::LOCK)]
    Lock(Requested),
    /// Show what is installed
    #[command(after_help = help::STATUS)]
    Status(Plain),
    /// Find out whether what is installed was changed since
    #[command(after_help = help::VERIFY)]
    Verify(Plain),
    /// Install, and again whenever the settings change: a sidecar container
    #[command(after_help = help::WATCH)]
    Watch(Requested),
    /// What 'watch' runs
    #[command(hide = true)]
    Reconcile(Requested),
    /// Ask the 'watch' of a destination how it is, as an exec probe does
    #[command(after_help = help::PROBE)]
    Probe(Probed),
    /// Print what a pod spec needs for packages, or a manifest with that added
    #[command(after_help = help::RENDER)]
    Render(Requested),
}

#[derive(clap::Args)]
pub(super) struct Requested {
    /// NAME, NAME:ARCH, NAME=VERSION or NAME/SUITE, or NAME- to keep it out; 'NAM*' for all that match; or a package
    /// file as ./FILE.deb, /PATH/FILE.deb or URL#sha256=DIGEST
    #[arg(value_name = "REQUEST", help_heading = "Packages", display_order = 0)]
    pub(super) requests: Vec<String>,
    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(clap::Args)]
pub(super) struct Started {
    #[command(flatten)]
    pub(super) requested: Requested,
    /// Requests, separated by spaces, commas or line ends, as in the variable; repeatable
    #[arg(long, value_name = "REQUESTS", help_heading = "Packages")]
    pub(super) packages: Vec<String>,
    /// What to become, and its arguments
    #[arg(value_name = "COMMAND", last = true, required = true, num_args = 1..)]
    pub(super) program: Vec<OsString>,
}

#[derive(clap::Args)]
pub(super) struct Plain {
    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(clap::Args)]
pub(super) struct Probed {
    /// 'livez' for whether it runs, 'readyz' for whether there is something to use
    #[arg(
        value_name = "QUESTION",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        display_order = 0
    )]
    pub(super) endpoint: Endpoint,
    #[command(flatten)]
    pub(super) options: Options,
}

/// The whole command line, with the variable of each flag in its help. What a command does not take is hidden in it.
pub(super) fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| {
        let command = command.mut_args(with_variable);
        let refused = groups::refused(command.get_name());
        refused.fold(command, |command, flag| command.mut_arg(flag, |flag| flag.hide(true)))
    })
}

fn with_variable(arg: clap::Arg) -> clap::Arg {
    let variable = match arg.get_long() {
        Some(long) => variable_of(long),
        None if arg.get_id() == "requests" => PACKAGES.to_owned(),
        None => return arg,
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (says, default) = match help.split_once(" [default: ") {
        Some((says, default)) => (says, format!("[default: {default} ")),
        None => (help.as_str(), String::new()),
    };
    let help = format!("{says}\n{default}[env: {variable}]");
    arg.help(help)
}
