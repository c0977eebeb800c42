//! The fields of a stanza that are read, and where in it they are (Debian Policy 5.1).

use std::ops::Range;

/// The fields that are read, by the way apt meets their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Field {
    Package,
    Version,
    Architecture,
    MultiArch,
    Priority,
    Essential,
    Important,
    Protected,
    Filename,
    Size,
    InstalledSize,
    Sha256,
    Sha512,
    PreDepends,
    Depends,
    Conflicts,
    Breaks,
    Recommends,
    Suggests,
    Replaces,
    Enhances,
    Provides,
    Source,
}

pub(super) const FIELDS: [(Field, &str); 23] = [
    (Field::Package, "Package"),
    (Field::Version, "Version"),
    (Field::Architecture, "Architecture"),
    (Field::MultiArch, "Multi-Arch"),
    (Field::Priority, "Priority"),
    (Field::Essential, "Essential"),
    (Field::Important, "Important"),
    (Field::Protected, "Protected"),
    (Field::Filename, "Filename"),
    (Field::Size, "Size"),
    (Field::InstalledSize, "Installed-Size"),
    (Field::Sha256, "SHA256"),
    (Field::Sha512, "SHA512"),
    (Field::PreDepends, "Pre-Depends"),
    (Field::Depends, "Depends"),
    (Field::Conflicts, "Conflicts"),
    (Field::Breaks, "Breaks"),
    (Field::Recommends, "Recommends"),
    (Field::Suggests, "Suggests"),
    (Field::Replaces, "Replaces"),
    (Field::Enhances, "Enhances"),
    (Field::Provides, "Provides"),
    (Field::Source, "Source"),
];

impl Field {
    /// As an index spells it.
    pub(super) fn name(self) -> &'static str {
        FIELDS[self as usize].1
    }
}

/// The known field that a line begins with, and where its value does. Field names are not case-sensitive (Debian
/// Policy 5.1), and blanks may follow them, as in apt and dpkg.
#[inline]
fn field_of(line: &[u8]) -> Option<(Field, usize)> {
    use Field::{Architecture, Breaks, Conflicts, Depends, Enhances, Essential, Filename, Important};
    use Field::{InstalledSize, MultiArch, Package, PreDepends, Priority, Protected, Provides};
    use Field::{Recommends, Replaces, Sha256, Sha512, Size, Source, Suggests, Version};
    let likely: &[Field] = match line.first()?.to_ascii_lowercase() {
        b'a' => &[Architecture],
        b'b' => &[Breaks],
        b'c' => &[Conflicts],
        b'd' => &[Depends],
        b'e' => &[Essential, Enhances],
        b'f' => &[Filename],
        b'i' => &[InstalledSize, Important],
        b'm' => &[MultiArch],
        b'p' => &[Package, Priority, Provides, PreDepends, Protected],
        b'r' => &[Recommends, Replaces],
        b's' => &[Size, Sha256, Suggests, Sha512, Source],
        b'v' => &[Version],
        _ => &[],
    };
    for field in likely {
        let name = field.name().as_bytes();
        let Some(rest) = line.get(name.len()..) else { continue };
        let colon = match rest {
            [b':', ..] => 0,
            [b' ' | b'\t', ..] => match rest.iter().position(|byte| !matches!(byte, b' ' | b'\t')) {
                Some(blanks) if rest[blanks] == b':' => blanks,
                _ => continue,
            },
            _ => continue,
        };
        let own = &line[..name.len()];
        // hardly ever spelt differently, and then a plain comparison is faster
        if own == name || own.eq_ignore_ascii_case(name) {
            return Some((*field, name.len() + colon + 1));
        }
    }
    None
}

/// Where the value of each field is; empty for one that is not there.
pub(super) type Values = [Range<usize>; FIELDS.len()];

/// Finds the value of each known field of the first stanza, with the white space around it, continuation lines
/// included; and where the empty line after the stanza is. Of a field that is there twice the last counts, as in apt. An
/// empty line may have carriage returns. A comment ends the field before it, and is none itself.
pub(super) fn split(text: &[u8]) -> (Values, Option<usize>) {
    let mut values: Values = std::array::from_fn(|_| 0..0);
    let mut current: Option<Field> = None;
    let mut start = 0;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
        let line = &text[start..end];
        match line.first() {
            None => return (values, Some(start)),
            Some(b'\r') if end < text.len() && line.iter().all(|byte| *byte == b'\r') => {
                return (values, Some(end));
            }
            Some(b' ' | b'\t') => {
                if let Some(field) = current {
                    values[field as usize].end = end;
                }
            }
            Some(_) => {
                let found = field_of(line);
                if let Some((field, value)) = found {
                    values[field as usize] = start + value..end;
                }
                current = found.map(|(field, _)| field);
            }
        }
        start = end + 1;
    }
    (values, None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fields_are_known_by_their_whole_name_in_any_case() {
        for (field, name) in FIELDS {
            for line in [
                format!("{name}:"),
                format!("{}: x", name.to_uppercase()),
                name.to_lowercase() + ":y",
                format!("{name} \t:"),
            ] {
                let (found, value) = field_of(line.as_bytes()).unwrap();
                assert_eq!((found, line.as_bytes()[value - 1]), (field, b':'), "{line}");
            }
            for line in
                [format!("{name}s:"), name.to_owned(), name[1..].to_owned() + ":", format!("{name} x:")]
            {
                assert!(field_of(line.as_bytes()).is_none(), "{line}");
            }
        }
        assert!(field_of(b"").is_none());
    }

    #[test]
    fn a_stanza_ends_at_an_empty_line_of_either_kind() {
        let value =
            |text: &'static str, field: Field| text[split(text.as_bytes()).0[field as usize].clone()].trim();
        assert_eq!(split(b"Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\n").1, Some(25));
        assert_eq!(split(b"Package: a\n\r\r\nPackage: b\n").1, Some(13));
        assert_eq!(value("Depends: a,\n b\n# c: d\n e\nVersion: 1\n", Field::Depends), "a,\n b");
        assert_eq!(value("Version: 1\nversion: 2\n", Field::Version), "2");
    }
}
