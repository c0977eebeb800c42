//! The file that this process runs.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// The file that this process runs, also where `/proc` is not mounted.
pub(crate) fn own_binary() -> io::Result<PathBuf> {
    fs::read_link("/proc/self/exe").or_else(|_| {
        let started_as = rustix::param::linux_execfn();
        fs::canonicalize(OsStr::from_bytes(started_as.to_bytes()))
    })
}
