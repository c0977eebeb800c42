//! Writes files and links of aptlet's own into a tree, with one time and mode, so that equal plans give equal
//! trees.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};

/// Makes files of one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generated {
    /// Seconds since 1970.
    pub(crate) date: i64,
}

impl Generated {
    /// A new file that all can read, in place of what a package may have there: to write through a package's
    /// link would lead outside.
    pub(crate) fn file(self, path: &Path, text: &[u8]) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::create_new(path)?;
        file.write_all(text)?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        self.stamp(path)
    }

    /// A symbolic link, unless something is there already.
    pub(crate) fn link(self, target: &str, path: &Path) -> io::Result<()> {
        match symlink(target, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.stamp(path),
        }
    }

    /// A link in place of whatever link is there, which hands on its time.
    pub(crate) fn replace_link(target: &Path, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        let time = fs::symlink_metadata(path)?.mtime();
        let fresh = path.with_file_name(".aptlet-link");
        symlink(target, &fresh)?;
        Self { date: time }.stamp(&fresh)?;
        fs::rename(&fresh, path)
    }

    fn stamp(self, path: &Path) -> io::Result<()> {
        rustix::fs::utimensat(CWD, path, &times(self.date), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(())
    }
}

/// A time of modification in seconds since 1970, for a file that nobody has read since.
pub(crate) fn times(mtime: i64) -> Timestamps {
    let time = Timespec { tv_sec: mtime, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}
