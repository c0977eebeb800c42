//! What a tree has, asked by paths as they are compiled into its files: whether there is a `/lib/x`, though the tree has it as
//! `usr/lib/x` and `lib` is a link.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::Error;
use crate::tree::links::resolve_in_root;

/// What of a package is below it is there for an administrator, whose system is the main image (Debian Policy, section 9.1.2).
const LOCAL: &[u8] = b"/usr/local";

/// More answers than this are not kept: a file may be made of paths.
const MOST_KNOWN: usize = 100_000;

/// The paths of a tree.
pub(super) struct Paths {
    root: PathBuf,
    /// Absolute, sorted by bytes; folders without a slash at the end.
    sorted: Vec<Vec<u8>>,
    known: Mutex<HashMap<Vec<u8>, bool>>,
}

impl Paths {
    /// Reads the names of a tree; `visit` gets each regular file, relative to the root. Below `/usr/local` only what leads to a
    /// file counts, which packages of others than Debian have.
    pub(super) fn read(root: &Path, mut visit: impl FnMut(&Path, &Metadata)) -> Result<Self, Error> {
        let mut sorted = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let here = if folder.as_os_str().is_empty() { root.to_owned() } else { root.join(&folder) };
            let unread = |source| Error::read(&here, source);
            for entry in fs::read_dir(&here).map_err(unread)? {
                let entry = entry.map_err(unread)?;
                let path = folder.join(entry.file_name());
                sorted.push([b"/", path.as_os_str().as_bytes()].concat());
                let meta = entry.metadata().map_err(|source| Error::read(entry.path(), source))?;
                if meta.is_dir() {
                    folders.push(path);
                } else if meta.is_file() {
                    visit(&path, &meta);
                }
            }
        }
        sorted.sort_unstable();
        leave_local_folders_out(root, &mut sorted);
        Ok(Self { root: root.to_owned(), sorted, known: Mutex::default() })
    }

    /// All of them, absolute, sorted by bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.sorted.iter().map(|path| Path::new(OsStr::from_bytes(path)))
    }

    /// Whether the tree has a path, all links followed.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return *known;
        }
        let plain = path.strip_suffix(b"/").unwrap_or(path);
        let has = self.sorted.binary_search_by(|known| known.as_slice().cmp(plain)).is_ok()
            || (!is_local(plain) && self.resolves(path));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_KNOWN {
            known.insert(path.to_owned(), has);
        }
        has
    }

    /// Whether a path of the tree that is wanted begins so.
    pub(super) fn begins_some(&self, start: &[u8], wanted: impl Fn(&[u8]) -> bool) -> bool {
        let first = self.sorted.partition_point(|path| path.as_slice() < start);
        self.sorted[first..].iter().take_while(|path| path.starts_with(start)).any(|path| wanted(path))
    }

    /// The longest name in a folder that some bytes begin with.
    pub(super) fn longest_name<'a>(&self, folder: &[u8], bytes: &'a [u8]) -> Option<&'a [u8]> {
        let before = [self.folder(folder)?, b"/".to_vec()].concat();
        let mut length = bytes.len();
        while length > 0 {
            let wanted = [&before, &bytes[..length]].concat();
            let next = self.sorted.partition_point(|path| *path <= wanted);
            let last = self.sorted[..next].last()?.strip_prefix(before.as_slice())?;
            let same = last.iter().zip(bytes).take_while(|(one, other)| one == other).count();
            if same == last.len() {
                return Some(&bytes[..same]);
            }
            length = same.min(length - 1);
        }
        None
    }

    /// Whether all links on the way lead to something.
    pub(super) fn resolves(&self, path: &[u8]) -> bool {
        matches!(resolve_in_root(&self.root, Path::new(OsStr::from_bytes(path))), Ok(Some(_)))
    }

    /// The folder that a path of the tree leads to, absolute, without links.
    pub(super) fn folder(&self, path: &[u8]) -> Option<Vec<u8>> {
        let place = resolve_in_root(&self.root, Path::new(OsStr::from_bytes(path))).ok().flatten()?;
        self.root.join(&place).is_dir().then(|| [b"/".to_vec(), place.into_os_string().into_vec()].concat())
    }
}

