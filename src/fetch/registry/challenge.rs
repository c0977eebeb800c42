//! What a server answers that wants to know who asks: `WWW-Authenticate` (RFC 9110, 11.6.1).

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

use crate::arrange::Arrange as _;

/// One way to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password in each request.
    Basic,
    /// A token, which a server gives out.
    Bearer {
        /// The URL of that.
        realm: String,
        /// For whom the token is to be.
        service: Option<String>,
        /// What it is to be good for; some registries do not say.
        scope: Option<String>,
    },
}

/// The ways that an answer offers, tokens first.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let mut found: Vec<Challenge> = values.flat_map(parse).collect();
    found.arrange_by_key(|challenge| *challenge == Challenge::Basic);
    found
}

fn parse(text: &str) -> Vec<Challenge> {
    let mut schemes: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let word = rest.find(|c: char| c == '=' || c == ',' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(word);
        let after = after.trim_start();
        if let Some(value) = after.strip_prefix('=') {
            let (value, left) = value_of(value.trim_start());
            if let Some((_, parameters)) = schemes.last_mut() {
                parameters.insert(name.to_ascii_lowercase(), value);
            }
            rest = left;
        } else {
            if !name.is_empty() {
                schemes.push((name.to_ascii_lowercase(), BTreeMap::new()));
            }
            rest = after;
        }
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    }
    let known = schemes.into_iter().filter_map(|(scheme, mut parameters)| match scheme.as_str() {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope").filter(|scope| !scope.is_empty()),
        }),
        _ => None,
    });
    known.collect()
}

/// A token, or what stands in quotes; and what comes after.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, letter) in quoted.char_indices() {
        match letter {
            _ if escaped => {
                value.push(letter);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, &quoted[at + 1..]),
            _ => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Challenge::Bearer { realm: realm.to_owned(), service: owned(service), scope: owned(scope) }
    }

    #[test]
    fn reads_what_registries_ask_for() {
        for (text, expected) in [
            (
                r#"Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull,push""#,
                vec![bearer("https://auth.example/token", Some("r"), Some("repository:a/b:pull,push"))],
            ),
            ("Basic realm=\"a, b\"", vec![Challenge::Basic]),
            ("basic", vec![Challenge::Basic]),
            ("Negotiate, Basic realm=x , BEARER realm = y", vec![Challenge::Basic, bearer("y", None, None)]),
            (r#"Bearer realm="a\"b", scope="""#, vec![bearer("a\"b", None, None)]),
            // what is odd is no challenge, and no end
            ("Bearer service=x", vec![]),
            ("= ,, =\"", vec![]),
            ("Bearer realm=\"a", vec![bearer("a", None, None)]),
            ("", vec![]),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_token_is_better_than_a_password() {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, "Basic realm=x".parse().unwrap());
        headers.append(WWW_AUTHENTICATE, "Bearer realm=y".parse().unwrap());
        assert_eq!(challenges(&headers), [bearer("y", None, None), Challenge::Basic]);
    }
}
