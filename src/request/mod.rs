//! Requests: what the user asks for, one word each.

mod archive;
pub(crate) mod credentials;
mod parse;
mod problem;
mod types;
pub(crate) mod words;

pub use archive::Archive;
pub(crate) use archive::normalise;
pub use parse::parse;
pub use problem::{Error, Problem};
pub use types::{Kind, Origin, Request};
