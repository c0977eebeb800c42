//! The archive: a `.deb` is an ar archive of a format version, control information and data (deb(5)).
//!
//! The way of the bytes: [`ar`] finds the members of the outer archive; `reader` checks their names and order, and has them
//! decompressed; `tarball` bounds what is read of the two tar archives. `control` makes a [`Control`] of the first of
//! these; the tree is made of the second. What a package says of itself is read by [`paragraph`] (its fields) and by
//! `shell` (its maintainer scripts, which are never run).

#[doc(hidden)]
pub mod ar;
mod control;
mod error;
pub mod paragraph;
mod reader;
pub(crate) mod shell;
mod tarball;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use control::{Control, ControlFile};
pub use error::Error;
pub use reader::Deb;
pub(crate) use tarball::{Member, Members};
