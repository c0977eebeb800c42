//! From settings to sources, keyring, pins and, at last, a plan.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use url::Url;

use super::elsewhere;
use crate::config::{DEFAULT_MIRROR, DEFAULT_SUITES, Settings, SourceChoice, read_text};
use crate::digest::Sha256;
use crate::error::Error;
use crate::fetch::{Client, auth};
use crate::plan::Basis;
use crate::report::{Report, counted};
use crate::request;
use crate::resolve::{self, ResolveOptions, Resolved, Why, pin};
use crate::source::archive::{self, Archived};
use crate::source::keyring::{Keyring, KeyringFiles};
use crate::source::list::{self, Source, Variables};
use crate::source::{self, Loader, Released, base};

/// Debian's security archive, which has suites of its own on a host of its own.
const SECURITY_MIRROR: &str = "http://security.debian.org/debian-security";
const SECURITY_SUITE: &str = "trixie-security";

/// The files of the settings that decide what a plan looks like.
pub(crate) fn files(settings: &Settings) -> Vec<&Path> {
    let sources = match &settings.sources {
        SourceChoice::Files(files) => files.iter().collect(),
        SourceChoice::Machine(machine) => machine.files.iter().chain(&machine.preferences).collect(),
        SourceChoice::Mirror { .. } | SourceChoice::BuiltIn { .. } => Vec::new(),
    };
    let given: Vec<&PathBuf> = settings.preferences.iter().chain(&settings.keyrings).collect();
    [sources, given].concat().into_iter().map(PathBuf::as_path).collect()
}

/// The auth.conf files of the machine, where its sources are used.
pub(crate) fn machine_auth(settings: &Settings) -> &[PathBuf] {
    match &settings.sources {
        SourceChoice::Machine(machine) => &machine.auth,
        _ => &[],
    }
}

pub(crate) fn loader(settings: &Settings, client: Client) -> Result<Loader, Error> {
    let mut keyring = Keyring::default();
    for file in &settings.keyrings {
        keyring.extend(read_keyring(file)?);
    }
    if let SourceChoice::Machine(machine) = &settings.sources {
        for file in &machine.trusted {
            match read_keyring(file) {
                Ok(own) => keyring.extend(own),
                // apt, too, goes on without them
                Err(error) => tracing::warn!("{error}"),
            }
        }
    }
    keyring.extend(Keyring::builtin_debian()?);
    keyring.extend(Keyring::builtin_ubuntu()?);
    let architectures = std::iter::once(settings.architecture.to_string()).chain(foreign(settings)).collect();
    let keyring_files = KeyringFiles::default();
    Ok(Loader { client, keyring, keyring_files, architectures, now: Timestamp::now() })
}

fn read_keyring(file: &Path) -> Result<Keyring, source::Error> {
    let bytes =
        fs::read(file).map_err(|source| source::Error::KeyringRead { file: file.to_owned(), source })?;
    Keyring::of_file(file, &bytes)
}

/// What the sources name in `Signed-By`.
fn keyring_files(sources: &[Source]) -> KeyringFiles {
    let mut files = BTreeMap::new();
    for path in sources.iter().flat_map(Source::keyring_files) {
        files.entry(path.clone()).or_insert_with(|| fs::read(path));
    }
    files.into_iter().collect()
}

/// The architectures that requests name besides the native one.
fn foreign(settings: &Settings) -> Vec<String> {
    let mut foreign: Vec<String> = settings
        .requests
        .iter()
        .filter_map(|request| request.arch.clone())
        .filter(|name| {
            name != settings.architecture.as_str() && !matches!(name.as_str(), "all" | "any" | "native")
        })
        .collect();
    foreign.sort();
    foreign.dedup();
    foreign
}

/// The sources, their URIs without credentials: what is in a message, a lock or a state is read by others.
pub(crate) fn sources(settings: &Settings) -> Result<Vec<Source>, Error> {
    let mut sources = as_written(settings)?;
    for uri in sources.iter_mut().flat_map(|source| &mut source.uris) {
        // these fail only for URIs that cannot have credentials
        let _ = uri.set_username("");
        let _ = uri.set_password(None);
    }
    Ok(sources)
}

