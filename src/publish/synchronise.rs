//! What was written is on the disk: by syncfs(2), or file by file where there is no such call.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::io::Errno;

/// Waits until everything in `tree` is on the disk, and all else that was written to the file system of `folder`.
pub(super) fn synchronise(folder: &File, tree: &Path) -> io::Result<()> {
    match rustix::io::retry_on_intr(|| rustix::fs::syncfs(folder)) {
        Err(errno) if is_missing(errno) => each(tree),
        synchronised => Ok(synchronised?),
    }
}

/// Whether there is no such call, or none for this file system or in this sandbox.
fn is_missing(errno: Errno) -> bool {
    use Errno as E;
    matches!(errno, E::NOSYS | E::OPNOTSUPP | E::INVAL | E::PERM | E::NOTTY)
}

fn each(path: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            each(&entry?.path())?;
        }
    } else if !meta.is_file() {
        return Ok(());
    }
    let file = match File::open(path) {
        // a package may ship what its owner cannot read
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        file => file?,
    };
    synchronise_file(&file)
}

/// The same for a file or folder alone.
pub(super) fn synchronise_file(file: &File) -> io::Result<()> {
    match rustix::io::retry_on_intr(|| rustix::fs::fsync(file)) {
        // some file systems do not know it, or not of folders
        Err(errno) if is_missing(errno) || errno == Errno::BADF => Ok(()),
        synchronised => Ok(synchronised?),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tree_is_gone_through_file_by_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/file"), "text").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        each(folder.path()).unwrap();
        assert!(each(&folder.path().join("none")).is_err());
    }
}
