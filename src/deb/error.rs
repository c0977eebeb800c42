//! Why a file is not a package that can be unpacked.

use std::io;

use super::paragraph;
use crate::process::memory;

/// Why a file is not a package that can be unpacked. All but [`Error::Read`] mean: do not trust it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ar magic is missing.
    #[error("not a Debian package: the file does not begin as an ar archive")]
    NotAnArchive,
    /// An ar header that is not as ar(5) says.
    #[error("the ar header at byte {offset} is malformed: {reason}")]
    Header {
        /// Where in the file.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// `debian-binary` says something other than 2.x.
    #[error("package format '{0}' is not supported, only 2.x is")]
    Format(String),
    /// A member that deb(5) does not have at this place.
    #[error("unexpected archive member '{found}' where {expected} must be")]
    Unexpected {
        /// Its name.
        found: String,
        /// What deb(5) has there.
        expected: &'static str,
    },
    /// The archive ends too early.
    #[error("the archive has no member {0}")]
    Missing(&'static str),
    /// A member of a compression that we do not know, or that deb(5) does not allow there.
    #[error("compression of archive member '{0}' is not supported")]
    Compression(String),
    /// There is no control file.
    #[error("control.tar has no file 'control'")]
    NoControl,
    /// A control file that cannot be accepted.
    #[error("control file '{}' cannot be accepted: {reason}", one_line(name))]
    ControlFile {
        /// Its name.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The control file is not one paragraph.
    #[error("the control file is malformed: {0}")]
    Paragraph(#[from] paragraph::Malformed),
    /// The control file claims something that only dpkg's status file may.
    #[error("field {0} is not allowed in a control file")]
    StatusField(&'static str),
    /// The file is another package than the plan says.
    #[error("the control file says {field} '{}', the plan says '{expected}'", one_line(found))]
    Identity {
        /// The field that differs.
        field: &'static str,
        /// Its value in the plan.
        expected: String,
        /// Its value in the package.
        found: String,
    },
    /// More than was agreed to.
    #[error("{part} unpacks to more than the {limit} bytes allowed")]
    TooLarge {
        /// `control.tar` or `data.tar`.
        part: &'static str,
        /// In bytes.
        limit: u64,
    },
    /// Damaged, cut short, or not as tar or the compression format say.
    #[error("{part} is damaged: {}", one_line(&source.to_string()))]
    Corrupt {
        /// `archive`, `control.tar` or `data.tar`.
        part: &'static str,
        /// What the decoder says.
        source: io::Error,
    },
    /// It takes more memory than there is for it, and would not where there were more.
    #[error("cannot unpack {part}: {source}, which a memory limit of {} MiB has no room for", limit >> 20)]
    Memory {
        /// `control.tar` or `data.tar`.
        part: &'static str,
        /// What the decoder says.
        source: io::Error,
        /// That of the container, in bytes.
        limit: u64,
    },
    /// The operating system could not read the file; this says nothing about what is in it.
    #[error("cannot read {part}: {source}")]
    Read {
        /// `archive`, `control.tar` or `data.tar`.
        part: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// What an archive says, for a message: its control characters are escaped.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { line.extend(letter.escape_debug()) } else { line.push(letter) }
    }
    line
}

impl Error {
    pub(super) fn reading(part: &'static str, source: io::Error) -> Self {
        match (source.raw_os_error(), memory::limit()) {
            (Some(_), _) => Self::Read { part, source },
            (None, Some(limit)) if source.kind() == io::ErrorKind::OutOfMemory && memory::is_short() => {
                Self::Memory { part, source, limit }
            }
            (None, _) => Self::Corrupt { part, source },
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Read { .. } => "check the volume that holds the downloaded package",
            Self::Memory { .. } => {
                "raise the memory limit of the container: 160Mi is enough for every package"
            }
            Self::Identity { .. } => {
                "make a new lock or plan from the repository; if it happens again, the repository's index and its \
                 packages do not belong together"
            }
            Self::Format(_) | Self::Compression(_) => {
                "ask the repository's owner to rebuild the package with dpkg-deb"
            }
            Self::Corrupt { source, .. } if source.kind() == io::ErrorKind::OutOfMemory => {
                "ask the repository's owner to compress the package with a dictionary of at most 64 MiB: xz -9, or \
                 zstd -19"
            }
            Self::TooLarge { .. } => {
                "do not install this package: it holds far more than its Installed-Size declares; tell the \
                 repository's owner"
            }
            Self::ControlFile { .. } => {
                "tell the repository's owner: the package is as published, but not as dpkg-deb builds packages"
            }
            _ => {
                "tell the repository's owner: the package is as published, but dpkg would not accept it either"
            }
        };
        Some(text.to_owned())
    }
}
