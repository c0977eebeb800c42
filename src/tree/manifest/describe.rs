//! Writes the manifest of a tree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::walk::walk;
use crate::digest::Sha256;
use crate::tree::error::Error;
use crate::tree::mtree::{Entry, Kind, write_line};

/// The manifest of a tree, as text, and the digests in it that were not known. `mode_of` knows the modes that directories will have when the tree is finished,
/// `known` the digests of files that need not be read again; `owners` says whether it matters whose everything is.
///
/// # Errors
/// [`Error::OnDisk`], with the path that cannot be read.
pub(crate) fn describe(
    root: &Path,
    owners: bool,
    mode_of: impl Fn(&Path) -> Option<u32>,
    known: &BTreeMap<PathBuf, Sha256>,
) -> Result<(Vec<u8>, BTreeMap<PathBuf, Sha256>), Error> {
    let mut entries = walk(root, &|path: &Path, _| !known.contains_key(path))?;
    let found = entries.iter().filter_map(|(path, entry)| match entry.kind {
        Kind::File { sha256, .. } => Some((path.clone(), sha256?)),
        _ => None,
    });
    let found = found.collect();
    for (path, digest) in known {
        if let Some(Entry { kind: Kind::File { sha256, .. }, .. }) = entries.get_mut(path) {
            *sha256 = Some(*digest);
        }
    }
    let mut text = b"#mtree\n".to_vec();
    for (path, entry) in &mut entries {
        if entry.kind == Kind::Directory
            && let Some(mode) = mode_of(path)
        {
            entry.mode = mode;
        }
        entry.owner = entry.owner.filter(|_| owners);
        write_line(&mut text, path, entry);
    }
    Ok((text, found))
}
