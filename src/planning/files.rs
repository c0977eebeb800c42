//! The files that settings name, each read once.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{self, read_text_from};
use crate::digest::Sha256;

/// Reads files, and remembers what was in them: whoever asks again gets the same bytes, whatever has become of the file.
pub(super) struct Files<'a> {
    read: &'a mut dyn FnMut(&Path) -> io::Result<Vec<u8>>,
    known: HashMap<PathBuf, Arc<[u8]>>,
    /// The files that decide the outcome, in the order in which they were read.
    digests: Vec<(PathBuf, Sha256)>,
}

impl<'a> Files<'a> {
    /// `read` gives what is in a file.
    pub(super) fn new(read: &'a mut dyn FnMut(&Path) -> io::Result<Vec<u8>>) -> Self {
        Self { read, known: HashMap::new(), digests: Vec::new() }
    }

    /// What is in a file that decides the outcome.
    pub(super) fn bytes(&mut self, path: &Path) -> io::Result<Arc<[u8]>> {
        let bytes = self.aside(path)?;
        self.note(path, &bytes);
        Ok(bytes)
    }

    /// What is in a file that does not, such as a password.
    pub(super) fn aside(&mut self, path: &Path) -> io::Result<Arc<[u8]>> {
        if let Some(known) = self.known.get(path) {
            return Ok(Arc::clone(known));
        }
        let bytes: Arc<[u8]> = (self.read)(path)?.into();
        self.known.insert(path.to_owned(), Arc::clone(&bytes));
        Ok(bytes)
    }

    /// As [`bytes`](Self::bytes), for a text.
    pub(super) fn text(&mut self, path: &Path) -> Result<String, config::Error> {
        let bytes =
            self.bytes(path).map_err(|source| config::Error::Read { path: path.to_owned(), source })?;
        read_text_from(&*bytes, path)
    }

    /// The text of a file that somebody has read.
    pub(super) fn text_of(&mut self, path: &Path, bytes: &[u8]) -> Result<String, config::Error> {
        self.note(path, bytes);
        read_text_from(bytes, path)
    }

    fn note(&mut self, path: &Path, bytes: &[u8]) {
        if !self.digests.iter().any(|(known, _)| known == path) {
            self.digests.push((path.to_owned(), Sha256::of(bytes)));
        }
    }

    /// What was read so far decides nothing after all.
    pub(super) fn forget(&mut self) {
        self.digests.clear();
    }

    /// The files that decide the outcome, and the digests of what was in them.
    pub(super) fn digests(self) -> Vec<(PathBuf, Sha256)> {
        self.digests
    }
}
