//! What a run is made from besides the settings themselves: every file that these name, read once. What a plan is made
//! of, and what the digest of the inputs covers, are the same bytes, also where a `ConfigMap` is swapped meanwhile.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::choice::{Base, PlanInputs};
use super::files::Files;
use super::question::{self, Beside};
use super::sources;
use crate::config::{self, FileOrText, Settings, SourceChoice, read_text_from};
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::registry::{LoginFiles, RegistryOptions};
use crate::fetch::{self, CaBundle, Client, ClientOptions, Identity, auth};
use crate::lock;
use crate::plan::Plan;
use crate::request::Request;
use crate::resolve::pin::{self, Pin};
use crate::source::keyring::{Keyring, KeyringFiles};
use crate::source::list::Source;
use crate::source::{self, base};

/// What the files say.
pub(crate) struct Inputs {
    /// What is to be installed, or what it is to be chosen from.
    pub(crate) wanted: Wanted,
    /// Certificate authorities to trust for `https`, and in the tree.
    pub(crate) authorities: Vec<CaBundle>,
    /// What to show to servers that ask for a certificate.
    identity: Option<Identity>,
    /// Logins: of auth.conf, and those in URIs.
    credentials: Vec<auth::Entry>,
    /// The files that decide the outcome, and the digests of what was in them.
    pub(crate) digests: Vec<(PathBuf, Sha256)>,
}

/// The two ways to a plan.
pub(crate) enum Wanted {
    /// It is written down.
    Lock(Plan),
    /// It is to be made.
    Choice(PlanInputs),
}

impl Inputs {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// One that cannot be read or understood.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Error> {
        Self::read_by(settings, &mut |path| fs::read(path))
    }

    /// `read` gives what is in a file.
    fn read_by(
        settings: &Settings,
        read: &mut dyn FnMut(&Path) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Error> {
        let mut files = Files::new(read);
        let locked =
            settings.lock.as_deref().map(|path| read_lock(path, settings, &mut files)).transpose()?;
        let mut credentials = Vec::new();
        for path in sources::auth(settings) {
            let bytes = files.aside(path).map_err(|source| unreadable(path, source))?;
            credentials.extend(auth::parse(&read_text_from(&*bytes, path)?, path)?);
        }
        let (sources, are_read) = match sources::read(settings, &mut files) {
            // a lock needs no sources, but where there are some they may say how to log in
            Err(_) if locked.is_some() => (Vec::new(), false),
            sources => (sources?, true),
        };
        let archives = settings.requests.iter().filter_map(Request::archive);
        let uris = sources.iter().flat_map(|source| &source.uris);
        let uris = uris.chain(archives.map(|archive| &archive.folder));
        credentials.extend(uris.map(|uri| match source::list_of(uri) {
            Some(list) => auth::Entry::of_uri(&list),
            None => auth::Entry::of_uri(uri),
        }));
        let wanted = match (locked, &settings.lock) {
            (Some(plan), Some(path)) => {
                let public = sources::without_credentials(sources);
                let (given, base) = (are_read && settings.said.sources, base_beside(settings)?);
                let (_, pins) = pins(settings.preferences.iter(), &mut files)?;
                let sources = given.then(|| question::names(&public));
                question::check_beside(path, &plan, settings, Beside { sources, pins, base: base.as_ref() })?;
                // they decide nothing of what is written down
                files.forget();
                Wanted::Lock(plan)
            }
            _ => {
                if let SourceChoice::Release(of) = &settings.sources
                    && let Some(file) = &of.told_by
                {
                    let (release, codename, file) = (of.release, of.release.codename(), file.display());
                    tracing::info!(
                        "packages come from {release} ({codename}), as {file} says; --release says otherwise"
                    );
                }
                let keyring = keyring(settings, &mut files)?;
                let keyring_files = keyring_files(&sources, &mut files);
                let (pins, pins_sha256) = pins(sources::preferences(settings), &mut files)?;
                let base = read_base(settings)?;
                let sources = sources::without_credentials(sources);
                let asked = question::names(&sources);
                Wanted::Choice(PlanInputs { sources, keyring, keyring_files, pins, pins_sha256, asked, base })
            }
        };
        let authorities = authorities(settings, &mut files)?;
        let identity = identity(settings, &mut files)?;
        Ok(Self { wanted, authorities, identity, credentials, digests: files.digests() })
    }

    /// The client that mirrors are asked with.
    ///
    /// # Errors
    /// Proxies and authorities that it cannot use.
    pub(crate) fn client(&self, settings: &Settings) -> Result<Client, Error> {
        client(settings, &self.authorities, self.identity.as_ref(), &self.credentials)
    }
}

/// A client for what has to be asked before all that the settings name is read.
///
/// # Errors
/// As for [`Inputs::client`].
pub(crate) fn lone_client(settings: &Settings) -> Result<Client, Error> {
    let mut read = |path: &Path| fs::read(path);
    let mut files = Files::new(&mut read);
    let authorities = authorities(settings, &mut files)?;
    let identity = identity(settings, &mut files)?;
    client(settings, &authorities, identity.as_ref(), &[])
}

