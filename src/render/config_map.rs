//! The `ConfigMap` that carries requests and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::Error;
use super::object::forget;
use crate::config::{self, Mode, Rendering};
use crate::digest::Sha256;

/// What Kubernetes takes at most, in bytes (<https://kubernetes.io/docs/concepts/configuration/configmap/>).
const LARGEST: usize = 1 << 20;

/// What goes into it.
#[derive(Debug, Default)]
pub(super) struct Data {
    /// Texts.
    pub(super) data: Map<String, Value>,
    /// What is no text, in base64.
    pub(super) binary: Map<String, Value>,
}

impl Data {
    /// The requests and the files.
    pub(super) fn read(rendering: &Rendering) -> Result<Self, Error> {
        let mut data = Self::default();
        let mut bytes = 0;
        if !rendering.requests.is_empty() {
            let text = format!("{}\n", rendering.requests.join("\n"));
            bytes += text.len();
            data.data.insert("packages".to_owned(), Value::from(text));
        }
        for (key, file) in &rendering.files {
            let contents = config::contents(file)?;
            bytes += contents.len();
            match String::from_utf8(contents) {
                Ok(text) if !text.contains('\0') => data.data.insert(key.clone(), Value::from(text)),
                Ok(text) => data.binary.insert(key.clone(), Value::from(STANDARD.encode(text))),
                Err(error) => data.binary.insert(key.clone(), Value::from(STANDARD.encode(error.as_bytes()))),
            };
        }
        if let Some(name) = rendering.config_map.as_ref().filter(|_| bytes > LARGEST) {
            return Err(Error::TooLarge { name: name.clone(), bytes });
        }
        Ok(data)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.binary.is_empty()
    }

    /// A digest of it for an annotation, since pods start anew only if their template changes. A sidecar needs none.
    pub(super) fn checksum_for(&self, rendering: &Rendering) -> Option<String> {
        let rolls = rendering.config_map.is_some() && !self.is_empty() && rendering.mode != Mode::Sidecar;
        rolls.then(|| self.checksum())
    }

    fn checksum(&self) -> String {
        Sha256::of(json!([self.data, self.binary]).to_string().as_bytes()).to_string()
    }

    /// The manifest of a new one.
    pub(super) fn manifest(&self, name: &str, namespace: Option<&str>) -> Value {
        let mut manifest = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } });
        if let Some(namespace) = namespace {
            manifest["metadata"]["namespace"] = json!(namespace);
        }
        self.put_into(&mut manifest);
        manifest
    }

    /// Sets the keys in one that is there, which keeps its others.
    ///
    /// # Errors
    /// [`Error::Immutable`], [`Error::Shape`].
    pub(super) fn update(&self, manifest: &mut Value, name: &str) -> Result<(), Error> {
        let before = manifest.clone();
        for (field, other) in [("data", &self.binary), ("binaryData", &self.data)] {
            let there = manifest.get_mut(field).filter(|there| !there.is_null());
            let Some(there) = there else { continue };
            let Some(keys) = there.as_object_mut() else {
                let workload = format!("the ConfigMap {name}");
                return Err(Error::Shape { workload, reason: format!("{field} is not a map") });
            };
            // a key is in one of the two
            keys.retain(|key, _| !other.contains_key(key));
            if keys.is_empty() {
                forget(manifest, &[field]);
            }
        }
        self.put_into(manifest);
        if *manifest != before && before["immutable"] == true {
            return Err(Error::Immutable { name: name.to_owned() });
        }
        Ok(())
    }

    /// Sets the keys.
    fn put_into(&self, manifest: &mut Value) {
        for (field, keys) in [("data", &self.data), ("binaryData", &self.binary)] {
            for (key, value) in keys {
                if !manifest[field].is_object() {
                    manifest[field] = json!({});
                }
                manifest[field][key] = value.clone();
            }
        }
    }
}
