//! What a run makes beside the places where it is to be seen.

use std::fs;
use std::path::PathBuf;

use super::Error;

/// Files and links that are removed when this is dropped, unless they have been renamed to their places or taken out
/// of the list.
#[derive(Debug, Default)]
pub(super) struct Made(pub(super) Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// Moves links from beside to their places.
pub(super) fn turn(links: Vec<(PathBuf, PathBuf)>) -> Result<(), Error> {
    for (fresh, link) in links {
        fs::rename(fresh, &link).map_err(|source| Error::write(&link, source))?;
    }
    Ok(())
}
