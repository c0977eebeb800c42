//! The way of a merged tree through all steps of finishing.

use super::accounts::{adduser, passwd, sysusers};
use super::caches::{graphviz, gsettings, hwdb, input_methods, ldconfig, mime, pixbuf};
use super::certificates::{Authority, bundle, java};
use super::error::Error;
use super::inside::Inside;
use super::note::Note;
use super::registers::{catalogues, desktop, php, tex, wordlists};
use super::scripts::{self, Remaining, remaining};
use super::{alternatives, locales, relative, templates, tmpfiles};
use crate::arrange::Arrange as _;
use crate::generators::Call;
use crate::relocate::Relocation;
use crate::tree::Tree;

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
    /// Programs that scripts call, and that are to be run when the tree's paths are those of its prefix.
    pub(crate) generators: Vec<Call>,
}

impl Unfinished {
    /// Fails if a script has lines that no step covers; with `all`, also if what was left out is not missed.
    pub(crate) fn require_scripts(&self, all: bool) -> Result<(), Error> {
        let mut bad: Vec<&Remaining> =
            self.remaining.iter().filter(|remaining| all || !remaining.lines.is_empty()).collect();
        bad.arrange_by_key(|remaining| remaining.lines.is_empty());
        let Some(first) = bad.first() else { return Ok(()) };
        let mut packages: Vec<String> = bad.iter().map(|remaining| remaining.package.clone()).collect();
        packages.arrange();
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
    let mut notes = Vec::new();
    let at_root = prefix == "/";
    let mut inside = Inside::new(tree, date);
    let (trusted, found) = bundle::apply(&mut inside, authorities)?;
    notes.extend(found);
    notes.extend(java::apply(&mut inside, &trusted)?);
    notes.extend(tmpfiles::apply(&mut inside)?);
    let (said, mut remaining) = scripts::follow_all(tree, date)?;
    for (package, line) in alternatives::apply(tree, date, &said.alternatives)? {
        remaining::add(&mut remaining, &package, &[line]);
    }
    let mut inside = Inside::new(tree, date);
    php::apply(&mut inside, &said.php)?;
    catalogues::apply(&mut inside, &said.catalogues)?;
    wordlists::apply(&mut inside)?;
    desktop::apply(&mut inside)?;
    let mut generators = said.generators;
    for call in tex::apply(&mut inside)? {
        if !generators.iter().any(|known| known.line() == call.line()) {
            generators.push(call);
        }
    }
    let (mut declared, found) = sysusers::declared(&inside.root())?;
    notes.extend(found);
    for (package, program, call) in &said.accounts {
        match adduser::declared(program, call) {
            Ok(found) => declared.extend(found),
            Err(line) => remaining::add(&mut remaining, package, &[line]),
        }
    }
    notes.extend(passwd::apply(&mut inside, declared)?);
    notes.extend(gsettings::apply(&mut inside)?);
    // elsewhere launchers name the folders
    if at_root || Relocation::to(prefix).is_exact() {
        notes.extend(ldconfig::apply(&mut inside)?);
    }
    notes.extend(pixbuf::apply(&mut inside, prefix)?);
    notes.extend(graphviz::apply(&mut inside)?);
    notes.extend(hwdb::apply(&mut inside)?);
    notes.extend(mime::apply(&mut inside)?);
    notes.extend(templates::apply(&mut inside)?);
    notes.extend(input_methods::apply(&mut inside, prefix)?);
    if !at_root {
        relative::make_relative(tree.root())?;
    }
    notes.extend(remaining.iter().filter_map(Remaining::note));
    Ok(Unfinished { notes, remaining, generators })
}
