//! Why a package is refused: errors that all name it, and the member of its archive.

use std::path::PathBuf;

use tar::EntryType;

use crate::deb;
use crate::tree::error::Error;
use crate::tree::path;

/// Makes the errors about one package.
#[derive(Clone, Copy)]
pub(super) struct Refusals<'a> {
    /// [`crate::plan::Artifact::label`].
    pub(super) package: &'a str,
}

impl Refusals<'_> {
    /// The path of a member, or the refusal of it.
    pub(super) fn parse(self, raw: &[u8]) -> Result<PathBuf, Error> {
        path::parse(raw).map_err(|reason| self.path(raw, reason))
    }

    pub(super) fn path(self, raw: &[u8], reason: &'static str) -> Error {
        Error::Path { package: self.package.to_owned(), path: shown(raw), reason }
    }

    pub(super) fn through_link(self, raw: &[u8]) -> Error {
        Error::ThroughLink { package: self.package.to_owned(), path: shown(raw) }
    }

    pub(super) fn duplicate(self, raw: &[u8]) -> Error {
        Error::Duplicate { package: self.package.to_owned(), path: shown(raw) }
    }

    pub(super) fn hard_link(self, raw: &[u8], target: &[u8]) -> Error {
        Error::HardLink { package: self.package.to_owned(), path: shown(raw), target: shown(target) }
    }

    pub(super) fn usr_merge(self, raw: &[u8]) -> Error {
        Error::UsrMerge { package: self.package.to_owned(), path: shown(raw) }
    }

    pub(super) fn unsupported(self, raw: &[u8], kind: &str) -> Error {
        Error::Unsupported { package: self.package.to_owned(), path: shown(raw), kind: kind.to_owned() }
    }

    pub(super) fn unsupported_kind(self, raw: &[u8], kind: EntryType) -> Error {
        match kind {
            EntryType::GNUSparse => self.unsupported(raw, "a sparse file"),
            other => self.unsupported(raw, &format!("a tar member of type {:#04x}", other.as_byte())),
        }
    }

    pub(super) fn archive(self, source: deb::Error) -> Error {
        Error::Deb { package: self.package.to_owned(), source }
    }
}

/// A path for a message: escaped, and not arbitrarily long.
fn shown(raw: &[u8]) -> String {
    let end = raw.len().min(300);
    let rest = if end < raw.len() { "…" } else { "" };
    format!("{}{rest}", String::from_utf8_lossy(&raw[..end]).escape_debug())
}
