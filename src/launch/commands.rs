//! The commands of a tree, found as PATH would find them, and the dynamic linker that starts them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::tree::in_tree;
use crate::tree::libraries::list;
use crate::tree::links::resolve_in_root;

/// Folders of commands, in the order in which a name that is in several is taken.
pub(super) const COMMAND_FOLDERS: [&str; 3] = ["usr/bin", "usr/sbin", "usr/games"];

/// The commands of a tree and their files, all links followed.
pub(crate) fn commands(tree: &Path) -> BTreeMap<String, PathBuf> {
    let mut commands = BTreeMap::new();
    for folder in COMMAND_FOLDERS {
        for path in list(&tree.join(folder)) {
            if let Some(name) = path.file_name().and_then(|name| name.to_str())
                && let Some(file) = resolve(tree, &Path::new(folder).join(name))
                && is_executable(&file)
            {
                commands.entry(name.to_owned()).or_insert(file);
            }
        }
    }
    commands
}

/// The file of a command in a tree, found as PATH would: bin, sbin, games.
pub(super) fn find(tree: &Path, name: &str) -> Option<PathBuf> {
    COMMAND_FOLDERS
        .iter()
        .find_map(|folder| resolve(tree, &Path::new(folder).join(name)).filter(|path| is_executable(path)))
}

/// A path of the tree, with all links followed inside the tree, as the file that it is. At the root of an image, `bin` and `lib`
/// are others than those of merged-usr.
pub(super) fn resolve(tree: &Path, path: &Path) -> Option<PathBuf> {
    resolve_in_root(tree, &in_tree(path)).ok().flatten().map(|inside| tree.join(inside))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Whether a dynamic linker has the option `--argv0` (glibc 2.33).
pub(super) fn linker_knows_argv0(linker: &[u8]) -> bool {
    memchr::memmem::find(linker, b"--argv0").is_some()
}

pub(super) fn own_linker_knows_argv0(tree: &Path) -> bool {
    own_linkers(tree).filter_map(|path| fs::read(path).ok()).any(|bytes| linker_knows_argv0(&bytes))
}

/// Whether the tree has a dynamic linker; the main image's finds libraries in a tree only for launchers.
pub(crate) fn has_own_linker(tree: &Path) -> bool {
    own_linkers(tree).next().is_some()
}

fn own_linkers(tree: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    ["lib64", "lib"]
        .iter()
        .flat_map(|folder| resolve(tree, Path::new(folder)).map(|path| list(&path)).unwrap_or_default())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            name.starts_with(b"ld-") || name.starts_with(b"ld64")
        })
        .filter_map(move |path| resolve(tree, path.strip_prefix(tree).ok()?))
}
