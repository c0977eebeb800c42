//! Makes and reads files inside the tree, whatever links the packages have put in the way.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::arrange::Arrange as _;
use crate::tree::Tree;
use crate::tree::links::resolve_in_root;
use crate::tree::write::Generated;

/// Folders of configuration are not deeper than this.
const DEEPEST: usize = 16;

/// Makes files of one time in a tree. Paths are as the tree's own programs see them, absolute.
pub(super) struct Inside<'a> {
    pub(super) tree: &'a mut Tree,
    pub(super) generated: Generated,
}

impl<'a> Inside<'a> {
    /// `date` is in seconds since 1970.
    pub(super) fn new(tree: &'a mut Tree, date: i64) -> Self {
        Self { tree, generated: Generated { date } }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.tree.root().to_owned()
    }

    /// A folder and those that it is in, made with `mode` where it is missing. Returns its place in the tree;
    /// `None` where something else is in its way, such as a link to what the tree does not have.
    pub(super) fn folder(&mut self, path: &str, mode: u32) -> Result<Option<PathBuf>, Error> {
        let wanted = Path::new(path);
        let root = self.root();
        for ancestor in wanted.ancestors() {
            let found = resolve(&root, ancestor)?;
            let Some(found) = found else {
                let is_there = match ancestor.parent() {
                    Some(parent) => resolve(&root, parent)?.is_some_and(|parent| {
                        let name = ancestor.file_name().unwrap_or_default();
                        root.join(parent).join(name).symlink_metadata().is_ok()
                    }),
                    None => false,
                };
                if is_there {
                    return Ok(None);
                }
                continue;
            };
            if !root.join(&found).is_dir() {
                return Ok(None);
            }
            let missing = wanted.strip_prefix(ancestor).unwrap_or(Path::new(""));
            if missing.as_os_str().is_empty() {
                return Ok(Some(found));
            }
            let made = found.join(missing);
            self.tree.create_directory_as(&made, mode)?;
            return Ok(Some(made));
        }
        Ok(None)
    }

    /// A file in place of what is there; `false` where its folder cannot be, or a folder is in its place.
    pub(super) fn file(&mut self, path: &str, content: &[u8]) -> Result<bool, Error> {
        let Some(place) = self.place(path)? else { return Ok(false) };
        if place.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            return Ok(false);
        }
        self.generated.file(&place, content).map_err(|source| Error::write(&place, source))?;
        Ok(true)
    }

    /// A symbolic link, unless something is there already; `false` where its folder cannot be.
    pub(super) fn link(&mut self, target: &str, path: &str) -> Result<bool, Error> {
        let Some(place) = self.place(path)? else { return Ok(false) };
        self.generated.link(target, &place).map_err(|source| Error::write(&place, source))?;
        Ok(true)
    }

    fn place(&mut self, path: &str) -> Result<Option<PathBuf>, Error> {
        let Some((folder, name)) = path.rsplit_once('/') else { return Ok(None) };
        let folder = if folder.is_empty() { "/" } else { folder };
        let root = self.root();
        Ok(self.folder(folder, 0o755)?.map(|folder| root.join(folder).join(name)))
    }
}

/// A path of the tree with its links followed inside the tree, relative to the root; `None` where there is no such file.
pub(super) fn resolve(root: &Path, path: impl AsRef<Path>) -> Result<Option<PathBuf>, Error> {
    let path = path.as_ref();
    resolve_in_root(root, path).map_err(|source| Error::read(in_root(root, path), source))
}

