//! The stop *config*: flags, environment and `ConfigMap` become one [`Settings`].
//!
//! The three say the same things ([`Options`]); a flag beats the environment, which beats the `ConfigMap`, which
//! beats the default. Nothing else is read of them: source lists, keyrings and locks are handed on as paths.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod configmap;
mod environment;
mod error;
mod nearest;
mod options;
mod paths;
mod rendering;
mod sources;
mod text;
mod values;
mod watching;
mod yaml;

pub use environment::PACKAGES;
pub use error::{Error, Warning};
pub use options::{Options, variable_of};
pub use paths::{PathRule, Paths};
pub use rendering::{Rendering, contents};
pub use sources::{DEFAULT_COMPONENT, DEFAULT_MIRROR, DEFAULT_SUITES, MachineApt, SourceChoice};
pub use text::{LARGEST, read as read_text, read_from as read_text_from};
pub use values::{
    BadValue, Count, Interval, Listen, Locale, LogFormat, MirrorUri, Mode, OnFailure, Owners, PathPattern,
    Quantity, RequireScripts, Word,
};
pub use watching::Watching;

use crate::control::architecture::Architecture;
use crate::request::{self, Origin, Request, normalise};

const DEFAULT_CONFIG: &str = "/etc/aptlet";
const DEFAULT_DEST: &str = "/p";
const DEFAULT_OUTPUT: &str = "aptlet.lock";
const DEFAULT_TERMINATION_LOG: &str = "/dev/termination-log";
const DEFAULT_CONNECTIONS: u32 = 8;
const DEFAULT_GENERATIONS: u32 = 2;
const DEFAULT_RETRIES: u32 = 3;
const DEFAULT_TIMEOUT: u32 = 30;

/// What the settings are for; they differ in whether there must be something to install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `aptlet install`: requests, or a lock.
    Install,
    /// `aptlet run`: as for `aptlet install`, and the base is by default that of this machine.
    Run,
    /// `aptlet lock`: requests; a lock that is there already is not looked at.
    Lock,
    /// `aptlet status`: neither.
    Status,
    /// `aptlet verify`: neither.
    Verify,
    /// `aptlet watch`, whose own process has no use for either.
    Watch,
    /// What `aptlet watch` runs: `aptlet install`, with its last word as JSON on standard output.
    Reconcile,
    /// `aptlet probe`: neither.
    Probe(Endpoint),
    /// `aptlet render`: as for `aptlet install`, and neither where the `ConfigMap` is one that is there already.
    Render,
}

/// A question about a process, as Kubernetes names them for its own components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Endpoint {
    /// Whether it runs.
    Livez,
    /// Whether what it is for can be used.
    #[default]
    Readyz,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Warnings and errors.
    Quiet,
    /// What is done.
    Normal,
    /// What is done, in detail.
    Verbose,
}

