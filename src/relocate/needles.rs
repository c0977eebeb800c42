//! What is searched for in each file, all at once: the beginnings of paths, however they are written, and the name of a
//! variable.

use aho_corasick::{AhoCorasick, MatchKind, PatternID};

use super::error::Error;
use super::{apart, joined, wide};

/// The variable of ld.so(8), which gets another name ([`super::ld_library_path`]).
pub(super) const LD_LIBRARY_PATH: &[u8] = b"LD_LIBRARY_PATH";
/// What glibc compares what follows `LD_` with: the operand of a `movabs` on amd64, a constant of several instructions on
/// arm64. The rest, `PATH`, is compared apart.
pub(super) const LIBRARY_: &[u8] = b"LIBRARY_";

/// Each directory of [`super::top_level`] begins with one of the paths: `/lib64` with `/lib`.
const PLAIN: [&[u8]; 9] =
    [b"/usr", b"/etc", b"/lib", b"/bin", b"/sbin", b"/var", b"/opt", LD_LIBRARY_PATH, LIBRARY_];

/// How a path is written whose beginning was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needle {
    /// In bytes; or it is the name of the variable.
    Plain,
    /// In letters of 16 or 32 bits.
    Wide,
    /// As names that a script joins.
    Joined,
    /// As a folder whose file's name stands elsewhere.
    Apart,
}

impl Needle {
    /// Of something that [`searcher`] has found.
    pub(super) fn of(pattern: PatternID) -> Self {
        match pattern.as_usize() {
            number if number < PLAIN.len() => Self::Plain,
            number if number < PLAIN.len() + wide::NEEDLES.len() => Self::Wide,
            number if number < PLAIN.len() + wide::NEEDLES.len() + joined::NEEDLES.len() => Self::Joined,
            _ => Self::Apart,
        }
    }
}

/// Finds the needles in bytes, none within another.
pub(super) fn searcher() -> Result<AhoCorasick, Error> {
    let needles = PLAIN.iter().chain(&wide::NEEDLES).chain(&joined::NEEDLES).chain([&apart::NEEDLE]);
    Ok(AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles)?)
}