fn client(
    settings: &Settings,
    authorities: &[CaBundle],
    identity: Option<&Identity>,
    credentials: &[auth::Entry],
) -> Result<Client, Error> {
    Ok(Client::new(ClientOptions {
        connections_per_host: settings.connections,
        retries: settings.retries,
        patience: settings.patience,
        timeout: settings.timeout,
        min_speed: settings.min_speed,
        ca_bundles: authorities.to_vec(),
        identity: identity.cloned(),
        auth: credentials.to_vec(),
        registries: RegistryOptions {
            logins: LoginFiles {
                paths: settings.registries.logins.clone(),
                are_given: settings.registries.are_given,
            },
            insecure: settings.registries.insecure.clone(),
        },
        ..ClientOptions::default()
    })?)
}

fn authorities(settings: &Settings, files: &mut Files<'_>) -> Result<Vec<CaBundle>, Error> {
    let mut authorities = Vec::new();
    for path in &settings.ca_certificates {
        let unreadable =
            |error: io::Error| fetch::Error::BadCa { path: path.clone(), problem: error.to_string() };
        authorities.push(CaBundle::of_file(path, &files.bytes(path).map_err(unreadable)?)?);
    }
    Ok(authorities)
}

/// The certificate that servers are shown, and its key, which may be in the same file.
fn identity(settings: &Settings, files: &mut Files<'_>) -> Result<Option<Identity>, Error> {
    let Some(path) = &settings.client_certificate else { return Ok(None) };
    let key_path = settings.client_key.as_ref().unwrap_or(path);
    let certificate = files.aside(path).map_err(|source| unreadable(path, source))?;
    let key = files.aside(key_path).map_err(|source| unreadable(key_path, source))?;
    Ok(Some(Identity::of_files(path, &certificate, key_path, &key)?))
}

fn unreadable(path: &Path, source: io::Error) -> config::Error {
    config::Error::Read { path: path.to_owned(), source }
}

fn read_lock(path: &Path, settings: &Settings, files: &mut Files<'_>) -> Result<Plan, lock::Error> {
    let bytes = files.aside(path).map_err(|source| lock::Error::Read { path: path.to_owned(), source })?;
    lock::of_file_for(path, &bytes, settings.architecture.as_str())
}

fn keyring(settings: &Settings, files: &mut Files<'_>) -> Result<Keyring, Error> {
    let mut read = |path: &Path| {
        let bytes = files.bytes(path);
        let bytes = bytes.map_err(|source| source::Error::KeyringRead { file: path.to_owned(), source })?;
        Keyring::of_file(path, &bytes)
    };
    let mut keyring = Keyring::default();
    for (number, given) in settings.keyrings.iter().enumerate() {
        keyring.extend(match given {
            FileOrText::File(path) => read(path)?,
            FileOrText::Text(text) => Keyring::of_file(&given.name(number), text.as_bytes())?,
        });
    }
    for path in sources::machine_keyrings(settings) {
        match read(path) {
            Ok(own) => keyring.extend(own),
            // apt, too, goes on without them
            Err(error) => tracing::warn!("{error}"),
        }
    }
    keyring.extend(Keyring::builtin_debian()?);
    keyring.extend(Keyring::builtin_ubuntu()?);
    Ok(keyring)
}

/// What sources name in `Signed-By`; what cannot be read of it is an error of the source that needs it.
fn keyring_files(sources: &[Source], files: &mut Files<'_>) -> KeyringFiles {
    let paths = sources.iter().flat_map(Source::keyring_files);
    paths.map(|path| (path.clone(), files.bytes(path).map(|bytes| bytes.to_vec()))).collect()
}

/// The pins, and the digest of what was read of them: comments and empty lines are no part of it.
fn pins<'a>(
    paths: impl Iterator<Item = &'a PathBuf>,
    files: &mut Files<'_>,
) -> Result<(Vec<Pin>, Option<Sha256>), Error> {
    let (mut pins, mut said) = (Vec::new(), String::new());
    for path in paths {
        let text = files.text(path)?;
        pins.extend(pin::parse(path, &text)?);
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
        said.extend(lines.flat_map(|line| [line, "\n"]));
    }
    let digest = (!said.is_empty()).then(|| Sha256::of(said.as_bytes()));
    Ok((pins, digest))
}

/// The base that is given beside a lock; that of the image that `aptlet run` is in is not.
fn base_beside(settings: &Settings) -> Result<Option<Base>, Error> {
    if settings.said.base { read_base(settings) } else { Ok(None) }
}

