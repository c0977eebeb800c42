//! Reads a `Packages` file: stanzas of `Field: value` lines between empty lines (Debian Policy 5.1).

use std::io::{self, Read};
use std::ops::Range;

use super::kinds::{MultiArch, Priority, RelationField};
use super::names::Names;
use super::part::Part;
use super::record::{Alternative, Qualifier, Record, Text};
use crate::control::relation;
use crate::digest::Sha256;

/// A `Packages` file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadIndex {
    /// Reading or decoding failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A stanza is not what Debian Policy 5 asks for.
    #[error("the stanza of package '{package}' (number {number}) has a bad {field}: {reason}")]
    Stanza {
        /// `Package`, or `?` where it is missing.
        package: String,
        /// Counted from 1.
        number: usize,
        /// The field at fault.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// More text, names or relations than the index can address.
    #[error("it is too large: {0}")]
    TooLarge(&'static str),
}

/// A stanza longer than this is no package.
const LONGEST_STANZA: usize = 16 << 20;
const CHUNK: usize = 64 << 10;
/// What an index may take of memory besides half of its own size, which is what Debian's take.
const SPARE_MEMORY: usize = 8 << 20;
/// Debian's largest index has some 60 MiB.
const LARGEST_HINT: usize = 64 << 20;

/// The fields that are read, by the way apt meets their names.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Field {
    Package,
    Version,
    Architecture,
    MultiArch,
    Priority,
    Essential,
    Important,
    Protected,
    Filename,
    Size,
    InstalledSize,
    Sha256,
    PreDepends,
    Depends,
    Conflicts,
    Breaks,
    Recommends,
    Suggests,
    Replaces,
    Enhances,
    Provides,
}

const FIELDS: [(Field, &str); 21] = [
    (Field::Package, "Package"),
    (Field::Version, "Version"),
    (Field::Architecture, "Architecture"),
    (Field::MultiArch, "Multi-Arch"),
    (Field::Priority, "Priority"),
    (Field::Essential, "Essential"),
    (Field::Important, "Important"),
    (Field::Protected, "Protected"),
    (Field::Filename, "Filename"),
    (Field::Size, "Size"),
    (Field::InstalledSize, "Installed-Size"),
    (Field::Sha256, "SHA256"),
    (Field::PreDepends, "Pre-Depends"),
    (Field::Depends, "Depends"),
    (Field::Conflicts, "Conflicts"),
    (Field::Breaks, "Breaks"),
    (Field::Recommends, "Recommends"),
    (Field::Suggests, "Suggests"),
    (Field::Replaces, "Replaces"),
    (Field::Enhances, "Enhances"),
    (Field::Provides, "Provides"),
];

/// The known field that a line begins with. Field names are not case-sensitive (Debian Policy 5.1).
#[inline]
fn field_of(line: &[u8]) -> Option<Field> {
    use Field::{Architecture, Breaks, Conflicts, Depends, Enhances, Essential, Filename, Important};
    use Field::{InstalledSize, MultiArch, Package, PreDepends, Priority, Protected, Provides};
    use Field::{Recommends, Replaces, Sha256, Size, Suggests, Version};
    let likely: &[Field] = match line.first()?.to_ascii_lowercase() {
        b'a' => &[Architecture],
        b'b' => &[Breaks],
        b'c' => &[Conflicts],
        b'd' => &[Depends],
        b'e' => &[Essential, Enhances],
        b'f' => &[Filename],
        b'i' => &[InstalledSize, Important],
        b'm' => &[MultiArch],
        b'p' => &[Package, Priority, Provides, PreDepends, Protected],
        b'r' => &[Recommends, Replaces],
        b's' => &[Size, Sha256, Suggests],
        b'v' => &[Version],
        _ => &[],
    };
    for field in likely {
        let name = FIELDS[*field as usize].1.as_bytes();
        if line.get(name.len()) == Some(&b':') {
            let own = &line[..name.len()];
            // hardly ever spelt differently, and then a plain comparison is faster
            if own == name || own.eq_ignore_ascii_case(name) {
                return Some(*field);
            }
        }
    }
    None
}

impl Part {
    /// Parses a `Packages` file while it is read; its text is never held as a whole.
    pub fn read(reader: impl Read) -> Result<Self, BadIndex> {
        read(reader, 0)
    }

    /// The same, where it is known to have about that many bytes.
    pub fn read_sized(reader: impl Read, bytes: u64) -> Result<Self, BadIndex> {
        read(reader, bytes)
    }
}

