//! The source lists of a live destination, which count beside those that are configured, with the keys and pins that were put
//! beside them.

use std::fs;
use std::path::{Path, PathBuf};

use super::outcome::Failure;
use crate::arrange::Arrange as _;
use crate::config::{FileOrText, Settings};
use crate::control::architecture::Architecture;
use crate::error::Error;
use crate::live::Place;
use crate::source::list::{Variables, parse_file};

/// Lets settings count on what was added to a destination.
///
/// # Errors
/// A source list that is there and cannot be read, or that nobody vouches for.
pub(super) fn count_on(place: &Place, settings: &mut Settings) -> Result<(), Failure> {
    settings.more_sources = added(place)?;
    settings.keyrings.extend(files(&place.file("trusted.gpg.d")).map(FileOrText::File));
    settings.preferences.extend(files(&place.file("preferences.d")));
    Ok(())
}

/// The source lists that were added: what each is called, and its text.
///
/// # Errors
/// As before.
pub(super) fn added(place: &Place) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut all = Vec::new();
    for path in files(&place.sources()) {
        if path.extension().is_some_and(|extension| extension == "list" || extension == "sources") {
            let text = fs::read_to_string(&path)
                .map_err(|source| Error::from(crate::config::Error::Read { path: path.clone(), source }))?;
            let text = place.redirected(&text, true);
            check(&path, &text)?;
            all.push((path, text));
        }
    }
    Ok(all)
}

/// Reads a source list as it will be read.
///
/// # Errors
/// A line that is none, or one that says that nobody need vouch for what it has.
pub(super) fn check(path: &Path, text: &str) -> Result<(), Failure> {
    let variables = Variables { architecture: Architecture::native().to_string() };
    let sources = parse_file(path, text, &variables).map_err(Error::from)?;
    match sources.iter().find(|source| source.trusted == Some(true) || source.allow_insecure) {
        None => Ok(()),
        Some(source) => Err(Failure::apt(
            format!(
                "[trusted=yes] is refused here: what nobody vouches for is not installed ({}:{})",
                source.origin.file.display(),
                source.origin.line
            ),
            "Name the key of the repository: [signed-by=/PATH/KEY.asc].",
        )),
    }
}

/// The files in a folder, sorted.
fn files(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.arrange();
    files.into_iter()
}
