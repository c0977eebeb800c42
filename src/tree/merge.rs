//! Merges private roots into one tree, in plan order, by dpkg's rules for paths that two packages have.
//!
//! A path that the tree does not have yet is moved with rename(2), a whole directory at once. For one that it has:
//!
//! | the package has | the tree has | what becomes of it |
//! | --- | --- | --- |
//! | a directory | a directory, or a link to one | merged |
//! | a link | a directory | the directory stays |
//! | a file or link | an equal one | the first stays |
//! | a file, link or directory | another file or link | `Replaces` decides (Debian Policy 7.6.1) |
//! | a file | a directory | an error |

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;

use super::error::Error;
use super::links::resolve_in_root;
use super::note::Note;
use super::opened::{Opened, kind, same_file};
use super::package::Unpacked;
use super::path::is_of_records;
use super::rootfs::Tree;
use crate::control::{relation, version};

impl Tree {
    /// Moves a package's files from its private root into the tree; `private_root` is gone afterwards. It must be
    /// on the tree's file system. After an error the tree is of no use.
    pub fn merge(&mut self, unpacked: Unpacked, private_root: &Path) -> Result<(), Error> {
        for alias in &unpacked.aliases {
            self.add_alias(alias)?;
        }
        let staged = Opened::open(private_root)?;
        let target = Opened::open(&self.root)?;
        let mut newcomer = unpacked;
        for diversion in &self.diversions {
            diversion.apply(&mut newcomer, private_root)?;
        }
        let is_related =
            self.packages.iter().any(|other| replaces(&newcomer, other) || replaces(other, &newcomer));
        let mut merging = Merging { tree: self, newcomer, is_related };
        merging.directory(&staged, &target, Path::new(""))?;
        let newcomer = merging.newcomer;
        rustix::fs::rmdir(private_root).map_err(|errno| Error::write(private_root, errno))?;
        for directory in &newcomer.directories {
            self.register(directory);
        }
        self.packages.push(newcomer);
        Ok(())
    }
}

/// One package that is being merged.
struct Merging<'a> {
    tree: &'a mut Tree,
    newcomer: Unpacked,
    /// Whether it replaces another, or is replaced.
    is_related: bool,
}

