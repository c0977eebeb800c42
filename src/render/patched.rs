//! A manifest with aptlet added.

use serde_json::Value;

use super::config_map::Data;
use super::document::{self, Malformed};
use super::error::Error;
use super::rewrite::{self, Stuck};
use super::workload::chosen;
use super::{pod, splice, write};
use crate::config::Rendering;

/// A manifest to add aptlet to.
#[derive(Debug, Clone, Copy)]
pub struct Manifest<'a> {
    /// What it is called in errors.
    pub place: &'a str,
    /// YAML or JSON, one object or several.
    pub text: &'a str,
}

/// The manifest with aptlet added, and all else as it is.
pub(super) fn patched(rendering: &Rendering, data: &Data, manifest: Manifest<'_>) -> Result<String, Error> {
    let place = || manifest.place.to_owned();
    let malformed = |Malformed { line, reason }| Error::Malformed { place: place(), line, reason };
    let documents = document::read(manifest.text).map_err(malformed)?;
    let mut wanted: Vec<Value> = documents.iter().map(|document| document.value.clone()).collect();

    let chosen = chosen(rendering, manifest.place, &documents)?;
    let Some(workload) = chosen.get_mut(&mut wanted) else { return Err(Error::NoPod { place: place() }) };
    let namespace = workload.pointer("/metadata/namespace").and_then(Value::as_str).map(str::to_owned);
    let way = pod::place(workload).unwrap_or_default();
    let template = way.iter().try_fold(workload, |object, key| object.get_mut(*key));
    let Some(template) = template else { return Err(Error::NoPod { place: place() }) };
    pod::add(template, rendering, &chosen.name, data.checksum_for(rendering).as_deref())?;

    let mut new = None;
    if let Some(name) = rendering.config_map.as_ref().filter(|_| !data.is_empty()) {
        let is_it = |object: &&mut Value| {
            object["kind"] == "ConfigMap"
                && object["metadata"]["name"] == name.as_str()
                && object["metadata"]["namespace"].as_str() == namespace.as_deref()
        };
        let objects = wanted.iter_mut().filter(|object| object.is_object()).flat_map(|object| {
            match object.get("items").is_some_and(Value::is_array) {
                true => {
                    object["items"].as_array_mut().map(|items| items.iter_mut().collect()).unwrap_or_default()
                }
                false => vec![object],
            }
        });
        match objects.filter(|object| object.is_object()).find(is_it) {
            Some(there) => data.update(there, name)?,
            None => new = Some(data.manifest(name, namespace.as_deref())),
        }
    }
    let stuck = |Stuck { line, reason }| Error::Stuck { place: place(), line, reason };
    let text = rewrite::rewrite(manifest.text, &documents, &wanted).map_err(stuck)?;
    Ok(match new {
        None => text,
        Some(new) => {
            let block = write::block(&new, rewrite::lists(&documents));
            let text = text.trim_start_matches('\u{feff}');
            let begins = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
            let whole = match begins {
                // nothing may stand before a directive
                Some(line) if line.starts_with('%') => {
                    let end = if text.ends_with('\n') { "" } else { "\n" };
                    wanted.push(new);
                    format!("{text}{}", splice::with_ends_of(text, &format!("{end}---\n{block}")))
                }
                begins => {
                    let separator =
                        if begins.is_some_and(|line| line.starts_with("---")) { "" } else { "---\n" };
                    wanted.insert(0, new);
                    splice::with_ends_of(text, &format!("{block}{separator}")) + text
                }
            };
            let meant = document::read(&whole).map_err(malformed)?;
            if !meant.iter().map(|document| &document.value).eq(&wanted) {
                let reason = "is written in a way that a ConfigMap cannot stand beside";
                return Err(Error::Stuck { place: place(), line: 1, reason });
            }
            whole
        }
    })
}
