//! The lock file: a plan written down, as TOML. Installing from it needs no index and gives the same bytes.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::arrange::Arrange as _;
use crate::digest::Sha256;
use crate::plan::{Artifact, Basis, Plan, PlanSource};

/// The format that this aptlet writes and reads.
const VERSION: u32 = 1;

/// A lock that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read the lock {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the lock {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what a lock must be.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A newer aptlet wrote it.
    #[error("{}: lock format {version} is not known to this aptlet, which reads format {VERSION}", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// As the file says.
        version: u32,
    },
    /// It is for other machines.
    #[error("{}: the lock is for architecture '{found}', this run installs for '{wanted}'", path.display())]
    Architecture {
        /// The file.
        path: PathBuf,
        /// As the file says.
        found: String,
        /// That of this run.
        wanted: String,
    },
    /// It was made for another question than the one that is asked.
    #[error("the lock {} is not the answer to what is asked for: {}", path.display(), differences.join("; "))]
    Stale {
        /// The file.
        path: PathBuf,
        /// What differs, each in words.
        differences: Vec<String>,
        /// What makes the lock that is asked for.
        command: String,
    },
    /// It contradicts itself.
    #[error("{}: {reason}", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Read { .. } => {
                "Check that the file is mounted where --lock (APTLET_LOCK) says; 'aptlet lock' writes one."
                    .to_owned()
            }
            Self::Write { .. } => "Choose another file with -o, or '-o -' for standard output.".to_owned(),
            Self::UnknownVersion { .. } => "Use a newer aptlet, or write the lock again.".to_owned(),
            Self::Architecture { found, wanted, .. } => format!(
                "Write a lock for this architecture with 'aptlet lock --arch {wanted}', or use --arch {found}."
            ),
            Self::Stale { command, .. } => {
                format!(
                    "Write the lock again with '{command}' and put it in the place of this one, or take the change back."
                )
            }
            _ => "Write the lock again with 'aptlet lock'; it is not meant to be edited.".to_owned(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Document {
    version: u32,
    /// Of the packages, so that a merge or an editor that loses some does not go unnoticed. None in the lock of an older aptlet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    packages_sha256: Option<Sha256>,
    #[serde(rename = "request")]
    basis: Basis,
    #[serde(default, rename = "source")]
    sources: Vec<PlanSource>,
    #[serde(default, rename = "package")]
    packages: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// The text of a lock. The same plan always gives the same text.
pub(crate) fn render(plan: &Plan) -> String {
    text(plan, Some(contents(plan)))
}

fn text(plan: &Plan, packages_sha256: Option<Sha256>) -> String {
    let document = Document {
        version: VERSION,
        packages_sha256,
        basis: plan.basis.clone(),
        sources: plan.sources.clone(),
        packages: plan.packages.clone(),
    };
    let mut text =
        String::from("# Written by 'aptlet lock'; install it with 'aptlet install --lock FILE'.\n");
    // serializing strings, numbers and lists of them to a string has no way to fail
    let _ = write!(text, "{}", toml::to_string(&document).unwrap_or_default());
    text
}

/// The digest of what a plan installs: of its packages, not of the Releases and mirrors that they were found in,
/// which are signed anew every week. Two plans with the same digest install the same files.
pub(crate) fn digest(plan: &Plan) -> Sha256 {
    let basis = Basis { architecture: plan.basis.architecture.clone(), ..Basis::default() };
    // where else they are is no part of what they are
    let packages =
        plan.packages.iter().map(|package| Artifact { also: Vec::new(), ..package.clone() }).collect();
    Sha256::of(text(&Plan { basis, sources: Vec::new(), packages }, None).as_bytes())
}

/// The digest of which packages there are, wherever they lie.
fn contents(plan: &Plan) -> Sha256 {
    let line = |package: &Artifact| {
        let Artifact { name, version, architecture, size, sha256, .. } = package;
        format!("{name} {version} {architecture} {size} {sha256}\n")
    };
    let mut lines: Vec<String> = plan.packages.iter().map(line).collect();
    lines.arrange();
    Sha256::of(lines.concat().as_bytes())
}

/// Reads a lock file.
pub(crate) fn read(path: &Path) -> Result<Plan, Error> {
    of_file(path, &bytes(path)?)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Parses what was read of a lock file.
pub(crate) fn of_file(path: &Path, bytes: &[u8]) -> Result<Plan, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        // as the standard library words it where it reads text
        let source = io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8");
        Error::Read { path: path.to_owned(), source }
    })?;
    parse(path, text)
}

/// Parses what was read of a lock file, to install for `architecture`.
pub(crate) fn of_file_for(path: &Path, bytes: &[u8], architecture: &str) -> Result<Plan, Error> {
    let plan = of_file(path, bytes)?;
    let found = &plan.basis.architecture;
    if found == architecture {
        return Ok(plan);
    }
    let (found, wanted) = (found.clone(), architecture.to_owned());
    Err(Error::Architecture { path: path.to_owned(), found, wanted })
}

/// Reads the text of a lock; `path` is for messages.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Plan, Error> {
    let malformed = |error: &toml::de::Error| {
        let before = &text[..error.span().map_or(0, |span| span.start).min(text.len())];
        Error::Malformed {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
            reason: error.message().replace('\n', " "),
        }
    };
    let Version { version } = toml::from_str(text).map_err(|error| malformed(&error))?;
    if version != VERSION {
        return Err(Error::UnknownVersion { path: path.to_owned(), version });
    }
    let document: Document = toml::from_str(text).map_err(|error| malformed(&error))?;
    let written = document.packages_sha256;
    let mut plan = Plan { basis: document.basis, sources: document.sources, packages: document.packages };
    plan.packages
        .arrange_by(|left, right| (&left.name, &left.architecture).cmp(&(&right.name, &right.architecture)));
    let is_changed = || written.is_some_and(|written| written != contents(&plan));
    let changed = "its packages are not those that it was written with: some were changed, added or lost";
    match flaw(&plan).or_else(|| is_changed().then(|| changed.to_owned())) {
        None => Ok(plan),
        Some(reason) => Err(Error::Inconsistent { path: path.to_owned(), reason }),
    }
}

