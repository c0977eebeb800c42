//! Absolute links point into the main image once the tree is mounted elsewhere: they are made relative.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::error::Error;
use crate::tree::links::resolve_in_root;
use crate::tree::write::Generated;

/// Where links to alternatives stay what they are: the shell and the kernel follow those of commands, and people read them.
const FOLLOWED: [&str; 5] = ["usr/bin", "usr/sbin", "usr/games", "usr/share/man", "etc"];

/// Makes every absolute link relative whose target the tree has; others mean the main image's files and stay.
pub(super) fn make_relative(tree: &Path) -> Result<(), Error> {
    let mut queue = vec![tree.to_owned()];
    while let Some(folder) = queue.pop() {
        let failed = |source| Error::read(&folder, source);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|source| Error::read(&path, source))?;
            if kind.is_dir() {
                queue.push(path);
            } else if kind.is_symlink() {
                rewrite(tree, &path)?;
            }
        }
    }
    Ok(())
}

fn rewrite(tree: &Path, link: &Path) -> Result<(), Error> {
    let target = fs::read_link(link).map_err(|source| Error::read(link, source))?;
    let Ok(inside) = target.strip_prefix("/") else { return Ok(()) };
    let found = resolve_in_root(tree, &target).map_err(|source| Error::read(link, source))?;
    let Some(found) = found else { return Ok(()) };
    let Some(folder) = link.parent().and_then(|folder| folder.strip_prefix(tree).ok()) else { return Ok(()) };
    // uWSGI follows the links of its plugins one by one, and takes each for absolute: there must not be two
    let is_chain =
        inside.starts_with("etc/alternatives") && !FOLLOWED.iter().any(|place| folder.starts_with(place));
    let inside = if is_chain { &found } else { inside };
    Generated::replace_link(&relative(folder, inside), link).map_err(|source| Error::write(link, source))
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

    #[test]
    fn a_chain_of_alternatives_is_one_link_but_for_commands() {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path();
        for folder in ["usr/lib/uwsgi/plugins", "usr/bin", "etc/alternatives"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        // as uwsgi-plugin-python3 and uwsgi-core register them
        for (link, name, file) in [
            (
                "usr/lib/uwsgi/plugins/python3_plugin.so",
                "uwsgi-plugin-python3",
                "usr/lib/uwsgi/plugins/python311_plugin.so",
            ),
            ("usr/bin/uwsgi", "uwsgi", "usr/bin/uwsgi-core"),
        ] {
            fs::write(root.join(file), file).unwrap();
            symlink(format!("/etc/alternatives/{name}"), root.join(link)).unwrap();
            symlink(format!("/{file}"), root.join("etc/alternatives").join(name)).unwrap();
        }
        make_relative(root).unwrap();
        let target = |path: &str| fs::read_link(root.join(path)).unwrap();
        assert_eq!(target("usr/lib/uwsgi/plugins/python3_plugin.so"), Path::new("python311_plugin.so"));
        assert_eq!(target("usr/bin/uwsgi"), Path::new("../../etc/alternatives/uwsgi"));
        assert_eq!(target("etc/alternatives/uwsgi"), Path::new("../../usr/bin/uwsgi-core"));
    }

    #[test]
    fn a_link_that_cannot_be_followed_is_named() {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path();
        fs::create_dir(root.join("etc")).unwrap();
        symlink("/etc/loop", root.join("etc/loop")).unwrap();
        let error = make_relative(root).unwrap_err().to_string();
        let said = format!("cannot read {}/etc/loop: Too many levels of symbolic links", root.display());
        assert!(error.starts_with(&said), "{error}");
        let error = make_relative(&root.join("none")).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read {}/none: No such file", root.display())), "{error}");
    }
}
