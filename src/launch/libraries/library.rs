//! A shared library of a tree, and which ones are glibc's.

use super::symbols::Symbols;

/// glibc's own.
pub(super) const LIBC: &str = "libc.so.6";
/// What glibc has, where a package of another name brings it.
const GLIBC_SONAMES: [&str; 16] = [
    LIBC,
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libnsl.so.1",
    "libanl.so.1",
    "libmvec.so.1",
    "libthread_db.so.1",
    "libBrokenLocale.so.1",
    "libnss_compat.so.2",
    "libnss_dns.so.2",
    "libnss_files.so.2",
    "libnss_hesiod.so.2",
];

/// A shared library of a tree.
#[derive(Debug)]
pub(super) struct Library {
    /// What programs load it by.
    pub(super) soname: String,
    /// Its place in the tree: a file, or a link to one.
    pub(super) path: String,
    /// The package that has it, and its version; empty where none does.
    pub(super) package: String,
    pub(super) version: String,
    pub(super) symbols: Symbols,
}

/// Whether glibc has a library of this soname.
pub(super) fn is_of_glibc(soname: &str) -> bool {
    GLIBC_SONAMES.contains(&soname) || soname.starts_with("ld-") || soname.starts_with("ld64.so")
}
