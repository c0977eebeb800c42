//! Reads the data archive of one package: each member is held against the limits, and laid out or left out.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use tar::EntryType;

use super::excluded::{Excluded, Orphan};
use super::head::{Attributes, Head, SET_ID};
use super::private_root::PrivateRoot;
use super::refusals::Refusals;
use crate::deb::paragraph::fields;
use crate::deb::{self, Deb, Member, Members};
use crate::plan::Artifact;
use crate::tree::dpkg_fields::{can_be_read, is_version};
use crate::tree::error::Error;
use crate::tree::limits::{ENTRY, Limits};
use crate::tree::note::Note;
use crate::tree::ownership::{Owned, Owner};
use crate::tree::package::Unpacked;
use crate::tree::path::{alias, in_tree, is_of_records};
use crate::tree::placement::Placement;

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
    placement: Placement<'_>,
) -> Result<Unpacked, Error> {
    let package = artifact.label();
    if !is_plain(&artifact.name, "+-._") || !is_plain(&artifact.architecture, "-") {
        return Err(Error::Name { package: package.escape_debug().to_string() });
    }
    if !is_version(&artifact.version) {
        return Err(Error::Version { package });
    }
    let refusals = Refusals { package: &package };
    let failed = |source| refusals.archive(source);
    deb_file.rewind().map_err(|source| failed(deb::Error::Read { part: "archive", source }))?;
    let mut deb = Deb::open(&mut *deb_file).map_err(failed)?;
    deb.control().identify(artifact).map_err(failed)?;
    let root = PrivateRoot::create(private_root, refusals, placement)?;
    let mut unpacker = Unpacker::new(refusals, root, *limits, placement);
    let mut data = deb.data(limits.max_unpacked).map_err(failed)?;
    let mut members = data.members().map_err(failed)?;
    while let Some(member) = members.next() {
        unpacker.member(&mut member.map_err(failed)?, &members)?;
    }
    data.finish().map_err(failed)?;
    let control = deb.finish();
    let unread = fields(&control.paragraph)
        .filter(|(name, value)| !value.is_empty() && !can_be_read(name, value, &artifact.architecture))
        .map(|(name, _)| Note::Field { name: name.to_owned() });
    unpacker.notes.extend(unread);
    if unpacker.excluded.has_orphans() {
        deb_file.rewind().map_err(|source| failed(deb::Error::Read { part: "archive", source }))?;
        let mut deb = Deb::open(deb_file).map_err(failed)?;
        let mut data = deb.data(limits.max_unpacked).map_err(failed)?;
        let mut members = data.members().map_err(failed)?;
        while let Some(member) = members.next() {
            unpacker.adopt(&mut member.map_err(failed)?, &members)?;
        }
    }
    unpacker.excluded.restore(&mut unpacker.root.directories);
    Ok(Unpacked {
        artifact: artifact.clone(),
        control,
        paths: unpacker.paths,
        owned: unpacker.owned,
        widened: unpacker.root.widened,
        left_out: unpacker.excluded.count,
        directories: unpacker.root.directories,
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
    refusals: Refusals<'a>,
    limits: Limits<'a>,
    placement: Placement<'a>,
    root: PrivateRoot<'a>,
    excluded: Excluded,
    owned: Vec<Owned>,
    entries: u64,
    names: u64,
    unpacked: u64,
    paths: Vec<PathBuf>,
    aliases: BTreeSet<&'static str>,
    newest_mtime: i64,
    notes: Vec<Note>,
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
        refusals: Refusals<'a>,
        root: PrivateRoot<'a>,
        limits: Limits<'a>,
        placement: Placement<'a>,
    ) -> Self {
        Self {
            refusals,
            limits,
            placement,
            root,
            excluded: Excluded::default(),
            owned: Vec::new(),
            entries: 0,
            names: 0,
            unpacked: 0,
            paths: Vec::new(),
            aliases: BTreeSet::new(),
            newest_mtime: i64::MIN,
            notes: Vec::new(),
        }
    }

    fn member<'s>(&mut self, member: &mut Member<'s, '_>, members: &Members<'s, '_>) -> Result<(), Error> {
        let raw = member.path_bytes().into_owned();
        self.count(member.size(), raw.len())?;
        let attributes = Attributes::of(member.header(), &raw)
            .map_err(|source| self.refusals.archive(members.error(source)))?;
        let archived = self.refusals.parse(&raw)?;
        let head = Head::new(&raw, &archived, attributes);
        self.newest_mtime = self.newest_mtime.max(head.mtime);
        self.refuse_extensions(member, members, &head)?;
        // whatever the filter says, there is a root
        let left_out = !archived.as_os_str().is_empty()
            && self.placement.filter.is_some_and(|filter| {
                filter.leaves_out(&head.listed, head.kind.is_dir() || head.kind.is_symlink())
            });
        let (owned, replaced) = (self.owned.len(), self.root.replaced);
        if !left_out {
            self.owner(&head);
        }
        if let Some(alias) = alias(&archived) {
            self.aliases.insert(alias);
            if archived == *alias {
                return self.alias(alias, member, head);
            }
        }
        if archived.as_os_str().is_empty() && !head.kind.is_dir() {
            return Err(self.refusals.path(&raw, "it is the root, and not a directory"));
        }
        if !head.kind.is_dir() && is_of_records(&head.path) {
            return Err(self.refusals.path(&raw, "the package database is there"));
        }
        let superseded = !left_out && self.excluded.supersede(&head.path);
        if left_out {
            self.leave_out(member, &head)?;
            self.skip(member, members)?;
        } else {
            self.take(member.size())?;
            self.lay_out(member, members, &head)?;
        }
        let again = superseded || self.root.replaced > replaced;
        if again {
            // what was said of the earlier one is of nothing now
            let later = self.owned.split_off(owned);
            self.owned.retain(|owned| owned.path != head.listed);
            self.owned.extend(later);
        }
        let listed =
            !archived.as_os_str().is_empty() && !matches!(head.kind, EntryType::Char | EntryType::Block);
        if listed && !again {
            self.paths.push(head.listed);
        }
        Ok(())
    }

    /// Notes whose a member is, for later or for the report.
    fn owner(&mut self, head: &Head<'_>) {
        let (path, owner) = (head.listed.clone(), head.owner.clone());
        let (user, group) = (owner.user.number, owner.group.number);
        if self.placement.keep_owners && !head.kind.is_dir() && !owner.is_root() {
            self.names += ENTRY + head.raw.len() as u64;
            self.owned.push(Owned { path, owner, link: head.kind.is_symlink() });
        } else if !self.placement.keep_owners && (user, group) != (0, 0) {
            self.names += ENTRY + head.raw.len() as u64;
            self.notes.push(Note::Owner { path, user, group });
        }
    }

    /// Holds a member against the limits before anything is made of it.
    fn count(&mut self, size: u64, path_length: usize) -> Result<(), Error> {
        let package = || self.refusals.package.to_owned();
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
                Err(Error::Allowance { package: self.refusals.package.to_owned(), limit: allowance.total })
            }
            _ => Ok(()),
        }
    }

    /// Remembers what other members may need of one that is left out.
    fn leave_out(&mut self, member: &Member<'_, '_>, head: &Head<'_>) -> Result<(), Error> {
        match head.kind {
            EntryType::Directory => self.excluded.directory(self.root.as_directory(head)),
            EntryType::Regular => self.excluded.file(&head.path),
            EntryType::Link => {
                let target = member.link_name_bytes().unwrap_or_default();
                self.excluded.hard_link(&head.path, in_tree(&self.refusals.parse(&target)?));
            }
            EntryType::Symlink | EntryType::Fifo | EntryType::Char | EntryType::Block => {}
            other => return Err(self.refusals.unsupported_kind(head.raw, other)),
        }
        // its path is held for as long as the package is unpacked
        self.names = self.names.saturating_add(2 * (ENTRY + head.raw.len() as u64));
        self.excluded.count.paths += 1;
        self.excluded.count.bytes += member.size();
        Ok(())
    }

    /// Reads the data of a member that nothing is made of: the next member's headers are bounded more narrowly.
    fn skip<'s>(&self, member: &mut Member<'s, '_>, members: &Members<'s, '_>) -> Result<(), Error> {
        io::copy(member, &mut io::sink()).map_err(|error| self.refusals.archive(members.error(error)))?;
        Ok(())
    }

    /// Lays a file that was left out under the names of the hard links to it that stay. dpkg would end with an error.
    fn adopt<'s>(&mut self, member: &mut Member<'s, '_>, members: &Members<'s, '_>) -> Result<(), Error> {
        let archived = self.refusals.parse(&member.path_bytes())?;
        let mut orphans = match member.header().entry_type() {
            EntryType::Regular => self.excluded.take_orphans(&in_tree(&archived)).into_iter(),
            _ => Vec::new().into_iter(),
        };
        let Some(first) = orphans.next() else { return self.skip(member, members) };
        let refusals = self.refusals;
        let corrupt = |source| refusals.archive(members.error(source));
        let mode = member.header().mode().map_err(corrupt)?;
        let mtime = member.header().mtime().map_err(corrupt)?.cast_signed();
        self.take(member.size())?;
        self.root.regular(member, members, &first.head(mode, mtime))?;
        for orphan in orphans {
            self.root.link_to(&first.path, &orphan.head(mode, mtime))?;
        }
        Ok(())
    }

    fn lay_out<'s>(
        &mut self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        if !self.placement.keep_owners
            && head.mode & SET_ID != 0
            && matches!(head.kind, EntryType::Regular | EntryType::Link)
        {
            self.notes.push(Note::SetId { path: head.listed.clone(), mode: head.mode & 0o7777 });
        }
        match head.kind {
            EntryType::Directory => self.root.directory(head),
            EntryType::Regular => self.root.regular(member, members, head),
            EntryType::Symlink => {
                let target = member.link_name_bytes().unwrap_or_default().into_owned();
                self.root.symlink(&target, head)
            }
            EntryType::Link => {
                let target = member.link_name_bytes().unwrap_or_default().into_owned();
                self.hard_link(&target, head)
            }
            EntryType::Fifo => {
                if !self.root.fifo(head)? {
                    self.notes.push(Note::Fifo { path: head.listed.clone() });
                }
                Ok(())
            }
            EntryType::Char | EntryType::Block => {
                self.notes.push(Note::Device { path: head.listed.clone() });
                Ok(())
            }
            other => Err(self.refusals.unsupported_kind(head.raw, other)),
        }
    }

    /// A link to what was left out waits for that: see [`Self::adopt`].
    fn hard_link(&mut self, target: &[u8], head: &Head<'_>) -> Result<(), Error> {
        let mut target_path = in_tree(&self.refusals.parse(target)?);
        if let Some(original) = self.excluded.original(&target_path).map(Path::to_owned) {
            if self.excluded.is_out(&original) {
                let orphan = Orphan { raw: head.raw.to_owned(), path: head.path.clone() };
                self.names = self.names.saturating_add(3 * (ENTRY + head.raw.len() as u64));
                self.excluded.orphan(&original, orphan);
                return Ok(());
            }
            target_path = original;
        }
        self.root.hard_link(&target_path, target, head)
    }

    /// What dpkg refuses, or reads otherwise than the tar crate does: two readers of one archive must not differ.
    fn refuse_extensions<'s>(
        &self,
        member: &mut Member<'s, '_>,
        members: &Members<'s, '_>,
        head: &Head<'_>,
    ) -> Result<(), Error> {
        let refusals = self.refusals;
        let corrupt = |source| refusals.archive(members.error(source));
        if head.kind.is_pax_global_extensions() || member.pax_extensions().map_err(corrupt)?.is_some() {
            return Err(self.refusals.unsupported(head.raw, "described by a PAX header"));
        }
        if head.kind != EntryType::Regular && member.size() != 0 {
            return Err(self.refusals.unsupported(head.raw, "a member with data that is no regular file"));
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
            return Err(self.refusals.usr_merge(head.raw));
        }
        self.paths.push(head.listed);
        Ok(())
    }
}
