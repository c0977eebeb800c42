//! The settings that a user can give, each of them optional: one struct, which is read from the flags, from
//! the environment and from `aptlet.yaml`, so that the three cannot drift apart.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use serde_json::Value;

use super::error::Error;
use super::values::{
    self, Count, Interval, Listen, Locale, LogFormat, MirrorUri, Mode, OnFailure, Owners, PathPattern,
    Quantity, RequireScripts, Word,
};

use crate::control::architecture::Architecture;

/// The `--base` that is none; a file of that name is `./none`.
pub(super) const NO_BASE: &str = "none";

/// What one layer of configuration says; an empty list says nothing.
///
/// The long flag, the variable ([`variable_of`]) and the key of `aptlet.yaml` are all made from the name of
/// the field. The doc comments are the text of `--help`.
#[allow(rustdoc::bare_urls, clippy::doc_markdown, reason = "the doc comments are the text of --help")]
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, serde::Serialize, serde::Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Options {
    /// Read settings from this folder, where a ConfigMap is mounted [default: /etc/aptlet]
    #[arg(long, value_name = "DIR")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Install exactly what this lock pins, without resolving anything
    #[arg(long, value_name = "FILE", help_heading = "Packages")]
    pub lock: Option<PathBuf>,

    /// Install packages for this architecture [default: that of this machine]
    #[arg(long, value_name = "ARCH", help_heading = "Packages")]
    #[serde(deserialize_with = "values::parsed")]
    pub arch: Option<Architecture>,

    /// Also install what packages recommend [default: false]
    #[arg(long, value_name = "BOOL", help_heading = "Packages")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub recommends: Option<bool>,

    /// Leave this package out, whoever needs it; repeatable
    #[arg(long, value_name = "NAME", help_heading = "Packages")]
    #[serde(deserialize_with = "values::list")]
    pub exclude: Vec<Word>,

    /// Also install the packages that Debian calls essential: a shell, coreutils and so on [default: false]
    #[arg(long, value_name = "BOOL", help_heading = "Packages")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub with_essential: Option<bool>,

    /// Install only what this dpkg status of the main image does not have: a file, a status.d folder, or 'none'
    /// [default: none; for 'run', that of the image]
    #[arg(long, value_name = "PATH", help_heading = "Packages")]
    pub base: Option<PathBuf>,

    /// Install newer versions of what --base has, where they are needed [default: false]
    #[arg(long, value_name = "BOOL", help_heading = "Packages")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub upgrade_base: Option<bool>,

    /// Use the repositories of this .sources or .list file; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Sources")]
    #[serde(deserialize_with = "values::list")]
    pub sources: Vec<PathBuf>,

    /// Use this mirror; repeat for fallbacks [default: http://ftp.debian.org/debian]
    #[arg(long, value_name = "URL", help_heading = "Sources")]
    #[serde(deserialize_with = "values::list")]
    pub mirror: Vec<MirrorUri>,

    /// Use this suite of the mirror; repeatable [default: trixie and trixie-updates]
    #[arg(long, value_name = "NAME", help_heading = "Sources")]
    #[serde(deserialize_with = "values::list")]
    pub suite: Vec<Word>,

    /// Use this component of each suite; repeatable [default: main]
    #[arg(long, value_name = "NAME", help_heading = "Sources")]
    #[serde(deserialize_with = "values::list")]
    pub component: Vec<Word>,

    /// Pin versions as this apt_preferences file says; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Sources")]
    #[serde(deserialize_with = "values::list")]
    pub preferences: Vec<PathBuf>,

    /// Trust repositories signed with this .asc or .gpg keyring; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    #[serde(deserialize_with = "values::list")]
    pub keyring: Vec<PathBuf>,

    /// Trust HTTPS servers certified by this PEM file as well; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    #[serde(deserialize_with = "values::list")]
    pub ca_certificate: Vec<PathBuf>,

    /// Log in to repositories with the passwords of this apt_auth.conf file
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    pub auth: Option<PathBuf>,

    /// Install into this folder [default: /p]
    #[arg(long, value_name = "DIR", help_heading = "Destination")]
    pub dest: Option<PathBuf>,

    /// Make it work at this path, where the main container will see it [default: that of --dest]
    #[arg(long, value_name = "PATH", help_heading = "Destination")]
    pub prefix: Option<PathBuf>,

    /// Unpack at most this much in all: bytes, or a quantity such as 500M or 2Gi [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Destination")]
    #[serde(deserialize_with = "values::parsed")]
    pub max_unpacked: Option<Quantity>,

    /// Leave out documentation but for copyright files, manual and info pages, translations and lintian's files
    /// [default: false]
    #[arg(long, value_name = "BOOL", help_heading = "Destination")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub slim: Option<bool>,

    /// Leave out the paths of packages that match, as dpkg's flag of this name does: '/usr/share/doc/*'; repeatable
    #[arg(long, value_name = "GLOB", help_heading = "Destination")]
    #[serde(deserialize_with = "values::list")]
    pub path_exclude: Vec<PathPattern>,

    /// Bring back what --slim or --path-exclude left out; of all patterns that match, the last decides; repeatable
    #[arg(long, value_name = "GLOB", help_heading = "Destination")]
    #[serde(deserialize_with = "values::list")]
    pub path_include: Vec<PathPattern>,

    /// 'map' gives everything to the current user; 'keep' keeps owners and set-id bits, which takes root [default: map]
    #[arg(long, value_name = "HOW", help_heading = "Destination", hide_possible_values = true)]
    pub owners: Option<Owners>,

    /// End with an error unless this locale works in the tree, and keep its translations with --slim; repeatable
    #[arg(long, value_name = "LOCALE", help_heading = "Destination")]
    #[serde(deserialize_with = "values::list")]
    pub locale: Vec<Locale>,

    /// Keep this many generations: the current one and those before it, from which a container may still run [default: 2]
    #[arg(long, value_name = "N", help_heading = "Destination")]
    #[serde(deserialize_with = "values::parsed")]
    pub keep_generations: Option<Count<1>>,

    /// End with an error if maintainer scripts, none of which is run, would have done more than aptlet does itself:
    /// 'none' of them is required, 'known' takes what a pod does not miss for done, 'all' does not [default: none]
    #[arg(long, value_name = "WHICH", help_heading = "Destination", hide_possible_values = true)]
    pub require_scripts: Option<RequireScripts>,

    /// Put aptlet itself into the destination as .aptlet/aptlet, for containers whose image does not have it
    /// [default: false]
    #[arg(id = "self", long = "self", value_name = "BOOL", help_heading = "Destination")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    #[serde(rename = "self")]
    pub own_binary: Option<bool>,

    /// When the installation fails, 'abort' ends with its exit code, and 'continue' starts the command with what is
    /// there [default: abort]
    #[arg(long, value_name = "WHAT", help_heading = "Destination", hide_possible_values = true)]
    pub on_failure: Option<OnFailure>,

    /// Open at most this many connections to one host [default: 8]
    #[arg(long, value_name = "N", help_heading = "Network")]
    #[serde(deserialize_with = "values::parsed")]
    pub connections: Option<Count<1>>,

    /// Try a failed download again this many times [default: 3]
    #[arg(long, value_name = "N", help_heading = "Network")]
    #[serde(deserialize_with = "values::parsed")]
    pub retries: Option<Count<0>>,

    /// Give up on a server that sends nothing for this long [default: 30]
    #[arg(long, value_name = "SECONDS", help_heading = "Network")]
    #[serde(deserialize_with = "values::parsed")]
    pub timeout: Option<Count<1>>,

    /// Answer /livez, /readyz and /metrics over HTTP at this address: ':8080' for all addresses of the pod, or IP:PORT
    /// [default: do not listen]
    #[arg(long, value_name = "ADDRESS", help_heading = "Watching")]
    #[serde(deserialize_with = "values::parsed")]
    pub listen: Option<Listen>,

    /// Look for new versions in the repositories this often, a number with s, m, h or d: 6h; less up to a tenth, so that
    /// many pods do not come at once [default: only when settings change]
    #[arg(long, value_name = "TIME", help_heading = "Watching")]
    #[serde(deserialize_with = "values::parsed")]
    pub interval: Option<Interval>,

    /// 'init' installs before the containers start, 'sidecar' also when the ConfigMap changes, 'entrypoint' in the main
    /// container itself [default: init]
    #[arg(long, value_name = "MODE", help_heading = "Manifest", hide_possible_values = true)]
    pub mode: Option<Mode>,

    /// Mount the packages at this path of the containers; one of two characters is best [default: /p]
    #[arg(long, value_name = "PATH", help_heading = "Manifest")]
    pub mount: Option<PathBuf>,

    /// Take the settings from this ConfigMap. With anything to put into it, be it only packages, it is printed as well
    /// [default: arguments instead]
    #[arg(long, value_name = "NAME", help_heading = "Manifest")]
    pub configmap: Option<String>,

    /// Mount the key auth.conf of this Secret, with logins to repositories, apt_auth.conf(5)
    #[arg(long, value_name = "NAME", help_heading = "Manifest")]
    pub auth_secret: Option<String>,

    /// Start aptlet from this image [default: ghcr.io/aptlet/aptlet:0.1]
    #[arg(long, value_name = "IMAGE", help_heading = "Manifest")]
    pub image: Option<String>,

    /// Print this manifest with aptlet added, and all else as it is; '-' for standard input
    #[arg(short, long, value_name = "FILE", help_heading = "Manifest")]
    pub filename: Option<PathBuf>,

    /// Which workload of the manifest, where it has several: KIND/NAME, such as deployment/web
    #[arg(long, value_name = "KIND/NAME", help_heading = "Manifest")]
    pub workload: Option<String>,

    /// Give the packages to this container only; repeatable [default: all of the manifest, or 'main']
    #[arg(long, value_name = "NAME", help_heading = "Manifest")]
    #[serde(deserialize_with = "values::list")]
    pub container: Vec<Word>,

    /// Print the values of the Helm chart instead [default: false]
    #[arg(long, value_name = "BOOL", help_heading = "Manifest")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    #[arg(conflicts_with_all = ["filename", "configmap"])]
    pub helm_values: Option<bool>,

    /// Write the lock to this file, or to standard output for '-' [default: aptlet.lock]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Show why this package is in the plan, on standard output, and write no lock
    #[arg(long, value_name = "NAME", help_heading = "Output", conflicts_with = "output")]
    pub explain: Option<String>,

    /// Show which paths in this file of the tree were rewritten for the prefix and which stay, and why; for a folder, in
    /// numbers for each package
    #[arg(long, value_name = "PATH", help_heading = "Destination")]
    pub relocation: Option<PathBuf>,

    /// Write messages as 'text' or as 'json', one object a line [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output", hide_possible_values = true)]
    pub log_format: Option<LogFormat>,

    /// Write warnings and errors only
    #[arg(short, long, value_name = "BOOL", help_heading = "Output")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub quiet: Option<bool>,

    /// Write what is done in detail
    #[arg(short, long, value_name = "BOOL", help_heading = "Output")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub verbose: Option<bool>,

    /// If this file exists, write what went wrong to it as well [default: /dev/termination-log]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub termination_log: Option<PathBuf>,
}

