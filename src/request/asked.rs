//! What a request asks for.

use super::archive::Archive;
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
    /// The exact version asked for (deb-version(7)).
    pub(crate) version: Option<String>,
    /// The suite, or codename, to take it from.
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
    Glob(Glob),
    /// By the place of a `.deb`.
    Archive(Archive),
}

impl Request {
    /// The `.deb` that is asked for by its place.
    pub(crate) fn archive(&self) -> Option<&Archive> {
        match &self.kind {
            Kind::Archive(archive) => Some(archive),
            Kind::Name | Kind::Glob(_) => None,
        }
    }
}
