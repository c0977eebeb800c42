//! The tree: packages unpacked each into a private root, then merged by rename(2), in plan order, into one
//! Debian file tree with its dpkg database.
//!
//! Unpacking runs in parallel and confines the hostile bytes; merging is serial, so that the tree is the same
//! whatever the parallelism, and no package is ever half visible in it. Both happen on one file system.
//!
//! The way of a package: [`unpack()`] makes an [`Unpacked`] of a `.deb`, as a [`Placement`] and [`Limits`] say; [`dpkg_divert`]
//! reads from the scripts of all packages which files make way for others; [`Tree::merge`] moves the files into a [`Tree`];
//! [`database`] writes what dpkg would know of it; [`owners`] gives files to others than the current user, or [`group`]
//! shares them; [`manifest`] describes what there is in the end; [`Tree::finish`] gives directories their modes.

mod confined;
pub mod database;
pub mod dpkg_divert;
mod error;
pub mod filter;
pub mod group;
pub mod libraries;
mod limits;
pub mod links;
pub mod manifest;
mod merge;
pub(crate) mod mtree;
mod note;
mod opened;
pub mod owners;
mod ownership;
mod package;
mod path;
mod placement;
pub mod records;
mod rootfs;
mod unpack;
pub mod write;

pub use error::Error;
pub(crate) use error::{read_hint, write_hint};
pub use limits::{Allowance, Limits};
pub use note::Note;
pub use ownership::{Account, Owned, Owner};
pub use package::{Directory, LeftOut, Unpacked, newest_mtime};
pub use path::in_tree;
pub use placement::Placement;
pub use rootfs::{Finished, Tree};
pub use unpack::unpack;

#[cfg(test)]
mod real;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
