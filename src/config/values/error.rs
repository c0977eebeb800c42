//! What is wrong with a value.

/// A value that does not fit its setting; the text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadValue(pub(super) String);
