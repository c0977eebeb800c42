//! A manifest with aptlet added.

use std::borrow::Cow;

use serde_json::Value;

use super::config_map::Data;
use super::document::{self, Malformed};
use super::error::Error;
use super::splice::Stuck;
use super::workload::chosen;
use super::write::Lists;
use super::{names, pod, rewrite, splice, write};
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
    let stuck = |Stuck { line, reason }| Error::Stuck { place: place(), line, reason };
    let given = document::read(manifest.text).map_err(malformed)?;
    let all = chosen(rendering, manifest.place, &given)?;

    // a change of its own, for which each item of a list stays where it is
    let mut renamed: Vec<Value> = given.iter().map(|document| document.value.clone()).collect();
    for one in all.iter().filter(|one| one.is_template()) {
        let Some(object) = one.get_mut(&mut renamed) else { continue };
        let claims = claims(object);
        one.change(object, |template| names::take_over(template, &one.name, &claims))?;
    }
    let is_new = given.iter().zip(&renamed).any(|(document, renamed)| document.value != *renamed);
    let named = match is_new {
        true => Cow::Owned(rewrite::rewrite(manifest.text, &given, &renamed).map_err(stuck)?),
        false => Cow::Borrowed(manifest.text),
    };
    let documents = if is_new { document::read(&named).map_err(malformed)? } else { given };
    let mut wanted = renamed;

    let mut new: Vec<Value> = Vec::new();
    let checksum = data.checksum_for(rendering);
    for one in &all {
        let Some(object) = one.get_mut(&mut wanted) else { continue };
        let claims = claims(object);
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).map(str::to_owned);
        one.change(object, |template| {
            pod::add(template, rendering, &one.name, &claims, checksum.as_deref())
        })?;
        if let Some(name) = rendering.config_map.as_ref().filter(|_| !data.is_empty()) {
            match config_map(&mut wanted, name, namespace.as_deref()) {
                Some(there) => data.update(there, name)?,
                None => {
                    let made = data.manifest(name, namespace.as_deref());
                    if !new.contains(&made) {
                        new.push(made);
                    }
                }
            }
        }
    }
    let text = rewrite::rewrite(&named, &documents, &wanted).map_err(stuck)?;
    new.into_iter().rev().try_fold(text, |text, new| {
        beside(&text, new, &mut wanted, rewrite::lists(&documents)).map_err(|error| match error {
            Beside::Malformed(error) => malformed(error),
            Beside::Stuck(error) => stuck(error),
        })
    })
}

/// Why a ConfigMap cannot stand beside the rest.
enum Beside {
    Malformed(Malformed),
    Stuck(Stuck),
}

/// The text with another object, in front of all others where that can be.
fn beside(text: &str, new: Value, wanted: &mut Vec<Value>, lists: Lists) -> Result<String, Beside> {
    let block = write::block(&new, lists);
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
            let separator = if begins.is_some_and(|line| line.starts_with("---")) { "" } else { "---\n" };
            wanted.insert(0, new);
            splice::with_ends_of(text, &format!("{block}{separator}")) + text
        }
    };
    let meant = document::read(&whole).map_err(Beside::Malformed)?;
    if !meant.iter().map(|document| &document.value).eq(wanted.iter()) {
        let reason = "is written in a way that a ConfigMap cannot stand beside".into();
        return Err(Beside::Stuck(Stuck { line: 1, reason }));
    }
    Ok(whole)
}

/// The names of the volumes that a workload brings.
fn claims(object: &Value) -> Vec<String> {
    let claims = object.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let names = claims.into_iter().flatten().filter_map(|claim| claim.pointer("/metadata/name")?.as_str());
    names.map(str::to_owned).collect()
}

/// The `ConfigMap` of that name, if it is there.
fn config_map<'a>(documents: &'a mut [Value], name: &str, namespace: Option<&str>) -> Option<&'a mut Value> {
    let is_it = |object: &&mut Value| {
        object["kind"] == "ConfigMap"
            && object["metadata"]["name"] == name
            && object["metadata"]["namespace"].as_str() == namespace
    };
    let objects = documents.iter_mut().filter(|object| object.is_object()).flat_map(|object| {
        match object.get("items").is_some_and(Value::is_array) {
            true => {
                object["items"].as_array_mut().map(|items| items.iter_mut().collect()).unwrap_or_default()
            }
            false => vec![object],
        }
    });
    objects.filter(|object| object.is_object()).find(is_it)
}
