//! A digest of what is read, taken on the way.

use std::io::{self, Read};

use sha2::Digest as _;

use crate::digest::Sha256;

/// Hashes what is read through it.
#[derive(Debug)]
pub(super) struct Hashing<R> {
    hasher: sha2::Sha256,
    inner: R,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { hasher: sha2::Sha256::new(), inner }
    }

    /// Of all that was read.
    pub(super) fn digest(self) -> Sha256 {
        Sha256(self.hasher.finalize().into())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}
