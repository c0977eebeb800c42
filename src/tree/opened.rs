//! A directory that is open, with its path for messages. What is in it is reached through the open directory, and so through
//! no link that a package may have put on the way.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::error::Error;

use crate::arrange::Arrange as _;

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open directory.
pub(super) struct Opened {
    directory: OwnedFd,
    path: PathBuf,
}

impl AsFd for Opened {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

impl Opened {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        match rustix::fs::openat(CWD, path, DIRECTORY, Mode::empty()) {
            Ok(directory) => Ok(Self { directory, path: path.to_owned() }),
            Err(errno) => Err(Error::read(path, errno)),
        }
    }

    /// Opens a directory of this one.
    pub(super) fn enter(&self, name: &OsStr) -> Result<Self, Error> {
        let path = self.path.join(name);
        match rustix::fs::openat(&self.directory, name, DIRECTORY, Mode::empty()) {
            Ok(directory) => Ok(Self { directory, path }),
            Err(errno) => Err(Error::read(path, errno)),
        }
    }

    /// The names in it, sorted: their own order is the file system's whim.
    pub(super) fn names(&self) -> Result<Vec<OsString>, Error> {
        let unread = |errno: Errno| Error::read(&self.path, errno);
        let mut names: Vec<OsString> = Vec::new();
        for entry in Dir::read_from(&self.directory).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        names.arrange();
        Ok(names)
    }

    /// What something in it is, no link followed; `None` where there is no such name.
    pub(super) fn stat(&self, name: &OsStr) -> Result<Option<Stat>, Error> {
        match rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.unread(name, errno)),
        }
    }

    /// Where a link in it leads.
    pub(super) fn link(&self, name: &OsStr) -> Result<CString, Error> {
        rustix::fs::readlinkat(&self.directory, name, Vec::new()).map_err(|errno| self.unread(name, errno))
    }

    /// Removes a file or link, or with `REMOVEDIR` an empty directory.
    pub(super) fn remove(&self, name: &OsStr, flags: AtFlags) -> Result<(), Error> {
        rustix::fs::unlinkat(&self.directory, name, flags).map_err(|errno| self.unwritten(name, errno))
    }

    /// Moves something to another directory, over what may be there.
    pub(super) fn move_to(&self, name: &OsStr, other: &Self) -> Result<(), Error> {
        rustix::fs::renameat(&self.directory, name, &other.directory, name)
            .map_err(|errno| other.unwritten(name, errno))
    }

    fn file(&self, name: &OsStr) -> Result<File, Error> {
        match rustix::fs::openat(&self.directory, name, FILE, Mode::empty()) {
            Ok(file) => Ok(File::from(file)),
            Err(errno) => Err(self.unread(name, errno)),
        }
    }

    /// That something in it cannot be read.
    pub(super) fn unread(&self, name: &OsStr, source: impl Into<io::Error>) -> Error {
        Error::read(self.path.join(name), source)
    }

    fn unwritten(&self, name: &OsStr, source: impl Into<io::Error>) -> Error {
        Error::write(self.path.join(name), source)
    }
}

pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Whether two files of one name, none of them a directory, are of one kind and content.
pub(super) fn same_file(
    one: &Opened,
    stat: &Stat,
    other: &Opened,
    stat_of_other: &Stat,
    name: &OsStr,
) -> Result<bool, Error> {
    match (kind(stat), kind(stat_of_other)) {
        (FileType::RegularFile, FileType::RegularFile) if stat.st_size == stat_of_other.st_size => {
            same_content(one, other, name)
        }
        (FileType::Symlink, FileType::Symlink) => Ok(one.link(name)? == other.link(name)?),
        (FileType::Fifo, FileType::Fifo) => Ok(true),
        _ => Ok(false),
    }
}

fn same_content(one: &Opened, other: &Opened, name: &OsStr) -> Result<bool, Error> {
    let (mut one_file, mut other_file) = (one.file(name)?, other.file(name)?);
    let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let count = one_file.read(&mut left).map_err(|source| one.unread(name, source))?;
        if count == 0 {
            return Ok(true);
        }
        match other_file.read_exact(&mut right[..count]) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read.map_err(|source| other.unread(name, source))?,
        }
        if left[..count] != right[..count] {
            return Ok(false);
        }
    }
}
