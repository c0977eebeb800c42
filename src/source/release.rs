//! The `Release` file of a suite (Debian's `RepositoryFormat`, apt-secure(8)): parsed only after its signature
//! was verified, it vouches for the `Packages` indexes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::list::Source;
use super::provenance::Provenance;
use crate::compression::Compression;
use crate::digest::Checksum;

/// A parsed `Release` file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// `Valid-Until`.
    pub(crate) valid_until: Option<Timestamp>,
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
    /// The `Packages` indexes by their path below the Release; others are not kept.
    pub(crate) entries: BTreeMap<String, Entry>,
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

/// One form in which a `Packages` index is there to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// Path below the Release.
    pub(crate) path: String,
    /// How it is compressed.
    pub(crate) compression: Compression,
    /// Size in bytes, as fetched.
    pub(crate) size: u64,
    /// What it must hash to, as fetched.
    pub(crate) checksum: Checksum,
}

impl IndexFile {
    /// Its path if the Release says `Acquire-By-Hash: yes`: `…/by-hash/SHA256/…`.
    pub fn by_hash_path(&self) -> String {
        let directory =
            self.path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
        format!("{directory}by-hash/{}/{}", self.checksum.algorithm(), self.checksum)
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
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::ConflictingDistribution { url, expected, got } = self;
        write!(f, "{url} is for another distribution: expected {expected} but got {got}")
    }
}

