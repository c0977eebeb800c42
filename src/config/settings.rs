//! Everything that is configured, decided.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::baking::Baking;
use super::command::Command;
use super::error::{Error, Warning};
use super::host::Host;
use super::kept_indexes::KeptIndexes;
use super::layers::Layers;
use super::main_image::{KnownImage, MainImage};
use super::options::{Layer as _, Options};
use super::paths::{self, Paths};
use super::places;
use super::registries::Registries;
use super::sources::{self, SourceChoice};
use super::text;
use super::values::{
    Architectures, Base, FileOrText, Generators, ImageSource, LogFormat, Mode, OnFailure, Output, Owners,
    PathOrder, RequireScripts, SbomFormat, Verbosity,
};
use crate::control::architecture::Architecture;
use crate::request::Request;

/// Which settings were said, and are not defaults: a lock is held against these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is about a setting of its own")]
pub(crate) struct Said {
    pub(crate) recommends: bool,
    pub(crate) with_essential: bool,
    pub(crate) upgrade_base: bool,
    pub(crate) base: bool,
    pub(crate) sources: bool,
}

/// Everything that is configured, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// The destination: an absolute path without `.` and `..`.
    pub(crate) dest: PathBuf,
    /// The path at which the main container sees the destination: absolute, without `.` and `..`, UTF-8.
    pub(crate) prefix: String,
    /// What to install. With a `lock` that lies in the `ConfigMap`, these are the requests beside it, which it
    /// was made from; with any other lock there are none.
    pub requests: Vec<Request>,
    /// The lock to install instead of resolving `requests`.
    pub(crate) lock: Option<PathBuf>,
    /// Where the sources come from.
    pub(crate) sources: SourceChoice,
    /// Keyrings to trust for sources that do not name their own.
    pub(crate) keyrings: Vec<FileOrText>,
    /// Files of `apt_preferences(5)`.
    pub(crate) preferences: Vec<PathBuf>,
    /// Files of `apt_auth.conf(5)`.
    pub(crate) auth: Vec<PathBuf>,
    /// What is known of registries.
    pub(crate) registries: Registries,
    /// Whether each source has to be usable.
    pub(crate) strict_sources: bool,
    /// Whether a repository may say that it is another one than before.
    pub(crate) allow_releaseinfo_change: bool,
    /// The PEM file of the certificate to show to servers that ask for one.
    pub(crate) client_certificate: Option<PathBuf>,
    /// That of its key, where it is another.
    pub(crate) client_key: Option<PathBuf>,
    /// PEM files of certificate authorities to trust besides those built in.
    pub(crate) ca_certificates: Vec<PathBuf>,
    /// The native architecture of what is installed.
    pub(crate) architecture: Architecture,
    /// Those that an image is to be for as well.
    pub(crate) other_architectures: Vec<Architectures>,
    /// The settings for these, once they are resolved.
    pub(crate) others: Vec<Settings>,
    /// Whether `Recommends` count as `Depends`.
    pub(crate) recommends: bool,
    /// Names of packages to leave out, whoever needs them.
    pub(crate) exclude: Vec<String>,
    /// Patterns for the names of packages that may be added to a live destination, if there are any.
    pub(crate) allow: Vec<String>,
    /// The same for those that may not.
    pub(crate) deny: Vec<String>,
    /// Whether the Essential set is installed, too.
    pub(crate) with_essential: bool,
    /// The dpkg status of what the main image has already: a file or a folder.
    pub(crate) base: Option<PathBuf>,
    /// The image that something is to be put on top of, or beside.
    pub(crate) base_image: Option<ImageSource>,
    /// The same, where it was looked at: its packages are the base then.
    pub(crate) known_image: Option<KnownImage>,
    /// Whether newer versions of what the base has may be installed.
    pub(crate) upgrade_base: bool,
    /// What all packages together may unpack to, in bytes.
    pub(crate) max_unpacked: Option<u64>,
    /// What the destination may hold, in bytes, though its file system takes more.
    pub(crate) size_limit: Option<u64>,
    /// Whose the installed files are.
    pub(crate) owners: Owners,
    /// Names of locales that must work.
    pub(crate) locales: Vec<String>,
    /// Which paths of packages are left out.
    pub(crate) paths: Paths,
    /// How many generations stay in the destination, the current one included; at least 1.
    pub(crate) keep_generations: usize,
    /// Which maintainer scripts must be done in full.
    pub(crate) require_scripts: RequireScripts,
    /// Whether the image's own programs are to load the tree's libraries.
    pub(crate) libraries: bool,
    /// Where what is known of the image comes from.
    pub(crate) image: MainImage,
    /// Which programs of the tree are run.
    pub(crate) generators: Generators,
    /// Whether aptlet itself is put into the destination, too. With neither requests nor a lock, nothing else is.
    pub(crate) own_binary: bool,
    /// What becomes of a failure, where that is said.
    pub(crate) on_failure: Option<OnFailure>,
    /// Where `aptlet run` puts the tree's commands on PATH.
    pub(crate) path_order: PathOrder,
    /// Connections to one host at once; at least 1.
    pub(crate) connections: usize,
    /// Further tries after the first.
    pub(crate) retries: u32,
    /// How long a server that is too busy is asked again.
    pub(crate) patience: Duration,
    /// How many bytes a second a server must send at least.
    pub(crate) min_speed: u64,
    /// How long a server may send nothing; at least a second.
    pub(crate) timeout: Duration,
    /// Whether `aptlet install` only shows what it would do.
    pub(crate) dry_run: bool,
    /// Which of the settings that a lock records were said.
    pub(crate) said: Said,
    /// Whether `aptlet lock` only looks whether the lock that is there is the answer.
    pub(crate) check: bool,
    /// Where verified indexes are kept for later runs, if they are.
    pub(crate) kept_indexes: Option<KeptIndexes>,
    /// Source lists besides those that are configured: what each is called, and its text.
    pub(crate) more_sources: Vec<(PathBuf, String)>,
    /// Where `aptlet lock` writes to.
    pub(crate) output: Output,
    /// Where `aptlet bake` writes to, how it compresses layers, and where it makes the tree.
    pub(crate) baking: Option<Baking>,
    /// The image whose bill of materials is asked for.
    pub(crate) described: Option<ImageSource>,
    /// How a bill of materials is written.
    pub(crate) sbom_format: SbomFormat,
    /// The package whose being in the plan `aptlet lock` is to explain, instead of writing anything.
    pub(crate) explain: Option<String>,
    /// The file or folder of the tree whose relocation `aptlet status` is to show, instead of what is installed.
    pub(crate) relocation: Option<PathBuf>,
    /// Whether `aptlet status` is to show variables, instead of what is installed.
    pub(crate) env: bool,
    /// How the log is written.
    pub(crate) log_format: LogFormat,
    /// How much is logged.
    pub(crate) verbosity: Verbosity,
    /// The pod's termination message file, which need not exist.
    pub(crate) termination_log: PathBuf,
    /// What to tell the user before all else.
    pub(crate) warnings: Vec<Warning>,
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
        Self::resolve_on(command, flags, requests, host, None)
    }

    /// The same, where the image is known that something is to be put on top of, or beside.
    ///
    /// # Errors
    /// As before.
    pub(crate) fn resolve_on(
        command: Command,
        flags: Options,
        requests: &[String],
        host: &Host,
        known_image: Option<KnownImage>,
    ) -> Result<Self, Error> {
        let is_live = matches!(command, Command::Live { .. });
        let layers = Layers::read(flags, host)?;
        let mut passed_over = Vec::new();
        // what a pod is to get by its settings is not what somebody asks about who asks about a tree
        let described = described(command, requests)?;
        let own_image = command == Command::Bake && layers.flags.self_installing.own_binary == Some(true);
        if own_image && (!requests.is_empty() || layers.flags.locked.lock.is_some()) {
            return Err(Error::OwnImage);
        }
        let of_tree = command == Command::Sbom
            && (described.is_some() || requests.is_empty() && layers.flags.locked.lock.is_none());
        let wanted = match of_tree || own_image {
            true => Some((None, Vec::new())),
            false => layers.wanted(command, requests, host, &mut passed_over)?,
        };
        let Layers { flags, environment, map, folder } = layers;
        let mut warnings = environment.warnings;
        warnings.extend(map.warnings);
        warnings.append(&mut passed_over);
        let path_rules = paths::rules([&map.options.tree, &environment.options.tree, &flags.tree]);
        let said = flags.or(environment.options);
        let beside_lock = sources::given(&said.sourcing);
        let options = said.or(map.options);
        let own_binary =
            own_image || command == Command::Install && options.self_installing.own_binary.unwrap_or(false);
        let (lock, requests) = match wanted {
            Some(wanted) => wanted,
            None if own_binary || is_live => (None, Vec::new()),
            None if command == Command::Render
                && (options.manifest.configmap.is_some()
                    || matches!(options.manifest.mode, Some(Mode::Live | Mode::Image))) =>
            {
                (None, Vec::new())
            }
            None => return Err(Error::NoRequests { config: folder, warnings }),
        };
        let base_image = options.choosing.base_image.clone();
        if base_image.is_some() && options.choosing.base.is_some() {
            return Err(Error::BaseTwice);
        }
        let base = match (&known_image, &base_image) {
            (Some(known), _) => known.status(),
            (None, Some(_)) => None,
            (None, None) => base(command, options.choosing.base.clone(), &host.dpkg),
        };
        let architectures = options.choosing.arch.clone();
        let other_architectures: Vec<Architectures> =
            architectures.iter().flat_map(Architectures::others).collect();
        if command != Command::Bake && !other_architectures.is_empty() {
            return Err(Error::OneArchitecture);
        }
        let architecture = architectures.as_ref().map_or_else(Architecture::native, Architectures::first);
        let lock = lock.map(|path| for_architecture(&path, &architecture));
        let mut of_sources = Vec::new();
        let image = sources::Image { base: base.as_deref(), own: &host.dpkg };
        let sources =
            sources::choose(&options.sourcing, &architecture, image, &host.etc_apt, &mut of_sources)?;
        match &lock {
            // a ConfigMap may hold what its lock was made from
            Some(lock) => {
                warnings
                    .extend(beside_lock.map(|setting| Warning::Unused { setting, sources: lock.clone() }));
            }
            None => warnings.extend(of_sources),
        }
        // who only looks may look at a tree that was made for another place
        let only_looks = of_tree || matches!(command, Command::Status | Command::Verify | Command::List);
        if !only_looks {
            check_files(&options, lock.as_deref())?;
        }
        let said = Said {
            recommends: options.choosing.recommends.is_some(),
            with_essential: options.choosing.with_essential.is_some(),
            upgrade_base: options.choosing.upgrade_base.is_some(),
            base: options.choosing.base.is_some() || known_image.is_some(),
            sources: !options.sourcing.sources.is_empty()
                || sources::given(&options.sourcing).next().is_some(),
        };
        let registries = Registries::of(&options.trust, &folder, host);
        let Options { choosing, limiting, sourcing, trust, tree, network, .. } = options;
        // an image is mounted elsewhere than where this machine has a tree
        let destination = if command == Command::Bake { <_>::default() } else { options.destination };
        let dest = places::dest(destination, host);
        let libc = options.libraries.image_libc;
        let image = match &known_image {
            Some(known) => MainImage { libc, status: base.clone(), root: Some(known.root.clone()) },
            None => MainImage::of(command, libc, base.as_deref(), &host.dpkg),
        };
        let prefix = options.relocating.prefix.map(|prefix| prefix.0);
        let prefix = match places::prefix(prefix.as_deref().unwrap_or(&dest)) {
            Err(_) if only_looks => String::new(),
            prefix => prefix?,
        };
        if command.runs_in_image() && dest != Path::new(&prefix) {
            return Err(Error::OtherPrefix { prefix, dest });
        }
        if options.libraries.libraries == Some(true) && prefix == "/" {
            return Err(Error::LibrariesAtRoot);
        }
        if is_live && prefix == "/" {
            return Err(Error::LiveAtRoot);
        }
        let baking = (command == Command::Bake).then(|| Baking::of(options.baking, host)).transpose()?;
        let keep_generations = tree.generations() as usize;
        if command == Command::Reconcile && keep_generations < 2 {
            return Err(Error::KeepGenerations);
        }
        Ok(Self {
            prefix,
            dest,
            requests,
            lock,
            sources,
            keyrings: trust.keyring,
            preferences: sourcing.preferences,
            strict_sources: sourcing.strict_sources.unwrap_or(command == Command::Lock),
            allow_releaseinfo_change: sourcing.allow_releaseinfo_change.unwrap_or(false),
            auth: trust.auth.into_iter().collect(),
            registries,
            ca_certificates: trust.ca_certificate,
            client_certificate: trust.client_certificate,
            client_key: trust.client_key,
            architecture,
            other_architectures,
            others: Vec::new(),
            // as apt does
            recommends: choosing.recommends.unwrap_or(is_live),
            exclude: choosing.exclude.into_iter().map(|name| name.0).collect(),
            allow: limiting.allow.into_iter().map(|pattern| pattern.0).collect(),
            deny: limiting.deny.into_iter().map(|pattern| pattern.0).collect(),
            with_essential: choosing.with_essential.unwrap_or(false),
            base,
            base_image,
            known_image,
            upgrade_base: choosing.upgrade_base.unwrap_or(false),
            max_unpacked: tree.max_unpacked.map(|quantity| quantity.0),
            size_limit: tree.size_limit.map(|quantity| quantity.0),
            owners: tree.owners.unwrap_or_default(),
            locales: tree.locale.into_iter().map(|locale| locale.0).collect(),
            paths: Paths { slim: tree.slim.unwrap_or(false), rules: path_rules },
            keep_generations,
            require_scripts: tree.require_scripts.unwrap_or_default(),
            libraries: options.libraries.libraries.unwrap_or(is_live),
            image,
            generators: tree.generators.unwrap_or_default(),
            own_binary,
            on_failure: options.running.on_failure,
            path_order: options.ordering.path_order.unwrap_or_default(),
            connections: network.connections(),
            retries: network.retries(),
            patience: network.patience(),
            min_speed: network.min_speed(),
            timeout: network.timeout(),
            said,
            check: options.locking.check.unwrap_or(false),
            explain: options.locking.explain.clone().filter(|name| !name.is_empty()),
            dry_run: command == Command::Install && options.trying.dry_run.unwrap_or(false),
            output: options.locking.output(),
            kept_indexes: None,
            more_sources: Vec::new(),
            baking,
            described,
            sbom_format: options.describing.format.unwrap_or_default(),
            env: options.inspecting.env.unwrap_or(false),
            relocation: options
                .inspecting
                .relocation
                .map(|path| path.0)
                .filter(|path| !path.as_os_str().is_empty()),
            log_format: options.logging.log_format.unwrap_or_default(),
            verbosity: options.loudness.verbosity(),
            termination_log: options.termination.file(),
            warnings,
        })
    }
}

