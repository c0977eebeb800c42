//! An image for one platform, and the documents that say so.

use std::collections::BTreeMap;
use std::path::Path;

use super::document::{
    CONFIG, Config, Descriptor, History, MANIFEST, Manifest, Platform, RootFs, Runs, go_architecture,
};
use super::error::Error;
use super::layer::{Blob, Layer};

/// An image for one platform.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// Its architecture, as Debian names it.
    pub(crate) architecture: String,
    /// Its time, RFC 3339.
    pub(crate) created: String,
    /// The variables that its processes have: `NAME=VALUE`.
    pub(crate) environment: Vec<String>,
    /// What is said of it: labels of containers, and annotations of the manifest.
    pub(crate) labels: BTreeMap<String, String>,
    /// The layers, the lowest first, and what each is.
    pub(crate) layers: Vec<(Layer, History)>,
}

impl Image {
    /// Writes configuration and manifest as blobs, and returns what names the manifest, and the configuration.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub(super) fn write(&self, blobs: &Path) -> Result<(Descriptor, Blob), Error> {
        let (architecture, variant) = go_architecture(&self.architecture);
        let variant = variant.map(str::to_owned);
        let config = Config {
            created: self.created.clone(),
            architecture: architecture.to_owned(),
            variant: variant.clone(),
            os: "linux",
            runs: Runs { env: self.environment.clone(), labels: self.labels.clone() },
            rootfs: RootFs {
                kind: "layers",
                diff_ids: self.layers.iter().map(|(layer, _)| format!("sha256:{}", layer.diff_id)).collect(),
            },
            history: self.layers.iter().map(|(_, history)| history.clone()).collect(),
        };
        let config = Blob::write(&document(&config, blobs)?, blobs)?;
        let layers = self.layers.iter().map(|(layer, _)| describe(layer.packing.media_type(), &layer.blob));
        let manifest = Manifest {
            schema_version: 2,
            media_type: MANIFEST,
            config: describe(CONFIG, &config),
            layers: layers.collect(),
            annotations: self.labels.clone(),
        };
        let manifest = Blob::write(&document(&manifest, blobs)?, blobs)?;
        let platform = Platform { architecture: architecture.to_owned(), os: "linux".to_owned(), variant };
        Ok((Descriptor { platform: Some(platform), ..describe(MANIFEST, &manifest) }, config))
    }
}

fn describe(media_type: &str, blob: &Blob) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: format!("sha256:{}", blob.digest),
        size: blob.size,
        annotations: BTreeMap::new(),
        platform: None,
    }
}

/// The bytes of a document, which is to be at `path`.
pub(super) fn document(value: &impl serde::Serialize, path: &Path) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::write(path, error.into()))
}
