//! What can be wrong with a request, and what to write instead.

use super::origin::Origin;
use crate::masking;

/// A word that is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: '{text}' {problem}", text = masking::uri(text).escape_debug())]
pub struct Error {
    /// Where it stands.
    pub(crate) origin: Origin,
    /// The offending word.
    pub(crate) text: String,
    /// What is wrong with it.
    pub(crate) problem: Problem,
}

impl Error {
    /// What to write instead.
    pub(crate) fn hint(&self) -> String {
        self.problem.hint()
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A regular expression that cannot be one.
    #[error("is no regular expression: {0}")]
    Expression(String),
    /// What may be meant as a regular expression, but could be anything.
    #[error(
        "is not a package name, and as a regular expression it has neither '^' at its beginning nor '$' at its end"
    )]
    Anchor,
    /// One of apt-patterns(7) that is about something else than names.
    #[error("is an apt pattern that is not supported")]
    Pattern,
    /// A glob that cannot be one.
    #[error("is not a pattern for package names: {0}")]
    Glob(String),
    /// `name^` of apt-get(8).
    #[error("is a task, and tasks are not supported yet")]
    Task,
    /// A path that cannot be one of a `.deb`.
    #[error("is not the path of a package: {0}")]
    Path(&'static str),
    /// The name of a file, without a folder, which apt-get(8) takes for the name of a package.
    #[error("is not a package name, but the name of a file")]
    BareFile,
    /// A URL that cannot be one of a `.deb`.
    #[error("is not the URL of a package: {0}")]
    Url(String),
    /// A URL without a digest.
    #[error("is a URL without the digest that says what is to be there")]
    NoDigest,
    /// A URL with something else.
    #[error("is a URL whose digest cannot be used: 'sha256=' {0}")]
    Digest(&'static str),
    /// `name>=version` and the like.
    #[error("is a relation, and a request can only ask for one exact version")]
    Relation,
    /// `name==version`, as pip has it.
    #[error("has two '=' before its version")]
    Equals,
    /// The mark of an item in a list of YAML or Markdown.
    #[error("is not a package name, but the mark of an item in a list")]
    Item,
    /// Both `=` and `/`.
    #[error("asks for a version and for a suite, but one excludes the other")]
    VersionAndSuite,
    /// `name-` with a version or suite.
    #[error("keeps a package out, which goes with neither a version nor a suite")]
    ForbiddenVersion,
    /// What a shell or a Dockerfile has between the words.
    #[error("is not a package name, but a piece of a shell command")]
    Shell,
    /// Not a package name (Debian Policy 5.6.7).
    #[error("is not a package name: {0}")]
    Name(String),
    /// Not an architecture.
    #[error("has no valid architecture after ':': {0}")]
    Architecture(String),
    /// Not a version (deb-version(7)).
    #[error("has no valid version after '=': {0}")]
    Version(String),
    /// Nothing, or not one word, after `/`.
    #[error("has no valid suite after '/'")]
    Suite,
}

impl Problem {
    pub(super) fn hint(&self) -> String {
        let hint = match self {
            Self::Expression(_) | Self::Anchor => {
                "name each package in full, or use a pattern of '*', '?' and '[...]', or '^EXPRESSION$'"
            }
            Self::Pattern => {
                "of apt-patterns(7), ~nEXPRESSION, ?name(EXPRESSION) and ?exact-name(NAME) can be used"
            }
            Self::Task => "name each package in full",
            Self::Glob(_) => "use '*', '?', '[a-c]' and '[!a-c]' among the letters of a name",
            Self::Path(_) => {
                "write a file as /folder/name.deb, ./name.deb or ../name.deb; white space and commas cannot be \
                 part of it"
            }
            Self::BareFile => "write ./ in front of it",
            Self::Url(_) => "write it as https://mirror.example/name.deb#sha256=DIGEST",
            Self::NoDigest | Self::Digest(_) => {
                "write '#sha256=' and the 64 digits after it; 'sha256sum FILE' prints them for a copy that you trust"
            }
            Self::Equals => "write one '=': name=version",
            Self::Item => {
                "write names alone, in lines or with white space between: the key is no list of YAML"
            }
            Self::Relation => "write name=version, or leave the version out",
            Self::VersionAndSuite => "write either name=version or name/suite",
            Self::ForbiddenVersion => "write the name and '-' only",
            Self::Shell => {
                "leave it out: a list of packages may have line ends anywhere, and nothing joins them"
            }
            Self::Name(reason) if reason.starts_with("'#'") => "write a space before a comment",
            Self::Name(_) | Self::Architecture(_) | Self::Version(_) | Self::Suite => {
                "write a request as name, name:arch, name=version or name/suite"
            }
        };
        hint.to_owned()
    }
}
