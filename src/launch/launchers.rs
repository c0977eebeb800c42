//! Launchers: what makes the commands of a tree run where the tree is not at `/`.
//!
//! Each command of the tree gets a link to the aptlet binary in `var/lib/aptlet/bin`; started under the command's
//! name, aptlet becomes that command ([`super::exec`]). What all of them need is found once, here, and written
//! to `var/lib/aptlet/launch.json`, with paths relative to the tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::commands::{commands, own_linker_knows_argv0};
use super::environment::environment;
use super::error::Error;
use super::modules::{Modules, modules};
use crate::tree::libraries::library_path;
use crate::tree::records;
use crate::tree::write::Generated;

/// From `.aptlet/generations/ID/var/lib/aptlet/bin/NAME`.
const BINARY_FROM_GENERATION: &str = "../../../../../../aptlet";
/// From `var/lib/aptlet/bin/NAME` at the root of an image.
const BINARY_FROM_ROOT: &str = "../../../../.aptlet/aptlet";

/// What every launcher of a tree needs.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Table {
    /// Folders for the dynamic linker.
    pub(crate) library_path: Vec<String>,
    /// Whether relocation has written them into programs.
    #[serde(default)]
    pub(crate) adapted: bool,
    /// Whether the tree's dynamic linker knows `--argv0` (glibc 2.33).
    pub(crate) argv0: bool,
    /// Variables and the paths that they name.
    pub(crate) environment: BTreeMap<String, Vec<String>>,
    /// Interpreters of the image that get the tree's modules, each with its variable.
    #[serde(default)]
    pub(crate) interpreters: BTreeMap<String, String>,
}

/// What a tree has programs for.
#[derive(Debug, Default)]
pub(crate) struct Programs<'a> {
    /// Whether they are to find the tree's libraries by what relocation has written into them.
    pub(crate) adapted: bool,
    /// Whether the tree is no generation, but a destination by itself.
    pub(crate) whole: bool,
    /// Whether the image has packages that the tree was made beside.
    pub(crate) has_base: bool,
    /// The interpreters of the image that may get the tree's modules.
    pub(crate) interpreters: &'a [String],
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// How many commands have a launcher.
    pub(crate) commands: usize,
    /// The paths of the tree that variables name.
    pub(crate) covered: Vec<String>,
    /// The interpreters of the image that have a launcher as well.
    pub(crate) interpreters: Vec<String>,
}

impl Table {
    /// Reads the table of a generation.
    pub(super) fn read(generation: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(generation.join(records::LAUNCHERS))?)?)
    }
}

/// Writes the launchers of a tree, into a folder that exists.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn write(tree: &Path, programs: &Programs<'_>, generated: Generated) -> Result<Written, Error> {
    let binary = if programs.whole { BINARY_FROM_ROOT } else { BINARY_FROM_GENERATION };
    let mut table = Table {
        adapted: programs.adapted,
        library_path: library_path(tree),
        argv0: own_linker_knows_argv0(tree),
        environment: environment(tree),
        interpreters: BTreeMap::new(),
    };
    for Modules { program, variable, folders } in modules(tree).into_iter().filter(|_| programs.has_base) {
        table.environment.insert(variable.to_owned(), folders);
        if programs.interpreters.iter().any(|name| name == program) {
            table.interpreters.insert(program.to_owned(), variable.to_owned());
        }
    }
    let commands = commands(tree);
    for name in commands.keys() {
        let link = tree.join(records::COMMANDS).join(name);
        generated.link(binary, &link).map_err(|source| Error::write(&link, source))?;
    }
    let path = tree.join(records::LAUNCHERS);
    let text = serde_json::to_vec_pretty(&table).map_err(|error| Error::write(&path, error.into()))?;
    generated.file(&path, &text).map_err(|source| Error::write(&path, source))?;
    Ok(Written {
        commands: commands.len(),
        covered: table.environment.into_iter().flat_map(covered).collect(),
        interpreters: table.interpreters.into_keys().collect(),
    })
}

/// What a program finds by a variable whatever path it has compiled in. By `XDG_DATA_DIRS` it is not all that is in these folders:
/// most programs know where theirs is (XDG Base Directory Specification; XDG's of MIME types, desktop entries and icons).
fn covered((variable, paths): (String, Vec<String>)) -> Vec<String> {
    if variable != "XDG_DATA_DIRS" {
        return paths;
    }
    let below = |folder: &String| ["applications", "icons", "mime"].map(|name| format!("{folder}/{name}"));
    paths.iter().flat_map(below).collect()
}

/// Whether a tree that was made beside an image has modules for an interpreter of that.
pub(crate) fn has_modules(tree: &Path) -> bool {
    !modules(tree).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_for_data_covers_what_is_looked_for_by_it() {
        let paths = |variable: &str, paths: &[&str]| {
            covered((variable.to_owned(), paths.iter().map(|&path| path.to_owned()).collect()))
        };
        assert_eq!(paths("TZDIR", &["usr/share/zoneinfo"]), ["usr/share/zoneinfo"]);
        let data = paths("XDG_DATA_DIRS", &["usr/share"]);
        assert_eq!(data, ["usr/share/applications", "usr/share/icons", "usr/share/mime"]);
    }
}