/// The variable that says the same as the long flag: `APTLET_SOME_FLAG` for `some-flag`.
pub fn variable_of(long_flag: &str) -> String {
    format!("APTLET_{}", long_flag.to_ascii_uppercase().replace('-', "_"))
}

impl Options {
    /// What this layer says, and what `lower` says where this one is silent.
    pub(super) fn or(self, lower: Self) -> Self {
        // Quiet and verbose exclude each other: one of them here is an answer to both.
        let spoken = self.quiet == Some(true) || self.verbose == Some(true);
        let (quiet, verbose) = if spoken { (None, None) } else { (lower.quiet, lower.verbose) };
        Self {
            config: self.config.or(lower.config),
            lock: self.lock.or(lower.lock),
            arch: self.arch.or(lower.arch),
            recommends: self.recommends.or(lower.recommends),
            exclude: first(self.exclude, lower.exclude),
            with_essential: self.with_essential.or(lower.with_essential),
            base: self.base.or(lower.base),
            upgrade_base: self.upgrade_base.or(lower.upgrade_base),
            sources: first(self.sources, lower.sources),
            mirror: first(self.mirror, lower.mirror),
            suite: first(self.suite, lower.suite),
            component: first(self.component, lower.component),
            preferences: first(self.preferences, lower.preferences),
            keyring: first(self.keyring, lower.keyring),
            ca_certificate: first(self.ca_certificate, lower.ca_certificate),
            auth: self.auth.or(lower.auth),
            dest: self.dest.or(lower.dest),
            prefix: self.prefix.or(lower.prefix),
            max_unpacked: self.max_unpacked.or(lower.max_unpacked),
            owners: self.owners.or(lower.owners),
            locale: first(self.locale, lower.locale),
            slim: self.slim.or(lower.slim),
            path_exclude: first(self.path_exclude, lower.path_exclude),
            path_include: first(self.path_include, lower.path_include),
            keep_generations: self.keep_generations.or(lower.keep_generations),
            require_scripts: self.require_scripts.or(lower.require_scripts),
            own_binary: self.own_binary.or(lower.own_binary),
            on_failure: self.on_failure.or(lower.on_failure),
            connections: self.connections.or(lower.connections),
            retries: self.retries.or(lower.retries),
            timeout: self.timeout.or(lower.timeout),
            listen: self.listen.or(lower.listen),
            interval: self.interval.or(lower.interval),
            mode: self.mode.or(lower.mode),
            mount: self.mount.or(lower.mount),
            configmap: self.configmap.or(lower.configmap),
            auth_secret: self.auth_secret.or(lower.auth_secret),
            image: self.image.or(lower.image),
            filename: self.filename.or(lower.filename),
            workload: self.workload.or(lower.workload),
            container: first(self.container, lower.container),
            helm_values: self.helm_values.or(lower.helm_values),
            output: self.output.or(lower.output),
            explain: self.explain.or(lower.explain),
            relocation: self.relocation.or(lower.relocation),
            log_format: self.log_format.or(lower.log_format),
            quiet: self.quiet.or(quiet),
            verbose: self.verbose.or(verbose),
            termination_log: self.termination_log.or(lower.termination_log),
        }
    }

