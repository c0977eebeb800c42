//! The outer archive of a `.deb`: the common subset of ar(5) that deb(5) allows.

use std::io::{self, Read};

use super::error::Error;

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER_SIZE: usize = 60;

/// One member's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Printable ASCII, without a slash.
    pub name: String,
    /// Bytes, without padding.
    pub size: u64,
}

/// A strict sequential reader; as a [`Read`] it yields the bytes of the current member.
#[derive(Debug)]
pub struct Ar<R> {
    reader: R,
    remaining: u64,
    padded: bool,
    /// Bytes consumed so far, for messages.
    offset: u64,
}

impl<R: Read> Ar<R> {
    /// Reads the global header.
    pub fn open(mut reader: R) -> Result<Self, Error> {
        let mut magic = [0; MAGIC.len()];
        if fill(&mut reader, &mut magic)? < magic.len() || &magic != MAGIC {
            return Err(Error::NotAnArchive);
        }
        Ok(Self { reader, remaining: 0, padded: false, offset: MAGIC.len() as u64 })
    }

    /// Skips what is left of the current member and reads the next header; `None` at the end of the archive.
    pub fn next_member(&mut self) -> Result<Option<Member>, Error> {
        io::copy(self, &mut io::sink()).map_err(|source| Error::reading("archive", source))?;
        // The padding's value is not looked at, and it may be missing after the last member: dpkg is as lenient.
        if self.padded && self.fill(&mut [0])? == 0 {
            return Ok(None);
        }
        self.padded = false;
        let mut header = [0; HEADER_SIZE];
        let start = self.offset;
        match self.fill(&mut header)? {
            0 => return Ok(None),
            HEADER_SIZE => {}
            _ => return Err(Error::Header { offset: start, reason: "it is cut short" }),
        }
        let member = parse(&header).map_err(|reason| Error::Header { offset: start, reason })?;
        self.remaining = member.size;
        self.padded = !member.size.is_multiple_of(2);
        Ok(Some(member))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let count = fill(&mut self.reader, buffer)?;
        self.offset += count as u64;
        Ok(count)
    }
}

impl<R: Read> Read for Ar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.remaining).map_or(buffer.len(), |left| left.min(buffer.len()));
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.reader.read(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends inside a member"));
        }
        self.remaining -= count as u64;
        self.offset += count as u64;
        Ok(count)
    }
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut count = 0;
    while count < buffer.len() {
        match reader.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::reading("archive", error)),
        }
    }
    Ok(count)
}

/// The fields of ar(5): name 16, mtime 12, uid 6, gid 6, mode 8, size 10, terminator 2.
fn parse(header: &[u8; HEADER_SIZE]) -> Result<Member, &'static str> {
    if &header[58..] != b"`\n" {
        return Err("it does not end as a header must");
    }
    for (field, radix) in
        [(&header[16..28], 10), (&header[28..34], 10), (&header[34..40], 10), (&header[40..48], 8)]
    {
        // Nothing depends on these four; an archiver that leaves them blank is tolerated.
        if !field.iter().all(|byte| *byte == b' ') && number(field, radix).is_none() {
            return Err("a field of it is not a number");
        }
    }
    let size = number(&header[48..58], 10).ok_or("its size is not a number")?;
    let name = header[..16].trim_ascii_end();
    // GNU ar ends names with a slash.
    let name = name.strip_suffix(b"/").unwrap_or(name);
    if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/') {
        return Err("its name is not a plain one");
    }
    Ok(Member { name: String::from_utf8_lossy(name).into_owned(), size })
}

/// Digits followed by blanks only: no sign, no blank in front.
fn number(field: &[u8], radix: u32) -> Option<u64> {
    let digits = field.trim_ascii_end();
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::deb::testing::{ar, ar_header};

    fn names(bytes: &[u8]) -> Result<Vec<String>, Error> {
        let mut archive = Ar::open(bytes)?;
        let mut names = Vec::new();
        while let Some(member) = archive.next_member()? {
            names.push(member.name);
        }
        Ok(names)
    }

    #[test]
    fn steps_over_members_of_odd_size() {
        let bytes = ar(&[("a", b"1"), ("b/", b"22"), ("c", b"")]);
        assert_eq!(names(&bytes).unwrap(), ["a", "b", "c"]);
        let unpadded_end = ar(&[("a", b"22"), ("b", b"1")]);
        assert_eq!(names(&unpadded_end[..unpadded_end.len() - 1]).unwrap(), ["a", "b"]);
    }

    #[test]
    fn yields_only_the_bytes_of_the_member() {
        let bytes = ar(&[("a", b"one"), ("b", b"two")]);
        let mut archive = Ar::open(bytes.as_slice()).unwrap();
        let mut text = String::new();
        archive.next_member().unwrap();
        archive.read_to_string(&mut text).unwrap();
        assert_eq!(text, "one");
    }

    #[test]
    fn refuses_malformed_headers() {
        assert!(matches!(names(b"!<arch>"), Err(Error::NotAnArchive)));
        assert!(matches!(names(b"not an archive"), Err(Error::NotAnArchive)));
        for (index, value) in
            [(58, b'x'), (48, b'-'), (48, b' '), (49, b'z'), (40, b'9'), (16, b'?'), (0, b' '), (1, b'/')]
        {
            let mut bytes = ar(&[("name", b"data")]);
            bytes[MAGIC.len() + index] = value;
            assert!(matches!(names(&bytes), Err(Error::Header { offset: 8, .. })), "byte {index}");
        }
    }

    #[test]
    fn refuses_truncation() {
        let bytes = ar(&[("a", b"1234")]);
        assert!(matches!(names(&bytes[..40]), Err(Error::Header { .. })));
        assert!(matches!(names(&bytes[..bytes.len() - 1]), Err(Error::Corrupt { .. })));
        let mut huge = MAGIC.to_vec();
        huge.extend(ar_header("a", 9_999_999_999));
        assert!(matches!(names(&huge), Err(Error::Corrupt { .. })));
    }
}
