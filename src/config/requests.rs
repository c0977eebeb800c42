//! Requests: what the user asks for, one word each.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::archive::Archive;
use super::error::Error;
use super::text;
use super::values;
use crate::control::glob::Glob;

/// One package asked for: `name`, `name:arch`, `name=version`, `name/suite`; or, as `name-`, refused. Or several,
/// by a pattern in place of the name; or one by the place of its `.deb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What `name` is.
    pub kind: Kind,
    /// Package name (Debian Policy 5.6.7), or a pattern for names; empty while only the archive has it.
    pub name: String,
    /// The architecture asked for.
    pub arch: Option<String>,
    /// The exact version asked for (deb-version(7)).
    pub version: Option<String>,
    /// The suite, or codename, to take it from.
    pub suite: Option<String>,
    /// The package must not be installed, as for apt-get(8)'s `name-`.
    pub forbid: bool,
    /// The request as it was written, but without user and password of a URL.
    pub text: String,
    /// Where it was written.
    pub origin: Origin,
}

/// The ways to ask for packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// By name.
    Name,
    /// By a pattern that several names may match.
    Glob(Glob),
    /// By the place of a `.deb`.
    Archive(Archive),
}

impl Request {
    /// The `.deb` that is asked for by its place.
    pub fn archive(&self) -> Option<&Archive> {
        match &self.kind {
            Kind::Archive(archive) => Some(archive),
            Kind::Name | Kind::Glob(_) => None,
        }
    }
}

/// Where a request was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An argument of the command line.
    Flag,
    /// `APTLET_PACKAGES`.
    Environment,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("command line"),
            Self::Environment => f.write_str("APTLET_PACKAGES"),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A regular expression, or one of apt-patterns(7).
    #[error("is a regular expression or an apt pattern, which are not supported")]
    Expression,
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
    /// Both `=` and `/`.
    #[error("asks for a version and for a suite, but one excludes the other")]
    VersionAndSuite,
    /// `name-` with a version or suite.
    #[error("keeps a package out, which goes with neither a version nor a suite")]
    ForbiddenVersion,
    /// Not a package name; upper-case letters are the only fault.
    #[error("is not a package name: those have no upper-case letters")]
    UpperCase {
        /// The request in lower case.
        lower_case: String,
    },
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
            Self::Expression => "name each package in full, or use a pattern of '*', '?' and '[...]'",
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
            Self::Relation => "write name=version, or leave the version out",
            Self::VersionAndSuite => "write either name=version or name/suite",
            Self::ForbiddenVersion => "write the name and '-' only",
            Self::UpperCase { lower_case } => return format!("write '{lower_case}'"),
            Self::Name(reason) if reason.starts_with("'#'") => "write a space before a comment",
            Self::Name(_) | Self::Architecture(_) | Self::Version(_) | Self::Suite => {
                "write a request as name, name:arch, name=version or name/suite"
            }
        };
        hint.to_owned()
    }
}

/// The requests of a file such as the `ConfigMap`'s `packages`; relative paths are beside it, and what it is
/// relative to itself is `working_directory`.
pub(super) fn read(path: &Path, working_directory: &Path) -> Result<Vec<Request>, Error> {
    let origin = |line, column| Origin::File { path: path.to_owned(), line, column };
    let folder = path.parent().unwrap_or(Path::new("/"));
    parse(&text::read(path)?, &working_directory.join(folder), origin)
}

/// Parses requests that are separated by white space, commas and line ends; a word that begins with `#` begins a
/// comment. `base` is what relative paths are relative to; `origin` is told the line and column of each request.
pub(super) fn parse(
    text: &str,
    base: &Path,
    origin: impl Fn(usize, usize) -> Origin,
) -> Result<Vec<Request>, Error> {
    let mut requests = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // within a word, `#` is where the digest of a URL begins
        for word in values::items(line).take_while(|word| !word.starts_with('#')) {
            // `word` is a part of `line`, so the difference of their addresses is its offset.
            let offset = word.as_ptr().addr() - line.as_ptr().addr();
            let origin = origin(number + 1, line[..offset].chars().count() + 1);
            match parse_word(word, base) {
                Ok(request) => requests.push(Request { origin, ..request }),
                Err(problem) => return Err(Error::Request { origin, text: word.to_owned(), problem }),
            }
        }
    }
    Ok(requests)
}

impl FromStr for Request {
    type Err = Problem;

    /// One request, as on the command line; relative paths start at `/`.
    fn from_str(text: &str) -> Result<Self, Problem> {
        parse_word(text, Path::new("/"))
    }
}

