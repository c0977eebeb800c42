//! Symbolic links resolved as if a tree were the root file system.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// As many links as Linux follows (`path_resolution(7)`).
const MAX_LINKS: u32 = 40;

/// Resolves all symbolic links of `path` as chroot(2) to `root` would: absolute targets begin at `root`, and
/// `..` stops there. Needs no privilege, and never looks outside of `root`.
///
/// The result is relative to `root` (empty for the root itself) and passes through no link; `None` if there is
/// no such file. Fails with `ELOOP` after 40 links.
pub(crate) fn resolve_in_root(root: &Path, path: &Path) -> io::Result<Option<PathBuf>> {
    let mut pending: Vec<OsString> = Vec::new();
    let mut resolved = PathBuf::new();
    let mut links = 0;
    push(&mut pending, path);
    while let Some(name) = pending.pop() {
        if name == "/" {
            resolved.clear();
            continue;
        }
        if name == ".." {
            resolved.pop();
            continue;
        }
        let next = resolved.join(name);
        let full = root.join(&next);
        let kind = match full.symlink_metadata() {
            Ok(metadata) => metadata.file_type(),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if kind.is_symlink() {
            links += 1;
            if links > MAX_LINKS {
                return Err(rustix::io::Errno::LOOP.into());
            }
            push(&mut pending, &full.read_link()?);
        } else if !kind.is_dir() && !pending.is_empty() {
            return Ok(None);
        } else {
            resolved = next;
        }
    }
    Ok(Some(resolved))
}

/// Puts the components of `path` on the stack, the first one on top.
fn push(pending: &mut Vec<OsString>, path: &Path) {
    let names = path.components().filter(|part| *part != Component::CurDir);
    pending.extend(names.map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>().into_iter().rev());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn stays_inside_the_root() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        fs::create_dir_all(root.join("usr/lib/real")).unwrap();
        fs::write(root.join("usr/lib/file"), "").unwrap();
        fs::write(outside.path().join("secret"), "").unwrap();
        for (link, target) in [
            ("lib", "usr/lib"),
            ("absolute", "/usr/lib/real"),
            ("up", "../../../lib/file"),
            ("escape", "../secret"),
            ("loop", "loop"),
            ("chain", "/absolute/../file"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        let resolve = |path: &str| resolve_in_root(&root, Path::new(path)).unwrap();
        assert_eq!(resolve("lib/file"), Some("usr/lib/file".into()));
        assert_eq!(resolve("/absolute"), Some("usr/lib/real".into()));
        assert_eq!(resolve("up"), Some("usr/lib/file".into()));
        assert_eq!(resolve("chain"), Some("usr/lib/file".into()));
        assert_eq!(resolve("/"), Some(PathBuf::new()));
        assert_eq!(resolve("escape"), None);
        assert_eq!(resolve("../secret"), None);
        assert_eq!(resolve("lib/file/x"), None, "a file has nothing below it");
        assert_eq!(resolve("lib/file/.."), None);
        assert!(resolve_in_root(&root, Path::new("loop")).is_err());
    }
}
