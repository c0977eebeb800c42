//! How a stanza is held: as numbers that stand for names, and as stretches of one text.

use super::fields::Field;
use super::kinds::{MultiArch, Priority, RelationField};
use super::names::NameId;
use crate::control::relation::Operator;
use crate::digest::Sha256;

/// One version of one package; an index into the [`Index`](super::Index) that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(u32);

impl PackageId {
    /// A number below [`Index::len`](super::Index::len).
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The inverse of [`PackageId::index`].
    #[expect(clippy::cast_possible_truncation, reason = "an index holds fewer than 2^32 records")]
    pub(crate) fn from_index(index: usize) -> Self {
        Self(index as u32)
    }
}

/// A stretch of the text of one part. In six bytes rather than eight: an index has one for each relation.
#[derive(Debug, Clone, Copy, Default)]
#[repr(Rust, packed(2))]
pub(super) struct Text {
    pub(super) start: u32,
    pub(super) length: u16,
}

/// The architecture qualifier of a relation (the Multi-Arch specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Qualifier {
    /// None: the depending package's own architecture, or a `Multi-Arch: foreign` package of any.
    None,
    /// `:any`: a package that says `Multi-Arch: allowed`.
    Any,
    /// `:ARCH`
    Architecture(NameId),
}

/// One alternative of a relation.
#[derive(Debug, Clone, Copy)]
pub struct Alternative {
    /// The package, real or virtual.
    pub name: NameId,
    /// What follows its colon.
    pub(crate) qualifier: Qualifier,
    /// How its version is compared.
    pub operator: Operator,
    /// Empty where there is none.
    pub(super) version: Text,
    /// Whether this ends its group, that is, no `|` follows.
    pub(super) last: bool,
}

/// One version of one package, without what it refers to: names, texts and alternatives are kept in lists of all.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: NameId,
    pub(super) architecture: NameId,
    pub(super) part: u16,
    pub(super) multi_arch: MultiArch,
    pub(super) priority: Priority,
    pub(super) essential: bool,
    pub(super) important: bool,
    pub(super) version: Text,
    pub(super) filename: Text,
    pub(super) size: u64,
    pub(super) installed_size: u64,
    pub(super) sha256: Option<Sha256>,
    /// Where its alternatives begin in the list of all.
    pub(super) relations: u32,
    /// Where those of each [`RelationField`] end, counted from there.
    pub(super) ends: [u16; RelationField::COUNT],
    /// The field for which it cannot be installed.
    pub(super) bad: Option<Field>,
}

impl Record {
    /// Its alternatives of one field, all groups after one another, in the list `all` of its index.
    #[inline]
    pub(super) fn alternatives<'a>(&self, all: &'a [Alternative], kind: RelationField) -> &'a [Alternative] {
        let start = match kind as usize {
            0 => 0,
            n => usize::from(self.ends[n - 1]),
        };
        let base = self.relations as usize;
        &all[base + start..base + usize::from(self.ends[kind as usize])]
    }
}
