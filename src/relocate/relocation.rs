//! Relocation as the rest of aptlet sees it: a prefix goes in, and what was done to a tree comes out.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::adapted::Adapted;
use super::candidates::Candidates;
use super::error::Error;
use super::form::Form;
use super::mirrored;
use super::needles::searcher;
use super::pass::Pass;
use super::paths::Paths;
use super::record::{Original, Overwritten, Record};
use super::remembered::{Remembered, Rewritten, digest_of};
use crate::digest::Sha256;
use crate::tree::Tree;

/// What a prefix allows.
#[derive(Debug)]
pub struct Relocation {
    prefix: String,
    form: Form,
}

/// What was rewritten.
#[derive(Debug, Default)]
pub struct Relocated {
    /// Files that are not what their package has.
    pub(crate) files: usize,
    /// Paths in them.
    pub(crate) paths: usize,
    /// Digests of files as they are now, for paths of the tree without `/`.
    pub(crate) digests: BTreeMap<PathBuf, Sha256>,
    /// What was done to each file, to be kept in the tree.
    pub(crate) record: Record,
    /// Links that paths below the prefix go through: their paths in the tree, and where they lead.
    pub(crate) links: Vec<(PathBuf, PathBuf)>,
    /// Files, with the paths of the tree in them that stay for lack of room.
    pub(crate) cramped: BTreeMap<PathBuf, Vec<Vec<u8>>>,
    /// What the next tree may know of the files.
    pub(crate) remembered: Remembered,
}

impl Relocation {
    /// The relocation to `prefix`: an absolute path without a slash at its end. `/` needs none.
    pub fn to(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), form: Form::to(prefix) }
    }

    /// Whether the tree will be seen at `/`, where everything is where it should be.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self.form, Form::None)
    }

    /// Whether all paths can be rewritten, so that commands need no launchers.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self.form, Form::Exact(_))
    }

    /// The links that the destination needs: name, and the path of the tree (without `/`) that it stands for.
    pub(crate) fn links(&self) -> Vec<(&'static str, &'static str)> {
        self.form.links()
    }

    /// Rewrites the files of a tree, and the digests of them that dpkg will compare.
    ///
    /// # Errors
    /// `Error::Read` and `Error::Write`, with the file that they are about; `Error::Tree`.
    pub fn apply(self, tree: &mut Tree) -> Result<Relocated, Error> {
        self.apply_after(&Remembered::default(), tree)
    }

    /// The same, where something is known of files that the tree before has as well.
    ///
    /// # Errors
    /// `Error::Read` and `Error::Write`, with the file that they are about; `Error::Tree`.
    pub(crate) fn apply_after(self, before: &Remembered, tree: &mut Tree) -> Result<Relocated, Error> {
        let root = tree.root().to_owned();
        let mut relocated = Relocated::default();
        if self.is_none() {
            return Ok(relocated);
        }
        let mut candidates = Candidates::default();
        let mut remembered = Remembered::after(before);
        let paths = Paths::read(&root, |path, meta| {
            candidates.add(path, meta);
            remembered.meet(path, meta, before);
        })?;
        relocated.digests = remembered.plain();
        candidates.first.retain(|path| !relocated.digests.contains_key(path));
        let searcher = searcher()?;
        let pass = Pass { paths: &paths, files: &candidates.first, searcher: &searcher };
        let mut form = self.form.for_tree(&root, &paths)?;
        if form.adapted().is_some() {
            pass.each(&form, |worker, path| worker.look_through(&root.join(path)).map(|()| None::<()>))?;
            form = form.named();
        }
        let mut searched =
            pass.each(&form, |worker, path| worker.rewrite(&root.join(path), remembered.of(path)))?;
        for (path, one) in searched.clone() {
            for name in candidates.others.get(&path).into_iter().flatten() {
                if one.changed.is_some() {
                    // what was written to may be a file of its own by now
                    same_file(&root.join(&path), &root.join(name))?;
                }
                searched.push((name.clone(), one.clone()));
            }
        }
        relocated.record.prefix = self.prefix;
        let mut digests = BTreeMap::new();
        for (path, one) in searched {
            let rewritten = one.changed.as_ref().map(|changed| Rewritten {
                replacements: digest_of(&changed.replacements),
                sha256: one.sha256,
                md5: changed.md5.clone(),
            });
            let original = one.changed.as_ref().map_or(one.sha256, |changed| changed.original);
            remembered.note(&path, original, one.plain, rewritten);
            if let Some(changed) = one.changed {
                relocated.files += 1;
                relocated.paths += changed.replacements.len();
                digests.insert(path.clone(), changed.md5);
                let mut overwritten: Vec<Overwritten> =
                    changed.replacements.into_iter().map(Overwritten::from).collect();
                overwritten.sort_unstable_by_key(|piece| piece.offset);
                let original = Original { sha256: changed.original, overwritten };
                relocated.record.files.insert(path.clone(), original);
            }
            if !one.cramped.is_empty() {
                relocated.cramped.insert(path.clone(), one.cramped);
            }
            relocated.digests.insert(path, one.sha256);
        }
        relocated.remembered = remembered;
        tree.update_digests(&digests);
        if form.exact().is_some() {
            relocated.links = mirrored::links(&root, &paths, &relocated.record.prefix);
            for folder in relocated.links.iter().filter_map(|(link, _)| link.parent()) {
                tree.create_directory(folder)?;
            }
        }
        if let Some(adapted) = form.adapted() {
            tree.create_directory(Path::new(Adapted::FOLDER))?;
            relocated.links = adapted.tree_links();
        }
        Ok(relocated)
    }
}

/// Makes `other` a name of a file that has one already, as it was before.
fn same_file(path: &Path, other: &Path) -> Result<(), Error> {
    let failed = |source| Error::write(other, source);
    let inode = |path: &Path| fs::symlink_metadata(path).map(|meta| meta.ino());
    if inode(path).map_err(failed)? != inode(other).map_err(failed)? {
        fs::remove_file(other).and_then(|()| fs::hard_link(path, other)).map_err(failed)?;
    }
    Ok(())
}
