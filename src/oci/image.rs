//! An image for one platform, and the documents that say so.

use std::path::Path;

use serde_json::{Value, json};

use super::base::BaseLayer;
use super::blob::Blob;
use super::document::{
    CONFIG, Config, Descriptor, History, MANIFEST, Manifest, Platform, RootFs, Runs, document,
    go_architecture,
};
use super::error::Error;
use super::layer::Layer;
use crate::digest::Sha256;

/// The annotations that tell what an image is on top of.
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// An image for one platform.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// Its architecture, as Debian names it.
    pub(crate) architecture: String,
    /// Its time, RFC 3339.
    pub(crate) created: String,
    /// What its processes are; the labels are annotations of the manifest as well.
    pub(crate) runs: Runs,
    /// The layers, the lowest first, and what each is.
    pub(crate) layers: Vec<(Layer, History)>,
    /// The image whose layers are below these.
    pub(crate) base: Option<Below>,
    /// What a registry gets beside it.
    pub(crate) attachments: Vec<Attachment>,
}

/// An image that another one is on top of.
#[derive(Debug, Clone)]
pub(crate) struct Below {
    /// Its name, where others can find it by that.
    pub(crate) name: Option<String>,
    /// Of its manifest.
    pub(crate) digest: Sha256,
    /// Its configuration, whole.
    pub(crate) config: Value,
    /// Its layers, as they are stored.
    pub(crate) layers: Vec<BaseLayer>,
}

/// A document about an image, beside it.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    /// What it is.
    pub(crate) media_type: &'static str,
    /// The name of a file that has it.
    pub(crate) title: &'static str,
    /// All of it.
    pub(crate) text: Vec<u8>,
}

/// An image whose documents are among the blobs.
#[derive(Debug)]
pub(super) struct Written {
    /// What names its manifest.
    pub(super) descriptor: Descriptor,
    /// Its configuration.
    pub(super) config: Blob,
    /// The layers, with the digests before they were compressed, the lowest first.
    pub(super) layers: Vec<(Blob, Sha256)>,
    /// All blobs that the manifest names.
    pub(super) blobs: Vec<Blob>,
    pub(super) created: String,
    pub(super) attachments: Vec<Attachment>,
}

impl Image {
    /// Writes configuration and manifest as blobs.
    ///
    /// # Errors
    /// [`Error::OnDisk`].
    pub(super) fn write(&self, blobs: &Path) -> Result<Written, Error> {
        let (architecture, variant) = go_architecture(&self.architecture);
        let variant = variant.map(str::to_owned);
        let config = Config {
            created: self.created.clone(),
            architecture: architecture.to_owned(),
            variant: variant.clone(),
            os: "linux",
            runs: self.runs.clone(),
            rootfs: RootFs {
                kind: "layers",
                diff_ids: self.layers.iter().map(|(layer, _)| format!("sha256:{}", layer.diff_id)).collect(),
            },
            history: self.layers.iter().map(|(_, history)| history.clone()).collect(),
        };
        let config = match &self.base {
            None => document(&config, blobs)?,
            Some(base) => document(&on_top(base, &config), blobs)?,
        };
        let config = Blob::write(&config, blobs)?;
        let below = self.base.iter().flat_map(|base| &base.layers);
        let below: Vec<(Descriptor, Sha256)> = below
            .map(|layer| {
                let blob = Blob { digest: layer.digest, size: layer.size };
                (Descriptor::of(oci_type(&layer.media_type), &blob), layer.diff_id)
            })
            .collect();
        let mut annotations = self.runs.labels.clone();
        if let Some(base) = &self.base {
            let named = base.name.iter().map(|name| (BASE_NAME.to_owned(), name.clone()));
            annotations.extend(named);
            annotations.insert(BASE_DIGEST.to_owned(), format!("sha256:{}", base.digest));
        }
        let layers =
            self.layers.iter().map(|(layer, _)| Descriptor::of(layer.packing.media_type(), &layer.blob));
        let manifest = Manifest {
            schema_version: 2,
            media_type: MANIFEST,
            config: Descriptor::of(CONFIG, &config),
            layers: below.iter().map(|(descriptor, _)| descriptor.clone()).chain(layers).collect(),
            annotations,
        };
        let manifest = Blob::write(&document(&manifest, blobs)?, blobs)?;
        let platform = Platform { architecture: architecture.to_owned(), os: "linux".to_owned(), variant };
        let own = self.layers.iter().map(|(layer, _)| (layer.blob.clone(), layer.diff_id));
        let below = self.base.iter().flat_map(|base| &base.layers);
        let below = below.map(|layer| (Blob { digest: layer.digest, size: layer.size }, layer.diff_id));
        let layers: Vec<(Blob, Sha256)> = below.chain(own).collect();
        let all = layers.iter().map(|(blob, _)| blob.clone()).chain([config.clone()]);
        Ok(Written {
            descriptor: Descriptor { platform: Some(platform), ..Descriptor::of(MANIFEST, &manifest) },
            blobs: all.collect(),
            config,
            layers,
            created: self.created.clone(),
            attachments: self.attachments.clone(),
        })
    }
}

/// The configuration of the image below, with what comes on top: whoever starts it finds all that was there as it was.
fn on_top(base: &Below, own: &Config) -> Value {
    let mut config = base.config.clone();
    config["created"] = json!(own.created);
    for (name, list) in [("rootfs", json!(own.rootfs.diff_ids)), ("history", json!(own.history))] {
        let place = if name == "rootfs" { &mut config[name]["diff_ids"] } else { &mut config[name] };
        let mut all = place.as_array().cloned().unwrap_or_default();
        all.extend(list.as_array().cloned().unwrap_or_default());
        *place = Value::Array(all);
    }
    let runs = &mut config["config"];
    if !runs.is_object() {
        *runs = json!({});
    }
    let mut variables: Vec<String> =
        runs["Env"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    for variable in &own.runs.env {
        let name = variable.split('=').next().unwrap_or_default();
        variables.retain(|other| other.split('=').next() != Some(name));
        variables.push(variable.clone());
    }
    runs["Env"] = json!(variables);
    if !runs["Labels"].is_object() {
        runs["Labels"] = json!({});
    }
    for (name, value) in &own.runs.labels {
        runs["Labels"][name] = json!(value);
    }
    config
}

/// What docker calls a layer is one of the OCI's.
fn oci_type(media_type: &str) -> &str {
    match media_type {
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar" => "application/vnd.oci.image.layer.v1.tar",
        other => other,
    }
}
