//! A shell that reads maintainer scripts (POSIX.1-2017, Shell Command Language) and follows what their text tells: values
//! of variables, what commands print, which branch is taken, and how often a loop goes round. What cannot be told is
//! unknown: both branches of a condition are then read, and nothing of them is done. No program is ever started.
//!
//! `parse` and `word` read the text into `syntax`; `run` walks that, `expand` and `pattern` make words of it; `builtin`,
//! `printing` and `filing` are the commands that are understood, and `files` is what they see of the tree.

mod arithmetic;
mod builtin;
mod condition;
mod expand;
mod expression;
mod files;
mod filing;
mod filter;
mod follow;
mod options;
mod parse;
mod pattern;
mod printing;
mod programs;
mod run;
mod sed;
mod simple;
mod state;
mod syntax;
mod value;
mod word;
mod world;

pub(super) use self::files::Files;
pub(super) use self::follow::{configure, follow};
pub(in crate::finish) use self::world::Registered;
pub(super) use self::world::{Packages, World, is_shell};

#[cfg(test)]
mod tests;
