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

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(redact("ftp://user:p@ss@mirror.example/x@y"), "ftp://…@mirror.example/x@y");
        assert_eq!(redact("ftp://mirror.example/x@y"), "ftp://mirror.example/x@y");
        assert_eq!(redact("ftp://u:p@mirror.example/x?token=p"), "ftp://…@mirror.example/x?…");
        assert_eq!(redact("lib?"), "lib?");
    }
}
