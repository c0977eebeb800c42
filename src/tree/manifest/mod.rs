//! The manifest of a tree: every path with its mode and content, in the format of mtree(5), so that it can be told later
//! whether the tree still is what was installed.
//!
//! `walk` reads a tree; [`describe()`] writes down what it finds, and [`verify()`] compares that with what was written down
//! before. A `Difference` is what it tells; [`carry`] brings what differs because of others to the tree that comes next.

mod carry;
mod describe;
mod difference;
#[cfg(test)]
mod tests;
mod verify;
mod walk;

pub(crate) use carry::carry;
pub(crate) use describe::describe;
pub(crate) use verify::verify;
