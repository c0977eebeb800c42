//! The options that both formats share, under their two names, and what they mean (sources.list(5)).

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use super::source::{ByHash, Location, SignedBy, Source};
use super::value::{File, Place, Value, Word};
use crate::source::Error;
use crate::source::index::Only;

/// An option: its name in the one-line format, its field in the deb822 format, and what aptlet does with it.
struct Known {
    option: &'static str,
    field: &'static str,
    meaning: Meaning,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Architectures,
    ArchitecturesAdd,
    ArchitecturesRemove,
    SignedBy,
    Trusted,
    CheckValidUntil,
    ValidUntilMin,
    ValidUntilMax,
    CheckDate,
    DateMaxFuture,
    ByHash,
    AllowInsecure,
    InReleasePath,
    Snapshot,
    Include,
    Exclude,
    /// Decides about indexes that aptlet never fetches, or would allow what it never does.
    Irrelevant,
}

impl Meaning {
    /// Whether it decides who is believed: what is odd there is never passed over.
    fn is_trust(self) -> bool {
        matches!(
            self,
            Self::SignedBy
                | Self::Trusted
                | Self::CheckValidUntil
                | Self::ValidUntilMin
                | Self::ValidUntilMax
                | Self::CheckDate
                | Self::DateMaxFuture
                | Self::AllowInsecure
                | Self::Snapshot
        )
    }
}

const fn known(option: &'static str, field: &'static str, meaning: Meaning) -> Known {
    Known { option, field, meaning }
}

const KNOWN: &[Known] = &[
    known("arch", "Architectures", Meaning::Architectures),
    known("arch+", "Architectures-Add", Meaning::ArchitecturesAdd),
    known("arch-", "Architectures-Remove", Meaning::ArchitecturesRemove),
    known("signed-by", "Signed-By", Meaning::SignedBy),
    known("trusted", "Trusted", Meaning::Trusted),
    known("check-valid-until", "Check-Valid-Until", Meaning::CheckValidUntil),
    known("valid-until-min", "Valid-Until-Min", Meaning::ValidUntilMin),
    known("valid-until-max", "Valid-Until-Max", Meaning::ValidUntilMax),
    known("check-date", "Check-Date", Meaning::CheckDate),
    known("date-max-future", "Date-Max-Future", Meaning::DateMaxFuture),
    known("by-hash", "By-Hash", Meaning::ByHash),
    known("allow-insecure", "Allow-Insecure", Meaning::AllowInsecure),
    known("inrelease-path", "InRelease-Path", Meaning::InReleasePath),
    known("lang", "Languages", Meaning::Irrelevant),
    known("lang+", "Languages-Add", Meaning::Irrelevant),
    known("lang-", "Languages-Remove", Meaning::Irrelevant),
    known("target", "Targets", Meaning::Irrelevant),
    known("target+", "Targets-Add", Meaning::Irrelevant),
    known("target-", "Targets-Remove", Meaning::Irrelevant),
    known("pdiffs", "PDiffs", Meaning::Irrelevant),
    known("allow-weak", "Allow-Weak", Meaning::Irrelevant),
    known("allow-downgrade-to-insecure", "Allow-Downgrade-To-Insecure", Meaning::Irrelevant),
    known("snapshot", "Snapshot", Meaning::Snapshot),
    known("include", "Include", Meaning::Include),
    known("exclude", "Exclude", Meaning::Exclude),
];

/// Which of an option's two names a file uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    OneLine,
    Deb822,
}

impl Format {
    fn name(self, known: &Known) -> &'static str {
        match self {
            Self::OneLine => known.option,
            Self::Deb822 => known.field,
        }
    }

    /// What the name is a name of.
    fn what(self) -> &'static str {
        match self {
            Self::OneLine => "option",
            Self::Deb822 => "field",
        }
    }

    /// All names.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(move |known| self.name(known))
    }
}

/// What an entry says of its sources besides where they are: sources.list(5) calls this options in both formats.
#[derive(Default)]
pub(super) struct SourceOptions {
    architectures: Option<Vec<String>>,
    add: Vec<String>,
    remove: Vec<String>,
    signed_by: Option<SignedBy>,
    trusted: Option<bool>,
    check_valid_until: Option<bool>,
    valid_until_min: Option<u64>,
    valid_until_max: Option<u64>,
    check_date: Option<bool>,
    date_max_future: Option<u64>,
    by_hash: ByHash,
    allow_insecure: bool,
    inrelease_path: Option<String>,
    snapshot: Option<String>,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
}