fn is_local(path: &[u8]) -> bool {
    path.strip_prefix(LOCAL).is_some_and(|below| matches!(below.first(), None | Some(b'/')))
}

fn leave_local_folders_out(root: &Path, sorted: &mut Vec<Vec<u8>>) {
    let local: Vec<Vec<u8>> = sorted.iter().filter(|path| is_local(path)).cloned().collect();
    let leads_to_a_file = |path: &[u8]| {
        let place = resolve_in_root(root, Path::new(OsStr::from_bytes(path))).ok().flatten();
        place.is_some_and(|place| root.join(place).is_file())
    };
    let files: Vec<&Vec<u8>> = local.iter().filter(|path| leads_to_a_file(path)).collect();
    let is_kept = |path: &Vec<u8>| {
        files.iter().any(|file| {
            file.strip_prefix(path.as_slice()).is_some_and(|below| matches!(below.first(), None | Some(b'/')))
        })
    };
    sorted.retain(|path| !is_local(path) || is_kept(path));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tree::testing::too_deep;

    #[test]
    fn the_longest_name_that_begins_some_text_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let etc = folder.path().join("etc/tool");
        fs::create_dir_all(etc.join("conf.d/x")).unwrap();
        for name in ["conf", "config", "zz"] {
            fs::write(etc.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("etc", folder.path().join("e")).unwrap();
        let paths = Paths::read(folder.path(), |_, _| {}).unwrap();
        for (text, name) in [
            ("conf/run", Some("conf")),
            ("configx", Some("config")),
            ("configured", Some("config")),
            ("conf.d", Some("conf.d")),
            ("conf.c", Some("conf")),
            ("con", None),
            ("zzz", Some("zz")),
            ("", None),
        ] {
            for folder in ["/etc/tool", "/e/tool"] {
                let found = paths.longest_name(folder.as_bytes(), text.as_bytes());
                assert_eq!(found, name.map(str::as_bytes), "{text}");
            }
        }
        assert_eq!(paths.longest_name(b"/etc/other", b"conf"), None);
    }

    #[test]
    fn folders_and_links_below_usr_local_are_the_images_but_on_the_way_to_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let local = folder.path().join("usr/local");
        for path in ["lib/python3/dist-packages", "share", "vendor/bin"] {
            fs::create_dir_all(local.join(path)).unwrap();
        }
        std::os::unix::fs::symlink("share/man", local.join("man")).unwrap();
        std::os::unix::fs::symlink("share", local.join("info")).unwrap();
        let none = Paths::read(folder.path(), |_, _| {}).unwrap();
        for path in ["", "/lib", "/man", "/info", "/lib/python3/dist-packages", "/vendor/bin/"] {
            assert!(!none.has(&[LOCAL, path.as_bytes()].concat()), "{path}");
        }
        assert!(none.has(b"/usr"));
        fs::write(local.join("vendor/bin/tool"), "").unwrap();
        std::os::unix::fs::symlink("vendor/bin/tool", local.join("tool")).unwrap();
        let some = Paths::read(folder.path(), |_, _| {}).unwrap();
        for path in ["", "/vendor", "/vendor/bin/", "/vendor/bin/tool", "/tool"] {
            assert!(some.has(&[LOCAL, path.as_bytes()].concat()), "{path}");
        }
        assert!(!some.has(b"/usr/local/lib") && !some.has(b"/usr/local/man"));
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let said = |root: &Path| Paths::read(root, |_, _| {}).err().unwrap().to_string();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(said(&file), format!("cannot read {}: Not a directory (os error 20)", file.display()));
        let deep = too_deep(folder.path());
        assert!(said(folder.path()).starts_with(&format!("cannot read {}: ", deep.display())));
    }
}
