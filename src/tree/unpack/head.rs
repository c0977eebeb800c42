//! What the header of an archive member says.

use std::io;
use std::path::{Path, PathBuf};

use tar::EntryType;

use crate::tree::ownership::{Account, Owner};
use crate::tree::path::in_tree;

/// The bits that a user other than root loses, unless owners are kept: set-user-id and set-group-id.
pub(super) const SET_ID: u32 = 0o6000;

/// What a header says besides the path.
pub(super) struct Attributes {
    pub(super) kind: EntryType,
    pub(super) mode: u32,
    pub(super) mtime: i64,
    pub(super) owner: Owner,
}

impl Attributes {
    /// `raw` is the path as archived.
    pub(super) fn of(header: &tar::Header, raw: &[u8]) -> io::Result<Self> {
        Ok(Self {
            mode: header.mode()?,
            // Times before 1970 are negative in base 256.
            mtime: header.mtime()?.cast_signed(),
            owner: owner_of(header)?,
            kind: match header.entry_type() {
                // As old tars wrote directories; dpkg reads them so too.
                EntryType::Regular if raw.ends_with(b"/") => EntryType::Directory,
                kind => kind,
            },
        })
    }
}

fn owner_of(header: &tar::Header) -> io::Result<Owner> {
    let account = |name: Option<&[u8]>, number: u64| {
        let number = u32::try_from(number).ok().filter(|number| *number != u32::MAX);
        let number = number.ok_or_else(|| io::Error::other("the number of an owner is out of range"))?;
        Ok::<_, io::Error>(Account {
            name: String::from_utf8_lossy(name.unwrap_or_default()).into_owned(),
            number,
        })
    };
    Ok(Owner {
        user: account(header.username_bytes(), header.uid()?)?,
        group: account(header.groupname_bytes(), header.gid()?)?,
    })
}

/// A member that is being laid out.
pub(super) struct Head<'a> {
    /// Its path as archived, for messages.
    pub(super) raw: &'a [u8],
    /// As archived, absolute.
    pub(super) listed: PathBuf,
    /// Relative to the private root.
    pub(super) path: PathBuf,
    pub(super) kind: EntryType,
    pub(super) mode: u32,
    pub(super) mtime: i64,
    pub(super) owner: Owner,
}

impl<'a> Head<'a> {
    /// `archived` is the path that `raw` is.
    pub(super) fn new(raw: &'a [u8], archived: &Path, attributes: Attributes) -> Self {
        let Attributes { kind, mode, mtime, owner } = attributes;
        Self { listed: Path::new("/").join(archived), path: in_tree(archived), raw, kind, mode, mtime, owner }
    }
}