fn parse_word(text: &str, base: &Path) -> Result<Request, Problem> {
    if let Some(archive) = Archive::parse(text, base)? {
        return Ok(Request {
            kind: Kind::Archive(archive),
            name: String::new(),
            arch: None,
            version: None,
            suite: None,
            forbid: false,
            text: without_credentials(text),
            origin: Origin::Flag,
        });
    }
    check_supported(text)?;
    let (head, choice) = match text.find(['=', '/']) {
        Some(at) => (&text[..at], Some(text[at..].split_at(1))),
        None => (text, None),
    };
    let (head, forbid) = match head.strip_suffix('-') {
        Some(head) => (head, true),
        None => (head, false),
    };
    // a pattern may have colons within its sets
    let (name, arch) = match head.rsplit_once(':') {
        Some((name, arch)) if !arch.contains(']') => (name, Some(arch)),
        _ => (head, None),
    };
    let kind = if Glob::is_pattern(name) {
        Kind::Glob(check_glob(name)?)
    } else {
        check_name(name, text)?;
        Kind::Name
    };
    if let Some(arch) = arch {
        check_architecture(arch)?;
    }
    if forbid && choice.is_some() {
        return Err(Problem::ForbiddenVersion);
    }
    let (mut version, mut suite) = (None, None);
    match choice {
        Some((_, value)) if value.contains(['=', '/']) => return Err(Problem::VersionAndSuite),
        Some(("=", value)) => {
            check_version(value)?;
            version = Some(value.to_owned());
        }
        Some((_, "")) => return Err(Problem::Suite),
        Some((_, value)) => suite = Some(value.to_owned()),
        None => {}
    }
    Ok(Request {
        kind,
        name: name.to_owned(),
        arch: arch.map(str::to_owned),
        version,
        suite,
        forbid,
        text: text.to_owned(),
        origin: Origin::Flag,
    })
}

/// Refuses what apt-get(8) would take and aptlet does not.
fn check_supported(text: &str) -> Result<(), Problem> {
    // In a version '~' sorts before everything; at the start of a request it is one of apt-patterns(7), as is '?'.
    if text.contains(['$', '|', '\\']) || text.starts_with(['~', '^', '?']) {
        return Err(Problem::Expression);
    }
    if text.ends_with('^') {
        return Err(Problem::Task);
    }
    if text.contains(['<', '>', '(', ')']) {
        return Err(Problem::Relation);
    }
    Ok(())
}

/// Debian Policy 5.6.7: lower-case letters, digits, `+`, `-` and `.`; at least two of them, the first one a
/// letter or digit.
fn check_name(name: &str, text: &str) -> Result<(), Problem> {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fault = |name: &str| {
        if name.is_empty() {
            return Some("it is empty".to_owned());
        }
        if let Some(c) = name.chars().find(|c| !first(*c) && !matches!(c, '+' | '-' | '.')) {
            return Some(format!("'{}' cannot be part of one", c.escape_debug()));
        }
        if !name.starts_with(first) {
            return Some("it does not begin with a letter or digit".to_owned());
        }
        (name.len() < 2).then(|| "it has less than two characters".to_owned())
    };
    match fault(name) {
        None => Ok(()),
        Some(_) if fault(&name.to_ascii_lowercase()).is_none() => {
            let lower_case = text.replacen(name, &name.to_ascii_lowercase(), 1);
            Err(Problem::UpperCase { lower_case })
        }
        Some(fault) => Err(Problem::Name(fault)),
    }
}

/// Only the letters of names are let through, in either case as in apt; more could match nothing.
fn check_glob(text: &str) -> Result<Glob, Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.*?[]!^:".contains(c);
    match text.chars().find(|c| !fits(*c)) {
        Some(c) => Err(Problem::Glob(format!("'{}' cannot be part of a name", c.escape_debug()))),
        None => Glob::new(text).map_err(|bad| Problem::Glob(bad.to_string())),
    }
}

/// A URL as it was written, without the user and password in it.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

fn check_architecture(arch: &str) -> Result<(), Problem> {
    // `all` is the architecture of a package, though of no machine.
    if arch == "all" {
        return Ok(());
    }
    arch.parse::<values::Architecture>().map(drop).map_err(|error| Problem::Architecture(error.to_string()))
}

/// deb-version(7): `[epoch:]upstream-version[-debian-revision]`.
fn check_version(version: &str) -> Result<(), Problem> {
    let bad = |why: &str| Err(Problem::Version(why.to_owned()));
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, version),
    };
    if epoch.is_some_and(|epoch| epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit())) {
        return bad("the epoch is not a number");
    }
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((upstream, revision)) => (upstream, Some(revision)),
        None => (rest, None),
    };
    if upstream.is_empty() {
        return bad("it is empty");
    }
    if revision.is_some_and(str::is_empty) {
        return bad("the revision after '-' is empty");
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '~');
    let in_upstream = |c: char| fits(c) || c == '-' || (c == ':' && epoch.is_some());
    let odd = upstream.chars().find(|c| !in_upstream(*c));
    match odd.or_else(|| revision.and_then(|revision| revision.chars().find(|c| !fits(*c)))) {
        Some(c) => bad(&format!("'{}' cannot be part of one", c.escape_debug())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
