//! Shell patterns as apt and dpkg match them: fnmatch(3) without any of its rules for paths, for apt without regard to
//! case.
//!
//! Written here because no library fits: those for file names treat `/`, `**` or `{}` specially, the smaller
//! ones have no sets, and libc's function needs unsafe code.

use std::str::Chars;

/// A pattern that can be matched: `*`, `?`, sets such as `[a-c]`, `[!a]`, `[^a]` and `[[:digit:]]`, and `\` before
/// a letter that is to stand for itself (POSIX.1, XCU 2.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    tokens: Vec<Token>,
    /// Whether upper and lower case are one, as for apt.
    folded: bool,
}

/// A pattern that cannot be matched. fnmatch(3) takes it for one that matches hardly anything, which is never
/// what its author meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadGlob {
    /// `[` without its `]`.
    #[error("a '[' in it has no matching ']'")]
    Unclosed,
    /// `\` at the end.
    #[error("it ends in a '\\' that escapes nothing")]
    Escape,
    /// `[z-a]`.
    #[error("the range '{0}-{1}' in it is empty")]
    Range(char, char),
    /// `[[:word:]]`.
    #[error("it names an unknown class '[:{0}:]'")]
    Class(String),
    /// `[[.a.]]` and `[[=a=]]`, which depend on a locale.
    #[error("'[{0}' in it is not supported")]
    Locale(char),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Star,
    One,
    Letter(char),
    Set { negated: bool, items: Vec<Item> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Range(char, char),
    /// By its place in [`CLASSES`].
    Class(usize),
}

type IsMember = fn(&char) -> bool;

/// The classes of POSIX, as its own locale has them.
const CLASSES: [(&str, IsMember); 12] = [
    ("alnum", char::is_ascii_alphanumeric),
    ("alpha", char::is_ascii_alphabetic),
    ("blank", |letter| matches!(letter, ' ' | '\t')),
    ("cntrl", char::is_ascii_control),
    ("digit", char::is_ascii_digit),
    ("graph", char::is_ascii_graphic),
    ("lower", char::is_ascii_lowercase),
    ("print", |letter| letter.is_ascii_graphic() || *letter == ' '),
    ("punct", char::is_ascii_punctuation),
    ("space", |letter| letter.is_ascii_whitespace() || *letter == '\x0b'),
    ("upper", char::is_ascii_uppercase),
    ("xdigit", char::is_ascii_hexdigit),
];

impl Glob {
    /// Whether a text has any of the letters that make it a pattern.
    pub(crate) fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Reads a pattern that has no regard to case, as apt matches names.
    ///
    /// # Errors
    /// What fnmatch(3) would take literally, or for a set of nothing.
    pub(crate) fn new(text: &str) -> Result<Self, BadGlob> {
        Self::read(text, true)
    }

    /// Reads a pattern to which upper and lower case are different, as dpkg matches paths.
    ///
    /// # Errors
    /// As for [`Glob::new`].
    pub(crate) fn exact(text: &str) -> Result<Self, BadGlob> {
        Self::read(text, false)
    }

