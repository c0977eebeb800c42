//! Maintainer scripts, read and never run: the commands whose effects can be told from the text, which are then done,
//! and the lines that remain.
//!
//! `walk` goes through a script; `condition` tells which branches a first installation takes, `known` which lines are not
//! missed, `effects` what a command makes. What is left of a script is a [`Remaining`].

mod condition;
pub(super) mod effects;
mod known;
pub(super) mod remaining;
pub(super) mod walk;

pub(crate) use self::remaining::Remaining;

#[cfg(test)]
mod tests;
