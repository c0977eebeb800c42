//! Requests: what the user asks for, one word each.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::text;
use super::values;

/// One package asked for: `name`, `name:arch`, `name=version`, `name/suite`; or, as `name-`, refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Package name (Debian Policy 5.6.7).
    pub name: String,
    /// The architecture asked for.
    pub arch: Option<String>,
    /// The exact version asked for (deb-version(7)).
    pub version: Option<String>,
    /// The suite, or codename, to take it from.
    pub suite: Option<String>,
    /// The package must not be installed, as for apt-get(8)'s `name-`.
    pub forbid: bool,
    /// The request as it was written.
    pub text: String,
    /// Where it was written.
    pub origin: Origin,
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
    /// A glob or regular expression.
    #[error("is a pattern, and patterns are not supported yet")]
    Pattern,
    /// `name^` of apt-get(8).
    #[error("is a task, and tasks are not supported yet")]
    Task,
    /// A path or URL of a `.deb`.
    #[error("is a file or URL, and installing from one is not supported yet")]
    LocalFile,
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
            Self::Pattern | Self::Task => "name each package in full",
            Self::LocalFile => {
                "put the file into a repository, add that as a source, and ask for the package by name"
            }
            Self::Relation => "write name=version, or leave the version out",
            Self::VersionAndSuite => "write either name=version or name/suite",
            Self::ForbiddenVersion => "write the name and '-' only",
            Self::UpperCase { lower_case } => return format!("write '{lower_case}'"),
            Self::Name(_) | Self::Architecture(_) | Self::Version(_) | Self::Suite => {
                "write a request as name, name:arch, name=version or name/suite"
            }
        };
        hint.to_owned()
    }
}

/// The requests of a file such as the `ConfigMap`'s `packages`.
pub(super) fn read(path: &Path) -> Result<Vec<Request>, Error> {
    let origin = |line, column| Origin::File { path: path.to_owned(), line, column };
    parse(&text::read(path)?, origin)
}

/// Parses requests that are separated by white space, commas and line ends; `#` begins a comment.
/// `origin` is told the line and column of each.
pub(super) fn parse(text: &str, origin: impl Fn(usize, usize) -> Origin) -> Result<Vec<Request>, Error> {
    let mut requests = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split('#').next().unwrap_or_default();
        for word in values::items(code) {
            // `word` is a part of `code`, so the difference of their addresses is its offset.
            let offset = word.as_ptr().addr() - code.as_ptr().addr();
            let origin = origin(number + 1, code[..offset].chars().count() + 1);
            match parse_word(word) {
                Ok(request) => requests.push(Request { origin, ..request }),
                Err(problem) => return Err(Error::Request { origin, text: word.to_owned(), problem }),
            }
        }
    }
    Ok(requests)
}