/// The credentials in the URIs of the sources and of the archives that are asked for.
pub(crate) fn credentials(settings: &Settings) -> Result<Vec<auth::Entry>, Error> {
    let sources = match as_written(settings) {
        // a lock needs no sources, but where there are some they may say how to log in
        Err(_) if settings.lock.is_some() => Vec::new(),
        sources => sources?,
    };
    let archives = settings.requests.iter().filter_map(request::Request::archive);
    let uris = sources.iter().flat_map(|source| &source.uris).chain(archives.map(|archive| &archive.folder));
    Ok(uris.filter_map(auth::Entry::of_url).collect())
}

fn as_written(settings: &Settings) -> Result<Vec<Source>, Error> {
    let variables = Variables { architecture: settings.architecture.to_string() };
    let mut sources = Vec::new();
    let mut add = |path: &Path, text: &str| -> Result<(), Error> {
        sources.extend(list::parse_file(path, text, &variables)?);
        Ok(())
    };
    match &settings.sources {
        SourceChoice::Files(files) => {
            for file in files {
                add(file, &read_text(file)?)?;
            }
        }
        SourceChoice::Machine(machine) => {
            for file in &machine.files {
                add(file, &read_text(file)?)?;
            }
        }
        SourceChoice::Mirror { uris, suites, components } => {
            let uris: Vec<&str> = uris.iter().map(Url::as_str).collect();
            for suite in suites {
                let components: &[String] = if suite.ends_with('/') { &[] } else { components };
                add(Path::new("mirror.sources"), &stanza(&uris.join(" "), suite, components))?;
            }
        }
        SourceChoice::BuiltIn { components } => {
            let path = Path::new("builtin.sources");
            add(path, &stanza(DEFAULT_MIRROR, &DEFAULT_SUITES.join(" "), components))?;
            add(path, &stanza(SECURITY_MIRROR, SECURITY_SUITE, components))?;
        }
    }
    let foreign = foreign(settings);
    sources.retain(|source| {
        source.architectures.is_empty()
            || source
                .architectures
                .iter()
                .any(|listed| listed == settings.architecture.as_str() || foreign.contains(listed))
    });
    Ok(sources)
}

fn stanza(uris: &str, suites: &str, components: &[String]) -> String {
    let components = match components {
        [] => String::new(),
        some => format!("Components: {}\n", some.join(" ")),
    };
    format!("Types: deb\nURIs: {uris}\nSuites: {suites}\n{components}")
}

/// A plan made from the sources, and the Releases that it rests on.
pub(crate) struct Planned {
    pub(crate) resolved: Resolved,
    pub(crate) releases: Vec<Released>,
    /// The answer to what was to be explained.
    pub(crate) why: Option<Why>,
}

