//! The command line: arguments in, a command and its options out.
//!
//! `definition` says what there is, with the texts in `help`; `groups` says which command takes which settings as flags;
//! `parse` reads a command line by that.

mod definition;
mod groups;
mod help;
mod parse;

pub(crate) use parse::{Arguments, parse};

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
