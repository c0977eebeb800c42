//! Whether a condition of a maintainer script holds at a first installation.

use std::path::Path;

use crate::finish::inside::{exists, is_sound};

/// What a script is called with, and the tree that it is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstInstallation<'a> {
    pub(super) root: &'a Path,
    /// [`crate::finish::maintainer_script::Script::action`].
    pub(super) action: &'static str,
}

impl FirstInstallation<'_> {
    /// Whether a condition holds, such as `[ "$1" = configure ] && [ -z "$2" ]`; `None` where the text does not tell.
    pub(super) fn truth(&self, words: &[&str]) -> Option<bool> {
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches(['"', '\''])).collect();
        let is_or = |word: &&str| matches!(*word, "||" | "-o");
        if words.iter().any(is_or) {
            let is_and = |word: &&str| matches!(*word, "&&" | "-a");
            let mut parts = words.split(is_or).map(|part| self.truth(part)).collect::<Vec<_>>().into_iter();
            return match words.iter().any(is_and) {
                // which binds tighter differs between [ and the shell
                true => None,
                false if parts.clone().any(|truth| truth == Some(true)) => Some(true),
                false if parts.all(|truth| truth == Some(false)) => Some(false),
                false => None,
            };
        }
        // one part that does not hold is enough, whatever the others are
        let mut all = Some(true);
        for part in words.split(|word| matches!(*word, "&&" | "-a")) {
            let part: Vec<&str> = part
                .iter()
                .copied()
                .filter(|word| !matches!(*word, "[" | "]" | "[[" | "]]" | "test"))
                .collect();
            let (negated, part) = match &part[..] {
                ["!", rest @ ..] => (true, rest),
                rest => (false, rest),
            };
            let truth = match part {
                ["-n", "$2"] => Some(false),
                ["-z", "$2"] => Some(true),
                ["-e" | "-f" | "-d" | "-x" | "-s" | "-r", path] => self.is_there(path),
                ["$1" | "${1}", "=" | "==", value] | [value, "=" | "==", "$1" | "${1}"] => match *value {
                    "triggered" => None,
                    value => Some(value == self.action),
                },
                // an empty version is before all others, and for the -nl operators after them
                ["dpkg", "--compare-versions", "$2", operator, ..] => match *operator {
                    "lt" | "le" | "gt-nl" | "ge-nl" => None,
                    _ => Some(false),
                },
                _ => None,
            };
            match truth.map(|truth| truth != negated) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = None,
            }
        }
        all
    }

    /// Whether a test of a file holds: a script of the tree has to do with what the tree has.
    fn is_there(&self, path: &str) -> Option<bool> {
        let path = path.trim_start_matches("${DPKG_ROOT}").trim_start_matches("$DPKG_ROOT");
        let is_plain = is_sound(path) && !path.contains(['$', '`', '*', '?', '[']);
        // what is there may have been changed by the script's own lines before
        is_plain.then(|| exists(self.root, path)).filter(|there| !there)
    }
}
