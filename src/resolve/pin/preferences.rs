//! The format of a preferences file, read as apt reads it: what is odd in a stanza costs that stanza, with a warning, and
//! what apt refuses is refused.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::pattern::{Pattern, VersionPattern, expression};
use super::priority::NEVER;
use super::rule::{Condition, Name, Pin, Subject, Target};
use crate::control::glob::Glob;

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

/// What comes of a stanza.
enum Flaw {
    /// It pins nothing.
    Odd(usize, String),
    /// apt goes no further.
    Fatal(usize, String),
}

struct Field<'a> {
    line: usize,
    name: &'a str,
    value: String,
}

/// Reads a preferences file.
///
/// # Errors
/// What apt refuses as well: no `Package`, or a priority that is none.
pub fn parse(file: &Path, text: &str) -> Result<Vec<Pin>, BadPin> {
    let mut pins = Vec::new();
    let mut stanza: Vec<Field<'_>> = Vec::new();
    let mut odd: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line)).chain([(0, "")]) {
        if line.starts_with('#') {
            continue;
        }
        if line.is_empty() {
            let fields = std::mem::take(&mut stanza);
            let pin = match odd.take() {
                Some((line, reason)) => Err(Flaw::Odd(line, reason)),
                None if fields.iter().all(|field| field.name.eq_ignore_ascii_case("Explanation")) => continue,
                None => pin_of(file, &fields),
            };
            match pin {
                Ok(pin) => pins.push(pin),
                Err(Flaw::Odd(line, reason)) => {
                    warn(file, line, &format_args!("{reason}; this stanza pins nothing"));
                }
                Err(Flaw::Fatal(line, reason)) => {
                    return Err(BadPin { file: file.to_owned(), line, reason });
                }
            }
        } else if line.starts_with([' ', '\t']) {
            // a line of white space alone, too: as apt has it, it ends no stanza
            match stanza.last_mut() {
                Some(field) => {
                    field.value.push(' ');
                    field.value.push_str(line.trim());
                }
                None if line.trim().is_empty() => {}
                None => warn(file, number, &"a continuation line without a field before it is passed over"),
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim();
            // of two fields of a name, apt knows the last
            if let Some(first) = stanza.iter().position(|field| field.name.eq_ignore_ascii_case(name)) {
                let first = stanza.remove(first).line;
                if !name.eq_ignore_ascii_case("Explanation") {
                    warn(
                        file,
                        number,
                        &format_args!("{name} is already given on line {first}, which has no effect"),
                    );
                }
            }
            stanza.push(Field { line: number, name, value: value.trim().to_owned() });
        } else {
            odd = odd.or_else(|| Some((number, format!("'{}' is no 'Field: value' line", line.trim()))));
        }
    }
    Ok(pins)
}

fn warn(file: &Path, line: usize, problem: &dyn Display) {
    tracing::warn!("{}:{line}: {problem}", file.display());
}

