//! Pins: apt_preferences(5), the file format and the priorities it leads to.

use std::path::{Path, PathBuf};

use regex_lite::Regex;

use crate::control::glob::Glob;
use crate::source::index::Package;
use crate::source::provenance::Provenance;

/// A preferences file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {reason}", file.display())]
pub struct BadPin {
    /// The file.
    pub(crate) file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, naming the word at fault.
    pub(crate) reason: String,
}

/// One stanza of a preferences file.
#[derive(Debug, Clone)]
pub struct Pin {
    packages: Vec<Pattern>,
    target: Target,
    priority: i32,
}

#[derive(Debug, Clone)]
enum Target {
    Version(Pattern),
    Site(Pattern),
    Release(Vec<(ReleaseField, Pattern)>),
}

#[derive(Debug, Clone, Copy)]
enum ReleaseField {
    Archive,
    Codename,
    Version,
    Component,
    Origin,
    Label,
    Architecture,
    /// A bare word: suite, codename or version.
    Any,
}

/// A literal, a glob(7) expression, or a regular expression between slashes.
#[derive(Debug, Clone)]
enum Pattern {
    Everything,
    Literal(String),
    Glob(Glob),
    Expression(Regex),
}

impl Pattern {
    fn new(text: &str) -> Result<Self, String> {
        let bad = |error: &dyn std::fmt::Display| format!("'{text}' is no pattern: {error}");
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(source) => Regex::new(source).map(Self::Expression).map_err(|error| bad(&error)),
            None if text == "*" => Ok(Self::Everything),
            None if Glob::is_pattern(text) => Glob::new(text).map(Self::Glob).map_err(|error| bad(&error)),
            None => Ok(Self::Literal(text.to_owned())),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Literal(literal) => literal == text,
            Self::Glob(glob) => glob.matches(text),
            Self::Expression(expression) => expression.is_match(text),
        }
    }
}

/// Reads a preferences file.
pub fn parse(file: &Path, text: &str) -> Result<Vec<Pin>, BadPin> {
    let mut pins = Vec::new();
    let mut stanza: Vec<(usize, &str, String)> = Vec::new();
    let bad = |line, reason: String| BadPin { file: file.to_owned(), line, reason };
    for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line)).chain([(0, "")]) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            let fields = std::mem::take(&mut stanza);
            if fields.iter().any(|(_, name, _)| !name.eq_ignore_ascii_case("Explanation")) {
                pins.push(pin_of(&fields).map_err(|(line, reason)| bad(line, reason))?);
            }
        } else if line.starts_with([' ', '\t']) {
            match stanza.last_mut() {
                Some((_, _, value)) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                None => return Err(bad(number, "a continuation line without a field before it".to_owned())),
            }
        } else if let Some((name, value)) = line.split_once(':') {
            stanza.push((number, name.trim(), value.trim().to_owned()));
        } else {
            return Err(bad(number, format!("'{line}' is no 'Field: value' line")));
        }
    }
    Ok(pins)
}

