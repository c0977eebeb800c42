//! What `apt-get build-dep` and `apt-get satisfy` ask for: relations as control files have them, become requests.

use std::fs;
use std::path::Path;

use super::outcome::Failure;
use super::session::Session;
use crate::arrange::Arrange as _;
use crate::config;
use crate::control::relation;
use crate::control::version;
use crate::deb::paragraph;
use crate::error::Error;
use crate::live::Relations;
use crate::planning::Catalogue;
use crate::source::field;

/// What `apt-get build-dep` of source packages, of a folder, or of a `.dsc` or control file asks for.
pub(super) fn build_dependencies(session: &Session, names: &[String]) -> Result<Vec<String>, Failure> {
    let mut fields = vec!["build-essential".to_owned()];
    let mut packages = Vec::new();
    for name in names {
        let path = Path::new(name);
        let file = if path.is_dir() { path.join("debian/control") } else { path.to_owned() };
        if !name.contains('/')
            && path.extension().is_none_or(|extension| extension != "dsc")
            && !path.is_dir()
        {
            packages.push(name.clone());
            continue;
        }
        let text = fs::read_to_string(&file)
            .map_err(|source| Error::from(config::Error::Read { path: file.clone(), source }))?;
        let text = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n"));
        let text = text.collect::<String>();
        fields.extend(build_fields(text.split("\n\n").next().unwrap_or_default()));
    }
    if !packages.is_empty() {
        let mut found: Vec<String> = Vec::new();
        let wanted = packages.clone();
        session.block_on(async {
            let catalogue = Catalogue::open(&session.settings).await?;
            let pick = move |stanza: &[u8]| {
                let stanza = str::from_utf8(stanza).ok()?;
                wanted.iter().any(|name| name == field(stanza, "Package")).then(|| stanza.to_owned())
            };
            found = catalogue.source_packages(pick).await?;
            Ok(())
        })?;
        found.arrange_by(|one, other| version::compare(field(other, "Version"), field(one, "Version")));
        for name in &packages {
            let stanza = found.iter().find(|stanza| field(stanza, "Package") == name).ok_or_else(|| {
                Failure::apt(
                    format!("Unable to find a source package for {name}"),
                    "Name the folder of its source instead, which has debian/control: apt-get build-dep ./",
                )
            })?;
            fields.extend(build_fields(stanza));
        }
    }
    unsatisfied(session, &fields)
}

fn build_fields(stanza: &str) -> Vec<String> {
    let names = ["Build-Depends", "Build-Depends-Indep", "Build-Depends-Arch"];
    names.iter().filter_map(|name| paragraph::field(stanza, name)).map(str::to_owned).collect()
}

/// Of relations as control files have them, what is not installed: the first that each group names.
pub(super) fn unsatisfied(session: &Session, fields: &[String]) -> Result<Vec<String>, Failure> {
    let installed = session.installed()?;
    let relations = Relations::of(&installed);
    let architecture = session.settings.architecture.to_string();
    let mut wanted = Vec::new();
    for group in fields.iter().flat_map(|field| field.split(',')) {
        let alternatives: Vec<String> =
            group.split('|').filter_map(|one| restricted(one, &architecture)).collect();
        let Some(first) = alternatives.first() else { continue };
        if !relations.satisfies(&alternatives.join(" | ")) {
            let relation = relation::parse(first).flatten().next();
            wanted.extend(relation.map(|relation| match relation.operator {
                relation::Operator::Equal => format!("{}={}", relation.name, relation.version),
                _ => relation.name.to_owned(),
            }));
        }
    }
    Ok(wanted)
}

/// A relation without its restrictions to architectures and profiles, where they do not rule it out (deb-src-control(5)).
fn restricted(relation: &str, architecture: &str) -> Option<String> {
    let (head, profiles) = relation.split_once('<').map_or((relation, ""), |(head, rest)| (head, rest));
    // nothing is built here with a profile, so that those count that ask for none
    let groups = profiles.split('<').map(|group| group.trim().trim_end_matches('>'));
    let is_meant = |group: &str| group.split_whitespace().all(|profile| profile.starts_with('!'));
    if !profiles.is_empty() && !groups.clone().any(is_meant) {
        return None;
    }
    let (head, list) = match head.split_once('[') {
        Some((before, rest)) => {
            let (list, after) = rest.split_once(']').unwrap_or((rest, ""));
            (format!("{before} {after}"), Some(list.to_owned()))
        }
        None => (head.to_owned(), None),
    };
    if let Some(list) = list {
        let is = |name: &str| {
            matches!(name, "any" | "linux-any")
                || name == architecture
                || name == format!("any-{architecture}")
        };
        let words: Vec<&str> = list.split_whitespace().collect();
        let fits = match words.iter().all(|word| word.starts_with('!')) {
            true => !words.iter().any(|word| is(&word[1..])),
            false => words.iter().any(|word| is(word)),
        };
        if !fits {
            return None;
        }
    }
    let head = head.trim();
    let name = head.split([' ', '(']).next().unwrap_or_default();
    // which architecture builds is said by nobody
    let bare = name.strip_suffix(":native").or_else(|| name.strip_suffix(":any")).unwrap_or(name);
    (!name.is_empty()).then(|| head.replacen(name, bare, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_dependencies_are_those_of_this_machine_and_no_profile() {
        for (relation, expected) in [
            ("debhelper-compat (= 13)", Some("debhelper-compat (= 13)")),
            (" libx-dev (>= 1) [amd64 arm64] ", Some("libx-dev (>= 1)")),
            ("liby-dev [!amd64]", None),
            ("libz-dev [linux-any] <!nocheck>", Some("libz-dev")),
            ("cross <cross>", None),
            ("python3:any <!nodoc> <cross>", Some("python3")),
            ("", None),
        ] {
            assert_eq!(restricted(relation, "amd64").as_deref(), expected, "{relation}");
        }
    }
}
