//! Where the sources come from. Their files are parsed elsewhere; here one place is chosen.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

use super::error::{Error, Warning};
use super::machine_apt::{MachineApt, machine};
use super::options::Sourcing;
use super::release_of_image::{Told, release_beside};
use super::values::{DEFAULT_MIRROR, FileOrText, MirrorUri, Release};
use crate::control::architecture::Architecture;

/// The component where none is named.
pub(crate) const DEFAULT_COMPONENT: &str = "main";

/// The one place that all sources come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceChoice {
    /// Files in the formats of sources.list(5), or their texts, by `--sources` or in the `ConfigMap`.
    Files(Vec<FileOrText>),
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
    /// The official sources of a release.
    Release(OfRelease),
}

/// The official sources of a release, on its own hosts or on others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfRelease {
    /// The release.
    pub(crate) release: Release,
    /// Base URIs that all serve the same files; at least one.
    pub(crate) mirrors: Vec<Url>,
    /// The same for its security updates.
    pub(crate) security_mirrors: Vec<Url>,
    /// The components of each suite.
    pub(crate) components: Vec<String>,
    /// The file of the image that told which release it is, where nobody said it.
    pub(crate) told_by: Option<PathBuf>,
}

/// The image that packages are chosen for, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Image<'a> {
    /// Its dpkg status.
    pub(super) base: Option<&'a Path>,
    /// The dpkg database of this machine.
    pub(super) own: &'a Path,
}

impl Image<'_> {
    fn release(self) -> Option<Told> {
        release_beside(self.base?)
    }

    /// Whether this machine's own sources are those of another release than the image's.
    fn is_other_than_machine(self) -> bool {
        self.base.is_some_and(|base| !base.starts_with(self.own))
            && self
                .release()
                .is_some_and(|(of_image, _)| release_beside(self.own).is_none_or(|(own, _)| own != of_image))
    }
}

/// Which settings say where packages come from, and nothing else: a URL may also have a login, which a lock has not.
pub(super) fn given(sourcing: &Sourcing) -> impl Iterator<Item = &'static str> + use<> {
    let has_login = |mirrors: &[MirrorUri]| mirrors.iter().any(|mirror| !mirror.0.username().is_empty());
    let settings = [
        ("release", sourcing.release.is_some()),
        ("mirror", !sourcing.mirror.is_empty() && !has_login(&sourcing.mirror)),
        ("security-mirror", !sourcing.security_mirror.is_empty() && !has_login(&sourcing.security_mirror)),
        ("suite", !sourcing.suite.is_empty()),
        ("component", !sourcing.component.is_empty()),
    ];
    settings.into_iter().filter(|(_, given)| *given).map(|(setting, _)| setting)
}

