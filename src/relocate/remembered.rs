//! What is known of files of the tree before that this one has as well, under the same name: so these need not be read again, or
//! not be digested. What is decided about their paths is decided anew, since that depends on the whole tree.
//!
//! Only a file that several trees share is remembered, by its inode, size and time. It is one that a package has: what is made in
//! a tree, or rewritten in it, is a file of that tree alone.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::jar;
use super::replacement::Replacement;
use crate::digest::Sha256;

/// Files by their paths in a tree.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// Of what else decides how files are gone through; what was remembered of another is not known.
    how: String,
    files: HashMap<String, Known>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Known {
    identity: (u64, u64, i64),
    /// Of what the package has; not known yet while it is absent.
    pub(super) sha256: Option<Sha256>,
    /// Whether there is nothing in it that may be a path.
    pub(super) plain: bool,
    pub(super) rewritten: Option<Rewritten>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rewritten {
    /// Of all that was written over it, see [`digest_of`].
    pub(super) replacements: Sha256,
    pub(super) sha256: Sha256,
    pub(super) md5: String,
}

fn identity(meta: &Metadata) -> (u64, u64, i64) {
    (meta.ino(), meta.len(), meta.mtime())
}

impl Remembered {
    /// What was remembered in a text, if files are still gone through in the same way; else nothing.
    pub(crate) fn parse(text: &[u8], how: String) -> Self {
        let known = serde_json::from_slice::<Self>(text).ok().filter(|known| known.how == how);
        known.unwrap_or_else(|| Self { how, files: HashMap::new() })
    }

    /// Nothing of any file yet, for a tree that follows another.
    pub(super) fn after(before: &Self) -> Self {
        Self { how: before.how.clone(), files: HashMap::new() }
    }

    /// Takes a file that is shared, and what the tree before tells of it.
    pub(super) fn meet(&mut self, path: &Path, meta: &Metadata, before: &Self) {
        let Some(text) = path.to_str().filter(|_| meta.nlink() > 1 && !jar::is_named_so(path)) else {
            return;
        };
        let same = before.files.get(text).filter(|known| known.identity == identity(meta));
        let unknown = || Known { identity: identity(meta), sha256: None, plain: true, rewritten: None };
        self.files.insert(text.to_owned(), same.cloned().unwrap_or_else(unknown));
    }

    /// What is known of a file.
    pub(super) fn of(&self, path: &Path) -> Option<&Known> {
        self.files.get(path.to_str()?).filter(|known| known.sha256.is_some())
    }

    /// Notes what was found in a file.
    pub(super) fn note(&mut self, path: &Path, sha256: Sha256, plain: bool, rewritten: Option<Rewritten>) {
        if let Some(known) = path.to_str().and_then(|path| self.files.get_mut(path)) {
            (known.sha256, known.plain, known.rewritten) = (Some(sha256), plain, rewritten);
        }
    }

    /// The digests that are known of files which nothing has to be decided about.
    pub(super) fn plain(&self) -> BTreeMap<PathBuf, Sha256> {
        let plain = self.files.iter().filter(|(_, known)| known.plain);
        plain.filter_map(|(path, known)| Some((path.into(), known.sha256?))).collect()
    }

    /// Completes what is remembered when the tree in `root` is whole, by digests that were found out since. What was replaced
    /// meanwhile is forgotten.
    pub(crate) fn complete(&mut self, root: &Path, digests: &BTreeMap<PathBuf, Sha256>) {
        self.files.retain(|path, known| {
            let is_same = |meta: &Metadata| identity(meta) == known.identity;
            if known.sha256.is_none()
                && fs::symlink_metadata(root.join(path)).is_ok_and(|meta| is_same(&meta))
            {
                known.sha256 = digests.get(Path::new(path)).copied();
            }
            known.sha256.is_some()
        });
    }
}

/// A digest of all that is written over a file.
pub(super) fn digest_of(replacements: &[Replacement]) -> Sha256 {
    let mut text = Vec::new();
    for Replacement { offset, original, bytes } in replacements {
        text.extend(offset.to_le_bytes());
        text.extend((original.len() as u64).to_le_bytes());
        text.extend((bytes.len() as u64).to_le_bytes());
        text.extend(original);
        text.extend(bytes);
    }
    Sha256::of(&text)
}
