//! What may be shown of a text that somebody else wrote: its URIs without logins and queries, and no character that a
//! terminal obeys.
//!
//! Every URI that a message quotes goes through [`uri`]; [`text`] is the net below, through which all that is logged goes.

use std::borrow::Cow;

use url::Url;

/// One word that is a URI, or was meant to be one, as it may be shown: without what stands before its last `@`, which may
/// be a password with any character in it, and without its query. Other words stay as they are.
pub(crate) fn uri(word: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = word.split_once("://") else {
        // a login in front of a host, without the scheme that should be there
        return match word.rfind('@') {
            Some(at) if word[..at].contains(':') => format!("…{}", &word[at..]).into(),
            _ => word.into(),
        };
    };
    let public = &rest[rest.rfind('@').unwrap_or(0)..];
    // what is no port may be a password whose end is missing
    let authority = &public[..public.find(['/', '?', '#']).unwrap_or(public.len())];
    if let Some((host, port)) = authority.rsplit_once(':')
        && !port.ends_with(']')
        && port.contains(|letter: char| !letter.is_ascii_digit())
    {
        let login = if public.len() == rest.len() { "" } else { "…" };
        return format!("{scheme}://{login}{host}:…").into();
    }
    // the digest of a package is no secret, other fragments may be
    let end = public.find(['?', '#']).filter(|end| !public[*end..].starts_with("#sha256="));
    match (end, public.len() == rest.len()) {
        (None, true) => word.into(),
        (None, false) => format!("{scheme}://…{public}").into(),
        (Some(end), whole) => {
            let login = if whole { "" } else { "…" };
            format!("{scheme}://{login}{}{}…", &public[..end], &public[end..=end]).into()
        }
    }
}

/// A URL as it may be shown: without user, password, query and fragment.
pub(crate) fn url(url: &Url) -> String {
    let public = public(url).to_string();
    // in the path, it may be that of a password with a slash in it
    match uri(&public) {
        Cow::Borrowed(_) => public,
        Cow::Owned(masked) => masked,
    }
}

/// The URL without user, password, query and fragment: none of them belongs into a log, a lock or a state.
pub(crate) fn public(url: &Url) -> Url {
    let mut url = url.clone();
    // these fail only for URLs which cannot have credentials
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// A text as it may be shown, with the URIs in it masked and its control characters escaped; line ends stay.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    let odd = |letter: char| letter != '\n' && obeyed(letter);
    if !text.contains("://") && !text.contains(odd) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive([' ', '\n', '\t', '\'', '"', '`']) {
        // the sentence goes on after a query
        let word = piece.trim_end_matches([' ', '\n', '\t', '\'', '"', '`', ',', ';', ')']);
        let masked = if word.contains("://") { uri(word) } else { word.into() };
        for letter in masked.chars().chain(piece[word.len()..].chars()) {
            if odd(letter) {
                shown.extend(letter.escape_unicode());
            } else {
                shown.push(letter);
            }
        }
    }
    shown.into()
}

/// Whether a terminal, or whoever shows the text, would do something else than show it.
fn obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_login_is_not_shown_whatever_is_in_it() {
        for (word, shown) in [
            ("ftp://user:p@ss@mirror.example/x", "ftp://…@mirror.example/x"),
            ("https://u:p/w@mirror.example/x", "https://…@mirror.example/x"),
            ("https://u:p#w@mirror.example/x", "https://…@mirror.example/x"),
            ("https://u:p?w@mirror.example/x", "https://…@mirror.example/x"),
            ("https://u:12/w@mirror.example/x", "https://…@mirror.example/x"),
            ("https://token/with==@mirror.example", "https://…@mirror.example"),
            ("https://u:p@mirror.example/x?token=p", "https://…@mirror.example/x?…"),
            ("https://mirror.example/x?token=p", "https://mirror.example/x?…"),
            ("https://mirror.example/x#token", "https://mirror.example/x#…"),
            ("https://u:p@h/x.deb#sha256=00", "https://…@h/x.deb#sha256=00"),
            ("u:p@mirror.example/debian", "…@mirror.example/debian"),
            ("http:/u:p@mirror.example/debian", "…@mirror.example/debian"),
            ("https://mirror.example/debian", "https://mirror.example/debian"),
            ("https://alice:s3cr3t", "https://alice:…"),
            ("https://mirror.example:8080/a:b", "https://mirror.example:8080/a:b"),
            ("https://[2001:db8::1]:80/x", "https://[2001:db8::1]:80/x"),
            ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
            ("libc6:amd64", "libc6:amd64"),
            ("foo@1", "foo@1"),
            ("lib?", "lib?"),
        ] {
            assert_eq!(uri(word), shown);
            assert_eq!(uri(shown), shown, "once is enough");
        }
    }

    #[test]
    fn a_url_is_shown_without_secrets() {
        let shown = |text: &str| url(&Url::parse(text).unwrap());
        let secret = "https://me:hunter2@mirror.example/debian/x.deb?sig=hunter2#hunter2";
        assert_eq!(shown(secret), "https://mirror.example/debian/x.deb");
        assert_eq!(shown("https://me:12/hunter2@mirror.example/x"), "https://…@mirror.example/x");
    }

    #[test]
    fn a_text_keeps_its_words_and_loses_its_secrets() {
        for (said, shown) in [
            (
                "cannot read https://u:p@h/x: it is 'https://u:p@h/y'",
                "cannot read https://…@h/x: it is 'https://…@h/y'",
            ),
            ("see https://h/x?token=p, or not", "see https://h/x?…, or not"),
            ("'https://h/x?token=p' is odd", "'https://h/x?…' is odd"),
            ("me@mirror.example: no URI", "me@mirror.example: no URI"),
            (
                "Origin \u{1b}]0;x\u{7} \u{9b}31m\r\nnext\u{202e}",
                "Origin \\u{1b}]0;x\\u{7} \\u{9b}31m\\u{d}\nnext\\u{202e}",
            ),
        ] {
            assert_eq!(text(said), shown);
        }
        assert!(matches!(text("nothing to do"), Cow::Borrowed(_)));
    }
}