fn flaw(plan: &Plan) -> Option<String> {
    for (i, source) in plan.sources.iter().enumerate() {
        if plan.sources[..i].iter().any(|earlier| earlier.id == source.id) {
            return Some(format!("the source id '{}' stands twice", source.id));
        }
        if source.uris.is_empty() {
            return Some(format!("source '{}' has no URI", source.id));
        }
    }
    for package in &plan.packages {
        for (source, filename) in package.places() {
            if plan.source(source).is_none() {
                return Some(format!("package {} comes from an unknown source '{source}'", package.name));
            }
            if filename.is_empty()
                || filename.starts_with('/')
                || filename.split('/').any(|part| part == "..")
            {
                return Some(format!("package {} has an unusable filename '{filename}'", package.name));
            }
        }
    }
    let twice = plan
        .packages
        .windows(2)
        .find(|pair| (&pair[0].name, &pair[0].architecture) == (&pair[1].name, &pair[1].architecture))?;
    Some(format!("package {} stands twice", twice[0].name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plan() -> Plan {
        Plan {
            basis: Basis { packages: vec!["jq".into()], architecture: "amd64".into(), ..Basis::default() },
            sources: vec![PlanSource {
                id: "trixie/main".into(),
                uris: vec!["http://mirror.example/debian".into()],
                suite: "trixie".into(),
                component: "main".into(),
                release_date: Some("2026-01-02T03:04:05Z".into()),
                release_sha256: Some(Sha256::of(b"release")),
            }],
            packages: vec![Artifact {
                name: "jq".into(),
                version: "1.7-1".into(),
                architecture: "amd64".into(),
                source: "trixie/main".into(),
                filename: "pool/j/jq.deb".into(),
                size: 10,
                sha256: Sha256::of(b"jq"),
                installed_size: 20,
                also: Vec::new(),
            }],
        }
    }

    #[test]
    fn reads_back_what_it_writes() {
        let text = render(&plan());
        assert_eq!(parse(Path::new("aptlet.lock"), &text).unwrap(), plan());
        assert!(text.contains("\nversion = 1\n"), "{text}");
        assert!(text.contains("[[package]]\nname = \"jq\"\n"), "{text}");
    }

    #[test]
    fn the_digest_is_of_the_packages_alone() {
        let mut other = plan();
        other.sources[0].release_date = Some("2026-02-02T03:04:05Z".into());
        other.sources[0].uris = vec!["http://other.example/debian".into()];
        assert_eq!(digest(&other), digest(&plan()));
        other.packages[0].sha256 = Sha256::of(b"other");
        assert_ne!(digest(&other), digest(&plan()));
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let text = render(&plan()).replace("size = 10", "size = \"ten\"");
        let error = parse(Path::new("dir/aptlet.lock"), &text).unwrap_err().to_string();
        assert!(error.starts_with("dir/aptlet.lock:2"), "{error}");
        assert!(error.contains(":8: invalid type"), "{error}");
    }

    #[test]
    fn packages_that_were_lost_or_changed_are_noticed() {
        let mut two = plan();
        two.packages.push(Artifact {
            name: "libjq1".into(),
            filename: "pool/j/l.deb".into(),
            ..two.packages[0].clone()
        });
        let lock = render(&two);
        assert_eq!(parse(Path::new("l"), &lock).unwrap(), two);
        let last = lock.rfind("\n[[package]]").unwrap();
        let first = lock.find("\n[[package]]").unwrap();
        let hand = lock.replace("1.7-1", "1.7-2");
        for changed in [&lock[..last], &lock[..first], &hand] {
            let error = parse(Path::new("l"), changed).unwrap_err();
            assert!(error.to_string().contains("not those that it was written with"), "{error}");
        }
        // where they lie may be another place
        let moved = lock.replace("mirror.example", "other.example").replace("pool/j/", "pool/");
        parse(Path::new("l"), &moved).unwrap();
        // an older aptlet did not say
        let digest = lock.lines().find(|line| line.starts_with("packages-sha256")).unwrap();
        parse(Path::new("l"), &lock[..last].replace(digest, "")).unwrap();
    }

    #[test]
    fn refuses_what_contradicts_itself_or_escapes() {
        let lock = render(&plan());
        for (from, to, word) in [
            ("version = 1\n", "version = 9\n", "format 9"),
            ("source = \"trixie/main\"", "source = \"sid\"", "unknown source"),
            ("pool/j/jq.deb", "../jq.deb", "unusable filename"),
            ("uris = [\"http://mirror.example/debian\"]", "uris = []", "no URI"),
            ("size = 10", "size = 10\ncolour = 1", "colour"),
        ] {
            assert!(lock.contains(from), "{from}");
            let error = parse(Path::new("l"), &lock.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        // the name is the table's, not that of the type here
        let error = parse(Path::new("l"), "version = 1\nrequest = 3\n").unwrap_err().to_string();
        assert_eq!(error, "l:2:11: invalid type: integer `3`, expected struct Request");
        let twice = format!("{lock}\n{}", &lock[lock.find("[[package]]").unwrap()..]);
        assert!(parse(Path::new("l"), &twice).unwrap_err().to_string().contains("stands twice"));
    }
}
