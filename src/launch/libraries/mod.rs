//! Libraries for the image's own programs: a folder of links, by the names that programs load them by, for
//! `LD_LIBRARY_PATH` in the main container.
//!
//! The way: [`Image`] is what is known of the main image; [`choose`](fn@choose) takes of a merged tree what that lacks, and checks that the
//! image's C library has the versions of symbols that it needs; [`link`] makes the folder.
//!
//! Libraries of glibc are never among them: a program's own dynamic linker fits its own libc and no other. The tree's
//! programs are not concerned: they do not look at `LD_LIBRARY_PATH`. What else such programs need of a tree, modules and data, is
//! told by [`variables`](fn@variables).

mod check;
mod choose;
mod error;
mod folder;
mod image;
mod library;
mod symbols;
mod variables;
mod version;

pub(crate) use choose::choose;
pub(crate) use error::Error;
pub(crate) use folder::link;
pub(crate) use image::Image;
pub(crate) use variables::{Variable, variables};
