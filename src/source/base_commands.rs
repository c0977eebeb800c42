//! Which commands the base has: those of a tree that have the same names are found before them, or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where an image has commands.
const FOLDERS: [&str; 7] =
    ["usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "usr/games", "sbin", "bin"];
/// Where a root file system has its dpkg status.
const STATUS: [&str; 3] = ["var/lib/dpkg", "var/lib/dpkg/status", "var/lib/dpkg/status.d"];

/// Those of `names` that the base has, sorted. Its status may lie in its root file system, as in the main image itself or in an
/// image volume; or beside lists of its files, `info/*.list` of dpkg and `status.d/*.md5sums` of distroless images. A status by
/// itself does not tell.
pub(crate) fn in_base<'a>(status: &Path, names: &'a [String]) -> BTreeSet<&'a str> {
    let found =
        |has: &dyn Fn(&str) -> bool| names.iter().map(String::as_str).filter(|name| has(name)).collect();
    if let Some(root) = root(status) {
        return found(&|name| FOLDERS.iter().any(|folder| is_own(&root.join(folder).join(name))));
    }
    let listed = listed(status).unwrap_or_default();
    found(&|name| listed.contains(name))
}

/// The root file system that a status lies in.
fn root(status: &Path) -> Option<PathBuf> {
    let mut roots = STATUS
        .iter()
        .filter(|path| status.ends_with(path))
        .filter_map(|path| status.ancestors().nth(Path::new(path).components().count()));
    roots.find(|root| root.join("usr/bin").is_dir() || root.join("bin").is_dir()).map(Path::to_owned)
}

/// Whether there is a command, other than those of a volume that is mounted there.
fn is_own(path: &Path) -> bool {
    match fs::read_link(path) {
        Ok(target) => !target.ends_with(".aptlet/aptlet"),
        Err(error) => error.kind() == io::ErrorKind::InvalidInput && !path.is_dir(),
    }
}

/// The names of all commands in lists of files.
fn listed(status: &Path) -> io::Result<BTreeSet<String>> {
    let folder = if status.is_dir() { status } else { status.parent().unwrap_or(status) };
    let mut names = BTreeSet::new();
    // what is beside a file may be anything, such as sources.list(5)
    let own = status.is_dir().then(|| folder.to_owned());
    for folder in own.into_iter().chain([folder.join("info"), folder.join("status.d")]) {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            let is_sums = match path.extension().and_then(|end| end.to_str()) {
                Some("list") => false,
                Some("md5sums") => true,
                _ => continue,
            };
            for line in String::from_utf8_lossy(&fs::read(path)?).lines() {
                let file = if is_sums { line.split_once("  ").map_or("", |(_, file)| file) } else { line };
                let place = file.trim_start_matches('/').rsplit_once('/');
                if let Some((_, name)) = place.filter(|(folder, _)| FOLDERS.contains(folder)) {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    fn found(status: &Path) -> Vec<String> {
        let names = ["curl", "jq", "python3", "vi"].map(str::to_owned);
        in_base(status, &names).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_root_file_system_has_what_is_in_its_folders() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for folder in ["usr/bin", "usr/local/bin/curl", "usr/local/sbin", "var/lib/dpkg/status.d"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("usr/local/bin/python3"), "").unwrap();
        fs::write(at("var/lib/dpkg/status"), "").unwrap();
        symlink("/etc/alternatives/vi", at("usr/bin/vi")).unwrap();
        // what is mounted there is no command of the image
        symlink("/p/.aptlet/aptlet", at("usr/local/sbin/jq")).unwrap();
        for status in STATUS {
            assert_eq!(found(&at(status)), ["python3", "vi"], "{status}");
        }
    }

    #[test]
    fn lists_of_files_tell_it_where_there_is_no_root() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("info")).unwrap();
        fs::create_dir_all(at("status.d")).unwrap();
        fs::write(at("status"), "").unwrap();
        fs::write(at("info/curl.list"), "/.\n/usr\n/usr/bin\n/usr/bin/curl\n/usr/share/jq\n").unwrap();
        fs::write(at("status.d/python3.md5sums"), "d41d8cd98f00b204e9800998ecf8427e  usr/bin/python3\n")
            .unwrap();
        assert_eq!(found(&at("status")), ["curl", "python3"]);
        assert_eq!(found(folder.path()), ["curl", "python3"]);
        assert_eq!(found(&at("status.d")), ["python3"]);
        assert_eq!(found(&at("none/status")), [""; 0]);
    }
}
