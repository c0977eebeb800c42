//! A tree that is a destination by itself: an image has no generations, and what a destination shows by links into the current
//! one is at its root.
//!
//! Two names mean something else there than in a tree: `bin`, which in a tree is that of merged-usr, and with `--libraries` `lib`.
//! So no link of the tree goes through those any more, and short homes lead to what is below `usr`.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Error;
use super::commands::{BINARY, COMMANDS};
use super::destination::View;
use crate::current_generation::{CURRENT, FOLDER, WHOLE};
use crate::tree::links::resolve_in_root;
use crate::tree::volume::{set_mode, set_time};
use crate::tree::write::Generated;
use crate::tree::{Tree, in_tree};

/// As of [`BINARY`] in a destination.
const BINARY_MODE: u32 = 0o755;

/// What a tree is to be like at the root of an image.
#[derive(Debug)]
pub(crate) struct Whole<'a> {
    /// What a destination for the same prefix has.
    pub(crate) view: View,
    /// The names of the commands that are exposed.
    pub(crate) exposed: &'a [String],
    /// The aptlet that launchers are; without one, the commands that are exposed are those of `bin` itself.
    pub(crate) binary: Option<&'a Path>,
}

impl Whole<'_> {
    /// Makes a tree whole: all that a destination has beside it becomes a part of it.
    ///
    /// # Errors
    /// [`Error::Foreign`] where a package has something in the place of what aptlet puts there; [`Error::OnDisk`];
    /// [`Error::Volume`].
    pub(crate) fn lay_out(&self, tree: &mut Tree, generated: Generated) -> Result<(), Error> {
        let root = tree.root().to_owned();
        let moved: Vec<(&str, &str)> =
            self.view.links().iter().copied().filter(|(name, target)| name != target).collect();
        let names: Vec<&str> = moved.iter().map(|(name, _)| *name).collect();
        past_aliases(&root, &names)?;
        for (name, target) in moved {
            let link = root.join(name);
            let target = below_usr(target);
            match fs::symlink_metadata(&link) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(meta)
                    if meta.is_symlink()
                        && fs::read_link(&link).is_ok_and(|old| old == Path::new("usr").join(name)) =>
                {
                    fs::remove_file(&link).map_err(|source| Error::write(&link, source))?;
                }
                _ => return Err(Error::Foreign { path: Path::new("/").join(name), destination: root }),
            }
            generated.link(&target.to_string_lossy(), &link).map_err(|source| Error::write(&link, source))?;
        }
        let Some(prefix) = self.view.exposed_at() else { return Ok(()) };
        for folder in [FOLDER, COMMANDS] {
            tree.create_directory(Path::new(folder))?;
        }
        let current = root.join(CURRENT);
        generated.link(WHOLE, &current).map_err(|source| Error::write(&current, source))?;
        for name in self.exposed {
            let link = root.join(COMMANDS).join(name);
            let target = match self.binary {
                Some(_) => prefix.join(BINARY),
                None => prefix.join("bin").join(name),
            };
            generated.link(&target.to_string_lossy(), &link).map_err(|source| Error::write(&link, source))?;
        }
        if let Some(binary) = self.binary {
            let copy = root.join(BINARY);
            put(binary, &copy, generated.date).map_err(|source| Error::write(&copy, source))?;
        }
        Ok(())
    }
}

fn put(binary: &Path, copy: &Path, date: i64) -> io::Result<()> {
    let mut file = File::create_new(copy)?;
    io::copy(&mut File::open(binary)?, &mut file)?;
    set_mode(copy, BINARY_MODE)?;
    set_time(&file, date)
}

/// `usr/lib` for `lib`, which may be another folder than that of merged-usr at the root of an image.
fn below_usr(target: &str) -> PathBuf {
    let mut inside = in_tree(&Path::new(target).join("x"));
    inside.pop();
    inside
}

/// Rewrites the links of a tree that go through those of merged-usr by these names.
fn past_aliases(root: &Path, names: &[&str]) -> Result<(), Error> {
    let is_alias =
        |name: &&&str| fs::read_link(root.join(name)).is_ok_and(|old| old == Path::new("usr").join(name));
    let aliases: Vec<&str> = names.iter().filter(is_alias).copied().collect();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let here = root.join(&folder);
        let failed = |source| Error::write(&here, source);
        for entry in fs::read_dir(&here).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                folders.push(folder.join(entry.file_name()));
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path()).map_err(failed)?;
                let leads = |target: &Path| resolve_in_root(root, &folder.join(target)).ok();
                if let Some(past) =
                    past(&folder, &target, &aliases).filter(|past| leads(past) == leads(&target))
                {
                    Generated::replace_link(&past, &entry.path())
                        .map_err(|source| Error::write(&entry.path(), source))?;
                }
            }
        }
    }
    Ok(())
}

