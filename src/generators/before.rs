//! What a tree has before a program runs in it, so that one that fails leaves nothing of itself and takes nothing away.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::tree::{Error, volume};

/// Where these programs write. What is here is copied beforehand; it is little, as packages have their data in `usr`.
const COPIED: [&str; 2] = ["etc", "var/lib"];
/// Of these, no program has a say.
const OURS: [&str; 2] = ["var/lib/dpkg", "var/lib/aptlet"];

/// The files and links of a tree at one time.
pub(super) struct Before<'a> {
    root: &'a Path,
    /// A folder of its own beside the tree.
    store: PathBuf,
    files: BTreeMap<PathBuf, Stamp>,
}

/// What changes with a file, whoever changes it: where it is and how large, and when it and its inode changed.
type Stamp = (u64, u64, (i64, i64), (i64, i64));

fn stamp(meta: &Metadata) -> Stamp {
    (meta.ino(), meta.size(), (meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()))
}

impl<'a> Before<'a> {
    /// As the tree is now. `store` must not exist.
    pub(super) fn of(root: &'a Path, store: &Path) -> Result<Self, Error> {
        let before = Self { root, store: store.to_owned(), files: files(root)? };
        for path in before.files.keys().filter(|path| is_copied(path)) {
            let to = before.store.join(path);
            let made = to.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| copy(&root.join(path), &to)).map_err(|source| Error::write(&to, source))?;
        }
        // a clock of file systems is coarser than it says
        std::thread::sleep(Duration::from_millis(20));
        Ok(before)
    }

    /// What was made or written since, relative to the root.
    pub(super) fn changed(&self) -> Result<Vec<PathBuf>, Error> {
        let now = files(self.root)?;
        let is_new = |(path, stamp): &(PathBuf, Stamp)| self.files.get(path) != Some(stamp);
        Ok(now.into_iter().filter(is_new).map(|(path, _)| path).collect())
    }

    /// Puts the tree back. Fails where a program has changed what no one thought it would.
    pub(super) fn restore(&self) -> Result<(), Error> {
        let now = files(self.root)?;
        let gone = self.files.keys().filter(|path| !now.contains_key(*path)).cloned();
        let touched: BTreeSet<PathBuf> = self.changed()?.into_iter().chain(gone).collect();
        for path in touched {
            let full = self.root.join(&path);
            let failed = |source| Error::write(&full, source);
            if full.symlink_metadata().is_ok() {
                if self.files.contains_key(&path) && !is_copied(&path) {
                    return Err(failed(io::Error::other("a program that failed has written it")));
                }
                fs::remove_file(&full).map_err(failed)?;
            }
            if !self.files.contains_key(&path) {
                continue;
            }
            if !is_copied(&path) {
                return Err(failed(io::Error::other("a program that failed has removed it")));
            }
            let made = full.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| copy(&self.store.join(&path), &full)).map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Before<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.store);
    }
}

fn is_copied(path: &Path) -> bool {
    COPIED.iter().any(|folder| path.starts_with(folder))
        && !OURS.iter().any(|folder| path.starts_with(folder))
}

/// A file or link with its mode and its time, which is one of whole seconds in a tree.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let meta = from.symlink_metadata()?;
    if meta.is_symlink() {
        symlink(from.read_link()?, to)?;
    } else {
        fs::copy(from, to)?;
    }
    Ok(volume::set_time_of_link(rustix::fs::CWD, to, meta.mtime())?)
}

/// All that is no folder.
fn files(root: &Path) -> Result<BTreeMap<PathBuf, Stamp>, Error> {
    let mut found = BTreeMap::new();
    let mut queue = vec![PathBuf::new()];
    while let Some(folder) = queue.pop() {
        let place = root.join(&folder);
        for entry in fs::read_dir(&place).map_err(|source| Error::read(&place, source))? {
            let entry = entry.map_err(|source| Error::read(&place, source))?;
            let path = folder.join(entry.file_name());
            // of the entry itself, not of where a link leads
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => queue.push(path),
                Ok(meta) => drop(found.insert(path, stamp(&meta))),
                Err(_) => {}
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_there_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (root, store) = (folder.path().join("tree"), folder.path().join("store"));
        for path in ["etc", "var/lib/x", "usr/share"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        for path in
            ["etc/conf", "var/lib/x/written", "var/lib/x/replaced", "var/lib/x/gone", "usr/share/data"]
        {
            fs::write(root.join(path), "as shipped").unwrap();
            volume::set_time_of_link(rustix::fs::CWD, root.join(path), 77).unwrap();
        }
        symlink("written", root.join("var/lib/x/link")).unwrap();
        let before = Before::of(&root, &store).unwrap();
        assert_eq!(before.changed().unwrap(), Vec::<PathBuf>::new());

        fs::write(root.join("var/lib/x/written"), "half").unwrap();
        fs::write(root.join("var/lib/x/new"), "new").unwrap();
        fs::rename(root.join("var/lib/x/new"), root.join("var/lib/x/replaced")).unwrap();
        fs::write(root.join("var/lib/x/new"), "new").unwrap();
        fs::remove_file(root.join("var/lib/x/gone")).unwrap();
        fs::remove_file(root.join("var/lib/x/link")).unwrap();
        let changed: Vec<_> =
            ["new", "replaced", "written"].map(|name| Path::new("var/lib/x").join(name)).into();
        assert_eq!(before.changed().unwrap(), changed);

        before.restore().unwrap();
        for path in ["etc/conf", "var/lib/x/written", "var/lib/x/replaced", "var/lib/x/gone"] {
            assert_eq!(fs::read_to_string(root.join(path)).unwrap(), "as shipped", "{path}");
            assert_eq!(root.join(path).metadata().unwrap().mtime(), 77, "{path}");
        }
        assert_eq!(fs::read_link(root.join("var/lib/x/link")).unwrap(), Path::new("written"));
        assert!(!root.join("var/lib/x/new").exists());

        // what lies elsewhere has no copy: that is told, and not passed over
        fs::remove_file(root.join("usr/share/data")).unwrap();
        let told = before.restore().unwrap_err().to_string();
        assert!(told.contains("usr/share/data"), "{told}");
        drop(before);
        assert!(!store.exists());
    }
}
