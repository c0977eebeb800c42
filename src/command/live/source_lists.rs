//! The source lists of a live destination, which count beside those that are configured.

use std::fs;
use std::path::PathBuf;

use super::outcome::Failure;
use crate::arrange::Arrange as _;
use crate::error::Error;
use crate::live::Place;

/// The source lists that were added: what each is called, and its text.
///
/// # Errors
/// One that is there and cannot be read.
pub(super) fn added(place: &Place) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut all = Vec::new();
    for entry in fs::read_dir(place.sources()).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "list" || extension == "sources") {
            let text = fs::read_to_string(&path)
                .map_err(|source| Error::from(crate::config::Error::Read { path: path.clone(), source }))?;
            all.push((path, text));
        }
    }
    all.arrange();
    Ok(all)
}
