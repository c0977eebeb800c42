//! Unpacks one package into its own private root, where nothing but its own files can come to harm.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use tar::EntryType;

use super::confined::{Blocked, Confined, PRIVATE};
use super::package::{Directory, ENTRY, Limits, Unpacked};
use super::path::{self, alias, in_tree, is_of_records};
use super::{Error, Note};
use crate::deb::{self, Deb, Member, Members};
use crate::plan::Artifact;

const BUFFER_SIZE: usize = 128 << 10;

const SET_ID: u32 = 0o6000;

/// Lays the files of a package out beneath `private_root`, a directory that must not exist yet.
///
/// Paths are merged-usr, owners become the current user, set-id bits are dropped, directories stay accessible to
/// the current user alone until the tree is finished. Nothing outside of `private_root` is touched, whatever the
/// archive holds. On failure `private_root` is left as it is, for the caller to remove.
pub fn unpack(
    deb_file: &mut File,
    artifact: &Artifact,
    private_root: &Path,
    limits: &Limits<'_>,
) -> Result<Unpacked, Error> {
    let package = artifact.label();
    if !is_plain(&artifact.name, "+-._") || !is_plain(&artifact.architecture, "-") {
        return Err(Error::Name { package: package.escape_debug().to_string() });
    }
    let failed = |source| Error::Deb { package: package.clone(), source };
    deb_file.rewind().map_err(|source| failed(deb::Error::Read { part: "archive", source }))?;
    let mut deb = Deb::open(deb_file).map_err(failed)?;
    deb.control().identify(artifact).map_err(failed)?;
    let mut unpacker = Unpacker::new(&package, private_root, *limits)?;
    let mut data = deb.data(limits.max_unpacked).map_err(failed)?;
    let mut members = data.members().map_err(failed)?;
    while let Some(member) = members.next() {
        unpacker.member(&mut member.map_err(failed)?, &members)?;
    }
    data.finish().map_err(failed)?;
    Ok(Unpacked {
        artifact: artifact.clone(),
        control: deb.finish().map_err(failed)?,
        paths: unpacker.paths,
        directories: unpacker.directories,
        aliases: unpacker.aliases,
        newest_mtime: unpacker.newest_mtime,
        notes: unpacker.notes,
    })
}

/// Whether dpkg would take this for a package or architecture name; none such leads a path astray.
fn is_plain(name: &str, more: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || more.contains(char))
}

struct Unpacker<'a> {
    package: &'a str,
    limits: Limits<'a>,
    root_path: &'a Path,
    confined: Confined,
    buffer: Vec<u8>,
    entries: u64,
    names: u64,
    unpacked: u64,
    paths: Vec<PathBuf>,
    directories: Vec<Directory>,
    aliases: BTreeSet<&'static str>,
    newest_mtime: i64,
    notes: Vec<Note>,
}

/// What the header of a member says.
struct Head<'a> {
    raw: &'a [u8],
    /// As archived, absolute.
    listed: PathBuf,
    /// Relative to the private root.
    path: PathBuf,
    kind: EntryType,
    mode: u32,
    mtime: i64,
}

impl<'a> Unpacker<'a> {
    fn new(package: &'a str, root_path: &'a Path, limits: Limits<'a>) -> Result<Self, Error> {
        let confined = Confined::create(root_path).map_err(|errno| Error::write(root_path, errno))?;
        Ok(Self {
            package,
            limits,
            root_path,
            confined,
            buffer: vec![0; BUFFER_SIZE],
            entries: 0,
            names: 0,
            unpacked: 0,
            paths: Vec::new(),
            directories: Vec::new(),
            aliases: BTreeSet::new(),
            newest_mtime: i64::MIN,
            notes: Vec::new(),
        })
    }

