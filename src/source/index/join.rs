//! The parts of all sources, joined: names numbered anew, and the packages that have or provide each of them listed.

use super::kinds::RelationField;
use super::names::{NameId, Names};
use super::odd::{Odd, Outcome};
use super::part::Part;
use super::record::{Alternative, PackageId, Qualifier, Record, Text};

/// All packages of all sources.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) names: Names,
    pub(super) texts: Vec<String>,
    pub(super) records: Vec<Record>,
    pub(super) alternatives: Vec<Alternative>,
    /// By the number of the record, ascending.
    pub(super) sources: Vec<(u32, Text)>,
    pub(super) versions: Table,
    pub(super) providers: Table,
    /// By the number of the record.
    pub(super) sha512: Vec<(usize, [u8; 64])>,
    /// With the number of its part.
    pub(super) odd: Vec<(usize, Odd)>,
    odd_count: usize,
}

/// Lists of package ids by name, in one allocation.
#[derive(Debug, Default)]
pub(super) struct Table {
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
        let mut ids = vec![PackageId::from_index(0); starts.last().copied().unwrap_or_default() as usize];
        for (name, id) in pairs {
            let slot = &mut next[name.index()];
            ids[*slot as usize] = id;
            *slot += 1;
        }
        Self { starts, ids }
    }

    /// The packages of a name; none for one that is not of this index.
    pub(super) fn get(&self, name: NameId) -> &[PackageId] {
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
            let first = index.records.len();
            index.sha512.extend(part.sha512.drain(..).map(|(record, digest)| (first + record, digest)));
            index.odd_count += part.odd.count;
            index.odd.extend(part.odd.told.drain(..).map(|mut odd| {
                if let Outcome::Unusable(record) = &mut odd.outcome {
                    *record += first;
                }
                (number, odd)
            }));
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
            let before = index.records.len() as u32;
            index.sources.extend(part.sources.iter().map(|(record, text)| (record + before, *text)));
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
                let provided =
                    index.records[id.index()].alternatives(&index.alternatives, RelationField::Provides);
                provided.iter().map(move |provided| (provided.name, id))
            }),
        );
        index
    }

    /// Number of packages, every version counted.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The stanzas that make no sense, or not in every field, each with the number of its part: those that can be told
    /// of.
    pub(crate) fn odd(&self) -> impl Iterator<Item = (usize, &Odd)> {
        self.odd.iter().map(|(part, odd)| (*part, odd))
    }

    /// How many of them there are.
    pub(crate) fn oddities(&self) -> usize {
        self.odd_count
    }

    /// All names that packages have or that relations mention.
    pub fn names(&self) -> &Names {
        &self.names
    }
}
