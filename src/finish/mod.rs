//! What maintainer scripts would have done, by declaration and without a shell; and what a tree needs that is not
//! mounted at `/`.

mod accounts;
mod adduser;
mod alternatives;
mod caches;
mod certificates;
mod deeds;
mod dropins;
mod graphviz;
mod gschemas;
mod gvariant;
mod gvdb;
mod harmless;
mod java;
mod ldcache;
mod locales;
mod maker;
mod mime;
mod mime_cache;
mod mime_magic;
mod pixbuf;
mod pixbuf_loaders;
mod relative;
mod schema_key;
mod subject_hash;
mod sysusers;
mod templates;
mod tmpfiles;
mod undone;
mod xml;

use std::path::Path;

pub use certificates::Authority;
pub use undone::Undone;

use self::maker::Maker;
use self::undone::Todo;
use crate::relocate::Relocation;
use crate::tree::write::Generated;
use crate::tree::{Error, Tree};

/// Debian's longest maintainer scripts have some 50 KiB.
const LARGEST_SCRIPT: usize = 1 << 20;

/// How a tree is finished.
#[derive(Debug, Clone, Copy)]
pub struct How<'a> {
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
pub struct Outcome {
    /// Lines for the report.
    pub notes: Vec<String>,
    /// The maintainer scripts that were not done in full.
    pub undone: Vec<Undone>,
}

impl Outcome {
    /// Fails if a script has lines that no step covers; with `all`, also if what was left out is not missed.
    pub fn require_scripts(&self, all: bool) -> Result<(), Error> {
        let mut bad: Vec<&Undone> =
            self.undone.iter().filter(|undone| all || !undone.lines.is_empty()).collect();
        bad.sort_by_key(|undone| undone.lines.is_empty());
        let Some(first) = bad.first() else { return Ok(()) };
        let mut packages: Vec<String> = bad.iter().map(|undone| undone.package.clone()).collect();
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
pub fn run(tree: &mut Tree, how: How<'_>) -> Result<Outcome, Error> {
    locales::require(tree, how.locales)?;
    let mut outcome = Outcome::default();
    let mut postinsts: Vec<(String, String)> = Vec::new();
    let mut todo = Vec::new();
    for package in tree.packages() {
        let name = &package.artifact.name;
        // its script is one long way of doing what a step does
        let covered = [certificates::PROGRAM, java::PROGRAM, accounts::MASTERS[0]]
            .iter()
            .any(|done| package.paths.iter().any(|path| path == Path::new(done)));
        for script in ["preinst", "postinst"] {
            let Some(bytes) = package.control.file(script) else { continue };
            if bytes.len() > LARGEST_SCRIPT {
                undone::add(&mut outcome.undone, name, &[format!("{} bytes, too many to read", bytes.len())]);
                continue;
            }
            let text = String::from_utf8_lossy(bytes).into_owned();
            if !covered {
                outcome.undone.extend(undone::undone(tree.root(), name, script, &text, &mut todo));
            }
            if script == "postinst" {
                postinsts.push((name.clone(), text));
            }
        }
    }
    let scripts = || postinsts.iter().map(|(package, script)| (package.as_str(), script.as_str()));
    for (package, line) in alternatives::apply(tree, how.date, scripts())? {
        undone::add(&mut outcome.undone, &package, &[line]);
    }
    let at_root = how.prefix == "/";
    let mut maker = Maker { tree, generated: Generated { date: how.date } };
    let (trusted, notes) = certificates::apply(&mut maker, how.authorities)?;
    outcome.notes.extend(notes);
    outcome.notes.extend(java::apply(&mut maker, &trusted)?);
    let (mut declared, notes) = sysusers::declared(&maker.root())?;
    outcome.notes.extend(notes);
    for (package, script) in scripts() {
        let (found, unread) = adduser::declared(script);
        declared.extend(found);
        undone::add(&mut outcome.undone, package, &unread);
    }
    outcome.notes.extend(accounts::apply(&mut maker, declared)?);
    outcome.notes.extend(tmpfiles::apply(&mut maker)?);
    for Todo { package, line, deeds } in todo {
        let mut is_done = true;
        for deed in &deeds {
            is_done &= deeds::apply(&mut maker, deed)?;
        }
        if !is_done {
            undone::add(&mut outcome.undone, &package, &[line]);
        }
    }
    outcome.notes.extend(gschemas::apply(&mut maker)?);
    // elsewhere launchers name the folders
    if at_root || Relocation::to(how.prefix).is_exact() {
        outcome.notes.extend(ldcache::apply(&mut maker)?);
    }
    outcome.notes.extend(pixbuf::apply(&mut maker, how.prefix)?);
    outcome.notes.extend(graphviz::apply(&mut maker)?);
    outcome.notes.extend(mime::apply(&mut maker)?);
    outcome.notes.extend(templates::apply(&mut maker)?);
    outcome.notes.extend(caches::notes(tree)?);
    if !at_root {
        relative::make_relative(tree.root()).map_err(|source| Error::write(tree.root(), source))?;
    }
    outcome.notes.extend(outcome.undone.iter().filter_map(Undone::note));
    Ok(outcome)
}