/// Where `aptlet lock` writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// Everything that is configured, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// The destination: an absolute path without `.` and `..`.
    pub dest: PathBuf,
    /// The path at which the main container sees the destination: absolute, without `.` and `..`, UTF-8.
    pub prefix: String,
    /// What to install. With a `lock` that lies in the `ConfigMap`, these are the requests beside it, which it
    /// was made from; with any other lock there are none.
    pub requests: Vec<Request>,
    /// The lock to install instead of resolving `requests`.
    pub lock: Option<PathBuf>,
    /// Where the sources come from.
    pub sources: SourceChoice,
    /// Keyrings to trust for sources that do not name their own.
    pub keyrings: Vec<PathBuf>,
    /// Files of `apt_preferences(5)`.
    pub preferences: Vec<PathBuf>,
    /// Files of `apt_auth.conf(5)`.
    pub auth: Vec<PathBuf>,
    /// PEM files of certificate authorities to trust besides those built in.
    pub ca_certificates: Vec<PathBuf>,
    /// The native architecture of what is installed.
    pub architecture: Architecture,
    /// Whether `Recommends` count as `Depends`.
    pub recommends: bool,
    /// Names of packages to leave out, whoever needs them.
    pub exclude: Vec<String>,
    /// Whether the Essential set is installed, too.
    pub with_essential: bool,
    /// The dpkg status of what the main image has already: a file or a folder.
    pub base: Option<PathBuf>,
    /// Whether newer versions of what the base has may be installed.
    pub upgrade_base: bool,
    /// What all packages together may unpack to, in bytes.
    pub max_unpacked: Option<u64>,
    /// Whose the installed files are.
    pub owners: Owners,
    /// Names of locales that must work.
    pub locales: Vec<String>,
    /// Which paths of packages are left out.
    pub paths: Paths,
    /// How many generations stay in the destination, the current one included; at least 1.
    pub keep_generations: usize,
    /// Which maintainer scripts must be done in full.
    pub require_scripts: RequireScripts,
    /// Whether aptlet itself is put into the destination, too. With neither requests nor a lock, nothing else is.
    pub own_binary: bool,
    /// What `aptlet run` does when the installation fails.
    pub on_failure: OnFailure,
    /// Connections to one host at once; at least 1.
    pub connections: usize,
    /// Further tries after the first.
    pub retries: u32,
    /// How long a server may send nothing; at least a second.
    pub timeout: Duration,
    /// Where `aptlet lock` writes to.
    pub output: Output,
    /// The package whose being in the plan `aptlet lock` is to explain, instead of writing anything.
    pub explain: Option<String>,
    /// The file or folder of the tree whose relocation `aptlet status` is to show, instead of what is installed.
    pub relocation: Option<PathBuf>,
    /// How the log is written.
    pub log_format: LogFormat,
    /// How much is logged.
    pub verbosity: Verbosity,
    /// The pod's termination message file, which need not exist.
    pub termination_log: PathBuf,
    /// What to tell the user before all else.
    pub warnings: Vec<Warning>,
}

/// What the configuration depends on besides the command line.
#[derive(Debug, Clone)]
pub struct Host {
    /// All environment variables.
    pub environment: Vec<(OsString, OsString)>,
    /// What relative paths are relative to.
    pub working_directory: PathBuf,
    /// The folder of settings where none is named.
    pub etc_aptlet: PathBuf,
    /// The configuration of this machine's apt.
    pub etc_apt: PathBuf,
    /// The folder of this machine's dpkg database.
    pub dpkg: PathBuf,
}

impl Host {
    /// This process, on this machine.
    pub fn this() -> Result<Self, Error> {
        Ok(Self {
            environment: std::env::vars_os().collect(),
            working_directory: std::env::current_dir().map_err(Error::WorkingDirectory)?,
            etc_aptlet: DEFAULT_CONFIG.into(),
            etc_apt: "/etc/apt".into(),
            dpkg: "/var/lib/dpkg".into(),
        })
    }
}

