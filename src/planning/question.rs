//! The question that a lock is the answer to: what was asked for when it was made, held against what is asked for now.

use std::path::Path;

use super::choice::{Base, PlanInputs};
use crate::arrange::Arrange as _;
use crate::config::Settings;
use crate::digest::Sha256;
use crate::lock;
use crate::plan::{Basis, Plan};
use crate::request::Origin;
use crate::source::list::Source;

/// What a plan made of these is made for.
pub(super) fn basis(settings: &Settings, choice: &PlanInputs) -> Basis {
    Basis {
        packages: requested(settings),
        architecture: settings.architecture.to_string(),
        recommends: settings.recommends,
        exclude: settings.exclude.clone(),
        with_essential: settings.with_essential,
        base_sha256: choice.base.as_ref().map(Base::digest),
        base_image: settings.known_image.as_ref().map(|image| image.name.clone()),
        upgrade_base: settings.upgrade_base,
        sources: choice.asked.clone(),
        pins_sha256: choice.pins_sha256,
    }
}

fn requested(settings: &Settings) -> Vec<String> {
    settings.requests.iter().map(|request| request.text.clone()).collect()
}

/// What is asked for beside a lock. What nothing says, it does not ask about: that is as the lock has it.
///
/// Who gives requests gives the whole question but for where packages come from and what the image has: a lock is made on
/// another machine than the one that it is for.
pub(super) struct Beside<'a> {
    /// The sources, if some are given.
    pub(super) sources: Option<Vec<String>>,
    /// The digest of the pins, if some are given.
    pub(super) pins: Option<Sha256>,
    /// The base, if one is given.
    pub(super) base: Option<&'a Base>,
}

impl Beside<'_> {
    fn basis(self, settings: &Settings, recorded: &Basis) -> Basis {
        let mut basis = recorded.clone();
        let said = &settings.said;
        let whole = !settings.requests.is_empty();
        if whole {
            basis.packages = requested(settings);
        }
        if whole || said.recommends {
            basis.recommends = settings.recommends;
        }
        if whole || said.with_essential {
            basis.with_essential = settings.with_essential;
        }
        if whole || !settings.exclude.is_empty() {
            basis.exclude.clone_from(&settings.exclude);
        }
        if said.upgrade_base {
            basis.upgrade_base = settings.upgrade_base;
        }
        if let Some(base) = self.base {
            basis.base_sha256 = Some(base.digest());
        }
        if let Some(sources) = self.sources {
            basis.sources = sources;
        }
        if self.pins.is_some() {
            basis.pins_sha256 = self.pins;
        }
        basis
    }
}

/// That a lock was made for what is asked for beside it.
///
/// # Errors
/// [`lock::Error::Stale`].
pub(super) fn check_beside(
    path: &Path,
    plan: &Plan,
    settings: &Settings,
    beside: Beside<'_>,
) -> Result<(), lock::Error> {
    check(path, plan, settings, &beside.basis(settings, &plan.basis))
}

/// That the lock in a file was made for exactly what is asked for: `aptlet lock --check`.
///
/// # Errors
/// [`lock::Error::Stale`], and what is no lock.
pub(crate) fn check_lock(path: &Path, settings: &Settings, choice: &PlanInputs) -> Result<Plan, lock::Error> {
    let plan = lock::read(path)?;
    check(path, &plan, settings, &basis(settings, choice))?;
    Ok(plan)
}

fn check(path: &Path, plan: &Plan, settings: &Settings, asked: &Basis) -> Result<(), lock::Error> {
    let differences = differences(&plan.basis, asked);
    if differences.is_empty() {
        return Ok(());
    }
    Err(lock::Error::Stale { path: path.to_owned(), differences, command: command(path, settings, asked) })
}

/// The sources as a lock records them, one for each component: how they are grouped into stanzas makes no difference.
pub(super) fn names(sources: &[Source]) -> Vec<String> {
    let mut names = Vec::new();
    for source in sources {
        let uris: Vec<&str> = source.uris.iter().map(|uri| uri.as_str().trim_end_matches('/')).collect();
        let suite = format!("{} {}", uris.join(" "), source.suite);
        if source.components.is_empty() {
            names.push(suite.clone());
        }
        names.extend(source.components.iter().map(|component| format!("{suite} {component}")));
    }
    names.arrange();
    names.dedup();
    names
}

