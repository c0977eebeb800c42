//! What a user wrote, as it may be shown: without the passwords in it.

use std::borrow::Cow;

/// `text` as it may be shown: a URL without its user, password and query.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return text.into() };
    if let Some((shown, _)) = text.split_once('?') {
        return format!("{}?…", redact(shown)).into();
    }
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    match authority.rfind('@') {
        Some(at) => format!("{scheme}://…{}", &rest[at..]).into(),
        None => text.into(),
    }
}

/// A URL as it was written, without the user and password in it.
pub(super) fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}