fn read_base(settings: &Settings) -> Result<Option<Base>, Error> {
    let Some(path) = settings.base.clone() else { return Ok(None) };
    let text = base::read(&path)?;
    Ok(Some(Base { path, text }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::{Command, Host, Options};

    /// A `ConfigMap` whose two versions differ in the suite and in a pin.
    struct Mounted(tempfile::TempDir);

    impl Mounted {
        fn new() -> Self {
            let mounted = Self(tempfile::tempdir().unwrap());
            for version in ["one", "two"] {
                let folder = mounted.0.path().join(version);
                fs::create_dir(&folder).unwrap();
                fs::write(folder.join("packages"), "jq\n").unwrap();
                let stanza = format!(
                    "Types: deb\nURIs: http://mirror.example/\nSuites: {version}\nComponents: main\n"
                );
                fs::write(folder.join("a.sources"), stanza).unwrap();
                let pin = format!("Package: jq\nPin: release n={version}\nPin-Priority: 600\n");
                fs::write(folder.join("b.pref"), pin).unwrap();
            }
            for key in ["packages", "a.sources", "b.pref"] {
                symlink(format!("..data/{key}"), mounted.0.path().join(key)).unwrap();
            }
            mounted.swap("one");
            mounted
        }

        /// As the kubelet does it.
        fn swap(&self, version: &str) {
            let fresh = self.0.path().join("..data_tmp");
            symlink(version, &fresh).unwrap();
            fs::rename(fresh, self.0.path().join("..data")).unwrap();
        }

        fn settings(&self) -> Settings {
            let host = Host {
                environment: Vec::new(),
                working_directory: "/".into(),
                etc_aptlet: self.0.path().to_owned(),
                etc_apt: self.0.path().join("apt"),
                dpkg: self.0.path().join("dpkg"),
            };
            Settings::resolve(Command::Install, Options::default(), &[], &host).unwrap()
        }

        /// Suite and pin that a plan would be made with, and the digest that would be recorded for it; `meanwhile` is
        /// called when a file of that name has been read.
        async fn read(&self, name: &str, meanwhile: impl Fn()) -> (String, String, Sha256) {
            let settings = self.settings();
            let mut read = |path: &Path| {
                let bytes = fs::read(path);
                if path.ends_with(name) {
                    meanwhile();
                }
                bytes
            };
            let inputs = Inputs::read_by(&settings, &mut read).unwrap();
            let client = inputs.client(&settings).unwrap();
            let Wanted::Choice(choice) = inputs.wanted else { panic!("there is no lock") };
            let planner = crate::planning::Planner::new(&settings, choice, client).await.unwrap();
            let pin = format!("{:?}", planner.choice.pins);
            let digest = planner.fingerprint(&inputs.digests);
            let suite = planner.choice.sources[0].suite.clone();
            (suite, if pin.contains("Letter('n')") { "one" } else { "two" }.to_owned(), digest)
        }
    }

    #[tokio::test]
    async fn what_is_recorded_is_the_digest_of_what_the_plan_is_made_of() {
        let mounted = Mounted::new();
        let (suite, pin, of_one) = mounted.read("", || {}).await;
        assert_eq!((suite.as_str(), pin.as_str()), ("one", "one"));
        // swapped when all is read: the digest is that of what the plan has
        let (suite, pin, digest) = mounted.read("b.pref", || mounted.swap("two")).await;
        assert_eq!((suite.as_str(), pin.as_str(), digest), ("one", "one", of_one));
        let (suite, pin, of_two) = mounted.read("", || {}).await;
        assert_eq!((suite.as_str(), pin.as_str()), ("two", "two"));
        assert_ne!(of_one, of_two);
        // swapped in the middle: the plan is made of both, and its digest is neither's, so that the next run, which
        // finds the second, makes another
        mounted.swap("one");
        let (suite, pin, of_both) = mounted.read("a.sources", || mounted.swap("two")).await;
        assert_eq!((suite.as_str(), pin.as_str()), ("one", "two"));
        assert!(of_both != of_one && of_both != of_two);
        let (_, _, again) = mounted.read("", || {}).await;
        assert_eq!(again, of_two);
    }

    #[test]
    fn a_file_that_several_things_name_is_read_once() {
        let mounted = Mounted::new();
        let key = mounted.0.path().join("key.gpg");
        fs::write(&key, include_bytes!("../source/keys/debian-archive.gpg")).unwrap();
        let stanza =
            "Types: deb\nURIs: http://mirror.example/\nSuites: x\nComponents: main\nSigned-By: key.gpg\n";
        fs::write(mounted.0.path().join("one/a.sources"), format!("{stanza}\n{stanza}")).unwrap();
        let settings = mounted.settings();
        assert_eq!(settings.keyrings, [FileOrText::File(key)]);
        let mut opened: Vec<PathBuf> = Vec::new();
        let inputs = Inputs::read_by(&settings, &mut |path| {
            opened.push(path.to_owned());
            fs::read(path)
        });
        let inputs = inputs.unwrap();
        let names: Vec<_> = opened.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.sources", "key.gpg", "b.pref"]);
        assert_eq!(
            inputs.digests.iter().map(|(path, _)| path).collect::<Vec<_>>(),
            opened.iter().collect::<Vec<_>>()
        );
    }
}
