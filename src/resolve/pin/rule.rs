//! One stanza of a preferences file: which packages it is about, and which of their versions.

use super::pattern::{Pattern, VersionPattern};
use crate::source::index::Package;
use crate::source::provenance::Provenance;

/// One stanza of a preferences file.
#[derive(Debug, Clone)]
pub struct Pin {
    /// "Specific form"; empty for the "general form", `Package: *` (`apt_preferences(5)`).
    pub(super) subjects: Vec<Subject>,
    pub(super) target: Target,
    pub(super) priority: i32,
}

/// One word of `Package`.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) name: Name,
    /// Whether that is a name of source packages: `src:`.
    pub(super) of_source: bool,
    /// What follows the colon; the native architecture without one.
    pub(super) architecture: Option<String>,
}

/// Which names.
#[derive(Debug, Clone)]
pub(super) enum Name {
    /// Exactly that.
    Literal(String),
    /// Those that match.
    Pattern(Pattern),
}

/// Which versions.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Version(VersionPattern),
    SourceVersion(VersionPattern),
    Site(Pattern),
    Release(Vec<Condition>),
    /// `release *`
    Any,
}

/// A condition on where a version comes from; all of a target have to be met, and at least one.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Archive(Pattern),
    Codename(Pattern),
    Version(VersionPattern),
    Component(Pattern),
    Origin(Pattern),
    Label(Pattern),
    /// Of the index: for packages that are for `all`, that whose index has them.
    Architecture(Pattern),
    /// A bare word: suite or codename.
    Word(Pattern),
}

impl Pin {
    /// Whether it is about that package; `architecture` is the one that it is installed for.
    pub(super) fn is_about(&self, package: Package<'_>, architecture: &str, native: &str) -> bool {
        self.subjects.iter().any(|subject| {
            subject.means(if subject.of_source { package.source().0 } else { package.name() })
                && subject.is_for(architecture, native)
        })
    }

    /// Whether it is about the version itself, wherever that is.
    pub(super) fn matches_version(&self, package: Package<'_>) -> bool {
        match &self.target {
            Target::Version(pattern) => pattern.matches(package.version()),
            Target::SourceVersion(pattern) => pattern.matches(package.source().1),
            Target::Site(_) | Target::Release(_) | Target::Any => false,
        }
    }

    /// Whether it is about what comes from there.
    pub(super) fn matches_provenance(&self, from: &Provenance) -> bool {
        match &self.target {
            Target::Version(_) | Target::SourceVersion(_) => false,
            Target::Site(pattern) => pattern.matches(&from.site),
            Target::Release(conditions) => {
                !conditions.is_empty() && conditions.iter().all(|condition| condition.is_met_by(from))
            }
            Target::Any => true,
        }
    }

    /// Whether it looks at names of source packages, or at their versions.
    pub(crate) fn needs_sources(&self) -> bool {
        matches!(self.target, Target::SourceVersion(_))
            || self.subjects.iter().any(|subject| subject.of_source)
    }
}

impl Subject {
    fn means(&self, name: &str) -> bool {
        match &self.name {
            Name::Literal(literal) => literal == name,
            Name::Pattern(pattern) => pattern.matches(name),
        }
    }

    /// dpkg's own wildcards, as far as they fit a machine of Debian.
    fn is_for(&self, architecture: &str, native: &str) -> bool {
        match self.architecture.as_deref() {
            None => architecture == native,
            Some("*" | "any" | "linux-any" | "any-any") => true,
            Some(wanted) => {
                let cpu = wanted.strip_prefix("any-").or_else(|| wanted.strip_prefix("linux-"));
                cpu.unwrap_or(wanted) == architecture
            }
        }
    }
}

impl Condition {
    fn is_met_by(&self, from: &Provenance) -> bool {
        match self {
            Self::Archive(pattern) => pattern.matches(&from.suite),
            Self::Codename(pattern) => pattern.matches(&from.codename),
            Self::Version(pattern) => pattern.matches(&from.version),
            Self::Component(pattern) => pattern.matches(&from.component),
            Self::Origin(pattern) => pattern.matches(&from.origin),
            Self::Label(pattern) => pattern.matches(&from.label),
            Self::Architecture(pattern) => pattern.matches(&from.architecture),
            Self::Word(pattern) => [&from.suite, &from.codename].iter().any(|value| pattern.matches(value)),
        }
    }
}