impl Release {
    /// Parses the verified text of a Release, which `url` names in messages.
    pub fn parse(text: &str, url: &str) -> Result<Self, Error> {
        let malformed =
            |line: usize, reason: String| Error::MalformedRelease { url: url.to_owned(), line, reason };
        let mut release = Self { url: url.to_owned(), ..Self::default() };
        // names of fields are the same in any case (deb822(5))
        let mut seen: Vec<String> = Vec::new();
        let mut strong = false;
        let mut ended = false;
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                ended = !seen.is_empty();
                continue;
            }
            if ended {
                return Err(malformed(number, "there is a second stanza".to_owned()));
            }
            if line.starts_with([' ', '\t']) {
                match seen.last().map(String::as_str) {
                    Some(field @ ("sha256" | "sha512")) => {
                        strong = true;
                        release.add_entry(field, line).map_err(|reason| malformed(number, reason))?;
                    }
                    Some(_) => {}
                    None => return Err(malformed(number, "it begins with a continuation line".to_owned())),
                }
                continue;
            }
            let (field, value) =
                line.split_once(':').ok_or_else(|| malformed(number, "a field has no colon".to_owned()))?;
            let name = field.to_ascii_lowercase();
            if seen.contains(&name) {
                return Err(malformed(number, format!("there are two fields {field}")));
            }
            release.set(&name, value.trim()).map_err(|reason| malformed(number, reason))?;
            seen.push(name);
        }
        if strong {
            Ok(release)
        } else {
            Err(malformed(
                0,
                "it has neither SHA256 nor SHA512 digests, and weaker ones are not trusted".to_owned(),
            ))
        }
    }

    fn set(&mut self, field: &str, value: &str) -> Result<(), String> {
        let words = || value.split_whitespace().map(str::to_owned).collect();
        match field {
            "origin" => value.clone_into(&mut self.origin),
            "label" => value.clone_into(&mut self.label),
            "suite" => value.clone_into(&mut self.suite),
            "codename" => value.clone_into(&mut self.codename),
            "version" => value.clone_into(&mut self.version),
            "snapshots" => value.clone_into(&mut self.snapshots),
            "date" => self.date = Some(parse_date(value)?),
            "valid-until" => self.valid_until = Some(parse_date(value)?),
            "notautomatic" => self.not_automatic = is_yes(value),
            "butautomaticupgrades" => self.but_automatic_upgrades = is_yes(value),
            "acquire-by-hash" => self.acquire_by_hash = is_yes(value),
            "architectures" => self.architectures = words(),
            "components" => self.components = words(),
            "no-support-for-architecture-all" => {
                self.no_support_for_architecture_all = Some(value.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes in a line of a digest field: digest, size, path.
    fn add_entry(&mut self, field: &str, line: &str) -> Result<(), String> {
        let mut words = line.split_ascii_whitespace();
        let (Some(digest), Some(size), Some(path), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(format!("a line of {field} is not a digest, a size and a path"));
        };
        let path = path.strip_prefix("./").unwrap_or(path);
        if !is_packages(path) {
            return Ok(());
        }
        if path.starts_with('/') || path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(format!("'{path}' is not a path below the Release"));
        }
        let size = size.parse().map_err(|_| format!("'{size}' is not a size in bytes"))?;
        let entry = self.entries.entry(path.to_owned()).or_insert(Entry { size, ..Entry::default() });
        if entry.size != size {
            return Err(format!("'{path}' has two sizes"));
        }
        let twice = match (field, Checksum::from_hex(digest)) {
            ("sha256", Some(Checksum::Sha256(bytes))) => {
                entry.sha256.replace(bytes).is_some_and(|old| old != bytes)
            }
            ("sha512", Some(Checksum::Sha512(bytes))) => {
                entry.sha512.replace(bytes).is_some_and(|old| old != bytes)
            }
            _ => return Err(format!("'{digest}' is not a {field} digest")),
        };
        if twice { Err(format!("'{path}' has two {field} digests")) } else { Ok(()) }
    }

    /// Checks `Date` and `Valid-Until` against the clock, as far as `source` wants that. `Valid-Until-Min` and
    /// `Valid-Until-Max` count from `Date`, and without `Check-Date` nothing is checked, as in apt.
    pub(crate) fn check_time(&self, now: Timestamp, source: &Source) -> Result<(), Error> {
        if !source.check_date {
            return Ok(());
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
    /// index. `component` is empty for a flat repository, where `architecture` does not matter.
    pub fn packages_files(&self, component: &str, architecture: &str) -> Vec<IndexFile> {
        let directory =
            if component.is_empty() { String::new() } else { format!("{component}/binary-{architecture}/") };
        let files = Compression::OF_INDICES.into_iter().filter_map(|compression| {
            let path = format!("{directory}Packages{}", dotted(compression));
            let entry = self.entries.get(&path)?;
            Some(IndexFile { path, compression, size: entry.size, checksum: entry.checksum()? })
        });
        files.collect()
    }

    /// What an index unpacks to, in bytes, where the Release lists the file without compression as well.
    pub fn unpacked_size(&self, file: &IndexFile) -> Option<u64> {
        let path = file.path.strip_suffix(&dotted(file.compression))?;
        self.entries.get(path).map(|entry| entry.size)
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
        let listed = self.architectures.iter().any(|name| name == "all");
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

/// Whether the path is one of a `Packages` index in a compression that aptlet reads.
fn is_packages(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_prefix("Packages")
        .is_some_and(|extension| Compression::OF_INDICES.iter().any(|known| dotted(*known) == extension))
}

/// apt's boolean in a Release (`pkgTagSection::FindFlag`).
fn is_yes(value: &str) -> bool {
    ["yes", "true", "with", "on", "enable", "1"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

/// The dates of a Release are those of RFC 1123, always in UTC, and `UTC` is what Debian calls it.
fn parse_date(value: &str) -> Result<Timestamp, String> {
    const ZONES: [&str; 4] = ["UTC", "GMT", "Z", "+0000"];
    let bad = || format!("'{value}' is not a date such as 'Sat, 10 Jun 2023 08:51:37 UTC'");
    let zoneless = ZONES.iter().find_map(|zone| value.strip_suffix(zone)).ok_or_else(bad)?;
    let (_weekday, date) = zoneless.split_once(',').ok_or_else(bad)?;
    jiff::civil::DateTime::strptime("%d %b %Y %H:%M:%S", date.trim())
        .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC))
        .map(|date| date.timestamp())
        .map_err(|_| bad())
}

fn later(start: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    start.saturating_add(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