    /// The command line that says this. Patterns come in the order in which they decide.
    ///
    /// # Errors
    /// A path that is not UTF-8.
    pub(super) fn to_flags(&self) -> Result<Vec<String>, Error> {
        let Value::Object(settings) = serde_json::to_value(self).map_err(|_| Error::NotTextPath)? else {
            return Ok(Vec::new());
        };
        let mut flags = Vec::new();
        for (name, value) in settings {
            match value {
                Value::Bool(true) => flags.push(format!("--{name}")),
                Value::String(text) => flags.push(format!("--{name}={text}")),
                Value::Array(_) if name.starts_with("path-") => {}
                Value::Array(list) => {
                    flags
                        .extend(list.iter().filter_map(Value::as_str).map(|text| format!("--{name}={text}")));
                }
                Value::Null => {}
                value => flags.push(format!("--{name}={value}")),
            }
        }
        let patterns = [("exclude", &self.path_exclude), ("include", &self.path_include)];
        let patterns =
            patterns.iter().flat_map(|(what, list)| list.iter().map(move |pattern| (what, pattern)));
        let mut patterns: Vec<_> = patterns.collect();
        patterns.sort_by_key(|(_, pattern)| pattern.place);
        flags.extend(patterns.iter().map(|(what, pattern)| format!("--path-{what}={pattern}")));
        Ok(flags)
    }