impl Merging<'_> {
    /// Merges what is in a directory of the private root into one of the tree, whose path in it is `path`.
    fn directory(&mut self, staged: &Opened, target: &Opened, path: &Path) -> Result<(), Error> {
        for name in staged.names()? {
            self.entry(staged, target, &path.join(&name), &name)?;
        }
        Ok(())
    }

    fn entry(&mut self, staged: &Opened, target: &Opened, path: &Path, name: &OsStr) -> Result<(), Error> {
        let Some(here) = target.stat(name)? else { return staged.move_to(name, target) };
        let new = staged.stat(name)?.ok_or_else(|| staged.unread(name, Errno::NOENT))?;
        match (kind(&new), kind(&here)) {
            (FileType::Directory, here) => {
                let (below, place) = if here == FileType::Directory {
                    (target.enter(name)?, path.to_owned())
                } else if let Some(place) = self.directory_at(path) {
                    if is_of_records(&place) {
                        return Err(self.overlap(path));
                    }
                    let below = Opened::open(&self.tree.root.join(&place))?;
                    self.tree.redirects.insert(path.to_owned(), place.clone());
                    (below, place)
                } else {
                    if self.yields(path)? {
                        return Err(self.overlap(path));
                    }
                    target.remove(name, AtFlags::empty())?;
                    return staged.move_to(name, target);
                };
                self.directory(&staged.enter(name)?, &below, &place)?;
                staged.remove(name, AtFlags::REMOVEDIR)
            }
            (FileType::Symlink, FileType::Directory) => {
                self.newcomer.notes.push(Note::KeptDirectory { path: Path::new("/").join(path) });
                staged.remove(name, AtFlags::empty())
            }
            (_, FileType::Directory) => Err(self.overlap(path)),
            _ => {
                let same = same_file(staged, &new, target, &here, name)?;
                let stays =
                    if self.leads_to_the_same_directory(staged, path, name) || same && !self.is_related {
                        true
                    } else {
                        // of equal files, too, the one that dpkg would have is listed
                        match self.yields(path) {
                            Err(Error::Overlap { .. }) if same => true,
                            decided => decided?,
                        }
                    };
                if stays { staged.remove(name, AtFlags::empty()) } else { staged.move_to(name, target) }
            }
        }
    }

    /// The real directory that a path of the tree is, or that links lead to; relative to the root.
    fn directory_at(&self, path: &Path) -> Option<PathBuf> {
        let place = resolve_in_root(&self.tree.root, path).ok().flatten();
        place.filter(|place| self.tree.root.join(place).is_dir())
    }

    /// Whether a link is another way to say what the link that is there says, as dpkg allows for directories.
    fn leads_to_the_same_directory(&self, staged: &Opened, path: &Path, name: &OsStr) -> bool {
        let Ok(target) = staged.link(name) else { return false };
        let target = path.with_file_name(OsStr::from_bytes(target.as_bytes()));
        let place = self.directory_at(path);
        place.is_some() && self.directory_at(&target) == place
    }

    /// Decides by `Replaces` which of two different files stays (Debian Policy 7.6.1): true for the one that is
    /// there. The path leaves the file list of the package that lost it.
    fn yields(&mut self, path: &Path) -> Result<bool, Error> {
        let owners = self.owners(path);
        let absolute = Path::new("/").join(path);
        let labels: Vec<_> = owners.iter().map(|index| self.tree.packages[*index].artifact.label()).collect();
        let owner = labels.join(", ");
        if owners.is_empty() {
            return Err(self.overlap(path));
        }
        if owners.iter().all(|index| replaces(&self.newcomer, &self.tree.packages[*index])) {
            for index in owners {
                let mut paths = std::mem::take(&mut self.tree.packages[index].paths);
                paths.retain(|listed| self.tree.place_for(&self.tree.packages[index], listed) != path);
                self.tree.packages[index].paths = paths;
            }
            self.newcomer.notes.push(Note::Replaced { path: absolute, owner });
            return Ok(false);
        }
        if owners.iter().any(|index| replaces(&self.tree.packages[*index], &self.newcomer)) {
            let mut paths = std::mem::take(&mut self.newcomer.paths);
            paths.retain(|listed| self.tree.place_for(&self.newcomer, listed) != path);
            self.newcomer.paths = paths;
            self.newcomer.notes.push(Note::Yielded { path: absolute, owner });
            return Ok(true);
        }
        Err(self.overlap(path))
    }

    /// The packages that have a path of the tree: conflicts are rare, so nothing is indexed.
    fn owners(&self, path: &Path) -> Vec<usize> {
        let has = |package: &Unpacked| {
            package.paths.iter().any(|listed| self.tree.place_for(package, listed) == path)
        };
        let packages = self.tree.packages.iter().enumerate();
        packages.filter(|(_, package)| has(package)).map(|(index, _)| index).collect()
    }

    fn overlap(&self, path: &Path) -> Error {
        let first = self.owners(path).first().map(|index| self.tree.packages[*index].artifact.label());
        Error::Overlap {
            path: Path::new("/").join(path),
            first: first.unwrap_or_else(|| "(the tree itself)".to_owned()),
            second: self.newcomer.artifact.label(),
        }
    }
}

/// Whether the `Replaces` of one package name another in its version, as dpkg reads them: a name that the other only
/// provides does not count, and alternatives are no value of that field (Debian Policy 7.6.1).
fn replaces(package: &Unpacked, other: &Unpacked) -> bool {
    // two architectures of a package share what is equal, and nothing else
    if package.artifact.name == other.artifact.name {
        return false;
    }
    let field = package.control.field("Replaces").unwrap_or_default();
    let Ok(relations) = relation::parse(field).collect::<Result<Vec<_>, _>>() else { return false };
    relations.iter().all(|relation| relation.last)
        && relations.iter().any(|relation| {
            relation.name == other.artifact.name
                && relation.qualifier.is_none_or(|name| name == "any" || name == other.artifact.architecture)
                && relation.operator.accepts(version::compare(&other.artifact.version, relation.version))
        })
}
