//! What somebody else made in a tree, for the tree that takes its place: a program that was installed may keep its own files
//! there, and a person may have changed its configuration. The manifest tells both from what was installed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::verify::read;
use super::walk::walk;
use crate::tree::error::Error;
use crate::tree::mtree::{Entry, Kind};
use crate::tree::path::is_of_records;
use crate::tree::records;
use crate::tree::volume::{set_mode, set_mode_of};

/// Where a file that was changed counts for more than the one that a package ships, as for dpkg.
const CONFIGURATION: &str = "etc";

/// Brings from one finished tree to another what is not of its packages, and files of configuration that were changed. What the
/// other has by itself it keeps, but for these. The paths that were brought.
///
/// # Errors
/// [`Error::OnDisk`].
pub(crate) fn carry(from: &Path, to: &Path) -> Result<Vec<PathBuf>, Error> {
    let manifest = from.join(records::MANIFEST);
    let installed = read(&manifest).map_err(|source| Error::read(&manifest, source))?;
    let is_changeable = |path: &Path| path.starts_with(CONFIGURATION);
    let found = walk(from, &|path: &Path, _| is_changeable(path) && installed.contains_key(path))?;
    let mut carried = Vec::new();
    for (path, entry) in &found {
        let known = installed.get(path);
        let is_changed = is_changeable(path) && known.is_some_and(|known| is_other_file(known, entry));
        if known.is_some() && !is_changed || is_of_records(path) && entry.kind != Kind::Directory {
            continue;
        }
        let (kept, fresh) = (from.join(path), to.join(path));
        let has_folder = fresh.parent().is_some_and(is_folder);
        let is_there = fs::symlink_metadata(&fresh).is_ok();
        // of a package that is gone, what was made beside its files goes as well
        if !has_folder || is_there && !is_changed || !is_there && is_changed {
            continue;
        }
        let made = match &entry.kind {
            Kind::Directory => fs::create_dir(&fresh).and_then(|()| set_mode(&fresh, entry.mode)),
            Kind::File { .. } if is_changed => copy(&kept, &fresh, entry.mode),
            Kind::File { .. } => fs::hard_link(&kept, &fresh).or_else(|_| copy(&kept, &fresh, entry.mode)),
            Kind::Link { target } => symlink(target, &fresh),
            // of sockets and the like nothing is left once their program has ended
            Kind::Fifo | Kind::Other => continue,
        };
        match made {
            // what its user may not read is nobody's to bring
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                tracing::warn!("{} stays behind in the tree before: {error}", kept.display());
            }
            made => {
                made.map_err(|source| Error::write(&fresh, source))?;
                carried.push(path.clone());
            }
        }
    }
    Ok(carried)
}

fn is_other_file(known: &Entry, now: &Entry) -> bool {
    match (&known.kind, &now.kind) {
        (Kind::File { size, sha256 }, Kind::File { size: own, sha256: digest }) => {
            size != own || sha256.is_some() && digest.is_some() && sha256 != digest
        }
        _ => false,
    }
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}

/// In place of what is there, at once.
fn copy(from: &Path, to: &Path, mode: u32) -> io::Result<()> {
    let beside = to.with_file_name(".aptlet-carried");
    let mut made = File::create(&beside)?;
    io::copy(&mut File::open(from)?, &mut made)?;
    set_mode_of(&made, mode)?;
    fs::rename(&beside, to)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::tree::manifest::describe;

    fn tree(root: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        fs::create_dir_all(root.join("var/lib/aptlet")).unwrap();
        let (text, _) = describe(root, false, |_| None, &BTreeMap::new()).unwrap();
        fs::write(root.join(records::MANIFEST), text).unwrap();
    }

    #[test]
    fn what_others_made_comes_along_and_what_packages_ship_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        tree(
            &old,
            &[
                ("etc/a", "a"),
                ("etc/b", "b"),
                ("etc/gone", "x"),
                ("usr/lib/x/y", "y"),
                ("usr/lib/gone/z", "z"),
            ],
        );
        tree(
            &new,
            &[
                ("etc/a", "new a"),
                ("etc/b", "new b"),
                ("usr/lib/x/y", "new y"),
                ("usr/lib/x/taken", "shipped"),
            ],
        );
        for (path, text) in [
            ("etc/a", "changed"),
            ("etc/gone", "changed"),
            ("etc/own.d/own", "own"),
            ("usr/lib/x/y", "broken"),
            ("usr/lib/x/modules/m", "module"),
            ("usr/lib/x/taken", "own"),
            ("usr/lib/gone/cache", "cache"),
            ("var/lib/aptlet/odd", "odd"),
        ] {
            fs::create_dir_all(old.join(path).parent().unwrap()).unwrap();
            fs::write(old.join(path), text).unwrap();
        }
        symlink("modules", old.join("usr/lib/x/link")).unwrap();
        let carried = carry(&old, &new).unwrap();
        let carried: Vec<&str> = carried.iter().map(|path| path.to_str().unwrap()).collect();
        let expected = [
            "etc/a",
            "etc/own.d",
            "etc/own.d/own",
            "usr/lib/x/link",
            "usr/lib/x/modules",
            "usr/lib/x/modules/m",
        ];
        assert_eq!(carried, expected);
        for (path, text) in [
            ("etc/a", "changed"),
            ("etc/b", "new b"),
            ("etc/own.d/own", "own"),
            ("usr/lib/x/y", "new y"),
            ("usr/lib/x/link/m", "module"),
            ("usr/lib/x/taken", "shipped"),
        ] {
            assert_eq!(fs::read_to_string(new.join(path)).unwrap(), text, "{path}");
        }
        // what was changed is carried on, and not only once
        let third = folder.path().join("third");
        tree(&third, &[("etc/a", "third a"), ("usr/lib/x/y", "y")]);
        assert!(carry(&new, &third).unwrap().contains(&PathBuf::from("etc/a")));
        assert_eq!(fs::read_to_string(third.join("etc/a")).unwrap(), "changed");
    }
}
