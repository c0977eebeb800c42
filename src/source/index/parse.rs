//! Reads a `Packages` file: stanzas of `Field: value` lines between empty lines (Debian Policy 5.1).
//!
//! apt is the measure of what a field may say. A stanza that makes no sense to it ends apt; here it costs itself only.

use std::borrow::Cow;
use std::io::{self, Read};

use super::fields::{Field, Values, split};
use super::kinds::{MultiArch, Priority, RelationField};
use super::names::Names;
use super::odd::{Oddities, Outcome};
use super::part::Part;
use super::record::{Alternative, Qualifier, Record, Text};
use super::wanted::Wanted;
use crate::control::relation::{self, Operator};
use crate::control::text::{decoded, is_yes, leading_number};
use crate::digest::{Checksum, Sha256};

/// A `Packages` file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadIndex {
    /// Reading or decoding failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The only stanza cannot be read.
    #[error("package '{package}' has a bad {field}: {reason}")]
    Stanza {
        /// `Package`, or `?` where it is missing.
        package: String,
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
/// An `Installed-Size` above 1 GiB and of so many times the size of the `.deb` is one in bytes, or no number of anything.
const IMPLAUSIBLE: u64 = 1000;

impl Part {
    /// Parses a `Packages` file while it is read; its text is never held as a whole.
    pub fn read(reader: impl Read) -> Result<Self, BadIndex> {
        read(reader, 0, &Wanted::default())
    }

    /// The same, where it is known to have about that many bytes.
    pub fn read_sized(reader: impl Read, bytes: u64) -> Result<Self, BadIndex> {
        read(reader, bytes, &Wanted::default())
    }

    /// The same for what is wanted of it.
    pub(crate) fn read_wanted(reader: impl Read, bytes: u64, wanted: &Wanted) -> Result<Self, BadIndex> {
        read(reader, bytes, wanted)
    }
}

fn read(mut reader: impl Read, bytes: u64, wanted: &Wanted) -> Result<Part, BadIndex> {
    let mut stanzas = Stanzas { part: sized(bytes), wanted };
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
        sources: Vec::new(),
        sha512: Vec::new(),
        odd: Oddities::default(),
    }
}

struct Stanzas<'a> {
    part: Part,
    wanted: &'a Wanted,
}

/// One stanza, seen field by field.
struct Stanza<'a> {
    text: &'a [u8],
    values: &'a Values,
}

impl<'a> Stanza<'a> {
    fn bytes(&self, field: Field) -> &'a [u8] {
        self.text[self.values[field as usize].clone()].trim_ascii()
    }

    fn value(&self, field: Field) -> Cow<'a, str> {
        match self.bytes(field) {
            [] => Cow::Borrowed(""),
            bytes => decoded(bytes),
        }
    }

    fn word(&self, field: Field) -> Result<Cow<'a, str>, Bad> {
        let text = self.value(field);
        match text.as_bytes() {
            [] => Err(Bad::new(field, "it is missing")),
            bytes if bytes.iter().all(u8::is_ascii_graphic) => Ok(text),
            _ => Err(Bad::new(field, format!("'{text}' is not one word"))),
        }
    }

    /// None where it is not there, as in the status of dpkg.
    fn size(&self) -> Result<u64, Bad> {
        match &*self.value(Field::Size) {
            "" => Ok(0),
            text => leading_number(text)
                .ok_or_else(|| Bad::new(Field::Size, format!("'{text}' is not a number of bytes"))),
        }
    }

    /// In KiB. One that says nothing is as good as none.
    fn installed_size(&self, size: u64) -> u64 {
        let kibibytes = leading_number(&self.value(Field::InstalledSize)).unwrap_or(0);
        let implausible = (size / 1024 + 1).saturating_mul(IMPLAUSIBLE).max(1 << 20);
        if kibibytes > implausible { 0 } else { kibibytes }
    }

    fn sha256(&self) -> Result<Option<Sha256>, Bad> {
        match &*self.value(Field::Sha256) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Bad::digest(Field::Sha256, text)),
        }
    }

    /// Only where it is needed.
    fn sha512(&self) -> Result<Option<[u8; 64]>, Bad> {
        match (&*self.value(Field::Sha512), Checksum::from_hex(&self.value(Field::Sha512))) {
            ("", _) => Ok(None),
            (_, Some(Checksum::Sha512(digest))) => Ok(Some(digest)),
            (text, _) => Err(Bad::digest(Field::Sha512, text)),
        }
    }

    fn multi_arch(&self) -> MultiArch {
        match self.bytes(Field::MultiArch) {
            // as in apt
            b"same" if self.bytes(Field::Architecture) == b"all" => MultiArch::No,
            b"same" => MultiArch::Same,
            b"foreign" => MultiArch::Foreign,
            b"allowed" => MultiArch::Allowed,
            _ => MultiArch::No,
        }
    }

    fn priority(&self) -> Priority {
        let word = self.bytes(Field::Priority);
        let known = [
            ("", Priority::Optional),
            ("required", Priority::Required),
            ("important", Priority::Important),
            ("standard", Priority::Standard),
            ("optional", Priority::Optional),
        ];
        let found = known.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map_or(Priority::Extra, |(_, priority)| *priority)
    }

    fn flag(&self, field: Field) -> bool {
        let bytes = self.bytes(field);
        !bytes.is_empty() && std::str::from_utf8(bytes).is_ok_and(is_yes)
    }
}

