//! Validators: what tells one version of a document from another, and the conditions that are made of it.

use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED,
};
use serde::{Deserialize, Serialize};

/// What tells one version of a document from another (RFC 9110, 8.8), as the server wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Validators {
    /// `ETag`, with its quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified: Option<String>,
}

impl Validators {
    /// Those of an answer.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
    }

    /// Makes a request ask for a document only if it is another by now (RFC 9110, 13.1.2 and 13.1.3).
    pub(super) fn ask_for_another(&self, headers: &mut HeaderMap) {
        insert(headers, IF_NONE_MATCH, self.etag.as_deref());
        insert(headers, IF_MODIFIED_SINCE, self.last_modified.as_deref());
    }

    /// Makes a request for a part of a document ask for all of it if it is another by now (RFC 9110, 13.1.5).
    pub(super) fn ask_for_the_same(&self, headers: &mut HeaderMap) {
        // a weak ETag does not say that the bytes are the same
        let strong = self.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        insert(headers, IF_RANGE, strong.or(self.last_modified.as_deref()));
    }

    /// Whether these are of another version than `other`, as far as both say.
    pub(super) fn contradict(&self, other: &Self) -> bool {
        differ(self.etag.as_ref(), other.etag.as_ref())
            || differ(self.last_modified.as_ref(), other.last_modified.as_ref())
    }
}

/// Whether both are there and not the same.
pub(super) fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// Leaves out what cannot be a header: validators come back from a cache on disk.
pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}
