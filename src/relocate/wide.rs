//! Paths in strings whose letters have 16 or 32 bits: `wchar_t` of C, as fish has it, the UTF-16 of Qt, LibreOffice and .NET,
//! and the strings of some Lisps. Little-endian, as the machines are.
//!
//! Such a path is read as one of bytes, decided about like one, and what is written over it gets wide again.

use super::boundaries::{LONGEST_PATH, LOOK_BEHIND, path_at_start};
use super::decide::VECTOR;

/// Stands for any letter that no path begins or goes on with.
const OTHER: u8 = 0;

/// The beginnings of paths in letters of 16 bits, and in letters of 32.
pub(super) const NEEDLES: [&[u8]; 14] = [
    b"/\0u\0s\0r\0",
    b"/\0e\0t\0c\0",
    b"/\0l\0i\0b\0",
    b"/\0b\0i\0n\0",
    b"/\0s\0b\0i\0n\0",
    b"/\0v\0a\0r\0",
    b"/\0o\0p\0t\0",
    b"/\0\0\0u\0\0\0s\0\0\0r\0\0\0",
    b"/\0\0\0e\0\0\0t\0\0\0c\0\0\0",
    b"/\0\0\0l\0\0\0i\0\0\0b\0\0\0",
    b"/\0\0\0b\0\0\0i\0\0\0n\0\0\0",
    b"/\0\0\0s\0\0\0b\0\0\0i\0\0\0n\0\0\0",
    b"/\0\0\0v\0\0\0a\0\0\0r\0\0\0",
    b"/\0\0\0o\0\0\0p\0\0\0t\0\0\0",
];

/// Some of a string, a byte a letter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wide {
    /// With what stands before the path and behind it.
    pub(super) letters: Vec<u8>,
    /// Where in these the path begins.
    pub(super) at: usize,
    /// How many bytes a letter has.
    pub(super) width: usize,
}

impl Wide {
    /// Reads what stands around a needle of [`NEEDLES`]; `None` where there is another.
    pub(super) fn around(bytes: &[u8], at: usize) -> Option<Self> {
        let width = width(&bytes[at..])?;
        let mut letters: Vec<u8> = bytes[at.saturating_sub(LOOK_BEHIND)..at]
            .rchunks_exact(width)
            .map_while(letter)
            .take_while(|letter| *letter != OTHER)
            .collect();
        letters.push(OTHER);
        letters.reverse();
        let before = letters.len();
        let behind = &bytes[at..bytes.len().min(at + LONGEST_PATH)];
        letters.extend(behind.chunks_exact(width).map_while(letter).take_while(|letter| *letter != OTHER));
        letters.push(OTHER);
        Some(Self { letters, at: before, width })
    }

    /// The letters that a vector register takes at once, if they may be the constant of one: the beginning of a path, such as
    /// `/usr/sha`, whose other letters are elsewhere.
    pub(super) fn constant(&self, place: u64) -> Option<&[u8]> {
        let is_one = self.width == 2 && place.is_multiple_of(VECTOR as u64);
        self.letters.get(self.at..self.at + VECTOR / 2).filter(|_| is_one)
    }

    /// Letters as the string has them.
    pub(super) fn widened(&self, letters: &[u8]) -> Vec<u8> {
        let zeros = [0; 3];
        letters.iter().flat_map(|letter| [&[*letter], &zeros[..self.width - 1]].concat()).collect()
    }
}

/// The path at the beginning of some bytes, if its letters are wide.
pub(super) fn spelled(bytes: &[u8]) -> Option<Vec<u8>> {
    let wide = Wide::around(bytes, 0)?;
    Some(path_at_start(&wide.letters[wide.at..]).to_vec())
}

/// How many bytes a letter has, if the slash at the beginning is a wide one.
fn width(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1..4)? {
        [0, 0, 0] => Some(4),
        [0, letter, 0] if *letter != 0 => Some(2),
        _ => None,
    }
}

