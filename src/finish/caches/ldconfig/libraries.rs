//! The libraries of a folder that the cache has.

use std::collections::BTreeMap;
use std::path::Path;

use super::elf::about;
use super::order::compare;
use crate::finish::error::Error;
use crate::finish::inside::{self, exists, resolve};

/// A library as the cache has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Library {
    pub(super) soname: String,
    pub(super) path: String,
    pub(super) flags: u32,
}

/// One library for each soname: a file rather than a link, and the newer of two.
pub(super) fn libraries_in(root: &Path, folder: &str) -> Result<Vec<Library>, Error> {
    struct Found {
        name: String,
        is_link: bool,
        flags: u32,
    }
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for path in inside::files_in(root, folder, "")? {
        let name = path.rsplit('/').next().unwrap_or_default();
        if !(name.starts_with("lib") || name.starts_with("ld-")) || !name.contains(".so") {
            continue;
        }
        let Some(real) = resolve(root, &path)? else { continue };
        let Some((flags, soname)) = about(&root.join(&real)) else { continue };
        let mut soname = soname.unwrap_or_else(|| name.to_owned());
        let is_symlink = resolve(root, folder)?.is_some_and(|folder| {
            root.join(folder).join(name).symlink_metadata().is_ok_and(|meta| meta.is_symlink())
        });
        // a link that is neither the soname's nor for ld(1) counts as a file
        let is_link =
            is_symlink && (name == soname || name.strip_suffix(".so").is_some() && soname.starts_with(name));
        if is_link {
            name.clone_into(&mut soname);
        }
        let is_better = |old: &Found| {
            !is_link && old.is_link
                || is_link == old.is_link && compare(old.name.as_bytes(), name.as_bytes()).is_lt()
        };
        if found.get(&soname).is_none_or(is_better) {
            found.insert(soname, Found { name: name.to_owned(), is_link, flags });
        }
    }
    let library = |(soname, Found { name, flags, .. }): (String, Found)| {
        let path = format!("{folder}/{soname}");
        let path = if exists(root, &path) { path } else { format!("{folder}/{name}") };
        Library { soname, path, flags }
    };
    Ok(found.into_iter().map(library).collect())
}
