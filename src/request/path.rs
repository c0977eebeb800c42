//! Paths by their text.

use std::path::{Component, Path, PathBuf};

/// Takes `.` and `..` out of an absolute path by its text, as a shell's `cd` does.
pub(crate) fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
