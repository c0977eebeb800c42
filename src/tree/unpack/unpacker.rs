//! Unpacks one package into its own private root, where nothing but its own files can come to harm.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use tar::EntryType;

use super::confined::{Blocked, Confined, PRIVATE};
use super::excluded::{Excluded, Orphan};
use super::group::readable;
use super::owners::{Id, Owned, Owner};
use super::package::{Directory, ENTRY, Layout, Limits, Unpacked};
use super::path::{self, alias, in_tree, is_of_records};
use super::write::times;
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
    layout: Layout<'_>,
) -> Result<Unpacked, Error> {
    let package = artifact.label();
    if !is_plain(&artifact.name, "+-._") || !is_plain(&artifact.architecture, "-") {
        return Err(Error::Name { package: package.escape_debug().to_string() });
    }
    let failed = |source| Error::Deb { package: package.clone(), source };
    deb_file.rewind().map_err(|source| failed(deb::Error::Read { part: "archive", source }))?;
    let mut deb = Deb::open(&mut *deb_file).map_err(failed)?;
    deb.control().identify(artifact).map_err(failed)?;
    let mut unpacker = Unpacker::new(&package, private_root, *limits, layout)?;
    let mut data = deb.data(limits.max_unpacked).map_err(failed)?;
    let mut members = data.members().map_err(failed)?;
    while let Some(member) = members.next() {
        unpacker.member(&mut member.map_err(failed)?, &members)?;
    }
    data.finish().map_err(failed)?;
    let control = deb.finish().map_err(failed)?;
    if unpacker.excluded.has_orphans() {
        deb_file.rewind().map_err(|source| failed(deb::Error::Read { part: "archive", source }))?;
        let mut deb = Deb::open(deb_file).map_err(failed)?;
        let mut data = deb.data(limits.max_unpacked).map_err(failed)?;
        let mut members = data.members().map_err(failed)?;
        while let Some(member) = members.next() {
            unpacker.adopt(&mut member.map_err(failed)?, &members)?;
        }
    }
    unpacker.excluded.restore(&mut unpacker.directories);
    Ok(Unpacked {
        artifact: artifact.clone(),
        control,
        paths: unpacker.paths,
        owned: unpacker.owned,
        widened: unpacker.widened,
        left_out: unpacker.excluded.count,
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
    layout: Layout<'a>,
    root_path: &'a Path,
    confined: Confined,
    excluded: Excluded,
    owned: Vec<Owned>,
    widened: u64,
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
    owner: Owner,
}

impl Orphan {
    fn head(&self, mode: u32, mtime: i64) -> Head<'_> {
        let (listed, path) = (Path::new("/").join(&self.path), self.path.clone());
        // whose it is, its own member has said
        let owner = Owner::default();
        Head { raw: &self.raw, listed, path, kind: EntryType::Regular, mode, mtime, owner }
    }
}

impl<'a> Unpacker<'a> {
    fn new(
        package: &'a str,
        root_path: &'a Path,
        limits: Limits<'a>,
        layout: Layout<'a>,
    ) -> Result<Self, Error> {
        let confined = Confined::create(root_path).map_err(|errno| Error::write(root_path, errno))?;
        Ok(Self {
            package,
            limits,
            layout,
            root_path,
            confined,
            excluded: Excluded::default(),
            owned: Vec::new(),
            widened: 0,
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
        let owner = owner_of(header).map_err(corrupt)?;
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
            owner,
        };
        self.newest_mtime = self.newest_mtime.max(mtime);
        self.refuse_extensions(member, members, &head)?;
        // whatever the filter says, there is a root
        let left_out = !archived.as_os_str().is_empty()
            && self
                .layout
                .filter
                .is_some_and(|filter| filter.leaves_out(&head.listed, kind.is_dir() || kind.is_symlink()));
        if !left_out {
            self.owner(&head);
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
        if left_out {
            self.leave_out(member, &head)?;
            self.skip(member, members)?;
        } else {
            self.take(member.size())?;
            self.lay_out(member, members, &head)?;
        }
        if !archived.as_os_str().is_empty() && !matches!(kind, EntryType::Char | EntryType::Block) {
            self.paths.push(head.listed);
        }
        Ok(())
    }

    /// Notes whose a member is, for later or for the report.
    fn owner(&mut self, head: &Head<'_>) {
        let (path, owner) = (head.listed.clone(), head.owner.clone());
        let (user, group) = (owner.user.number, owner.group.number);
        if self.layout.keep_owners && !head.kind.is_dir() && !owner.is_root() {
            self.names += ENTRY + head.raw.len() as u64;
            self.owned.push(Owned { path, owner, link: head.kind.is_symlink() });
        } else if !self.layout.keep_owners && (user, group) != (0, 0) {
            self.names += ENTRY + head.raw.len() as u64;
            self.notes.push(Note::Owner { path, user, group });
        }
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
        Ok(())
    }

    /// Takes so many bytes from what all packages together may unpack to.
    fn take(&self, size: u64) -> Result<(), Error> {
        match self.limits.allowance {
            Some(allowance) if !allowance.take(size) => {
                Err(Error::Allowance { package: self.package.to_owned(), limit: allowance.total })
            }
            _ => Ok(()),
        }
    }

    /// Remembers what other members may need of one that is left out.
    fn leave_out(&mut self, member: &Member<'_, '_>, head: &Head<'_>) -> Result<(), Error> {
        match head.kind {
            EntryType::Directory => self.excluded.directory(self.as_directory(head)),
            EntryType::Regular => self.excluded.file(&head.path),
            EntryType::Link => {
                let target = member.link_name_bytes().unwrap_or_default();
                self.excluded.hard_link(&head.path, in_tree(&self.parse(&target)?));
            }
            EntryType::Symlink | EntryType::Fifo | EntryType::Char | EntryType::Block => {}
            other => return Err(self.unsupported_kind(head, other)),
        }
        // its path is held for as long as the package is unpacked
        self.names = self.names.saturating_add(2 * (ENTRY + head.raw.len() as u64));
        self.excluded.count.paths += 1;
        self.excluded.count.bytes += member.size();
        Ok(())
    }

    /// Reads the data of a member that nothing is made of: the next member's headers are bounded more narrowly.
    fn skip<'s>(&self, member: &mut Member<'s, '_>, members: &Members<'s, '_>) -> Result<(), Error> {
        io::copy(member, &mut io::sink()).map_err(|error| self.damaged(members.error(error)))?;
        Ok(())
    }

    /// Lays a file that was left out under the names of the hard links to it that stay. dpkg would end with an error.
    fn adopt<'s>(&mut self, member: &mut Member<'s, '_>, members: &Members<'s, '_>) -> Result<(), Error> {
        let archived = self.parse(&member.path_bytes())?;
        let mut orphans = match member.header().entry_type() {
            EntryType::Regular => self.excluded.take_orphans(&in_tree(&archived)).into_iter(),
            _ => Vec::new().into_iter(),
        };
        let Some(first) = orphans.next() else { return self.skip(member, members) };
        let corrupt = |source| Error::Deb { package: self.package.to_owned(), source: members.error(source) };
        let mode = member.header().mode().map_err(corrupt)?;
        let mtime = member.header().mtime().map_err(corrupt)?.cast_signed();
        self.take(member.size())?;
        self.regular(member, members, &first.head(mode, mtime))?;
        for orphan in orphans {
            self.link_to(&first.path, &orphan.head(mode, mtime))?;
        }
        Ok(())
    }

    fn lay_out<'s>(
        &mut self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        if !self.layout.keep_owners
            && head.mode & SET_ID != 0
            && matches!(head.kind, EntryType::Regular | EntryType::Link)
        {
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
            other => Err(self.unsupported_kind(head, other)),
        }
    }

    fn unsupported_kind(&self, head: &Head<'_>, kind: EntryType) -> Error {
        match kind {
            EntryType::GNUSparse => self.unsupported(head, "a sparse file"),
            other => self.unsupported(head, &format!("a tar member of type {:#04x}", other.as_byte())),
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
        self.directories.push(self.as_directory(head));
        Ok(())
    }

    fn as_directory(&self, head: &Head<'_>) -> Directory {
        let owner = (self.layout.keep_owners && !head.owner.is_root()).then(|| head.owner.clone());
        Directory { path: head.path.clone(), mode: head.mode & 0o3777, mtime: Some(head.mtime), owner }
    }

    fn regular<'s>(
        &mut self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        let parent = self.enter_parent(&head.path, head.raw)?;
        let mode = self.file_mode(head);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file =
            rustix::fs::openat(&*parent, name_of(&head.path), flags, Mode::from_raw_mode(mode & 0o777))
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

    fn file_mode(&mut self, head: &Head<'_>) -> u32 {
        let kept = if self.layout.keep_owners { 0o777 | SET_ID } else { 0o777 };
        let mode = head.mode & kept;
        if !self.layout.shared || readable(mode) == mode {
            return mode;
        }
        self.widened += 1;
        readable(mode)
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
        let mut target_path = in_tree(&self.parse(target)?);
        if let Some(original) = self.excluded.original(&target_path).map(Path::to_owned) {
            if self.excluded.is_out(&original) {
                let orphan = Orphan { raw: head.raw.to_owned(), path: head.path.clone() };
                self.names = self.names.saturating_add(3 * (ENTRY + head.raw.len() as u64));
                self.excluded.orphan(&original, orphan);
                return Ok(());
            }
            target_path = original;
        }
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
        self.link_to(&target_path, head)
    }

    /// Makes a hard link to a file of the private root.
    fn link_to(&mut self, target: &Path, head: &Head<'_>) -> Result<(), Error> {
        let target_parent = self.enter_parent(target, head.raw)?;
        let parent = self.enter_parent(&head.path, head.raw)?;
        rustix::fs::linkat(&*target_parent, name_of(target), &*parent, name_of(&head.path), AtFlags::empty())
            .map_err(|errno| self.made(head, errno))
    }

    fn fifo(&mut self, head: &Head<'_>) -> Result<(), Error> {
        let parent = self.enter_parent(&head.path, head.raw)?;
        let name = name_of(&head.path);
        let mode = Mode::from_raw_mode(self.file_mode(head) & 0o777);
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

fn owner_of(header: &tar::Header) -> io::Result<Owner> {
    let id = |name: Option<&[u8]>, number: u64| {
        let number = u32::try_from(number).ok().filter(|number| *number != u32::MAX);
        let number = number.ok_or_else(|| io::Error::other("the number of an owner is out of range"))?;
        Ok::<_, io::Error>(Id {
            name: String::from_utf8_lossy(name.unwrap_or_default()).into_owned(),
            number,
        })
    };
    Ok(Owner {
        user: id(header.username_bytes(), header.uid()?)?,
        group: id(header.groupname_bytes(), header.gid()?)?,
    })
}

/// The last component; all but the root have one, and the root is only ever a directory.
pub(super) fn name_of(path: &Path) -> &std::ffi::OsStr {
    path.file_name().unwrap_or_default()
}

/// A path for a message: escaped, and not arbitrarily long.
fn shown(raw: &[u8]) -> String {
    let end = raw.len().min(300);
    let rest = if end < raw.len() { "…" } else { "" };
    format!("{}{rest}", String::from_utf8_lossy(&raw[..end]).escape_debug())
}
