//! Lines of mtree(5): a path with its mode and content.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::digest::Sha256;

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    /// The digest is missing where the file could not be read.
    File {
        size: u64,
        sha256: Option<Sha256>,
    },
    Link {
        target: OsString,
    },
    Fifo,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: u32,
    /// User and group, where they are to stay as they are.
    pub(super) owner: Option<(u32, u32)>,
    pub(super) kind: Kind,
}

/// Paths relative to the tree, sorted.
pub(super) type Entries = BTreeMap<PathBuf, Entry>;

pub(super) fn write_line(text: &mut Vec<u8>, path: &Path, entry: &Entry) {
    text.extend(b"./");
    escape(text, path.as_os_str());
    let kind = match entry.kind {
        Kind::Directory => "dir",
        Kind::File { .. } => "file",
        Kind::Link { .. } => "link",
        Kind::Fifo => "fifo",
        // a tree has none, and where one appears it is a difference
        Kind::Other => "block",
    };
    text.extend(format!(" type={kind}").bytes());
    match &entry.kind {
        // the mode of a link means nothing
        Kind::Link { target } => {
            text.extend(b" link=");
            escape(text, target);
        }
        _ => text.extend(format!(" mode={:04o}", entry.mode).bytes()),
    }
    if let Some((user, group)) = entry.owner {
        text.extend(format!(" uid={user} gid={group}").bytes());
    }
    if let Kind::File { size, sha256 } = &entry.kind {
        text.extend(format!(" size={size}").bytes());
        if let Some(sha256) = sha256 {
            text.extend(format!(" sha256digest={sha256}").bytes());
        }
    }
    text.push(b'\n');
}

/// As mtree(5) has it: a backslash and three octal digits for what could be misread.
pub(crate) fn escape(text: &mut Vec<u8>, name: &OsStr) {
    for byte in name.as_bytes() {
        match byte {
            b'\\' | b'#' | b'=' | b'*' | b'?' | b'[' => text.extend(format!("\\{byte:03o}").bytes()),
            byte if byte.is_ascii_graphic() => text.push(*byte),
            byte => text.extend(format!("\\{byte:03o}").bytes()),
        }
    }
}

pub(crate) fn unescape(text: &[u8]) -> Option<OsString> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if *first == b'\\' {
            let digits = std::str::from_utf8(after.get(..3)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 8).ok()?);
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Some(OsString::from_vec(bytes))
}

pub(super) fn read_line(line: &[u8]) -> Option<(PathBuf, Entry)> {
    let mut words = line.split(|byte| *byte == b' ');
    let path = PathBuf::from(unescape(words.next()?.strip_prefix(b"./")?)?);
    let mut values: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for word in words {
        let equals = memchr::memchr(b'=', word)?;
        values.insert(std::str::from_utf8(&word[..equals]).ok()?, &word[equals + 1..]);
    }
    let text = |name: &str| values.get(name).and_then(|value| std::str::from_utf8(value).ok());
    let kind = match text("type")? {
        "dir" => Kind::Directory,
        "fifo" => Kind::Fifo,
        "link" => Kind::Link { target: unescape(values.get("link")?)? },
        "file" => Kind::File {
            size: text("size")?.parse().ok()?,
            sha256: text("sha256digest").map(str::parse).transpose().ok()?,
        },
        _ => Kind::Other,
    };
    let mode = match text("mode") {
        Some(mode) => u32::from_str_radix(mode, 8).ok()?,
        None if matches!(kind, Kind::Link { .. }) => 0o777,
        None => return None,
    };
    let number = |name: &str| text(name).map(str::parse).transpose().ok();
    let owner = number("uid")?.zip(number("gid")?);
    Some((path, Entry { mode, owner, kind }))
}