fn pin_of(file: &Path, fields: &[Field<'_>]) -> Result<Pin, Flaw> {
    let first = fields.first().map_or(1, |field| field.line);
    let find = |name: &str| fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
    let names = find("Package")
        .filter(|field| !field.value.is_empty())
        .ok_or_else(|| Flaw::Fatal(first, "the stanza has no 'Package' field".to_owned()))?;
    let general = names.value == "*";
    let Some(pin) = find("Pin") else {
        return Err(Flaw::Odd(first, "the stanza has no 'Pin' field".to_owned()));
    };
    let target = target_of(&pin.value, general).map_err(|reason| Flaw::Odd(pin.line, reason))?;
    let priority = match find("Pin-Priority") {
        Some(field) => {
            priority_of(&field.value, general).map_err(|reason| Flaw::Fatal(field.line, reason))?
        }
        None => return Err(Flaw::Fatal(first, "the stanza has no 'Pin-Priority' field".to_owned())),
    };
    let mut subjects = Vec::new();
    for word in names.value.split_whitespace().filter(|_| !general) {
        match subject_of(word) {
            Ok(subject) => subjects.push(subject),
            Err(reason) => warn(file, names.line, &format_args!("{reason}; it pins nothing")),
        }
    }
    if subjects.is_empty() && !general {
        return Err(Flaw::Odd(names.line, "no word of 'Package' is a name or a pattern".to_owned()));
    }
    Ok(Pin { subjects, target, priority })
}

fn subject_of(word: &str) -> Result<Subject, String> {
    let (word, of_source) = word.strip_prefix("src:").map_or((word, false), |name| (name, true));
    let (name, architecture) =
        word.rsplit_once(':').map_or((word, None), |(name, own)| (name, Some(own.to_owned())));
    let name = match expression(name).is_some() || Glob::is_pattern(name) {
        true => Name::Pattern(Pattern::new(name)?),
        false => Name::Literal(name.to_owned()),
    };
    Ok(Subject { name, of_source, architecture })
}

/// As strtol(3) reads it: what follows the digits does not count.
fn priority_of(text: &str, general: bool) -> Result<i32, String> {
    if text == "never" {
        let reason =
            "'Pin-Priority: never' is for 'Package: *' only; a negative number keeps out one package";
        return if general { Ok(NEVER) } else { Err(reason.to_owned()) };
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number = &text[..text.len() - digits.len() + count];
    let priority = match number.strip_prefix('+').unwrap_or(number) {
        "" | "-" => return Err(format!("'{text}' is no priority: a number such as 500")),
        number => number.parse().unwrap_or(i32::MAX),
    };
    match priority {
        0 => Err(format!(
            "'{text}' is no priority: 0 means nothing to apt; a negative number forbids, 1 is the least"
        )),
        NEVER => Ok(NEVER + 1),
        other if i16::try_from(other).is_ok() => Ok(other),
        _ => Err(format!("'{text}' is no priority: it is not from -32768 to 32767")),
    }
}

fn target_of(pin: &str, general: bool) -> Result<Target, String> {
    let (kind, rest) = pin.split_once(char::is_whitespace).unwrap_or((pin, ""));
    let rest = rest.trim();
    match kind.to_ascii_lowercase().as_str() {
        "version" | "source-version" if general => {
            Err(format!("'{kind}' is for named packages, not for 'Package: *'"))
        }
        "version" => VersionPattern::new(rest).map(Target::Version),
        "source-version" => VersionPattern::new(rest).map(Target::SourceVersion),
        "origin" => {
            let quoted = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            Pattern::new(quoted.unwrap_or(rest)).map(Target::Site)
        }
        "release" => release_of(rest),
        _ => Err(format!("'{kind}' is none of 'version', 'source-version', 'release' and 'origin'")),
    }
}

/// Conditions that apt does not know, and those without a value, do not count; where none is left, nothing is meant.
fn release_of(text: &str) -> Result<Target, String> {
    if text == "*" {
        return Ok(Target::Any);
    }
    if !text.contains('=') {
        let word = if text.starts_with(|c: char| c.is_ascii_digit()) {
            Condition::Version(VersionPattern::new(text)?)
        } else {
            Condition::Word(Pattern::new(text)?)
        };
        return match text {
            "" => Err("'release' names none".to_owned()),
            _ => Ok(Target::Release(vec![word])),
        };
    }
    let mut conditions = Vec::new();
    for (key, value) in text.split(',').filter_map(|condition| condition.trim().split_once('=')) {
        if value.is_empty() {
            continue;
        }
        conditions.push(match key.to_ascii_lowercase().as_str() {
            "a" => Condition::Archive(Pattern::new(value)?),
            "n" => Condition::Codename(Pattern::new(value)?),
            "v" => Condition::Version(VersionPattern::new(value)?),
            "c" => Condition::Component(Pattern::new(value)?),
            "o" => Condition::Origin(Pattern::new(value)?),
            "l" => Condition::Label(Pattern::new(value)?),
            "b" => Condition::Architecture(Pattern::new(value)?),
            _ => continue,
        });
    }
    match conditions.is_empty() {
        true => Err(format!("'{text}' has none of a=, b=, c=, l=, n=, o=, v=")),
        false => Ok(Target::Release(conditions)),
    }
}
