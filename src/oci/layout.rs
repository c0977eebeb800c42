//! The image layout: a folder with blobs, and an index of the images that they are
//! (<https://github.com/opencontainers/image-spec/blob/main/image-layout.md>).

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::document::{Descriptor, INDEX, REF_NAME, document};
use super::error::Error;

/// Says that a folder is a layout.
pub(super) const MARK: (&str, &str) = ("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
/// The images of a layout.
pub(super) const IMAGES: &str = "index.json";
/// Where its blobs are.
pub(super) const BLOBS: &str = "blobs/sha256";

/// The index of the layout in a folder; nothing for a folder that is empty or not there.
///
/// # Errors
/// [`Error::NoLayout`] for one that has something else in it.
pub(super) fn read(folder: &Path) -> Result<Option<Value>, Error> {
    let no_layout = |reason: String| Error::NoLayout { folder: folder.to_owned(), reason };
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(no_layout(error.to_string())),
        Ok(mut entries) => {
            if entries.next().is_none() {
                return Ok(None);
            }
        }
    }
    let text = |name: &str| {
        fs::read(folder.join(name)).map_err(|error| no_layout(format!("cannot read its {name}: {error}")))
    };
    text(MARK.0)?;
    let index: Value = serde_json::from_slice(&text(IMAGES)?)
        .map_err(|error| no_layout(format!("its {IMAGES} cannot be understood: {error}")))?;
    match index["manifests"].is_array() {
        true => Ok(Some(index)),
        false => Err(no_layout(format!("its {IMAGES} has no list of manifests"))),
    }
}

/// The index with an image in it, in place of the one of the same name, or of the one without a name. All else stays as it is.
///
/// # Errors
/// None that an index can cause.
pub(super) fn with(
    index: Option<Value>,
    mut image: Descriptor,
    tag: Option<&str>,
    folder: &Path,
) -> Result<Vec<u8>, Error> {
    let mut index =
        index.unwrap_or_else(|| json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));
    image.annotations.extend(tag.map(|tag| (REF_NAME.to_owned(), tag.to_owned())));
    if let Some(images) = index["manifests"].as_array_mut() {
        images.retain(|other| other["annotations"][REF_NAME].as_str() != tag);
        let image = serde_json::to_value(&image).map_err(|error| Error::write(folder, error.into()))?;
        images.push(image);
    }
    document(&index, folder)
}
