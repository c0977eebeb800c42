//! What is searched for in each file, all at once: the beginnings of paths, and the name of a variable.

use aho_corasick::{AhoCorasick, MatchKind};

use super::error::Error;

/// The variable of ld.so(8), which gets another name ([`super::ld_library_path`]).
pub(super) const LD_LIBRARY_PATH: &[u8] = b"LD_LIBRARY_PATH";
/// What glibc compares what follows `LD_` with: the operand of a `movabs` on amd64, a constant of several instructions on
/// arm64. The rest, `PATH`, is compared apart.
pub(super) const LIBRARY_: &[u8] = b"LIBRARY_";

/// Each directory of [`super::top_level`] begins with one of the paths: `/lib64` with `/lib`.
const NEEDLES: [&[u8]; 9] =
    [b"/usr", b"/etc", b"/lib", b"/bin", b"/sbin", b"/var", b"/opt", LD_LIBRARY_PATH, LIBRARY_];

/// Finds the needles in bytes, none within another.
pub(super) fn searcher() -> Result<AhoCorasick, Error> {
    Ok(AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(NEEDLES)?)
}
