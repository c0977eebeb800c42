//! The cleartext signature framework (RFC 9580 section 7), as strictly as apt reads it: one signed message
//! and nothing else. Text that is not covered by the signature must never reach a parser.

use std::borrow::Cow;
use std::io::{self, Read};

use crate::control::text::decoded;

/// What the signatures of one message may take, in bytes: each takes some kilobytes of memory while it is looked at, and Debian's
/// have three of less than a kilobyte.
pub(super) const LARGEST_SIGNATURE: usize = 256 << 10;

const BEGIN_MESSAGE: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END_SIGNATURE: &str = "-----END PGP SIGNATURE-----";

/// A clear-signed message taken apart, not yet verified.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Clearsigned {
    /// The text, with `\n` at the end of every line.
    pub(super) text: String,
    /// The same in the bytes that were signed, where these are not UTF-8.
    latin: Option<Vec<u8>>,
    /// The armored signatures.
    pub(super) armor: String,
}

impl Clearsigned {
    /// The text as it was hashed: without the white space at line ends, `\r\n` between lines.
    pub(super) fn canonical(&self) -> Canonical<'_> {
        let bytes = self.latin.as_deref().unwrap_or(self.text.as_bytes());
        Canonical { rest: bytes.strip_suffix(b"\n").unwrap_or_default(), ended: false }
    }
}

/// Reads a text with `\r\n` for its line ends. A copy of it would take twice its size where its lines are short.
#[derive(Debug, Clone)]
pub(super) struct Canonical<'a> {
    rest: &'a [u8],
    /// Whether the `\r` of the line end that comes next was read.
    ended: bool,
}

impl Read for Canonical<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() && !self.rest.is_empty() {
            if self.rest[0] == b'\n' {
                buffer[filled] = if self.ended { b'\n' } else { b'\r' };
                self.rest = &self.rest[usize::from(self.ended)..];
                self.ended = !self.ended;
                filled += 1;
                continue;
            }
            let line = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
            let count = line.min(buffer.len() - filled);
            let (read, rest) = self.rest.split_at(count);
            buffer[filled..filled + count].copy_from_slice(read);
            self.rest = rest;
            filled += count;
        }
        Ok(filled)
    }
}

/// Takes a clear-signed message apart. `Ok(None)`: it is not one.
pub(super) fn split(message: &[u8]) -> Result<Option<Clearsigned>, &'static str> {
    let message = decoded(message);
    let is_latin = matches!(message, Cow::Owned(_));
    if !message.contains(BEGIN_MESSAGE) {
        return Ok(None);
    }
    let mut lines = message.split_terminator('\n').map(trim);
    if lines.next() != Some(BEGIN_MESSAGE) {
        return Err("something stands before the signed message");
    }
    loop {
        match lines.next() {
            Some("") => break,
            Some(header) if header.starts_with("Hash: ") => {}
            Some(_) => return Err("the signed message has a header other than Hash"),
            None => return Err("it ends within the header"),
        }
    }
    let mut text = String::with_capacity(message.len());
    loop {
        let line = lines.next().ok_or("it ends before the signature")?;
        if line == BEGIN_SIGNATURE {
            break;
        }
        let line = match line.strip_prefix("- ") {
            Some(escaped) => escaped,
            None if line.starts_with('-') => return Err("a line begins with a dash that is not escaped"),
            None => line,
        };
        // readers differ on what ends a line here, so neither may occur
        if line.contains(['\r', '\0']) {
            return Err("the signed text has a carriage return or NUL within a line");
        }
        text.push_str(line);
        text.push('\n');
    }
    let mut armor = format!("{BEGIN_SIGNATURE}\n");
    loop {
        let line = lines.next().ok_or("it ends within the signature")?;
        armor.push_str(line);
        armor.push('\n');
        if armor.len() > LARGEST_SIGNATURE {
            return Err("its signatures are larger than 256 KiB");
        }
        if line == END_SIGNATURE {
            break;
        }
        if line.starts_with('-') {
            return Err("the signature does not end where it should");
        }
    }
    if lines.any(|line| !line.is_empty()) {
        return Err("something stands after the signed message");
    }
    // every letter was a byte
    let latin =
        is_latin.then(|| text.chars().map(|letter| u8::try_from(letter).unwrap_or_default()).collect());
    Ok(Some(Clearsigned { text, latin, armor }))
}

