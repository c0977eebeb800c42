//! Where the sources come from. Their files are parsed elsewhere; here one place is chosen.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use url::Url;

use super::error::{Error, Warning};
use super::options::Sourcing;

/// The mirror of a suite that is named without one, and of the built-in default.
pub(crate) const DEFAULT_MIRROR: &str = "http://ftp.debian.org/debian";

/// The suites of a mirror that is named without any: Debian stable, by its codename, so that a pod does not
/// move to the next release by itself.
pub(crate) const DEFAULT_SUITES: [&str; 2] = ["trixie", "trixie-updates"];

/// The component where none is named.
pub(crate) const DEFAULT_COMPONENT: &str = "main";

/// The one place that all sources come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceChoice {
    /// Files in the formats of sources.list(5), by `--sources` or in the `ConfigMap`.
    Files(Vec<PathBuf>),
    /// `--mirror` and `--suite`.
    Mirror {
        /// Base URIs that all serve the same files; the later ones are fallbacks.
        uris: Vec<Url>,
        /// At least one suite.
        suites: Vec<String>,
        /// The components of each suite; empty if all suites are flat (end in `/`) and none was named.
        components: Vec<String>,
    },
    /// `/etc/apt` of this machine.
    Machine(MachineApt),
    /// The built-in default, with these components.
    BuiltIn {
        /// The components of each suite.
        components: Vec<String>,
    },
}

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

/// Which settings say where packages come from, and nothing else: a URL may also have a login, which a lock has not.
pub(super) fn given(sourcing: &Sourcing) -> impl Iterator<Item = &'static str> + use<> {
    let has_login = sourcing.mirror.iter().any(|mirror| !mirror.0.username().is_empty());
    let settings = [
        ("mirror", !sourcing.mirror.is_empty() && !has_login),
        ("suite", !sourcing.suite.is_empty()),
        ("component", !sourcing.component.is_empty()),
    ];
    settings.into_iter().filter(|(_, given)| *given).map(|(setting, _)| setting)
}

/// Chooses the place, and warns of settings that have no effect there.
pub(super) fn choose(
    sourcing: &Sourcing,
    etc_apt: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<SourceChoice, Error> {
    let unused = [
        ("mirror", !sourcing.mirror.is_empty()),
        ("suite", !sourcing.suite.is_empty()),
        ("component", !sourcing.component.is_empty()),
    ];
    let mut warn = |sources: &Path| {
        for (setting, _) in unused.iter().filter(|(_, given)| *given) {
            warnings.push(Warning::Unused { setting, sources: sources.to_owned() });
        }
    };
    if let Some(file) = sourcing.sources.first() {
        warn(file);
        return Ok(SourceChoice::Files(sourcing.sources.clone()));
    }
    let components: Vec<String> = sourcing.component.iter().map(|component| component.0.clone()).collect();
    let or_main = |components: Vec<String>| {
        if components.is_empty() { vec![DEFAULT_COMPONENT.to_owned()] } else { components }
    };
    if !sourcing.mirror.is_empty() || !sourcing.suite.is_empty() {
        let mut uris: Vec<Url> = sourcing.mirror.iter().map(|mirror| mirror.0.clone()).collect();
        if uris.is_empty() {
            uris.extend(Url::parse(DEFAULT_MIRROR));
        }
        let mut suites: Vec<String> = sourcing.suite.iter().map(|suite| suite.0.clone()).collect();
        if suites.is_empty() {
            suites.extend(DEFAULT_SUITES.map(str::to_owned));
        }
        let flat = suites.iter().all(|suite| suite.ends_with('/'));
        let components = if flat { components } else { or_main(components) };
        return Ok(SourceChoice::Mirror { uris, suites, components });
    }
    if let Some(machine) = machine(etc_apt)? {
        warn(etc_apt);
        return Ok(SourceChoice::Machine(machine));
    }
    Ok(SourceChoice::BuiltIn { components: or_main(components) })
}

/// What apt is configured with below `root`; nothing if no source of binary packages is enabled there.
fn machine(root: &Path) -> Result<Option<MachineApt>, Error> {
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
    files.sort();
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
    use crate::config::values::{MirrorUri, Word};

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

    fn sourcing(mirror: &[&str], suite: &[&str], component: &[&str]) -> Sourcing {
        Sourcing {
            mirror: mirror.iter().map(|text| text.parse::<MirrorUri>().unwrap()).collect(),
            suite: suite.iter().map(|text| text.parse::<Word>().unwrap()).collect(),
            component: component.iter().map(|text| text.parse::<Word>().unwrap()).collect(),
            ..Sourcing::default()
        }
    }

    fn choose(sourcing: &Sourcing, root: &Path) -> (SourceChoice, Vec<&'static str>) {
        let mut warnings = Vec::new();
        let choice = super::choose(sourcing, root, &mut warnings).unwrap();
        let unused = warnings.iter().map(|warning| match warning {
            Warning::Unused { setting, .. } => *setting,
            other => panic!("{other}"),
        });
        (choice, unused.collect())
    }

    #[test]
    fn files_beat_a_mirror_beats_the_machine_beats_the_default() {
        let root = etc_apt(&[("sources.list", "deb http://mirror.example/debian trixie main\n")]);
        let none = tempfile::tempdir().unwrap();
        let mirror = sourcing(&["http://mirror.example/debian"], &["bookworm"], &[]);
        let files = Sourcing { sources: vec!["a.list".into()], ..mirror.clone() };

        let (choice, unused) = choose(&files, root.path());
        assert_eq!(choice, SourceChoice::Files(vec!["a.list".into()]));
        assert_eq!(unused, ["mirror", "suite"]);

        let (choice, unused) = choose(&mirror, root.path());
        assert!(matches!(choice, SourceChoice::Mirror { .. }));
        assert!(unused.is_empty());

        let (choice, unused) = choose(&sourcing(&[], &[], &["contrib"]), root.path());
        assert!(matches!(choice, SourceChoice::Machine(_)));
        assert_eq!(unused, ["component"]);

        let (choice, _) = choose(&Sourcing::default(), none.path());
        assert_eq!(choice, SourceChoice::BuiltIn { components: vec!["main".into()] });
        let (choice, unused) = choose(&sourcing(&[], &[], &["main", "contrib"]), none.path());
        assert_eq!(choice, SourceChoice::BuiltIn { components: vec!["main".into(), "contrib".into()] });
        assert!(unused.is_empty());
    }

    #[test]
    fn a_mirror_is_completed_with_defaults() {
        let root = tempfile::tempdir().unwrap();
        let parts = |mirror: &[&str], suite: &[&str], component: &[&str]| match choose(
            &sourcing(mirror, suite, component),
            root.path(),
        )
        .0
        {
            SourceChoice::Mirror { uris, suites, components } => {
                let uris = uris.iter().map(ToString::to_string).collect::<Vec<_>>();
                (uris.join(" "), suites.join(" "), components.join(" "))
            }
            other => panic!("{other:?}"),
        };
        let text =
            |uris: &str, suites: &str, components: &str| (uris.into(), suites.into(), components.into());
        assert_eq!(parts(&[], &["bookworm"], &[]), text(DEFAULT_MIRROR, "bookworm", "main"));
        let (a, b) = ("http://a.example/debian", "http://b.example/debian");
        assert_eq!(
            parts(&[a, b], &[], &["main", "contrib"]),
            text(&format!("{a} {b}"), "trixie trixie-updates", "main contrib")
        );
        assert_eq!(parts(&[a], &["./"], &[]), text(a, "./", ""), "a flat repository has no components");
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
