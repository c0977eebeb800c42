//! `mime.cache`, which programs map into memory instead of the other files (Shared MIME-info Database specification,
//! 2.14): big-endian, with the strings first. Their order differs from update-mime-database's, which no reader sees.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::database::{Database, Glob};
use super::magic::Match;

const HEADER: usize = 44;
const MAJOR: u16 = 1;
const MINOR: u16 = 2;
const CASE_SENSITIVE: u32 = 0x100;

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Kind {
    Literal,
    /// `*` and what a name ends with.
    Suffix,
    Full,
}

fn kind(pattern: &str) -> Kind {
    let rest = pattern.strip_prefix('*').unwrap_or(pattern);
    if rest.contains(['\\', '[', '?', '*']) {
        Kind::Full
    } else if rest.len() < pattern.len() {
        Kind::Suffix
    } else {
        Kind::Literal
    }
}

/// The file; `None` where it would exceed what 32 bits can address.
pub(super) fn write(database: &Database) -> Option<Vec<u8>> {
    let mut cache = Cache { bytes: vec![0; HEADER], strings: BTreeMap::new() };
    cache.strings(database)?;
    let mut offsets = Vec::new();

    offsets.push(cache.place()?);
    let pairs = database.aliases.iter().map(|(alias, name)| vec![alias.as_str(), &**name]);
    cache.table(pairs.collect())?;

    offsets.push(cache.place()?);
    cache.parents(database)?;

    offsets.push(cache.place()?);
    cache.globs(database, Kind::Literal)?;

    offsets.push(cache.place()?);
    cache.suffixes(database)?;

    offsets.push(cache.place()?);
    cache.globs(database, Kind::Full)?;

    offsets.push(cache.place()?);
    cache.magics(database)?;

    offsets.push(cache.place()?);
    let triples = database.namespaces.iter().map(|(key, name)| {
        let (uri, local) = key.split_once(' ').unwrap_or((key, ""));
        vec![uri, local, &**name]
    });
    cache.table(triples.collect())?;

    for icons in [&database.icons, &database.generic_icons] {
        offsets.push(cache.place()?);
        cache.table(icons.iter().map(|(name, icon)| vec![&**name, icon.as_str()]).collect())?;
    }

    // update-mime-database writes no offsets here, and nothing reads them
    offsets.push(cache.place()?);
    let count = database.types.len();
    cache.number(u32::try_from(count).ok()?);
    cache.bytes.resize(cache.bytes.len() + 4 * count, 0);

    let mut header = [MAJOR.to_be_bytes(), MINOR.to_be_bytes()].concat();
    header.extend(offsets.into_iter().flat_map(u32::to_be_bytes));
    cache.bytes.get_mut(..HEADER)?.copy_from_slice(&header);
    cache.place()?;
    Some(cache.bytes)
}

struct Cache {
    bytes: Vec<u8>,
    strings: BTreeMap<String, u32>,
}

impl Cache {
    fn place(&self) -> Option<u32> {
        u32::try_from(self.bytes.len()).ok()
    }

    fn number(&mut self, number: u32) {
        self.bytes.extend(number.to_be_bytes());
    }

    fn string(&mut self, text: &str) -> Option<()> {
        let place = *self.strings.get(text)?;
        self.number(place);
        Some(())
    }

