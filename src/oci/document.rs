//! The documents of an image, with their fields in one order, so that the same image always has the same digest:
//! <https://github.com/opencontainers/image-spec>.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::blob::Blob;
use super::error::Error;

/// The media types.
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The name of an image in a layout.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What names a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<Platform>,
}

impl Descriptor {
    /// Of a blob.
    pub(super) fn of(media_type: &str, blob: &Blob) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: format!("sha256:{}", blob.digest),
            size: blob.size,
            annotations: BTreeMap::new(),
            platform: None,
        }
    }

    /// The name of its blob in a folder.
    pub(super) fn hex(&self) -> &str {
        self.digest.trim_start_matches("sha256:")
    }
}

/// What a manifest is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Platform {
    pub(super) architecture: String,
    pub(super) os: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<String>,
}

/// An image for one platform.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    pub(super) media_type: &'static str,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// What containers get of an image.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Config {
    /// The time, RFC 3339.
    pub(crate) created: String,
    /// As Go names it.
    pub(crate) architecture: String,
    /// The variant of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    /// Always `linux`.
    pub(crate) os: &'static str,
    /// How processes are started.
    #[serde(rename = "config")]
    pub(crate) runs: Runs,
    /// The layers.
    pub(crate) rootfs: RootFs,
    /// What each layer is.
    pub(crate) history: Vec<History>,
}

/// How processes are started.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Runs {
    /// `NAME=VALUE`.
    pub(crate) env: Vec<String>,
    /// Who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// What is started, with all arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) entrypoint: Vec<String>,
    /// Its arguments where none are given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cmd: Vec<String>,
    /// What is said of the image.
    pub(crate) labels: BTreeMap<String, String>,
}

/// The layers of an image, by their digests before they are compressed.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct RootFs {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) diff_ids: Vec<String>,
}

/// What a layer is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct History {
    /// The time, RFC 3339.
    pub(crate) created: String,
    /// What made it, for people.
    pub(crate) created_by: String,
}

/// Names that what follows has for architectures of Debian: Go's, and the variant.
pub(crate) fn go_architecture(debian: &str) -> (&str, Option<&str>) {
    match debian {
        "i386" => ("386", None),
        "armhf" => ("arm", Some("v7")),
        "armel" => ("arm", Some("v5")),
        "arm64" => ("arm64", Some("v8")),
        "ppc64el" => ("ppc64le", None),
        "mips64el" => ("mips64le", None),
        other => (other, None),
    }
}

/// The bytes of a document, which is to be at `path`.
pub(super) fn document(value: &impl serde::Serialize, path: &Path) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::write(path, error.into()))
}
