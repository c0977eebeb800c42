//! What apt is configured with on this machine, by apt's own rules of what is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::Error;

use crate::arrange::Arrange as _;

/// The files that apt itself would read on this machine, in the order in which it reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MachineApt {
    /// `sources.list` and `sources.list.d/*.{list,sources}` (sources.list(5)), and what is in them, since it has been read
    /// to find out whether there is a source.
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
    /// `preferences` and `preferences.d/*` (`apt_preferences(5)`).
    pub(crate) preferences: Vec<PathBuf>,
    /// `auth.conf` and `auth.conf.d/*.conf` (`apt_auth.conf(5)`).
    pub(crate) auth: Vec<PathBuf>,
    /// `trusted.gpg` and `trusted.gpg.d/*.{gpg,asc}` (apt-secure(8)).
    pub(crate) trusted: Vec<PathBuf>,
}

/// What apt is configured with below `root`; nothing if no source of binary packages is enabled there.
pub(super) fn machine(root: &Path) -> Result<Option<MachineApt>, Error> {
    let mut files = Vec::new();
    let mut enabled = false;
    for path in parts(root, "sources.list", "sources.list.d", &[Some("list"), Some("sources")])? {
        let bytes = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let text = String::from_utf8_lossy(&bytes);
        let deb822 = path.extension().is_some_and(|extension| extension == "sources");
        enabled |= if deb822 { enables_deb822(&text) } else { enables_one_line(&text) };
        files.push((path, bytes));
    }
    if !enabled {
        return Ok(None);
    }
    Ok(Some(MachineApt {
        files,
        preferences: parts(root, "preferences", "preferences.d", &[None, Some("pref")])?,
        auth: parts(root, "auth.conf", "auth.conf.d", &[Some("conf")])?,
        trusted: parts(root, "trusted.gpg", "trusted.gpg.d", &[Some("gpg"), Some("asc")])?,
    }))
}

/// The file `single` and those in `folder` which apt would read: sorted, of one of `extensions`, and with
/// nothing but letters, digits, `_`, `-` and `.` in the name (sources.list(5), `apt_preferences(5)`).
fn parts(
    root: &Path,
    single: &str,
    folder: &str,
    extensions: &[Option<&str>],
) -> Result<Vec<PathBuf>, Error> {
    let single = root.join(single);
    let folder = root.join(folder);
    let mut files = Vec::new();
    match fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let name = entry.map_err(|source| Error::Read { path: folder.clone(), source })?.file_name();
                let Some(name) = name.to_str() else { continue };
                let extension = name.rsplit_once('.').map(|(_, extension)| extension);
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
                if !name.starts_with('.') && name.chars().all(plain) && extensions.contains(&extension) {
                    files.push(folder.join(name));
                }
            }
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        Err(source) => return Err(Error::Read { path: folder, source }),
    }
    files.arrange();
    files.insert(0, single);
    files.retain(|path| path.is_file());
    Ok(files)
}

fn enables_one_line(text: &str) -> bool {
    text.lines().any(|line| line.split([' ', '\t', '[']).find(|word| !word.is_empty()) == Some("deb"))
}

/// Whether a stanza has `deb` among its `Types` and is not switched off by `Enabled`.
fn enables_deb822(text: &str) -> bool {
    let (mut deb, mut on) = (false, true);
    // One empty line more ends the last stanza.
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            if deb && on {
                return true;
            }
            (deb, on) = (false, true);
        } else if let Some((field, value)) = line.split_once(':') {
            if field.eq_ignore_ascii_case("types") {
                deb = value.split_whitespace().any(|word| word == "deb");
            } else if field.eq_ignore_ascii_case("enabled") {
                // The words that apt takes for false.
                let value = value.trim().to_ascii_lowercase();
                on = !matches!(value.as_str(), "no" | "false" | "without" | "off" | "disable" | "0");
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DEB: &str = "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n";

    fn etc_apt(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_machine_is_read_by_apts_own_rules() {
        let root = etc_apt(&[
            ("sources.list", "# none\n"),
            ("sources.list.d/b.list", "deb [arch=amd64] http://mirror.example/ x main\n"),
            ("sources.list.d/a.sources", DEB),
            ("sources.list.d/c.list.save", "deb x\n"),
            ("sources.list.d/with space.list", "deb x\n"),
            ("sources.list.d/.hidden.list", "deb x\n"),
            ("sources.list.d/folder.list/x", ""),
            ("preferences.d/pins", ""),
            ("preferences.d/more.pref", ""),
            ("preferences.d/old.bak", ""),
            ("auth.conf", ""),
            ("auth.conf.d/a.conf", ""),
            ("auth.conf.d/b", ""),
            ("trusted.gpg.d/a.gpg", ""),
            ("trusted.gpg.d/b.asc", ""),
            ("trusted.gpg.d/c.txt", ""),
        ]);
        let at = |names: &[&str]| names.iter().map(|name| root.path().join(name)).collect::<Vec<_>>();
        assert_eq!(
            machine(root.path()).unwrap().unwrap(),
            MachineApt {
                files: at(&["sources.list", "sources.list.d/a.sources", "sources.list.d/b.list"])
                    .into_iter()
                    .map(|path| (path.clone(), fs::read(path).unwrap()))
                    .collect(),
                preferences: at(&["preferences.d/more.pref", "preferences.d/pins"]),
                auth: at(&["auth.conf", "auth.conf.d/a.conf"]),
                trusted: at(&["trusted.gpg.d/a.gpg", "trusted.gpg.d/b.asc"]),
            }
        );
    }

    #[test]
    fn an_etc_apt_without_an_enabled_source_counts_as_none() {
        for (name, text) in [
            ("sources.list", ""),
            ("sources.list", "#deb http://mirror.example/ x main\ndeb-src http://mirror.example/ x main\n"),
            ("sources.list.d/a.sources", "Enabled: no\nTypes: deb\nURIs: x\n"),
            ("sources.list.d/a.sources", "Types: deb-src\nURIs: x\n\n# Types: deb\n"),
            ("apt.conf", "deb"),
        ] {
            let root = etc_apt(&[(name, text)]);
            assert_eq!(machine(root.path()).unwrap(), None, "{name}: {text}");
        }
        for text in ["Enabled: no\nTypes: deb\n\nTypes: deb-src deb\nEnabled: yes\n", "types:deb\r\n"] {
            let root = etc_apt(&[("sources.list.d/a.sources", text)]);
            assert!(machine(root.path()).unwrap().is_some(), "{text}");
        }
        assert!(enables_one_line("\tdeb[trusted=yes] http://mirror.example/ x main"));
    }
}
