//! The base: what the main image has installed already, as its dpkg status tells.

use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use super::index::Part;
use super::provenance::Provenance;
use crate::arrange::Arrange as _;
use crate::config::{self, read_bytes};
use crate::control::text::decoded;
use crate::deb::paragraph::field;
use crate::plan::PlanSource;

/// What the base is called where a suite would be named.
pub(crate) const NAME: &str = "base";

/// The stanzas of all installed packages in a dpkg status file, in the folder of one (`/var/lib/dpkg`), or in the
/// files of a `status.d` folder, as distroless images have it.
///
/// # Errors
/// What cannot be read.
pub fn read(path: &Path) -> Result<String, config::Error> {
    let failed = |source| config::Error::Read { path: path.to_owned(), source };
    let files = if fs::metadata(path).map_err(failed)?.is_dir() {
        files_in(path).map_err(failed)?
    } else {
        vec![path.into()]
    };
    let mut installed = String::new();
    for file in files {
        let text = decoded(&read_bytes(&file)?).replace("\r\n", "\n");
        for stanza in
            text.split("\n\n").map(|stanza| stanza.trim_matches('\n')).filter(|stanza| is_installed(stanza))
        {
            installed.push_str(stanza);
            installed.push_str("\n\n");
        }
    }
    Ok(installed)
}

fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (status, parts) = (folder.join("status"), folder.join("status.d"));
    let mut files: Vec<PathBuf> = status.is_file().then_some(status).into_iter().collect();
    let parts = if parts.is_dir() { Some(parts) } else { files.is_empty().then(|| folder.to_owned()) };
    if let Some(parts) = parts {
        let mut found = Vec::new();
        for entry in fs::read_dir(parts)? {
            let path = entry?.path();
            // beside the stanza of a package lie the digests of its files
            if path.is_file() && path.extension().is_none_or(|extension| extension != "md5sums") {
                found.push(path);
            }
        }
        found.arrange();
        files.append(&mut found);
    }
    Ok(files)
}

/// Whether the files of a package are there. A `status.d` says nothing of it, because nothing else is in it.
fn is_installed(stanza: &str) -> bool {
    if field(stanza, "Package").is_none() {
        return false;
    }
    let status = field(stanza, "Status").map(|status| status.split_whitespace().nth(2).unwrap_or_default());
    status.is_none_or(|state| !matches!(state, "not-installed" | "config-files" | "half-installed"))
}

/// The base as a part of the index. A stanza that makes no sense is not in it.
///
/// # Errors
/// More than an index can hold.
pub fn parse(path: &Path, installed: &str) -> Result<(Part, Provenance), Error> {
    let part = Part::read(installed.as_bytes())
        .map_err(|source| Error::BadBase { path: path.to_owned(), source })?;
    let source = PlanSource { id: NAME.to_owned(), suite: NAME.to_owned(), ..PlanSource::default() };
    Ok((part, Provenance { suite: NAME.to_owned(), source, ..Provenance::default() }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn stanza(name: &str, status: &str) -> String {
        format!("Package: {name}\n{status}Architecture: amd64\nVersion: 1\nDescription: x\n .\n y\n")
    }

    #[test]
    fn only_what_is_installed_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("status");
        let texts = [
            stanza("a", "Status: install ok installed\n"),
            stanza("b", "Status: deinstall ok config-files\n"),
            stanza("c", "Status: hold ok triggers-pending\n"),
            stanza("d", "Status: install reinstreq half-installed\n"),
        ];
        fs::write(&file, texts.join("\n")).unwrap();
        for path in [&file, folder.path()] {
            let text = read(path).unwrap();
            let (part, from) = parse(path, &text).unwrap();
            assert_eq!((part.len(), from.suite.as_str()), (2, "base"), "{text}");
            assert!(text.contains("Package: c\n") && !text.contains("Package: b\n"), "{text}");
        }
    }

    #[test]
    fn a_folder_of_stanzas_is_read_file_by_file() {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path().join("status.d");
        fs::create_dir(&parts).unwrap();
        fs::write(parts.join("libc6"), stanza("libc6", "")).unwrap();
        fs::write(parts.join("libc6.md5sums"), "d41d8cd98f00b204e9800998ecf8427e  usr/x\n").unwrap();
        fs::write(parts.join("base"), stanza("base-files", "")).unwrap();
        for path in [&parts, folder.path()] {
            let text = read(path).unwrap();
            assert_eq!(parse(path, &text).unwrap().0.len(), 2, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = read(Path::new("/no/such/status")).unwrap_err().to_string();
        assert!(error.contains("/no/such/status"), "{error}");
    }

    #[test]
    fn an_odd_stanza_costs_itself_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("status");
        let mut bytes = b"Package: j\nStatus: install ok installed\nMaintainer: J\xf6rg\nArchitecture: all\n\
            Version: 1\nInstalled-Size: 356K\nConflicts: foo*\n\n"
            .to_vec();
        bytes.extend(stanza("a", "").replace("Version: 1\n", "").bytes().chain(*b"\n"));
        bytes.extend(stanza("b", "").replace("Version", "Depends: x y\nVersion").bytes());
        fs::write(&file, bytes).unwrap();
        let (part, _) = parse(&file, &read(&file).unwrap()).unwrap();
        assert_eq!((part.len(), part.oddities()), (2, 2));
    }
}
