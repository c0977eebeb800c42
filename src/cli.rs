//! The command line: arguments in, a command and its options out.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{Command, Endpoint, Options, PACKAGES, PathPattern, variable_of};
use crate::request::credentials::redact;

/// What the command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// What to do.
    pub command: Command,
    /// The requests, as they were written.
    pub requests: Vec<String>,
    /// The flags.
    pub options: Options,
    /// For `aptlet run`: the command and its arguments.
    pub program: Vec<OsString>,
}

/// Install Debian packages into a volume: apt-get for pods, without apt-get
#[derive(Parser)]
#[command(name = "aptlet", version, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "'aptlet COMMAND --help' lists the flags of a command.")]
struct Cli {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Install packages and all that they depend on
    #[command(after_help = INSTALL_HELP)]
    Install(Requested),
    /// Install packages if they are not, and become a command that finds them on its PATH
    #[command(after_help = RUN_HELP, override_usage = "aptlet run [OPTIONS] [REQUEST]... -- COMMAND [ARGUMENT]...")]
    Run(Started),
    /// Resolve only, and write down exactly what 'install' would install
    #[command(after_help = LOCK_HELP)]
    Lock(Requested),
    /// Show what is installed
    #[command(after_help = STATUS_HELP)]
    Status(Plain),
    /// Find out whether what is installed was changed since
    #[command(after_help = VERIFY_HELP)]
    Verify(Plain),
    /// Install, and again whenever the settings change: a sidecar container
    #[command(after_help = WATCH_HELP)]
    Watch(Requested),
    /// What 'watch' runs
    #[command(hide = true)]
    Reconcile(Requested),
    /// Ask the 'watch' of a destination how it is, as an exec probe does
    #[command(after_help = PROBE_HELP)]
    Probe(Probed),
    /// Print what a pod spec needs for packages, or a manifest with that added
    #[command(after_help = RENDER_HELP)]
    Render(Requested),
}

#[derive(clap::Args)]
struct Requested {
    /// NAME, NAME:ARCH, NAME=VERSION or NAME/SUITE, or NAME- to keep it out; 'NAM*' for all that match; or a package
    /// file as ./FILE.deb, /PATH/FILE.deb or URL#sha256=DIGEST
    #[arg(value_name = "REQUEST", help_heading = "Packages", display_order = 0)]
    requests: Vec<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(clap::Args)]
struct Started {
    #[command(flatten)]
    requested: Requested,
    /// Requests, separated by spaces, commas or line ends, as in the variable; repeatable
    #[arg(long, value_name = "REQUESTS", help_heading = "Packages")]
    packages: Vec<String>,
    /// What to become, and its arguments
    #[arg(value_name = "COMMAND", last = true, required = true, num_args = 1..)]
    program: Vec<OsString>,
}

#[derive(clap::Args)]
struct Plain {
    #[command(flatten)]
    options: Options,
}

#[derive(clap::Args)]
struct Probed {
    /// 'livez' for whether it runs, 'readyz' for whether there is something to use
    #[arg(
        value_name = "QUESTION",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        display_order = 0
    )]
    endpoint: Endpoint,
    #[command(flatten)]
    options: Options,
}

const INSTALL_HELP: &str = "\
Each setting can also be given as the environment variable beside it, where a list is separated by
spaces, commas or line ends, and in the settings folder. A flag wins over the environment, and the
environment over the folder.

The settings folder holds files in apt's own formats: packages, *.sources, *.list, *.asc, *.gpg,
*.pref and auth.conf; certificates as *.crt or *.pem; packages as *.deb, which 'packages' names as
./NAME.deb; a lock as aptlet.lock; and aptlet.yaml, whose keys are the flags without their dashes
(log-format: json).

Repositories are those of --sources or the settings folder; if there are none, those of --mirror
and --suite; if neither is given, those of /etc/apt; and failing that, those of Debian stable.

Examples:
  Install two packages into /p, one of them in an exact version:
    aptlet install curl jq=1.7.1-6

  Install a package file, and what it depends on from the repositories:
    aptlet install ./tool_1.0_amd64.deb

  Install what the ConfigMap at /etc/aptlet asks for:
    aptlet install

  Install from your own mirror, for a container that mounts the volume at /t:
    aptlet install --mirror http://mirror.example/debian --suite trixie --prefix /t git

  Install the same bytes every time:
    aptlet install --lock aptlet.lock

  Only put aptlet itself into the volume, for a container that is started by 'aptlet run':
    aptlet install --self";

const RUN_HELP: &str = "\
Flags, environment variables and the settings folder are those of 'aptlet install'. What is
installed already is not installed again. Then this process becomes COMMAND, with bin of the
destination first on its PATH, and all else as it was. What the image has itself, as its
/var/lib/dpkg says, is not installed; --base none installs it all the same.

