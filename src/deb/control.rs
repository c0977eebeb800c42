//! The control member: what a package says of itself (deb-control(5)), and its other control files.

use std::io::Read as _;

use super::error::Error;
use super::paragraph;
use super::tarball::Tarball;
use crate::plan::Artifact;

/// What the control archive may hold unpacked, in bytes. The largest in Debian hold a few MiB of md5sums.
pub(super) const MAX_SIZE: u64 = 16 << 20;

const MAX_FILES: usize = 4096;

/// Fields that belong to the dpkg status file alone: dpkg refuses them in a package too.
const STATUS_FIELDS: [&str; 4] = ["Status", "Config-Version", "Triggers-Pending", "Triggers-Awaited"];

/// Control information of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The file `control`: exactly one well-formed paragraph.
    pub paragraph: String,
    /// All other control files, in archive order.
    pub files: Vec<ControlFile>,
}

/// A file such as `conffiles`, `md5sums` or `postinst`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFile {
    /// One path component.
    pub name: String,
    /// Permission bits, at most 0777.
    pub mode: u32,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

impl Control {
    pub(super) fn read(mut tarball: Tarball<'_>) -> Result<Self, Error> {
        let mut files: Vec<ControlFile> = Vec::new();
        let mut size = 0;
        let mut members = tarball.members()?;
        while let Some(member) = members.next() {
            let mut member = member?;
            let path = String::from_utf8_lossy(&member.path_bytes()).into_owned();
            let bad = |reason| Error::ControlFile { name: path.clone(), reason };
            let mut name = path.as_str();
            while let Some(rest) = name.strip_prefix("./") {
                name = rest;
            }
            let kind = member.header().entry_type();
            if kind.is_dir() && matches!(name, "" | ".") {
                continue;
            }
            if files.len() == MAX_FILES {
                return Err(bad("there are too many"));
            }
            if name.is_empty() || name == ".." || name.contains(['/', '\0', '\n', '\u{fffd}']) {
                return Err(bad("its name is not a plain one"));
            }
            let bytes = if kind.is_file() {
                let mut bytes = Vec::new();
                member.read_to_end(&mut bytes).map_err(|error| members.error(error))?;
                if bytes.len() as u64 != member.size() {
                    return Err(bad("it is cut short"));
                }
                bytes
            } else if kind.is_hard_link() {
                // tar writes two equal maintainer scripts so, if they were one inode when the package was built.
                let target = member.link_name_bytes().unwrap_or_default();
                let target = target.strip_prefix(b"./").unwrap_or(&target);
                let original = files.iter().find(|file| file.name.as_bytes() == target);
                original.ok_or_else(|| bad("it is a hard link to nothing"))?.bytes.clone()
            } else {
                return Err(bad("it is not a regular file"));
            };
            size += bytes.len() as u64;
            if size > MAX_SIZE {
                return Err(Error::TooLarge { part: "control.tar", limit: MAX_SIZE });
            }
            // dpkg passes over hidden files, as macOS leaves them, and writes NAME.list itself
            if name.starts_with('.') || name == "list" {
                continue;
            }
            let mode = member.header().mode().map_err(|_| bad("its mode is not a number"))? & 0o777;
            // the last one counts, as in all archives of tar
            files.retain(|file| file.name != name);
            files.push(ControlFile { name: name.to_owned(), mode, bytes });
        }
        tarball.finish()?;
        let control = files.iter().position(|file| file.name == "control");
        let control = files.remove(control.ok_or(Error::NoControl)?);
        let paragraph = paragraph::read(&control.bytes)?;
        if let Some(field) =
            STATUS_FIELDS.into_iter().find(|name| paragraph::field(&paragraph, name).is_some())
        {
            return Err(Error::StatusField(field));
        }
        Ok(Self { paragraph, files })
    }

    /// The value of a field of the control file, with its continuation lines.
    pub fn field(&self, name: &str) -> Option<&str> {
        paragraph::field(&self.paragraph, name)
    }

    /// The content of a control file other than `control`.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|file| file.name == name).map(|file| file.bytes.as_slice())
    }

    /// Fails unless this is the package that the plan speaks of.
    pub(crate) fn identify(&self, artifact: &Artifact) -> Result<(), Error> {
        for (field, expected) in [
            ("Package", &artifact.name),
            ("Version", &artifact.version),
            ("Architecture", &artifact.architecture),
        ] {
            let found = self.field(field).unwrap_or_default();
            if found != expected {
                return Err(Error::Identity { field, expected: expected.clone(), found: found.to_owned() });
            }
        }
        Ok(())
    }
}
