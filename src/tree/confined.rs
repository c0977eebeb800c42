//! A private root, in which paths of an archive are followed without ever leaving it.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::error::Error;
use super::package::Directory;
use super::volume::if_modes_are_kept;

/// Opens a directory to make files in, never through a link.
const DIRECTORY: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Directories are open to us alone until [`super::Tree::finish`] gives them their modes.
pub(super) const PRIVATE: Mode = Mode::RWXU;

/// A directory that was made for one package.
pub(super) struct Confined<'a> {
    root_path: &'a Path,
    root: Rc<OwnedFd>,
    /// The directory that was entered last: archives list a directory's files one after the other.
    entered: Rc<OwnedFd>,
    entered_path: PathBuf,
    granted: u32,
}

/// Why a directory cannot be entered.
pub(super) enum Blocked {
    /// There is a symbolic link on the way.
    Link,
    /// There is another file on the way.
    NotDirectory,
    /// The file system does not let us.
    Failed(Error),
}

impl<'a> Confined<'a> {
    /// Makes the root, which must not exist.
    pub(super) fn create(root: &'a Path) -> Result<Self, Error> {
        // The widest mode first, to learn what the umask lets through without changing it for other threads.
        rustix::fs::mkdir(root, Mode::RWXU | Mode::RWXG | Mode::RWXO)
            .map_err(|errno| Error::write(root, errno))?;
        let made = rustix::fs::lstat(root).map_err(|errno| Error::read(root, errno))?.st_mode;
        // a group that shares the volume has its bit from the folder around
        if_modes_are_kept(rustix::fs::chmod(root, PRIVATE | (Mode::from_raw_mode(made) & Mode::SGID)))
            .map_err(|errno| Error::write(root, errno))?;
        let granted = made & 0o777;
        Ok(Self { granted, ..Self::open(root)? })
    }

    /// Opens a root that was made before.
    pub(super) fn open(root_path: &'a Path) -> Result<Self, Error> {
        let root = rustix::fs::open(root_path, DIRECTORY, Mode::empty())
            .map_err(|errno| Error::read(root_path, errno))?;
        let root = Rc::new(root);
        Ok(Self { root_path, entered: Rc::clone(&root), root, entered_path: PathBuf::new(), granted: 0 })
    }

    /// The permission bits that the umask, or a default ACL, lets through.
    pub(super) fn granted(&self) -> u32 {
        self.granted
    }

    /// Goes, name by name, to the directory that a path without `..` is in. Makes what is missing on the way, and
    /// puts it on the list.
    pub(super) fn enter_parent(
        &mut self,
        path: &Path,
        directories: &mut Vec<Directory>,
    ) -> Result<Rc<OwnedFd>, Blocked> {
        let parent = path.parent().unwrap_or(Path::new(""));
        let below = if let Ok(below) = parent.strip_prefix(&self.entered_path) {
            below
        } else {
            self.entered = Rc::clone(&self.root);
            self.entered_path.clear();
            parent
        };
        for name in below {
            let path = self.entered_path.join(name);
            let open = |parent: &OwnedFd| rustix::fs::openat(parent, name, DIRECTORY, Mode::empty());
            let mut opened = open(&self.entered);
            if matches!(opened, Err(Errno::NOENT)) {
                rustix::fs::mkdirat(&*self.entered, name, PRIVATE)
                    .map_err(|errno| Blocked::Failed(Error::write(self.root_path.join(&path), errno)))?;
                directories.push(Directory::implied(path.clone()));
                opened = open(&self.entered);
            }
            match opened {
                Ok(directory) => self.entered = Rc::new(directory),
                Err(Errno::NOTDIR | Errno::LOOP) => {
                    let stat = rustix::fs::statat(&*self.entered, name, AtFlags::SYMLINK_NOFOLLOW);
                    return Err(match stat.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
                        Ok(FileType::Symlink) => Blocked::Link,
                        _ => Blocked::NotDirectory,
                    });
                }
                Err(errno) => return Err(Blocked::Failed(Error::read(self.root_path.join(path), errno))),
            }
            self.entered_path = path;
        }
        Ok(Rc::clone(&self.entered))
    }
}
