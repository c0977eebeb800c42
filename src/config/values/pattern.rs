//! Settings that are patterns for paths.

use std::fmt;
use std::str::FromStr;

use super::error::BadValue;
use crate::control::glob::Glob;

/// A pattern for paths of packages, as of dpkg(1)'s `--path-exclude` and `--path-include`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern {
    /// As it was given.
    pub(crate) text: String,
    /// Where on the command line it stood; 0 where it was not given there.
    pub(crate) place: usize,
}

impl FromStr for PathPattern {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        // dpkg takes these, and they match nothing
        if !text.starts_with(['/', '*', '?', '[']) {
            return Err(BadValue(
                "paths begin with '/', so a pattern does as well, or with a '*'".to_owned(),
            ));
        }
        if text.len() > 1 && text.ends_with('/') {
            let whole = format!("no path ends in '/'; for all that is in a folder write '{text}*'");
            return Err(BadValue(whole));
        }
        match Glob::exact(text) {
            Ok(_) => Ok(Self { text: text.to_owned(), place: 0 }),
            Err(bad) => Err(BadValue(bad.to_string())),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_for_paths_can_match_one() {
        for good in ["/usr/share/doc/*", "*.pyc", "/", "/usr/*/READ[Mm]E", "[/]etc"] {
            assert!(good.parse::<PathPattern>().is_ok(), "{good}");
        }
        for (bad, why) in
            [("", "'/'"), ("usr/share/doc", "'/'"), ("/usr/share/doc/", "'/usr/share/doc/*'"), ("/[a", "']'")]
        {
            let error = bad.parse::<PathPattern>();
            assert!(matches!(&error, Err(BadValue(text)) if text.contains(why)), "{bad}: {error:?}");
        }
    }
}
