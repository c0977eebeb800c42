//! Tells where else a package is that the sources do not have, and what to change in the settings to have it; or which package
//! has the command or library that was asked for instead of one.

use crate::config::{Settings, SourceChoice, variable_of};
use crate::error::Error;
use crate::resolve::{self, ElsewhereHint};
use crate::source::elsewhere::{Difference, Elsewhere, is_library};
use crate::source::list::Source;
use crate::source::{Loader, Released};

/// Adds what there is to say to an error about an unknown package; others stay as they are.
pub(crate) async fn look(error: Error, settings: &Settings, loader: &Loader, releases: &[Released]) -> Error {
    let Error::Resolve(resolve::Error::UnknownPackage(mut unknown)) = error else { return error };
    if unknown.owners.is_empty()
        && unknown.architectures.is_empty()
        && unknown.architecture == settings.architecture.as_str()
    {
        let sources: Vec<&Source> = releases.iter().map(|released| &released.source).collect();
        // no package has the name of a library
        let places = match is_library(&unknown.name) {
            true => Vec::new(),
            false => loader.elsewhere(releases, &unknown.name).await,
        };
        unknown.elsewhere =
            places.iter().map(|place| told(place, &unknown.name, settings, &sources)).collect();
        if unknown.elsewhere.is_empty() && unknown.odd.is_empty() {
            (unknown.owners, unknown.missed) = loader.owners(releases, &unknown.name).await;
        }
    }
    resolve::Error::UnknownPackage(unknown).into()
}

fn told(place: &Elsewhere, name: &str, settings: &Settings, sources: &[&Source]) -> ElsewhereHint {
    let mut shown = format!("{}/{}", place.suite, place.component);
    let remedy = match place.difference {
        Difference::Architecture => {
            shown = format!("{shown} for {}", place.architecture);
            format!("ask for {name}:{}", place.architecture)
        }
        Difference::Component => {
            let components = with(&place.source.components, &place.component);
            let how = match &settings.sources {
                SourceChoice::Files(_) | SourceChoice::Machine(_) => {
                    in_file(place, "Components", &components)
                }
                SourceChoice::Mirror { .. } | SourceChoice::Release(_) => as_flags("component", &components),
            };
            format!("add the component {} ({how})", place.component)
        }
        Difference::Suite => {
            let beside = sources
                .iter()
                .filter(|source| source.origin == place.source.origin && source.uris == place.source.uris);
            let mut suites: Vec<String> = beside.map(|source| source.suite.clone()).collect();
            suites.dedup();
            let suites = with(&suites, &place.suite);
            let how = match &settings.sources {
                SourceChoice::Files(_) | SourceChoice::Machine(_) => in_file(place, "Suites", &suites),
                SourceChoice::Mirror { .. } => as_flags("suite", &suites),
                // flags would lose the suite of security fixes
                SourceChoice::Release(_) => "in a .sources file, beside those of the release".to_owned(),
            };
            format!("add the suite {} ({how})", place.suite)
        }
    };
    ElsewhereHint {
        place: shown,
        version: place.found.version.clone(),
        provider: place.found.provider.clone(),
        remedy,
    }
}

fn with(words: &[String], more: &str) -> Vec<String> {
    let mut all = words.to_vec();
    all.push(more.to_owned());
    all
}

/// `Components: main contrib in FILE:LINE`; the one-line format has no names for its parts.
fn in_file(place: &Elsewhere, field: &str, words: &[String]) -> String {
    let origin = &place.source.origin;
    let at = format!("{}:{}", origin.file.display(), origin.line);
    let deb822 = origin.file.extension().is_some_and(|extension| extension == "sources");
    match field {
        _ if deb822 => format!("{field}: {} in {at}", words.join(" ")),
        "Suites" => format!("a line of its own, like {at}"),
        _ => format!("at the end of {at}"),
    }
}

/// `--component main --component contrib, or APTLET_COMPONENT="main contrib"`
fn as_flags(flag: &str, words: &[String]) -> String {
    let flags: Vec<String> = words.iter().map(|word| format!("--{flag} {word}")).collect();
    format!("{}, or {}=\"{}\"", flags.join(" "), variable_of(flag), words.join(" "))
}
