//! The pieces by themselves, without a manifest.

use serde_json::{Value, json};

use super::config_map::Data;
use super::error::Error;
use super::pod;
use super::write::{self, Lists};
use crate::config::{Mode, Rendering};

/// The pieces by themselves, as a part of a pod spec that `kubectl patch` and kustomize merge.
pub(super) fn pieces(rendering: &Rendering, data: &Data) -> Result<String, Error> {
    let mut names = rendering.containers.clone();
    if names.is_empty() {
        names.push("main".to_owned());
    }
    let containers: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    let checksum = data.checksum_for(rendering);
    let mut template = json!({ "metadata": {}, "spec": { "containers": containers } });
    pod::add(&mut template, rendering, "the pod", &[], checksum.as_deref())?;

    let mut text = String::new();
    if let Some(name) = rendering.config_map.as_ref().filter(|_| !data.is_empty()) {
        text.push_str(&write::block(&data.manifest(name, None), Lists::Indented));
        text.push_str("---\n");
    }
    let comment = match rendering.mode {
        Mode::Entrypoint => "# Into the pod template. The command goes in front of the container's own.\n",
        Mode::Init | Mode::Sidecar | Mode::Live | Mode::Image => "# Into the pod template.\n",
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