impl Settings {
    /// Decides all settings of `command` from the flags, the requests of the command line, and `host`.
    ///
    /// # Errors
    /// All are errors of configuration: what is malformed, unknown, contradictory or unreadable.
    pub fn resolve(
        command: Command,
        flags: Options,
        requests: &[String],
        host: &Host,
    ) -> Result<Self, Error> {
        let environment = environment::read(&host.environment)?;
        let named = flags.config.as_ref().or(environment.options.config.as_ref());
        let config = named.unwrap_or(&host.etc_aptlet).clone();
        let map = configmap::load(&config, named.is_some())?;
        for (options, place) in [
            (&flags, "the command line"),
            (&environment.options, "the environment"),
            (&map.options, "aptlet.yaml"),
        ] {
            if options.quiet == Some(true) && options.verbose == Some(true) {
                return Err(Error::QuietAndVerbose { place: place.to_owned() });
            }
        }

        let layers = [
            Layer {
                lock: flags.lock.clone(),
                requests: Asked::Arguments(requests),
                names: ["--lock", "the requests on the command line"],
            },
            Layer {
                lock: environment.options.lock.clone(),
                requests: Asked::Variable(&environment.packages),
                names: ["APTLET_LOCK", PACKAGES],
            },
            Layer {
                lock: map.options.lock.clone(),
                requests: Asked::Key(map.packages.as_deref()),
                names: ["the ConfigMap's lock", "its key 'packages'"],
            },
        ];
        let mut warnings = environment.warnings;
        warnings.extend(map.warnings);
        let wanted = wanted(command, layers, &host.working_directory)?;
        let path_rules = paths::rules([&map.options, &environment.options, &flags]);
        let said = flags.or(environment.options);
        let beside_lock = sources::given(&said);
        let options = said.or(map.options);
        let own_binary = command == Command::Install && options.own_binary.unwrap_or(false);
        let (lock, requests) = match wanted {
            Some(wanted) => wanted,
            None if own_binary => (None, Vec::new()),
            None if command == Command::Render && options.configmap.is_some() => (None, Vec::new()),
            None => return Err(Error::NoRequests { config, warnings }),
        };
        let mut of_sources = Vec::new();
        let sources = sources::choose(&options, &host.etc_apt, &mut of_sources)?;
        match &lock {
            // a ConfigMap may hold what its lock was made from
            Some(lock) => {
                warnings
                    .extend(beside_lock.map(|setting| Warning::Unused { setting, sources: lock.clone() }));
            }
            None => warnings.extend(of_sources),
        }
        if !matches!(command, Command::Status | Command::Verify) {
            let lists = [&options.sources, &options.keyring, &options.preferences, &options.ca_certificate];
            let files = lists.into_iter().flatten().chain(&options.auth).chain(&lock);
            files.map(PathBuf::as_path).try_for_each(text::check)?;
        }
        let dest = dest(options.dest, host);
        let prefix = prefix(options.prefix.as_deref().unwrap_or(&dest))?;
        if command == Command::Run && dest != Path::new(&prefix) {
            return Err(Error::OtherPrefix { prefix, dest });
        }
        let keep_generations = options.keep_generations.map_or(DEFAULT_GENERATIONS, |count| count.0) as usize;
        if command == Command::Reconcile && keep_generations < 2 {
            return Err(Error::KeepGenerations);
        }
        Ok(Self {
            prefix,
            dest,
            requests,
            lock,
            sources,
            keyrings: options.keyring,
            preferences: options.preferences,
            auth: options.auth.into_iter().collect(),
            ca_certificates: options.ca_certificate,
            architecture: options.arch.unwrap_or_else(Architecture::native),
            recommends: options.recommends.unwrap_or(false),
            exclude: options.exclude.into_iter().map(|name| name.0).collect(),
            with_essential: options.with_essential.unwrap_or(false),
            base: base(command, options.base, &host.dpkg),
            upgrade_base: options.upgrade_base.unwrap_or(false),
            max_unpacked: options.max_unpacked.map(|quantity| quantity.0),
            owners: options.owners.unwrap_or_default(),
            locales: options.locale.into_iter().map(|locale| locale.0).collect(),
            paths: Paths { slim: options.slim.unwrap_or(false), rules: path_rules },
            keep_generations,
            require_scripts: options.require_scripts.unwrap_or_default(),
            own_binary,
            on_failure: options.on_failure.unwrap_or_default(),
            connections: options.connections.map_or(DEFAULT_CONNECTIONS, |count| count.0) as usize,
            retries: options.retries.map_or(DEFAULT_RETRIES, |count| count.0),
            timeout: Duration::from_secs(options.timeout.map_or(DEFAULT_TIMEOUT, |count| count.0).into()),
            output: match options.output {
                Some(path) if path.as_os_str() == "-" => Output::Stdout,
                Some(path) => Output::File(path),
                None => Output::File(DEFAULT_OUTPUT.into()),
            },
            explain: options.explain.filter(|name| !name.is_empty()),
            relocation: options.relocation.filter(|path| !path.as_os_str().is_empty()),
            log_format: options.log_format.unwrap_or_default(),
            verbosity: verbosity(options.quiet, options.verbose),
            termination_log: options.termination_log.unwrap_or_else(|| DEFAULT_TERMINATION_LOG.into()),
            warnings,
        })
    }
}