    fn read(text: &str, folded: bool) -> Result<Self, BadGlob> {
        let mut tokens = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            tokens.push(match letter {
                '*' => Token::Star,
                '?' => Token::One,
                '\\' => Token::Letter(fold(letters.next().ok_or(BadGlob::Escape)?, folded)),
                '[' => set(&mut letters, folded)?,
                other => Token::Letter(fold(other, folded)),
            });
        }
        Ok(Self { tokens, folded })
    }

    /// Whether the pattern matches all of a text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut at = 0;
        // where to go on after the last star, and what it has not taken yet: an earlier star need not be tried
        // again, since this one takes whatever that one could give back
        let mut star: Option<(usize, Chars<'_>)> = None;
        loop {
            match self.tokens.get(at) {
                Some(Token::Star) => {
                    at += 1;
                    star = Some((at, rest.clone()));
                    continue;
                }
                Some(token) => {
                    let mut tail = rest.clone();
                    if tail.next().is_some_and(|letter| token.accepts(letter, self.folded)) {
                        rest = tail;
                        at += 1;
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((after, untaken)) = &mut star else { return false };
            if untaken.next().is_none() {
                return false;
            }
            at = *after;
            rest = untaken.clone();
        }
    }
}

impl Token {
    fn accepts(&self, letter: char, folded: bool) -> bool {
        match self {
            Self::Star | Self::One => true,
            Self::Letter(own) => *own == fold(letter, folded),
            Self::Set { negated, items } => {
                let within = items.iter().any(|item| match item {
                    Item::Range(first, last) => (*first..=*last).contains(&fold(letter, folded)),
                    Item::Class(class) => CLASSES[*class].1(&letter),
                });
                within != *negated
            }
        }
    }
}

fn fold(letter: char, folded: bool) -> char {
    if folded { letter.to_ascii_lowercase() } else { letter }
}

/// What follows a `[`, up to and with its `]`.
fn set(letters: &mut Chars<'_>, folded: bool) -> Result<Token, BadGlob> {
    let mut items = Vec::new();
    let negated = peek(letters).is_some_and(|letter| matches!(letter, '!' | '^'));
    if negated {
        letters.next();
    }
    loop {
        let first = match (next(letters)?, peek(letters)) {
            (']', _) if !items.is_empty() => return Ok(Token::Set { negated, items }),
            ('[', Some(':')) => {
                letters.next();
                items.push(Item::Class(class(letters)?));
                continue;
            }
            ('[', Some(kind @ ('.' | '='))) => return Err(BadGlob::Locale(kind)),
            ('\\', _) => next(letters)?,
            (letter, _) => letter,
        };
        let mut rest = letters.clone();
        let last = match (rest.next(), rest.next()) {
            // at the end of a set `-` is a letter like any other
            (Some('-'), Some(last)) if last != ']' => {
                *letters = rest;
                if last == '\\' { next(letters)? } else { last }
            }
            _ => first,
        };
        let (low, high) = (fold(first, folded), fold(last, folded));
        if low > high {
            return Err(BadGlob::Range(first, last));
        }
        items.push(Item::Range(low, high));
    }
}

fn class(letters: &mut Chars<'_>) -> Result<usize, BadGlob> {
    let (name, rest) = letters.as_str().split_once(":]").ok_or(BadGlob::Unclosed)?;
    let class = CLASSES.iter().position(|(known, _)| *known == name);
    *letters = rest.chars();
    class.ok_or_else(|| BadGlob::Class(name.to_owned()))
}

fn next(letters: &mut Chars<'_>) -> Result<char, BadGlob> {
    letters.next().ok_or(BadGlob::Unclosed)
}

fn peek(letters: &Chars<'_>) -> Option<char> {
    letters.clone().next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What fnmatch(3) of glibc 2.36 says with `FNM_CASEFOLD` in the locale C.UTF-8, which is how apt calls it.
    const TRUTH: [(&str, &str, bool); 68] = [
        ("libfoo*", "libfoo1", true),
        ("libfoo*", "libfoo", true),
        ("libfoo*", "xlibfoo", false),
        ("*foo", "libfoo", true),
        ("*o*o", "foo", true),
        ("a*b*c", "axxbyyc", true),
        ("a*b*c", "axxbyy", false),
        ("?", "a", true),
        ("?", "", false),
        ("?", "ab", false),
        ("*", "", true),
        ("*", "a/b.c", true),
        ("*", ".a", true),
        ("a.c", "abc", false),
        ("a.c", "a.c", true),
        ("[!a]", "b", true),
        ("[!a]", "a", false),
        ("[^a]", "b", true),
        ("[^a]", "a", false),
        ("[]a]", "]", true),
        ("[]a]", "a", true),
        ("[!]a]", "]", false),
        ("[!]a]", "b", true),
        ("[a-]", "-", true),
        ("[a-]", "b", false),
        ("[-a]", "-", true),
        ("[a-c]", "B", true),
        ("[A-C]", "b", true),
        ("[a\\]b]", "]", true),
        ("[a\\-c]", "-", true),
        ("[a\\-c]", "b", false),
        ("[a-\\c]", "b", true),
        ("[[]", "[", true),
        ("[[a]", "a", true),
        ("[[-a]", "^", true),
        ("[[-a]", "-", false),
        ("[]-a]", "^", true),
        ("[[:digit:]]x", "5x", true),
        ("[[:digit:]]x", "ax", false),
        ("[![:digit:]]", "a", true),
        ("[[:digit:]a-c]", "b", true),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("a\\?c", "abc", false),
        ("a\\?c", "a?c", true),
        ("LIB", "lib", true),
        ("lib", "LIB", true),
        ("[a-c]*-dev", "bz2-dev", true),
        ("g++*", "g++-12", true),
        ("/", "/", true),
        ("*b", "a/b", true),
        ("[!/]", "/", false),
        ("?", "é", true),
        ("[ä-ü]", "ö", true),
        ("a]", "a]", true),
        ("a!", "a!", true),
        ("[a*]", "*", true),
        ("[?]", "?", true),
        ("[?]", "a", false),
        ("[--0]", ".", true),
        ("[+--]", ",", true),
        ("**", "abc", true),
        ("a**b", "ab", true),
        ("[[:upper:]]", "a", false),
        ("[[:upper:]]", "A", true),
        ("[!!]", "!", false),
        ("[!!]", "a", true),
        ("[a^]", "^", true),
    ];

    #[test]
    fn agrees_with_fnmatch() {
        for (pattern, text, expected) in TRUTH {
            assert_eq!(Glob::new(pattern).unwrap().matches(text), expected, "'{pattern}' and '{text}'");
        }
    }

    #[test]
    fn an_exact_pattern_has_regard_to_case() {
        for (pattern, text, expected) in [
            ("/usr/*/READ*", "/usr/share/doc/x/README", true),
            ("/usr/*/READ*", "/usr/share/doc/x/readme", false),
            ("[A-C]", "b", false),
            ("[A-C]", "B", true),
            ("\\A", "a", false),
        ] {
            assert_eq!(Glob::exact(pattern).unwrap().matches(text), expected, "'{pattern}' and '{text}'");
        }
    }

    #[test]
    fn refuses_what_its_author_did_not_mean() {
        for (pattern, expected) in [
            ("[a", BadGlob::Unclosed),
            ("[", BadGlob::Unclosed),
            ("[]", BadGlob::Unclosed),
            ("[!]", BadGlob::Unclosed),
            ("[[:alpha", BadGlob::Unclosed),
            ("[[:alpha:]", BadGlob::Unclosed),
            ("[a\\", BadGlob::Unclosed),
            ("a\\", BadGlob::Escape),
            ("[z-a]", BadGlob::Range('z', 'a')),
            ("[[:word:]]", BadGlob::Class("word".into())),
            ("[[.a.]]", BadGlob::Locale('.')),
            ("[[=a=]]", BadGlob::Locale('=')),
        ] {
            assert_eq!(Glob::new(pattern).unwrap_err(), expected, "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let glob = Glob::new(&"*a".repeat(200)).unwrap();
        assert!(!glob.matches(&"a".repeat(199)));
        assert!(!glob.matches(&"ab".repeat(5000)));
        assert!(glob.matches(&"ba".repeat(5000)));
    }
}
