//! The release that an image is of, as the files beside its dpkg database tell.

use std::fs;
use std::path::{Path, PathBuf};

use super::text;
use super::values::Release;

/// A release, and the file that tells it.
pub(crate) type Told = (Release, PathBuf);

/// What tells the release of an image with this dpkg status: `os-release` (os-release(5)) in the image, or beside a status that
/// was copied out of one; else the version of base-files. None where that is no release that is known here.
pub(crate) fn release_beside(base: &Path) -> Option<Told> {
    let (folder, root) = places(base);
    let in_root = root
        .into_iter()
        .flat_map(|root| ["etc/os-release", "usr/lib/os-release"].map(|file| root.join(file)));
    for file in in_root.chain([folder.join("os-release")]) {
        if let Ok(text) = text::read(&file) {
            return Some((Release::of_os_release(&text)?, file));
        }
    }
    let status = if base.is_dir() { folder.join("status") } else { base.to_owned() };
    let text = fs::read(&status).ok()?;
    let text = String::from_utf8_lossy(&text);
    let stanza =
        text.split("\n\n").find(|stanza| stanza.lines().any(|line| line == "Package: base-files"))?;
    let version = stanza.lines().find_map(|line| line.strip_prefix("Version:"))?;
    Some((Release::of_base_files(version.trim())?, status))
}

/// The root of the image that a dpkg status is in, where it lies in one.
pub(super) fn root_of(base: &Path) -> Option<PathBuf> {
    places(base).1
}

/// The folder that the status is in, and the root of the image that this is `/var/lib/dpkg` of.
fn places(base: &Path) -> (PathBuf, Option<PathBuf>) {
    let is_inside = base.is_file() || base.ends_with("status.d");
    let folder = if is_inside { base.parent().unwrap_or(base) } else { base };
    let root =
        folder.ends_with("var/lib/dpkg").then(|| folder.ancestors().nth(3).map(Path::to_owned)).flatten();
    (folder.to_owned(), root)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(base: &Path) -> Option<String> {
        release_beside(base)
            .map(|(release, file)| format!("{release} {}", file.file_name().unwrap().to_str().unwrap()))
    }

    #[test]
    fn the_release_is_that_of_the_image_whichever_part_of_it_is_named() {
        let image = tempfile::tempdir().unwrap();
        let dpkg = image.path().join("var/lib/dpkg");
        fs::create_dir_all(dpkg.join("status.d")).unwrap();
        fs::write(dpkg.join("status"), "Package: a\nVersion: 1\n\nPackage: base-files\nStatus: install ok installed\nVersion: 12.4+deb12u11\n\n").unwrap();
        assert_eq!(told(&dpkg).as_deref(), Some("debian:12 status"));
        assert_eq!(told(&dpkg.join("status")).as_deref(), Some("debian:12 status"));
        fs::create_dir_all(image.path().join("etc")).unwrap();
        fs::write(image.path().join("etc/os-release"), "ID=ubuntu\nVERSION_CODENAME=noble\n").unwrap();
        for base in [dpkg.clone(), dpkg.join("status"), dpkg.join("status.d")] {
            assert_eq!(told(&base).as_deref(), Some("ubuntu:24.04 os-release"), "{}", base.display());
        }
        // what is of another distribution says nothing about Debian's
        fs::write(image.path().join("etc/os-release"), "ID=alpine\nVERSION_ID=3.20\n").unwrap();
        assert_eq!(told(&dpkg), None);

        let copied = tempfile::tempdir().unwrap();
        fs::write(copied.path().join("status"), "Package: a\nVersion: 1\n").unwrap();
        assert_eq!(told(&copied.path().join("status")), None);
        fs::write(copied.path().join("os-release"), "ID=debian\nVERSION_ID=\"12\"\n").unwrap();
        assert_eq!(told(&copied.path().join("status")).as_deref(), Some("debian:12 os-release"));
        assert_eq!(told(Path::new("/no/such")), None);
    }
}