The exit code is that of COMMAND; 127 if it is not found, 126 if it cannot be executed; or that of
'aptlet install' if that fails.

Examples:
  Start a script that needs jq and curl:
    aptlet run jq curl -- /app/start.sh --port 8080

  Start a server from the volume that 'aptlet install --self' has filled, even if the mirror is down:
    /p/.aptlet/aptlet run --on-failure continue --packages 'nginx' -- nginx -g 'daemon off;'";

const LOCK_HELP: &str = "\
Flags, environment variables and the settings folder are those of 'aptlet install'. Nothing is
installed, and a lock that is there already is not looked at.

Examples:
  Write aptlet.lock for two packages:
    aptlet lock curl jq

  Show what the settings in a folder resolve to on another architecture:
    aptlet lock --config ./settings --arch arm64 -o -

  Show why libssl3 would be installed with curl:
    aptlet lock --explain libssl3 curl";

const STATUS_HELP: &str = "\
Examples:
  Show what is installed in /p:
    aptlet status

  Show what is installed in another folder:
    aptlet status --dest /srv/tools

  Show which paths in a file were rewritten for the prefix, and which stay and why:
    aptlet status --relocation /usr/bin/git

  Show the same in numbers, for each package:
    aptlet status --relocation /";

const VERIFY_HELP: &str = "\
Every path of the current generation is compared with what was recorded when it was installed: its
type, permission bits, content (SHA-256) or link target. Differences are printed one a line; the
exit code is 5 if there is any. Nothing vouches for the record itself, which lies in the volume.

Examples:
  Check what is installed in /p:
    aptlet verify

  Check what is installed in another folder:
    aptlet verify --dest /srv/tools";

const WATCH_HELP: &str = "\
Requests, flags, environment variables and the settings folder are those of 'aptlet install'. The
settings folder is read anew at each change; --dest, --listen and the flags of the log hold from the
start on. What fails is tried again after 5 s, and then after up to 5 minutes; until it succeeds,
what was installed before stays.

Examples:
  Keep /p as the ConfigMap at /etc/aptlet says, and answer probes on port 8080:
    aptlet watch --listen :8080

  Install curl, and its security updates when they come:
    aptlet watch --interval 6h curl";

const PROBE_HELP: &str = "\
Run it in the container of 'aptlet watch', with the same --dest. It prints one line; the exit code
is 0 for yes and 1 for no.

Examples:
  Ask whether a tree is installed, as a startup or readiness probe:
    aptlet probe

  Ask whether the process still works, as a liveness probe:
    aptlet probe livez";

const RENDER_HELP: &str = "\
The manifest is that of a Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob or anything else
with a pod template, in YAML or JSON. Comments, order and style stay; what is there of aptlet
already is brought up to date, and a second time changes nothing. Flags and variables of 'aptlet
install', or of 'watch' and 'run' as the mode is, become arguments in the pod. Files (--lock,
--sources, --keyring and so on, and those of --config) become keys of the ConfigMap that
--configmap names.

Examples:
  Print the pieces for a pod spec:
    aptlet render jq

  Add jq to a Deployment, and apply it:
    aptlet render jq -f deployment.yaml | kubectl apply -f -

  The same with a ConfigMap, so that the packages can be changed without the Deployment:
    aptlet render jq --configmap web-packages -f deployment.yaml

  Make what is in a folder, such as packages and debian.sources, the ConfigMap of a sidecar:
    aptlet render --config ./settings --configmap web-packages --mode sidecar -f deployment.yaml

  Print the values for a chart that depends on aptlet's:
    aptlet render jq curl --helm-values";

/// What commands that only look at the destination have no use for.
const PLAIN: &[&str] = &[
    "lock",
    "arch",
    "recommends",
    "exclude",
    "with_essential",
    "base",
    "upgrade_base",
    "sources",
    "mirror",
    "suite",
    "component",
    "preferences",
    "keyring",
    "ca_certificate",
    "auth",
    "prefix",
    "owners",
    "locale",
    "slim",
    "path_exclude",
    "path_include",
    "connections",
    "retries",
    "timeout",
    "output",
    "explain",
    "max_unpacked",
    "require_scripts",
    "keep_generations",
    "self",
    "on_failure",
    "listen",
    "interval",
];

/// What only a process that stays has a use for.
const OF_WATCH: &[&str] = &["listen", "interval"];

/// What only manifests have.
const OF_RENDER: &[&str] = &[
    "mode",
    "mount",
    "configmap",
    "auth_secret",
    "image",
    "filename",
    "workload",
    "container",
    "helm_values",
];

/// What decides how a tree is made, and not which packages are in it.
const OF_TREES: &[&str] = &[
    "dest",
    "prefix",
    "max_unpacked",
    "require_scripts",
    "keep_generations",
    "owners",
    "locale",
    "slim",
    "path_exclude",
    "path_include",
    "self",
];