/// The image that `aptlet sbom` is to describe, where a word names one.
fn described(command: Command, requests: &[String]) -> Result<Option<ImageSource>, Error> {
    let named = requests.iter().find(|word| command == Command::Sbom && ImageSource::is_named(word));
    let Some(word) = named else { return Ok(None) };
    let refuse = |reason: String| Error::Described { image: word.clone(), reason };
    match requests {
        [_] => word.parse::<ImageSource>().map(Some).map_err(|error| refuse(error.to_string())),
        _ => Err(refuse("an image is described alone".to_owned())),
    }
}

impl Settings {
    /// The first of several architectures, alone.
    pub(crate) fn own_architecture(&self) -> Option<Architectures> {
        self.other_architectures.first()?;
        self.architecture.as_str().parse().ok()
    }
}

/// `$(ARCH)` in the name of a lock, as in source lists: there is one for each architecture.
fn for_architecture(lock: &Path, architecture: &Architecture) -> PathBuf {
    match lock.to_str() {
        Some(text) => text.replace("$(ARCH)", architecture.as_str()).into(),
        None => lock.to_owned(),
    }
}

/// That the files which are named are there.
fn check_files(options: &Options, lock: Option<&Path>) -> Result<(), Error> {
    let (sourcing, trust) = (&options.sourcing, &options.trust);
    let given = sourcing.sources.iter().chain(&trust.keyring).filter_map(FileOrText::file);
    let lists = sourcing.preferences.iter().chain(&trust.ca_certificate);
    let secrets = trust.auth.iter().chain(&trust.client_certificate).chain(&trust.client_key);
    let files = given.chain(lists.chain(secrets).map(PathBuf::as_path));
    files.chain(lock).try_for_each(text::check)
}

/// What counts as installed already: what is said, or for a command that runs in the main image what that has.
fn base(command: Command, said: Option<Base>, dpkg: &Path) -> Option<PathBuf> {
    let has_status = || dpkg.join("status").is_file() || dpkg.join("status.d").is_dir();
    match said {
        None if command.runs_in_image() && has_status() => Some(dpkg.to_owned()),
        said => said.and_then(Base::status),
    }
}

#[cfg(test)]
mod tests;