/// Chooses the place, and warns of settings that have no effect there.
///
/// # Errors
/// Settings that contradict each other; a machine's configuration that cannot be read.
pub(super) fn choose(
    sourcing: &Sourcing,
    architecture: &Architecture,
    image: Image<'_>,
    etc_apt: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<SourceChoice, Error> {
    let unused = [
        ("release", sourcing.release.is_some()),
        ("mirror", !sourcing.mirror.is_empty()),
        ("security-mirror", !sourcing.security_mirror.is_empty()),
        ("suite", !sourcing.suite.is_empty()),
        ("component", !sourcing.component.is_empty()),
    ];
    let mut warn = |sources: &Path| {
        for (setting, _) in unused.iter().filter(|(_, given)| *given) {
            warnings.push(Warning::Unused { setting, sources: sources.to_owned() });
        }
    };
    if let Some(file) = sourcing.sources.first() {
        warn(&file.name(0));
        return Ok(SourceChoice::Files(sourcing.sources.clone()));
    }
    let components: Vec<String> = sourcing.component.iter().map(|component| component.0.clone()).collect();
    let of_release = |release: Release, told_by: Option<PathBuf>, warnings: &mut Vec<Warning>| {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        warnings.extend(release.ended(today).map(|ended| Warning::Ended {
            release: [release.to_string(), release.codename().to_owned()],
            ended,
        }));
        let or = |given: &[MirrorUri], official: &str| match given {
            [] => Url::parse(official).into_iter().collect(),
            given => given.iter().map(|mirror| mirror.0.clone()).collect(),
        };
        SourceChoice::Release(OfRelease {
            release,
            mirrors: or(&sourcing.mirror, release.mirror(architecture)),
            security_mirrors: or(&sourcing.security_mirror, release.security_mirror(architecture)),
            components: match components.as_slice() {
                [] => release.components().iter().map(|component| (*component).to_owned()).collect(),
                given => given.to_vec(),
            },
            told_by,
        })
    };
    let by_release =
        [("release", sourcing.release.is_some()), ("security-mirror", !sourcing.security_mirror.is_empty())];
    if let Some((setting, _)) = by_release.into_iter().find(|(_, given)| *given) {
        if !sourcing.suite.is_empty() {
            return Err(Error::SuitesTwice { setting });
        }
        let (release, told_by) = match sourcing.release {
            Some(release) => (release, None),
            None => of_image_or_default(image),
        };
        return Ok(of_release(release, told_by, warnings));
    }
    if !sourcing.mirror.is_empty() || !sourcing.suite.is_empty() {
        let mut uris: Vec<Url> = sourcing.mirror.iter().map(|mirror| mirror.0.clone()).collect();
        if uris.is_empty() {
            uris.extend(Url::parse(DEFAULT_MIRROR));
        }
        let (suites, usual) = match sourcing.suite.as_slice() {
            [] => {
                let (release, _) = of_image_or_default(image);
                (release.suites(), release.components())
            }
            suites => (suites.iter().map(|suite| suite.0.clone()).collect(), &[DEFAULT_COMPONENT][..]),
        };
        let flat = suites.iter().all(|suite| suite.ends_with('/'));
        let components = match components.as_slice() {
            [] if !flat => usual.iter().map(|component| (*component).to_owned()).collect(),
            given => given.to_vec(),
        };
        return Ok(SourceChoice::Mirror { uris, suites, components });
    }
    if !image.is_other_than_machine()
        && let Some(machine) = machine(etc_apt)?
    {
        warn(etc_apt);
        return Ok(SourceChoice::Machine(machine));
    }
    let (release, told_by) = of_image_or_default(image);
    Ok(of_release(release, told_by, warnings))
}

fn of_image_or_default(image: Image<'_>) -> (Release, Option<PathBuf>) {
    image.release().map_or((Release::default(), None), |(release, file)| (release, Some(file)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::config::values::Word;

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
        let none = Path::new("/none");
        let image = Image { base: None, own: none };
        let choice = super::choose(sourcing, &"amd64".parse().unwrap(), image, root, &mut warnings).unwrap();
        let unused = warnings.iter().map(|warning| match warning {
            Warning::Unused { setting, .. } => *setting,
            other => panic!("{other}"),
        });
        (choice, unused.collect())
    }

    fn shown(choice: &SourceChoice) -> String {
        let SourceChoice::Release(OfRelease { release, mirrors, security_mirrors, components, .. }) = choice
        else {
            panic!("{choice:?}");
        };
        let texts = |urls: &[Url]| urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        format!("{release} {} {} {}", texts(mirrors), texts(security_mirrors), components.join(" "))
    }

    fn of_release(release: &str, mirror: &[&str], security: &[&str]) -> Sourcing {
        let security = sourcing(security, &[], &[]).mirror;
        Sourcing { release: release.parse().ok(), security_mirror: security, ..sourcing(mirror, &[], &[]) }
    }

    #[test]
    fn a_release_is_mirrors_suites_and_components_in_one_word() {
        let root = etc_apt(&[("sources.list", "deb http://mirror.example/debian trixie main\n")]);
        let (a, b) = ("http://a.example/debian", "http://b.example/debian-security");
        for (sourcing, expected) in [
            (
                of_release("bookworm", &[], &[]),
                "debian:12 http://ftp.debian.org/debian http://security.debian.org/debian-security main"
                    .to_owned(),
            ),
            (of_release("bookworm", &[a], &[b]), format!("debian:12 {a} {b} main")),
            (of_release("", &[a], &[b]), format!("debian:13 {a} {b} main")),
            (
                of_release("noble", &[], &[]),
                "ubuntu:24.04 http://archive.ubuntu.com/ubuntu http://security.ubuntu.com/ubuntu \
                 main universe restricted multiverse"
                    .to_owned(),
            ),
        ] {
            let (choice, unused) = choose(&sourcing, root.path());
            assert_eq!(shown(&choice), expected);
            assert!(unused.is_empty());
        }
        let arm64 = "arm64".parse().unwrap();
        let image = Image { base: None, own: Path::new("/none") };
        let ports =
            super::choose(&of_release("noble", &[], &[]), &arm64, image, root.path(), &mut Vec::new());
        assert!(
            shown(&ports.unwrap())
                .contains("http://ports.ubuntu.com/ubuntu-ports http://ports.ubuntu.com/ubuntu-ports ")
        );

        let files =
            Sourcing { sources: vec![FileOrText::File("a.list".into())], ..of_release("noble", &[], &[b]) };
        assert_eq!(choose(&files, root.path()).1, ["release", "security-mirror"]);
    }

    #[test]
    fn suites_are_said_once() {
        for sourcing in [
            Sourcing { suite: sourcing(&[], &["sid"], &[]).suite, ..of_release("noble", &[], &[]) },
            Sourcing {
                suite: sourcing(&[], &["sid"], &[]).suite,
                ..of_release("", &[], &["http://a.example/"])
            },
        ] {
            let image = Image { base: None, own: Path::new("/none") };
            let choice = super::choose(
                &sourcing,
                &"amd64".parse().unwrap(),
                image,
                Path::new("/none"),
                &mut Vec::new(),
            );
            assert!(matches!(choice, Err(Error::SuitesTwice { .. })), "{choice:?}");
        }
    }

    #[test]
    fn the_image_says_which_release_unless_somebody_does() {
        let machine = etc_apt(&[
            ("etc/apt/sources.list", "deb http://mirror.example/debian trixie main\n"),
            ("etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n"),
            ("var/lib/dpkg/status", ""),
        ]);
        let image =
            etc_apt(&[("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"), ("var/lib/dpkg/status", "")]);
        let same =
            etc_apt(&[("etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n"), ("var/lib/dpkg/status", "")]);
        let at = |root: &tempfile::TempDir, path: &str| root.path().join(path);
        let own = at(&machine, "var/lib/dpkg");
        let chosen = |sourcing: &Sourcing, base: Option<&Path>, apt: &str| {
            let image = Image { base, own: &own };
            super::choose(sourcing, &"amd64".parse().unwrap(), image, &at(&machine, apt), &mut Vec::new())
                .unwrap()
        };
        let (apt, status) = ("etc/apt", at(&image, "var/lib/dpkg/status"));
        let none = Sourcing::default();
        // a base of another release than this machine's
        let choice = chosen(&none, Some(&status), apt);
        assert!(
            matches!(&choice, SourceChoice::Release(OfRelease { told_by: Some(file), .. }) if *file == at(&image, "etc/os-release"))
        );
        assert!(shown(&choice).starts_with("debian:12 "));
        // of the same, and of the image that this runs in: its own sources are the right ones
        assert!(matches!(chosen(&none, Some(&at(&same, "var/lib/dpkg")), apt), SourceChoice::Machine(_)));
        assert!(matches!(chosen(&none, Some(&own), apt), SourceChoice::Machine(_)));
        // where it has none
        assert!(shown(&chosen(&none, Some(&own), "none")).starts_with("debian:13 "));
        // what is said counts
        assert!(
            shown(&chosen(&of_release("noble", &[], &[]), Some(&status), apt)).starts_with("ubuntu:24.04 ")
        );
        let mirror = chosen(&sourcing(&["http://a.example/debian"], &[], &[]), Some(&status), apt);
        assert!(
            matches!(&mirror, SourceChoice::Mirror { suites, .. } if *suites == ["bookworm", "bookworm-updates"]),
            "{mirror:?}"
        );
    }

    #[test]
    fn files_beat_a_mirror_beats_the_machine_beats_the_default() {
        let root = etc_apt(&[("sources.list", "deb http://mirror.example/debian trixie main\n")]);
        let none = tempfile::tempdir().unwrap();
        let mirror = sourcing(&["http://mirror.example/debian"], &["bookworm"], &[]);
        let files = Sourcing { sources: vec![FileOrText::File("a.list".into())], ..mirror.clone() };

        let (choice, unused) = choose(&files, root.path());
        assert_eq!(choice, SourceChoice::Files(files.sources));
        assert_eq!(unused, ["mirror", "suite"]);

        let (choice, unused) = choose(&mirror, root.path());
        assert!(matches!(choice, SourceChoice::Mirror { .. }));
        assert!(unused.is_empty());

        let (choice, unused) = choose(&sourcing(&[], &[], &["contrib"]), root.path());
        assert!(matches!(choice, SourceChoice::Machine(_)));
        assert_eq!(unused, ["component"]);

        let (choice, _) = choose(&Sourcing::default(), none.path());
        assert_eq!(
            shown(&choice),
            "debian:13 http://ftp.debian.org/debian http://security.debian.org/debian-security main"
        );
        let (choice, unused) = choose(&sourcing(&[], &[], &["main", "contrib"]), none.path());
        assert!(shown(&choice).ends_with(" main contrib"));
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
}
