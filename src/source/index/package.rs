//! One version of one package, as the index holds it; and how it is found there.

use super::join::Index;
use super::kinds::{MultiArch, Priority, RelationField};
use super::names::NameId;
use super::odd::Outcome;
use super::record::{Alternative, PackageId, Qualifier, Record, Text};
use crate::control::relation::Operator;
use crate::control::version;
use crate::digest::Sha256;

/// One version of one package.
#[derive(Clone, Copy)]
pub struct Package<'a> {
    index: &'a Index,
    id: PackageId,
    record: &'a Record,
}

impl Index {
    /// The packages of that name, in the order of the sources.
    pub fn versions(&self, name: NameId) -> impl Iterator<Item = Package<'_>> + Clone {
        self.versions.get(name).iter().map(|id| self.package(*id))
    }

    /// The packages that name it in `Provides`, whatever the version; one may come twice.
    pub fn providers(&self, name: NameId) -> impl Iterator<Item = Package<'_>> + Clone {
        self.providers.get(name).iter().map(|id| self.package(*id))
    }

    /// One package.
    pub(crate) fn package(&self, id: PackageId) -> Package<'_> {
        Package { index: self, id, record: &self.records[id.index()] }
    }

    /// All packages, in the order of the sources.
    pub fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        (0..self.records.len()).map(|i| self.package(PackageId::from_index(i)))
    }
}

impl<'a> Package<'a> {
    /// Its id in the index.
    pub fn id(self) -> PackageId {
        self.id
    }

    /// The number of the part (see [`Index::new`]) that it came from.
    pub fn part(self) -> usize {
        usize::from(self.record.part)
    }

    /// `Package` as a number.
    pub fn name_id(self) -> NameId {
        self.record.name
    }

    /// `Package`
    pub fn name(self) -> &'a str {
        self.index.names.get(self.record.name)
    }

    /// `Version`
    pub fn version(self) -> &'a str {
        self.text(self.record.version)
    }

    /// `Architecture`
    pub fn architecture(self) -> &'a str {
        self.index.names.get(self.record.architecture)
    }

    /// `Architecture` as a number.
    pub(crate) fn architecture_id(self) -> NameId {
        self.record.architecture
    }

    /// `Multi-Arch`
    pub fn multi_arch(self) -> MultiArch {
        self.record.multi_arch
    }

    /// `Priority`
    pub fn priority(self) -> Priority {
        self.record.priority
    }

    /// `Essential: yes`
    pub fn essential(self) -> bool {
        self.record.essential
    }

    /// `Important: yes` or `Protected: yes`
    pub fn important(self) -> bool {
        self.record.important
    }

    /// Name and version of its source package, where the index has been asked to keep them; else its own.
    pub(crate) fn source(self) -> (&'a str, &'a str) {
        let sources = &self.index.sources;
        let kept = sources.binary_search_by_key(&self.id.index(), |(record, _)| *record as usize);
        let text = kept.map_or("", |at| self.text(sources[at].1));
        let (name, version) = text.split_once('(').unwrap_or((text, ""));
        let (name, version) = (name.trim(), version.trim().trim_end_matches(')').trim());
        (
            if name.is_empty() { self.name() } else { name },
            if version.is_empty() { self.version() } else { version },
        )
    }

    /// `Filename`
    pub fn filename(self) -> &'a str {
        self.text(self.record.filename)
    }

    /// `Size`, bytes
    pub fn size(self) -> u64 {
        self.record.size
    }

    /// `Installed-Size`, KiB
    pub fn installed_size(self) -> u64 {
        self.record.installed_size
    }

    /// `SHA256`
    pub fn sha256(self) -> Option<Sha256> {
        self.record.sha256
    }

    /// `SHA512`, where there is no `SHA256`.
    pub(crate) fn sha512(self) -> Option<[u8; 64]> {
        let all = &self.index.sha512;
        let found = all.binary_search_by_key(&self.id.index(), |(record, _)| *record).ok()?;
        Some(all[found].1)
    }

    /// The field for which it cannot be installed, and what is wrong with it.
    pub(crate) fn bad(self) -> Option<(&'static str, String)> {
        let field = self.record.bad?;
        let told = self.index.odd.iter().find(|(_, odd)| odd.outcome == Outcome::Unusable(self.id.index()));
        let reason = told.map_or_else(|| "it cannot be read".to_owned(), |(_, odd)| odd.reason.clone());
        Some((field.name(), reason))
    }

    /// The alternatives of one field, all groups after one another.
    pub(crate) fn alternatives(self, kind: RelationField) -> &'a [Alternative] {
        self.record.alternatives(&self.index.alternatives, kind)
    }

    /// The groups of one field; each is a list of alternatives of which one is enough.
    pub fn groups(self, kind: RelationField) -> impl Iterator<Item = &'a [Alternative]> {
        self.alternatives(kind).split_inclusive(|alternative| alternative.last)
    }

    /// The version that a relation of this package names.
    pub fn relation_version(self, alternative: &Alternative) -> &'a str {
        self.text(alternative.version)
    }

    /// Whether `version` is one that a relation of this package accepts.
    pub fn accepts(self, alternative: &Alternative, version: &str) -> bool {
        alternative.operator == Operator::Any
            || alternative.operator.accepts(version::compare(version, self.relation_version(alternative)))
    }

    /// One alternative as a control file writes it.
    pub(crate) fn show(self, alternative: &Alternative) -> String {
        let names = &self.index.names;
        let mut shown = names.get(alternative.name).to_owned();
        match alternative.qualifier {
            Qualifier::None => {}
            Qualifier::Any => shown.push_str(":any"),
            Qualifier::Architecture(name) => {
                shown.push(':');
                shown.push_str(names.get(name));
            }
        }
        if alternative.operator != Operator::Any {
            let (symbol, version) = (alternative.operator.symbol(), self.relation_version(alternative));
            shown.push_str(&format!(" ({symbol} {version})"));
        }
        shown
    }

    /// A group as a control file writes it.
    pub fn show_group(self, group: &[Alternative]) -> String {
        let shown: Vec<String> = group.iter().map(|alternative| self.show(alternative)).collect();
        shown.join(" | ")
    }

    fn text(self, text: Text) -> &'a str {
        let start = text.start as usize;
        &self.index.texts[self.part()][start..start + usize::from(text.length)]
    }
}

impl std::fmt::Debug for Package<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}:{}", self.name(), self.version(), self.architecture())
    }
}
