//! The command line: arguments in, a command and its options out.
//!
//! `definition` says what there is, with the texts in `help`; `groups` says which command takes which settings as flags;
//! `parse` reads a command line by that. What is in none of them: `apt` knows what apt-get would have done with it, `suggest`
//! what was meant. `printed` makes scripts of completion and manual pages of the same definition.

mod apt;
mod definition;
mod groups;
mod help;
mod parse;
mod printed;
mod suggest;

pub(crate) use apt::instead_of;
pub(crate) use parse::{Arguments, parse};
pub(crate) use printed::{completions, manual};

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