/// What one layer of configuration wants installed.
struct Layer<'a> {
    lock: Option<PathBuf>,
    requests: Asked<'a>,
    /// What the user calls the lock and the requests.
    names: [&'static str; 2],
}

/// Requests that are read only if no higher layer has any.
enum Asked<'a> {
    Arguments(&'a [String]),
    Variable(&'a str),
    Key(Option<&'a Path>),
}

impl Asked<'_> {
    fn read(&self, working_directory: &Path) -> Result<Vec<Request>, Error> {
        let parse =
            |text: &str, origin: Origin| request::parse(text, working_directory, move |_, _| origin.clone());
        match self {
            Self::Arguments(arguments) => {
                let lists = arguments.iter().map(|text| parse(text, Origin::Flag));
                Ok(lists.collect::<Result<Vec<_>, _>>()?.concat())
            }
            Self::Variable(text) => Ok(parse(text, Origin::Environment)?),
            Self::Key(path) => path.map_or(Ok(Vec::new()), |path| read_requests(path, working_directory)),
        }
    }
}

/// The requests of the key `packages`; relative paths are beside it, and what it is relative to itself is
/// `working_directory`.
fn read_requests(path: &Path, working_directory: &Path) -> Result<Vec<Request>, Error> {
    let origin = |line, column| Origin::File { path: path.to_owned(), line, column };
    let folder = path.parent().unwrap_or(Path::new("/"));
    Ok(request::parse(&text::read(path)?, &working_directory.join(folder), origin)?)
}

/// What a command has to install: a lock, or requests, or a lock with the requests that it was made from.
type Wanted = (Option<PathBuf>, Vec<Request>);

/// What the highest layer that wants anything wants; none if no layer does and the command needs it.
fn wanted(
    command: Command,
    layers: [Layer<'_>; 3],
    working_directory: &Path,
) -> Result<Option<Wanted>, Error> {
    if matches!(command, Command::Status | Command::Verify) {
        return Ok(Some((None, Vec::new())));
    }
    for layer in layers {
        let requests = layer.requests.read(working_directory)?;
        let lock = layer.lock.filter(|_| command != Command::Lock);
        // In a ConfigMap the one is made from the other; anywhere else they contradict each other.
        if lock.is_some() && !requests.is_empty() && !matches!(layer.requests, Asked::Key(_)) {
            let [lock, requests] = layer.names;
            return Err(Error::LockAndRequests { lock, requests });
        }
        if lock.is_some() || !requests.is_empty() {
            return Ok(Some((lock, requests)));
        }
    }
    Ok(None)
}

/// What counts as installed already: what is said, or for a command that runs in the main image what that has.
fn base(command: Command, said: Option<PathBuf>, dpkg: &Path) -> Option<PathBuf> {
    let has_status = || dpkg.join("status").is_file() || dpkg.join("status.d").is_dir();
    match said {
        Some(path) if path.as_os_str() == options::NO_BASE => None,
        None if command == Command::Run && has_status() => Some(dpkg.to_owned()),
        said => said,
    }
}

fn dest(given: Option<PathBuf>, host: &Host) -> PathBuf {
    normalise(&host.working_directory.join(given.unwrap_or_else(|| DEFAULT_DEST.into())))
}

fn verbosity(quiet: Option<bool>, verbose: Option<bool>) -> Verbosity {
    match (quiet, verbose) {
        (Some(true), _) => Verbosity::Quiet,
        (_, Some(true)) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    }
}

/// A prefix becomes part of `#!` lines and of PATH, so it cannot have what these cannot say.
fn prefix(path: &Path) -> Result<String, Error> {
    let refuse = |reason| Err(Error::Prefix { path: path.to_owned(), reason });
    if !path.is_absolute() {
        return refuse("is not an absolute path");
    }
    match normalise(path).to_str() {
        None => refuse("is not UTF-8 text"),
        Some(text) if text.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control()) => {
            refuse("contains white space or ':', which neither PATH nor a script's first line can say")
        }
        Some(text) => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
