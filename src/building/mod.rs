//! From a plan to a tree: fetched, unpacked, merged, finished, relocated.

pub(crate) mod assemble;
mod pipeline;
pub(crate) mod space;