/// The target of a link in `folder`, with `usr/` where it would go through one of these at the root; nothing if it does not. What
/// is absolute is the main image's.
fn past(folder: &Path, target: &Path, aliases: &[&str]) -> Option<PathBuf> {
    let mut depth = folder.components().count();
    let (mut past, mut changed) = (PathBuf::new(), false);
    for part in target.components() {
        match part {
            Component::RootDir | Component::Prefix(_) => return None,
            Component::CurDir => {}
            Component::ParentDir => depth = depth.saturating_sub(1),
            Component::Normal(name) => {
                if depth == 0 && aliases.iter().any(|alias| name == *alias) {
                    past.push("usr");
                    (changed, depth) = (true, 1);
                }
                depth += 1;
            }
        }
        past.push(part);
    }
    changed.then_some(past)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_go_past_what_is_another_folder_at_the_root_of_an_image() {
        let of = |folder: &str, target: &str| {
            past(Path::new(folder), Path::new(target), &["bin", "lib"])
                .map(|past| past.to_str().unwrap().to_owned())
        };
        assert_eq!(of("usr/share/x", "../../../bin/sh").as_deref(), Some("../../../usr/bin/sh"));
        assert_eq!(of("etc", "../lib").as_deref(), Some("../usr/lib"));
        assert_eq!(of("", "lib/x").as_deref(), Some("usr/lib/x"));
        assert_eq!(
            of("usr/bin", "../../../lib/a/../b").as_deref(),
            Some("../../../usr/lib/a/../b"),
            "above the root is the root"
        );
        for (folder, target) in [
            ("usr/bin", "../lib/x"),
            ("usr/lib", "bin/x"),
            ("etc", "/bin/sh"),
            ("etc", "../sbin/x"),
            ("usr", "."),
        ] {
            assert_eq!(of(folder, target), None, "{folder} {target}");
        }
    }

    #[test]
    fn a_tree_becomes_a_destination() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("tree");
        let mut tree = Tree::create(&root, "amd64").unwrap();
        for folder in ["var/lib/aptlet/bin", "var/lib/aptlet/lib", "etc"] {
            tree.create_directory(Path::new(folder)).unwrap();
        }
        fs::write(root.join("usr/bin/tool"), "tool").unwrap();
        symlink("../../../../usr/bin/tool", root.join("var/lib/aptlet/bin/tool")).unwrap();
        symlink("../bin/tool", root.join("etc/tool")).unwrap();
        let links = vec![("b", "bin"), ("l", "lib"), ("l64", "lib64"), ("l32", "lib32"), ("u", "usr")];
        let links = [links, vec![("lib", "var/lib/aptlet/lib")]].concat();
        let view = View::relocated("/p", links, false);
        let binary = scratch.path().join("aptlet");
        fs::write(&binary, "aptlet").unwrap();
        let exposed = ["tool".to_owned()];
        let whole = Whole { view, exposed: &exposed, binary: Some(&binary) };
        whole.lay_out(&mut tree, Generated { date: 5 }).unwrap();
        let target = |path: &str| fs::read_link(root.join(path)).unwrap().to_str().unwrap().to_owned();
        for (link, leads) in [
            ("bin", "var/lib/aptlet/bin"),
            ("lib", "var/lib/aptlet/lib"),
            ("b", "usr/bin"),
            ("l", "usr/lib"),
            ("l64", "usr/lib64"),
            ("l32", "usr/lib32"),
            ("u", "usr"),
            ("sbin", "usr/sbin"),
            ("etc/tool", "../usr/bin/tool"),
            ("commands/tool", "/p/.aptlet/aptlet"),
        ] {
            assert_eq!(target(link), leads, "{link}");
        }
        assert_eq!(fs::read_to_string(root.join("bin/tool")).unwrap(), "tool");
        assert_eq!(fs::read_to_string(root.join(".aptlet/aptlet")).unwrap(), "aptlet");
        assert_eq!(crate::current_generation::current(&root), Some(root.clone()));
    }

    #[test]
    fn what_a_package_has_in_a_place_of_aptlet_s_own_is_an_error() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("tree");
        let mut tree = Tree::create(&root, "amd64").unwrap();
        tree.create_directory(Path::new("u")).unwrap();
        let view = View::relocated("/p", vec![("u", "usr")], false);
        let whole = Whole { view, exposed: &[], binary: None };
        let error = whole.lay_out(&mut tree, Generated { date: 5 }).unwrap_err();
        assert!(error.to_string().starts_with("/u is in the way"), "{error}");
    }
}
