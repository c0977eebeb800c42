//! The `ConfigMap`: a folder of keys in apt's own formats.
//!
//! The kubelet mounts `KEY -> ..data/KEY` and `..data -> ..TIMESTAMP/`, and swaps the latter link when the
//! `ConfigMap` changes; so names that begin with `.` are its own, and keys are links to be followed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{Error, Warning};
use super::keys::{Key, classify, nearest_key};
use super::options::{Layer as _, Options};
use super::values::FileOrText;
use super::{text, yaml};

use crate::arrange::Arrange as _;

/// What the `ConfigMap` says.
#[derive(Debug, Default)]
pub(super) struct ConfigMap {
    /// `aptlet.yaml` and the keys that stand for one of its settings.
    pub(super) options: Options,
    /// The path of the key `packages`.
    pub(super) packages: Option<PathBuf>,
    pub(super) warnings: Vec<Warning>,
}

/// Reads the `ConfigMap` that is mounted at `folder`. None needs to be there unless it was asked for by name
/// (`required`).
pub(super) fn load(folder: &Path, required: bool) -> Result<ConfigMap, Error> {
    let mut map = ConfigMap::default();
    let mut keys = Options::default();
    for (name, path) in files(folder, required)? {
        match classify(&name) {
            Some(Key::Packages) => map.packages = Some(path),
            Some(Key::Sources) => keys.sourcing.sources.push(FileOrText::File(path)),
            Some(Key::Keyring) => keys.trust.keyring.push(FileOrText::File(path)),
            Some(Key::Preferences) => keys.sourcing.preferences.push(path),
            Some(Key::Certificate) => keys.trust.ca_certificate.push(path),
            Some(Key::ClientCertificate) => keys.trust.client_certificate = Some(path),
            Some(Key::Private) => keys.trust.client_key = Some(path),
            Some(Key::Auth) => keys.trust.auth = Some(path),
            Some(Key::Lock) => keys.locked.lock = Some(path),
            Some(Key::Settings) => {
                map.options = yaml::parse::<Options>(&path, &text::read(&path)?)?.relative_to(folder);
            }
            Some(Key::Archive) => {}
            None => map.warnings.push(Warning::UnknownKey { path, nearest: nearest_key(&name) }),
        }
    }
    // alone it is a certificate like any other
    if keys.trust.client_key.is_none() {
        keys.trust.ca_certificate.extend(keys.trust.client_certificate.take());
    }
    // The keys and what `aptlet.yaml` lists are equals; only of single values there can be just one.
    append(&mut map.options.sourcing.sources, &keys.sourcing.sources);
    append(&mut map.options.trust.keyring, &keys.trust.keyring);
    append(&mut map.options.sourcing.preferences, &keys.sourcing.preferences);
    append(&mut map.options.trust.ca_certificate, &keys.trust.ca_certificate);
    map.options = map.options.or(keys);
    Ok(map)
}

