//! Interned names.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

/// A name of an [`Index`](super::Index); smaller ids were met earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

impl NameId {
    /// A number below [`Names::len`].
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The inverse of [`NameId::index`].
    #[expect(clippy::cast_possible_truncation, reason = "an index holds fewer than 2^32 names")]
    pub(crate) fn from_index(index: usize) -> Self {
        Self(index as u32)
    }
}

/// Names in the order of their first mention, each once, in one allocation.
#[derive(Debug, Default)]
pub struct Names {
    text: String,
    ends: Vec<u32>,
    table: HashTable<NameId>,
    hasher: DefaultHashBuilder,
}

impl Names {
    /// None yet, with room for so many.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self {
            text: String::with_capacity(count * 24),
            ends: Vec::with_capacity(count),
            table: HashTable::with_capacity(count),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// About how many bytes they take: for each, its end, its number, and as much again in the table.
    pub(super) fn memory(&self) -> usize {
        self.text.len() + self.ends.len() * 4 * size_of::<u32>()
    }

    /// The id of a name, new or known.
    #[expect(clippy::cast_possible_truncation, reason = "the names of an index take less than 4 GiB")]
    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        let Self { text, ends, table, hasher } = self;
        let hash = hasher.hash_one(name);
        if let Some(id) = table.find(hash, |id| get(text, ends, *id) == name) {
            return *id;
        }
        let id = NameId(ends.len() as u32);
        text.push_str(name);
        ends.push(text.len() as u32);
        table.insert_unique(hash, id, |id| hasher.hash_one(get(text, ends, *id)));
        id
    }

    /// The id of a known name.
    pub fn find(&self, name: &str) -> Option<NameId> {
        let hash = self.hasher.hash_one(name);
        self.table.find(hash, |id| self.get(*id) == name).copied()
    }

    /// The name of an id of this table.
    pub fn get(&self, id: NameId) -> &str {
        get(&self.text, &self.ends, id)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All names, in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.ids().map(|id| self.get(id))
    }

    /// All ids, ascending.
    #[expect(clippy::cast_possible_truncation, reason = "ids are u32")]
    pub fn ids(&self) -> impl Iterator<Item = NameId> + use<> {
        (0..self.ends.len() as u32).map(NameId)
    }
}

fn get<'a>(text: &'a str, ends: &[u32], id: NameId) -> &'a str {
    let start = if id.0 == 0 { 0 } else { ends[id.index() - 1] };
    &text[start as usize..ends[id.index()] as usize]
}
