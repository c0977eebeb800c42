//! Requests: what the user asks for, one word each.
//!
//! `parse` makes a [`Request`] of each word; what it asks for is in `asked` and `archive`, where it was written in
//! `origin`, and what can be wrong with it in `problem`.

mod archive;
mod asked;
pub(crate) mod credentials;
mod origin;
mod parse;
mod path;
mod problem;
pub(crate) mod words;

pub use archive::Archive;
pub use asked::{Kind, Request};
pub use origin::Origin;
pub use parse::parse;
pub(crate) use path::normalise;
pub use problem::{Error, Problem};
