//! What may be unknown of a script.

use crate::finish::error::Error;

/// A text, if it can be told.
pub(super) type Value = Option<String>;

/// An exit code, if it can be told.
pub(super) type Status = Option<i32>;

/// What reads or writes the tree.
pub(super) type Run<T> = Result<T, Error>;

/// Values all of which can be told.
pub(super) fn known(values: &[Value]) -> Option<Vec<&str>> {
    values.iter().map(Option::as_deref).collect()
}
