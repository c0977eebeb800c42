//! What is written over a piece of a file.

/// A path, or another piece of a file, and what stands there instead. In text it may be longer than the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacement {
    /// In bytes from the beginning of the file as its package has it.
    pub(super) offset: u64,
    /// What was there.
    pub(super) original: Vec<u8>,
    /// What is there now.
    pub(super) bytes: Vec<u8>,
}
