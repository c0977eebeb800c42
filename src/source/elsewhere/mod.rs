//! Where a package is whose name the sources do not have: in another component, for another architecture, or in another
//! suite of the same repositories; or under another name, where the name asked for is that of a command or a library.
//!
//! Asked only after the resolver has failed, and within bounds: so many bytes, so much time. It goes the way that
//! the sources themselves go, so that nobody unverified tells the user what to add.
//!
//! ```text
//! search   the indexes that the sources' Releases list and nobody reads, and those of sibling suites
//!   ↓
//! scan     one of them, for one name
//!
//! files     the indexes of the files in the packages of the sources
//!   ↓
//! contents  one of them, for one command or library
//! ```

mod contents;
mod files;
mod scan;
mod search;

pub(crate) use contents::is_library;
pub(crate) use files::Missed;
pub(crate) use search::{Difference, Elsewhere};
