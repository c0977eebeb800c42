//! What a run makes beside the places where it is to be seen.

use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use crate::current_generation::CURRENT;

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

/// Removes the links into the current generation that are not among `names` and lead nowhere any more, as `lib` does in a tree that
/// has none.
pub(super) fn remove_dangling(destination: &Path, names: &[(&str, &str)]) {
    for entry in fs::read_dir(destination).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let is_wanted = names.iter().any(|(wanted, _)| name == *wanted);
        let is_ours = || fs::read_link(&path).is_ok_and(|target| target.starts_with(CURRENT));
        if !is_wanted && is_ours() && !path.exists() {
            // it hides nothing, should it stay
            let _ = fs::remove_file(&path);
        }
    }
}
