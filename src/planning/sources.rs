//! The sources that the settings name, from files that have been read.

use std::path::{Path, PathBuf};

use url::Url;

use super::files::Files;
use crate::arrange::Arrange as _;
use crate::config::{FileOrText, Settings, SourceChoice};
use crate::error::Error;
use crate::masking;
use crate::source;
use crate::source::list::{self, Source, Variables};

/// The sources as they are written, credentials in their URIs included; of those for other architectures, only what
/// requests ask for.
///
/// # Errors
/// A file that cannot be read or understood.
pub(super) fn read(settings: &Settings, files: &mut Files<'_>) -> Result<Vec<Source>, Error> {
    let variables = Variables { architecture: settings.architecture.to_string() };
    let (mut sources, mut has_entries) = (Vec::new(), false);
    let mut add = |path: &Path, text: &str| -> Result<(), Error> {
        has_entries |= text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with('#'));
        sources.extend(list::parse_file(path, text, &variables)?);
        Ok(())
    };
    match &settings.sources {
        SourceChoice::Files(given) => {
            for (number, one) in given.iter().enumerate() {
                let name = one.name(number);
                let text = match one {
                    FileOrText::File(path) => files.text(path)?,
                    FileOrText::Text(text) => files.text_of(&name, text.as_bytes())?,
                };
                add(&name, &text)?;
            }
        }
        SourceChoice::Machine(machine) => {
            for (path, bytes) in &machine.files {
                add(path, &files.text_of(path, bytes)?)?;
            }
        }
        SourceChoice::Mirror { uris, suites, components } => {
            let uris = joined(uris);
            for suite in suites {
                let components: &[String] = if suite.ends_with('/') { &[] } else { components };
                add(Path::new("mirror.sources"), &stanza(&uris, suite, components))?;
            }
        }
        SourceChoice::Release(of) => {
            let path = Path::new("release.sources");
            add(path, &stanza(&joined(&of.mirrors), &of.release.suites().join(" "), &of.components))?;
            if let Some(suite) = of.release.security_suite() {
                add(path, &stanza(&joined(&of.security_mirrors), &suite, &of.components))?;
            }
        }
    }
    for (path, text) in &settings.more_sources {
        add(path, &files.text_of(path, text.as_bytes())?)?;
    }
    let mut sources = list::settled(sources)?;
    let foreign = foreign(settings);
    sources.retain(|source| {
        source.architectures.is_empty()
            || source
                .architectures
                .iter()
                .any(|listed| listed == settings.architecture.as_str() || foreign.contains(listed))
    });
    if sources.is_empty() {
        let files = files_of(&settings.sources);
        if !has_entries {
            return Err(source::Error::NoEntries { files: files.join(", ") }.into());
        }
        let architecture = settings.architecture.to_string();
        return Err(source::Error::NoSources { files: files.join(", "), architecture }.into());
    }
    Ok(sources)
}

fn files_of(choice: &SourceChoice) -> Vec<String> {
    match choice {
        SourceChoice::Files(given) => {
            given.iter().enumerate().map(|(number, one)| one.name(number).display().to_string()).collect()
        }
        SourceChoice::Machine(machine) => {
            machine.files.iter().map(|(path, _)| path.display().to_string()).collect()
        }
        SourceChoice::Mirror { .. } | SourceChoice::Release(_) => Vec::new(),
    }
}

fn joined(uris: &[Url]) -> String {
    uris.iter().map(Url::as_str).collect::<Vec<_>>().join(" ")
}

fn stanza(uris: &str, suites: &str, components: &[String]) -> String {
    let components = match components {
        [] => String::new(),
        some => format!("Components: {}\n", some.join(" ")),
    };
    format!("Types: deb\nURIs: {uris}\nSuites: {suites}\n{components}")
}

/// Takes the credentials out of URIs: what is in a message, a lock or a state is read by others.
pub(super) fn without_credentials(mut sources: Vec<Source>) -> Vec<Source> {
    for uri in sources.iter_mut().flat_map(|source| &mut source.uris) {
        *uri = masking::public(uri);
    }
    sources
}

/// The architectures that requests name besides the native one.
pub(super) fn foreign(settings: &Settings) -> Vec<String> {
    let mut foreign: Vec<String> = settings
        .requests
        .iter()
        .filter_map(|request| request.arch.clone())
        .filter(|name| {
            name != settings.architecture.as_str() && !matches!(name.as_str(), "all" | "any" | "native")
        })
        .collect();
    foreign.arrange();
    foreign.dedup();
    foreign
}

/// Files of `apt_preferences(5)`.
pub(super) fn preferences(settings: &Settings) -> impl Iterator<Item = &PathBuf> {
    let machine = match &settings.sources {
        SourceChoice::Machine(machine) => machine.preferences.as_slice(),
        _ => &[],
    };
    settings.preferences.iter().chain(machine)
}

/// Keyrings that only this machine's apt trusts.
pub(super) fn machine_keyrings(settings: &Settings) -> &[PathBuf] {
    match &settings.sources {
        SourceChoice::Machine(machine) => &machine.trusted,
        _ => &[],
    }
}

/// Files of `apt_auth.conf(5)`; the machine's, where its sources are used.
pub(super) fn auth(settings: &Settings) -> impl Iterator<Item = &PathBuf> {
    let machine = match &settings.sources {
        SourceChoice::Machine(machine) => machine.auth.as_slice(),
        _ => &[],
    };
    settings.auth.iter().chain(machine)
}