/// The keys in `folder` by their names, with their paths, in order. None needs to be there unless it is `required`.
pub(super) fn files(folder: &Path, required: bool) -> Result<Vec<(String, PathBuf)>, Error> {
    let failed = |source| Error::Folder { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if !required && error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.arrange();
    names.retain(|name| !name.as_encoded_bytes().starts_with(b".") && !folder.join(name).is_dir());
    Ok(names.into_iter().map(|name| (name.to_string_lossy().into_owned(), folder.join(name))).collect())
}

fn append<T: Clone + PartialEq>(list: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::options::{Locked, Locking, Network, Relocating, Sourcing, Trust};
    use crate::config::values::{Count, Output, PathElsewhere};

    /// A folder as the kubelet mounts it.
    fn mounted(keys: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("..2026_01_01_00_00_00.123");
        fs::create_dir(&data).unwrap();
        symlink("..2026_01_01_00_00_00.123", folder.path().join("..data")).unwrap();
        for (key, text) in keys {
            fs::write(data.join(key), text).unwrap();
            symlink(format!("..data/{key}"), folder.path().join(key)).unwrap();
        }
        folder
    }

    #[test]
    fn keys_are_told_apart_by_name_and_sorted() {
        let keys = [
            "packages",
            "b.sources",
            "a.list",
            "z.asc",
            "k.gpg",
            "x.pref",
            "auth.conf",
            "ca.crt",
            "tls.crt",
            "tls.key",
            "b.pem",
            "p.deb",
        ];
        let folder = mounted(&keys.map(|key| (key, "")));
        fs::write(folder.path().join("aptlet.lock"), "").unwrap();
        fs::create_dir(folder.path().join("folder.sources")).unwrap();
        fs::write(folder.path().join(".hidden.sources"), "").unwrap();
        let map = load(folder.path(), true).unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(map.packages, Some(at("packages")));
        assert_eq!(
            map.options,
            Options {
                locked: Locked { lock: Some(at("aptlet.lock")) },
                sourcing: Sourcing {
                    sources: vec![FileOrText::File(at("a.list")), FileOrText::File(at("b.sources"))],
                    preferences: vec![at("x.pref")],
                    ..Sourcing::default()
                },
                trust: Trust {
                    keyring: vec![FileOrText::File(at("k.gpg")), FileOrText::File(at("z.asc"))],
                    auth: Some(at("auth.conf")),
                    ca_certificate: vec![at("b.pem"), at("ca.crt")],
                    client_certificate: Some(at("tls.crt")),
                    client_key: Some(at("tls.key")),
                    ..Trust::default()
                },
                ..Options::default()
            }
        );
        assert_eq!(map.warnings, []);
    }

    #[test]
    fn settings_and_keys_add_up_and_paths_are_beside_the_file() {
        let yaml = "keyring: [sub/x.asc, own.asc, /y.gpg]\nlock: other.lock\noutput: '-'\nretries: 1\nprefix: p\ndest: ''\n";
        let folder = mounted(&[("aptlet.yaml", yaml), ("own.asc", ""), ("z.asc", ""), ("aptlet.lock", "")]);
        let options = load(folder.path(), true).unwrap().options;
        let at = |name: &str| folder.path().join(name);
        assert_eq!(
            options,
            Options {
                trust: Trust {
                    keyring: vec![at("sub/x.asc"), at("own.asc"), "/y.gpg".into(), at("z.asc")]
                        .into_iter()
                        .map(FileOrText::File)
                        .collect(),
                    ..Trust::default()
                },
                locked: Locked { lock: Some(at("other.lock")) },
                locking: Locking { output: Some(Output::Stdout), check: None, explain: None },
                relocating: Relocating { prefix: Some(PathElsewhere("p".into())) },
                network: Network { retries: Some(Count(1)), ..Network::default() },
                ..Options::default()
            }
        );
    }

    #[test]
    fn an_unknown_key_is_warned_of_with_the_nearest() {
        let keys = ["Packages", "aptlet.yml", "debian.source", "lock", "notes.txt", "package", "tools.lock"];
        let folder = mounted(&keys.map(|key| (key, "")));
        let warnings = load(folder.path(), true).unwrap().warnings;
        let nearest: Vec<_> = warnings
            .iter()
            .map(|warning| match warning {
                Warning::UnknownKey { path, nearest } => {
                    (path.file_name().unwrap().to_str().unwrap(), nearest.as_deref())
                }
                other => panic!("{other}"),
            })
            .collect();
        assert_eq!(
            nearest,
            [
                ("Packages", Some("packages")),
                ("aptlet.yml", Some("aptlet.yaml")),
                ("debian.source", Some("debian.sources")),
                // a lock that is passed over is a pin that is lost
                ("lock", Some("aptlet.lock")),
                ("notes.txt", None),
                ("package", Some("packages")),
                ("tools.lock", Some("aptlet.lock")),
            ]
        );
        let text = warnings[4].to_string();
        assert!(text.contains("packages, *.sources, *.list"), "{text}");
    }

    #[test]
    fn a_missing_folder_matters_only_if_it_was_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none");
        assert_eq!(load(&missing, false).unwrap().options, Options::default());
        assert!(matches!(load(&missing, true), Err(Error::Folder { .. })));
        fs::write(&missing, "").unwrap();
        assert!(matches!(load(&missing, false), Err(Error::Folder { .. })), "a file is no folder");
    }

    #[test]
    fn bad_settings_name_their_file() {
        let folder = mounted(&[("aptlet.yaml", "retries: 1\ndst: /p\n")]);
        let error = load(folder.path(), true).unwrap_err();
        let place = format!("{}:2:1: unknown key 'dst'", folder.path().join("aptlet.yaml").display());
        assert_eq!(error.to_string(), place);
        symlink("..data/gone", folder.path().join("gone.yaml")).unwrap();
        fs::remove_file(folder.path().join("aptlet.yaml")).unwrap();
        symlink("..data/gone", folder.path().join("aptlet.yaml")).unwrap();
        assert!(matches!(load(folder.path(), true), Err(Error::Read { .. })), "a dangling link");
    }
}
