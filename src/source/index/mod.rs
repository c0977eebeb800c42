//! The index: the parsed `Packages` of all sources, compact enough to hold a whole Debian in a few dozen MiB.
//!
//! Names are interned in the order in which apt would first meet them: a stanza's own name, then the names of
//! its relations, field by field. apt breaks ties between providers by that order, so it is kept.

mod names;
mod package;
mod parse;

use std::io::Read;

pub use names::{NameId, Names};
pub use package::Package;
pub use parse::BadIndex;

use crate::control::relation::Operator;
use crate::digest::Sha256;

/// One version of one package; an index into the [`Index`] that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(u32);

impl PackageId {
    /// A number below [`Index::len`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The inverse of [`PackageId::index`].
    #[expect(clippy::cast_possible_truncation, reason = "an index holds fewer than 2^32 records")]
    pub fn from_index(index: usize) -> Self {
        Self(index as u32)
    }
}

/// The relation fields that decide what is installed (Debian Policy 7), in apt's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `Pre-Depends`
    PreDepends,
    /// `Depends`
    Depends,
    /// `Conflicts`
    Conflicts,
    /// `Breaks`
    Breaks,
    /// `Recommends`
    Recommends,
    /// `Provides`
    Provides,
}

impl Kind {
    const COUNT: usize = 6;

    /// As a control file spells it.
    pub fn field(self) -> &'static str {
        match self {
            Self::PreDepends => "Pre-Depends",
            Self::Depends => "Depends",
            Self::Conflicts => "Conflicts",
            Self::Breaks => "Breaks",
            Self::Recommends => "Recommends",
            Self::Provides => "Provides",
        }
    }
}

/// A stretch of the text arena of one part.
#[derive(Debug, Clone, Copy, Default)]
#[repr(Rust, packed(2))]
struct Text {
    start: u32,
    length: u16,
}

/// The architecture qualifier of a relation (the Multi-Arch specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
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
    pub qualifier: Qualifier,
    /// How its version is compared.
    pub operator: Operator,
    version: Text,
    last: bool,
}

/// `Multi-Arch` (the Multi-Arch specification; deb-control(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MultiArch {
    /// The default.
    #[default]
    No,
    /// Co-installable with itself of another architecture.
    Same,
    /// Satisfies dependencies of any architecture.
    Foreign,
    /// Satisfies `name:any`.
    Allowed,
}

/// `Priority`, the most important first (Debian Policy 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[expect(missing_docs, reason = "the names are Debian's")]
pub enum Priority {
    Required,
    Important,
    Standard,
    #[default]
    Optional,
    Extra,
}

#[derive(Debug, Clone)]
struct Record {
    name: NameId,
    architecture: NameId,
    part: u16,
    multi_arch: MultiArch,
    priority: Priority,
    essential: bool,
    important: bool,
    version: Text,
    filename: Text,
    size: u64,
    installed_size: u64,
    sha256: Option<Sha256>,
    relations: u32,
    ends: [u16; Kind::COUNT],
}

/// What one `Packages` file held. Made by [`Part::read`], joined into an [`Index`].
#[derive(Debug, Default)]
pub struct Part {
    names: Names,
    text: String,
    records: Vec<Record>,
    alternatives: Vec<Alternative>,
}

impl Part {
    /// Parses a `Packages` file while it is read; its text is never held as a whole.
    pub fn read(reader: impl Read) -> Result<Self, BadIndex> {
        parse::read(reader, 0)
    }

    /// The same, where it is known to have about that many bytes.
    pub fn read_sized(reader: impl Read, bytes: u64) -> Result<Self, BadIndex> {
        parse::read(reader, bytes)
    }

    /// Number of stanzas.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no stanza.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// All packages of all sources.
#[derive(Debug, Default)]
pub struct Index {
    names: Names,
    texts: Vec<String>,
    records: Vec<Record>,
    alternatives: Vec<Alternative>,
    versions: Table,
    providers: Table,
}

/// Lists of package ids by name, in one allocation.
#[derive(Debug, Default)]
struct Table {
    starts: Vec<u32>,
    ids: Vec<PackageId>,
}

impl Table {
    fn new(names: usize, pairs: impl Iterator<Item = (NameId, PackageId)> + Clone) -> Self {
        let mut starts = vec![0_u32; names + 1];
        for (name, _) in pairs.clone() {
            starts[name.index() + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut ids = vec![PackageId(0); starts.last().copied().unwrap_or_default() as usize];
        for (name, id) in pairs {
            let slot = &mut next[name.index()];
            ids[*slot as usize] = id;
            *slot += 1;
        }
        Self { starts, ids }
    }

    fn get(&self, name: NameId) -> &[PackageId] {
        match self.starts.get(name.index()..name.index() + 2) {
            Some(bounds) => &self.ids[bounds[0] as usize..bounds[1] as usize],
            None => &[],
        }
    }
}

impl Index {
    /// Joins the parts, in the order of their sources. The part number of a package is the part's place here.
    #[expect(clippy::cast_possible_truncation, reason = "parts and relations are counted in u16 and u32")]
    pub fn new(parts: Vec<Part>) -> Self {
        let mut index = Self::default();
        for (number, mut part) in parts.into_iter().enumerate() {
            let base = index.alternatives.len() as u32;
            if number == 0 {
                index.names = part.names;
            } else {
                let renamed: Vec<NameId> = part.names.iter().map(|name| index.names.intern(name)).collect();
                for record in &mut part.records {
                    record.name = renamed[record.name.index()];
                    record.architecture = renamed[record.architecture.index()];
                    record.part = number as u16;
                    record.relations += base;
                }
                for alternative in &mut part.alternatives {
                    alternative.name = renamed[alternative.name.index()];
                    if let Qualifier::Architecture(name) = &mut alternative.qualifier {
                        *name = renamed[name.index()];
                    }
                }
            }
            index.texts.push(part.text);
            if index.records.is_empty() {
                (index.records, index.alternatives) = (part.records, part.alternatives);
            } else {
                index.records.append(&mut part.records);
                index.alternatives.append(&mut part.alternatives);
            }
        }
        let ids = (0..index.records.len()).map(PackageId::from_index);
        index.versions =
            Table::new(index.names.len(), ids.clone().map(|id| (index.records[id.index()].name, id)));
        index.providers = Table::new(
            index.names.len(),
            ids.flat_map(|id| {
                index.package(id).alternatives(Kind::Provides).iter().map(move |p| (p.name, id))
            }),
        );
        index
    }

    /// Number of packages, every version counted.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All names that packages have or that relations mention.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The packages of that name, in the order of the sources.
    pub fn versions(&self, name: NameId) -> impl Iterator<Item = Package<'_>> + Clone {
        self.versions.get(name).iter().map(|id| self.package(*id))
    }

    /// The packages that name it in `Provides`, whatever the version; one may come twice.
    pub fn providers(&self, name: NameId) -> impl Iterator<Item = Package<'_>> + Clone {
        self.providers.get(name).iter().map(|id| self.package(*id))
    }

    /// One package.
    pub fn package(&self, id: PackageId) -> Package<'_> {
        Package { index: self, id, record: &self.records[id.index()] }
    }

    /// All packages, in the order of the sources.
    pub fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        (0..self.records.len()).map(|i| self.package(PackageId::from_index(i)))
    }
}
