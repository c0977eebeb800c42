//! The SHA-256 of a package whose index has only its SHA-512: a plan and a lock name every package by its SHA-256.

use sha2::Digest as _;
use url::Url;

use super::Error;
use super::list::join;
use super::loader::Loader;
use crate::digest::{Checksum, Sha256};
use crate::fetch;
use crate::plan::PlanSource;

impl Loader {
    /// Reads the file once, from the first place that has the one that `sha512` vouches for, and keeps nothing of it.
    ///
    /// # Errors
    /// What became of each place.
    pub(crate) async fn sha256_of(
        &self,
        source: &PlanSource,
        filename: &str,
        size: u64,
        sha512: [u8; 64],
    ) -> Result<Sha256, Error> {
        let mut attempts = Vec::new();
        for uri in source.uris.iter().filter_map(|uri| Url::parse(uri).ok()) {
            match self.sha256_from(&join(&uri, filename), size, sha512).await {
                Ok(digest) => return Ok(digest),
                Err(error) => attempts.push(error),
            }
        }
        match attempts.len() {
            1 => Err(attempts.remove(0)),
            _ => Err(Error::AllMirrors { suite: source.suite.clone(), attempts }),
        }
    }

    async fn sha256_from(&self, url: &Url, size: u64, sha512: [u8; 64]) -> Result<Sha256, Error> {
        let mismatch = |problem| fetch::Error::Mismatch { url: url.to_string(), problem };
        let expected = Checksum::Sha512(sha512);
        let (mut received, mut known, mut wanted) = (0, expected.hasher(), sha2::Sha256::new());
        let mut body = self.client.open(url).await?;
        while let Some(chunk) = body.chunk().await? {
            received += chunk.len() as u64;
            if received > size {
                return Err(mismatch(format!("the size is more than the expected {size} bytes")).into());
            }
            known.update(&chunk);
            wanted.update(&chunk);
        }
        let actual = known.finish();
        if received != size {
            return Err(mismatch(format!("the size is {received} bytes, expected {size}")).into());
        }
        if actual != expected {
            return Err(mismatch(format!("SHA512 is {actual}, expected {expected}")).into());
        }
        Ok(Sha256(wanted.finalize().into()))
    }
}
