//! A file of an image, named after its digest, and how it may be compressed.

use std::fs;
use std::path::Path;

use super::error::Error;
use crate::digest::Sha256;

/// How layers are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
}

impl Packing {
    /// The media type of a layer.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
        }
    }
}

/// A file named after its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob {
    /// Of its bytes.
    pub(crate) digest: Sha256,
    /// Their number.
    pub(crate) size: u64,
}

impl Blob {
    /// Writes a document as a blob in the folder `blobs`.
    ///
    /// # Errors
    /// [`Error::OnDisk`].
    pub(super) fn write(document: &[u8], blobs: &Path) -> Result<Self, Error> {
        let blob = Self { digest: Sha256::of(document), size: document.len() as u64 };
        let place = blobs.join(blob.digest.to_string());
        fs::write(&place, document).map_err(|source| Error::write(&place, source))?;
        Ok(blob)
    }
}
