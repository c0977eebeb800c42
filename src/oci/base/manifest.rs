//! The documents of an image that somebody else made, as far as they are needed.

use serde::Deserialize;
use serde_json::Value;

use super::super::document::{Descriptor, Platform, go_architecture};
use super::super::error::Error;
use crate::arrange::Arrange as _;
use crate::digest::Sha256;

/// An index, or docker's manifest list.
#[derive(Debug, Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

/// An image's manifest.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Manifest {
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
}

/// What a document is.
pub(super) enum Document {
    /// An image.
    Image(Manifest),
    /// What names the image for a platform.
    For(Descriptor),
}

/// Reads a manifest, or chooses from an index; `image` is for messages.
///
/// # Errors
/// [`Error::BadImage`], [`Error::NoPlatform`].
pub(super) fn read(bytes: &[u8], image: &str, architecture: &str) -> Result<Document, Error> {
    let bad = |problem: String| Error::BadImage { image: image.to_owned(), problem };
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| bad(format!("its manifest is no JSON: {error}")))?;
    if value["manifests"].is_array() {
        let index: Index =
            serde_json::from_value(value).map_err(|error| bad(format!("its index is odd: {error}")))?;
        return choose(&index, image, architecture).map(Document::For);
    }
    if value["schemaVersion"] == 1 || value["fsLayers"].is_array() {
        return Err(bad("its manifest is of the old form, schema 1".to_owned()));
    }
    let manifest: Manifest =
        serde_json::from_value(value).map_err(|error| bad(format!("its manifest is odd: {error}")))?;
    let foreign = manifest
        .layers
        .iter()
        .find(|layer| layer.media_type.contains("nondistributable") || layer.media_type.contains("foreign"));
    if let Some(foreign) = foreign {
        return Err(bad(format!("the layer {} is not to be distributed", foreign.digest)));
    }
    Ok(Document::Image(manifest))
}

fn choose(index: &Index, image: &str, architecture: &str) -> Result<Descriptor, Error> {
    let (wanted, variant) = go_architecture(architecture);
    let of = |platform: &Platform| platform.os == "linux" && platform.architecture == wanted;
    let mut fitting: Vec<&Descriptor> =
        index.manifests.iter().filter(|manifest| manifest.platform.as_ref().is_some_and(of)).collect();
    // the one of the very variant first, then one that says none
    fitting.arrange_by_key(|manifest| {
        let said = manifest.platform.as_ref().and_then(|platform| platform.variant.as_deref());
        if said == variant { 0 } else { usize::from(said.is_some()) + 1 }
    });
    if let Some(found) = fitting.first() {
        return Ok((*found).clone());
    }
    let mut there: Vec<String> = index
        .manifests
        .iter()
        .filter_map(|manifest| manifest.platform.as_ref())
        .filter(|platform| platform.os != "unknown")
        .map(|platform| format!("{}/{}", platform.os, platform.architecture))
        .collect();
    there.dedup();
    Err(Error::NoPlatform {
        image: image.to_owned(),
        wanted: format!("linux/{wanted}"),
        there: if there.is_empty() { "none that says its own".to_owned() } else { there.join(", ") },
    })
}

/// The digest that a descriptor names.
///
/// # Errors
/// [`Error::BadImage`] for one that is not SHA-256.
pub(super) fn digest_of(descriptor: &Descriptor, image: &str) -> Result<Sha256, Error> {
    let hex = descriptor.digest.strip_prefix("sha256:");
    hex.and_then(|hex| hex.parse().ok()).ok_or_else(|| Error::BadImage {
        image: image.to_owned(),
        problem: format!("'{}' is no digest of the kind sha256", descriptor.digest),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn index(platforms: &[(&str, &str, Option<&str>)]) -> Vec<u8> {
        let manifests: Vec<Value> = platforms
            .iter()
            .enumerate()
            .map(|(number, (os, architecture, variant))| {
                let mut platform = serde_json::json!({ "os": os, "architecture": architecture });
                if let Some(variant) = variant {
                    platform["variant"] = serde_json::json!(variant);
                }
                serde_json::json!({ "mediaType": "m", "digest": format!("sha256:{number}"), "size": 1, "platform": platform })
            })
            .collect();
        serde_json::to_vec(&serde_json::json!({ "schemaVersion": 2, "manifests": manifests })).unwrap()
    }

    fn chosen(platforms: &[(&str, &str, Option<&str>)], architecture: &str) -> Result<String, String> {
        match read(&index(platforms), "x", architecture) {
            Ok(Document::For(descriptor)) => Ok(descriptor.digest),
            Ok(Document::Image(_)) => panic!("it is an index"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_image_for_the_platform_is_taken() {
        let all = [
            ("windows", "amd64", None),
            ("linux", "arm", Some("v5")),
            ("linux", "arm", Some("v7")),
            ("linux", "arm64", Some("v8")),
            ("linux", "amd64", None),
            ("unknown", "unknown", None),
        ];
        for (architecture, number) in [("amd64", 4), ("armhf", 2), ("armel", 1), ("arm64", 3)] {
            assert_eq!(chosen(&all, architecture), Ok(format!("sha256:{number}")), "{architecture}");
        }
        let error = chosen(&all, "riscv64").unwrap_err();
        assert!(error.contains("linux/riscv64") && error.contains("linux/arm64"), "{error}");
        assert!(!error.contains("unknown"), "attestations are no platforms: {error}");
        assert_eq!(chosen(&[("linux", "arm64", None)], "arm64"), Ok("sha256:0".to_owned()));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"schemaVersion": 1, "fsLayers": []}"#,
            r#"{"config": {}, "layers": []}"#,
            r#"{"config": {"mediaType": "c", "digest": "d", "size": -1}, "layers": []}"#,
            r#"{"config": {"mediaType": "c", "digest": "d", "size": 1}, "layers": [{"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar", "digest": "d", "size": 1}]}"#,
        ] {
            assert!(matches!(read(text.as_bytes(), "x", "amd64"), Err(Error::BadImage { .. })), "{text}");
        }
        let other = Descriptor {
            media_type: String::new(),
            digest: "sha512:00".to_owned(),
            size: 1,
            annotations: std::collections::BTreeMap::new(),
            platform: None,
        };
        assert!(digest_of(&other, "x").is_err());
    }
}
