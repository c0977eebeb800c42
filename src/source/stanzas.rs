//! The stanzas of a `Packages` file as they stand there, one after the other, while it is read; nothing else of it is kept.

use std::io::{self, Read};

use super::index::BadIndex;

/// What is read at once, in bytes.
const CHUNK: usize = 64 << 10;
/// A stanza longer than this is no package.
const LONGEST_STANZA: usize = 4 << 20;

/// Hands each stanza to `take`.
///
/// # Errors
/// Where reading or decoding fails.
pub(super) fn each_stanza(mut reader: impl Read, mut take: impl FnMut(&[u8])) -> Result<(), BadIndex> {
    let mut buffer = vec![0; CHUNK];
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if filled > LONGEST_STANZA {
                return Err(BadIndex::TooLarge("a stanza of more than 4 MiB"));
            }
            buffer.resize(filled * 2, 0);
        }
        let count = match reader.read(&mut buffer[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        };
        if count == 0 {
            break;
        }
        // only what is new can have the gap that ends a stanza, and what follows the last one waits for more
        let seen = filled.saturating_sub(1);
        filled += count;
        if let Some(end) = memchr::memmem::rfind(&buffer[seen..filled], b"\n\n").map(|end| seen + end) {
            let mut start = 0;
            for gap in memchr::memmem::find_iter(&buffer[..end + 2], b"\n\n") {
                take(&buffer[start..gap]);
                start = gap + 2;
            }
            buffer.copy_within(end + 2..filled, 0);
            filled -= end + 2;
        }
    }
    take(&buffer[..filled]);
    Ok(())
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
    fn the_size_of_the_reads_makes_no_difference() {
        struct Trickle<'a>(&'a [u8], usize);
        impl Read for Trickle<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.0.len().min(buffer.len()).min(self.1);
                buffer[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        let long = "x".repeat(3 * CHUNK);
        let text = format!("Package: a\n\nPackage: b\nDescription: {long}\n\n\nPackage: c\nVersion: 1");
        for step in [1, 7, CHUNK] {
            let mut names = Vec::new();
            let take =
                |stanza: &[u8]| names.push(field(str::from_utf8(stanza).unwrap(), "package").to_owned());
            each_stanza(Trickle(text.as_bytes(), step), take).unwrap();
            names.retain(|name| !name.is_empty());
            assert_eq!(names, ["a", "b", "c"]);
        }
        let endless = io::repeat(b'x').take(10 << 20);
        assert!(matches!(each_stanza(endless, |_| ()), Err(BadIndex::TooLarge(_))));
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
