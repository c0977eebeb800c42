//! The folder of links that `LD_LIBRARY_PATH` names. It is in the generation, so that it changes with the tree, at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::choose::Chosen;
use crate::launch::error::Error;
use crate::tree::libraries::list;
use crate::tree::links::resolve_in_root;
use crate::tree::records;
use crate::tree::write::Generated;

/// From [`records::LIBRARIES`] to the root of the tree.
const ROOT_FROM_THERE: &str = "../../../..";
/// A script of ld(1) that stands in for a library has less.
const LARGEST_SCRIPT: u64 = 4096;

/// Makes the links, in a folder that exists: one for each library, by what programs load it by; and for those that the tree
/// has a `-dev` package of, the one by which compilers look for it.
///
/// # Errors
/// A link that cannot be made.
pub(crate) fn link(root: &Path, chosen: &Chosen, generated: Generated) -> Result<(), Error> {
    let loaded = chosen.libraries.iter().map(|(soname, library)| (soname.clone(), library.path.clone()));
    for (name, path) in loaded.chain(of_compilers(root, chosen)) {
        let link = root.join(records::LIBRARIES).join(name);
        let target = format!("{ROOT_FROM_THERE}{path}");
        generated.link(&target, &link).map_err(|source| Error::write(&link, source))?;
    }
    Ok(())
}

/// Names such as `libz.so`, and where they are in the tree.
fn of_compilers(root: &Path, chosen: &Chosen) -> BTreeMap<String, String> {
    let resolve = |path: &str| resolve_in_root(root, Path::new(path)).ok().flatten();
    let files: BTreeSet<PathBuf> =
        chosen.libraries.values().filter_map(|library| resolve(&library.path)).collect();
    let folders = chosen.libraries.values().filter_map(|library| library.path.rsplit_once('/'));
    let folders: BTreeSet<&str> = folders.map(|(folder, _)| folder).collect();
    let mut names = BTreeMap::new();
    for folder in folders {
        let Some(place) = resolve(folder) else { continue };
        for entry in list(&root.join(place)) {
            let Some(name) = entry.file_name().and_then(|name| name.to_str()) else { continue };
            if entry.extension().is_none_or(|extension| extension != "so")
                || chosen.libraries.contains_key(name)
            {
                continue;
            }
            let path = format!("{folder}/{name}");
            let Some(file) = resolve(&path) else { continue };
            let is_script = || is_script(&root.join(&file)) && has_version_of(chosen, name);
            if files.contains(&file) || is_script() {
                names.entry(name.to_owned()).or_insert(path);
            }
        }
    }
    names
}

/// Whether a file is short enough for a script of ld(1), such as libncurses.so.
fn is_script(file: &Path) -> bool {
    let is_short = fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST_SCRIPT);
    is_short && fs::read(file).is_ok_and(|bytes| !bytes.contains(&0))
}

fn has_version_of(chosen: &Chosen, name: &str) -> bool {
    let start = format!("{name}.");
    chosen.libraries.range(start.clone()..).next().is_some_and(|(soname, _)| soname.starts_with(&start))
}