    /// Reads relative paths as beside `folder`, as those of a file in it are meant. (A prefix is a path of
    /// another container.) An empty path says nothing.
    pub(super) fn relative_to(mut self, folder: &Path) -> Self {
        let no_base = self.base.take_if(|path| path.as_os_str() == NO_BASE);
        for path in [
            &mut self.lock,
            &mut self.base,
            &mut self.auth,
            &mut self.dest,
            &mut self.output,
            &mut self.filename,
            &mut self.termination_log,
        ] {
            *path = path.take().filter(|path| !path.as_os_str().is_empty()).map(|path| beside(folder, path));
        }
        self.base = no_base.or(self.base);
        let lists = [&mut self.sources, &mut self.preferences, &mut self.keyring, &mut self.ca_certificate];
        for list in lists {
            *list = std::mem::take(list).into_iter().map(|path| beside(folder, path)).collect();
        }
        self
    }
}

fn beside(folder: &Path, path: PathBuf) -> PathBuf {
    // For `output` it means standard output.
    if path.as_os_str() == "-" { path } else { folder.join(path) }
}

fn first<T>(list: Vec<T>, lower: Vec<T>) -> Vec<T> {
    if list.is_empty() { lower } else { list }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::OsString;

    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;
    use crate::config::{environment, yaml};

    fn flags(arguments: &[&str]) -> Options {
        let command = Options::augment_args(Command::new("test").no_binary_name(true));
        Options::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap()
    }

    /// A good value for each kind of setting, by the value name that the help shows.
    fn sample(value_name: &str, long: &str) -> &'static str {
        match (value_name, long) {
            ("FORMAT", _) => "json",
            ("BOOL", _) => "true",
            ("N" | "SECONDS" | "SIZE", _) => "7",
            ("URL", _) => "http://mirror.example/debian",
            ("WHICH", _) => "known",
            ("HOW", _) => "keep",
            ("WHAT", _) => "continue",
            ("LOCALE", _) => "de_DE.UTF-8",
            ("ADDRESS", _) => "127.0.0.1:8080",
            ("TIME", _) => "6h",
            ("ARCH", _) => "riscv64",
            ("MODE", _) => "sidecar",
            _ => "/word",
        }
    }

    #[test]
    fn every_long_flag_has_its_variable_and_its_key() {
        let command = Options::augment_args(Command::new("test"));
        let mut count = 0;
        for arg in command.get_arguments() {
            let long = arg.get_long().unwrap();
            let value = sample(arg.get_value_names().unwrap()[0].as_str(), long);
            let from_flag = flags(&[&format!("--{long}={value}")]);
            assert_ne!(from_flag, Options::default(), "--{long}");

            let again: Vec<String> = from_flag.to_flags().unwrap();
            if long != "config" {
                assert_eq!(
                    flags(&again.iter().map(String::as_str).collect::<Vec<_>>()),
                    from_flag,
                    "--{long}"
                );
            }

            let variable = (OsString::from(variable_of(long)), OsString::from(value));
            let environment = environment::read(&[variable]).unwrap();
            assert_eq!(environment.options, from_flag, "--{long}");
            assert!(environment.warnings.is_empty(), "--{long}");

            let yaml = yaml::parse(Path::new("aptlet.yaml"), &format!("{long}: {value}\n"));
            if long == "config" {
                assert!(yaml.is_err(), "a folder cannot say where it is");
            } else {
                assert_eq!(yaml.unwrap(), from_flag, "--{long}");
            }
            count += 1;
        }
        assert_eq!(count, 49);
    }

    #[test]
    fn a_higher_layer_wins_and_the_lower_one_fills_in() {
        let merged = flags(&["--retries=1", "--suite=a", "--suite=b"])
            .or(flags(&["--retries=2", "--timeout=2", "--suite=c", "--component=x"]))
            .or(flags(&["--retries=3", "--timeout=3", "--connections=3", "--component=y"]));
        let expected = "--retries=1 --timeout=2 --connections=3 --suite=a --suite=b --component=x";
        assert_eq!(merged, flags(&expected.split(' ').collect::<Vec<_>>()));
    }

    #[test]
    fn one_of_quiet_and_verbose_answers_both() {
        let merged = flags(&["-q"]).or(flags(&["-v"]));
        assert_eq!((merged.quiet, merged.verbose), (Some(true), None));
        let merged = flags(&["--quiet=no"]).or(flags(&["-q"]));
        assert_eq!((merged.quiet, merged.verbose), (Some(false), None));
        let merged = flags(&["--quiet=no"]).or(flags(&["-v"]));
        assert_eq!((merged.quiet, merged.verbose), (Some(false), Some(true)));
    }

    #[test]
    fn switches_take_a_value_only_after_an_equals_sign() {
        assert_eq!(flags(&["--recommends"]).recommends, Some(true));
        for (text, value) in [("1", true), ("yes", true), ("TRUE", true), ("0", false), ("no", false)] {
            assert_eq!(flags(&[&format!("--recommends={text}")]).recommends, Some(value), "{text}");
        }
        let both = flags(&["-qv"]);
        assert_eq!((both.quiet, both.verbose), (Some(true), Some(true)));
        let command = Options::augment_args(Command::new("test").no_binary_name(true));
        assert!(command.try_get_matches_from(["--recommends", "false"]).is_err());
    }
}
