//! Links in a tree for who asks below a folder for what is there by an absolute path.
//!
//! - Folders that have something for other files by the absolute paths of those: Racket's compiled code for
//!   `/usr/share/racket/collects/x.rkt` is in `/usr/lib/racket/compiled/usr/share/racket/collects`, and gdb's scripts for a
//!   library are in `/usr/share/gdb/auto-load/usr/lib`. The paths below the prefix lead to the same: `compiled/p/u/share`.
//! - Programs that take their own place, `…/usr/bin`, for that below their prefix, and ask for `etc` in it: Mono. It has `etc`
//!   as the end of `/etc`, as linkers keep one string for two, and so asks for `p/e`.

use std::path::{Path, PathBuf};

use super::paths::Paths;
use super::top_level::TOP_LEVEL;

/// What a folder of the first kind has at its top, and how deep in a tree it is at least: that of the tree itself is none.
const NAME: &str = "usr";
const DEPTH: usize = 3;

/// The links that a tree needs for a prefix of a slash and one letter: their paths in it, and where they lead.
pub(super) fn links(root: &Path, paths: &Paths, prefix: &str) -> Vec<(PathBuf, PathBuf)> {
    let letter = prefix.trim_start_matches('/');
    let mut links = Vec::new();
    for top in TOP_LEVEL {
        let target = Path::new(top.target);
        if top.target == NAME {
            let folders = paths.iter().filter_map(|path| mirroring(root, path));
            links.extend(
                folders.map(|folder| (folder.join(letter).join(top.link), Path::new("..").join(target))),
            );
        } else if matches!(top.target, "etc" | "var") && root.join(target).is_dir() {
            let usr = Path::new(NAME);
            links.push((usr.join(target), Path::new("..").join(target)));
            links.push((usr.join(letter).join(top.link), Path::new("../..").join(target)));
        }
    }
    // what a package has there is its own
    links.retain(|(link, _)| root.join(link).symlink_metadata().is_err());
    links
}

/// The folder, in the tree, that has an absolute path below it whose beginning this is.
fn mirroring<'a>(root: &Path, path: &'a Path) -> Option<&'a Path> {
    let inside = path.strip_prefix("/").ok().filter(|inside| inside.ends_with(NAME))?;
    let is_deep = inside.components().count() >= DEPTH;
    let is_folder = is_deep && root.join(inside).symlink_metadata().is_ok_and(|meta| meta.is_dir());
    inside.parent().filter(|_| is_folder)
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
        fs::create_dir_all(root.join("usr/lib/other/p/u")).unwrap();
        let paths = Paths::read(root, |_, _| {}).unwrap();
        let found = links(root, &paths, "/p");
        let expected = ["usr/lib/racket/compiled/p/u", "usr/share/gdb/auto-load/p/u"];
        assert_eq!(found, expected.map(|link| (PathBuf::from(link), PathBuf::from("../usr"))));
    }

    #[test]
    fn what_a_program_asks_for_beside_itself_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in ["usr/bin", "etc/mono", "var/lib"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::create_dir(root.join("usr/var")).unwrap();
        let paths = Paths::read(root, |_, _| {}).unwrap();
        let found = links(root, &paths, "/p");
        for (link, target) in &found {
            fs::create_dir_all(root.join(link).parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, root.join(link)).unwrap();
        }
        let names: Vec<_> = found.iter().map(|(link, _)| link.to_str().unwrap()).collect();
        assert_eq!(names, ["usr/etc", "usr/p/e", "usr/p/v"]);
        assert!(root.join("usr/etc/mono").is_dir() && root.join("usr/p/e/mono").is_dir());
        assert!(root.join("usr/p/v/lib").is_dir());
    }
}
