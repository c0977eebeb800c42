//! Relations between packages: the value of a `Depends`, `Conflicts`, `Provides` … field (Debian Policy 7.1).

use std::cmp::Ordering;

/// How a relation compares versions (Debian Policy 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// No version is named.
    Any,
    /// `<<`
    Less,
    /// `<=`, and the deprecated `<`
    LessEqual,
    /// `=`
    Equal,
    /// `>=`, and the deprecated `>`
    GreaterEqual,
    /// `>>`
    Greater,
}

impl Operator {
    /// Whether a version that compares so with the relation's version satisfies it.
    pub(crate) fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Any => true,
            Self::Less => ordering.is_lt(),
            Self::LessEqual => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
            Self::GreaterEqual => ordering.is_ge(),
            Self::Greater => ordering.is_gt(),
        }
    }

    /// As a control file spells it; empty for [`Operator::Any`].
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Less => "<<",
            Self::LessEqual => "<=",
            Self::Equal => "=",
            Self::GreaterEqual => ">=",
            Self::Greater => ">>",
        }
    }

    /// The operator that a text begins with, and how long it is. Without one it is `=`, as in apt: `a (1.0)`.
    #[inline]
    fn leading(text: &[u8]) -> (Self, usize) {
        match text {
            [b'<', b'<', ..] => (Self::Less, 2),
            [b'<', b'=', ..] => (Self::LessEqual, 2),
            [b'<', ..] => (Self::LessEqual, 1),
            [b'>', b'>', ..] => (Self::Greater, 2),
            [b'>', b'=', ..] => (Self::GreaterEqual, 2),
            [b'>', ..] => (Self::GreaterEqual, 1),
            [b'=', ..] => (Self::Equal, 1),
            _ => (Self::Equal, 0),
        }
    }
}

/// One alternative of a group: `name:qualifier (operator version)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation<'a> {
    /// Package name.
    pub name: &'a str,
    /// What follows a colon: `any` or an architecture.
    pub(crate) qualifier: Option<&'a str>,
    /// [`Operator::Any`] where there is no version.
    pub operator: Operator,
    /// Empty where there is none.
    pub version: &'a str,
    /// Whether this ends its group, that is, no `|` follows.
    pub(crate) last: bool,
}

/// A relation that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{excerpt}' is no relation: {reason}")]
pub struct BadRelation {
    /// Where reading stopped, shortened.
    pub(crate) excerpt: String,
    /// What is wrong with it.
    pub(crate) reason: &'static str,
}

/// Reads a relation field, alternative by alternative; stops after the first error.
///
/// As apt reads it: a name or a version that no package has makes a relation that none satisfies, and no error.
pub fn parse(field: &str) -> Relations<'_> {
    Relations { rest: field }
}

/// See [`parse`].
#[derive(Debug, Clone)]
pub struct Relations<'a> {
    rest: &'a str,
}

impl<'a> Relations<'a> {
    fn fail(&mut self, reason: &'static str) -> BadRelation {
        let one_line = |letter: char| if letter.is_control() { ' ' } else { letter };
        let excerpt = self.rest.chars().take(40).map(one_line).collect();
        self.rest = "";
        BadRelation { excerpt, reason }
    }

    #[inline]
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Takes bytes while they can be part of a name, qualifier or operator.
    #[inline]
    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let length = self.rest.as_bytes().iter().position(|byte| !wanted(*byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        token
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest.as_bytes().first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn read(&mut self) -> Result<Relation<'a>, BadRelation> {
        let token = self.take(is_name_byte);
        // a name may have a colon of its own: ${shlibs:Depends}
        let (name, qualifier) = match token.rsplit_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (token, None),
        };
        if name.is_empty() {
            return Err(self.fail("a package name was expected"));
        }
        self.skip_space();
        let (mut operator, mut version) = (Operator::Any, "");
        if self.eat(b'(') {
            self.skip_space();
            let (known, length) = Operator::leading(self.rest.as_bytes());
            operator = known;
            self.rest = self.rest[length..].trim_ascii_start();
            version = self.take(|byte| byte != b')').trim_ascii_end();
            if version.is_empty() || !self.eat(b')') {
                return Err(self.fail("a version and ')' were expected"));
            }
            self.skip_space();
        }
        let last = match self.rest.as_bytes().first() {
            None | Some(b',') => true,
            Some(b'|') => false,
            Some(b'[' | b'<') => {
                return Err(self.fail("architecture and profile restrictions belong to source packages"));
            }
            Some(_) => return Err(self.fail("',' or '|' was expected")),
        };
        if !last {
            self.rest = &self.rest[1..];
            self.skip_space();
            if matches!(self.rest.as_bytes().first(), None | Some(b',' | b'|')) {
                return Err(self.fail("an alternative was expected after '|'"));
            }
        }
        Ok(Relation { name, qualifier, operator, version, last })
    }
}

