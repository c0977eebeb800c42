//! The `Release` file of a suite (Debian's `RepositoryFormat`, apt-secure(8)): parsed only after its signature
//! was verified, it vouches for the `Packages` indexes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::date;
use super::list::Source;
use super::provenance::Provenance;
use crate::compression::Compression;
use crate::control::text::{is_yes, leading_number};
use crate::digest::Checksum;
use crate::wording::counted;

/// A parsed `Release` file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own")]
pub struct Release {
    /// Where it came from, for messages.
    pub(crate) url: String,
    /// `Origin`, which pins refer to.
    pub(crate) origin: String,
    /// `Label`, which pins refer to.
    pub(crate) label: String,
    /// `Suite`, such as `stable`.
    pub(crate) suite: String,
    /// `Codename`, such as `trixie`.
    pub(crate) codename: String,
    /// `Version`, such as `13.2`.
    pub(crate) version: String,
    /// `Snapshots`: where earlier states of it are, with `@SNAPSHOTID@` in it.
    pub(crate) snapshots: String,
    /// `Date`: when it was made.
    pub(crate) date: Option<Timestamp>,
    /// A `Date` that is none, and counts as absent.
    bad_date: Option<String>,
    /// `Valid-Until`.
    pub(crate) valid_until: Option<Timestamp>,
    /// A `Valid-Until` that is no date, and its line.
    bad_valid_until: Option<(usize, String)>,
    /// `NotAutomatic`: its packages get priority 1.
    pub(crate) not_automatic: bool,
    /// `ButAutomaticUpgrades`: with `NotAutomatic`, they get priority 100.
    pub(crate) but_automatic_upgrades: bool,
    /// `Acquire-By-Hash`: indexes can be had under their hash.
    pub(crate) acquire_by_hash: bool,
    /// `Architectures`.
    pub(crate) architectures: Vec<String>,
    /// `Components`.
    pub(crate) components: Vec<String>,
    /// `No-Support-for-Architecture-all`: the indexes whose `all` packages are listed with each architecture.
    pub(crate) no_support_for_architecture_all: Option<String>,
    /// The `Packages` and `Contents` indexes by their path below the Release; others are not kept.
    pub(crate) entries: BTreeMap<String, Entry>,
    /// Whether it has SHA-256 or SHA-512 digests.
    strong: bool,
    /// How many lines of its digests cannot be read.
    unreadable: usize,
}

/// A file that the Release vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    /// Size in bytes.
    pub(crate) size: u64,
    /// Its digest in the `SHA256` field.
    pub(crate) sha256: Option<[u8; 32]>,
    /// Its digest in the `SHA512` field.
    pub(crate) sha512: Option<[u8; 64]>,
}

impl Entry {
    /// The strongest digest.
    pub(crate) fn checksum(&self) -> Option<Checksum> {
        self.sha512.map(Checksum::Sha512).or(self.sha256.map(Checksum::Sha256))
    }
}

/// One form in which an index is there to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// Path below the Release.
    pub(crate) path: String,
    /// How it is compressed.
    pub(crate) compression: Compression,
    /// Size in bytes, as fetched. Only a source that need not be signed has indexes without.
    pub(crate) size: Option<u64>,
    /// What it must hash to, as fetched. As above.
    pub(crate) checksum: Option<Checksum>,
}

impl IndexFile {
    /// Its path if the Release says `Acquire-By-Hash: yes`: `…/by-hash/SHA256/…`.
    pub fn by_hash_path(&self) -> Option<String> {
        let checksum = self.checksum?;
        let directory =
            self.path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
        Some(format!("{directory}by-hash/{}/{checksum}", checksum.algorithm()))
    }
}

/// Something odd about a Release, which apt too only warns about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Warning {
    /// Neither its Suite nor its Codename is what was asked for.
    ConflictingDistribution {
        /// The Release.
        url: String,
        /// The suite of the source.
        expected: String,
        /// `Suite` and `Codename` of the Release.
        got: String,
    },
    /// Its `Date` is none.
    Date {
        /// The Release.
        url: String,
        /// What it says.
        value: String,
    },
    /// Some lines of its digests are none.
    Unreadable {
        /// The Release.
        url: String,
        /// How many.
        lines: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConflictingDistribution { url, expected, got } => {
                write!(f, "{url} is for another distribution: expected {expected} but got {got}")
            }
            Self::Date { url, value } => write!(
                f,
                "{url} has the Date '{value}', which counts as none: it is not such as 'Sat, 10 Jun 2023 08:51:37 UTC'"
            ),
            Self::Unreadable { url, lines } => {
                write!(f, "{url} has {} of digests that cannot be read", counted(*lines, "line"))
            }
        }
    }
}

