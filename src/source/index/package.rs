//! One version of one package, as the index holds it.

use super::{Alternative, Index, Kind, MultiArch, NameId, PackageId, Priority, Qualifier, Record, Text};
use crate::control::relation::Operator;
use crate::control::version;
use crate::digest::Sha256;

/// One version of one package.
#[derive(Clone, Copy)]
pub struct Package<'a> {
    pub(super) index: &'a Index,
    pub(super) id: PackageId,
    pub(super) record: &'a Record,
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
    pub fn architecture_id(self) -> NameId {
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

    /// The alternatives of one field, all groups after one another.
    pub fn alternatives(self, kind: Kind) -> &'a [Alternative] {
        let start = match kind as usize {
            0 => 0,
            n => usize::from(self.record.ends[n - 1]),
        };
        let base = self.record.relations as usize;
        &self.index.alternatives[base + start..base + usize::from(self.record.ends[kind as usize])]
    }

    /// The groups of one field; each is a list of alternatives of which one is enough.
    pub fn groups(self, kind: Kind) -> impl Iterator<Item = &'a [Alternative]> {
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
    pub fn show(self, alternative: &Alternative) -> String {
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
