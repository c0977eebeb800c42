//! From a finished tree to the layers of an image.
//!
//! The way: [`Owners`] notes, while the tree is known, which package each path is of; [`layers`](fn@layers) walks what is on the
//! disk and divides it among layers; [`write_layers`] writes them. [`os_release`] is what scanners look for.

mod error;
mod layers;
mod onto;
pub(crate) mod os_release;
mod owners;
mod paths;
mod write;

pub(crate) use error::Error;
pub(crate) use layers::{Grouping, layers};
pub(crate) use onto::merge;
pub(crate) use owners::Owners;
pub(crate) use write::write_layers;