/// The options that a command has no use for, and therefore refuses as flags. They are not refused in the
/// environment and the `ConfigMap`, which commands share.
const NOT_FOR: [(&str, &[&str]); 22] = [
    ("install", &["output", "explain", "relocation", "on_failure"]),
    ("install", OF_WATCH),
    // it is started where the destination is, and by what is there
    ("run", &["output", "explain", "relocation", "prefix", "self"]),
    ("run", OF_WATCH),
    ("lock", &["lock", "relocation", "on_failure"]),
    ("lock", OF_TREES),
    ("lock", OF_WATCH),
    ("status", PLAIN),
    ("verify", PLAIN),
    ("verify", &["relocation"]),
    ("watch", &["output", "explain", "relocation", "on_failure", "self"]),
    ("probe", PLAIN),
    ("probe", &["relocation"]),
    // the volume is where --mount says, both for the container that installs and for the others
    ("render", &["dest", "prefix", "output", "explain", "relocation", "self"]),
    ("install", OF_RENDER),
    ("run", OF_RENDER),
    ("lock", OF_RENDER),
    ("status", OF_RENDER),
    ("verify", OF_RENDER),
    ("watch", OF_RENDER),
    ("reconcile", OF_RENDER),
    ("probe", OF_RENDER),
];

/// Parses the command line, the program's name first.
///
/// # Errors
/// Also a call for help or for the version; clap's error knows what to print where, and the exit code (2 for
/// usage errors).
pub fn parse<I, T>(arguments: I) -> Result<Arguments, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let mut command = command();
    let matches = command.try_get_matches_from_mut(arguments).map_err(without_password)?;
    if let Some((name, matches)) = matches.subcommand() {
        refuse_hidden(&mut command, name, matches)?;
    }
    let mut arguments = read(&matches)?;
    if let Some((_, matches)) = matches.subcommand() {
        place(&mut arguments.options.path_exclude, matches, "path_exclude");
        place(&mut arguments.options.path_include, matches, "path_include");
    }
    Ok(arguments)
}

