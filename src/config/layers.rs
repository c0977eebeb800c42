//! The layers of configuration, each as it was read: the flags, the environment and the `ConfigMap`.

use std::path::PathBuf;

use super::command::Command;
use super::configmap::{self, ConfigMap};
use super::environment::{self, Environment, PACKAGES};
use super::error::{Error, Warning};
use super::host::Host;
use super::options::Options;
use super::wanted::{Asked, Wanted, Wants, wanted};

/// What there is, from the highest layer to the lowest.
pub(super) struct Layers {
    pub(super) flags: Options,
    pub(super) environment: Environment<Options>,
    pub(super) map: ConfigMap,
    /// The folder that the `ConfigMap` was looked for in.
    pub(super) folder: PathBuf,
}

impl Layers {
    /// Reads them.
    pub(super) fn read(flags: Options, host: &Host) -> Result<Self, Error> {
        let environment = environment::read::<Options>(&host.environment)?;
        let named = flags.folder.config.as_ref().or(environment.options.folder.config.as_ref());
        let folder = named.unwrap_or(&host.etc_aptlet).clone();
        let map = configmap::load(&folder, named.is_some())?;
        for (options, place) in [
            (&flags, "the command line"),
            (&environment.options, "the environment"),
            (&map.options, "aptlet.yaml"),
        ] {
            if options.loudness.is_contradictory() {
                return Err(Error::QuietAndVerbose { place: place.to_owned() });
            }
        }
        Ok(Self { flags, environment, map, folder })
    }

    /// What `command` has to install; `requests` are those of the command line.
    pub(super) fn wanted(
        &self,
        command: Command,
        requests: &[String],
        host: &Host,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Wanted>, Error> {
        let layers = [
            Wants {
                lock: self.flags.locked.lock.clone(),
                requests: Asked::Arguments(requests),
                names: ["--lock", "the requests on the command line"],
            },
            Wants {
                lock: self.environment.options.locked.lock.clone(),
                requests: Asked::Variable(&self.environment.packages),
                names: ["APTLET_LOCK", PACKAGES],
            },
            Wants {
                lock: self.map.options.locked.lock.clone(),
                requests: Asked::Key(self.map.packages.as_deref()),
                names: ["the ConfigMap's lock", "the ConfigMap's key 'packages'"],
            },
        ];
        wanted(command, layers, &host.working_directory, warnings)
    }
}