impl Release {
    /// Parses the verified text of a Release, which `url` names in messages.
    ///
    /// # Errors
    /// [`Error::MalformedRelease`] where it vouches for nothing.
    pub fn parse(text: &str, url: &str) -> Result<Self, Error> {
        let release = Self::read(text, url);
        if release.strong {
            return Ok(release);
        }
        let reason = "it has neither SHA256 nor SHA512 digests, and weaker ones are not trusted".to_owned();
        Err(Error::MalformedRelease { url: url.to_owned(), line: 0, reason })
    }

    /// The same where nothing needs to be vouched for. What makes no sense is passed over: it is odd and not needed, or
    /// what is needed is not there.
    pub(super) fn read(text: &str, url: &str) -> Self {
        let mut release = Self { url: url.to_owned(), ..Self::default() };
        let mut name = String::new();
        let mut begun = false;
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim_end_matches('\r').is_empty() {
                // apt looks at the first stanza alone
                if begun {
                    break;
                }
            } else if line.starts_with([' ', '\t']) {
                release.add_line(&name, line);
            } else if line.starts_with('#') {
                // a comment is nothing, and what it stands in goes on after it (deb822(5))
            } else if let Some((field, value)) = line.split_once(':') {
                begun = true;
                // names of fields are the same in any case (deb822(5))
                name = field.trim_ascii_end().to_ascii_lowercase();
                release.set(&name, value.trim(), number);
                release.add_line(&name, value);
            }
        }
        release
    }

    /// Of a field that is there twice the last counts, as in apt.
    fn set(&mut self, field: &str, value: &str, line: usize) {
        let words = || value.split_whitespace().map(str::to_owned).collect();
        match field {
            "origin" => value.clone_into(&mut self.origin),
            "label" => value.clone_into(&mut self.label),
            "suite" => value.clone_into(&mut self.suite),
            "codename" => value.clone_into(&mut self.codename),
            "version" => value.clone_into(&mut self.version),
            "snapshots" => value.clone_into(&mut self.snapshots),
            "date" => {
                self.date = date::parse(value);
                self.bad_date = self.date.is_none().then(|| shortened(value));
            }
            "valid-until" => {
                self.valid_until = date::parse(value);
                let bad = self.valid_until.is_none() && !value.is_empty();
                self.bad_valid_until = bad.then(|| (line, shortened(value)));
            }
            "notautomatic" => self.not_automatic = is_yes(value),
            "butautomaticupgrades" => self.but_automatic_upgrades = is_yes(value),
            "acquire-by-hash" => self.acquire_by_hash = is_yes(value),
            "architectures" => self.architectures = words(),
            "components" => self.components = words(),
            "no-support-for-architecture-all" => {
                self.no_support_for_architecture_all = Some(value.to_owned());
            }
            "sha256" => self.entries.values_mut().for_each(|entry| entry.sha256 = None),
            "sha512" => self.entries.values_mut().for_each(|entry| entry.sha512 = None),
            _ => {}
        }
    }

    /// Takes in what continues a field: a line of digest, size and path, where it is a field of digests.
    fn add_line(&mut self, field: &str, line: &str) {
        if !matches!(field, "md5sum" | "sha1" | "sha256" | "sha512") {
            return;
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(digest), Some(size), Some(path)) = (words.next(), words.next(), words.next()) else {
            self.unreadable += usize::from(!line.trim().is_empty());
            return;
        };
        let (sha256, sha512) = match (field, Checksum::from_hex(digest)) {
            ("sha256", Some(Checksum::Sha256(bytes))) => (Some(bytes), None),
            ("sha512", Some(Checksum::Sha512(bytes))) => (None, Some(bytes)),
            ("sha256" | "sha512", _) => {
                self.unreadable += 1;
                return;
            }
            _ => (None, None),
        };
        self.strong |= sha256.is_some() || sha512.is_some();
        let path = path.strip_prefix("./").unwrap_or(path);
        // of the others none is ever asked for
        let below = !path.split('/').any(|segment| matches!(segment, "" | "." | ".."));
        if !(is_index(path, "Packages") || is_index_of_files(path)) || !below {
            return;
        }
        let Some(size) = leading_number(size) else {
            self.unreadable += 1;
            return;
        };
        let entry = self.entries.entry(path.to_owned()).or_default();
        // the first that is said of a file counts, as in apt
        if entry.checksum().is_none() {
            entry.size = size;
        }
        entry.sha256 = entry.sha256.or(sha256);
        entry.sha512 = entry.sha512.or(sha512);
    }

    /// What is odd about it.
    pub(crate) fn warnings(&self, source: &Source) -> Vec<Warning> {
        let url = || self.url.clone();
        let mut warnings: Vec<Warning> = self.check_suite(source).into_iter().collect();
        warnings.extend(self.bad_date.clone().map(|value| Warning::Date { url: url(), value }));
        warnings.extend(
            (self.unreadable > 0).then(|| Warning::Unreadable { url: url(), lines: self.unreadable }),
        );
        warnings
    }

    /// Checks `Date` and `Valid-Until` against the clock, as far as `source` wants that. `Valid-Until-Min` and
    /// `Valid-Until-Max` count from `Date`, and without `Check-Date` nothing is checked, as in apt.
    pub(crate) fn check_time(&self, now: Timestamp, source: &Source) -> Result<(), Error> {
        if !source.check_date {
            return Ok(());
        }
        if let Some((line, value)) = self.bad_valid_until.as_ref().filter(|_| source.check_valid_until) {
            let reason =
                format!("the Valid-Until '{value}' is not a date such as 'Sat, 10 Jun 2023 08:51:37 UTC'");
            return Err(Error::MalformedRelease { url: self.url.clone(), line: *line, reason });
        }
        if let Some(made) = self.date
            && made > later(now, source.date_max_future)
        {
            return Err(Error::ReleaseFromFuture { url: self.url.clone(), made, now });
        }
        match self.expiry(source) {
            Some(until) if until < now => Err(Error::ReleaseExpired { url: self.url.clone(), until, now }),
            _ => Ok(()),
        }
    }

    /// Until when it is good, as far as `source` wants that to be minded.
    pub(crate) fn expiry(&self, source: &Source) -> Option<Timestamp> {
        if !source.check_date || !source.check_valid_until {
            return None;
        }
        let mut until = self.valid_until;
        if let (Some(declared), Some(made), Some(min)) = (until, self.date, source.valid_until_min) {
            until = Some(declared.max(later(made, min)));
        }
        if let (Some(made), Some(max)) = (self.date, source.valid_until_max) {
            let max = later(made, max);
            until = Some(until.map_or(max, |until| until.min(max)));
        }
        until
    }

    /// The priority of its packages where no pin is about them (`apt_preferences(5)`).
    pub(crate) fn priority(&self) -> i32 {
        Provenance::default_priority(self.not_automatic, self.but_automatic_upgrades)
    }

    /// Whether this is the Release that `source` asked for by its suite: a mirror could serve another one, signed
    /// just as well.
    pub(crate) fn check_suite(&self, source: &Source) -> Option<Warning> {
        // Debian's old security suites were called buster/updates where the Release says buster
        let expected = source.suite.split('/').next().unwrap_or_default();
        let anonymous = self.suite.is_empty() && self.codename.is_empty();
        let matches =
            [&self.suite, &self.codename].iter().any(|name| **name == source.suite || **name == expected);
        if source.is_flat() || anonymous || matches {
            return None;
        }
        let names = [self.suite.as_str(), self.codename.as_str()];
        let got = names.iter().filter(|name| !name.is_empty()).copied().collect::<Vec<_>>().join(", ");
        Some(Warning::ConflictingDistribution { url: self.url.clone(), expected: source.suite.clone(), got })
    }

    /// The forms of a `Packages` index that can be verified, the one to prefer first; none if there is no such
    /// index. `component` is empty for a flat repository, where `architecture` does not matter. Of a Release without
    /// digests, which only a source that need not be signed may have, all that it lists, or all that there may be.
    pub fn packages_files(&self, component: &str, architecture: &str) -> Vec<IndexFile> {
        let directory =
            if component.is_empty() { String::new() } else { format!("{component}/binary-{architecture}/") };
        self.forms(&format!("{directory}Packages"))
    }

    /// The same for the index of source packages.
    pub(crate) fn sources_files(&self, component: &str) -> Vec<IndexFile> {
        let directory = if component.is_empty() { String::new() } else { format!("{component}/source/") };
        if self.lists_nothing() {
            return Vec::new();
        }
        self.forms(&format!("{directory}Sources"))
    }

    /// The same for the index of the files in packages: that of a component, or, where `component` is empty, that of all
    /// together, which Ubuntu has instead.
    pub(crate) fn contents_files(&self, component: &str, architecture: &str) -> Vec<IndexFile> {
        let directory = if component.is_empty() { String::new() } else { format!("{component}/") };
        if self.lists_nothing() {
            return Vec::new();
        }
        self.forms(&format!("{directory}Contents-{architecture}"))
    }

    fn forms(&self, plain: &str) -> Vec<IndexFile> {
        let files = Compression::OF_INDICES.into_iter().filter_map(|compression| {
            let path = format!("{plain}{}", dotted(compression));
            let entry = self.entries.get(&path);
            let (size, checksum) = match (entry, entry.and_then(Entry::checksum)) {
                (Some(entry), Some(checksum)) => (Some(entry.size), Some(checksum)),
                (Some(_), None) if !self.strong => (None, None),
                (None, _) if self.lists_nothing() => (None, None),
                _ => return None,
            };
            Some(IndexFile { path, compression, size, checksum })
        });
        files.collect()
    }

    /// Whether it says nothing of what there is: it need not, or it is not there itself.
    pub(super) fn lists_nothing(&self) -> bool {
        !self.strong && self.entries.is_empty()
    }

    /// What an index unpacks to, in bytes, where the Release lists the file without compression as well.
    pub fn unpacked_size(&self, file: &IndexFile) -> Option<u64> {
        let path = file.path.strip_suffix(&dotted(file.compression))?;
        self.entries.get(path).filter(|_| self.strong).map(|entry| entry.size)
    }

    /// The architectures whose `Packages` together are what `architecture` can install from `component`: itself
    /// and, where the repository keeps them apart, `all`. One with nothing to fetch is left out; if that is true
    /// of both, the error names what there is.
    pub fn index_architectures(&self, component: &str, architecture: &str) -> Result<Vec<String>, Error> {
        let has = |architecture: &str| !self.packages_files(component, architecture).is_empty();
        let mut found = Vec::new();
        if has(architecture) {
            found.push(architecture.to_owned());
        }
        // https://wiki.debian.org/DebianRepository/Format#No-Support-for-Architecture-all
        // a repository that does not tell its architectures may have any
        let listed = self.architectures.is_empty() || self.architectures.iter().any(|name| name == "all");
        let not_apart = self
            .no_support_for_architecture_all
            .as_ref()
            .is_some_and(|targets| targets.split_whitespace().any(|target| target == "Packages"));
        if !component.is_empty() && architecture != "all" && listed && !not_apart && has("all") {
            found.push("all".to_owned());
        }
        if found.is_empty() {
            return Err(Error::NoPackagesIndex {
                url: self.url.clone(),
                component: component.to_owned(),
                architecture: architecture.to_owned(),
                components: self.components.clone(),
                architectures: self.architectures.clone(),
            });
        }
        Ok(found)
    }
}

/// What a compression adds to a file name.
fn dotted(compression: Compression) -> String {
    match compression.extension() {
        "" => String::new(),
        extension => format!(".{extension}"),
    }
}

/// Whether the path is one of an index of that name in a compression that aptlet reads.
fn is_index(path: &str, name: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.strip_prefix(name)
        .is_some_and(|extension| Compression::OF_INDICES.iter().any(|known| dotted(*known) == extension))
}

/// Whether the path is one of a `Contents` index of an architecture, not one of sources or of an installer's packages.
fn is_index_of_files(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    let architecture = last.strip_prefix("Contents-").map(|rest| rest.split('.').next().unwrap_or_default());
    architecture.is_some_and(|own| {
        !own.starts_with("udeb-") && own != "source" && is_index(last, &format!("Contents-{own}"))
    })
}

/// For a message: one line, and not a long one.
fn shortened(text: &str) -> String {
    text.chars().take(60).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn later(start: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    start.saturating_add(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
