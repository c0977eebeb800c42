//! What all pins together give to a version.

use super::rule::Pin;
use crate::source::index::{Index, Package};
use crate::source::provenance::Provenance;

/// `Pin-Priority: never`, which no other pin takes back.
pub(super) const NEVER: i32 = i16::MIN as i32;

/// The priorities of the versions of an index.
pub struct Priorities<'a> {
    index: &'a Index,
    provenance: &'a [Provenance],
    specific: Vec<&'a Pin>,
    /// By the part of the index, where no specific pin is about a version.
    general: Vec<i32>,
    native: &'a str,
}

impl<'a> Priorities<'a> {
    /// Those under `pins`, for packages that are installed on a machine of the `native` architecture.
    pub fn new(index: &'a Index, provenance: &'a [Provenance], pins: &'a [Pin], native: &'a str) -> Self {
        let (general, specific): (Vec<&Pin>, Vec<&Pin>) =
            pins.iter().partition(|pin| pin.subjects.is_empty());
        let general = provenance.iter().map(|from| of_part(&general, from)).collect();
        Self { index, provenance, specific, general, native }
    }

    /// The priority of a version: by the first specific pin about it, else by the first general one, else by its Release
    /// (`apt_preferences(5)`, "APT's Default Priority Assignments"). The same version in two sources is one for apt: what
    /// is specific holds for it if it holds for either.
    pub fn of(&self, package: Package<'_>) -> i32 {
        let general = self.general[package.part()];
        let architecture = match package.architecture() {
            "all" => self.native,
            own => own,
        };
        let mut about = self.specific.iter().filter(|pin| pin.is_about(package, architecture, self.native));
        let found = about.find(|pin| {
            pin.matches_version(package)
                || self.twins(package).any(|twin| pin.matches_provenance(&self.provenance[twin.part()]))
        });
        match found {
            Some(pin) if self.twins(package).any(|twin| self.general[twin.part()] != NEVER) => pin.priority,
            _ => general,
        }
    }

    /// The priority of the packages of a part that no specific pin is about.
    pub(crate) fn of_part(&self, part: usize) -> i32 {
        self.general[part]
    }

    /// The very same package in all sources that have it, itself included.
    fn twins<'p>(&self, package: Package<'p>) -> impl Iterator<Item = Package<'a>> + use<'a, 'p> {
        self.index.versions(package.name_id()).filter(move |other| {
            other.version() == package.version()
                && other.architecture_id() == package.architecture_id()
                && (other.sha256() == package.sha256() || other.id() == package.id())
        })
    }
}

fn of_part(general: &[&Pin], from: &Provenance) -> i32 {
    let matching = || general.iter().filter(|pin| pin.matches_provenance(from));
    if matching().any(|pin| pin.priority == NEVER) {
        return NEVER;
    }
    match matching().next() {
        Some(pin) => pin.priority,
        None => from.priority(),
    }
}
