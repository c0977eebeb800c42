//! Settings that are names.

use std::fmt;
use std::str::FromStr;

use super::error::BadValue;
use crate::request::words::is_separator;

/// A suite or a component: one word, as sources.list(5) has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) String);

impl FromStr for Word {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.is_empty() || text.contains(is_separator) {
            return Err(BadValue("a suite or component is one word; give each on its own".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a locale, as `LC_ALL` has it: `de_DE.UTF-8`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locale(pub(crate) String);

impl FromStr for Locale {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        // it becomes a part of paths
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.@-".contains(c);
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(BadValue("a locale is named as for LC_ALL: de_DE.UTF-8, C.UTF-8".to_owned()))
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_one_word() {
        assert!("trixie".parse::<Word>().is_ok());
        assert!("./".parse::<Word>().is_ok());
        for bad in ["", "trixie trixie-updates", "main,contrib"] {
            assert!(bad.parse::<Word>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_locale_is_no_path() {
        for good in ["de_DE.UTF-8", "C", "ca_ES.UTF-8@valencia", "de_DE.ISO-8859-15"] {
            assert!(good.parse::<Locale>().is_ok(), "{good}");
        }
        for bad in ["", "../x", ".x", "de DE", "de/DE"] {
            assert!(bad.parse::<Locale>().is_err(), "{bad}");
        }
    }
}
