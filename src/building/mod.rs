//! From a plan to a tree. [`fetch`] hands on verified files, [`unpack`](fn@unpack) lays each out in a folder of its own, and
//! [`assemble`] makes one tree of them; each is of use alone. None of them knows what the settings were, where the tree will be published, or who is told.

mod assemble;
mod fetch;
mod kept;
mod pipeline;
pub(crate) mod space;
pub(crate) mod staging;
mod unpack;

pub(crate) use assemble::{Built, Layout, assemble};
pub(crate) use kept::lay_out_kept;
pub(crate) use pipeline::fetch_and_unpack;
pub(crate) use unpack::Unpacking;
