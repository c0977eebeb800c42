//! All sources of all lists together: what several of them say about one Release has to be the same, as for apt.

use super::source::Source;
use crate::source::Error;
use crate::source::position::Position;

/// The sources of binary packages, each index of them once.
///
/// # Errors
/// Two entries that say different things about whom to believe for one Release.
pub(crate) fn settled(mut sources: Vec<Source>) -> Result<Vec<Source>, Error> {
    for later in 1..sources.len() {
        let (before, rest) = sources.split_at_mut(later);
        let later = &mut rest[0];
        for earlier in before {
            if !are_one(earlier, later) {
                continue;
            }
            if let Some(option) = difference(earlier, later) {
                return Err(Error::Conflict {
                    at: Position { file: later.origin.file.clone(), line: later.origin.line, column: 1 },
                    option,
                    source_name: later.name(),
                    other: Box::new(Position {
                        file: earlier.origin.file.clone(),
                        line: earlier.origin.line,
                        column: 1,
                    }),
                });
            }
            // what is said later holds for what was silent before, but not the other way round
            if earlier.signed_by.is_none() {
                earlier.signed_by.clone_from(&later.signed_by);
            }
            for (first, second) in [
                (&mut earlier.valid_until_min, &mut later.valid_until_min),
                (&mut earlier.valid_until_max, &mut later.valid_until_max),
            ] {
                *first = first.or(*second);
                *second = *first;
            }
        }
    }
    sources.retain(|source| source.binary);
    Ok(once(sources))
}

/// Whether they have a Release in common.
fn are_one(one: &Source, other: &Source) -> bool {
    let trimmed = |uri: &url::Url| uri.as_str().trim_end_matches('/').to_owned();
    let uris: Vec<String> = one.uris.iter().map(trimmed).collect();
    one.suite == other.suite && other.uris.iter().any(|uri| uris.contains(&trimmed(uri)))
}

/// The first option in which they differ.
fn difference(earlier: &Source, later: &Source) -> Option<&'static str> {
    let differs = |one: Option<u64>, other: Option<u64>| one.is_some() && one != other;
    let conflicts = [
        ("Trusted", earlier.trusted != later.trusted),
        ("Signed-By", earlier.signed_by.is_some() && earlier.signed_by != later.signed_by),
        ("Check-Valid-Until", earlier.check_valid_until != later.check_valid_until),
        ("Valid-Until-Min", differs(earlier.valid_until_min, later.valid_until_min)),
        ("Valid-Until-Max", differs(earlier.valid_until_max, later.valid_until_max)),
        ("Check-Date", earlier.check_date != later.check_date),
        ("Date-Max-Future", earlier.date_max_future != later.date_max_future),
        ("InRelease-Path", earlier.inrelease_path != later.inrelease_path),
        ("Allow-Insecure", earlier.allow_insecure != later.allow_insecure),
        ("Snapshot", earlier.snapshot.is_some() && earlier.snapshot != later.snapshot),
    ];
    conflicts.into_iter().find(|(_, conflict)| *conflict).map(|(option, _)| option)
}

/// Takes out what an earlier entry has as well; apt warns of that, too.
fn once(sources: Vec<Source>) -> Vec<Source> {
    let mut kept: Vec<Source> = Vec::new();
    for mut source in sources {
        let earlier = kept.iter().find(|other| {
            are_one(other, &source)
                && other.uris == source.uris
                && other.architectures == source.architectures
                && other.only == source.only
                && (source.is_flat() || source.components.iter().any(|own| other.components.contains(own)))
        });
        if let Some(earlier) = earlier {
            let (own, first) = (&source.origin, &earlier.origin);
            tracing::warn!(
                "{}:{}: {} is listed in {}:{} already",
                own.file.display(),
                own.line,
                source.name(),
                first.file.display(),
                first.line
            );
            if source.is_flat() {
                continue;
            }
            source.components.retain(|component| !earlier.components.contains(component));
            if source.components.is_empty() {
                continue;
            }
        }
        kept.push(source);
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;
    use crate::source::list::{SignedBy, Variables, parse_file};

    fn settle(lines: &[&str]) -> Result<Vec<Source>, Error> {
        let vars = Variables { architecture: "amd64".to_owned() };
        settled(parse_file(Path::new("/etc/apt/a.list"), &lines.join("\n"), &vars).unwrap())
    }

    #[test]
    fn what_is_said_twice_of_one_release_must_be_the_same() {
        for (first, second, option) in [
            ("[trusted=yes] http://h/d s", "http://h/d s", "Trusted"),
            ("[trusted=yes] http://h/d/ s", "[trusted=no] http://h/d s", "Trusted"),
            ("[signed-by=/a.gpg] http://h/d s", "[signed-by=/b.gpg] http://h/d s", "Signed-By"),
            ("[signed-by=/a.gpg] http://h/d s", "http://h/d s", "Signed-By"),
            ("[check-valid-until=no] http://h/d s", "http://h/d s", "Check-Valid-Until"),
            ("[valid-until-max=9] http://h/d s", "[valid-until-max=8] http://h/d s", "Valid-Until-Max"),
            ("[check-date=no] http://h/d s", "http://h/d s", "Check-Date"),
            ("[inrelease-path=x] http://h/d s", "http://h/d s", "InRelease-Path"),
            ("[snapshot=2024] http://h/d s", "[snapshot=2025] http://h/d s", "Snapshot"),
        ] {
            // apt minds what is for source packages, too
            for (kind, component) in [("deb", "contrib"), ("deb-src", "main")] {
                let lines = [format!("deb {first} main"), format!("{kind} {second} {component}")];
                let error = settle(&[&lines[0], &lines[1]]).unwrap_err().to_string();
                assert!(error.starts_with("/etc/apt/a.list:2:1: "), "{error}");
                assert!(error.contains(option) && error.contains("/etc/apt/a.list:1:1"), "{error}");
            }
        }
        for other in ["http://h/e s", "http://h/d t", "https://h/d s"] {
            assert_eq!(
                settle(&["deb [trusted=yes] http://h/d s main", &format!("deb {other} main")]).unwrap().len(),
                2
            );
        }
    }

    #[test]
    fn a_key_that_is_named_later_holds_for_what_named_none_before() {
        let sources =
            settle(&["deb http://h/d s main", "deb [signed-by=/a.gpg] http://h/d s contrib"]).unwrap();
        let named = SignedBy::Named { keyrings: vec!["/a.gpg".into()], fingerprints: Vec::new() };
        assert!(sources.iter().all(|source| source.signed_by.as_ref() == Some(&named)));
    }

    #[test]
    fn an_index_is_listed_once() {
        let sources = settle(&[
            "deb http://h/d s main",
            "deb http://h/d s main contrib",
            "deb http://h/d s contrib",
            "deb-src http://h/d s main",
            "deb [arch=i386] http://h/d s main",
            "deb http://h/f ./",
            "deb http://h/f ./",
        ])
        .unwrap();
        let listed: Vec<String> = sources
            .iter()
            .map(|source| format!("{} {}", source.suite, source.components.join(" ")))
            .collect();
        assert_eq!(listed, ["s main", "s contrib", "s main", "./ "]);
    }
}
