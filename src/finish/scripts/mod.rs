//! Maintainer scripts, read and never run: what can be told of their effects is made, and the lines that remain are told.
//!
//! `all` takes the scripts in their order, `shell` follows one, and `known` has the commands that are not missed. What is
//! left of a script is a [`Remaining`].

mod all;
mod known;
pub(super) mod remaining;
mod shell;

pub(crate) use self::all::follow_all;
pub(crate) use self::remaining::Remaining;
