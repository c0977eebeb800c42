//! The way of a merged tree through all steps of finishing.

use std::path::Path;

use super::accounts::{adduser, passwd, sysusers};
use super::caches::{graphviz, gsettings, input_methods, ldconfig, mime, pixbuf};
use super::certificates::{Authority, bundle, java};
use super::error::Error;
use super::inside::Inside;
use super::maintainer_script::Script;
use super::note::Note;
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
#[derive(Debug)]
pub struct Unfinished {
    /// What could not be done to the letter, for the report; of scripts, what is missed of them.
    pub(crate) notes: Vec<Note>,
    /// The maintainer scripts that were not done in full.
    pub(crate) remaining: Vec<Remaining>,
}

impl Unfinished {
    /// Fails if a script has lines that no step covers; with `all`, also if what was left out is not missed.
    pub(crate) fn require_scripts(&self, all: bool) -> Result<(), Error> {
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
pub fn run(tree: &mut Tree, finishing: Finishing<'_>) -> Result<Unfinished, Error> {
    let Finishing { date, prefix, authorities, locales } = finishing;
    locales::require(tree, locales)?;
    let Scripts { postinsts, sure_lines, mut remaining } = read_scripts(tree);
    let postinsts = || postinsts.iter().map(|(package, text)| (package.as_str(), text.as_str()));
    let mut notes = Vec::new();
    for (package, line) in alternatives::apply(tree, date, postinsts())? {
        remaining::add(&mut remaining, &package, &[line]);
    }
    let at_root = prefix == "/";
    let mut inside = Inside::new(tree, date);
    let (trusted, found) = bundle::apply(&mut inside, authorities)?;
    notes.extend(found);
    notes.extend(java::apply(&mut inside, &trusted)?);
    let (mut declared, found) = sysusers::declared(&inside.root())?;
    notes.extend(found);
    for (package, text) in postinsts() {
        let (found, unread) = adduser::declared(text);
        declared.extend(found);
        remaining::add(&mut remaining, package, &unread);
    }
    notes.extend(passwd::apply(&mut inside, declared)?);
    notes.extend(tmpfiles::apply(&mut inside)?);
    for SureLine { package, line, effects } in sure_lines {
        let mut is_done = true;
        for effect in &effects {
            is_done &= effects::apply(&mut inside, effect)?;
        }
        if !is_done {
            remaining::add(&mut remaining, &package, &[line]);
        }
    }
    notes.extend(gsettings::apply(&mut inside)?);
    // elsewhere launchers name the folders
    if at_root || Relocation::to(prefix).is_exact() {
        notes.extend(ldconfig::apply(&mut inside)?);
    }
    notes.extend(pixbuf::apply(&mut inside, prefix)?);
    notes.extend(graphviz::apply(&mut inside)?);
    notes.extend(mime::apply(&mut inside)?);
    notes.extend(templates::apply(&mut inside)?);
    notes.extend(input_methods::notes(tree)?);
    if !at_root {
        relative::make_relative(tree.root())?;
    }
    notes.extend(remaining.iter().filter_map(Remaining::note));
    Ok(Unfinished { notes, remaining })
}

/// What the maintainer scripts of all packages say.
#[derive(Default)]
struct Scripts {
    /// The package and the text of each postinst, for the steps that look for calls of one program.
    postinsts: Vec<(String, String)>,
    /// What can be done of them.
    sure_lines: Vec<SureLine>,
    /// What cannot be.
    remaining: Vec<Remaining>,
}

fn read_scripts(tree: &Tree) -> Scripts {
    let mut scripts = Scripts::default();
    for package in tree.packages() {
        let name = &package.artifact.name;
        // its script is one long way of doing what a step does
        let covered = [bundle::PROGRAM, java::PROGRAM, passwd::MASTERS[0]]
            .iter()
            .any(|done| package.paths.iter().any(|path| path == Path::new(done)));
        for script in Script::ALL {
            let Some(bytes) = package.control.file(script.name()) else { continue };
            if bytes.len() > LARGEST_SCRIPT {
                let line = format!("{} bytes, too many to read", bytes.len());
                remaining::add(&mut scripts.remaining, name, &[line]);
                continue;
            }
            let text = String::from_utf8_lossy(bytes).into_owned();
            if !covered {
                let left = walk::remaining(tree.root(), name, script, &text, &mut scripts.sure_lines);
                scripts.remaining.extend(left);
            }
            if script == Script::Postinst {
                scripts.postinsts.push((name.clone(), text));
            }
        }
    }
    scripts
}
