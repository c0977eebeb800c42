//! `aptlet show`: what the indexes say of packages.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::arrange::Arrange as _;
use crate::config::{LogFormat, Settings};
use crate::control::version;
use crate::error::Error;
use crate::planning::Catalogue;
use crate::report::{self, Report};
use crate::source::field;

struct Stanza {
    name: String,
    version: String,
    text: String,
    /// Where it is, as apt says it.
    places: Vec<String>,
}

pub(super) async fn show(settings: &Settings, names: &[String], report: &Report) -> Result<(), Error> {
    let wanted: Arc<[(String, Option<String>)]> = names
        .iter()
        .map(|name| match name.split_once('=') {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (name.clone(), None),
        })
        .collect();
    let asked = Arc::clone(&wanted);
    let pick = move |stanza: &[u8]| {
        let stanza = str::from_utf8(stanza).ok()?;
        let name = field(stanza, "Package");
        asked.iter().any(|(asked, _)| asked == name).then(|| stanza.trim().to_owned())
    };
    let mut catalogue = Catalogue::open(settings).await?;
    let mut stanzas: Vec<Stanza> = Vec::new();
    for listed in catalogue.listing(report, pick).await? {
        let from = listed.from.source;
        let uri = from.uris.first().map(String::as_str).unwrap_or_default();
        let place = format!("{uri} {} {} Packages", from.describe(), listed.from.architecture);
        for text in listed.found {
            match stanzas.iter_mut().find(|known| known.text == text) {
                Some(known) => known.places.push(place.clone()),
                None => stanzas.push(Stanza {
                    name: field(&text, "Package").to_owned(),
                    version: field(&text, "Version").to_owned(),
                    text,
                    places: vec![place.clone()],
                }),
            }
        }
    }
    stanzas.arrange_by(|one, other| version::compare(&other.version, &one.version));
    let mut shown: Vec<&Stanza> = Vec::new();
    for (name, wanted) in wanted.iter() {
        let of_name: Vec<&Stanza> = stanzas.iter().filter(|stanza| stanza.name == *name).collect();
        if of_name.is_empty() {
            return Err(catalogue.missing(name).await);
        }
        let before = shown.len();
        shown
            .extend(of_name.iter().filter(|stanza| wanted.as_ref().is_none_or(|own| *own == stanza.version)));
        if shown.len() == before {
            let available = of_name.iter().map(|stanza| stanza.version.clone()).collect();
            return Err(Error::from(crate::resolve::Error::NoSuchVersion {
                name: name.clone(),
                wanted: format!("version {}", wanted.as_deref().unwrap_or_default()),
                absent_suite: None,
                available,
            }));
        }
    }
    let text: Vec<String> = shown
        .iter()
        .map(|stanza| match settings.log_format {
            LogFormat::Text => {
                format!("{}\nAPT-Sources: {}\n", stanza.text, stanza.places.join("\n "))
            }
            LogFormat::Json => format!("{}\n", object(stanza)),
        })
        .collect();
    let gap = if settings.log_format == LogFormat::Text { "\n" } else { "" };
    report::print(&text.join(gap))
}

/// The fields, by their names, and where they are from.
fn object(stanza: &Stanza) -> Value {
    let mut fields: Map<String, Value> = Map::new();
    let mut last = String::new();
    for line in stanza.text.lines() {
        match line.split_once(':').filter(|_| !line.starts_with([' ', '\t'])) {
            Some((name, value)) => {
                name.clone_into(&mut last);
                fields.insert(last.clone(), json!(value.trim()));
            }
            None => {
                if let Some(Value::String(value)) = fields.get_mut(&last) {
                    value.push('\n');
                    value.push_str(line.trim());
                }
            }
        }
    }
    fields.insert("APT-Sources".to_owned(), json!(stanza.places));
    Value::Object(fields)
}
