//! The private root of one package, in which its members are made.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use super::head::{Head, SET_ID};
use super::refusals::Refusals;
use crate::deb::{Member, Members};
use crate::tree::confined::{Blocked, Confined, PRIVATE};
use crate::tree::error::Error;
use crate::tree::group::readable;
use crate::tree::package::Directory;
use crate::tree::path::name_of;
use crate::tree::placement::Placement;
use crate::tree::volume::{
    if_modes_are_kept, refuses, refuses_hard_link, set_time_of_link, times, unless_refused,
};

const BUFFER_SIZE: usize = 128 << 10;

/// Makes what it is told to, and refuses what would lead out of the root.
pub(super) struct PrivateRoot<'a> {
    path: &'a Path,
    refusals: Refusals<'a>,
    placement: Placement<'a>,
    confined: Confined<'a>,
    buffer: Vec<u8>,
    /// Those that were made, in the order of their making.
    pub(super) directories: Vec<Directory>,
    /// How many members took the place of an earlier one of the same path.
    pub(super) replaced: u64,
    /// How many files the group may read or execute only because it shares the volume.
    pub(super) widened: u64,
}

impl<'a> PrivateRoot<'a> {
    /// `path` must not exist yet.
    pub(super) fn create(
        path: &'a Path,
        refusals: Refusals<'a>,
        placement: Placement<'a>,
    ) -> Result<Self, Error> {
        Ok(Self {
            path,
            refusals,
            placement,
            confined: Confined::create(path)?,
            buffer: vec![0; BUFFER_SIZE],
            directories: Vec::new(),
            replaced: 0,
            widened: 0,
        })
    }

    pub(super) fn directory(&mut self, head: &Head<'_>) -> Result<(), Error> {
        if let Some(name) = head.path.file_name() {
            let parent = self.enter_parent(&head.path, head.raw)?;
            match rustix::fs::mkdirat(&*parent, name, PRIVATE) {
                Err(Errno::EXIST) => {
                    let stat = rustix::fs::statat(&*parent, name, AtFlags::SYMLINK_NOFOLLOW);
                    let stat = stat.map_err(|errno| self.unread(&head.path, errno))?;
                    if !FileType::from_raw_mode(stat.st_mode).is_dir() {
                        return Err(self.refusals.duplicate(head.raw));
                    }
                }
                made => made.map_err(|errno| self.unwritten(&head.path, errno))?,
            }
        }
        self.directories.push(self.as_directory(head));
        Ok(())
    }

    pub(super) fn as_directory(&self, head: &Head<'_>) -> Directory {
        let owner = (self.placement.keep_owners && !head.owner.is_root()).then(|| head.owner.clone());
        Directory { path: head.path.clone(), mode: head.mode & 0o3777, mtime: Some(head.mtime), owner }
    }

