//! Where else a package is that the sources do not have: in another component, for another architecture, or in
//! another suite of the same repositories.
//!
//! Asked only after the resolver has failed, and within bounds: so many bytes, so much time. It goes the way that
//! the sources themselves go, so that nobody unverified tells the user what to add.
//!
//! ```text
//! search   the indexes that the sources' Releases list and nobody reads, and those of sibling suites
//!   ↓
//! scan     one of them, for one name
//! ```

mod scan;
mod search;

pub(crate) use search::{Difference, Elsewhere};
