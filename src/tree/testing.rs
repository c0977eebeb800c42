//! What tests of trees have in common.
#![allow(clippy::unwrap_used)]

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};

/// Makes folders in each other until the path of the last is too long to be opened (`PATH_MAX`), by whomever: root can
/// read anything else. Returns the first path that is too long.
pub(crate) fn too_deep(root: &Path) -> PathBuf {
    let open = |parent: &OwnedFd, name: &str| {
        rustix::fs::openat(parent, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap()
    };
    let mut parent =
        rustix::fs::openat(CWD, root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let (name, mut path) = ("d".repeat(250), root.to_owned());
    loop {
        rustix::fs::mkdirat(&parent, &name, Mode::RWXU).unwrap();
        parent = open(&parent, &name);
        path.push(&name);
        if path.as_os_str().len() >= 4096 {
            return path;
        }
    }
}
