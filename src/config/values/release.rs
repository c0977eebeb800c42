//! Releases of distributions: one word for their mirrors, suites and components.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::error::BadValue;
use crate::config::nearest::nearest;
use crate::control::architecture::Architecture;

/// The mirror of a suite that is named without one.
pub(crate) const DEFAULT_MIRROR: &str = "http://ftp.debian.org/debian";

/// Who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distribution {
    Debian,
    Ubuntu,
}

/// A release that sources can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Release(&'static Known);

/// What is known of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    distribution: Distribution,
    /// Empty for what never becomes one.
    version: &'static str,
    codename: &'static str,
    /// The day after which nobody gets security updates for nothing, of Debian's LTS team or of Ubuntu's five years.
    ends: Option<Date>,
    /// Whether only an archive of old releases has it.
    gone: bool,
}

const fn debian(version: &'static str, codename: &'static str, ends: Option<Date>) -> Known {
    Known { distribution: Distribution::Debian, version, codename, ends, gone: false }
}

const fn ubuntu(version: &'static str, codename: &'static str, ends: Date) -> Known {
    Known { distribution: Distribution::Ubuntu, version, codename, ends: Some(ends), gone: false }
}

const fn gone(known: Known) -> Known {
    Known { gone: true, ..known }
}

const fn day(year: i16, month: i8, day: i8) -> Date {
    jiff::civil::date(year, month, day)
}

/// <https://wiki.debian.org/DebianReleases>, <https://wiki.debian.org/LTS>, <https://releases.ubuntu.com>; the newest stable
/// release of Debian first, which is the default.
static RELEASES: [Known; 16] = [
    debian("13", "trixie", Some(day(2030, 6, 30))),
    debian("12", "bookworm", Some(day(2028, 6, 30))),
    debian("11", "bullseye", Some(day(2026, 8, 31))),
    gone(debian("10", "buster", Some(day(2024, 6, 30)))),
    gone(debian("9", "stretch", Some(day(2022, 6, 30)))),
    debian("14", "forky", None),
    debian("", "sid", None),
    ubuntu("26.04", "resolute", day(2031, 5, 31)),
    gone(ubuntu("25.10", "questing", day(2026, 7, 31))),
    gone(ubuntu("25.04", "plucky", day(2026, 1, 15))),
    gone(ubuntu("24.10", "oracular", day(2025, 7, 10))),
    ubuntu("24.04", "noble", day(2029, 5, 31)),
    ubuntu("22.04", "jammy", day(2027, 6, 1)),
    ubuntu("20.04", "focal", day(2025, 5, 31)),
    ubuntu("18.04", "bionic", day(2023, 5, 31)),
    ubuntu("16.04", "xenial", day(2021, 4, 30)),
];

impl Default for Release {
    fn default() -> Self {
        Self(&RELEASES[0])
    }
}

