//! `aptlet live`, and what this binary does under the names of apt's and dpkg's commands in the destination that it prepares.
//!
//! `prepare` is `aptlet live` itself; [`become_apt`] is every other beginning. `session` finds the destination and the settings, with
//! what the image's apt.conf says (`configuration`); `words` reads a command line as apt does. What changes something goes through `change`: `goal` (what is to be there), which
//! `finding`, `additions` and `merge` make a plan of, `steps` (what that changes), `making` (how it gets there), `telling` and `done`
//! (what apt would print). `looking` only looks. `dpkg` has dpkg's own two.

mod additions;
mod change;
mod configuration;
mod done;
mod dpkg;
mod finding;
mod goal;
mod keys;
mod limits;
mod looking;
mod making;
mod marking;
mod merge;
mod needs;
mod outcome;
mod patterns;
mod prepare;
mod python;
mod repositories;
mod session;
mod source_lists;
mod steps;
mod sudo;
mod telling;
mod updating;
mod words;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) use self::prepare::prepare;

use self::outcome::Failure;
use self::words::Words;
use crate::cli::Arguments;
use crate::launch;
use crate::live::{NAMES, Place};
use crate::process::own_binary;

/// If this process was started under the name of one of apt's commands in a live destination: does what that does, and gives its
/// exit code.
pub fn become_apt() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let path = PathBuf::from(arguments.next()?);
    let name = path.file_name()?.to_str()?.to_owned();
    if !NAMES.contains(&name.as_str()) {
        return None;
    }
    let place = Place::of(&destination(&path)?);
    if !place.is_live() {
        return None;
    }
    crate::startup::report_panics();
    let arguments: Vec<OsString> = arguments.collect();
    let done = match name.as_str() {
        "sudo" => sudo::sudo(&place, &arguments),
        "dpkg" => dpkg::dpkg(&place, &texts(arguments)),
        "apt-key" => keys::key(&place, &texts(arguments)),
        "add-apt-repository" | "apt-add-repository" => repositories::add(&place, &texts(arguments)),
        "dpkg-query" => dpkg::query(&place, &texts(arguments)),
        name => apt(&place, name, &texts(arguments)),
    };
    Some(done.unwrap_or_else(|failure| failure.tell()))
}

/// `aptlet source`
pub(super) fn source(arguments: &Arguments) -> ExitCode {
    let dest = arguments.options.destination.dest.clone().unwrap_or_else(named_destination);
    let dest = std::path::absolute(&dest).unwrap_or(dest);
    let done = repositories::source(&Place::of(&dest), &arguments.requests);
    done.unwrap_or_else(|failure| failure.tell())
}

/// The destination that `APTLET_DEST` names, or the default.
fn named_destination() -> PathBuf {
    let named = std::env::var_os("APTLET_DEST").filter(|value| !value.is_empty());
    named.map_or_else(|| "/p".into(), PathBuf::from)
}

/// The destination whose launcher this process is: where its binary lies, or `APTLET_DEST`, or the default. None for a command
/// of the tree itself, which may have a dpkg of its own.
fn destination(path: &Path) -> Option<PathBuf> {
    let binary = own_binary().ok()?;
    if let Some(destination) =
        binary.ends_with(".aptlet/aptlet").then(|| binary.parent()?.parent().map(Path::to_owned)).flatten()
    {
        return (!launch::is_of_tree(&destination, path)).then_some(destination);
    }
    Some(named_destination())
}

/// Names of packages are text; what is none names nothing.
fn texts(arguments: Vec<OsString>) -> Vec<String> {
    arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// `apt-get`, `apt`, `apt-cache` and `apt-mark`.
fn apt(place: &Place, name: &str, arguments: &[String]) -> Result<ExitCode, Failure> {
    let words = Words::read(name, arguments)?;
    if words.help || words.command.is_empty() {
        return telling::help(name);
    }
    let command = words.command.as_str();
    match (name, command) {
        (
            "apt-mark",
            "auto" | "manual" | "hold" | "unhold" | "showauto" | "showmanual" | "showhold"
            | "minimize-manual",
        ) => marking::mark(place, &words),
        (
            "apt-get" | "apt",
            "install" | "reinstall" | "remove" | "purge" | "autoremove" | "auto-remove" | "autopurge"
            | "upgrade" | "full-upgrade" | "dist-upgrade" | "safe-upgrade" | "build-dep" | "satisfy"
            | "dselect-upgrade",
        ) => change::change(place, name, &words),
        ("apt-get" | "apt", "update") => updating::update(place, &words),
        ("apt-get" | "apt", "clean" | "autoclean" | "auto-clean" | "distclean") => {
            updating::clean(place, &words)
        }
        ("apt-get" | "apt", "check") => looking::check(place),
        ("apt-get" | "apt", "download") => looking::download(place, &words),
        ("apt-get" | "apt", "indextargets") => Ok(ExitCode::SUCCESS),
        ("apt-get" | "apt", "source" | "changelog" | "edit-sources" | "moo") => Err(Failure::apt(
            format!("'{name} {command}' is not done in a live destination"),
            match command {
                "source" => {
                    "Source packages are no part of it: get them with git, or in a container that is made for building."
                }
                "changelog" => "A package's changelog is in usr/share/doc/NAME of the destination.",
                "edit-sources" => {
                    "Add a source with add-apt-repository 'deb [signed-by=KEY] URL SUITE COMPONENT'."
                }
                _ => "There are no Easter Eggs in this program.",
            },
        )),
        ("apt-mark", _) => Err(Failure::unknown_command(name, command)),
        (
            _,
            "search" | "show" | "list" | "policy" | "depends" | "rdepends" | "madison" | "showpkg"
            | "pkgnames" | "stats" | "showsrc",
        ) => looking::look(place, name, &words),
        _ => Err(Failure::unknown_command(name, command)),
    }
}
