//! A source, or a part of one, that cannot be used: it matters once something is asked for that only it may have.

use std::fmt;

use super::Error;
use super::list::Source;

/// A source, or a part of one, that cannot be used.
#[derive(Debug)]
pub struct LeftOut {
    /// The source: [`Source::name`].
    pub(crate) source: String,
    /// Its component and architecture, if its Release is fine.
    part: Option<String>,
    /// Where it is written.
    place: String,
    /// Why.
    pub(crate) error: Error,
}

impl LeftOut {
    /// All of a source.
    pub(crate) fn source(source: &Source, error: Error) -> Self {
        let place = format!("{}:{}", source.origin.file.display(), source.origin.line);
        Self { source: source.name(), part: None, place, error }
    }

    /// Some of it.
    pub(super) fn part(source: &Source, part: &str, error: Error) -> Self {
        Self { part: Some(part.to_owned()), ..Self::source(source, error) }
    }

    /// Whether another run may find it usable although nothing else has changed.
    pub(crate) fn may_pass(&self) -> bool {
        !matches!(self.error, Error::NoPackagesIndex { .. })
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, part, place, error } = self;
        match part {
            Some(part) => write!(f, "{source} {part} ({place}): {error}"),
            None => write!(f, "{source} ({place}): {error}"),
        }
    }
}
