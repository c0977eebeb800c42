//! What a process that stays needs of the settings: where they come from, and how it shows itself.

use std::path::PathBuf;
use std::time::Duration;

use super::error::Error;
use super::host::Host;
use super::options::{Layer as _, Options};
use super::places::dest;
use super::values::{Base, FileOrText, Listen, LogFormat, Verbosity};
use super::wanted::Asked;
use super::{configmap, environment};

/// What `aptlet watch` and `aptlet probe` themselves go by.
#[derive(Debug)]
pub(crate) struct Watching {
    /// The folder where the `ConfigMap` is mounted; it need not exist.
    pub(crate) config: PathBuf,
    /// Files that the settings name, in that folder or elsewhere.
    pub(crate) files: Vec<PathBuf>,
    /// The destination: an absolute path without `.` and `..`.
    pub(crate) dest: PathBuf,
    /// Where to answer over HTTP.
    pub(crate) listen: Option<Listen>,
    /// How often to look for new versions; never where there is none.
    pub(crate) interval: Option<Duration>,
    /// How the log is written.
    pub(crate) log_format: LogFormat,
    /// How much is logged.
    pub(crate) verbosity: Verbosity,
    /// The pod's termination message file, which need not exist.
    pub(crate) termination_log: PathBuf,
    /// Why the `ConfigMap` says nothing to this. It may be mended while the process runs.
    pub(crate) unread: Option<Error>,
}

impl Watching {
    /// Reads it from the flags, `host` and, if that can be read, the `ConfigMap`.
    ///
    /// # Errors
    /// What is wrong with the command line and the environment, which stay what they are while a process runs.
    pub(crate) fn resolve(flags: Options, requests: &[String], host: &Host) -> Result<Self, Error> {
        let environment = environment::read::<Options>(&host.environment)?;
        for asked in [Asked::Arguments(requests), Asked::Variable(&environment.packages)] {
            asked.read(&host.working_directory)?;
        }
        let options = flags.or(environment.options);
        if options.tree.keep_generations.is_some_and(|count| count.0 < 2) {
            return Err(Error::KeepGenerations);
        }
        let config = options.folder.config.clone();
        let named = config.is_some();
        let config = config.unwrap_or_else(|| host.etc_aptlet.clone());
        let (map, unread) = match configmap::load(&config, named) {
            Ok(map) => (map.options, None),
            Err(error) => (Options::default(), Some(error)),
        };
        let options = options.or(map);
        let Options { sourcing, trust, .. } = options;
        let files =
            |given: Vec<FileOrText>| given.iter().filter_map(|one| one.file().map(PathBuf::from)).collect();
        let lists =
            [files(sourcing.sources), sourcing.preferences, files(trust.keyring), trust.ca_certificate];
        let single = [options.locked.lock, options.choosing.base.and_then(Base::status), trust.auth];
        Ok(Self {
            config: host.working_directory.join(config),
            files: lists.into_iter().flatten().chain(single.into_iter().flatten()).collect(),
            dest: dest(options.destination, host),
            listen: options.answering.listen,
            interval: options.renewing.interval.map(|interval| interval.0),
            log_format: options.logging.log_format.unwrap_or_default(),
            verbosity: options.loudness.verbosity(),
            termination_log: options.termination.file(),
            unread,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::config::options::{Renewing, TreeMaking};
    use crate::config::values::{Count, Interval};

    fn resolve(folder: &Path, flags: Options, variables: &[(&str, &str)]) -> Result<Watching, Error> {
        let host = Host {
            environment: variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            working_directory: folder.to_owned(),
            etc_aptlet: folder.join("config"),
            etc_apt: folder.join("apt"),
            dpkg: folder.join("dpkg"),
        };
        Watching::resolve(flags, &[], &host)
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("config")).unwrap();
        fs::write(
            at("config/aptlet.yaml"),
            "interval: 6h\ndest: /q\nlisten: ':80'\nauth: a.conf\nquiet: true\n",
        )
        .unwrap();
        fs::write(at("config/x.sources"), "").unwrap();
        let watching = resolve(folder.path(), Options::default(), &[]).unwrap();
        assert_eq!(watching.interval, Some(Duration::from_hours(6)));
        assert_eq!((watching.dest.as_path(), watching.verbosity), (Path::new("/q"), Verbosity::Quiet));
        assert_eq!(watching.listen.unwrap().to_string(), ":80");
        assert_eq!(watching.files, [at("config/x.sources"), at("config/a.conf")]);
        assert!(watching.unread.is_none() && watching.config == at("config"));

        let variables = [("APTLET_INTERVAL", "1h"), ("APTLET_DEST", "r/../s")];
        let renewing = Renewing { interval: Some(Interval(Duration::from_secs(1))) };
        let flags = Options { renewing, ..Options::default() };
        let watching = resolve(folder.path(), flags, &variables).unwrap();
        assert_eq!((watching.interval, watching.dest), (Some(Duration::from_secs(1)), at("s")));
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_no_error_but_the_rest_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("config")).unwrap();
        fs::write(at("config/aptlet.yaml"), "interval: often\n").unwrap();
        let watching = resolve(folder.path(), Options::default(), &[("APTLET_DEST", "/q")]).unwrap();
        assert!(matches!(watching.unread, Some(Error::Yaml { .. })) && watching.dest == Path::new("/q"));
        let watching = resolve(folder.path(), Options::default(), &[("APTLET_CONFIG", "gone")]).unwrap();
        assert!(matches!(watching.unread, Some(Error::Folder { .. })) && watching.config == at("gone"));

        for variable in [("APTLET_LISTEN", "localhost"), ("APTLET_PACKAGES", "j@q")] {
            assert!(resolve(folder.path(), Options::default(), &[variable]).is_err(), "{variable:?}");
        }
        let tree = TreeMaking { keep_generations: Some(Count(1)), ..TreeMaking::default() };
        let flags = Options { tree, ..Options::default() };
        assert!(matches!(resolve(folder.path(), flags, &[]), Err(Error::KeepGenerations)));
    }
}
