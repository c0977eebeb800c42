//! Stanzas that make no sense, or not in every field: they cost themselves only.

use super::fields::Field;

/// How many are told of. All count.
const MOST_TOLD: usize = 256;
/// Of a name or a reason, in characters.
const LONGEST: usize = 120;

/// A stanza that could not be read in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Odd {
    /// `Package`; `?` where there is none.
    pub(crate) package: String,
    /// What could not be read.
    pub(super) field: Field,
    /// Why not.
    pub(crate) reason: String,
    /// What became of the stanza.
    pub(super) outcome: Outcome,
}

/// What became of a stanza.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is not in the index: what it is, or for which machines, is not known.
    Left,
    /// It is there, by its number, and to choose it is an error.
    Unusable(usize),
    /// It is there without that field, which decides nothing.
    Kept,
}

impl Odd {
    /// What could not be read.
    pub(crate) fn field(&self) -> &'static str {
        self.field.name()
    }

    /// Whether it can be installed all the same.
    pub(crate) fn is_usable(&self) -> bool {
        self.outcome == Outcome::Kept
    }
}

/// Those of one `Packages` file.
#[derive(Debug, Default)]
pub(super) struct Oddities {
    pub(super) count: usize,
    pub(super) told: Vec<Odd>,
}

impl Oddities {
    pub(super) fn push(&mut self, package: &str, field: Field, reason: &str, outcome: Outcome) {
        self.count += 1;
        if self.told.len() < MOST_TOLD {
            let package = if package.is_empty() { "?".to_owned() } else { shortened(package) };
            self.told.push(Odd { package, field, reason: shortened(reason), outcome });
        }
    }
}

/// They go into a message: one line, and not a long one.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    for letter in text.chars().take(LONGEST) {
        if letter.is_control() { short.extend(letter.escape_debug()) } else { short.push(letter) }
    }
    short
}
