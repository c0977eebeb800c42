//! Writes files and links of aptlet's own into a tree, with one time and mode, so that equal plans give equal
//! trees.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::CWD;

use super::volume::{set_mode_of, set_time_of_link, times, unless_refused};

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
        set_mode_of(&file, 0o644)?;
        Ok(unless_refused(rustix::fs::futimens(&file, &times(self.date)))?)
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

    fn stamp(self, link: &Path) -> io::Result<()> {
        Ok(set_time_of_link(CWD, link, self.date)?)
    }
}