/// All but what ends a name in apt. Debian Policy 5.6.7 allows much less.
#[inline]
fn is_name_byte(byte: u8) -> bool {
    const NAME_BYTES: [bool; 256] = {
        let mut known = [true; 256];
        let ends = b" \t\n\x0c\r()[]<>,|";
        let mut i = 0;
        while i < ends.len() {
            known[ends[i] as usize] = false;
            i += 1;
        }
        known
    };
    NAME_BYTES[usize::from(byte)]
}

impl<'a> Iterator for Relations<'a> {
    type Item = Result<Relation<'a>, BadRelation>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.skip_space();
            if !self.eat(b',') {
                break;
            }
        }
        if self.rest.is_empty() { None } else { Some(self.read()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(field: &str) -> Vec<Relation<'_>> {
        parse(field).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn reads_groups_versions_and_qualifiers() {
        let relations = read("libc6 (>= 2.34), perl:any | perl5 (<<5.36~) ,\n python3.11:amd64(=3.11.2-6)");
        assert_eq!(relations.len(), 4);
        assert_eq!(
            relations[0],
            Relation {
                name: "libc6",
                qualifier: None,
                operator: Operator::GreaterEqual,
                version: "2.34",
                last: true
            }
        );
        assert_eq!((relations[1].qualifier, relations[1].last), (Some("any"), false));
        assert_eq!((relations[2].operator, relations[2].version), (Operator::Less, "5.36~"));
        assert_eq!((relations[3].qualifier, relations[3].version), (Some("amd64"), "3.11.2-6"));
    }

    #[test]
    fn the_bare_operators_include_equality() {
        // Debian Policy 7.1: "< and > … are deprecated and mean <= and >="
        let relations = read("a (< 1), b (> 1)");
        assert_eq!(relations[0].operator, Operator::LessEqual);
        assert_eq!(relations[1].operator, Operator::GreaterEqual);
    }

    #[test]
    fn empty_fields_and_stray_commas_hold_nothing() {
        assert!(read("").is_empty());
        assert_eq!(read(", a,, b ,").len(), 2);
    }

    #[test]
    fn what_no_package_can_satisfy_is_read_as_apt_reads_it() {
        for (field, name, qualifier, operator, version) in [
            ("${shlibs:Depends}", "${shlibs", Some("Depends}"), Operator::Any, ""),
            ("a (1.0)", "a", None, Operator::Equal, "1.0"),
            ("a (=> 1)", "a", None, Operator::Equal, "> 1"),
            ("a (== 1)", "a", None, Operator::Equal, "= 1"),
            ("a (!= 1)", "a", None, Operator::Equal, "!= 1"),
            ("a (<> 1)", "a", None, Operator::LessEqual, "> 1"),
            ("a (>= 1, << 2)", "a", None, Operator::GreaterEqual, "1, << 2"),
            ("a (>= ${binary:Version} )", "a", None, Operator::GreaterEqual, "${binary:Version}"),
            ("a(>=1 .0)", "a", None, Operator::GreaterEqual, "1 .0"),
            ("@", "@", None, Operator::Any, ""),
            ("~", "~", None, Operator::Any, ""),
            ("foo*", "foo*", None, Operator::Any, ""),
            ("a/stable", "a/stable", None, Operator::Any, ""),
            ("a:", "a", Some(""), Operator::Any, ""),
            ("ä", "ä", None, Operator::Any, ""),
        ] {
            assert_eq!(read(field), [Relation { name, qualifier, operator, version, last: true }], "{field}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for bad in [
            "a b",
            "a (>= 1",
            "a (>= )",
            "a ()",
            "a )",
            "a (>= 1)x",
            "a (>= 1) (<< 2)",
            "a ; b",
            "a |",
            "a | , b",
            "a || b",
            ":any",
            "| a",
            "a [amd64]",
            "a <!x>",
        ] {
            assert!(parse(bad).any(|relation| relation.is_err()), "{bad}");
        }
    }
}
