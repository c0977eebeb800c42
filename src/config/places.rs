//! Where the tree is put and where it is to work: two absolute paths without `.` and `..`.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::host::Host;
use super::options::Destination;
use crate::request::normalise;

/// The folder that the tree is put into.
pub(super) fn dest(given: Destination, host: &Host) -> PathBuf {
    normalise(&host.working_directory.join(given.path()))
}

/// A prefix becomes part of `#!` lines and of PATH, so it cannot have what these cannot say.
pub(super) fn prefix(path: &Path) -> Result<String, Error> {
    let refuse = |reason| Err(Error::Prefix { path: path.to_owned(), reason });
    if !path.is_absolute() {
        return refuse("is not an absolute path");
    }
    match normalise(path).to_str() {
        None => refuse("is not UTF-8 text"),
        Some(text) if text.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control()) => {
            refuse("contains white space or ':', which neither PATH nor a script's first line can say")
        }
        Some(text) => Ok(text.to_owned()),
    }
}
