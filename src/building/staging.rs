//! Where things lie in a staging folder while a tree is made.

use std::path::{Path, PathBuf};

/// Where the packages are merged.
pub(crate) fn tree(staging: &Path) -> PathBuf {
    staging.join("tree")
}

/// Where packages are unpacked that are to be kept.
pub(super) const FETCHED: &str = "fetched";

/// Where a package, by its number in the plan, is unpacked to before it is merged.
pub(super) fn private_root(staging: &Path, number: usize) -> PathBuf {
    staging.join(number.to_string())
}
