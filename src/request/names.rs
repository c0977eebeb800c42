//! Several names at once: by a glob, by a regular expression, or by one of apt-patterns(7) that are about names.

use regex_lite::{Regex, RegexBuilder};

use super::problem::Problem;
use crate::control::glob::Glob;

/// What stands in place of a name, and may match several.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    /// Of the whole name.
    Glob(Glob),
    /// Of any part of it, with no regard to case, as in apt.
    Expression(Regex),
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Glob(own), Self::Glob(other)) => own == other,
            (Self::Expression(own), Self::Expression(other)) => own.as_str() == other.as_str(),
            _ => false,
        }
    }
}

impl Eq for Names {}

impl Names {
    /// `None` for what is the name of one package, or of none.
    ///
    /// As for apt(8), a regular expression begins with `^` or ends with `$`: apt-get(8) also takes each name that it does not
    /// know, and that has a dot, for one, and so installs whatever has it within its name.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, Problem> {
        if let Some(source) = text.strip_prefix("~n").or_else(|| argument(text, "?name")) {
            return expression(source).map(Some);
        }
        if let Some(name) = argument(text, "?exact-name") {
            return expression(&format!("^{}$", regex_lite::escape(name))).map(Some);
        }
        // also where it could be a glob, as for apt
        if text.starts_with(['~', '?']) {
            return Err(Problem::Pattern);
        }
        if is_expression(text) {
            return expression(text).map(Some);
        }
        if Glob::is_pattern(text) { glob(text).map(Self::Glob).map(Some) } else { Ok(None) }
    }

    /// Whether a package of that name is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.matches(name),
            Self::Expression(expression) => expression.is_match(name),
        }
    }
}

/// Whether a text is meant as a regular expression.
pub(super) fn is_expression(text: &str) -> bool {
    text.starts_with('^') || text.ends_with('$')
}

/// What stands between the parentheses of a pattern of that name.
fn argument<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

fn expression(source: &str) -> Result<Names, Problem> {
    let built = RegexBuilder::new(source).case_insensitive(true).build();
    built.map(Names::Expression).map_err(|error| Problem::Expression(error.to_string()))
}

/// Only the letters of names are let through, in either case as in apt; more could match nothing.
fn glob(text: &str) -> Result<Glob, Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-._*?[]!^:".contains(c);
    match text.chars().find(|c| !fits(*c)) {
        Some(c) => Err(Problem::Glob(format!("'{}' cannot be part of a name", c.escape_debug()))),
        None => Glob::new(text).map_err(|bad| Problem::Glob(bad.to_string())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_matched_as_apt_does() {
        // what `apt-get install -s TEXT` of apt 2.6 selects
        for (text, name, expected) in [
            ("^tool$", "tool", true),
            ("^tool$", "tools", false),
            ("^too", "TOOLS", true),
            ("ol$", "tool", true),
            ("^g\\+\\+-[0-9]+$", "g++-12", true),
            ("^(gcc|clang)-[[:digit:]]", "clang-16", true),
            ("~nool", "tools", true),
            ("~n^ool", "tools", false),
            ("?name(^too)", "tools", true),
            ("?exact-name(tool)", "tool", true),
            ("?exact-name(tool)", "tools", false),
            ("?exact-name(g++)", "g++", true),
            ("?exact-name(t.ol)", "tool", false),
            ("to?l", "tool", true),
        ] {
            assert_eq!(Names::parse(text).unwrap().unwrap().matches(name), expected, "{text} {name}");
        }
        for name in ["tool", "g++", "a.b", "libstdc++6"] {
            assert_eq!(Names::parse(name), Ok(None), "{name}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        for text in ["?installed", "~i", "?ool", "?depends(x)"] {
            assert_eq!(Names::parse(text), Err(Problem::Pattern), "{text}");
        }
        for text in ["^to(ol$", "~n[", "?name(*)"] {
            assert!(matches!(Names::parse(text), Err(Problem::Expression(_))), "{text}");
        }
    }
}