    fn member<'s>(&mut self, member: &mut Member<'s, '_>, members: &Members<'s, '_>) -> Result<(), Error> {
        let raw = member.path_bytes().into_owned();
        self.count(member.size(), raw.len())?;
        let corrupt = |source| Error::Deb { package: self.package.to_owned(), source: members.error(source) };
        let header = member.header();
        let mode = header.mode().map_err(corrupt)?;
        // Times before 1970 are negative in base 256.
        let mtime = header.mtime().map_err(corrupt)?.cast_signed();
        let (user, group) = (header.uid().map_err(corrupt)?, header.gid().map_err(corrupt)?);
        let kind = match header.entry_type() {
            // As old tars wrote directories; dpkg reads them so too.
            EntryType::Regular if raw.ends_with(b"/") => EntryType::Directory,
            kind => kind,
        };
        let archived = self.parse(&raw)?;
        let head = Head {
            listed: Path::new("/").join(&archived),
            path: in_tree(&archived),
            raw: &raw,
            kind,
            mode,
            mtime,
        };
        self.newest_mtime = self.newest_mtime.max(mtime);
        self.refuse_extensions(member, members, &head)?;
        if (user, group) != (0, 0) {
            self.names += ENTRY + raw.len() as u64;
            self.notes.push(Note::Owner { path: head.listed.clone(), user, group });
        }
        if let Some(alias) = alias(&archived) {
            self.aliases.insert(alias);
            if archived == *alias {
                return self.alias(alias, member, head);
            }
        }
        if archived.as_os_str().is_empty() && !kind.is_dir() {
            return Err(self.refuse(&raw, "it is the root, and not a directory"));
        }
        if !kind.is_dir() && is_of_records(&head.path) {
            return Err(self.refuse(&raw, "the package database is there"));
        }
        self.lay_out(member, members, &head)?;
        if !archived.as_os_str().is_empty() && !matches!(kind, EntryType::Char | EntryType::Block) {
            self.paths.push(head.listed);
        }
        Ok(())
    }

    /// Holds a member against the limits before anything is made of it.
    fn count(&mut self, size: u64, path_length: usize) -> Result<(), Error> {
        let package = || self.package.to_owned();
        self.entries += 1;
        if self.entries > self.limits.max_entries {
            return Err(Error::TooMany { package: package(), limit: self.limits.max_entries });
        }
        self.names = self.names.saturating_add(ENTRY).saturating_add(path_length as u64);
        if self.names > self.limits.max_names {
            return Err(Error::LongNames { package: package(), limit: self.limits.max_names });
        }
        self.unpacked = self.unpacked.saturating_add(size);
        if self.unpacked > self.limits.max_unpacked {
            let source = deb::Error::TooLarge { part: "data.tar", limit: self.limits.max_unpacked };
            return Err(Error::Deb { package: package(), source });
        }
        match self.limits.allowance {
            Some(allowance) if !allowance.take(size) => {
                Err(Error::Allowance { package: package(), limit: allowance.total })
            }
            _ => Ok(()),
        }
    }

    fn lay_out<'s>(
        &mut self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        if head.mode & SET_ID != 0 && matches!(head.kind, EntryType::Regular | EntryType::Link) {
            self.notes.push(Note::SetId { path: head.listed.clone(), mode: head.mode & 0o7777 });
        }
        match head.kind {
            EntryType::Directory => self.directory(head),
            EntryType::Regular => self.regular(member, members, head),
            EntryType::Symlink => {
                let target = member.link_name_bytes().unwrap_or_default().into_owned();
                self.symlink(&target, head)
            }
            EntryType::Link => {
                let target = member.link_name_bytes().unwrap_or_default().into_owned();
                self.hard_link(&target, head)
            }
            EntryType::Fifo => self.fifo(head),
            EntryType::Char | EntryType::Block => {
                self.notes.push(Note::Device { path: head.listed.clone() });
                Ok(())
            }
            EntryType::GNUSparse => Err(self.unsupported(head, "a sparse file")),
            other => Err(self.unsupported(head, &format!("a tar member of type {:#04x}", other.as_byte()))),
        }
    }

    /// What dpkg refuses, or reads otherwise than the tar crate does: two readers of one archive must not differ.
    fn refuse_extensions<'s>(
        &self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        let corrupt = |source| Error::Deb { package: self.package.to_owned(), source: members.error(source) };
        if head.kind.is_pax_global_extensions() || member.pax_extensions().map_err(corrupt)?.is_some() {
            return Err(self.unsupported(head, "described by a PAX header"));
        }
        if head.kind != EntryType::Regular && member.size() != 0 {
            return Err(self.unsupported(head, "a member with data that is no regular file"));
        }
        Ok(())
    }

    /// `./lib` itself, as a directory or as the link that base-files has: the tree makes that link.
    fn alias(&mut self, alias: &str, member: &Member<'_, '_>, head: Head<'_>) -> Result<(), Error> {
        let usual = match head.kind {
            EntryType::Directory => true,
            EntryType::Symlink => {
                let target = member.link_name_bytes().unwrap_or_default();
                let target = target.strip_prefix(b"/").unwrap_or(&target);
                target.strip_prefix(b"usr/") == Some(alias.as_bytes())
            }
            _ => false,
        };
        if !usual {
            return Err(Error::UsrMerge { package: self.package.to_owned(), path: shown(head.raw) });
        }
        self.paths.push(head.listed);
        Ok(())
    }

    fn directory(&mut self, head: &Head<'_>) -> Result<(), Error> {
        if let Some(name) = head.path.file_name() {
            let parent = self.enter_parent(&head.path, head.raw)?;
            match rustix::fs::mkdirat(&*parent, name, PRIVATE) {
                Err(Errno::EXIST) => {
                    let stat = rustix::fs::statat(&*parent, name, AtFlags::SYMLINK_NOFOLLOW);
                    let stat = stat.map_err(|errno| self.write(&head.path, errno))?;
                    if !FileType::from_raw_mode(stat.st_mode).is_dir() {
                        return Err(self.duplicate(head.raw));
                    }
                }
                made => made.map_err(|errno| self.write(&head.path, errno))?,
            }
        }
        let mode = head.mode & 0o3777;
        self.directories.push(Directory { path: head.path.clone(), mode, mtime: Some(head.mtime) });
        Ok(())
    }

    fn regular<'s>(
        &mut self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        let parent = self.enter_parent(&head.path, head.raw)?;
        let mode = head.mode & 0o777;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&*parent, name_of(&head.path), flags, Mode::from_raw_mode(mode))
            .map_err(|errno| self.made(head, errno))?;
        let mut left = member.size();
        while left > 0 {
            let mut filled = 0;
            while filled < self.buffer.len() {
                match member.read(&mut self.buffer[filled..]) {
                    Ok(0) => break,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(self.damaged(members.error(error))),
                }
            }
            if filled == 0 {
                let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends inside a file");
                return Err(self.damaged(members.error(error)));
            }
            left = left.saturating_sub(filled as u64);
            let mut data = &self.buffer[..filled];
            while !data.is_empty() {
                match rustix::io::write(&file, data) {
                    Ok(0) => return Err(self.write(&head.path, Errno::IO)),
                    Ok(count) => data = &data[count..],
                    Err(Errno::INTR) => {}
                    Err(errno) => return Err(self.write(&head.path, errno)),
                }
            }
        }
        if mode & !self.confined.granted() != 0 {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))
                .map_err(|errno| self.write(&head.path, errno))?;
        }
        rustix::fs::futimens(&file, &times(head.mtime)).map_err(|errno| self.write(&head.path, errno))
    }

    fn symlink(&mut self, target: &[u8], head: &Head<'_>) -> Result<(), Error> {
        if target.is_empty() || target.contains(&0) || target.len() > 4095 {
            return Err(self.refuse(head.raw, "its link target is empty, too long or has a NUL byte"));
        }
        let parent = self.enter_parent(&head.path, head.raw)?;
        let name = name_of(&head.path);
        rustix::fs::symlinkat(target, &*parent, name).map_err(|errno| self.made(head, errno))?;
        rustix::fs::utimensat(&*parent, name, &times(head.mtime), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| self.write(&head.path, errno))
    }

    fn hard_link(&mut self, target: &[u8], head: &Head<'_>) -> Result<(), Error> {
        let target_path = in_tree(&self.parse(target)?);
        let refused = Error::HardLink {
            package: self.package.to_owned(),
            path: shown(head.raw),
            target: shown(target),
        };
        let Some(target_name) = target_path.file_name() else { return Err(refused) };
        let target_parent = self.enter_parent(&target_path, target)?;
        match rustix::fs::statat(&*target_parent, target_name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode).is_file() => {}
            Ok(_) | Err(Errno::NOENT) => return Err(refused),
            Err(errno) => return Err(self.write(&target_path, errno)),
        }
        let parent = self.enter_parent(&head.path, head.raw)?;
        rustix::fs::linkat(&*target_parent, target_name, &*parent, name_of(&head.path), AtFlags::empty())
            .map_err(|errno| self.made(head, errno))
    }

    fn fifo(&mut self, head: &Head<'_>) -> Result<(), Error> {
        let parent = self.enter_parent(&head.path, head.raw)?;
        let name = name_of(&head.path);
        let mode = Mode::from_raw_mode(head.mode & 0o777);
        rustix::fs::mknodat(&*parent, name, FileType::Fifo, mode, 0)
            .map_err(|errno| self.made(head, errno))?;
        rustix::fs::chmodat(&*parent, name, mode, AtFlags::empty())
            .map_err(|errno| self.write(&head.path, errno))?;
        rustix::fs::utimensat(&*parent, name, &times(head.mtime), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| self.write(&head.path, errno))
    }

    fn enter_parent(&mut self, path: &Path, raw: &[u8]) -> Result<Rc<OwnedFd>, Error> {
        self.confined.enter_parent(path, &mut self.directories).map_err(|blocked| match blocked {
            Blocked::Link => Error::ThroughLink { package: self.package.to_owned(), path: shown(raw) },
            Blocked::NotDirectory => self.refuse(raw, "it passes through something that is no directory"),
            Blocked::Failed { path, errno } => self.write(&path, errno),
        })
    }

    fn parse(&self, raw: &[u8]) -> Result<PathBuf, Error> {
        path::parse(raw).map_err(|reason| self.refuse(raw, reason))
    }

    fn refuse(&self, raw: &[u8], reason: &'static str) -> Error {
        Error::Path { package: self.package.to_owned(), path: shown(raw), reason }
    }

    fn unsupported(&self, head: &Head<'_>, kind: &str) -> Error {
        Error::Unsupported { package: self.package.to_owned(), path: shown(head.raw), kind: kind.to_owned() }
    }

    fn duplicate(&self, raw: &[u8]) -> Error {
        Error::Duplicate { package: self.package.to_owned(), path: shown(raw) }
    }

    /// What a failure to make a member means.
    fn made(&self, head: &Head<'_>, errno: Errno) -> Error {
        if errno == Errno::EXIST { self.duplicate(head.raw) } else { self.write(&head.path, errno) }
    }

    fn damaged(&self, source: deb::Error) -> Error {
        Error::Deb { package: self.package.to_owned(), source }
    }

    fn write(&self, path: &Path, errno: Errno) -> Error {
        Error::write(self.root_path.join(path), errno)
    }
}

/// The last component; all but the root have one, and the root is only ever a directory.
pub(super) fn name_of(path: &Path) -> &std::ffi::OsStr {
    path.file_name().unwrap_or_default()
}

pub(super) fn times(mtime: i64) -> Timestamps {
    let time = Timespec { tv_sec: mtime, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}

/// A path for a message: escaped, and not arbitrarily long.
fn shown(raw: &[u8]) -> String {
    let end = raw.len().min(300);
    let rest = if end < raw.len() { "…" } else { "" };
    format!("{}{rest}", String::from_utf8_lossy(&raw[..end]).escape_debug())
}
