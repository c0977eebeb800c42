//! How the words of a pin are compared: apt's `pkgVersionMatch::ExpressionMatches`, which has no regard to case.

use regex_lite::{Regex, RegexBuilder};

use crate::control::glob::Glob;

/// A glob(7) expression, which may have nothing of one, or a regular expression between slashes.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Glob(Glob),
    Expression(Regex),
}

impl Pattern {
    /// # Errors
    /// Why it is none, naming it.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let bad = |error: &dyn std::fmt::Display| format!("'{text}' is no pattern: {error}");
        match expression(text) {
            Some(source) => RegexBuilder::new(source)
                .case_insensitive(true)
                .build()
                .map(Self::Expression)
                .map_err(|error| bad(&error)),
            None => Glob::new(text).map(Self::Glob).map_err(|error| bad(&error)),
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.matches(text),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// What stands between the slashes.
pub(super) fn expression(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/')
}

/// What a version is compared with: a pattern, or where a `*` ends it a beginning.
#[derive(Debug, Clone)]
pub(super) struct VersionPattern {
    pattern: Pattern,
    beginning: Option<String>,
}

impl VersionPattern {
    /// apt takes the last `*` away before it looks at the others, so that `5.10*~bpo*` is no beginning of a version
    /// with `~bpo11` at its end.
    ///
    /// # Errors
    /// Why it is none, naming it.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let beginning = text.strip_suffix('*');
        Ok(Self {
            pattern: Pattern::new(beginning.unwrap_or(text))?,
            beginning: beginning.map(str::to_ascii_lowercase),
        })
    }

    pub(super) fn matches(&self, version: &str) -> bool {
        let begins = self.beginning.as_ref().is_some_and(|beginning| {
            version.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        });
        begins || self.pattern.matches(version)
    }
}
