//! Where a package comes from, as pins and the lock see it.

use crate::control::glob::Glob;
use crate::plan::PlanSource;

/// One suite and component, with what its Release file says of itself (Debian wiki, `DebianRepository/Format`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    /// Host of the URI; empty for `file:`.
    pub site: String,
    /// `Origin`
    pub origin: String,
    /// `Label`
    pub label: String,
    /// `Suite`
    pub suite: String,
    /// `Codename`
    pub codename: String,
    /// `Version`
    pub version: String,
    /// The component; empty for a flat repository.
    pub component: String,
    /// The architecture whose index it is, which has packages for `all`, too; empty for a flat repository.
    pub architecture: String,
    /// `NotAutomatic: yes`
    pub not_automatic: bool,
    /// `ButAutomaticUpgrades: yes`
    pub but_automatic_upgrades: bool,
    /// The same for the lock.
    pub source: PlanSource,
}

impl Provenance {
    /// The priority of its packages where no pin is about them (`apt_preferences(5)`).
    pub(crate) fn priority(&self) -> i32 {
        Self::default_priority(self.not_automatic, self.but_automatic_upgrades)
    }

    /// The same, by the two fields that decide it.
    pub(crate) fn default_priority(not_automatic: bool, but_automatic_upgrades: bool) -> i32 {
        match (not_automatic, but_automatic_upgrades) {
            (_, true) => 100,
            (true, false) => 1,
            (false, false) => 500,
        }
    }

    /// Whether `name` is this suite by its suite, its codename or the name it was asked for by, or a pattern for one of these; or,
    /// where it begins with a digit, by the version of the release (`pkgVersionMatch` of apt-pkg/versionmatch.cc).
    pub(crate) fn is_suite(&self, name: &str) -> bool {
        let glob = Glob::is_pattern(name).then(|| Glob::new(name).ok()).flatten();
        let is = |own: &String| {
            !own.is_empty() && (own == name || glob.as_ref().is_some_and(|glob| glob.matches(own)))
        };
        let names = [&self.suite, &self.codename, &self.source.suite];
        names.into_iter().any(is)
            || name.starts_with(|first: char| first.is_ascii_digit()) && is(&self.version)
    }
}