fn pin_of(fields: &[(usize, &str, String)]) -> Result<Pin, (usize, String)> {
    let first = fields.first().map_or(1, |(line, ..)| *line);
    let find = |wanted: &str| {
        fields
            .iter()
            .find(|(_, name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(line, _, value)| (*line, value.as_str()))
            .ok_or_else(|| (first, format!("the stanza has no '{wanted}' field")))
    };
    let (line, names) = find("Package")?;
    let packages = names
        .split_whitespace()
        .map(Pattern::new)
        .collect::<Result<_, _>>()
        .map_err(|reason| (line, reason))?;
    if let Some(source) = names.split_whitespace().find(|name| name.starts_with("src:")) {
        return Err((
            line,
            format!("'{source}': pins by source package are not supported; name the packages"),
        ));
    }
    let (line, priority) = find("Pin-Priority")?;
    let priority =
        priority.parse().map_err(|_| (line, format!("'{priority}' is no priority: a number such as 500")))?;
    let (line, pin) = find("Pin")?;
    let target = target_of(pin).map_err(|reason| (line, reason))?;
    Ok(Pin { packages, target, priority })
}

fn target_of(pin: &str) -> Result<Target, String> {
    let (kind, rest) = pin.split_once(char::is_whitespace).unwrap_or((pin, ""));
    let rest = rest.trim();
    match kind {
        "version" => Pattern::new(rest).map(Target::Version),
        "origin" => Pattern::new(rest.trim_matches('"')).map(Target::Site),
        "release" => rest
            .split(',')
            .map(|condition| {
                let condition = condition.trim();
                let Some((key, value)) = condition.split_once('=') else {
                    return Ok((ReleaseField::Any, Pattern::new(condition)?));
                };
                let field = match key.trim() {
                    "a" => ReleaseField::Archive,
                    "n" => ReleaseField::Codename,
                    "v" => ReleaseField::Version,
                    "c" => ReleaseField::Component,
                    "o" => ReleaseField::Origin,
                    "l" => ReleaseField::Label,
                    "b" => ReleaseField::Architecture,
                    other => return Err(format!("'{other}=' is none of a=, b=, c=, l=, n=, o=, v=")),
                };
                Ok((field, Pattern::new(value.trim().trim_matches('"'))?))
            })
            .collect::<Result<_, _>>()
            .map(Target::Release),
        other => Err(format!("'{other}' is none of 'version', 'release' and 'origin'")),
    }
}

impl Pin {
    /// "Specific form" names packages, "general form" is `Package: *` (apt_preferences(5)).
    fn is_specific(&self) -> bool {
        !self.packages.iter().any(|pattern| matches!(pattern, Pattern::Everything))
    }

    fn matches(&self, package: Package<'_>, from: &Provenance) -> bool {
        self.packages.iter().any(|pattern| pattern.matches(package.name()))
            && match &self.target {
                Target::Version(pattern) => pattern.matches(package.version()),
                Target::Site(pattern) => pattern.matches(&from.site),
                Target::Release(conditions) => {
                    conditions.iter().all(|(field, pattern)| release_matches(*field, pattern, package, from))
                }
            }
    }
}

fn release_matches(field: ReleaseField, pattern: &Pattern, package: Package<'_>, from: &Provenance) -> bool {
    match field {
        ReleaseField::Archive => pattern.matches(&from.suite),
        ReleaseField::Codename => pattern.matches(&from.codename),
        ReleaseField::Version => pattern.matches(&from.version),
        ReleaseField::Component => pattern.matches(&from.component),
        ReleaseField::Origin => pattern.matches(&from.origin),
        ReleaseField::Label => pattern.matches(&from.label),
        ReleaseField::Architecture => pattern.matches(package.architecture()),
        ReleaseField::Any => {
            [&from.suite, &from.codename, &from.version].iter().any(|value| pattern.matches(value))
        }
    }
}

/// The priority of a package of that provenance: the first specific pin that matches, else the first general
/// one, else by the Release file (apt_preferences(5), "APT's Default Priority Assignments").
pub fn priority(pins: &[Pin], package: Package<'_>, from: &Provenance) -> i32 {
    let find = |specific| pins.iter().find(|pin| pin.is_specific() == specific && pin.matches(package, from));
    match find(true).or_else(|| find(false)) {
        Some(pin) => pin.priority,
        None if from.not_automatic && from.but_automatic_upgrades => 100,
        None if from.not_automatic => 1,
        None => 500,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::index::{Index, Part};

    fn priorities(preferences: &str) -> Vec<i32> {
        let text = "Package: nodejs\nVersion: 20.1\nArchitecture: amd64\n\nPackage: npm\nVersion: 9\nArchitecture: all\n";
        let index = Index::new(vec![Part::read(text.as_bytes()).unwrap()]);
        let from = Provenance {
            site: "mirror.example".into(),
            origin: "Debian".into(),
            suite: "stable".into(),
            codename: "bookworm".into(),
            ..Provenance::default()
        };
        let pins = parse(Path::new("x.pref"), preferences).unwrap();
        index.packages().map(|package| priority(&pins, package, &from)).collect()
    }

    #[test]
    fn a_specific_pin_beats_a_general_one_written_before_it() {
        let text = "Package: *\nPin: release o=Debian\nPin-Priority: 50\n\n# why\nExplanation: x\nPackage: node*\nPin: \
            release n=bookworm, a=stable\nPin-Priority: 900\n";
        assert_eq!(priorities(text), [900, 50]);
    }

    #[test]
    fn pins_by_site_version_and_expression() {
        assert_eq!(priorities("Package: *\nPin: origin \"mirror.example\"\nPin-Priority: 7"), [7, 7]);
        assert_eq!(priorities("Package: *\nPin: version 20.*\nPin-Priority: -1"), [-1, 500]);
        assert_eq!(
            priorities("Package: /^n[op]m?$/ other\nPin: release bookworm\nPin-Priority: 3"),
            [500, 3]
        );
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, word) in [
            ("Package: a\nPin: release a=x\nPin-Priority: high", 3, "high"),
            ("Package: a\nPin: archive x\nPin-Priority: 1", 2, "archive"),
            ("\n\nPackage: a\nPin-Priority: 1", 3, "Pin"),
            ("Package: a\nnonsense", 2, "nonsense"),
            ("Package: lib[ab\nPin: release a=x\nPin-Priority: 1", 1, "']'"),
        ] {
            let error = parse(Path::new("x.pref"), text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.reason.contains(word), "{error}");
        }
    }
}
