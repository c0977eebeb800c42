//! Folders that have something for other files by the absolute paths of those: Racket's compiled code for
//! `/usr/share/racket/collects/x.rkt` is in `/usr/lib/racket/compiled/usr/share/racket/collects`, and gdb's scripts for a
//! library are in `/usr/share/gdb/auto-load/usr/lib`. Who asks by the path below the prefix finds the same through a link.

use std::path::{Path, PathBuf};

use super::paths::Paths;
use super::top_level::TOP_LEVEL;

/// What such a folder has at its top, and how deep in a tree it is at least: that of the tree itself is none.
const NAME: &str = "usr";
const DEPTH: usize = 3;

/// The links that a tree needs for a prefix of a slash and one letter: their paths in it, and where they lead.
pub(super) fn links(root: &Path, paths: &Paths, prefix: &str) -> Vec<(PathBuf, PathBuf)> {
    let Some(home) = TOP_LEVEL.iter().find(|top| top.target == NAME).map(|top| top.link) else {
        return Vec::new();
    };
    let mirrored = paths.iter().filter_map(|path| {
        let inside = path.strip_prefix("/").ok().filter(|inside| inside.ends_with(NAME))?;
        let meta = root.join(inside).symlink_metadata().ok()?;
        let folder = inside.parent().filter(|_| meta.is_dir() && inside.components().count() >= DEPTH)?;
        Some(folder.join(prefix.trim_start_matches('/')).join(home))
    });
    // where there is a folder of that name already, it is the package's own
    let missing = mirrored.filter(|link| link.parent().is_some_and(|folder| !root.join(folder).exists()));
    missing.map(|link| (link, Path::new("..").join(NAME))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn what_is_kept_by_absolute_paths_is_found_by_those_below_the_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in [
            "usr/lib/racket/compiled/usr/share",
            "usr/share/gdb/auto-load/usr/lib",
            "usr/lib/other/usr",
            "opt/usr",
        ] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::write(root.join("usr/lib/usr"), "").unwrap();
        fs::create_dir(root.join("usr/lib/other/p")).unwrap();
        let paths = Paths::read(root, |_, _| {}).unwrap();
        let found = links(root, &paths, "/p");
        let expected = ["usr/lib/racket/compiled/p/u", "usr/share/gdb/auto-load/p/u"];
        assert_eq!(found, expected.map(|link| (PathBuf::from(link), PathBuf::from("../usr"))));
    }
}