/// Notes where patterns stood, since the order of one flag's and of another's matters.
fn place(patterns: &mut [PathPattern], matches: &ArgMatches, id: &str) {
    for (pattern, place) in patterns.iter_mut().zip(matches.indices_of(id).into_iter().flatten()) {
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

/// The whole command line, with the variable of each flag in its help.
fn command() -> clap::Command {
    let mut command = Cli::command().mut_subcommands(|subcommand| subcommand.mut_args(with_variable));
    for (name, options) in NOT_FOR {
        command = command.mut_subcommand(name, |subcommand| {
            options
                .iter()
                .fold(subcommand, |subcommand, option| subcommand.mut_arg(option, |arg| arg.hide(true)))
        });
    }
    command
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

/// What the arguments of a pod are refused for goes to its log.
fn without_password(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let value = redact(value).into_owned();
        error.insert(ContextKind::InvalidValue, ContextValue::String(value));
    }
    error
}

/// What clap itself would say if the command did not have the flag.
fn refuse_hidden(command: &mut clap::Command, name: &str, matches: &ArgMatches) -> Result<(), clap::Error> {
    let hidden = NOT_FOR.iter().filter(|(command, _)| *command == name).flat_map(|(_, options)| *options);
    for option in hidden {
        if matches.value_source(option) == Some(ValueSource::CommandLine) {
            let mut error = clap::Error::new(ErrorKind::UnknownArgument).with_cmd(command);
            let flag = format!("--{}", option.replace('_', "-"));
            error.insert(ContextKind::InvalidArg, ContextValue::String(flag));
            if let Some(subcommand) = command.find_subcommand_mut(name) {
                error.insert(ContextKind::Usage, ContextValue::StyledStr(subcommand.render_usage()));
            }
            return Err(error);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fails(arguments: &[&str]) -> (i32, String) {
        let error = parse([&["aptlet"], arguments].concat()).unwrap_err();
        (error.exit_code(), error.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn reads_a_command() {
        let arguments = parse(["aptlet", "install", "curl", "--dest", "/q", "-q", "vim-"]).unwrap();
        assert_eq!(arguments.command, Command::Install);
        assert_eq!(arguments.requests, ["curl", "vim-"]);
        assert_eq!(arguments.options.dest.as_deref(), Some(std::path::Path::new("/q")));
        assert_eq!(arguments.options.quiet, Some(true));
        let arguments = parse(["aptlet", "lock", "-o", "-", "curl"]).unwrap();
        assert_eq!(arguments.command, Command::Lock);
        assert_eq!(arguments.options.output.as_deref(), Some(std::path::Path::new("-")));
        assert_eq!(parse(["aptlet", "status"]).unwrap().command, Command::Status);
        let probes =
            [(&["aptlet", "probe"][..], Endpoint::Readyz), (&["aptlet", "probe", "livez"], Endpoint::Livez)];
        for (arguments, endpoint) in probes {
            assert_eq!(parse(arguments).unwrap().command, Command::Probe(endpoint));
        }
    }

    #[test]
    fn a_command_to_become_is_what_follows_two_dashes() {
        let line =
            ["aptlet", "run", "jq", "--packages", "curl git", "--", "sh", "-c", "a b", "--", "--dest", ""];
        let arguments = parse(line).unwrap();
        assert_eq!(arguments.command, Command::Run);
        assert_eq!(arguments.requests, ["jq", "curl git"]);
        assert_eq!(arguments.program, ["sh", "-c", "a b", "--", "--dest", ""]);
        assert_eq!(arguments.options.dest, None);
        for arguments in [&["run", "jq"][..], &["run", "jq", "--"]] {
            let (code, text) = fails(arguments);
            assert!(code == 2 && text.contains("COMMAND") && text.contains("Usage: aptlet run"), "{text}");
        }
    }

    #[test]
    fn the_order_of_two_flags_is_known() {
        let arguments =
            ["aptlet", "install", "x", "--path-exclude=/a", "--path-include", "/b", "--path-exclude=/c"];
        let options = parse(arguments).unwrap().options;
        let places = [&options.path_exclude[0], &options.path_include[0], &options.path_exclude[1]];
        assert!(places.map(|pattern| pattern.place).is_sorted_by(|one, other| one < other), "{places:?}");
    }

    #[test]
    fn usage_errors_exit_with_2_and_name_the_nearest() {
        let (code, text) = fails(&[]);
        assert!(code == 2 && text.contains("Usage: aptlet"), "{text}");
        let (code, text) = fails(&["instal"]);
        assert!(code == 2 && text.contains("'install'"), "{text}");
        let (code, text) = fails(&["install", "--miror", "x"]);
        assert!(code == 2 && text.contains("'--mirror'"), "{text}");
        let (code, text) = fails(&["install", "--retries", "x"]);
        assert!(code == 2 && text.contains("--retries"), "{text}");
        let (code, text) = fails(&["install", "--mirror", "ftp://u:secret@mirror.example"]);
        assert!(code == 2 && text.contains("'ftp'") && !text.contains("secret"), "{text}");
        let (code, text) = fails(&["--version"]);
        assert_eq!((code, text), (0, format!("aptlet {}\n", env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn a_command_refuses_flags_that_it_has_no_use_for() {
        for arguments in [
            &["install", "--output=x"][..],
            &["install", "--explain=x"],
            &["status", "--explain=x"],
            &["lock", "--lock=x"],
            &["lock", "--dest=/x"],
            &["lock", "--interval=1h"],
            &["install", "--listen=:1"],
            &["watch", "--explain=x"],
            &["probe", "--listen=:1"],
            &["status", "--ca-certificate=x"],
            &["status", "curl"],
            &["run", "--prefix=/x", "--", "true"],
            &["run", "--self", "--", "true"],
            &["install", "--on-failure=abort"],
            &["lock", "--self"],
            &["verify", "--self"],
        ] {
            let (code, text) = fails(arguments);
            assert!(code == 2 && text.contains("unexpected argument"), "{text}");
            assert!(text.contains(&format!("Usage: aptlet {}", arguments[0])), "{text}");
        }
    }

    #[test]
    fn to_explain_is_not_to_write() {
        let (code, text) = fails(&["lock", "--explain=x", "-o", "y"]);
        assert!(code == 2 && text.contains("--explain") && text.contains("--output"), "{text}");
        let arguments = parse(["aptlet", "lock", "--explain", "libssl3", "curl"]).unwrap();
        assert_eq!((arguments.options.explain.as_deref(), arguments.requests.len()), (Some("libssl3"), 1));
    }

    #[test]
    fn the_help_is_complete_and_narrow() {
        for name in ["install", "run", "lock", "status", "verify", "watch", "probe"] {
            let (code, text) = fails(&[name, "--help"]);
            assert_eq!(code, 0);
            assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
            assert!(text.contains("Examples:"), "{text}");
            let command = command();
            let subcommand = command.find_subcommand(name).unwrap();
            let shown = subcommand.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_last_set());
            for arg in shown.filter(|arg| arg.get_id() != "endpoint") {
                let variable = arg.get_long().map_or(PACKAGES.to_owned(), variable_of);
                assert!(text.contains(&format!("[env: {variable}]")), "{name}: {variable}");
            }
        }
        let headings = ["Packages:", "Sources:", "Trust:", "Destination:", "Network:", "Output:"];
        let (_, text) = fails(&["install", "--help"]);
        let places: Vec<_> = headings.iter().map(|heading| text.find(heading).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }
}
