//! The stanzas of a `Packages` file as they stand there, one after the other, while it is read; nothing else of it is kept.

use std::io::Read;

use super::blocks::in_blocks;
use super::index::BadIndex;

/// Ends a stanza.
const GAP: &[u8] = b"\n\n";
/// A stanza longer than this is no package.
const LONGEST_STANZA: usize = 4 << 20;

/// Hands each stanza to `take`.
///
/// # Errors
/// Where reading or decoding fails.
pub(super) fn each_stanza(reader: impl Read, mut take: impl FnMut(&[u8])) -> Result<(), BadIndex> {
    let longest = (LONGEST_STANZA, "a stanza of more than 4 MiB");
    in_blocks(reader, GAP, longest, |piece| {
        let mut start = 0;
        for gap in memchr::memmem::find_iter(piece, GAP) {
            take(&piece[start..gap]);
            start = gap + GAP.len();
        }
        if start < piece.len() {
            take(&piece[start..]);
        }
    })
}

/// The first line of a field of a stanza; empty for one that is not there. Names of fields are the same in any case
/// (deb822(5)).
pub(crate) fn field<'s>(stanza: &'s str, name: &str) -> &'s str {
    let value = |line: &'s str| {
        let (own, value) = line.split_once(':')?;
        // a line that begins with a blank continues another field, and no name of a field has one
        own.eq_ignore_ascii_case(name).then(|| value.trim())
    };
    stanza.lines().find_map(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_stanza_is_handed_on_once() {
        let text = "Package: a\n\nPackage: b\nDescription: x\n\n\nPackage: c\nVersion: 1";
        let mut names = Vec::new();
        let take = |stanza: &[u8]| names.push(field(str::from_utf8(stanza).unwrap(), "package").to_owned());
        each_stanza(text.as_bytes(), take).unwrap();
        names.retain(|name| !name.is_empty());
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn a_field_is_its_first_line() {
        let stanza = "Package: a\nDESCRIPTION: short\n long: x\nVersion: 1:2";
        assert_eq!(
            ["description", "Version", "long", "x"].map(|name| field(stanza, name)),
            ["short", "1:2", "", ""]
        );
    }
}
