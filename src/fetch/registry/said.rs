//! What a registry says of an error, in one line: its `errors` (distribution specification, "Error Codes"), or the status alone.

use serde_json::Value;

use super::error::{Error, Login};
use crate::fetch::client::{Opened, label};
use crate::fetch::error::Error as FetchError;

/// More of an answer is not read.
const MOST_BYTES: usize = 64 << 10;
/// More is not shown.
const MOST_LETTERS: usize = 300;

/// At most so many of an answer's bytes; what does not come is not there.
pub(super) async fn beginning(opened: &mut Opened, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = opened.response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= most {
            bytes.truncate(most);
            break;
        }
    }
    bytes
}

/// The error that an answer stands for.
pub(super) async fn refused(mut opened: Opened, url: &url::Url, login: &Login) -> FetchError {
    let status = opened.response.status();
    if matches!(status.as_u16(), 408 | 425 | 429 | 500.. | 407) {
        return opened.refused(url);
    }
    let shown = label(url, opened.response.url());
    let said = in_one_line(&beginning(&mut opened, MOST_BYTES).await)
        .unwrap_or_else(|| status.canonical_reason().unwrap_or("it does not say why").to_owned());
    match status.as_u16() {
        401 | 403 => Error::Denied { url: shown, said, login: login.clone() },
        _ => Error::Refused { url: shown, status, said },
    }
    .into()
}

/// The codes and messages of an answer, or those of a token server.
fn in_one_line(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let of = |error: &Value| {
        let text = |name: &str| error[name].as_str().map(str::trim).filter(|text| !text.is_empty());
        match (text("code"), text("message")) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => Some(code.or(message)?.to_owned()),
        }
    };
    let mut said: Vec<String> = errors.iter().filter_map(of).collect();
    if said.is_empty() {
        let alone = ["details", "error_description", "message", "error"];
        said.extend(alone.iter().find_map(|name| body[*name].as_str()).map(str::to_owned));
    }
    let said = said.join("; ");
    let line: String =
        said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_LETTERS).collect();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_says_is_one_line() {
        for (body, says) in [
            (
                r#"{"errors":[{"code":"DENIED","message":"requested access\n is denied","detail":[]}]}"#,
                Some("DENIED: requested access is denied"),
            ),
            (r#"{"errors":[{"code":"A"},{"message":"b"},7]}"#, Some("A; b")),
            (r#"{"details":"incorrect username or password"}"#, Some("incorrect username or password")),
            ("<html>", None),
            ("[]", None),
        ] {
            assert_eq!(in_one_line(body.as_bytes()).as_deref(), says);
        }
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(1000));
        assert_eq!(in_one_line(long.as_bytes()).map(|said| said.len()), Some(MOST_LETTERS));
    }
}
