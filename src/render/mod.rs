//! Manifests: what a pod spec needs for aptlet, and manifests with it added, byte for byte as they were but for that.
//!
//! A manifest is read twice, as data and as a text that knows where everything stands. The data are changed; then the text is
//! edited where the data differ; then the result is read again and must mean what was wanted.

mod config_map;
mod container;
mod document;
mod edit;
mod error;
mod object;
mod pieces;
mod pod;
mod values;
mod write;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use self::error::Error;

use self::config_map::Data;
use self::document::{Document, Malformed};
use self::edit::Stuck;
use self::write::Lists;
use crate::config::{Mode, Rendering};

/// A manifest to add aptlet to.
#[derive(Debug, Clone, Copy)]
pub struct Manifest<'a> {
    /// What it is called in errors.
    pub place: &'a str,
    /// YAML or JSON, one object or several.
    pub text: &'a str,
}

/// What is to be printed.
///
/// # Errors
/// Files that cannot be read, and whatever stands in the way of adding to `manifest`.
pub fn render(rendering: &Rendering, manifest: Option<Manifest<'_>>) -> Result<String, Error> {
    let data = Data::read(rendering)?;
    Ok(match manifest {
        _ if rendering.helm_values => write::block(&values::values(rendering, data)?, Lists::Indented),
        Some(manifest) => patched(rendering, &data, manifest)?,
        None => pieces(rendering, &data)?,
    })
}

/// The pieces by themselves, as a part of a pod spec that `kubectl patch` and kustomize merge.
fn pieces(rendering: &Rendering, data: &Data) -> Result<String, Error> {
    let mut names = rendering.containers.clone();
    if names.is_empty() {
        names.push("main".to_owned());
    }
    let containers: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    let checksum = checksum(rendering, data);
    let mut template = json!({ "metadata": {}, "spec": { "containers": containers } });
    pod::add(&mut template, rendering, "the pod", checksum.as_deref())?;

    let mut text = String::new();
    if let Some(name) = rendering.config_map.as_ref().filter(|_| !data.is_empty()) {
        text.push_str(&write::block(&data.manifest(name, None), Lists::Indented));
        text.push_str("---\n");
    }
    let comment = match rendering.mode {
        Mode::Entrypoint => "# Into the pod template. The command goes in front of the container's own.\n",
        Mode::Init | Mode::Sidecar => "# Into the pod template.\n",
    };
    text.push_str(comment);
    if checksum.is_none() {
        template.as_object_mut().and_then(|template| template.shift_remove("metadata"));
    }
    text.push_str(&write::block(&in_order(template), Lists::Indented));
    Ok(text)
}

/// A pod template with its parts in the order of manifests.
fn in_order(mut template: Value) -> Value {
    if let Some(spec) = template.get_mut("spec").and_then(Value::as_object_mut) {
        for key in ["containers", "volumes"] {
            if let Some(value) = spec.shift_remove(key) {
                spec.insert(key.to_owned(), value);
            }
        }
    }
    template
}

/// A digest of the `ConfigMap` for an annotation, since pods start anew only if their template changes. A sidecar needs none.
fn checksum(rendering: &Rendering, data: &Data) -> Option<String> {
    let rolls = rendering.config_map.is_some() && !data.is_empty() && rendering.mode != Mode::Sidecar;
    rolls.then(|| data.checksum())
}

/// A manifest with aptlet added.
fn patched(rendering: &Rendering, data: &Data, manifest: Manifest<'_>) -> Result<String, Error> {
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
    pod::add(template, rendering, &chosen.name, checksum(rendering, data).as_deref())?;

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
    let text = edit::rewrite(manifest.text, &documents, &wanted).map_err(stuck)?;
    Ok(match new {
        None => text,
        Some(new) => {
            let block = write::block(&new, edit::lists(&documents));
            let text = text.trim_start_matches('\u{feff}');
            let begins = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
            let whole = match begins {
                // nothing may stand before a directive
                Some(line) if line.starts_with('%') => {
                    let end = if text.ends_with('\n') { "" } else { "\n" };
                    wanted.push(new);
                    format!("{text}{}", edit::with_ends_of(text, &format!("{end}---\n{block}")))
                }
                begins => {
                    let separator =
                        if begins.is_some_and(|line| line.starts_with("---")) { "" } else { "---\n" };
                    wanted.insert(0, new);
                    edit::with_ends_of(text, &format!("{block}{separator}")) + text
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

/// One object of a stream, or of a `List` in it.
struct Chosen {
    document: usize,
    item: Option<usize>,
    /// KIND/NAME.
    name: String,
}

impl Chosen {
    fn get_mut<'a>(&self, documents: &'a mut [Value]) -> Option<&'a mut Value> {
        let document = documents.get_mut(self.document)?;
        match self.item {
            Some(item) => document.get_mut("items")?.get_mut(item),
            None => Some(document),
        }
    }
}

/// The workload that is meant: the only one, or that of the name.
fn chosen(rendering: &Rendering, place: &str, documents: &[Document]) -> Result<Chosen, Error> {
    let mut there: Vec<Chosen> = Vec::new();
    for (document, Document { value, .. }) in documents.iter().enumerate() {
        let items = value
            .get("items")
            .and_then(Value::as_array)
            .filter(|_| value.get("metadata").is_none_or(Value::is_object));
        let objects: Vec<(Option<usize>, &Value)> = match items {
            Some(items) => items.iter().enumerate().map(|(index, item)| (Some(index), item)).collect(),
            None => vec![(None, value)],
        };
        for (item, object) in objects.into_iter().filter(|(_, object)| pod::place(object).is_some()) {
            let kind = object["kind"].as_str().unwrap_or("pod").to_ascii_lowercase();
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            there.push(Chosen { document, item, name: format!("{kind}/{name}") });
        }
    }
    let place = place.to_owned();
    let names = there.iter().map(|chosen| chosen.name.as_str()).collect::<Vec<_>>().join(", ");
    match &rendering.workload {
        _ if there.is_empty() => Err(Error::NoPod { place }),
        None if there.len() > 1 => Err(Error::ManyWorkloads { place, there: names }),
        None => there.pop().ok_or(Error::NoPod { place }),
        Some((kind, name)) => {
            let wanted = format!("{kind}/{name}");
            let mut found = there.into_iter().filter(|chosen| chosen.name == wanted);
            match (found.next(), found.next()) {
                (Some(chosen), None) => Ok(chosen),
                (Some(_), Some(_)) => Err(Error::ManyWorkloads { place, there: names }),
                (None, _) => Err(Error::NoWorkload { place, wanted, there: names }),
            }
        }
    }
}