/// Where a path of the tree is on the volume, links aside.
fn in_root(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// An absolute path without `.`, `..` and what a line of text cannot hold.
pub(super) fn is_sound(path: &str) -> bool {
    let plain = |inside: &str| inside.split('/').all(|part| !matches!(part, "" | "." | ".."));
    path.strip_prefix('/').is_some_and(plain) && !path.contains(|letter: char| letter.is_control())
}

/// Whether the tree has a path, links followed inside the tree.
pub(super) fn exists(root: &Path, path: &str) -> bool {
    matches!(resolve_in_root(root, Path::new(path)), Ok(Some(_)))
}

/// The content of a regular file of the tree, links followed inside the tree; `None` where there is none, or one
/// of more than `limit` bytes.
pub(super) fn read(root: &Path, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let Some(inside) = resolve(root, path)? else { return Ok(None) };
    let place = root.join(inside);
    let content = || -> io::Result<Option<Vec<u8>>> {
        let meta = fs::symlink_metadata(&place)?;
        if !meta.is_file() || meta.len() > limit {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        File::open(&place)?.take(limit).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    content().map_err(|source| Error::read(&place, source))
}

/// The files below a folder whose names end so, as `find -L FOLDER -type f | sort` lists them. A folder that
/// several links lead to is listed once. Names that are not UTF-8 are passed over.
pub(super) fn files_below(root: &Path, folder: &str, suffix: &str) -> Result<Vec<String>, Error> {
    files(root, folder, suffix, DEEPEST)
}

/// The files in a folder itself whose names end so; as [`files_below`].
pub(super) fn files_in(root: &Path, folder: &str, suffix: &str) -> Result<Vec<String>, Error> {
    files(root, folder, suffix, 0)
}

fn files(root: &Path, folder: &str, suffix: &str, deepest: usize) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let mut queue = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = queue.pop() {
        let Some(inside) = resolve(root, &folder)? else { continue };
        let place = root.join(&inside);
        if depth > deepest || !place.is_dir() || !seen.insert(inside) {
            continue;
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&place).map_err(|source| Error::read(&place, source))? {
            let entry = entry.map_err(|source| Error::read(&place, source))?;
            names.extend(entry.file_name().into_string());
        }
        names.arrange();
        for name in names {
            let path = format!("{folder}/{name}");
            let Some(inside) = resolve(root, &path)? else { continue };
            let Ok(meta) = fs::symlink_metadata(root.join(inside)) else { continue };
            if meta.is_dir() {
                queue.push((path, depth + 1));
            } else if meta.is_file() && name.ends_with(suffix) && is_sound(&path) {
                files.push(path);
            }
        }
    }
    files.arrange();
    Ok(files)
}

/// The folders of the tree that a pattern means: a path with at most one `*`, which stands for a whole name.
pub(super) fn folders(root: &Path, pattern: &str) -> Result<Vec<String>, Error> {
    let Some((before, after)) = pattern.split_once("/*/") else { return Ok(vec![pattern.to_owned()]) };
    let place = root.join(before.trim_start_matches('/'));
    let mut found = Vec::new();
    for entry in place.read_dir().into_iter().flatten() {
        let entry = entry.map_err(|source| Error::read(&place, source))?;
        if let Ok(name) = entry.file_name().into_string() {
            let folder = format!("{before}/{name}/{after}");
            if exists(root, &folder) {
                found.push(folder);
            }
        }
    }
    found.arrange();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_is_made_or_read_outside() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret.crt"), "secret").unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        let root = tree.root().to_owned();
        tree.create_directory(Path::new("etc/real")).unwrap();
        symlink(&outside, root.join("etc/away")).unwrap();
        symlink("../../outside", root.join("etc/up")).unwrap();
        symlink("real", root.join("etc/alias")).unwrap();
        symlink(outside.join("secret.crt"), root.join("etc/real/file")).unwrap();
        fs::write(root.join("etc/plain"), "").unwrap();
        let mut inside = Inside::new(&mut tree, 7);
        for bad in ["/etc/away/x", "/etc/up/x", "/etc/plain/x", "/etc/away/deep/x"] {
            assert!(!inside.file(bad, b"x").unwrap(), "{bad}");
            assert!(!inside.link("x", bad).unwrap(), "{bad}");
        }
        assert!(inside.file("/etc/alias/made/x", b"x").unwrap());
        assert_eq!(fs::read(root.join("etc/real/made/x")).unwrap(), b"x");
        assert!(inside.file("/etc/real/file", b"new").unwrap());
        assert_eq!(fs::read_to_string(outside.join("secret.crt")).unwrap(), "secret");
        assert_eq!(fs::read_to_string(root.join("etc/real/file")).unwrap(), "new");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        for path in ["/etc/away/secret.crt", "/etc/up/secret.crt", "/etc/real"] {
            assert_eq!(read(&root, path, 100).unwrap(), None, "{path}");
        }
        assert_eq!(read(&root, "/etc/real/file", 2).unwrap(), None, "too large");
    }

    #[test]
    fn lists_files_and_ends_on_loops() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("certs/b")).unwrap();
        for file in ["certs/b/2.crt", "certs/1.crt", "certs/other"] {
            fs::write(root.join(file), "").unwrap();
        }
        symlink(".", root.join("certs/loop")).unwrap();
        symlink("b", root.join("certs/c")).unwrap();
        symlink("1.crt", root.join("certs/0.crt")).unwrap();
        symlink("/gone", root.join("certs/gone.crt")).unwrap();
        let found = files_below(root, "/certs", ".crt").unwrap();
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[..2], ["/certs/0.crt", "/certs/1.crt"]);
        assert!(files_below(root, "/none", "").unwrap().is_empty());
    }

    /// Whoever runs the tests: root is denied nothing, but no one can follow a link that leads to itself, or name a file
    /// with more letters than a name can have.
    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("etc")).unwrap();
        symlink("loop", root.join("etc/loop")).unwrap();
        let long = format!("/etc/{}", "x".repeat(300));
        for (path, reason) in
            [("/etc/loop", "Too many levels of symbolic links"), (long.as_str(), "File name too long")]
        {
            let said = format!("cannot read {}{path}: {reason}", root.display());
            let errors = [
                resolve(root, path).map(|_| ()).unwrap_err(),
                read(root, path, 1).map(|_| ()).unwrap_err(),
                files_in(root, path, "").map(|_| ()).unwrap_err(),
                files_below(root, path, "").map(|_| ()).unwrap_err(),
            ];
            for error in errors {
                assert!(
                    matches!(error, Error::Read { .. }) && error.to_string().starts_with(&said),
                    "{error}"
                );
            }
        }
        // not listed, because it cannot be opened
        let error = files_in(root, "/etc", "").unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read {}/etc/loop: ", root.display())), "{error}");
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        tree.create_directory(Path::new("etc")).unwrap();
        let root = tree.root().to_owned();
        let long = format!("/etc/{}", "x".repeat(300));
        let said = format!("cannot write {}{long}: File name too long", root.display());
        let mut inside = Inside::new(&mut tree, 7);
        for error in [inside.file(&long, b"x").unwrap_err(), inside.link("x", &long).unwrap_err()] {
            assert!(error.to_string().starts_with(&said), "{error}");
        }
        let error = inside.folder(&format!("{long}/x"), 0o755).unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot read {}{long}", root.display())), "{error}");
    }
}
