//! Where logins of registries are, and which registries may speak plain http.

use std::path::{Path, PathBuf};

use super::host::Host;
use super::options;

/// The key of a Secret of the type kubernetes.io/dockerconfigjson.
const SECRET: &str = ".dockerconfigjson";
/// Below `XDG_RUNTIME_DIR`, and below `XDG_CONFIG_HOME`.
const OF_PODMAN: &str = "containers/auth.json";

/// What is known of registries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Registries {
    /// Files of logins, in the order in which they are asked.
    pub(crate) logins: Vec<PathBuf>,
    /// Whether they were named, so that they must be there.
    pub(crate) are_given: bool,
    /// Those that may speak plain http, as HOST[:PORT].
    pub(crate) insecure: Vec<String>,
}

impl Registries {
    /// Decides what is not said: the places of podman (containers-auth.json(5)) and docker.
    pub(super) fn of(trust: &options::Trust, folder: &Path, host: &Host) -> Self {
        let insecure = trust.insecure_registry.iter().map(|registry| registry.0.clone()).collect();
        if let Some(file) = &trust.registry_auth {
            return Self { logins: vec![host.working_directory.join(file)], are_given: true, insecure };
        }
        let variable = |name: &str| {
            let found = host.environment.iter().find(|(variable, _)| variable == name);
            let value = found.map(|(_, value)| PathBuf::from(value));
            value
                .filter(|value| !value.as_os_str().is_empty())
                .map(|value| host.working_directory.join(value))
        };
        if let Some(file) = variable("REGISTRY_AUTH_FILE") {
            return Self { logins: vec![file], are_given: true, insecure };
        }
        let home = variable("HOME");
        let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
        let logins = [
            Some(folder.join(SECRET)),
            variable("DOCKER_CONFIG"),
            variable("XDG_RUNTIME_DIR").map(|folder| folder.join(OF_PODMAN)),
            variable("XDG_CONFIG_HOME")
                .or_else(|| below_home(".config"))
                .map(|folder| folder.join(OF_PODMAN)),
            below_home(".docker/config.json"),
        ];
        Self { logins: logins.into_iter().flatten().collect(), are_given: false, insecure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(environment: &[(&str, &str)]) -> Host {
        Host {
            environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            working_directory: "/work".into(),
            etc_aptlet: "/etc/aptlet".into(),
            etc_apt: "/etc/apt".into(),
            dpkg: "/var/lib/dpkg".into(),
        }
    }

    #[test]
    fn a_file_that_is_named_is_the_only_one() {
        let trust = options::Trust { registry_auth: Some("auth.json".into()), ..options::Trust::default() };
        let of = Registries::of(
            &trust,
            Path::new("/f"),
            &host(&[("HOME", "/root"), ("REGISTRY_AUTH_FILE", "/x")]),
        );
        assert_eq!((of.logins, of.are_given), (vec!["/work/auth.json".into()], true));
        let of = Registries::of(
            &options::Trust::default(),
            Path::new("/f"),
            &host(&[("REGISTRY_AUTH_FILE", "/x")]),
        );
        assert_eq!((of.logins, of.are_given), (vec!["/x".into()], true));
    }

    #[test]
    fn the_usual_places_are_those_of_podman_and_docker() {
        let environment = [("HOME", "/h"), ("DOCKER_CONFIG", "/d"), ("XDG_RUNTIME_DIR", "/run/user/1")];
        let none = options::Trust::default();
        let of = Registries::of(&none, Path::new("/etc/aptlet"), &host(&environment));
        let expected = [
            "/etc/aptlet/.dockerconfigjson",
            "/d",
            "/run/user/1/containers/auth.json",
            "/h/.config/containers/auth.json",
            "/h/.docker/config.json",
        ];
        assert_eq!(of.logins, expected.map(PathBuf::from));
        assert!(!of.are_given);
        let of = Registries::of(&none, Path::new("/etc/aptlet"), &host(&[]));
        assert_eq!(of.logins, [PathBuf::from("/etc/aptlet/.dockerconfigjson")]);
    }
}
