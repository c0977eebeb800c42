//! Maintainer scripts, read and never run: the commands whose effects can be told from the text, which are then done,
//! and the lines that remain.

pub(super) mod effects;
mod known;
pub(super) mod remaining;

pub use self::remaining::Remaining;
