//! The maintainer scripts that run at a first installation (Debian Policy 6).

use std::fmt;

/// Which of a package's maintainer scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Script {
    /// Runs before the package is unpacked.
    Preinst,
    /// Runs after that of all that the package depends on.
    Postinst,
}

impl Script {
    /// Both, in the order in which they run.
    pub(super) const ALL: [Self; 2] = [Self::Preinst, Self::Postinst];

    /// The name of its file in the control archive.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Preinst => "preinst",
            Self::Postinst => "postinst",
        }
    }

    /// What dpkg calls it with at a first installation, as the first argument; a second one, the version that was
    /// configured before, is empty or missing.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Preinst => "install",
            Self::Postinst => "configure",
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
