//! Requests as they are written.

use std::path::Path;
use std::str::FromStr;

use super::archive::Archive;
use super::asked::{Kind, Request};
use super::names::{Names, is_expression};
use super::origin::Origin;
use super::problem::{Error, Problem};
use super::words;
use crate::control::architecture::Architecture;
use crate::control::glob::Glob;
use crate::masking;

/// Parses requests that are separated by white space, commas and line ends; a word that begins with `#` begins a
/// comment. `base` is what relative paths are relative to; `origin` is told the line and column of each request.
///
/// # Errors
/// The first word that is none.
pub(crate) fn parse(
    text: &str,
    base: &Path,
    origin: impl Fn(usize, usize) -> Origin,
) -> Result<Vec<Request>, Error> {
    let mut requests = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // within a word, `#` is where the digest of a URL begins
        for word in words::split(line).take_while(|word| !word.starts_with('#')) {
            // `word` is a part of `line`, so the difference of their addresses is its offset.
            let offset = word.as_ptr().addr() - line.as_ptr().addr();
            let origin = origin(number + 1, line[..offset].chars().count() + 1);
            match parse_word(word, base) {
                Ok(request) => requests.push(Request { origin, ..request }),
                Err(problem) => return Err(Error { origin, text: word.to_owned(), problem }),
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
            text: masking::uri(text).replacen("//…@", "//", 1),
            origin: Origin::Flag,
        });
    }
    check_supported(text)?;
    let (head, mut choice) = match text.find(['=', '/']) {
        Some(at) => (&text[..at], Some(text[at..].split_at(1))),
        None => (text, None),
    };
    // as `name-` keeps out, `name+` takes in; in a name or a version, the plus may be its own, which the index tells
    let head = if head.contains(':') { head.strip_suffix('+').unwrap_or(head) } else { head };
    if let Some(("/", suite)) = choice {
        choice = Some(("/", suite.strip_suffix('+').unwrap_or(suite)));
    }
    let (head, forbid) = match head.strip_suffix('-') {
        Some(head) => (head, true),
        None => (head, false),
    };
    // a pattern may have colons within its sets
    let (name, arch) = match head.rsplit_once(':') {
        Some((name, arch)) if !arch.contains([']', ')']) => (name, Some(arch)),
        _ => (head, None),
    };
    let kind = match Names::parse(name)? {
        Some(names) => Kind::Names(names),
        None => {
            check_name(name)?;
            Kind::Name
        }
    };
    // the native one is meant where nothing is said, and another only where that has no such package
    let arch = arch.filter(|arch| !matches!(*arch, "any" | "native"));
    if let Some(arch) = arch {
        check_architecture(arch)?;
    }
    if forbid && choice.is_some() {
        return Err(Problem::ForbiddenVersion);
    }
    let (mut version, mut suite) = (None, None);
    match choice {
        Some(("=", value)) if value.starts_with('=') => return Err(Problem::Equals),
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
    if matches!(text, "\\" | "&&" | "&") {
        return Err(Problem::Shell);
    }
    if matches!(text, "-" | "+") {
        return Err(Problem::Item);
    }
    if text.starts_with(['^', '~', '?']) || is_expression(text) {
        return Ok(());
    }
    if text.contains(['$', '|', '\\']) {
        return Err(Problem::Anchor);
    }
    if text.ends_with('^') {
        return Err(Problem::Task);
    }
    if text.contains(['<', '>', '(', ')']) {
        return Err(Problem::Relation);
    }
    Ok(())
}

/// What dpkg takes for a name (`pkg_name_is_illegal`), which is more than Debian Policy 5.6.7 does: also upper-case letters, `_`,
/// and a single letter.
fn check_name(name: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
    let fault = if name.is_empty() {
        "it is empty".to_owned()
    } else if let Some(c) = name.chars().find(|c| !fits(*c)) {
        format!("'{}' cannot be part of one", c.escape_debug())
    } else if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        "it does not begin with a letter or digit".to_owned()
    } else {
        return Ok(());
    };
    Err(Problem::Name(fault))
}

fn check_architecture(arch: &str) -> Result<(), Problem> {
    // `all` is the architecture of a package, though of no machine.
    if arch == "all" {
        return Ok(());
    }
    arch.parse::<Architecture>().map(drop).map_err(|error| Problem::Architecture(error.to_string()))
}

/// deb-version(7): `[epoch:]upstream-version[-debian-revision]`; or a pattern.
fn check_version(version: &str) -> Result<(), Problem> {
    let bad = |why: &str| Err(Problem::Version(why.to_owned()));
    if Glob::is_pattern(version) {
        let start = version.strip_suffix('*').unwrap_or(version);
        return Glob::new(start).map(drop).map_err(|bad| Problem::Version(bad.to_string()));
    }
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
