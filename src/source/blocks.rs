//! A stream in blocks that all end the same way, as the lines and stanzas of an index do, however much is read at once.

use std::io::{self, Read};

use super::index::BadIndex;

/// What is read at once at first, in bytes.
const CHUNK: usize = 64 << 10;

/// Hands on what is read, in pieces that end with `separator`; only the last may not. A piece is as many blocks as a read
/// has brought to an end. `longest` are the bytes that one may have, and what to call one that has more.
///
/// # Errors
/// Where reading or decoding fails, and at a block that is too long.
pub(super) fn in_blocks(
    mut reader: impl Read,
    separator: &[u8],
    longest: (usize, &'static str),
    mut take: impl FnMut(&[u8]),
) -> Result<(), BadIndex> {
    let mut buffer = vec![0; CHUNK];
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if filled > longest.0 {
                return Err(BadIndex::TooLarge(longest.1));
            }
            buffer.resize(filled * 2, 0);
        }
        let count = match reader.read(&mut buffer[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        };
        if count == 0 {
            take(&buffer[..filled]);
            return Ok(());
        }
        // the separator may have begun with what was there before
        let seen = (filled + 1).saturating_sub(separator.len());
        filled += count;
        if let Some(at) = memchr::memmem::rfind(&buffer[seen..filled], separator) {
            let end = seen + at + separator.len();
            take(&buffer[..end]);
            buffer.copy_within(end..filled, 0);
            filled -= end;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Gives no more at once than so many bytes, and is interrupted before each.
    struct Trickle<'a>(&'a [u8], usize, bool);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = self.0.len().min(buffer.len()).min(self.1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn the_size_of_the_reads_makes_no_difference() {
        let long = "x".repeat(3 * CHUNK);
        let text = format!("a\n\nb\n{long}\n\n\nc\n");
        for separator in ["\n", "\n\n"] {
            for step in [1, 2, 7, CHUNK, usize::MAX] {
                let (mut all, mut last_ends) = (Vec::new(), true);
                let take = |piece: &[u8]| {
                    assert!(last_ends, "{step}: only the last may have no end");
                    last_ends = piece.ends_with(separator.as_bytes());
                    all.extend_from_slice(piece);
                };
                let longest = (4 * CHUNK, "too long");
                in_blocks(Trickle(text.as_bytes(), step, false), separator.as_bytes(), longest, take)
                    .unwrap();
                assert_eq!(all, text.as_bytes(), "{step}");
            }
        }
    }

    #[test]
    fn a_block_without_an_end_is_an_error() {
        let endless = io::repeat(b'x').take(10 << 20);
        let outcome = in_blocks(endless, b"\n", (1 << 20, "a line of more than 1 MiB"), |_| ());
        assert!(matches!(outcome, Err(BadIndex::TooLarge("a line of more than 1 MiB"))));
    }
}
