//! `--owners keep`: who owns what, as dpkg would have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::links::resolve_in_root;
use super::ownership::{Account, Owner};
use super::path::name_of;
use super::rootfs::Tree;

/// The largest file of accounts that is read.
const LARGEST: u64 = 1 << 20;

/// Whether this process may give files of this folder away, and keep set-id bits on them: it takes `CAP_CHOWN` and
/// `CAP_FSETID`, and a file system that stores owners.
///
/// # Errors
/// What the system says when it may not.
pub(crate) fn probe(folder: &Path) -> io::Result<()> {
    let file = tempfile::tempfile_in(folder)?;
    std::os::unix::fs::fchown(&file, Some(1), Some(1))?;
    file.set_permissions(fs::Permissions::from_mode(0o6755))?;
    let meta = file.metadata()?;
    match (meta.uid(), meta.gid(), meta.mode() & 0o7777) {
        (1, 1, 0o6755) => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the file system does not store owners or set-id bits",
        )),
    }
}

/// Gives everything in a tree to root, and to others what packages give to others. As for dpkg, a name means what it means in the
/// tree's own `/etc/passwd` and `/etc/group`; one that is not there means the number that the archive has beside it.
pub(crate) fn apply(tree: &Tree) -> Result<(), Error> {
    let root = tree.root();
    let numbers = Numbers { users: accounts(root, "etc/passwd")?, groups: accounts(root, "etc/group")? };
    give(root, 0, 0)?;
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let unread = |source| Error::read(&folder, source);
        for entry in folder.read_dir().map_err(unread)? {
            let path = entry.map_err(unread)?.path();
            if give(&path, 0, 0)?.is_dir() {
                folders.push(path);
            }
        }
    }
    for (place, owner) in tree.directory_owners() {
        let (user, group) = numbers.of(owner);
        give(&root.join(place), user, group)?;
    }
    for package in tree.packages().iter().filter(|package| !package.owned.is_empty()) {
        // without what another package has replaced
        let paths: BTreeSet<&Path> = package.paths.iter().map(PathBuf::as_path).collect();
        for owned in package.owned.iter().filter(|owned| paths.contains(owned.path.as_path())) {
            let place = tree.place_for(package, &owned.path);
            let parent = place.parent().unwrap_or(Path::new(""));
            let resolved =
                resolve_in_root(root, parent).map_err(|source| Error::read(root.join(parent), source))?;
            let Some(resolved) = resolved else { continue };
            let path = root.join(resolved).join(name_of(&place));
            let is_link = match path.symlink_metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                meta => meta.map_err(|source| Error::read(&path, source))?.is_symlink(),
            };
            if is_link == owned.link {
                let (user, group) = numbers.of(&owned.owner);
                give(&path, user, group)?;
            }
        }
    }
    Ok(())
}

/// Changes the owner of one path, no link followed, and keeps the set-id bits that chown(2) drops.
fn give(path: &Path, user: u32, group: u32) -> Result<fs::Metadata, Error> {
    let meta = path.symlink_metadata().map_err(|source| Error::read(path, source))?;
    if (meta.uid(), meta.gid()) != (user, group) {
        let unwritten = |source| Error::write(path, source);
        lchown(path, Some(user), Some(group)).map_err(unwritten)?;
        if meta.is_file() && meta.mode() & 0o6000 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(meta.mode() & 0o7777)).map_err(unwritten)?;
        }
    }
    Ok(meta)
}

struct Numbers {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Numbers {
    fn of(&self, owner: &Owner) -> (u32, u32) {
        let number =
            |known: &BTreeMap<String, u32>, id: &Account| known.get(&id.name).copied().unwrap_or(id.number);
        (number(&self.users, &owner.user), number(&self.groups, &owner.group))
    }
}

/// The names of passwd(5) or group(5) of a tree, and their numbers; none where there is no such file.
fn accounts(root: &Path, file: &str) -> Result<BTreeMap<String, u32>, Error> {
    let mut known = BTreeMap::new();
    let inside =
        resolve_in_root(root, Path::new(file)).map_err(|source| Error::read(root.join(file), source))?;
    let Some(inside) = inside else { return Ok(known) };
    let (path, mut text) = (root.join(inside), Vec::new());
    File::open(&path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut text))
        .map_err(|source| Error::read(&path, source))?;
    for line in String::from_utf8_lossy(&text).lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(Ok(number))) = (fields.next(), fields.nth(1).map(str::parse)) {
            known.entry(name.to_owned()).or_insert(number);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_means_what_it_means_in_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(accounts(root, "etc/passwd").unwrap().is_empty());
        fs::create_dir(root.join("etc")).unwrap();
        fs::write(
            root.join("etc/passwd"),
            "root:*:0:0::/:\nman:*:6:12::/:\nbad\nworse:*:x:\nman:*:7:7::/:\n",
        )
        .unwrap();
        let users = accounts(root, "etc/passwd").unwrap();
        assert_eq!(users, BTreeMap::from([("root".to_owned(), 0), ("man".to_owned(), 6)]));
        let numbers = Numbers { users, groups: BTreeMap::new() };
        let id = |name: &str, number| Account { name: name.to_owned(), number };
        let owner = |user, group| Owner { user, group };
        assert_eq!(numbers.of(&owner(id("man", 106), id("man", 112))), (6, 112));
        assert_eq!(numbers.of(&owner(id("", 33), id("root", 0))), (33, 0));
        assert_eq!(numbers.of(&owner(id("root", 1000), id("", 0))), (0, 0), "the name counts");
        assert!(owner(id("root", 0), id("", 0)).is_root());
        assert!(!owner(id("root", 1000), id("", 0)).is_root());
    }
    #[test]
    fn accounts_that_cannot_be_read_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("usr/passwd")).unwrap();
        fs::create_dir(root.join("etc")).unwrap();
        std::os::unix::fs::symlink("/usr/passwd", root.join("etc/passwd")).unwrap();
        std::os::unix::fs::symlink("group", root.join("etc/group")).unwrap();
        for (file, path) in [("etc/passwd", "usr/passwd"), ("etc/group", "etc/group")] {
            let error = accounts(root, file).unwrap_err().to_string();
            let expected = format!("cannot read {}: ", root.join(path).display());
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