/// A letter of ASCII.
fn letter(bytes: &[u8]) -> Option<u8> {
    let (letter, high) = bytes.split_first()?;
    (letter.is_ascii() && high.iter().all(|byte| *byte == 0)).then_some(*letter)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::relocated_file;
    use super::*;

    /// From Debian 12: what stands before a path, what begins with it, how many bytes a letter has, and the path.
    const FOUND: [(&[u8], &[u8], usize, &str); 4] = [
        // sddm-helper, a QStringLiteral
        (
            b"\x18\0\0\0\0\0\0\0",
            b"/\0u\0s\0r\0/\0l\0i\0b\0/\0s\0d\0d\0m\0/\0s\0d\0d\0m\0.\0c\0o\0n\0f\0.\0d\0\0\0\0\0",
            2,
            "/usr/lib/sddm/sddm.conf.d",
        ),
        // System.dll of Mono: a length before each string, at odd places as well
        (b"/\0p\0i\0n\0g\0\0\x1d", b"/\0u\0s\0r\0/\0s\0b\0i\0n\0/\0p\0i\0n\0g\0\0\t", 2, "/usr/sbin/ping"),
        // fish
        (
            b"h\0\0\0\0\0\0\0",
            b"/\0\0\0e\0\0\0t\0\0\0c\0\0\0/\0\0\0f\0\0\0i\0\0\0s\0\0\0h\0\0\0\0\0\0\0/\0\0\0u\0\0\0",
            4,
            "/etc/fish",
        ),
        // lispinit.mem of clisp
        (
            b"\x15\x1c\0\0",
            b"/\0\0\0b\0\0\0i\0\0\0n\0\0\0/\0\0\0s\0\0\0h\0\0\0\xf0\xa5,\0\0\x10\0\0",
            4,
            "/bin/sh",
        ),
    ];

    #[test]
    fn paths_in_wide_letters_are_read() {
        for (before, bytes, width, path) in FOUND {
            let wide = Wide::around(&[before, bytes].concat(), before.len()).unwrap();
            assert_eq!((wide.width, spelled(bytes).unwrap()), (width, path.into()));
            assert_eq!(path_at_start(&wide.letters[wide.at..]), path.as_bytes());
            assert_eq!(wide.letters[wide.at - 1], OTHER, "{path}");
            assert_eq!(wide.widened(path.as_bytes()), bytes[..width * path.len()]);
        }
        for none in [&b"/usr/lib"[..], b"/\0\0u", b"/\0u", b"/"] {
            assert_eq!(Wide::around(none, 0), None);
        }
    }

    #[test]
    fn paths_in_wide_letters_are_rewritten() {
        let wide = |text: &str, width: usize| {
            text.bytes().flat_map(|byte| [&[byte][..], &vec![0; width - 1]].concat()).collect::<Vec<_>>()
        };
        for width in [2, 4] {
            for (before, after, count) in [
                ("\0/usr/share/tool/x\0", "\0/p/u/share/tool/x\0", 1),
                ("\0/bin/sh\0", "\0/p/b/sh\0", 1),
                ("\0PATH=/usr/bin:/etc/tool\0", "\0PATH=/p/u/bin:/p/e/tool\0", 2),
                // of the image; not in the tree; the end of another
                ("\0/etc/passwd\0", "\0/etc/passwd\0", 0),
                ("\0/usr/share/other\0", "\0/usr/share/other\0", 0),
                ("\0x/usr/share/tool\0", "\0x/usr/share/tool\0", 0),
            ] {
                let (result, relocated) = relocated_file("/p", "usr/bin/tool", &wide(before, width));
                assert_eq!(result, wide(after, width), "{before:?} {width}");
                assert_eq!(relocated.paths, count, "{before:?} {width}");
            }
        }
    }

    #[test]
    fn eight_wide_letters_may_be_a_constant() {
        // as in libKF5DocTools: two constants that overlap, and another
        let text = "/usr/shahare/tooltool.x";
        let bytes: Vec<u8> = [b"\x7fELF".as_slice(), &[0; 12]].concat();
        let bytes = [bytes, text.bytes().flat_map(|byte| [byte, 0]).collect(), vec![0; 2]].concat();
        let (result, _) = relocated_file("/p", "usr/bin/tool", &bytes);
        assert!(spelled(&result[16..]).unwrap().starts_with(b"/p/u/shahare/tool"));
        // at another place it is none
        let bytes = [b"\x7fELF\0\0".as_slice(), &bytes[16..]].concat();
        assert_eq!(relocated_file("/p", "usr/bin/tool", &bytes).0, bytes);
    }
}
