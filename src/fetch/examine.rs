//! Reading all of a file for its digest while keeping no more than its beginning.

use sha2::Digest as _;
use url::Url;

use super::client::Client;
use super::error::Error;
use crate::digest::Sha256;
use crate::masking;

/// Bytes that a file may have where nobody says how many it should have: two members of an ar archive, the size of
/// which is written in ten digits.
const LARGEST: u64 = 20_000_000_000;

/// What is known of a file after all of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Examined {
    /// Its first bytes.
    pub(crate) head: Vec<u8>,
    /// How many bytes it has.
    pub(crate) size: u64,
    /// The digest of all of them.
    pub(crate) sha256: Sha256,
}

impl Client {
    /// Reads a file to its end and keeps at most its first `keep` bytes. Nobody vouches for them before the caller
    /// has compared the digest.
    ///
    /// # Errors
    /// All of this module that concern a URL; [`Error::TooLarge`] above 20 GB.
    pub(crate) async fn examine(&self, url: &Url, keep: usize) -> Result<Examined, Error> {
        let mut restarts = 0..self.retries();
        loop {
            match self.examine_once(url, keep).await {
                Err(Error::Changed { .. }) if restarts.next().is_some() => {}
                result => return result,
            }
        }
    }

    async fn examine_once(&self, url: &Url, keep: usize) -> Result<Examined, Error> {
        let mut body = self.open(url).await?;
        let (mut head, mut size, mut hasher) = (Vec::new(), 0, sha2::Sha256::new());
        while let Some(chunk) = body.chunk().await? {
            size += chunk.len() as u64;
            if size > LARGEST {
                return Err(Error::TooLarge { url: masking::url(url), limit: LARGEST });
            }
            hasher.update(&chunk);
            let wanted = (keep - head.len()).min(chunk.len());
            head.extend_from_slice(&chunk[..wanted]);
        }
        Ok(Examined { head, size, sha256: Sha256(hasher.finalize().into()) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fetch::testing::{Reply, Server, client};

    const TEXT: &[u8] = b"0123456789";

    fn examined(keep: usize) -> Examined {
        Examined { head: TEXT[..keep].to_vec(), size: 10, sha256: Sha256::of(TEXT) }
    }

    #[tokio::test]
    async fn reads_everything_and_keeps_the_beginning() {
        let server = Server::new(|_, head| Reply::range(head, TEXT).cut(3));
        for keep in [0, 4, 10] {
            assert_eq!(client().examine(&server.url("/x"), keep).await.unwrap(), examined(keep));
        }
        assert_eq!(client().examine(&server.url("/x"), 11).await.unwrap(), examined(10));
    }

    #[tokio::test]
    async fn starts_again_when_the_file_changes_under_its_hands() {
        let server = Server::new(|number, _| match number {
            0 => Reply::ok(b"abcdefghij").header("ETag: \"old\"").cut(4),
            _ => Reply::ok(TEXT).header("ETag: \"new\""),
        });
        assert_eq!(client().examine(&server.url("/x"), 6).await.unwrap(), examined(6));
    }
}