/// How a lock was made and what is asked for differ, in words.
fn differences(recorded: &Basis, asked: &Basis) -> Vec<String> {
    let mut all = Vec::new();
    let mut lists = |recorded: &[String], asked: &[String], more: &str, less: &str| {
        let new: Vec<&str> =
            asked.iter().filter(|word| !recorded.contains(word)).map(String::as_str).collect();
        let gone: Vec<&str> =
            recorded.iter().filter(|word| !asked.contains(word)).map(String::as_str).collect();
        for (words, says) in [(new, more), (gone, less)] {
            if !words.is_empty() {
                all.push(format!("{says} {}", words.join(", ")));
            }
        }
    };
    lists(&recorded.packages, &asked.packages, "it was made without the request", "it was also made for");
    lists(&recorded.exclude, &asked.exclude, "it was made without --exclude", "it was made with --exclude");
    // what an older aptlet wrote says nothing of them
    let is_whole = !recorded.sources.is_empty();
    if is_whole {
        lists(
            &recorded.sources,
            &asked.sources,
            "it was made without the source",
            "it was made with the source",
        );
    }
    if recorded.architecture != asked.architecture {
        all.push(format!("it was made for {}, not for {}", recorded.architecture, asked.architecture));
    }
    let flags = [
        ("recommends", recorded.recommends, asked.recommends),
        ("with-essential", recorded.with_essential, asked.with_essential),
        ("upgrade-base", recorded.upgrade_base, asked.upgrade_base),
    ];
    for (flag, recorded, asked) in &flags[..if is_whole { 3 } else { 2 }] {
        if recorded != asked {
            all.push(format!("it was made {} --{flag}", if *recorded { "with" } else { "without" }));
        }
    }
    let digests = [
        ("a base", "another base", recorded.base_sha256, asked.base_sha256),
        ("pins", "other pins", recorded.pins_sha256, asked.pins_sha256),
    ];
    for (one, other, recorded, asked) in &digests[..if is_whole { 2 } else { 1 }] {
        match (recorded, asked) {
            (Some(recorded), Some(asked)) if recorded != asked => {
                all.push(format!("it was made with {other}"));
            }
            (Some(_), None) => all.push(format!("it was made with {one}")),
            (None, Some(_)) => all.push(format!("it was made without {one}")),
            _ => {}
        }
    }
    all
}

/// The command that makes the lock that is asked for.
fn command(path: &Path, settings: &Settings, asked: &Basis) -> String {
    let mut words = vec!["aptlet lock".to_owned()];
    let file = settings.requests.iter().find_map(|request| match &request.origin {
        Origin::File { path, .. } => Some(path),
        _ => None,
    });
    match file.and_then(|file| file.parent()) {
        Some(folder) => words.push(format!("--config {}", folder.display())),
        None => {
            words.extend(asked.packages.iter().map(|request| quoted(request)));
            words.extend(asked.recommends.then(|| "--recommends".to_owned()));
            words.extend(asked.with_essential.then(|| "--with-essential".to_owned()));
            words.extend(asked.exclude.iter().map(|name| format!("--exclude {name}")));
            words.extend(asked.upgrade_base.then(|| "--upgrade-base".to_owned()));
            words.extend(match (&settings.base_image, &settings.base) {
                (Some(image), _) => Some(format!("--base-image {image}")),
                (None, base) => base.as_ref().map(|base| format!("--base {}", base.display())),
            });
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    words.push(format!("-o {name}"));
    words.join(" ")
}

/// As a shell takes it for one word.
fn quoted(request: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "+-._:=/~%@".contains(letter);
    if request.chars().all(plain) { request.to_owned() } else { format!("\"{request}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Basis {
        Basis {
            packages: vec!["jq".into(), "tree".into()],
            architecture: "amd64".into(),
            sources: vec!["http://mirror.example/debian trixie main".into()],
            ..Basis::default()
        }
    }

    fn changed(change: impl Fn(&mut Basis)) -> Basis {
        let mut basis = recorded();
        change(&mut basis);
        basis
    }

    #[test]
    fn what_differs_is_said_in_words_and_which_way() {
        let digest = |text: &str| Some(Sha256::of(text.as_bytes()));
        let with = |change: fn(&mut Basis)| changed(change);
        for (recorded, asked, words) in [
            (recorded(), recorded(), vec![]),
            (recorded(), with(|basis| basis.packages.reverse()), vec![]),
            (
                recorded(),
                with(|basis| basis.packages = vec!["jq=1.7*".into(), "tree".into(), "curl".into()]),
                vec!["it was made without the request jq=1.7*, curl", "it was also made for jq"],
            ),
            (recorded(), with(|basis| basis.recommends = true), vec!["it was made without --recommends"]),
            (with(|basis| basis.upgrade_base = true), recorded(), vec!["it was made with --upgrade-base"]),
            (
                recorded(),
                with(|basis| basis.exclude = vec!["perl".into()]),
                vec!["it was made without --exclude perl"],
            ),
            (
                recorded(),
                with(|basis| basis.architecture = "arm64".into()),
                vec!["it was made for amd64, not for arm64"],
            ),
            (
                recorded(),
                with(|basis| basis.sources = vec!["http://mirror.example/debian bookworm main".into()]),
                vec![
                    "it was made without the source http://mirror.example/debian bookworm main",
                    "it was made with the source http://mirror.example/debian trixie main",
                ],
            ),
            (changed(|basis| basis.base_sha256 = digest("a")), recorded(), vec!["it was made with a base"]),
            (
                changed(|basis| basis.base_sha256 = digest("a")),
                changed(|basis| basis.base_sha256 = digest("b")),
                vec!["it was made with another base"],
            ),
            (recorded(), changed(|basis| basis.pins_sha256 = digest("a")), vec!["it was made without pins"]),
        ] {
            assert_eq!(differences(&recorded, &asked), words);
        }
    }

    #[test]
    fn the_lock_of_an_older_aptlet_is_not_held_against_what_it_does_not_record() {
        let old = changed(|basis| basis.sources.clear());
        let asked = changed(|basis| {
            basis.pins_sha256 = Some(Sha256::of(b"pins"));
            basis.upgrade_base = true;
        });
        assert_eq!(differences(&old, &asked), [""; 0]);
        let asked = changed(|basis| basis.packages = vec!["jq".into()]);
        assert_eq!(differences(&old, &asked), ["it was also made for tree"]);
    }
}