fn parse_word(text: &str) -> Result<Request, Problem> {
    check_supported(text)?;
    let (head, choice) = match text.find(['=', '/']) {
        Some(at) => (&text[..at], Some(text[at..].split_at(1))),
        None => (text, None),
    };
    let (head, forbid) = match head.strip_suffix('-') {
        Some(head) => (head, true),
        None => (head, false),
    };
    let (name, arch) = match head.split_once(':') {
        Some((name, arch)) => (name, Some(arch)),
        None => (head, None),
    };
    check_name(name, text)?;
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
    let path = ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start));
    let archive = Path::new(text).extension().is_some_and(|extension| extension == "deb");
    if path || text.contains("://") || archive {
        return Err(Problem::LocalFile);
    }
    // In a version '~' sorts before everything; at the start of a request it is one of apt-patterns(7).
    if text.contains(['*', '?', '[', ']', '$', '|', '\\']) || text.starts_with(['~', '^']) {
        return Err(Problem::Pattern);
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(line: usize, column: usize) -> Origin {
        Origin::File { path: "/etc/aptlet/packages".into(), line, column }
    }

    fn problem(word: &str) -> Problem {
        parse_word(word).unwrap_err()
    }

    #[test]
    fn requests_are_separated_by_white_space_commas_and_line_ends() {
        let requests = parse("curl, jq\r\n\n# none here\n\tvim#not,this\n  git\u{a0}g++", file).unwrap();
        let found: Vec<_> = requests.into_iter().map(|request| (request.name, request.origin)).collect();
        let expected = [
            ("curl", file(1, 1)),
            ("jq", file(1, 7)),
            ("vim", file(4, 2)),
            ("git", file(5, 3)),
            ("g++", file(5, 7)),
        ];
        assert_eq!(found, expected.map(|(name, origin)| (name.to_owned(), origin)));
    }

    #[test]
    fn a_request_has_five_parts() {
        let parts = |word: &str| {
            let request = parse_word(word).unwrap();
            assert_eq!(request.text, word);
            (request.name, request.arch, request.version, request.suite, request.forbid)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("curl"), ("curl".into(), None, None, None, false));
        assert_eq!(parts("libc6:i386"), ("libc6".into(), some("i386"), None, None, false));
        assert_eq!(parts("tzdata:all"), ("tzdata".into(), some("all"), None, None, false));
        assert_eq!(parts("vim=2:9.1.1230-2"), ("vim".into(), None, some("2:9.1.1230-2"), None, false));
        assert_eq!(parts("a1:arm64=1~rc1"), ("a1".into(), some("arm64"), some("1~rc1"), None, false));
        assert_eq!(
            parts("git/trixie-backports"),
            ("git".into(), None, None, some("trixie-backports"), false)
        );
        assert_eq!(parts("foo-"), ("foo".into(), None, None, None, true));
        assert_eq!(parts("foo:i386-"), ("foo".into(), some("i386"), None, None, true));
        assert_eq!(parts("g++"), ("g++".into(), None, None, None, false));
        assert_eq!(parts("libstdc++6-4.9.dev"), ("libstdc++6-4.9.dev".into(), None, None, None, false));
    }

    #[test]
    fn what_apt_takes_and_aptlet_does_not_is_said() {
        for word in ["python3-*", "lib?", "lib[ab]c", "^gcc-[0-9]+$", "~nfoo", "vim=9.*"] {
            assert_eq!(problem(word), Problem::Pattern, "{word}");
        }
        for word in ["./a.deb", "/tmp/a.deb", "../x", "~/a.deb", "a_1_all.deb", "http://mirror.example/a.deb"]
        {
            assert_eq!(problem(word), Problem::LocalFile, "{word}");
        }
        assert_eq!(problem("lamp-server^"), Problem::Task);
        assert_eq!(problem("vim>=9"), Problem::Relation);
        assert_eq!(problem("(>=9)"), Problem::Relation);
    }

    #[test]
    fn names_follow_policy() {
        for word in
            ["c", "+x", ".x", "foo_bar", "foo@1", "ünïcode", "=1.0", ":amd64", "-", "--foo", "\u{1b}[1m"]
        {
            assert!(
                matches!(problem(word), Problem::Name(_) | Problem::ForbiddenVersion | Problem::Pattern),
                "{word}: {:?}",
                problem(word)
            );
        }
        assert_eq!(problem("R-base=4"), Problem::UpperCase { lower_case: "r-base=4".into() });
        assert_eq!(problem("X").hint(), "write a request as name, name:arch, name=version or name/suite");
    }

    #[test]
    fn versions_follow_deb_version() {
        for version in ["1", "1:2", "1.2.3-4", "2:1:2-3", "1-2-3", "0~git+1.a-1~bpo12+1"] {
            assert!(parse_word(&format!("foo={version}")).is_ok(), "{version}");
        }
        for version in ["", "1:", "a:1", ":1", "1-", "-1", "1_2", "1-2_3", "1!", "é"] {
            assert!(matches!(problem(&format!("foo={version}")), Problem::Version(_)), "{version}");
        }
        assert_eq!(problem("foo=1/trixie"), Problem::VersionAndSuite);
        assert_eq!(problem("foo/trixie=1"), Problem::VersionAndSuite);
        assert_eq!(problem("foo/"), Problem::Suite);
        assert_eq!(problem("foo-=1"), Problem::ForbiddenVersion);
        assert!(matches!(problem("foo:"), Problem::Architecture(_)));
        assert!(matches!(problem("foo:x86_64"), Problem::Architecture(why) if why.contains("amd64")));
    }

    #[test]
    fn an_error_names_the_place_and_the_word() {
        let error = parse("curl\n jq, Vim\n", file).unwrap_err();
        let text = "/etc/aptlet/packages:2:6: 'Vim' is not a package name: those have no upper-case letters";
        assert_eq!(error.to_string(), text);
        assert_eq!(error.hint().unwrap(), "write 'vim'");
        let error = parse("http://u:secret@mirror.example/a.deb", file).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        let error = parse("a\u{7}b", |_, _| Origin::Environment).unwrap_err();
        assert!(error.to_string().starts_with(r"APTLET_PACKAGES: 'a\u{7}b' is not"), "{error}");
    }
}