impl SourceOptions {
    /// Takes in `value` under `name`; `others` are further names that are known there. apt passes over what it does not
    /// know and what has no value; here that is told, but for what decides about trust.
    ///
    /// # Errors
    /// What apt refuses as well, and a value about trust that is none.
    pub(super) fn set(
        &mut self,
        file: File<'_>,
        format: Format,
        name: &Word,
        value: &Value,
        others: &[&'static str],
    ) -> Result<(), Error> {
        let matches = |known: &&Known| match format {
            Format::OneLine => known.option == name.text,
            Format::Deb822 => known.field.eq_ignore_ascii_case(&name.text),
        };
        let Some(known) = KNOWN.iter().find(matches) else {
            file.pass_over(name, format.what(), format.names().chain(others.iter().copied()));
            return Ok(());
        };
        let shown = format.name(known);
        if value.words().is_empty() {
            match known.meaning {
                Meaning::Architectures if format == Format::Deb822 => self.architectures = Some(Vec::new()),
                meaning if meaning.is_trust() || format == Format::OneLine => {
                    return Err(file.error(name.place, format!("{shown} has no value")));
                }
                Meaning::Irrelevant => {}
                _ => file.warn(name.place, format_args!("{shown} has no value, and no effect")),
            }
            return Ok(());
        }
        let flag = || flag(file, shown, value);
        let seconds = || seconds(file, shown, value);
        let items = || value.items().into_iter().map(|word| word.text).collect::<Vec<_>>();
        match known.meaning {
            Meaning::Architectures => self.architectures = Some(items()),
            Meaning::ArchitecturesAdd => self.add = items(),
            Meaning::ArchitecturesRemove => self.remove = items(),
            Meaning::SignedBy => self.signed_by = Some(signed_by(file, value)?),
            Meaning::Trusted => self.trusted = Some(flag()?),
            Meaning::CheckValidUntil => self.check_valid_until = Some(flag()?),
            Meaning::ValidUntilMin => self.valid_until_min = seconds()?,
            Meaning::ValidUntilMax => self.valid_until_max = seconds()?,
            Meaning::CheckDate => self.check_date = Some(flag()?),
            Meaning::DateMaxFuture => self.date_max_future = seconds()?,
            Meaning::ByHash if file.single(shown, value)?.text.eq_ignore_ascii_case("force") => {
                self.by_hash = ByHash::Force;
            }
            Meaning::ByHash => match flag() {
                Ok(true) => self.by_hash = ByHash::Yes,
                Ok(false) => self.by_hash = ByHash::No,
                Err(_) => file.warn(
                    value.place(),
                    format_args!("{shown} is none of yes, no and force, and has no effect"),
                ),
            },
            Meaning::AllowInsecure => self.allow_insecure = flag()?,
            Meaning::InReleasePath => {
                let word = file.single(shown, value)?;
                file.no_parent(shown, &word.text, &word)?;
                self.inrelease_path = Some(word.text);
            }
            Meaning::Snapshot => {
                let word = file.single(shown, value)?;
                let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                self.snapshot = match boolean(&word.text) {
                    // it would allow a flag that aptlet has not got
                    Some(_) => None,
                    None if word.text.chars().all(is_id) => Some(word.text),
                    None => {
                        let problem =
                            format!("'{}' names no snapshot: those are such as 20250101T000000Z", word.text);
                        return Err(file.error(word.place, problem));
                    }
                };
            }
            Meaning::Include => self.include = Some(items()),
            Meaning::Exclude => self.exclude = Some(items()),
            Meaning::Irrelevant => {}
        }
        Ok(())
    }

    /// Which packages count; `place` is that of the entry.
    ///
    /// # Errors
    /// Both `Include` and `Exclude`, as for apt.
    pub(super) fn only(&self, file: File<'_>, place: Place) -> Result<Only, Error> {
        let names = |names: &[String]| Arc::new(names.iter().cloned().collect());
        match (&self.include, &self.exclude) {
            (None, None) => Ok(Only::All),
            (Some(include), None) => Ok(Only::Of(names(include))),
            (None, Some(exclude)) => Ok(Only::AllBut(names(exclude))),
            (Some(_), Some(_)) => Err(file.error(place, "it has both Include and Exclude")),
        }
    }

    /// The source that they describe.
    pub(super) fn source(
        &self,
        file: File<'_>,
        line: usize,
        uris: Vec<Url>,
        suite: String,
        components: Vec<String>,
    ) -> Source {
        Source {
            origin: Location { file: file.path.to_owned(), line },
            binary: true,
            uris,
            pools: Vec::new(),
            suite,
            components,
            only: Only::All,
            snapshot: self.snapshot.clone(),
            architectures: self.architectures(&file.vars.architecture),
            signed_by: self.signed_by.clone(),
            trusted: self.trusted,
            check_valid_until: self.check_valid_until.unwrap_or(true),
            valid_until_min: self.valid_until_min,
            valid_until_max: self.valid_until_max,
            check_date: self.check_date.unwrap_or(true),
            date_max_future: self.date_max_future.unwrap_or(10),
            by_hash: self.by_hash,
            allow_insecure: self.allow_insecure,
            inrelease_path: self.inrelease_path.clone(),
        }
    }

    fn architectures(&self, native: &str) -> Vec<String> {
        if self.architectures.is_none() && self.add.is_empty() && self.remove.is_empty() {
            return Vec::new();
        }
        let mut all = self.architectures.clone().unwrap_or_else(|| vec![native.to_owned()]);
        for architecture in &self.add {
            if !all.contains(architecture) {
                all.push(architecture.clone());
            }
        }
        all.retain(|architecture| !self.remove.contains(architecture));
        all
    }

    /// Whether no architecture is left to fetch.
    pub(super) fn excludes_all(&self, native: &str) -> bool {
        let said = self.architectures.is_some() || !self.remove.is_empty();
        said && self.architectures(native).is_empty()
    }
}

/// apt's booleans (apt.conf(5)).
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "with" | "on" | "enable" | "1" => Some(true),
        "no" | "false" | "without" | "off" | "disable" | "0" => Some(false),
        _ => None,
    }
}

