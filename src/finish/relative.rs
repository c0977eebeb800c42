//! Absolute links point into the main image once the tree is mounted elsewhere: they are made relative.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::tree::links::resolve_in_root;
use crate::tree::write::Generated;

/// Makes every absolute link relative whose target the tree has; others mean the main image's files and stay.
pub(super) fn make_relative(tree: &Path) -> io::Result<()> {
    let mut queue = vec![tree.to_owned()];
    while let Some(folder) = queue.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                queue.push(entry.path());
            } else if kind.is_symlink() {
                rewrite(tree, &entry.path())?;
            }
        }
    }
    Ok(())
}

fn rewrite(tree: &Path, link: &Path) -> io::Result<()> {
    let target = fs::read_link(link)?;
    let Ok(inside) = target.strip_prefix("/") else { return Ok(()) };
    if resolve_in_root(tree, &target)?.is_none() {
        return Ok(());
    }
    let Some(folder) = link.parent().and_then(|folder| folder.strip_prefix(tree).ok()) else { return Ok(()) };
    Generated::replace_link(&relative(folder, inside), link)
}

/// From a folder of the tree to a path of the tree.
fn relative(folder: &Path, target: &Path) -> PathBuf {
    let from: Vec<Component<'_>> = folder.components().collect();
    let to: Vec<Component<'_>> =
        target.components().filter(|component| matches!(component, Component::Normal(_))).collect();
    let shared = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
    // the last component is what the link is for, even where it repeats the folder's own name
    let shared = shared.min(to.len().saturating_sub(1));
    let mut path: PathBuf = from[shared..].iter().map(|_| Component::ParentDir).collect();
    path.extend(&to[shared..]);
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_within_the_tree_become_relative_and_others_stay() {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path();
        fs::create_dir_all(root.join("usr/lib/jvm")).unwrap();
        fs::create_dir_all(root.join("etc/java")).unwrap();
        fs::write(root.join("etc/java/jvm.cfg"), "x").unwrap();
        symlink("/etc/java/jvm.cfg", root.join("usr/lib/jvm/jvm.cfg")).unwrap();
        symlink("/usr/lib/jvm", root.join("usr/lib/self")).unwrap();
        symlink("/usr/lib", root.join("usr/lib/up")).unwrap();
        symlink("/proc/mounts", root.join("etc/mtab")).unwrap();
        make_relative(root).unwrap();
        let target = |path: &str| fs::read_link(root.join(path)).unwrap();
        assert_eq!(target("usr/lib/jvm/jvm.cfg"), Path::new("../../../etc/java/jvm.cfg"));
        assert_eq!(fs::read_to_string(root.join("usr/lib/jvm/jvm.cfg")).unwrap(), "x");
        assert_eq!(target("usr/lib/self"), Path::new("jvm"));
        assert_eq!(
            fs::canonicalize(root.join("usr/lib/up")).unwrap(),
            fs::canonicalize(root.join("usr/lib")).unwrap()
        );
        assert_eq!(target("etc/mtab"), Path::new("/proc/mounts"));
    }
}