/// The stops from sources to plan; `explain` names a package whose being in it is to be explained.
pub(crate) async fn plan(
    settings: &Settings,
    client: Client,
    explain: Option<&str>,
    report: &Report,
) -> Result<Planned, Error> {
    let stop = report.begin("sources", 0);
    let mut loader = loader(settings, client)?;
    let sources = sources(settings)?;
    loader.keyring_files = keyring_files(&sources);
    let archives = archives(&loader, settings).await?;
    let requests = requests(settings, &archives);
    let releases = releases(&loader, &sources).await?;
    let base_text = settings.base.as_deref().map(base::read).transpose()?;
    let base = settings.base.as_deref().zip(base_text.as_deref());
    let base = base.map(|(path, text)| base::parse(path, text)).transpose()?;
    let archived = archives.into_iter().map(|archive| (archive.part, archive.provenance));
    let loaded = loader.index(&releases, archived.chain(base).collect()).await?;
    stop.end(format!("{} in {}", counted(loaded.index.len(), "package"), counted(releases.len(), "suite")));

    let stop = report.begin("resolve", 0);
    let mut pins = Vec::new();
    let machine = match &settings.sources {
        SourceChoice::Machine(machine) => machine.preferences.as_slice(),
        _ => &[],
    };
    for path in settings.preferences.iter().chain(machine) {
        pins.extend(pin::parse(path, &read_text(path)?)?);
    }
    let architecture = settings.architecture.to_string();
    let basis = Basis {
        packages: settings.requests.iter().map(|request| request.text.clone()).collect(),
        architecture: architecture.clone(),
        recommends: settings.recommends,
        exclude: settings.exclude.clone(),
        with_essential: settings.with_essential,
        base_sha256: base_text.as_deref().map(|text| Sha256::of(text.as_bytes())),
    };
    if base_text.as_deref() == Some("") {
        tracing::warn!(
            "the base has no package: {}",
            settings.base.as_deref().unwrap_or(Path::new("")).display()
        );
    }
    let base = base_text.is_some().then(|| loaded.provenance.len() - 1);
    let foreign = foreign(settings);
    let options = ResolveOptions {
        architecture: &architecture,
        foreign: &foreign,
        pins: &pins,
        recommends: settings.recommends,
        base,
        upgrade_base: settings.upgrade_base,
        exclude: &settings.exclude,
        essential: settings.with_essential,
    };
    // apt's order of marking goes as deep as its chains of dependencies are long
    let outcome = std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(64 << 20)
            .spawn_scoped(scope, || {
                let (index, provenance) = (&loaded.index, &loaded.provenance);
                let resolved = resolve::resolve(index, provenance, basis, &requests, &options)?;
                let why = explain
                    .map(|name| resolve::explain(index, provenance, &resolved, &options, name))
                    .transpose()?;
                Ok((resolved, why))
            })
            .map_err(|source| Error::Starved { what: "start a thread", source })?
            .join()
            .map_err(|_| Error::Internal("the resolver broke".to_owned()))?
            .map_err(|error: resolve::Error| Error::from(error))
    });
    let (resolved, why) = match outcome {
        Ok(found) => found,
        Err(error) => {
            // the search takes memory of its own
            drop(loaded);
            return Err(elsewhere::look(error, settings, &loader, &releases).await);
        }
    };
    for note in &resolved.notes {
        tracing::info!("{note}");
    }
    stop.end(counted(resolved.plan.packages.len(), "package"));
    Ok(Planned { resolved, releases, why })
}

/// The archives that are asked for, one after the other, since the beginning of each is held in memory.
async fn archives(loader: &Loader, settings: &Settings) -> Result<Vec<Archived>, Error> {
    let mut archives = Vec::new();
    for archive in settings.requests.iter().filter_map(request::Request::archive) {
        archives.push(loader.archive(archive).await?);
    }
    Ok(archive::distinct(archives)?)
}

/// The requests as the resolver takes them: those for archives come last, as in apt, and each asks for the only
/// package of its archive's own suite.
fn requests(settings: &Settings, archives: &[Archived]) -> Vec<request::Request> {
    let named = settings.requests.iter().filter(|request| request.archive().is_none()).cloned();
    let of_archives = archives.iter().map(|archive| request::Request {
        kind: request::Kind::Name,
        name: archive.name.clone(),
        arch: None,
        version: None,
        suite: Some(archive.provenance.suite.clone()),
        forbid: false,
        text: archive.provenance.suite.clone(),
        origin: request::Origin::Flag,
    });
    named.chain(of_archives).collect()
}

/// Where the Releases of all sources may be.
pub(crate) fn release_urls(settings: &Settings) -> Result<Vec<Url>, Error> {
    Ok(sources(settings)?.iter().flat_map(Source::release_urls).collect())
}

async fn releases(loader: &Loader, sources: &[Source]) -> Result<Vec<Released>, Error> {
    let mut tasks = Vec::new();
    for source in sources {
        let (loader, source) = (loader.clone(), source.clone());
        tasks.push(tokio::spawn(async move { loader.release(&source).await }));
    }
    let mut releases = Vec::new();
    for task in tasks {
        let released = task.await.map_err(|error| Error::Internal(error.to_string()))?;
        releases.push(released?);
    }
    Ok(releases)
}