/// White space at the end of a line is not signed (RFC 9580 section 7.2), so it is not kept.
fn trim(line: &str) -> &str {
    line.trim_end_matches([' ', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const ARMOR: &str = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";

    fn canonical(message: &Clearsigned) -> String {
        // by one byte at a time, so that each place is where a buffer ends
        let mut reader = message.canonical();
        let (mut text, mut byte) = (String::new(), [0]);
        while reader.read(&mut byte).unwrap() == 1 {
            text.push(char::from(byte[0]));
        }
        let mut whole = String::new();
        message.canonical().read_to_string(&mut whole).unwrap();
        assert_eq!(text, whole);
        text
    }

    fn message(body: &str) -> String {
        format!("{BEGIN_MESSAGE}\nHash: SHA512\n\n{body}{ARMOR}")
    }

    #[test]
    fn takes_off_escapes_and_trailing_white_space() {
        let found = split(message("Origin: x \t\r\n\n- - dash\n- From\nlast\n").as_bytes()).unwrap().unwrap();
        assert_eq!(found.text, "Origin: x\n\n- dash\nFrom\nlast\n");
        assert_eq!(canonical(&found), "Origin: x\r\n\r\n- dash\r\nFrom\r\nlast");
        assert_eq!(found.armor, ARMOR);
        let crlf = message("a\nb\n").replace('\n', "\r\n");
        assert_eq!(canonical(&split(crlf.as_bytes()).unwrap().unwrap()), "a\r\nb");
        for (body, expected) in [("", ""), ("\n", ""), ("\n\na\n", "\r\n\r\na"), ("a\n\n", "a\r\n")] {
            assert_eq!(canonical(&split(message(body).as_bytes()).unwrap().unwrap()), expected, "{body:?}");
        }
    }

    #[test]
    fn signatures_without_end_are_not_read() {
        let armor = ARMOR.replace("AAAA", &"AAAA\n".repeat(LARGEST_SIGNATURE / 5));
        assert!(split(message("Origin: x\n").replace(ARMOR, &armor).as_bytes()).is_err());
    }

    #[test]
    fn nothing_but_one_signed_message_passes() {
        let good = message("Origin: x\n");
        assert!(split(format!("{good}\n \n").as_bytes()).unwrap().is_some());
        let inserted = good.replace("Hash: SHA512\n", "Hash: SHA512\nOrigin: evil\n");
        let unescaped = message("Origin: x\n-dash\n");
        let cr = message("Origin: x\rSuite: evil\n");
        let twice = format!("{good}{good}");
        let second_signature = format!("{good}{ARMOR}");
        for bad in [
            format!("Origin: evil\n{good}"),
            format!("\n{good}"),
            format!("{good}Origin: evil\n"),
            twice,
            second_signature,
            inserted,
            unescaped,
            cr,
            good.replace("-----END PGP SIGNATURE-----\n", ""),
            good.replace(ARMOR, ""),
            format!("{BEGIN_MESSAGE}\nHash: SHA512"),
            good.replace("AAAA", "AAAA\n-----BEGIN PGP SIGNATURE-----"),
        ] {
            assert!(split(bad.as_bytes()).is_err(), "accepted: {bad}");
        }
        assert_eq!(split(b"Origin: x\n"), Ok(None));
        assert_eq!(split(b"\xff"), Ok(None));
        let latin = [message("Origin: J").as_bytes(), b""].concat();
        let latin =
            String::from_utf8(latin).unwrap().replacen("Origin: J", "Origin: J\u{1}rg\n", 1).into_bytes();
        let latin: Vec<u8> = latin.into_iter().map(|byte| if byte == 1 { 0xf6 } else { byte }).collect();
        let found = split(&latin).unwrap().unwrap();
        assert!(found.text.starts_with("Origin: Jörg\n"), "{}", found.text);
        let mut signed = Vec::new();
        found.canonical().read_to_end(&mut signed).unwrap();
        assert!(signed.starts_with(b"Origin: J\xf6rg"), "the bytes are what was signed");
    }
}
