//! Paths of an archive: what is refused, and where merged-usr puts the rest.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

/// Top-level directories that are links to their namesakes below `/usr` (Debian Policy 10.1, file-hierarchy(7)).
pub(super) const ALIASES: [&str; 7] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"];

/// `NAME_MAX` of Linux.
const MAX_NAME: usize = 255;

/// `PATH_MAX` of Linux, less its NUL and what merged-usr puts in front.
const MAX_PATH: usize = 4095 - "usr/".len();

/// A member's path, relative and without `.` and `..` components; empty for the root. Slashes in front are taken off, as
/// dpkg does. `Err` is the rule that it breaks.
pub(super) fn parse(raw: &[u8]) -> Result<PathBuf, &'static str> {
    if raw.is_empty() {
        return Err("it is empty");
    }
    if raw.contains(&0) {
        return Err("it has a NUL byte");
    }
    // dpkg lists paths by line.
    if raw.contains(&b'\n') {
        return Err("it has a newline");
    }
    if raw.len() > MAX_PATH {
        return Err("it is longer than 4091 bytes");
    }
    let mut path = PathBuf::new();
    for name in raw.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                if !path.pop() {
                    return Err("it leads out of the tree");
                }
            }
            _ if name.len() > MAX_NAME => return Err("a component is longer than 255 bytes"),
            _ => path.push(OsStr::from_bytes(name)),
        }
    }
    Ok(path)
}

/// Folders that the tree's own records are in, which nothing but directories may be shipped in or instead of: what
/// aptlet writes there must land there.
const RECORDS: [&str; 2] = ["var/lib/dpkg", "var/lib/aptlet"];

/// Whether a path of the tree, relative, is [`RECORDS`], is below them, or leads to them.
pub(super) fn is_of_records(path: &Path) -> bool {
    RECORDS.iter().any(|records| path.starts_with(records) || Path::new(records).starts_with(path))
}

/// The alias among [`ALIASES`] that a path is, or is below.
pub(super) fn alias(path: &Path) -> Option<&'static str> {
    let Some(Component::Normal(first)) = path.components().find(|part| *part != Component::RootDir) else {
        return None;
    };
    ALIASES.into_iter().find(|alias| first == *alias)
}

/// The place in a merged-usr tree, relative to its root, of a path as packages have it: `usr/lib/x` for
/// `/lib/x`. The aliases themselves (`/lib`) stay.
pub(crate) fn in_tree(archived: &Path) -> PathBuf {
    let relative = archived.strip_prefix("/").unwrap_or(archived);
    if alias(relative).is_some() && relative.components().nth(1).is_some() {
        Path::new("usr").join(relative)
    } else {
        relative.to_owned()
    }
}

/// The last component; all but the root have one, and the root is only ever a directory.
pub(super) fn name_of(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn normalizes_and_refuses() {
        assert_eq!(parse(b"./usr//bin/./x/").unwrap(), Path::new("usr/bin/x"));
        assert_eq!(parse(b"./").unwrap(), Path::new(""));
        assert_eq!(parse(b"//etc/x").unwrap(), Path::new("etc/x"), "as dpkg takes absolute ones");
        assert_eq!(parse(b"/").unwrap(), Path::new(""));
        assert_eq!(parse(b"./usr/share/../bin/x").unwrap(), Path::new("usr/bin/x"), "it stays inside");
        assert_eq!(parse(b"a/..").unwrap(), Path::new(""));
        assert_eq!(parse(b"usr/..x/a..").unwrap(), Path::new("usr/..x/a.."), "not every dot is dangerous");
        parse(&[b'n'; 255]).unwrap();
        let deep = b"n/".repeat(2100);
        for bad in
            [b"".as_slice(), b"..", b"./../x", b"a/../../b", b"/..", b"a\0b", b"a\nb", &[b'n'; 256], &deep]
        {
            assert!(parse(bad).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn knows_the_ways_to_the_records() {
        for path in ["", "var", "var/lib", "var/lib/dpkg", "var/lib/aptlet/bin/x"] {
            assert!(is_of_records(Path::new(path)), "{path}");
        }
        for path in ["usr", "var/lib/dpkg-x", "var/libx", "var/lib/apt"] {
            assert!(!is_of_records(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn merges_usr() {
        assert_eq!(in_tree(Path::new("/lib/x")), Path::new("usr/lib/x"));
        assert_eq!(in_tree(Path::new("sbin/x/y")), Path::new("usr/sbin/x/y"));
        assert_eq!(in_tree(Path::new("/lib")), Path::new("lib"));
        assert_eq!(in_tree(Path::new("/libexec/x")), Path::new("libexec/x"));
        assert_eq!(in_tree(Path::new("/usr/lib/x")), Path::new("usr/lib/x"));
        assert_eq!(alias(Path::new("/lib64/ld.so")), Some("lib64"));
        assert_eq!(alias(Path::new("")), None);
    }
}
