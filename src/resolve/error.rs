//! Why there is no plan, and what to do about it.

use super::unknown::Unknown;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No source has such a package.
    #[error("{0}")]
    UnknownPackage(Box<Unknown>),
    /// A pattern that selects nothing.
    #[error("no package that can be installed matches '{pattern}' in {}", searched.join(", "))]
    NoMatch {
        /// As it was asked for, with version or suite.
        pattern: String,
        /// The sources that were read.
        searched: Vec<String>,
    },
    /// The package exists, but not so.
    #[error("package '{name}' has no {wanted}; there is {}", available.join(", "))]
    NoSuchVersion {
        /// As it was asked for.
        name: String,
        /// `version 1.0` or `version in suite x`.
        wanted: String,
        /// The suite asked for, where no source has it at all.
        absent_suite: Option<String>,
        /// `version (suite)`.
        available: Vec<String>,
    },
    /// Pins leave no candidate.
    #[error("the preferences forbid every version of package '{name}': {}", available.join(", "))]
    PinnedAway {
        /// As it was asked for.
        name: String,
        /// `version (suite)`.
        available: Vec<String>,
    },
    /// Several packages provide it.
    #[error("'{name}' is a virtual package provided by {}", providers.join(", "))]
    Virtual {
        /// As it was asked for.
        name: String,
        /// Sorted.
        providers: Vec<String>,
    },
    /// The base has another version than the one that was asked for.
    #[error("package '{name}': the base has version {installed}, and {wanted} was asked for")]
    InBase {
        /// As it was asked for.
        name: String,
        /// The version in the base.
        installed: String,
        /// The version asked for.
        wanted: String,
    },
    /// Both asked for and excluded.
    #[error("package '{name}' is both asked for and excluded")]
    Excluded {
        /// As it was asked for.
        name: String,
    },
    /// What is to be explained is not there.
    #[error("package '{name}' is not in the plan{}", because(reasons))]
    NotInPlan {
        /// As it was asked for.
        name: String,
        /// Sentences: what in the plan stands for it, or rules it out.
        reasons: Vec<String>,
        /// The packages of the plan that stand for it.
        instead: Vec<String>,
    },
    /// No set of packages satisfies all requests.
    #[error("the requests cannot be installed together: {0}")]
    NoSolution(String),
    /// What was chosen cannot be installed as the index has it.
    #[error("the index of {origin} has a bad {field} for package {package}: {reason}")]
    Odd {
        /// `name version`.
        package: String,
        /// The field at fault.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
        /// The source.
        origin: String,
    },
    /// The index does not say how the file can be verified.
    #[error(
        "the index of {origin} gives no SHA256 or SHA512 for package {package}, so it cannot be verified"
    )]
    Unverifiable {
        /// `name version`.
        package: String,
        /// The source.
        origin: String,
    },
}

fn because(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::UnknownPackage(unknown) => unknown.hint(),
            Self::NoSuchVersion { absent_suite: Some(suite), .. } => {
                format!("No source is of the suite {suite}: add it, or ask for one of these.")
            }
            Self::NotInPlan { instead, .. } => match instead.as_slice() {
                [] => "Run 'aptlet lock -o -' to see what is in the plan.".to_owned(),
                some => format!("Run it with --explain {}.", some.join(", or ")),
            },
            Self::NoMatch { .. } => {
                "Check the pattern: without '^' at its beginning or '$' at its end it is no regular expression, but '*', '?' \
                 and '[...]' for the letters of whole names. Patterns and names with '-' at the end take away from \
                 what it selects."
                    .to_owned()
            }
            Self::NoSuchVersion { .. } => "Ask for one of these, or for the name alone.".to_owned(),
            Self::PinnedAway { .. } => "Ask for name=version, or change the *.pref files.".to_owned(),
            Self::Virtual { .. } => "Ask for one of them by name.".to_owned(),
            Self::InBase { .. } => {
                "Leave the version out to use what the base has, or allow another with --upgrade-base.".to_owned()
            }
            Self::Excluded { .. } => "Take it out of one of the two.".to_owned(),
            Self::NoSolution(reason) if reason.contains(" the base") => {
                "What the base has stays as it is: ask for other packages, or let newer versions of it into the tree \
                 with --upgrade-base."
                    .to_owned()
            }
            Self::NoSolution(reason) if reason.contains(" in the sources") => {
                "Add the source that has what is missing: sources of your own take the place of the built-in ones, so \
                 name Debian's as well where they are needed."
                    .to_owned()
            }
            Self::NoSolution(_) => {
                "Ask for fewer or other packages, or add the source that has what is missing.".to_owned()
            }
            Self::Odd { .. } => {
                "Tell the repository's owner; until it is mended, ask for another version with name=version, or for \
                 that of another source with name/suite."
                    .to_owned()
            }
            Self::Unverifiable { .. } => "Ask the repository's owner to publish SHA256 digests.".to_owned(),
        }
    }
}

impl From<Unknown> for Error {
    fn from(unknown: Unknown) -> Self {
        Self::UnknownPackage(Box::new(unknown))
    }
}
