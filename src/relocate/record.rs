//! What relocation did to each file, kept in the tree: enough to tell what the package has, and to undo it.
//!
//! It is text, with a line for each file: `./usr/bin/tool sha256digest=… at=10:/usr,44>15:/bin` says that the package has
//! `/usr` at the byte 10 and `/bin` at the byte 44, instead of which there are 15 bytes now.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::replacement::Replacement;
use crate::digest::Sha256;
use crate::tree::mtree::{escape, unescape};
use crate::tree::records;

const HEAD: &str = "#relocated to ";

/// What was done to the files of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// Where the tree is seen; empty where nothing was done.
    pub(crate) prefix: String,
    /// The files that are not what their package has, by their paths in the tree without `/`.
    pub(crate) files: BTreeMap<PathBuf, Original>,
}

/// What a package has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Original {
    /// Digest of the whole file.
    pub(crate) sha256: Sha256,
    /// What was written over, in the order of the offsets.
    pub(crate) overwritten: Vec<Overwritten>,
}

/// A piece of a file that was written over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overwritten {
    /// In bytes from the beginning of what the package has.
    pub(crate) offset: u64,
    /// What the package has there.
    pub(crate) original: Vec<u8>,
    /// How many bytes stand there now.
    pub(crate) length: u64,
}

impl From<Replacement> for Overwritten {
    fn from(replacement: Replacement) -> Self {
        let length = replacement.bytes.len() as u64;
        Self { offset: replacement.offset, original: replacement.original, length }
    }
}

impl Record {
    /// As text: paths and the bytes that were written over as in mtree(5), with `>` the number of those there are now.
    pub(crate) fn render(&self) -> Vec<u8> {
        let mut text = format!("{HEAD}{}\n", self.prefix).into_bytes();
        for (path, original) in &self.files {
            text.extend(b"./");
            escape(&mut text, path.as_os_str());
            text.extend(format!(" sha256digest={} at=", original.sha256).bytes());
            for (number, piece) in original.overwritten.iter().enumerate() {
                if number > 0 {
                    text.push(b',');
                }
                text.extend(piece.offset.to_string().bytes());
                if piece.length != piece.original.len() as u64 {
                    text.extend(format!(">{}", piece.length).bytes());
                }
                text.push(b':');
                for part in piece.original.split_inclusive(|byte| *byte == b',') {
                    escape(&mut text, OsStr::from_bytes(part.strip_suffix(b",").unwrap_or(part)));
                    text.extend(if part.ends_with(b",") { b"\\054" } else { &b""[..] });
                }
            }
            text.push(b'\n');
        }
        text
    }

    /// Reads it from a tree; one that was not relocated has none.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        match fs::read(root.join(records::RELOCATED)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            text => Self::parse(&text?).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)),
        }
    }

    /// Digests of the files as their packages have them.
    pub(crate) fn originals(&self) -> BTreeMap<PathBuf, Sha256> {
        self.files.iter().map(|(path, original)| (path.clone(), original.sha256)).collect()
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = text.split(|byte| *byte == b'\n');
        let head = std::str::from_utf8(lines.next()?).ok()?;
        let mut record = Self { prefix: head.strip_prefix(HEAD)?.to_owned(), ..Self::default() };
        for line in lines.filter(|line| !line.is_empty()) {
            let mut words = line.split(|byte| *byte == b' ');
            let path = PathBuf::from(unescape(words.next()?.strip_prefix(b"./")?)?);
            let mut value = |name: &str| std::str::from_utf8(words.next()?).ok()?.strip_prefix(name);
            let sha256 = value("sha256digest=")?.parse().ok()?;
            let overwritten = value("at=")?.split(',').map(|piece| {
                let (place, original) = piece.split_once(':')?;
                let (offset, length) =
                    place.split_once('>').map_or((place, None), |(at, now)| (at, Some(now)));
                let original = unescape(original.as_bytes())?.into_vec();
                let length = length.map_or(Ok(original.len() as u64), str::parse).ok()?;
                Some(Overwritten { offset: offset.parse().ok()?, original, length })
            });
            let overwritten = overwritten.collect::<Option<_>>()?;
            record.files.insert(path, Original { sha256, overwritten });
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let original = |pieces: &[(u64, &[u8], u64)]| Original {
            sha256: Sha256::of(b"x"),
            overwritten: pieces
                .iter()
                .map(|(offset, original, length)| Overwritten {
                    offset: *offset,
                    original: original.to_vec(),
                    length: *length,
                })
                .collect(),
        };
        let record = Record {
            prefix: "/p".to_owned(),
            files: BTreeMap::from([
                ("usr/bin/a b".into(), original(&[(4, b"/usr", 4), (99, b"/lib64", 20), (200, b"", 99)])),
                ("etc/x".into(), original(&[(0, b"LD_LIBRARY_PATH", 15), (64, b"\0,>:5 \xff=", 8)])),
            ]),
        };
        assert_eq!(Record::parse(&record.render()), Some(record));
        assert_eq!(Record::parse(b"./etc/x at=1:/usr\n"), None);
        assert_eq!(Record::parse(b"#relocated to /p\n./etc/x sha256digest=zz at=1:/usr\n"), None);
    }
}
