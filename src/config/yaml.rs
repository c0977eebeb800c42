//! `aptlet.yaml`: the settings under the names of their long flags.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::Error as YamlError;

use super::error::Error;
use super::nearest::nearest;
use super::options::Layer;

/// Parses the text of `path`; nothing but comments says nothing.
pub(super) fn parse<L: Layer + DeserializeOwned>(path: &Path, text: &str) -> Result<L, Error> {
    let mut yaml = serde_saphyr::Options::default();
    yaml.with_snippet = false;
    // As for the environment: what says nothing is unset, be it an empty file.
    let options = serde_saphyr::from_str_with_options::<Option<L>>(text, yaml);
    options.map(Option::unwrap_or_default).map_err(|error| located(path, &error))
}

fn located(path: &Path, error: &YamlError) -> Error {
    let error = error.without_snippet();
    let (line, column) =
        error.location().map_or((1, 1), |location| (location.line().max(1), location.column().max(1)));
    let path = path.to_owned();
    if let YamlError::SerdeUnknownField { field, expected, .. } = error {
        let nearest = nearest(field, expected);
        return Error::UnknownYamlKey { path, line, column, key: field.clone(), nearest };
    }
    Error::Yaml { path, line, column, reason: reason(error) }
}

/// The message without its position, which the caller gives in the form that aptlet uses.
fn reason(error: &YamlError) -> String {
    match error {
        YamlError::Message { msg, .. } => msg.clone(),
        YamlError::SerdeInvalidType { unexpected, expected, .. }
        | YamlError::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("{unexpected} where {expected} is expected")
        }
        YamlError::SerdeUnknownVariant { variant, expected, .. } => {
            format!("'{variant}' is none of {}", expected.join(", "))
        }
        YamlError::Unexpected { expected: "mapping start", .. } => {
            "lines of the form 'key: value' are expected".to_owned()
        }
        YamlError::Unexpected { expected: "string scalar", .. } => "one text is expected".to_owned(),
        YamlError::InvalidScalar { ty: "boolean", .. } => "true or false is expected".to_owned(),
        error => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.split(" at line ").next().unwrap_or(line).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::options::Options;
    use crate::config::values::{Count, FileOrText, LogFormat, Word};

    fn parse(text: &str) -> Result<Options, Error> {
        super::parse(Path::new("/etc/aptlet/aptlet.yaml"), text)
    }

    #[test]
    fn reads_scalars_and_lists() {
        let options = parse(
            "# comment\nretries: 5\nrecommends: true\nlog-format: json\nsuite: [trixie, trixie-updates]\n\
             component: main contrib\n\
             preferences: 12\nkeyring:\n- a.asc\n- /b c.gpg\n",
        )
        .unwrap();
        assert_eq!(options.network.retries, Some(Count(5)));
        assert_eq!(options.choosing.recommends, Some(true));
        assert_eq!(options.logging.log_format, Some(LogFormat::Json));
        assert_eq!(options.sourcing.suite, [Word("trixie".into()), Word("trixie-updates".into())]);
        assert_eq!(options.sourcing.component, [Word("main".into()), Word("contrib".into())]);
        assert_eq!(options.sourcing.preferences, [Path::new("12")]);
        assert_eq!(options.trust.keyring, ["a.asc", "/b c.gpg"].map(|path| FileOrText::File(path.into())));
    }

    #[test]
    fn what_says_nothing_is_unset() {
        for text in ["", "# nothing\n", "---\n", "{}\n", "dest:\nmirror:\n"] {
            assert_eq!(parse(text).unwrap(), Options::default(), "{text:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_and_its_place() {
        let error = parse("dest: /p\nretry: 3\n").unwrap_err();
        assert_eq!(error.to_string(), "/etc/aptlet/aptlet.yaml:2:1: unknown key 'retry'");
        assert_eq!(error.hint().unwrap(), "write 'retries'");
        let error = parse("packages: curl\n").unwrap_err();
        assert!(error.hint().unwrap().contains("its own key"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place() {
        for (text, place, why) in [
            ("dest: /p\nretries: many\n", "2:10", "'many'"),
            ("timeout: 0\n", "1:10", "from 1"),
            ("recommends: perhaps\n", "1:13", "true or false"),
            ("log-format: xml\n", "1:13", "text, json"),
            ("dest: /p\narch: x86_64\n", "2:7", "amd64"),
            ("dest: /p\nmirror: 5\n", "2:9", "'5'"),
            ("dest: /p\nsuite: 13.10\n", "2:8", "quotes"),
            ("dest: /p\nsuite: true\n", "2:8", "a text or a list"),
            ("mirror:\n- http://mirror.example\n- ftp://mirror.example\n", "3:3", "'ftp'"),
            ("suite:\n  a: b\n", "2:3", "a text or a list"),
            ("dest: [a]\n", "1:7", "one text"),
            ("dest: /a\ndest: /b\n", "2:1", "dest"),
            ("- dest\n", "1:1", "'key: value'"),
            ("dest: \"/p\n", "1:7", "quote"),
        ] {
            let error = parse(text).unwrap_err();
            let message = error.to_string();
            assert!(message.starts_with(&format!("/etc/aptlet/aptlet.yaml:{place}")), "{message}");
            assert!(message.contains(why), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
