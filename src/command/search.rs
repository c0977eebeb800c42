//! `aptlet search`: which packages have words in their names or descriptions.

use std::collections::BTreeMap;

use regex_lite::{Regex, RegexBuilder};
use serde_json::json;

use crate::config::{self, LogFormat, Settings};
use crate::control::version;
use crate::error::Error;
use crate::planning::Catalogue;
use crate::report::{self, Report};
use crate::source::field;

/// What is looked for, in small letters.
#[derive(Clone)]
enum Term {
    Text(String),
    Expression(Regex),
}

impl Term {
    fn new(word: &str) -> Result<Self, config::Error> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | ' ' | '/');
        if word.chars().all(plain) {
            return Ok(Self::Text(word.to_ascii_lowercase()));
        }
        let built = RegexBuilder::new(word).case_insensitive(true).build();
        // a name such as g++ is no expression, and is meant as it is
        match built {
            Ok(expression) => Ok(Self::Expression(expression)),
            Err(_) if word.ends_with('+') => Ok(Self::Text(word.to_ascii_lowercase())),
            Err(error) => Err(config::Error::Expression { text: word.to_owned(), reason: error.to_string() }),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Text(word) => text.to_ascii_lowercase().contains(word),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

struct Found {
    name: String,
    version: String,
    description: String,
}

pub(super) async fn search(
    settings: &Settings,
    words: &[String],
    names_only: bool,
    report: &Report,
) -> Result<(), Error> {
    let terms: Vec<Term> = words.iter().map(|word| Term::new(word)).collect::<Result<_, _>>()?;
    let pick = move |stanza: &[u8]| {
        let stanza = str::from_utf8(stanza).ok()?;
        let (name, description) = (field(stanza, "Package"), field(stanza, "Description"));
        let matches = |term: &Term| term.matches(name) || (!names_only && term.matches(description));
        (!name.is_empty() && terms.iter().all(matches)).then(|| Found {
            name: name.to_owned(),
            version: field(stanza, "Version").to_owned(),
            description: description.to_owned(),
        })
    };
    let mut catalogue = Catalogue::open(settings).await?;
    let mut newest: BTreeMap<String, Found> = BTreeMap::new();
    for found in catalogue.listing(report, pick).await?.into_iter().flat_map(|listed| listed.found) {
        match newest.get(&found.name) {
            Some(known) if version::compare(&known.version, &found.version).is_ge() => {}
            _ => drop(newest.insert(found.name.clone(), found)),
        }
    }
    if newest.is_empty() {
        // of one word more can be said
        return Err(match words {
            [name] if name.chars().all(|letter| letter.is_ascii_graphic()) => catalogue.missing(name).await,
            words => Error::NothingMatches { words: words.join(" ") },
        });
    }
    let line = |found: &Found| match settings.log_format {
        LogFormat::Text => format!("{} - {}\n", found.name, found.description),
        LogFormat::Json => {
            let Found { name, version, description } = found;
            format!("{}\n", json!({ "name": name, "version": version, "description": description }))
        }
    };
    report::print(&newest.values().map(line).collect::<String>())
}
