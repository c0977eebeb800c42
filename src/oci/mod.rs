//! Images as the Open Container Initiative describes them: blobs by their digests, and the documents that name them.
//!
//! The way: [`Place`] is where an image is to be; each [`Layer`] takes files and becomes a blob there; [`Image`] names the layers
//! and says what a container has of them; and [`Place::put`] makes all of it visible at once.
//!
//! The documents are small types of our own. `oci-spec` has them all, but keeps annotations in maps without an order, so that
//! the same image would have another digest each time, and brings regular expressions and macros for ten fields.

mod archive;
pub(crate) mod base;
mod blob;
mod document;
mod error;
mod hashing;
mod image;
mod layer;
mod layout;
mod packed;
mod place;
mod remote;

pub(crate) use blob::Packing;
pub(crate) use document::{History, Runs};
pub(crate) use error::Error;
pub(crate) use image::{Attachment, Below, Image};
pub(crate) use layer::{Content, Item, Layer};
pub(crate) use place::{Place, Put};