    pub(super) fn regular<'s>(
        &mut self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        let parent = self.enter_parent(&head.path, head.raw)?;
        let mode = self.file_mode(head);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = self
            .make(&parent, head, |folder, name| {
                retry_on_intr(|| rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(mode & 0o777)))
            })?
            .map_err(|errno| self.unwritten(&head.path, errno))?;
        let mut left = member.size();
        while left > 0 {
            let mut filled = 0;
            while filled < self.buffer.len() {
                match member.read(&mut self.buffer[filled..]) {
                    Ok(0) => break,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(self.refusals.archive(members.error(error))),
                }
            }
            if filled == 0 {
                let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends inside a file");
                return Err(self.refusals.archive(members.error(error)));
            }
            left = left.saturating_sub(filled as u64);
            let mut data = &self.buffer[..filled];
            while !data.is_empty() {
                match rustix::io::write(&file, data) {
                    Ok(0) => return Err(self.unwritten(&head.path, Errno::IO)),
                    Ok(count) => data = &data[count..],
                    Err(Errno::INTR) => {}
                    Err(errno) => return Err(self.unwritten(&head.path, errno)),
                }
            }
        }
        if mode & !self.confined.granted() != 0 {
            if_modes_are_kept(rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)))
                .map_err(|errno| self.unwritten(&head.path, errno))?;
        }
        unless_refused(rustix::fs::futimens(&file, &times(head.mtime)))
            .map_err(|errno| self.unwritten(&head.path, errno))
    }

    fn file_mode(&mut self, head: &Head<'_>) -> u32 {
        let kept = if self.placement.keep_owners { 0o777 | SET_ID } else { 0o777 };
        let mode = head.mode & kept;
        if !self.placement.shared || readable(mode) == mode {
            return mode;
        }
        self.widened += 1;
        readable(mode)
    }

    pub(super) fn symlink(&mut self, target: &[u8], head: &Head<'_>) -> Result<(), Error> {
        if target.is_empty() || target.contains(&0) || target.len() > 4095 {
            return Err(self.refusals.path(head.raw, "its link target is empty, too long or has a NUL byte"));
        }
        let parent = self.enter_parent(&head.path, head.raw)?;
        let name = name_of(&head.path);
        self.make(&parent, head, |folder, name| rustix::fs::symlinkat(target, folder, name))?
            .map_err(|errno| self.unwritten(&head.path, errno))?;
        set_time_of_link(&*parent, name, head.mtime).map_err(|errno| self.unwritten(&head.path, errno))
    }

    /// A hard link to a member that was laid out before, whose place in the private root is `target`.
    pub(super) fn hard_link(
        &mut self,
        target: &Path,
        raw_target: &[u8],
        head: &Head<'_>,
    ) -> Result<(), Error> {
        let refusals = self.refusals;
        let refused = || refusals.hard_link(head.raw, raw_target);
        let name = target.file_name().ok_or_else(refused)?;
        let parent = self.enter_parent(target, raw_target)?;
        match rustix::fs::statat(&*parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {}
            Ok(_) | Err(Errno::NOENT) => return Err(refused()),
            Err(errno) => return Err(self.unread(target, errno)),
        }
        self.link_to(target, head)
    }

    /// Makes a hard link to a file of the private root.
    pub(super) fn link_to(&mut self, target: &Path, head: &Head<'_>) -> Result<(), Error> {
        let target_parent = self.enter_parent(target, head.raw)?;
        let parent = self.enter_parent(&head.path, head.raw)?;
        if *target == *head.path {
            return Err(self.refusals.duplicate(head.raw));
        }
        let (from, to) = (name_of(target), name_of(&head.path));
        let linked = self.make(&parent, head, |folder, name| {
            rustix::fs::linkat(&*target_parent, from, folder, name, AtFlags::empty())
        })?;
        match linked {
            Err(errno) if refuses_hard_link(errno) => copy(&target_parent, from, &parent, to)
                .map_err(|source| Error::write(self.path.join(&head.path), source)),
            linked => linked.map_err(|errno| self.unwritten(&head.path, errno)),
        }
    }

    /// False where the volume has none.
    pub(super) fn fifo(&mut self, head: &Head<'_>) -> Result<bool, Error> {
        let parent = self.enter_parent(&head.path, head.raw)?;
        let name = name_of(&head.path);
        let mode = Mode::from_raw_mode(self.file_mode(head) & 0o777);
        let made = self
            .make(&parent, head, |folder, name| rustix::fs::mknodat(folder, name, FileType::Fifo, mode, 0))?;
        match made {
            Err(errno) if refuses(errno) => return Ok(false),
            made => made.map_err(|errno| self.unwritten(&head.path, errno))?,
        }
        if_modes_are_kept(rustix::fs::chmodat(&*parent, name, mode, AtFlags::empty()))
            .map_err(|errno| self.unwritten(&head.path, errno))?;
        unless_refused(rustix::fs::utimensat(&*parent, name, &times(head.mtime), AtFlags::SYMLINK_NOFOLLOW))
            .map_err(|errno| self.unwritten(&head.path, errno))?;
        Ok(true)
    }

    fn enter_parent(&mut self, path: &Path, raw: &[u8]) -> Result<Rc<OwnedFd>, Error> {
        self.confined.enter_parent(path, &mut self.directories).map_err(|blocked| match blocked {
            Blocked::Link => self.refusals.through_link(raw),
            Blocked::NotDirectory => {
                self.refusals.path(raw, "it passes through something that is no directory")
            }
            Blocked::Failed(error) => error,
        })
    }

    /// Makes a member. One that is there already gives way, as in dpkg, if it is a file or an empty folder; at another folder or
    /// a link, what dpkg does depends on the order. What the volume says to it is for the caller to judge.
    fn make<T>(
        &mut self,
        parent: &OwnedFd,
        head: &Head<'_>,
        make: impl Fn(BorrowedFd<'_>, &OsStr) -> Result<T, Errno>,
    ) -> Result<Result<T, Errno>, Error> {
        let (folder, name) = (parent.as_fd(), name_of(&head.path));
        let made = make(folder, name);
        if !matches!(made, Err(Errno::EXIST)) {
            return Ok(made);
        }
        let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
        let stat = stat.map_err(|errno| self.unread(&head.path, errno))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile | FileType::Fifo => rustix::fs::unlinkat(folder, name, AtFlags::empty()),
            FileType::Directory if !head.kind.is_symlink() => {
                match rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR) {
                    Err(Errno::NOTEMPTY | Errno::EXIST) => return Err(self.refusals.duplicate(head.raw)),
                    removed => {
                        self.directories.retain(|directory| directory.path != head.path);
                        removed
                    }
                }
            }
            _ => return Err(self.refusals.duplicate(head.raw)),
        }
        .map_err(|errno| self.unwritten(&head.path, errno))?;
        self.replaced += 1;
        Ok(make(folder, name))
    }

    fn unread(&self, path: &Path, errno: Errno) -> Error {
        Error::read(self.path.join(path), errno)
    }

    fn unwritten(&self, path: &Path, errno: Errno) -> Error {
        Error::write(self.path.join(path), errno)
    }
}

/// A second file with content, mode and time of one that is there, where it cannot have a second name.
fn copy(folder: &OwnedFd, name: &OsStr, to_folder: &OwnedFd, to: &OsStr) -> io::Result<()> {
    let read = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut original = File::from(rustix::fs::openat(folder, name, read, Mode::empty())?);
    let stat = rustix::fs::fstat(&original)?;
    let write = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut made = File::from(rustix::fs::openat(to_folder, to, write, Mode::RUSR | Mode::WUSR)?);
    io::copy(&mut original, &mut made)?;
    if_modes_are_kept(rustix::fs::fchmod(&made, Mode::from_raw_mode(stat.st_mode & 0o7777)))?;
    Ok(unless_refused(rustix::fs::futimens(&made, &times(stat.st_mtime)))?)
}
