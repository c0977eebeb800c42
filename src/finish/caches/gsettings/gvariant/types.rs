//! The types of GVariant, and how their values lie in memory: "GVariant Type Strings" in GLib's manual, alignment and size
//! in the GVariant Specification.

use std::iter::Peekable;
use std::str::Chars;

/// Values and types in each other.
pub(super) const DEEPEST: usize = 32;

/// As for a D-Bus signature.
const LONGEST_TYPE: usize = 255;

/// A type, of a type string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// One of `bynqiuxthdsogv`.
    Basic(char),
    Maybe(Box<Type>),
    Array(Box<Type>),
    /// A tuple, or (with `true`) the entry of a dictionary.
    Tuple(Vec<Type>, bool),
}

impl Type {
    /// Of a whole type string.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut letters = text.chars().peekable();
        let found = Self::read(&mut letters, 0)?;
        (letters.next().is_none() && text.len() <= LONGEST_TYPE).then_some(found)
    }

    /// The type that the letters begin with.
    pub(super) fn read(letters: &mut Peekable<Chars<'_>>, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        let letter = letters.next()?;
        Some(match letter {
            _ if "bynqiuxthdsogv".contains(letter) => Self::Basic(letter),
            'm' => Self::Maybe(Box::new(Self::read(letters, depth + 1)?)),
            'a' => Self::Array(Box::new(Self::read(letters, depth + 1)?)),
            '(' => {
                let mut members = Vec::new();
                while letters.next_if_eq(&')').is_none() {
                    members.push(Self::read(letters, depth + 1)?);
                }
                Self::Tuple(members, false)
            }
            '{' => {
                let key = letters.next().filter(|letter| "bynqiuxthdsog".contains(*letter))?;
                let value = Self::read(letters, depth + 1)?;
                letters.next_if_eq(&'}')?;
                Self::Tuple(vec![Self::Basic(key), value], true)
            }
            _ => return None,
        })
    }

    /// The type string.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Basic(letter) => letter.to_string(),
            Self::Maybe(inner) => format!("m{}", inner.text()),
            Self::Array(inner) => format!("a{}", inner.text()),
            Self::Tuple(members, is_entry) => {
                let inner: String = members.iter().map(Self::text).collect();
                if *is_entry { format!("{{{inner}}}") } else { format!("({inner})") }
            }
        }
    }

    /// What the offset of a value is a multiple of, in bytes.
    pub(super) fn alignment(&self) -> usize {
        match self {
            Self::Basic('n' | 'q') => 2,
            Self::Basic('i' | 'u' | 'h') => 4,
            Self::Basic('x' | 't' | 'd' | 'v') => 8,
            Self::Basic(_) => 1,
            Self::Maybe(inner) | Self::Array(inner) => inner.alignment(),
            Self::Tuple(members, _) => members.iter().map(Self::alignment).max().unwrap_or(1),
        }
    }

    /// In bytes, of types whose values are all of one size.
    pub(super) fn fixed(&self) -> Option<usize> {
        match self {
            Self::Basic('b' | 'y') => Some(1),
            Self::Basic('n' | 'q') => Some(2),
            Self::Basic('i' | 'u' | 'h') => Some(4),
            Self::Basic('x' | 't' | 'd') => Some(8),
            Self::Basic(_) | Self::Maybe(_) | Self::Array(_) => None,
            Self::Tuple(members, _) => {
                let mut size = 0usize;
                for member in members {
                    size = size.next_multiple_of(member.alignment()) + member.fixed()?;
                }
                Some(size.next_multiple_of(self.alignment()).max(1))
            }
        }
    }
}