impl Stanzas<'_> {
    fn take(&mut self, text: &[u8], values: &Values) -> Result<(), BadIndex> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let stanza = Stanza { text, values };
        match self.add(&stanza) {
            Ok(()) => Ok(()),
            Err(Bad { field: Some(field), reason }) => {
                self.part.odd.push(&stanza.value(Field::Package), field, &reason, Outcome::Left);
                Ok(())
            }
            Err(Bad { field: None, .. }) => Err(BadIndex::TooLarge("more than 4 GiB of text or relations")),
        }
    }

    /// Adds the stanza. What makes it unusable once it is known what it is, it keeps; only what it cannot be without is
    /// an error.
    fn add(&mut self, stanza: &Stanza<'_>) -> Result<(), Bad> {
        let mut package = stanza.word(Field::Package)?;
        let architecture = stanza.word(Field::Architecture)?;
        match stanza.bytes(Field::Version).len() {
            0 => return Err(Bad::new(Field::Version, "it is missing")),
            // twice as many in UTF-8
            length if length > usize::from(u16::MAX) / 2 => {
                return Err(Bad::new(Field::Version, "it is too long"));
            }
            _ => {}
        }
        if package.bytes().any(|byte| byte.is_ascii_uppercase()) {
            // as dpkg and apt
            package.to_mut().make_ascii_lowercase();
        }
        if !self.wanted.has(&package) {
            return Ok(());
        }
        let mut bad = None;
        let version =
            or(&mut bad, stanza.word(Field::Version))?.unwrap_or_else(|| stanza.value(Field::Version));
        let name = self.part.names.intern(&package);
        let relations = narrow(self.part.alternatives.len())?;
        let ends = match or(&mut bad, self.all_relations(stanza, relations as usize))? {
            Some(ends) => ends,
            None => {
                self.part.alternatives.truncate(relations as usize);
                [0; RelationField::COUNT]
            }
        };
        let sha256 = or(&mut bad, stanza.sha256())?.flatten();
        let number = self.part.records.len();
        if sha256.is_none()
            && let Some(digest) = or(&mut bad, stanza.sha512())?.flatten()
        {
            self.part.sha512.push((number, digest));
        }
        let size = or(&mut bad, stanza.size())?.unwrap_or(0);
        let version = self.text(Field::Version, &version)?;
        let filename = or(&mut bad, self.text(Field::Filename, &stanza.value(Field::Filename)))?;
        let record = Record {
            name,
            architecture: self.part.names.intern(&architecture),
            part: 0,
            multi_arch: stanza.multi_arch(),
            priority: stanza.priority(),
            essential: stanza.flag(Field::Essential),
            important: stanza.flag(Field::Important) || stanza.flag(Field::Protected),
            version,
            filename: filename.unwrap_or_default(),
            size,
            installed_size: stanza.installed_size(size),
            sha256,
            relations,
            ends,
            bad: bad.as_ref().and_then(|bad| bad.field),
        };
        if self.wanted.sources && !stanza.bytes(Field::Source).is_empty() {
            let source = self.text(Field::Source, &stanza.value(Field::Source))?;
            self.part.sources.push((narrow(number)?, source));
        }
        self.part.records.push(record);
        if let Some(Bad { field: Some(field), reason }) = bad {
            self.part.odd.push(&package, field, &reason, Outcome::Unusable(number));
        }
        Ok(())
    }

    /// Reads the relation fields in apt's order, and tells where those of each kind end.
    fn all_relations(
        &mut self,
        stanza: &Stanza<'_>,
        start: usize,
    ) -> Result<[u16; RelationField::COUNT], Bad> {
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
            if !stanza.bytes(field).is_empty() {
                match (self.relations(field, &stanza.value(field), kind), kind) {
                    (Err(Bad { field: Some(field), reason }), None) => {
                        let package = stanza.value(Field::Package);
                        self.part.odd.push(&package, field, &reason, Outcome::Kept);
                    }
                    (result, _) => result?,
                }
            }
            if let Some(kind) = kind {
                let count = self.part.alternatives.len() - start;
                ends[kind as usize] =
                    u16::try_from(count).map_err(|_| Bad::new(field, "more than 65535 relations"))?;
            }
        }
        Ok(ends)
    }

    /// Interns every name, in order; keeps the relations themselves where they matter.
    fn relations(&mut self, field: Field, value: &str, kind: Option<RelationField>) -> Result<(), Bad> {
        for relation in relation::parse(value) {
            let relation = relation.map_err(|bad| Bad::new(field, bad.to_string()))?;
            // apt ignores them
            if kind == Some(RelationField::Provides)
                && (!relation.last || !matches!(relation.operator, Operator::Any | Operator::Equal))
            {
                continue;
            }
            let qualifier = match relation.qualifier {
                None => Qualifier::None,
                Some("any") => Qualifier::Any,
                Some(architecture) => Qualifier::Architecture(self.part.names.intern(architecture)),
            };
            // apt files `name:any` under a name of its own, so it does not count as a mention of `name`
            if kind.is_none() && qualifier == Qualifier::Any {
                continue;
            }
            let name = self.part.names.intern(relation.name);
            if kind.is_some() {
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

/// What a field says; where it makes no sense, nothing, and the first such field is kept in `bad`.
fn or<T>(bad: &mut Option<Bad>, result: Result<T, Bad>) -> Result<Option<T>, Bad> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(fatal @ Bad { field: None, .. }) => Err(fatal),
        Err(error) => {
            bad.get_or_insert(error);
            Ok(None)
        }
    }
}

fn narrow(number: usize) -> Result<u32, Bad> {
    u32::try_from(number).map_err(|_| Bad { field: None, reason: String::new() })
}

/// What is wrong with a field; with none where the index is too large.
struct Bad {
    field: Option<Field>,
    reason: String,
}

impl Bad {
    fn new(field: Field, reason: impl Into<String>) -> Self {
        Self { field: Some(field), reason: reason.into() }
    }

    fn digest(field: Field, text: &str) -> Self {
        let (name, digits) = if field == Field::Sha256 { ("SHA-256", 64) } else { ("SHA-512", 128) };
        Self::new(field, format!("'{text}' is not a {name} digest ({digits} hexadecimal digits)"))
    }
}

#[cfg(test)]
mod tests;