impl Release {
    /// The release that an os-release(5) file is of.
    pub(in crate::config) fn of_os_release(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))?;
            Some(line.trim().trim_matches(['"', '\'']))
        };
        let id = value("ID")?;
        let names = ["VERSION_CODENAME", "UBUNTU_CODENAME", "VERSION_ID"];
        names.iter().filter_map(|name| value(name)).find_map(|name| format!("{id}:{name}").parse().ok())
    }

    /// The release whose package base-files has this version.
    pub(in crate::config) fn of_base_files(version: &str) -> Option<Self> {
        let ubuntu =
            [("13ubuntu", "noble"), ("12ubuntu", "jammy"), ("11ubuntu", "focal"), ("10.1ubuntu", "bionic")];
        match ubuntu.iter().find(|(start, _)| version.starts_with(start)) {
            Some((_, codename)) => codename.parse().ok(),
            None if version.contains("ubuntu") => None,
            None => format!("debian:{}", version.split('.').next()?).parse().ok(),
        }
    }

    pub(crate) fn codename(self) -> &'static str {
        self.0.codename
    }

    /// The text of an os-release(5) file: as base-files has it, but for what it says to people alone.
    pub(crate) fn os_release(self) -> String {
        let Known { version, codename, ends, .. } = *self.0;
        // what is not released yet has no number there either
        let version = if ends.is_some() { version } else { "" };
        let (name, home, bugs, more) = match self.0.distribution {
            Distribution::Debian => {
                ("Debian GNU/Linux", "https://www.debian.org/", "https://bugs.debian.org/", String::new())
            }
            Distribution::Ubuntu => (
                "Ubuntu",
                "https://www.ubuntu.com/",
                "https://bugs.launchpad.net/ubuntu/",
                format!("ID_LIKE=debian\nUBUNTU_CODENAME={codename}\n"),
            ),
        };
        let id = self.0.distribution();
        let (pretty, numbers) = match version {
            "" => (format!("{name} {codename}"), String::new()),
            _ => (
                format!("{name} {version} ({codename})"),
                format!("VERSION_ID=\"{version}\"\nVERSION=\"{version} ({codename})\"\n"),
            ),
        };
        format!(
            "PRETTY_NAME=\"{pretty}\"\nNAME=\"{name}\"\n{numbers}VERSION_CODENAME={codename}\nID={id}\n{more}HOME_URL=\"{home}\"\n\
             BUG_REPORT_URL=\"{bugs}\"\n"
        )
    }

    /// The last day of its support, if that is over.
    pub(in crate::config) fn ended(self, today: Date) -> Option<Date> {
        self.0.ends.filter(|ends| *ends < today)
    }

    /// Where its packages are.
    pub(crate) fn mirror(self, architecture: &Architecture) -> &'static str {
        match self.0.distribution {
            Distribution::Debian => DEFAULT_MIRROR,
            Distribution::Ubuntu if is_port(architecture) => "http://ports.ubuntu.com/ubuntu-ports",
            Distribution::Ubuntu => "http://archive.ubuntu.com/ubuntu",
        }
    }

    /// Where its security updates are.
    pub(crate) fn security_mirror(self, architecture: &Architecture) -> &'static str {
        match self.0.distribution {
            Distribution::Debian => "http://security.debian.org/debian-security",
            Distribution::Ubuntu if is_port(architecture) => "http://ports.ubuntu.com/ubuntu-ports",
            Distribution::Ubuntu => "http://security.ubuntu.com/ubuntu",
        }
    }

    /// Its suites but for that of security updates.
    pub(crate) fn suites(self) -> Vec<String> {
        let codename = self.0.codename.to_owned();
        if self.has_updates() { vec![codename.clone(), codename + "-updates"] } else { vec![codename] }
    }

    /// The suite of its security updates, if it has one.
    pub(crate) fn security_suite(self) -> Option<String> {
        self.has_updates().then(|| format!("{}-security", self.0.codename))
    }

    fn has_updates(self) -> bool {
        !self.0.version.is_empty()
    }

    /// The components that its own images use.
    pub(crate) fn components(self) -> &'static [&'static str] {
        match self.0.distribution {
            Distribution::Debian => &["main"],
            Distribution::Ubuntu => &["main", "universe", "restricted", "multiverse"],
        }
    }
}

/// Whether Ubuntu has it on another host.
fn is_port(architecture: &Architecture) -> bool {
    !matches!(architecture.as_str(), "amd64" | "i386")
}

impl Known {
    fn distribution(&self) -> &'static str {
        match self.distribution {
            Distribution::Debian => "debian",
            Distribution::Ubuntu => "ubuntu",
        }
    }
}

impl FromStr for Release {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let lower = text.to_ascii_lowercase();
        let (distribution, name) =
            lower.split_once(':').map_or((None, lower.as_str()), |(one, two)| (Some(one), two));
        // as images are called: debian:12-slim
        let name = name.split('-').next().unwrap_or_default();
        let is_version = |known: &Known| {
            let point_release = known.distribution == Distribution::Debian && distribution.is_some();
            let major = if point_release { name.split('.').next().unwrap_or_default() } else { name };
            // a number alone is no release of anybody in particular, but for Ubuntu's
            !known.version.is_empty()
                && known.version == major
                && (distribution.is_some() || known.distribution == Distribution::Ubuntu)
        };
        let known = RELEASES.iter().find(|known| {
            distribution.is_none_or(|distribution| distribution == known.distribution())
                && (known.codename == name || is_version(known))
        });
        match known {
            Some(known) if known.gone => Err(BadValue(format!(
                "{} ({}) has ended, and only an archive of old releases has its packages; name the sources and the key of \
                 that with --sources and --keyring",
                Self(known),
                known.codename
            ))),
            Some(known) => Ok(Self(known)),
            None => Err(BadValue(unknown(name))),
        }
    }
}

fn unknown(name: &str) -> String {
    let all = RELEASES.iter().filter(|known| !known.gone);
    if matches!(
        name,
        "stable" | "latest" | "testing" | "unstable" | "oldstable" | "devel" | "rolling" | "lts"
    ) {
        let newest = Release::default();
        return format!(
            "it is another release after a while; name the release that is meant, such as {newest}"
        );
    }
    let codenames = all.clone().map(|known| known.codename);
    if let Some(nearest) = nearest(name, codenames.map(str::to_owned)) {
        return format!("there is no such release; did you mean {nearest}?");
    }
    let all: Vec<String> = all.map(|known| format!("{} ({})", Release(known), known.codename)).collect();
    format!("the releases are {}; for others name sources with --sources", all.join(", "))
}

