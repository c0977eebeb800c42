//! Paths that a script joins from their names: `os.path.join('/', 'etc', 'tool')` of Python, `File.join` of Ruby, `path.join` of
//! JavaScript, `File::Spec->catdir(File::Spec->rootdir, qw/usr share/)` of Perl.
//!
//! The first name is as long as what stands for it below a short prefix: of `usr` it is `p/u`, and what is joined is
//! `/p/u/share`. So that name is written over, if the whole is a path of the tree. `qw/usr share/` becomes `qw(p/u share)`: a list that
//! ends with the next slash can have none.

use std::ops::Range;

/// The first names, as lists have them.
pub(super) const NEEDLES: [&[u8]; 10] = [
    b"'usr'", b"\"usr\"", b"'etc'", b"\"etc\"", b"'var'", b"\"var\"", b"qw/usr ", b"qw(usr ", b"qw/etc ",
    b"qw(etc ",
];

/// Each first name has as many letters.
const NAME: usize = 3;

/// Names of the root that mean nothing else.
const ROOTS: [&[u8]; 5] = [b"rootdir", b"rootdir()", b"os.sep", b"os.path.sep", b"path.sep"];
/// What makes a path of a list that begins with [`SLASHES`].
const JOINS: [&[u8]; 6] = [b"path.join(", b"File.join(", b"Path(", b"catdir(", b"catfile(", b"catpath("];
const SLASHES: [&[u8]; 2] = [b"'/'", b"\"/\""];
/// What makes a path of a list that begins with [`NOTHING`], which Perl's manual says is the root.
const PERLS: [&[u8]; 2] = [b"catdir(", b"catfile("];
const NOTHING: [&[u8]; 2] = [b"''", b"\"\""];

/// A path that is joined.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Joined {
    /// As a text would have it, between quotes.
    pub(super) text: Vec<u8>,
    /// What is written over, in bytes from the needle: its first name, or a whole list between slashes.
    pub(super) piece: Range<usize>,
    /// What is in such a list behind the first name.
    rest: Option<Vec<u8>>,
}

impl Joined {
    /// Where the path begins in its text.
    pub(super) const AT: usize = 1;

    /// Reads what is joined at a needle of [`NEEDLES`]; `None` if nothing is, or not from the root.
    pub(super) fn around(bytes: &[u8], at: usize) -> Option<Self> {
        let (before, rest) = bytes.split_at(at);
        if !is_behind_the_root(before) {
            return None;
        }
        let mut text = vec![b'"'];
        let first = rest.iter().position(|byte| matches!(byte, b'u' | b'e' | b'v'))?;
        let mut piece = first..first + NAME;
        let mut between_slashes = None;
        if let Some(list) = rest.strip_prefix(b"qw") {
            let (open, words) = list.split_first()?;
            let end = words.iter().position(|byte| *byte == if *open == b'(' { b')' } else { *open })?;
            for word in words[..end].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                text.push(b'/');
                text.extend(word);
            }
            goes_on(&words[end + 1..], &mut text);
            if *open == b'/' {
                let more = &words[NAME..end];
                if more.iter().any(|byte| matches!(byte, b'(' | b')')) {
                    return None;
                }
                between_slashes = Some(more.to_vec());
                piece = first - 1..first + end + 1;
            }
        } else {
            let mut rest = rest;
            while let Some((word, more)) = literal(rest) {
                text.push(b'/');
                text.extend(word);
                rest = more;
                let Some(next) = rest.trim_ascii_start().strip_prefix(b",") else { break };
                let next = next.trim_ascii_start();
                if literal(next).is_none() {
                    break;
                }
                rest = next;
            }
            goes_on(rest, &mut text);
        }
        Some(Self { text, piece, rest: between_slashes })
    }

    /// What to write over the piece, where the first name becomes another. That has slashes, so that a list between slashes
    /// gets parentheses.
    pub(super) fn written(self, name: &[u8]) -> Vec<u8> {
        match self.rest {
            None => name.to_vec(),
            Some(rest) => [b"(", name, &rest, b")"].concat(),
        }
    }
}

/// Ends a text: with a quote, or as one that goes on with what only the program knows.
fn goes_on(rest: &[u8], text: &mut Vec<u8>) {
    let rest = rest.trim_ascii_start();
    let is_more = rest.strip_prefix(b",").is_some_and(|more| !more.trim_ascii_start().starts_with(b")"));
    text.extend(if is_more { &b"/$"[..] } else { b"\"" });
}

