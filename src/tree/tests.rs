//! Trees made of small packages: what all of these tests have in common.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};

use std::path::{Path, PathBuf};

use super::*;
use crate::deb;
use crate::deb::testing::{Entry, ar, artifact, control_text, deb, dir, file, hardlink, symlink, tarball};

/// A scratch folder with a file that no package may touch.
struct Scratch {
    folder: tempfile::TempDir,
    tree: Option<Tree>,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("outside"), "untouched").unwrap();
        let tree = Tree::create(&folder.path().join("tree"), "amd64").unwrap();
        Self { folder, tree: Some(tree) }
    }

    fn unpack_bytes(&self, name: &str, bytes: &[u8]) -> Result<Unpacked, Error> {
        self.unpack_as(name, bytes, Placement::default())
    }

    fn unpack_as(&self, name: &str, bytes: &[u8], placement: Placement<'_>) -> Result<Unpacked, Error> {
        let path = self.folder.path().join("package.deb");
        fs::write(&path, bytes).unwrap();
        let artifact = artifact(name);
        let limits = Limits { max_unpacked: 1 << 20, max_entries: 100, max_names: 1 << 20, allowance: None };
        unpack(&mut File::open(path).unwrap(), &artifact, &self.private(), &limits, placement)
    }

    fn unpack(&self, data: &[Entry]) -> Result<Unpacked, Error> {
        self.unpack_bytes("hostile", &deb("hostile", "", &[], data))
    }

    fn private(&self) -> PathBuf {
        self.folder.path().join("private")
    }

    fn merge(&mut self, unpacked: Unpacked) -> Result<(), Error> {
        let private = self.private();
        self.tree.as_mut().unwrap().merge(unpacked, &private)
    }

    fn add(&mut self, name: &str, more: &str, data: &[Entry]) -> Result<(), Error> {
        self.add_with(name, more, &[], data)
    }

    fn add_with(&mut self, name: &str, more: &str, control: &[Entry], data: &[Entry]) -> Result<(), Error> {
        let unpacked = self.unpack_bytes(name, &deb(name, more, control, data))?;
        let private = self.private();
        let tree = self.tree.as_mut().unwrap();
        let merged = tree.merge(unpacked, &private);
        assert_eq!(private.exists(), merged.is_err(), "the private root is used up");
        let _ = fs::remove_dir_all(private);
        merged
    }

    fn finish(&mut self) -> Vec<Unpacked> {
        let tree = self.tree.take().unwrap();
        let packages = tree.packages().to_vec();
        tree.finish().unwrap();
        packages
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join("tree").join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

mod excluded;
mod hostile;
mod kinds;
mod merging;
mod records;
mod unreadable;