    fn data(&mut self, data: &[u8]) {
        self.bytes.extend(data);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn strings(&mut self, database: &Database) -> Option<()> {
        let mut all: BTreeSet<&str> = BTreeSet::new();
        for (one, other) in &database.aliases {
            all.extend([one.as_str(), &**other]);
        }
        for (name, parents) in &database.parents {
            all.insert(name);
            all.extend(parents.iter().map(String::as_str));
        }
        for (pattern, globs) in &database.globs {
            if kind(pattern) != Kind::Suffix {
                all.insert(pattern);
            }
            all.extend(globs.iter().map(|glob| &*glob.r#type));
        }
        all.extend(database.magics.iter().map(|magic| &*magic.r#type));
        for (key, name) in &database.namespaces {
            all.extend(key.split(' '));
            all.insert(name);
        }
        for (name, icon) in database.icons.iter().chain(&database.generic_icons) {
            all.extend([&**name, icon.as_str()]);
        }
        for text in all {
            let place = self.place()?;
            self.strings.insert(text.to_owned(), place);
            self.data(&[text.as_bytes(), b"\0"].concat());
        }
        Some(())
    }

    fn table(&mut self, rows: Vec<Vec<&str>>) -> Option<()> {
        self.number(u32::try_from(rows.len()).ok()?);
        for text in rows.into_iter().flatten() {
            self.string(text)?;
        }
        Some(())
    }

    fn parents(&mut self, database: &Database) -> Option<()> {
        let count = u32::try_from(database.parents.len()).ok()?;
        self.number(count);
        let mut list = self.place()?.checked_add(count.checked_mul(8)?)?;
        for (name, parents) in &database.parents {
            self.string(name)?;
            self.number(list);
            list = list.checked_add(u32::try_from(4 + 4 * parents.len()).ok()?)?;
        }
        for parents in database.parents.values() {
            self.table(parents.iter().map(|parent| vec![parent.as_str()]).collect())?;
        }
        Some(())
    }

    fn globs(&mut self, database: &Database, wanted: Kind) -> Option<()> {
        let globs: Vec<(&String, &Glob)> = database
            .globs
            .iter()
            .filter(|(pattern, _)| kind(pattern) == wanted)
            .flat_map(|(pattern, globs)| globs.iter().map(move |glob| (pattern, glob)))
            .collect();
        self.number(u32::try_from(globs.len()).ok()?);
        for (pattern, glob) in globs {
            self.string(pattern)?;
            self.string(&glob.r#type)?;
            self.number(weight(glob));
        }
        Some(())
    }

    /// A tree of the letters from the end, level by level.
    fn suffixes(&mut self, database: &Database) -> Option<()> {
        let mut root = Suffix::default();
        for (pattern, globs) in database.globs.iter().filter(|(pattern, _)| kind(pattern) == Kind::Suffix) {
            for glob in globs {
                root.insert(pattern.chars().rev().take(pattern.chars().count() - 1), glob);
            }
        }
        self.number(u32::try_from(root.len()).ok()?);
        let mut child = self.place()?.checked_add(4)?;
        self.number(child);
        child = child.checked_add(u32::try_from(12 * root.len()).ok()?)?;
        let mut queue = VecDeque::from([&root]);
        while let Some(node) = queue.pop_front() {
            for (name, weight) in &node.ends {
                self.number(0);
                self.string(name)?;
                self.number(*weight);
            }
            for (letter, inner) in &node.letters {
                self.number(u32::from(*letter));
                self.number(u32::try_from(inner.len()).ok()?);
                self.number(child);
                child = child.checked_add(u32::try_from(12 * inner.len()).ok()?)?;
                queue.push_back(inner);
            }
        }
        Some(())
    }

    fn magics(&mut self, database: &Database) -> Option<()> {
        let mut matches = Vec::new();
        let firsts: Vec<usize> =
            database.magics.iter().map(|magic| collect(&magic.matches, &mut matches)).collect();
        let extent =
            |(one, _): &(&Match, usize)| u64::from(one.start) + u64::from(one.length) + one.data.len() as u64;
        let extent = matches.iter().map(extent).max().unwrap_or(0);
        self.number(u32::try_from(firsts.len()).ok()?);
        self.number(u32::try_from(extent).ok()?);
        let list = self.place()?.checked_add(4)?;
        self.number(list);
        let base = list as usize + 16 * firsts.len();
        let place = |number: usize| u32::try_from(base + 32 * number).ok();
        for (magic, first) in database.magics.iter().zip(firsts) {
            self.number(u32::from(magic.priority));
            self.string(&magic.r#type)?;
            self.number(u32::try_from(magic.matches.len()).ok()?);
            self.number(place(first)?);
        }
        let mut data = base + 32 * matches.len();
        for (one, first) in &matches {
            let size = u32::try_from(one.data.len()).ok()?;
            for number in [one.start, one.length, u32::from(one.word), size, u32::try_from(data).ok()?] {
                self.number(number);
            }
            data = (data + one.data.len()).next_multiple_of(4);
            if one.mask.is_some() {
                self.number(u32::try_from(data).ok()?);
                data = (data + one.data.len()).next_multiple_of(4);
            } else {
                self.number(0);
            }
            self.number(u32::try_from(one.matches.len()).ok()?);
            self.number(if one.matches.is_empty() { 0 } else { place(*first)? });
        }
        for (one, _) in matches {
            self.data(&one.data);
            if let Some(mask) = &one.mask {
                self.data(mask);
            }
        }
        Some(())
    }
}

fn weight(glob: &Glob) -> u32 {
    u32::from(glob.weight) | if glob.is_case_sensitive { CASE_SENSITIVE } else { 0 }
}

/// Lists matches, those beside each other first, and then those inside each; returns the number of the first. With
/// each goes the number of the first inside.
fn collect<'a>(list: &'a [Match], all: &mut Vec<(&'a Match, usize)>) -> usize {
    let first = all.len();
    all.extend(list.iter().map(|one| (one, 0)));
    for (at, one) in list.iter().enumerate() {
        let inside = collect(&one.matches, all);
        if let Some((_, place)) = all.get_mut(first + at) {
            *place = inside;
        }
    }
    first
}

/// What names have before the letters so far.
#[derive(Debug, Default)]
struct Suffix {
    ends: Vec<(String, u32)>,
    letters: BTreeMap<char, Suffix>,
}

impl Suffix {
    fn len(&self) -> usize {
        self.ends.len() + self.letters.len()
    }

    fn insert(&mut self, letters: impl Iterator<Item = char>, glob: &Glob) {
        let mut node = self;
        for letter in letters {
            node = node.letters.entry(letter).or_default();
        }
        match node.ends.iter_mut().find(|(name, _)| **name == *glob.r#type) {
            Some((_, known)) => *known = (*known).max(weight(glob)),
            None => node.ends.push((glob.r#type.to_string(), weight(glob))),
        }
    }
}
