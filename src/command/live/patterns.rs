//! What a word means of what is installed, as apt finds it: a name; else a pattern as of a shell; else a regular expression.

use regex_lite::{Regex, RegexBuilder};

use crate::control::glob::Glob;
use crate::live::Package;

/// Letters by which a word is an expression, and no misspelt name.
const OF_EXPRESSIONS: &str = "*+?|[^$(";

/// Which packages of some a word means.
pub(super) fn meant<'p>(word: &str, packages: &[&'p Package]) -> Vec<&'p Package> {
    let by = |is: &dyn Fn(&Package) -> bool| -> Vec<&'p Package> {
        packages.iter().copied().filter(|package| is(package)).collect()
    };
    let named = by(&|package| package.is(word));
    if !named.is_empty() {
        return named;
    }
    if let Some(glob) = Glob::new(word).ok().filter(|_| Glob::is_pattern(word)) {
        let matched = by(&|package| glob.matches(&package.name));
        if !matched.is_empty() {
            return matched;
        }
    }
    expression(word).map(|expression| by(&|package| expression.is_match(&package.name))).unwrap_or_default()
}

/// Whether a word may mean several packages, or none.
pub(super) fn is_pattern(word: &str) -> bool {
    Glob::is_pattern(word) || expression(word).is_some()
}

fn expression(word: &str) -> Option<Regex> {
    // a name may have dots and plus signs, and is none
    let is_name = word.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-._:".contains(letter));
    if is_name || !word.contains(|letter| OF_EXPRESSIONS.contains(letter)) {
        return None;
    }
    RegexBuilder::new(word).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Where;

    #[test]
    fn a_word_is_a_name_or_a_pattern_or_an_expression() {
        let package = |name: &str| Package {
            name: name.to_owned(),
            version: "1".to_owned(),
            architecture: "amd64".to_owned(),
            stanza: String::new(),
            place: Where::Tree,
        };
        let all = ["g++", "g++-12", "libfoo1", "libfoo-dev"].map(package);
        let all: Vec<&Package> = all.iter().collect();
        for (word, expected) in [
            ("g++", &["g++"][..]),
            ("libfoo*", &["libfoo1", "libfoo-dev"]),
            (".*", &["g++", "g++-12", "libfoo1", "libfoo-dev"]),
            ("^libfoo[0-9]", &["libfoo1"]),
            ("g++-1.", &[]),
            ("none", &[]),
        ] {
            let found: Vec<&str> = meant(word, &all).iter().map(|package| package.name.as_str()).collect();
            assert_eq!(found, expected, "{word}");
        }
    }
}
