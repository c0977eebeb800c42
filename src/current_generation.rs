//! Where the generations of a destination are, and which of them is current. A destination that came from an image has none, and
//! is one by itself.

use std::fs;
use std::path::{Component, Path, PathBuf};

pub(crate) const FOLDER: &str = ".aptlet";
pub(crate) const GENERATIONS: &str = ".aptlet/generations";
pub(crate) const CURRENT: &str = ".aptlet/current";
/// Where [`CURRENT`] leads in a destination that is one generation by itself.
pub(crate) const WHOLE: &str = "..";

/// The current generation of a destination, if there is one.
pub(crate) fn current(destination: &Path) -> Option<PathBuf> {
    let target = fs::read_link(destination.join(CURRENT)).ok()?;
    if target == Path::new(WHOLE) {
        return Some(destination.to_owned());
    }
    let id = target.strip_prefix("generations").ok()?.to_str().filter(|id| is_plain(id))?;
    let generation = destination.join(GENERATIONS).join(id);
    is_folder(&generation).then_some(generation)
}

/// Whether this names a folder right here: the links and the history lie in a volume that others may write to.
pub(crate) fn is_plain(id: &str) -> bool {
    let mut parts = Path::new(id).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !id.starts_with('.')
}

/// Whether it is a folder itself, and no link to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}
