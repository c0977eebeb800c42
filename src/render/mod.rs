//! Manifests: what a pod spec needs for aptlet, and manifests with it added, byte for byte as they were but for that.
//!
//! A manifest is read twice, as data and as a text that knows where everything stands (`document`). The data are changed
//! (`pod`, `container`); then the text is spliced where the data differ (`rewrite`); then the result is read again and must
//! mean what was wanted.

mod aliases;
mod alone;
mod config_map;
mod container;
mod document;
mod error;
mod library_path;
mod names;
mod object;
mod patched;
mod pieces;
mod pod;
mod print;
mod rewrite;
mod shape;
mod splice;
mod values;
mod variable;
mod workload;
mod write;

pub(crate) use error::Error;
pub use patched::Manifest;
pub use print::render;

#[cfg(test)]
mod tests;
