//! `--owners keep`: who owns what, as dpkg would have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};

use super::links::resolve_in_root;
use super::{Error, Tree};

/// The largest file of accounts that is read.
const LARGEST: u64 = 1 << 20;

/// A user or a group as an archive has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Id {
    /// Empty where the archive has none.
    pub name: String,
    /// What it was where the archive was made.
    pub number: u32,
}

impl Id {
    fn is_root(&self) -> bool {
        self.number == 0 && matches!(self.name.as_str(), "" | "root")
    }
}

/// Whose a member of an archive is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: Id,
    /// The group.
    pub group: Id,
}

impl Owner {
    /// Whether both are root, by name and by number.
    pub(super) fn is_root(&self) -> bool {
        self.user.is_root() && self.group.is_root()
    }
}

/// A member of a package that is not all root's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// As archived, absolute.
    pub path: PathBuf,
    /// Whose it is.
    pub owner: Owner,
    /// Whether it is a symbolic link.
    pub link: bool,
}

/// Whether this process may give files of this folder away, and keep set-id bits on them: it takes `CAP_CHOWN` and
/// `CAP_FSETID`, and a file system that stores owners.
///
/// # Errors
/// What the system says when it may not.
pub fn probe(folder: &Path) -> io::Result<()> {
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
pub fn apply(tree: &Tree) -> Result<(), Error> {
    let root = tree.root();
    let numbers = Numbers {
        users: accounts(root, "etc/passwd")
            .map_err(|source| Error::write(root.join("etc/passwd"), source))?,
        groups: accounts(root, "etc/group").map_err(|source| Error::write(root.join("etc/group"), source))?,
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::write(path, source)
    };
    give(root, 0, 0).map_err(failed(root))?;
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().map_err(failed(&folder))? {
            let path = entry.map_err(failed(&folder))?.path();
            let meta = give(&path, 0, 0).map_err(failed(&path))?;
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
    for (place, owner) in tree.directory_owners() {
        let path = root.join(place);
        let (user, group) = numbers.of(owner);
        give(&path, user, group).map_err(failed(&path))?;
    }
    for package in tree.packages().iter().filter(|package| !package.owned.is_empty()) {
        // without what another package has replaced
        let paths: BTreeSet<&Path> = package.paths.iter().map(PathBuf::as_path).collect();
        for owned in package.owned.iter().filter(|owned| paths.contains(owned.path.as_path())) {
            let place = tree.place_for(package, &owned.path);
            let parent = place.parent().unwrap_or(Path::new(""));
            let Some(parent) = resolve_in_root(root, parent).map_err(failed(&place))? else { continue };
            let path = root.join(parent).join(place.file_name().unwrap_or_default());
            let is_link = match path.symlink_metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                meta => meta.map_err(failed(&path))?.is_symlink(),
            };
            if is_link == owned.link {
                let (user, group) = numbers.of(&owned.owner);
                give(&path, user, group).map_err(failed(&path))?;
            }
        }
    }
    Ok(())
}

/// Changes the owner of one path, no link followed, and keeps the set-id bits that chown(2) drops.
fn give(path: &Path, user: u32, group: u32) -> io::Result<fs::Metadata> {
    let meta = path.symlink_metadata()?;
    if (meta.uid(), meta.gid()) != (user, group) {
        lchown(path, Some(user), Some(group))?;
        if meta.is_file() && meta.mode() & 0o6000 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(meta.mode() & 0o7777))?;
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
            |known: &BTreeMap<String, u32>, id: &Id| known.get(&id.name).copied().unwrap_or(id.number);
        (number(&self.users, &owner.user), number(&self.groups, &owner.group))
    }
}

/// The names of passwd(5) or group(5) of a tree, and their numbers; none where there is no such file.
fn accounts(root: &Path, path: &str) -> io::Result<BTreeMap<String, u32>> {
    let mut known = BTreeMap::new();
    let Some(inside) = resolve_in_root(root, Path::new(path))? else { return Ok(known) };
    let mut text = Vec::new();
    File::open(root.join(inside))?.take(LARGEST).read_to_end(&mut text)?;
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
        let id = |name: &str, number| Id { name: name.to_owned(), number };
        let owner = |user, group| Owner { user, group };
        assert_eq!(numbers.of(&owner(id("man", 106), id("man", 112))), (6, 112));
        assert_eq!(numbers.of(&owner(id("", 33), id("root", 0))), (33, 0));
        assert_eq!(numbers.of(&owner(id("root", 1000), id("", 0))), (0, 0), "the name counts");
        assert!(owner(id("root", 0), id("", 0)).is_root());
        assert!(!owner(id("root", 1000), id("", 0)).is_root());
    }
}
