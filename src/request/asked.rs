//! What a request asks for.

use super::archive::Archive;
use super::names::Names;
use super::origin::Origin;
use crate::control::glob::Glob;

/// One package asked for: `name`, `name:arch`, `name=version`, `name/suite`; or, as `name-`, refused. Or several,
/// by a pattern in place of the name; or one by the place of its `.deb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What `name` is.
    pub(crate) kind: Kind,
    /// Package name (Debian Policy 5.6.7), or a pattern for names; empty while only the archive has it.
    pub name: String,
    /// The architecture asked for.
    pub(crate) arch: Option<String>,
    /// The version asked for (deb-version(7)), or a pattern for versions.
    pub(crate) version: Option<String>,
    /// The suite or codename to take it from, a pattern for them, or the version of the release.
    pub(crate) suite: Option<String>,
    /// The package must not be installed, as for apt-get(8)'s `name-`.
    pub(crate) forbid: bool,
    /// The request as it was written, but without user and password of a URL.
    pub text: String,
    /// Where it was written.
    pub(crate) origin: Origin,
}

/// The ways to ask for packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By name.
    Name,
    /// By a pattern that several names may match.
    Names(Names),
    /// By the place of a `.deb`.
    Archive(Archive),
}

impl Request {
    /// Whether a version is the one that is asked for: as in apt, `1.2*` is for all that begin so, and other patterns are for a
    /// whole version.
    pub(crate) fn is_version(asked: &str, version: &str) -> bool {
        if asked.eq_ignore_ascii_case(version) {
            return true;
        }
        let (start, is_prefix) = asked.strip_suffix('*').map_or((asked, false), |start| (start, true));
        is_prefix && version.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start))
            || Glob::is_pattern(start) && Glob::new(start).is_ok_and(|glob| glob.matches(version))
    }

    /// The `.deb` that is asked for by its place.
    pub(crate) fn archive(&self) -> Option<&Archive> {
        match &self.kind {
            Kind::Archive(archive) => Some(archive),
            Kind::Name | Kind::Names(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_matched_as_apt_does() {
        // what `apt-get install -s foo=…` of apt 2.6 finds
        for (asked, version, expected) in [
            ("1.2.1", "1.2.1", true),
            ("1.2", "1.2.1", false),
            ("1.2*", "1.20", true),
            ("1.2*", "2:1.2.9", false),
            ("*", "2:1.2.9", true),
            ("1.?", "1.3", true),
            ("[12].3", "1.3", true),
            ("1.*2*", "1.20", false),
            ("1.*0", "1.20", true),
            ("1.0+*", "1.0+", true),
            ("1.0+RC*", "1.0+rc1", true),
            ("0:1.3", "1.3", false),
        ] {
            assert_eq!(Request::is_version(asked, version), expected, "{asked}: {version}");
        }
    }
}
