//! What is read of a repository: manifests and blobs (distribution specification, "Pull"). Nothing is handed on whose digest was not
//! looked at.

use std::fs::File;
use std::io::{Seek as _, Write as _};

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use sha2::Digest as _;

use super::session::Registry;
use crate::digest::Sha256;
use crate::fetch::body::Body;
use crate::fetch::error::Error as FetchError;
use crate::masking;
use crate::reference::Reference;

/// As the specification allows at least, and no registry more.
const LARGEST_MANIFEST: usize = 4 << 20;
/// The kinds of manifests that are understood.
const MANIFESTS: HeaderValue = HeaderValue::from_static(
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json",
);

/// A manifest as a registry has it.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// Of its bytes.
    pub(crate) digest: Sha256,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
}

impl Registry {
    /// The manifest of a tag or digest; nothing where there is none.
    ///
    /// # Errors
    /// All that concern a URL; [`FetchError::Mismatch`] for other bytes than those of the digest.
    pub(crate) async fn manifest(&self, wanted: &str) -> Result<Option<Manifest>, FetchError> {
        let url = self.url(&format!("manifests/{wanted}")).await?;
        let headers = HeaderMap::from_iter([(ACCEPT, MANIFESTS)]);
        let mut retry = self.retry(&url);
        loop {
            let mut opened = self.ask(&Method::GET, &url, &headers, None).await?;
            let status = opened.response.status();
            if status.as_u16() == 404 {
                return Ok(None);
            }
            if !status.is_success() {
                return Err(self.refused(opened, &url).await);
            }
            let mut bytes = Vec::new();
            let failed = loop {
                match opened.response.chunk().await {
                    Ok(None) => break None,
                    Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                    Err(error) => break Some(error),
                }
                if bytes.len() > LARGEST_MANIFEST {
                    return Err(FetchError::TooLarge {
                        url: masking::url(&url),
                        limit: LARGEST_MANIFEST as u64,
                    });
                }
            };
            if let Some(error) = failed {
                let error = self.failed(&url, &error);
                drop(opened);
                retry.after(error).await?;
                continue;
            }
            let digest = Sha256::of(&bytes);
            if wanted.starts_with("sha256:") && wanted != format!("sha256:{digest}") {
                let problem =
                    format!("SHA256 is {digest}, expected {}", wanted.trim_start_matches("sha256:"));
                return Err(FetchError::Mismatch { url: masking::url(&url), problem });
            }
            return Ok(Some(Manifest { digest, bytes }));
        }
    }

    /// The manifest of an image that has to be there.
    ///
    /// # Errors
    /// The same, and [`FetchError::NotFound`].
    pub(crate) async fn manifest_of(&self, image: &Reference) -> Result<Manifest, FetchError> {
        let wanted = image.wanted();
        let url = self.url(&format!("manifests/{wanted}")).await?;
        self.manifest(&wanted).await?.ok_or_else(|| FetchError::NotFound {
            url: masking::url(&url),
            cause: format!("there is no image {image}"),
        })
    }

    /// Writes a blob to `file`; what does not have this digest and size is an error.
    ///
    /// # Errors
    /// All that concern a URL; [`FetchError::Mismatch`]; [`FetchError::Write`].
    pub(crate) async fn pull_blob(
        &self,
        (digest, size): (Sha256, u64),
        file: &mut File,
    ) -> Result<(), FetchError> {
        let url = self.url(&format!("blobs/sha256:{digest}")).await?;
        let shown = || masking::url(&url);
        let write = |source| FetchError::Write { url: shown(), source };
        let mismatch = |problem| FetchError::Mismatch { url: shown(), problem };
        let mut body = Body::of_registry(self.client(), self, &url).await?;
        if let Some(other) = body.size().filter(|other| *other != size) {
            return Err(mismatch(format!("the size is {other} bytes, expected {size}")));
        }
        body.expect(size);
        file.set_len(0).and_then(|()| file.rewind()).map_err(write)?;
        let (mut hasher, mut received) = (sha2::Sha256::new(), 0);
        while let Some(chunk) = body.chunk().await? {
            received += chunk.len() as u64;
            if received > size {
                return Err(mismatch(format!("the size is more than the expected {size} bytes")));
            }
            hasher.update(&chunk);
            file.write_all(&chunk).map_err(write)?;
        }
        let actual = Sha256(hasher.finalize().into());
        match actual == digest {
            true => Ok(()),
            false => Err(mismatch(format!("SHA256 is {actual}, expected {digest}"))),
        }
    }
}