/// `debian:12`, `ubuntu:24.04`.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { version, codename, .. } = self.0;
        write!(f, "{}:{}", self.0.distribution(), if version.is_empty() { codename } else { version })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parsed(text: &str) -> String {
        match text.parse::<Release>() {
            Ok(release) => format!("{release} {}", release.codename()),
            Err(BadValue(reason)) => reason,
        }
    }

    #[test]
    fn a_release_is_named_as_people_and_images_name_it() {
        for text in [
            "debian:12",
            "debian:bookworm",
            "bookworm",
            "Bookworm",
            "debian:12.5",
            "debian:12-slim",
            "debian:bookworm-20260101-slim",
        ] {
            assert_eq!(parsed(text), "debian:12 bookworm", "{text}");
        }
        for text in ["ubuntu:24.04", "noble", "ubuntu:noble", "24.04", "ubuntu:noble-20260101"] {
            assert_eq!(parsed(text), "ubuntu:24.04 noble", "{text}");
        }
        assert_eq!(parsed("sid"), "debian:sid sid");
        assert_eq!(Release::default().to_string(), "debian:13");
        for known in RELEASES.iter().filter(|known| !known.gone) {
            assert_eq!(Release(known).to_string().parse(), Ok(Release(known)));
            assert_eq!(known.codename.parse(), Ok(Release(known)));
        }
    }

    #[test]
    fn what_is_no_release_is_told_what_is() {
        for (text, says) in [
            ("bokworm", "did you mean bookworm?"),
            ("debian:noble", "did you mean noble?"),
            ("13", "the releases are debian:13 (trixie), debian:12 (bookworm)"),
            ("12", "the releases are"),
            ("ubuntu:12", "the releases are"),
            ("alpine:3.20", "name sources with --sources"),
            (
                "debian:stable",
                "another release after a while; name the release that is meant, such as debian:13",
            ),
            ("ubuntu:latest", "another release after a while"),
            ("buster", "debian:10 (buster) has ended, and only an archive"),
            ("ubuntu:24.10", "ubuntu:24.10 (oracular) has ended"),
            ("", "the releases are"),
        ] {
            assert!(parsed(text).contains(says), "{text}: {}", parsed(text));
        }
    }

    #[test]
    fn an_image_tells_its_release() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        let ubuntu = "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n";
        let of = |text: &str| Release::of_os_release(text).map(|release| release.to_string());
        assert_eq!(of(debian).as_deref(), Some("debian:12"));
        assert_eq!(of(ubuntu).as_deref(), Some("ubuntu:24.04"));
        // distroless and old images have no codename
        assert_eq!(of("ID='debian'\nVERSION_ID='12'\n").as_deref(), Some("debian:12"));
        for none in [
            "",
            "ID=alpine\nVERSION_ID=3.20\n",
            "ID=debian\n",
            "ID=debian\nVERSION_CODENAME=buster\n",
            "VERSION_CODENAME=noble",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
        let of = |version: &str| Release::of_base_files(version).map(|release| release.to_string());
        assert_eq!(of("12.4+deb12u11").as_deref(), Some("debian:12"));
        assert_eq!(of("13.8+deb13u1").as_deref(), Some("debian:13"));
        assert_eq!(of("13ubuntu10.2").as_deref(), Some("ubuntu:24.04"));
        assert_eq!((of("7ubuntu1"), of("x"), of("10.3+deb10u13")), (None, None, None));
    }

    #[test]
    fn what_a_tree_says_of_its_release_is_understood() {
        for name in ["debian:13", "debian:12", "ubuntu:24.04"] {
            let release: Release = name.parse().unwrap();
            assert_eq!(Release::of_os_release(&release.os_release()), Some(release));
        }
        let trixie = Release::default().os_release();
        assert!(trixie.starts_with("PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n"), "{trixie}");
        assert!(trixie.contains("\nVERSION_ID=\"13\"\n") && trixie.contains("\nID=debian\n"), "{trixie}");
        let sid = "sid".parse::<Release>().unwrap().os_release();
        assert!(!sid.contains("VERSION_ID") && sid.contains("VERSION_CODENAME=sid"), "{sid}");
    }

    #[test]
    fn support_ends() {
        let bullseye: Release = "bullseye".parse().unwrap();
        assert_eq!(bullseye.ended(day(2026, 8, 31)), None);
        assert_eq!(bullseye.ended(day(2026, 9, 1)), Some(day(2026, 8, 31)));
        assert_eq!("sid".parse::<Release>().unwrap().ended(day(2999, 1, 1)), None);
    }
}