fn read(mut reader: impl Read, bytes: u64) -> Result<Part, BadIndex> {
    let mut stanzas = Stanzas { part: sized(bytes), number: 0 };
    let mut buffer = vec![0; CHUNK];
    let mut filled = 0;
    // of an index of unknown size nothing is known; it is the user's own
    let allowed = match usize::try_from(bytes).unwrap_or(usize::MAX) {
        0 => usize::MAX,
        bytes => SPARE_MEMORY.saturating_add(bytes / 2),
    };
    loop {
        if filled == buffer.len() {
            if filled > LONGEST_STANZA {
                return Err(BadIndex::TooLarge("a stanza of more than 16 MiB"));
            }
            buffer.resize(filled * 2, 0);
        }
        let count = match reader.read(&mut buffer[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        };
        filled += count;
        if count > 0 && filled < buffer.len() {
            continue;
        }
        let mut done = 0;
        loop {
            let text = &buffer[done..filled];
            match split(text) {
                (values, Some(end)) => {
                    stanzas.take(&text[..end], &values)?;
                    done += end + 1;
                }
                (values, None) if count == 0 => {
                    stanzas.take(text, &values)?;
                    return Ok(stanzas.part);
                }
                // the rest of it is still to be read
                _ => break,
            }
        }
        if stanzas.part.memory() > allowed {
            return Err(BadIndex::TooLarge("more relations or packages than an index of its size can have"));
        }
        buffer.copy_within(done..filled, 0);
        filled -= done;
    }
}

/// Room for what that many bytes hold in Debian. Lists that grow into it are never copied, and what they do not
/// reach costs no memory, since nothing writes to it.
fn sized(bytes: u64) -> Part {
    let bytes = usize::try_from(bytes).unwrap_or(LARGEST_HINT).min(LARGEST_HINT);
    Part {
        names: Names::with_capacity(bytes / 512),
        text: String::with_capacity(bytes / 7),
        records: Vec::with_capacity(bytes / 640),
        alternatives: Vec::with_capacity(bytes / 112),
    }
}

struct Stanzas {
    part: Part,
    number: usize,
}

type Values = [Range<usize>; FIELDS.len()];

impl Stanzas {
    fn take(&mut self, stanza: &[u8], values: &Values) -> Result<(), BadIndex> {
        if stanza.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        self.number += 1;
        if let Err(Bad { field, reason }) = self.add(stanza, values) {
            let name = String::from_utf8_lossy(stanza[values[Field::Package as usize].clone()].trim_ascii());
            let package = if name.is_empty() { "?".to_owned() } else { name.into_owned() };
            return match field {
                Some(field) => Err(BadIndex::Stanza {
                    package,
                    number: self.number,
                    field: FIELDS[field as usize].1,
                    reason,
                }),
                None => Err(BadIndex::TooLarge("more than 4 GiB of text or relations")),
            };
        }
        Ok(())
    }

    fn add(&mut self, stanza: &[u8], values: &Values) -> Result<(), Bad> {
        let bytes = |field: Field| stanza[values[field as usize].clone()].trim_ascii();
        let value = |field: Field| match bytes(field) {
            [] => Ok(""),
            bytes => std::str::from_utf8(bytes).map_err(|_| Bad::new(field, "it is not UTF-8")),
        };
        let required = |field: Field| match value(field)? {
            "" => Err(Bad::new(field, "it is missing")),
            text => Ok(text),
        };
        let number = |field: Field| match value(field)? {
            "" => Ok(0),
            text => text.parse().map_err(|_| Bad::new(field, format!("'{text}' is not a number"))),
        };
        let word = |field: Field| {
            let text = required(field)?;
            match text.as_bytes().iter().all(u8::is_ascii_graphic) {
                true => Ok(text),
                false => Err(Bad::new(field, format!("'{text}' is not one word"))),
            }
        };

        let name = self.part.names.intern(word(Field::Package)?);
        let relations = narrow(self.part.alternatives.len())?;
        let mut ends = [0; RelationField::COUNT];
        for (field, kind) in [
            (Field::PreDepends, Some(RelationField::PreDepends)),
            (Field::Depends, Some(RelationField::Depends)),
            (Field::Conflicts, Some(RelationField::Conflicts)),
            (Field::Breaks, Some(RelationField::Breaks)),
            (Field::Recommends, Some(RelationField::Recommends)),
            (Field::Suggests, None),
            (Field::Replaces, None),
            (Field::Enhances, None),
            (Field::Provides, Some(RelationField::Provides)),
        ] {
            if !bytes(field).is_empty() {
                self.relations(field, value(field)?, kind.is_some())?;
            }
            if let Some(kind) = kind {
                let count = self.part.alternatives.len() - relations as usize;
                ends[kind as usize] =
                    u16::try_from(count).map_err(|_| Bad::new(field, "more than 65535 relations"))?;
            }
        }
        let sha256 = match value(Field::Sha256)? {
            "" => None,
            text => Some(text.parse::<Sha256>().map_err(|bad| Bad::new(Field::Sha256, bad.to_string()))?),
        };
        let record = Record {
            name,
            architecture: self.part.names.intern(word(Field::Architecture)?),
            part: 0,
            multi_arch: match bytes(Field::MultiArch) {
                b"same" => MultiArch::Same,
                b"foreign" => MultiArch::Foreign,
                b"allowed" => MultiArch::Allowed,
                _ => MultiArch::No,
            },
            priority: match bytes(Field::Priority) {
                b"required" => Priority::Required,
                b"important" => Priority::Important,
                b"standard" => Priority::Standard,
                b"extra" => Priority::Extra,
                _ => Priority::Optional,
            },
            essential: bytes(Field::Essential) == b"yes",
            important: bytes(Field::Important) == b"yes" || bytes(Field::Protected) == b"yes",
            version: self.text(Field::Version, word(Field::Version)?)?,
            filename: self.text(Field::Filename, value(Field::Filename)?)?,
            size: number(Field::Size)?,
            installed_size: number(Field::InstalledSize)?,
            sha256,
            relations,
            ends,
        };
        self.part.records.push(record);
        Ok(())
    }

    /// Interns every name, in order; keeps the relations themselves where they matter.
    fn relations(&mut self, field: Field, value: &str, keep: bool) -> Result<(), Bad> {
        for relation in relation::parse(value) {
            let relation = relation.map_err(|bad| Bad::new(field, bad.to_string()))?;
            let qualifier = match relation.qualifier {
                None => Qualifier::None,
                Some("any") => Qualifier::Any,
                Some(architecture) => Qualifier::Architecture(self.part.names.intern(architecture)),
            };
            // apt files `name:any` under a name of its own, so it does not count as a mention of `name`
            if !keep && qualifier == Qualifier::Any {
                continue;
            }
            let name = self.part.names.intern(relation.name);
            if keep {
                let version = self.text(field, relation.version)?;
                self.part.alternatives.push(Alternative {
                    name,
                    qualifier,
                    operator: relation.operator,
                    version,
                    last: relation.last,
                });
            }
        }
        Ok(())
    }

    fn text(&mut self, field: Field, text: &str) -> Result<Text, Bad> {
        if text.is_empty() {
            return Ok(Text::default());
        }
        let start = narrow(self.part.text.len())?;
        let length =
            u16::try_from(text.len()).map_err(|_| Bad::new(field, "it is longer than 65535 bytes"))?;
        self.part.text.push_str(text);
        Ok(Text { start, length })
    }
}

fn narrow(number: usize) -> Result<u32, Bad> {
    u32::try_from(number).map_err(|_| Bad { field: None, reason: String::new() })
}

struct Bad {
    field: Option<Field>,
    reason: String,
}

impl Bad {
    fn new(field: Field, reason: impl Into<String>) -> Self {
        Self { field: Some(field), reason: reason.into() }
    }
}

/// Finds the value of each known field of the first stanza, with the white space around it, continuation lines
/// included; and where the empty line after the stanza is.
fn split(text: &[u8]) -> (Values, Option<usize>) {
    let mut values: Values = std::array::from_fn(|_| 0..0);
    let mut current: Option<Field> = None;
    let mut start = 0;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
        let line = &text[start..end];
        match line.first() {
            None => return (values, Some(start)),
            Some(b' ' | b'\t') => {
                if let Some(field) = current {
                    values[field as usize].end = end;
                }
            }
            Some(_) => {
                current = field_of(line);
                if let Some(field) = current {
                    values[field as usize] = start + FIELDS[field as usize].1.len() + 1..end;
                }
            }
        }
        start = end + 1;
    }
    (values, None)
}

#[cfg(test)]
mod tests;