fn flag(file: File<'_>, name: &str, value: &Value) -> Result<bool, Error> {
    let word = file.single(name, value)?;
    let not_one = || file.error(word.place, format!("{name} must be yes or no, not '{}'", word.text));
    boolean(&word.text).ok_or_else(not_one)
}

/// A number of seconds; 0 is apt's way to leave the default.
fn seconds(file: File<'_>, name: &str, value: &Value) -> Result<Option<u64>, Error> {
    let word = file.single(name, value)?;
    match word.text.parse::<u64>() {
        Ok(0) => Ok(None),
        Ok(seconds) => Ok(Some(seconds)),
        Err(_) => {
            Err(file.error(word.place, format!("{name} must be a number of seconds, not '{}'", word.text)))
        }
    }
}

fn signed_by(file: File<'_>, value: &Value) -> Result<SignedBy, Error> {
    let begins = |line: &&Word| line.text.trim_start().starts_with("-----BEGIN");
    let text: Vec<_> = value.lines.iter().skip_while(|line| line.text.trim().is_empty()).collect();
    if text.first().is_some_and(begins) {
        // an empty line inside a deb822 field is written as a dot
        let armored = text.iter().map(|line| match line.text.trim() {
            "." => "\n".to_owned(),
            line => format!("{line}\n"),
        });
        return Ok(SignedBy::Inline(armored.collect()));
    }
    let (mut keyrings, mut fingerprints) = (Vec::new(), Vec::new());
    for word in value.items() {
        let digits = word.text.trim_end_matches('!');
        if matches!(digits.len(), 40 | 64) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            fingerprints.push(word.text.to_ascii_uppercase());
        } else if word.text.starts_with('/') {
            keyrings.push(PathBuf::from(word.text));
        } else if [".asc", ".gpg", ".pgp"].iter().any(|extension| word.text.ends_with(extension)) {
            keyrings.push(file.beside(&word.text));
        } else {
            let problem = format!(
                "'{}' is neither a keyring file (*.asc, *.gpg, *.pgp) nor a fingerprint of 40 hexadecimal digits",
                word.text
            );
            return Err(file.error(word.place, problem));
        }
    }
    if keyrings.is_empty() && fingerprints.is_empty() {
        return Err(file.error(value.place(), "Signed-By names no key"));
    }
    Ok(SignedBy::Named { keyrings, fingerprints })
}
