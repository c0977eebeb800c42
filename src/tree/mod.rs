//! The tree: packages unpacked each into a private root, then merged by rename(2), in plan order, into one
//! Debian file tree with its dpkg database.
//!
//! Unpacking runs in parallel and confines the hostile bytes; merging is serial, so that the tree is the same
//! whatever the parallelism, and no package is ever half visible in it. Both happen on one file system.
//!
//! The way of a package: [`unpack()`] makes an `Unpacked` of a `.deb`, as a [`Placement`] and [`Limits`] say; [`dpkg_divert`]
//! reads from the scripts of all packages which files make way for others; [`Tree::merge`] moves the files into a [`Tree`];
//! [`database`] writes what dpkg would know of it; `owners` gives files to others than the current user, or `group`
//! shares them; `kept` keeps packages as they were unpacked, for the next tree; `volume` knows what the destination does not keep of all that; `manifest` describes what there is in the end;
//! [`Tree::finish`] gives directories their modes.

mod confined;
pub mod database;
pub mod dpkg_divert;
mod dpkg_fields;
mod error;
pub(crate) mod filter;
pub(crate) mod group;
pub(crate) mod kept;
pub(crate) mod libraries;
mod limits;
pub(crate) mod links;
pub(crate) mod manifest;
mod merge;
pub(crate) mod mtree;
mod note;
mod opened;
pub(crate) mod owners;
mod ownership;
mod package;
mod path;
mod placement;
pub(crate) mod records;
mod rootfs;
mod unpack;
pub(crate) mod volume;
pub(crate) mod write;

pub(crate) use error::Error;
pub(crate) use error::{read_hint, write_hint};
pub(crate) use limits::Allowance;
pub use limits::Limits;
pub(crate) use note::Note;
pub(crate) use package::{Unpacked, newest_mtime};
pub(crate) use path::in_tree;
pub use placement::Placement;
pub use rootfs::Tree;
pub use unpack::unpack;

#[cfg(test)]
mod real;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
