//! The tree: packages unpacked each into a private root, then merged by rename(2), in plan order, into one
//! Debian file tree with its dpkg database.
//!
//! Unpacking runs in parallel and confines the hostile bytes; merging is serial, so that the tree is the same
//! whatever the parallelism, and no package is ever half visible in it. Both happen on one file system.

mod confined;
pub mod database;
pub mod divert;
mod error;
mod excluded;
pub mod filter;
pub mod group;
pub mod libraries;
pub mod links;
pub mod manifest;
mod merge;
pub(crate) mod mtree;
mod note;
pub mod owners;
mod package;
mod path;
pub mod records;
mod unpack;
pub mod write;

pub use error::Error;
pub use merge::{Finished, Tree};
pub use note::Note;
pub use package::{Allowance, Directory, Layout, LeftOut, Limits, Unpacked, newest_mtime};
pub use path::in_tree;
pub use unpack::unpack;

#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;
