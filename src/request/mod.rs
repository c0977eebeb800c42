//! Requests: what the user asks for, one word each.
//!
//! `parse` makes a [`Request`] of each word; what it asks for is in `asked`, `names` and `archive`, where it was written in
//! `origin`, and what can be wrong with it in `problem`.

mod archive;
mod asked;
mod names;
mod origin;
mod parse;
mod path;
mod problem;
pub(crate) mod words;

pub(crate) use archive::Archive;
pub(crate) use asked::Kind;
pub use asked::Request;
pub(crate) use names::Names;
pub(crate) use origin::Origin;
pub(crate) use parse::parse;
pub(crate) use path::normalise;
pub(crate) use problem::Error;
pub use problem::Problem;
