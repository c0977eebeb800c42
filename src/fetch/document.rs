//! Documents: what is small enough to be held in memory, such as a Release file.

use url::Url;

use super::client::Client;
use super::error::Error;
use super::validators::Validators;
use crate::masking;

/// What came of [`Client::get`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The document is the one that the validators came from.
    NotModified,
    /// The document as it is now.
    Document(Document),
}

/// A document held in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// All of it.
    pub(crate) bytes: Vec<u8>,
    /// What makes a later request for it conditional.
    pub(crate) validators: Validators,
}

impl Client {
    /// A document of at most `limit` bytes. With `validators` of an earlier one, only if it is another by now.
    /// Local files are always read.
    ///
    /// # Errors
    /// All of this module that concern a URL; [`Error::TooLarge`] above the limit.
    pub(crate) async fn get(
        &self,
        url: &Url,
        limit: u64,
        validators: Option<&Validators>,
    ) -> Result<Answer, Error> {
        let mut restarts = 0..self.retries();
        loop {
            match self.get_once(url, limit, validators).await {
                Err(Error::Changed { .. }) if restarts.next().is_some() => {}
                result => return result,
            }
        }
    }

    async fn get_once(
        &self,
        url: &Url,
        limit: u64,
        validators: Option<&Validators>,
    ) -> Result<Answer, Error> {
        let too_large = || Error::TooLarge { url: masking::url(url), limit };
        let mut body = self.open_if(url, validators).await?;
        if body.is_not_modified() {
            return Ok(Answer::NotModified);
        }
        if body.size().is_some_and(|size| size > limit) {
            return Err(too_large());
        }
        // one that grows would take as much again while it is copied
        let size = body.size().and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(size);
        while let Some(chunk) = body.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > limit {
                return Err(too_large());
            }
        }
        Ok(Answer::Document(Document { bytes, validators: body.validators().clone() }))
    }
}
