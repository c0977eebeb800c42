//! Which paths of packages are left out, by the rules of dpkg(1) for `--path-exclude` and `--path-include`.

use std::path::Path;

use crate::control::glob::{BadGlob, Glob};

/// What `--slim` leaves out and what it brings back, in this order: what Debian's own slim images do without. Not
/// `/usr/share/groff`, though: manual pages alone do not bring it, and who asks for groff wants it to work.
const SLIM: [(bool, &str); 11] = [
    (false, "/usr/share/doc/*"),
    (true, "/usr/share/doc/*/copyright"),
    (false, "/usr/share/doc-base/*"),
    (false, "/usr/share/man/*"),
    (false, "/usr/share/info/*"),
    (false, "/usr/share/help/*"),
    (false, "/usr/share/gnome/help/*"),
    (false, "/usr/share/lintian/*"),
    (false, "/usr/share/linda/*"),
    (false, "/usr/share/locale/*"),
    // maps short names to locales; these themselves, C.UTF-8 among them, are below /usr/lib
    (true, "/usr/share/locale/locale.alias"),
];

/// Patterns, of which the last one that matches a path decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    include: bool,
    pattern: Glob,
    /// The pattern up to its first wildcard, without slashes at its end.
    literal: String,
}

impl Filter {
    /// Takes patterns in their order, each with whether it includes what it matches.
    ///
    /// # Errors
    /// A pattern that cannot be matched.
    pub(crate) fn new<'a>(rules: impl IntoIterator<Item = (bool, &'a str)>) -> Result<Self, BadGlob> {
        let rule = |(include, text): (bool, &str)| {
            let end = text.find(['*', '?', '[', '\\']).unwrap_or(text.len());
            let literal = text[..end].trim_end_matches('/').to_owned();
            Ok(Rule { include, pattern: Glob::exact(text)?, literal })
        };
        Ok(Self { rules: rules.into_iter().map(rule).collect::<Result<_, _>>()? })
    }

    /// The rules of `--slim`, which others may follow.
    pub(crate) fn slim<'a>() -> impl Iterator<Item = (bool, &'a str)> {
        let rules: [(bool, &'a str); _] = SLIM;
        rules.into_iter()
    }

    /// The pattern that brings back the translations for a locale: those of its language.
    pub(crate) fn translations(locale: &str) -> String {
        let language = locale.split(['_', '.', '@']).next().unwrap_or(locale);
        format!("/usr/share/locale/{language}[/_.@]*")
    }

    /// Whether there is no rule.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a path is left out: absolute, as archived. `may_lead` is for directories and symbolic links, which stay if
    /// a pattern may include something below them: dpkg errs on the side of too many of these (`filter_should_skip`
    /// in its `src/main/filters.c`), and so do we, for the same tree.
    ///
    /// Bytes of a name that are no UTF-8 match wildcards only.
    pub(crate) fn leaves_out(&self, path: &Path, may_lead: bool) -> bool {
        let path = path.to_string_lossy();
        let last = self.rules.iter().rev().find(|rule| rule.pattern.matches(&path));
        let excluded = last.is_some_and(|rule| !rule.include);
        let leads = || {
            self.rules.iter().any(|rule| rule.include && path.as_bytes().starts_with(rule.literal.as_bytes()))
        };
        excluded && !(may_lead && leads())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn filter(rules: &[&str]) -> Filter {
        Filter::new(rules.iter().map(|rule| (rule.starts_with('+'), &rule[1..]))).unwrap()
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let out = |rules: &[&str], path: &str| filter(rules).leaves_out(Path::new(path), false);
        assert!(!out(&[], "/usr/share/doc/x"));
        assert!(out(&["-/usr/*/READ*"], "/usr/share/doc/x/README"), "a star matches slashes");
        assert!(!out(&["-/usr/*/READ*"], "/usr/share/doc/x/readme"));
        let rules = ["-/usr/share/doc/*", "+/usr/share/doc/*/copyright"];
        assert!(out(&rules, "/usr/share/doc/x/changelog.gz"));
        assert!(!out(&rules, "/usr/share/doc/x/copyright"));
        assert!(!out(&rules, "/usr/share/doc"), "the folder itself has nothing after its slash");
        let rules = ["+/usr/share/doc/*/copyright", "-/usr/share/doc/*"];
        assert!(out(&rules, "/usr/share/doc/x/copyright"));
        assert!(out(&["-/lib/x*"], "/lib/x.so") && !out(&["-/usr/lib/x*"], "/lib/x.so"), "as archived");
        assert!(out(&["-/etc/?"], "/etc/ä") && out(&["-*"], "/"));
    }

    #[test]
    fn a_folder_stays_if_something_may_come_back_below_it() {
        let rules = filter(&["-/usr/share/doc/*", "+/usr/share/doc/*/copyright", "+/opt/[ab]/x"]);
        for (path, expected) in [
            ("/usr/share/doc/x", false),
            ("/usr/share/doc/x/examples", false),
            ("/usr/share/doc/x/examples/deep", false),
        ] {
            assert_eq!(rules.leaves_out(Path::new(path), true), expected, "{path}");
        }
        let rules = filter(&["-/usr/share/*", "+/usr/share/locale/locale.alias"]);
        for (path, expected) in [
            ("/usr/share/locale", true),
            ("/usr/share/locale/de", true),
            ("/usr/share/locale/locale.alias", false),
            ("/usr/share/locale/locale.alias.d", false),
            ("/usr/share/man", true),
        ] {
            assert_eq!(rules.leaves_out(Path::new(path), true), expected, "{path}");
        }
    }

    #[test]
    fn translations_come_back_by_language() {
        for locale in ["de_DE.UTF-8", "de", "de@euro"] {
            let pattern = Filter::translations(locale);
            let rules = filter(&["-/usr/share/locale/*", &format!("+{pattern}")]);
            let out = |path: &str| rules.leaves_out(Path::new(path), false);
            assert!(!out("/usr/share/locale/de/LC_MESSAGES/x.mo"));
            assert!(!out("/usr/share/locale/de_AT/LC_MESSAGES/x.mo"));
            assert!(out("/usr/share/locale/den/LC_MESSAGES/x.mo"));
            assert!(!rules.leaves_out(Path::new("/usr/share/locale/de"), true));
            assert!(rules.leaves_out(Path::new("/usr/share/locale/fr"), true));
        }
    }

    #[test]
    fn slim_keeps_what_is_needed() {
        let slim = Filter::new(Filter::slim()).unwrap();
        for path in [
            "/usr/share/doc/x/changelog.Debian.gz",
            "/usr/share/man/man1/x.1.gz",
            "/usr/share/man/de/man1/x.1.gz",
            "/usr/share/info/x.info.gz",
            "/usr/share/lintian/overrides/x",
            "/usr/share/doc-base/x",
            "/usr/share/locale/de/LC_MESSAGES/x.mo",
        ] {
            assert!(slim.leaves_out(Path::new(path), false), "{path}");
        }
        for path in [
            "/usr/share/doc/x/copyright",
            "/usr/lib/locale/C.utf8/LC_CTYPE",
            "/usr/share/locale/locale.alias",
            "/usr/share/groff/1.22.4/tmac/an.tmac",
            "/usr/share/manpages",
            "/usr/share/common-licenses/GPL-3",
        ] {
            assert!(!slim.leaves_out(Path::new(path), false), "{path}");
        }
        let folder = |path: &str| slim.leaves_out(Path::new(path), true);
        assert!(folder("/usr/share/man/de") && !folder("/usr/share/doc/x") && !folder("/usr/share/man"));
    }
}