/// A word between quotes, and what follows.
fn literal(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (quote, rest) = bytes.split_first().filter(|(byte, _)| matches!(byte, b'\'' | b'"'))?;
    let end = rest.iter().position(|byte| byte == quote)?;
    let (word, rest) = (&rest[..end], &rest[end + 1..]);
    let is_plain = !word.is_empty() && word.iter().all(|byte| !matches!(byte, b'\n' | b'\\'));
    is_plain.then_some((word, rest))
}

/// Whether the root stands before the next name of a list that makes a path.
fn is_behind_the_root(before: &[u8]) -> bool {
    let Some(before) = before.trim_ascii_end().strip_suffix(b",") else { return false };
    let before = before.trim_ascii_end();
    let is_of = |roots: &[&[u8]], joins: &[&[u8]]| {
        let lists = roots.iter().filter_map(|root| before.strip_suffix(*root));
        lists.map(<[u8]>::trim_ascii_end).any(|list| joins.iter().any(|join| list.ends_with(join)))
    };
    ROOTS.iter().any(|root| before.ends_with(root)) || is_of(&SLASHES, &JOINS) || is_of(&NOTHING, &PERLS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::relocated_file;
    use super::*;

    fn text(line: &str) -> Option<String> {
        let at = NEEDLES.iter().filter_map(|needle| memchr::memmem::find(line.as_bytes(), needle)).min()?;
        let joined = Joined::around(line.as_bytes(), at)?;
        let piece = &line[at..][joined.piece.clone()];
        assert_eq!(piece.trim_matches('/').as_bytes()[..NAME], joined.text[2..5]);
        Some(String::from_utf8(joined.text).unwrap())
    }

    #[test]
    fn what_is_joined_from_the_root_is_read() {
        for (line, expected) in [
            // File::BaseDir of Debian 12
            ("File::Spec->catdir(_rootdir(), qw/usr share/))", "\"/usr/share\""),
            (": File::Spec->catdir(_rootdir(), qw/etc xdg/)", "\"/etc/xdg\""),
            // forms of others
            ("File::Spec->catfile(File::Spec->rootdir(), 'usr', 'java');", "\"/usr/java\""),
            ("File::Spec->catdir('', 'usr', 'share', $name)", "\"/usr/share/$"),
            (
                "os.path.join('/', 'usr', 'share', 'picpro', 'chipdata.cid'),",
                "\"/usr/share/picpro/chipdata.cid\"",
            ),
            ("os.path.join(\n        '/', 'usr', 'share', 'tool',\n    )", "\"/usr/share/tool\""),
            ("os.path.join(os.sep, \"etc\", name)", "\"/etc/$"),
            ("pathlib.Path(os.sep, 'usr', 'libexec')", "\"/usr/libexec\""),
            (
                "File.join('/', 'etc', 'puppetlabs', 'facter', 'facter.conf')",
                "\"/etc/puppetlabs/facter/facter.conf\"",
            ),
            ("path.join('/', 'var', 'lib/x')", "\"/var/lib/x\""),
        ] {
            assert_eq!(text(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            // relative
            "os.path.join(APP_ROOT_FOLDER, '..', 'usr', 'share', 'picpro')",
            "os.path.join('usr', 'share')",
            "File::Spec->catdir($root, 'usr', 'share')",
            // no path
            "join('/', 'usr', 'share')",
            "x = ['/', 'usr', 'share']",
            "os.path.join('', 'usr', 'share')",
        ] {
            assert_eq!(text(line), None, "{line}");
        }
    }

    #[test]
    fn the_first_name_is_written_over_if_the_tree_has_the_path() {
        for (prefix, name) in [("/p", "p/u"), ("/opt/tools", "opt/tools/usr")] {
            for (line, is_of_the_tree) in [
                ("catdir(rootdir, qw(usr share tool))", true),
                ("os.path.join('/', 'usr', 'share', 'tool', 'x')", true),
                ("os.path.join('/', 'usr', 'share', 'other', 'x')", false),
                ("os.path.join('/', 'usr', 'local', 'lib')", false),
            ] {
                let (result, relocated) = relocated_file(prefix, "usr/bin/tool", line.as_bytes());
                let expected = if is_of_the_tree { line.replace("usr", name) } else { line.to_owned() };
                assert_eq!(String::from_utf8(result).unwrap(), expected);
                assert_eq!(relocated.paths, usize::from(is_of_the_tree));
            }
            let (result, _) =
                relocated_file(prefix, "usr/bin/tool", b"catdir(_rootdir(), qw/usr share tool/))");
            let expected = format!("catdir(_rootdir(), qw({name} share tool)))");
            assert_eq!(String::from_utf8(result).unwrap(), expected);
        }
    }
}
