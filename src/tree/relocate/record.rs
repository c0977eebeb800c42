//! What relocation did to each file, kept in the tree: enough to tell what the package has, and to undo it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Sha256;
use crate::tree::manifest::{escape, unescape};

/// Where it lies in a tree.
pub const FILE: &str = "var/lib/aptlet/relocated";
const HEAD: &str = "#relocated to ";

/// What was done to the files of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Where the tree is seen; empty where nothing was done.
    pub prefix: String,
    /// The files that are not what their package has, by their paths in the tree without `/`.
    pub files: BTreeMap<PathBuf, Original>,
}

/// What a package has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Digest of the whole file.
    pub sha256: Sha256,
    /// Where something was written over, in bytes from the beginning, and what was there before.
    pub edits: Vec<(u64, Vec<u8>)>,
}

impl Record {
    /// As text: paths as in mtree(5), and the bytes that were written over.
    pub fn render(&self) -> Vec<u8> {
        let mut text = format!("{HEAD}{}\n", self.prefix).into_bytes();
        for (path, original) in &self.files {
            text.extend(b"./");
            escape(&mut text, path.as_os_str());
            text.extend(format!(" sha256digest={} at=", original.sha256).bytes());
            let edits =
                original.edits.iter().map(|(offset, bytes)| format!("{offset}{}", bytes.escape_ascii()));
            text.extend(edits.collect::<Vec<_>>().join(",").bytes());
            text.push(b'\n');
        }
        text
    }

    /// Reads it from a tree; one that was not relocated has none.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn read(root: &Path) -> io::Result<Self> {
        match fs::read(root.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            text => Self::parse(&text?).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)),
        }
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
            let edits = value("at=")?.split(',').map(|edit| {
                let end = edit.find(|letter: char| !letter.is_ascii_digit())?;
                Some((edit[..end].parse().ok()?, edit.as_bytes()[end..].to_vec()))
            });
            let edits = edits.collect::<Option<_>>()?;
            record.files.insert(path, Original { sha256, edits });
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
        let original = |edits: &[(u64, &str)]| Original {
            sha256: Sha256::of(b"x"),
            edits: edits.iter().map(|(offset, text)| (*offset, text.as_bytes().to_vec())).collect(),
        };
        let record = Record {
            prefix: "/p".to_owned(),
            files: BTreeMap::from([
                ("usr/bin/a b".into(), original(&[(4, "/usr"), (99, "/lib64")])),
                ("etc/x".into(), original(&[(0, "LD_LIBRARY_PATH")])),
            ]),
        };
        assert_eq!(Record::parse(&record.render()), Some(record));
        assert_eq!(Record::parse(b"./etc/x at=1/usr\n"), None);
        assert_eq!(Record::parse(b"#relocated to /p\n./etc/x sha256digest=zz at=1/usr\n"), None);
    }
}
