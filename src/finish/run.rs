//! The way of a merged tree through all steps of finishing.

use std::path::Path;

use super::accounts::{adduser, passwd, sysusers};
use super::caches::{graphviz, gsettings, input_methods, ldconfig, mime, pixbuf};
use super::certificates::{Authority, bundle, java};
use super::error::Error;
use super::inside::Inside;
use super::script::Script;
use super::scripts::walk::{self, SureLine};
use super::scripts::{Remaining, effects, remaining};
use super::{alternatives, locales, relative, templates, tmpfiles};
use crate::relocate::Relocation;
use crate::tree::Tree;

/// Debian's longest maintainer scripts have some 50 KiB.
const LARGEST_SCRIPT: usize = 1 << 20;

/// How a tree is finished.
#[derive(Debug, Clone, Copy)]
pub struct Finishing<'a> {
    /// The time of all that is made, in seconds since 1970.
    pub date: i64,
    /// Where the tree will be seen. At `/`, absolute links stay as they are.
    pub prefix: &'a str,
    /// Certificate authorities to trust besides those that packages ship.
    pub authorities: &'a [Authority],
    /// Locales that must work.
    pub locales: &'a [String],
}

/// What could not be finished.
#[derive(Debug, Default)]
pub struct Unfinished {
    /// Lines for the report.
    pub notes: Vec<String>,
    /// The maintainer scripts that were not done in full.
    pub remaining: Vec<Remaining>,
}

impl Unfinished {
    /// Fails if a script has lines that no step covers; with `all`, also if what was left out is not missed.
    pub fn require_scripts(&self, all: bool) -> Result<(), Error> {
        let mut bad: Vec<&Remaining> =
            self.remaining.iter().filter(|remaining| all || !remaining.lines.is_empty()).collect();
        bad.sort_by_key(|remaining| remaining.lines.is_empty());
        let Some(first) = bad.first() else { return Ok(()) };
        let mut packages: Vec<String> = bad.iter().map(|remaining| remaining.package.clone()).collect();
        packages.sort();
        packages.dedup();
        let line = first.lines.first().map_or("only what a pod does not miss", String::as_str);
        Err(Error::Scripts {
            first: format!("the {} of {}: {line}", first.script, first.package),
            packages: packages.join(", "),
        })
    }
}

/// Finishes a merged tree, before its database is written.
pub fn run(tree: &mut Tree, how: Finishing<'_>) -> Result<Unfinished, Error> {
    locales::require(tree, how.locales)?;
    let mut unfinished = Unfinished::default();
    let mut postinsts: Vec<(String, String)> = Vec::new();
    let mut sure_lines = Vec::new();
    for package in tree.packages() {
        let name = &package.artifact.name;
        // its script is one long way of doing what a step does
        let covered = [bundle::PROGRAM, java::PROGRAM, passwd::MASTERS[0]]
            .iter()
            .any(|done| package.paths.iter().any(|path| path == Path::new(done)));
        for script in Script::ALL {
            let Some(bytes) = package.control.file(script.name()) else { continue };
            if bytes.len() > LARGEST_SCRIPT {
                remaining::add(
                    &mut unfinished.remaining,
                    name,
                    &[format!("{} bytes, too many to read", bytes.len())],
                );
                continue;
            }
            let text = String::from_utf8_lossy(bytes).into_owned();
            if !covered {
                unfinished.remaining.extend(walk::remaining(
                    tree.root(),
                    name,
                    script,
                    &text,
                    &mut sure_lines,
                ));
            }
            if script == Script::Postinst {
                postinsts.push((name.clone(), text));
            }
        }
    }
    let scripts = || postinsts.iter().map(|(package, script)| (package.as_str(), script.as_str()));
    for (package, line) in alternatives::apply(tree, how.date, scripts())? {
        remaining::add(&mut unfinished.remaining, &package, &[line]);
    }
    let at_root = how.prefix == "/";
    let mut inside = Inside::new(tree, how.date);
    let (trusted, notes) = bundle::apply(&mut inside, how.authorities)?;
    unfinished.notes.extend(notes);
    unfinished.notes.extend(java::apply(&mut inside, &trusted)?);
    let (mut declared, notes) = sysusers::declared(&inside.root())?;
    unfinished.notes.extend(notes);
    for (package, script) in scripts() {
        let (found, unread) = adduser::declared(script);
        declared.extend(found);
        remaining::add(&mut unfinished.remaining, package, &unread);
    }
    unfinished.notes.extend(passwd::apply(&mut inside, declared)?);
    unfinished.notes.extend(tmpfiles::apply(&mut inside)?);
    for SureLine { package, line, effects } in sure_lines {
        let mut is_done = true;
        for effect in &effects {
            is_done &= effects::apply(&mut inside, effect)?;
        }
        if !is_done {
            remaining::add(&mut unfinished.remaining, &package, &[line]);
        }
    }
    unfinished.notes.extend(gsettings::apply(&mut inside)?);
    // elsewhere launchers name the folders
    if at_root || Relocation::to(how.prefix).is_exact() {
        unfinished.notes.extend(ldconfig::apply(&mut inside)?);
    }
    unfinished.notes.extend(pixbuf::apply(&mut inside, how.prefix)?);
    unfinished.notes.extend(graphviz::apply(&mut inside)?);
    unfinished.notes.extend(mime::apply(&mut inside)?);
    unfinished.notes.extend(templates::apply(&mut inside)?);
    unfinished.notes.extend(input_methods::notes(tree)?);
    if !at_root {
        relative::make_relative(tree.root())?;
    }
    unfinished.notes.extend(unfinished.remaining.iter().filter_map(Remaining::note));
    Ok(unfinished)
}
