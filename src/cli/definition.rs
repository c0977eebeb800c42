//! The whole command line: the commands, with the flags and the help of each.

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use super::{apt, groups, help};
use crate::config::{Endpoint, Options, PACKAGES, variable_of};

const SHORT_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("APTLET_COMMIT"));

/// The version, with the commit of a release, what it was built for, and what it reads and makes.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    env!("APTLET_COMMIT"),
    "\nbuilt for ",
    env!("BUILT_FOR"),
    "; sources by http, https, oci, file, copy and mirror+ of these; indexes and packages as xz, zst, gz, bz2, lzma; trees for \
     amd64 and arm64"
);

/// Install Debian packages into a volume: apt-get for pods, without apt-get
#[derive(Parser)]
#[command(name = "aptlet", version = SHORT_VERSION, long_version = VERSION, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "'aptlet help COMMAND' lists the flags of a command.")]
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
    #[command(after_help = help::RUN)]
    Run(Started),
    /// Prepare a volume to which a running container adds packages by apt-get, as any user
    #[command(after_help = help::LIVE)]
    Live(Prepared),
    /// Add, remove or list sources of a volume that 'aptlet live' has prepared
    #[command(after_help = help::SOURCE)]
    Source(Sources),
    /// Resolve only, and write down exactly what 'install' would install
    #[command(after_help = help::LOCK)]
    Lock(Requested),
    /// Write packages and all that they depend on as an image, without a daemon and as any user
    #[command(after_help = help::BAKE)]
    Bake(Requested),
    /// Print the bill of materials of a request, a lock, an image, or of what is installed
    #[command(after_help = help::SBOM)]
    Sbom(Requested),
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
    /// Find packages by words of their names and descriptions
    #[command(after_help = help::SEARCH)]
    Search(Sought),
    /// Show what the sources say of packages
    #[command(after_help = help::SHOW)]
    Show(Named),
    /// Show the versions of packages, their priorities, and which of them would be installed
    #[command(after_help = help::POLICY)]
    Policy(Looked),
    /// List the packages that are installed
    #[command(after_help = help::LIST)]
    List(Looked),
    /// Print a script that completes command lines of aptlet in a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// bash, zsh, fish, elvish or powershell
        #[arg(value_name = "SHELL", hide_possible_values = true)]
        shell: Shell,
    },
    /// Write manual pages, one for each command
    #[command(after_help = help::MAN)]
    Man {
        /// The folder that they are put into
        #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
        folder: String,
    },
}

#[derive(clap::Args)]
pub(super) struct Sought {
    /// Words, or regular expressions, of which all are looked for, in any case
    #[arg(value_name = "WORD", required = true, display_order = 0)]
    pub(super) words: Vec<String>,
    /// Look at names only
    #[arg(short = 'n', long)]
    pub(super) names_only: bool,
    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(clap::Args)]
pub(super) struct Named {
    /// Names of packages, each alone or as NAME=VERSION
    #[arg(value_name = "NAME", required = true, display_order = 0)]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(clap::Args)]
pub(super) struct Looked {
    /// Names of packages; without any, all are meant
    #[arg(value_name = "NAME", display_order = 0)]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) options: Options,
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
pub(super) struct Prepared {
    #[command(flatten)]
    pub(super) requested: Requested,
    /// Put no sudo among the commands
    #[arg(long, help_heading = "Destination")]
    pub(super) no_sudo: bool,
}

#[derive(clap::Args)]
pub(super) struct Sources {
    /// 'add', 'remove' or 'list', and the source: a line or stanza of a source list, the URL of one, or a component
    #[arg(value_name = "WORD", required = true, display_order = 0)]
    pub(super) words: Vec<String>,
    /// The key of the repository: a file, or a URL
    #[arg(long, value_name = "FILE|URL")]
    pub(super) key: Option<String>,
    #[command(flatten)]
    pub(super) options: Options,
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

/// The whole command line, with the variable of each flag in its help.
pub(super) fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| taking(&command))
}

/// The same for those who tell of it: without what is hidden.
pub(super) fn shown() -> clap::Command {
    let whole = command();
    let subcommands = whole.get_subcommands().filter(|command| !command.is_hide_set());
    let shown = clap::Command::new("aptlet")
        .version(SHORT_VERSION)
        .about(whole.get_about().cloned().unwrap_or_default());
    shown
        .after_help(whole.get_after_help().cloned().unwrap_or_default())
        .subcommands(subcommands.map(|command| bare(command, |argument| !argument.is_hide_set())))
}

/// A command with its own flags: of all settings, those of the groups that it takes.
fn taking(command: &clap::Command) -> clap::Command {
    let name = command.get_name();
    let fresh = bare(command, |flag| groups::takes(name, flag.get_id().as_str())).mut_args(with_variable);
    let installs = fresh.get_positionals().any(|argument| argument.get_id() == "requests");
    match name {
        "list" => fresh.args(apt::flags_of_list()),
        // a letter that is another flag's elsewhere
        "bake" => fresh.args(apt::flags(name)).mut_arg("target", |flag| flag.short('o')),
        name if installs => fresh.args(apt::flags(name)),
        _ => fresh,
    }
}

/// A command with some of its arguments; clap has no way to take one away.
fn bare(command: &clap::Command, keeps: impl Fn(&clap::Arg) -> bool) -> clap::Command {
    let name = groups::TAKEN.iter().map(|(name, _)| *name).find(|name| *name == command.get_name());
    let fresh = clap::Command::new(name.unwrap_or_default())
        .hide(command.is_hide_set())
        .about(command.get_about().cloned().unwrap_or_default())
        .after_help(command.get_after_help().cloned().unwrap_or_default())
        .args(command.get_arguments().filter(|argument| keeps(argument)).cloned());
    match name {
        Some("run") => fresh.override_usage("aptlet run [OPTIONS] [REQUEST]... -- COMMAND [ARGUMENT]..."),
        Some("show") => fresh.alias("info"),
        _ => fresh,
    }
}

fn with_variable(arg: clap::Arg) -> clap::Arg {
    let variable = match arg.get_long() {
        // requests, too, have a variable
        Some(long) if groups::is_setting(long) || long == "packages" => variable_of(long),
        None if arg.get_id() == "requests" => PACKAGES.to_owned(),
        _ => return arg,
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (says, default) = match help.split_once(" [default: ") {
        Some((says, default)) => (says, format!("[default: {default} ")),
        None => (help.as_str(), String::new()),
    };
    let help = format!("{says}\n{default}[env: {variable}]");
    arg.help(help)
}
