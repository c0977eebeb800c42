//! The archive: a `.deb` is an ar archive of a format version, control information and data (deb(5)).

#[doc(hidden)]
pub mod ar;
mod control;
pub mod paragraph;
pub(crate) mod script;
mod tarball;
#[cfg(test)]
pub(crate) mod testing;

use std::io::{self, BufReader, Read};

use crate::compression::{Budget, Compression};
use ar::Ar;
pub use control::{Control, ControlFile};
pub use tarball::{Member, Members, Metered, Tarball};

/// What all decoders of packages may take at once, in bytes: one of `xz -9` and one of the default, or eight of the
/// default. A pod's limit is on the sum.
static DECODERS: Budget = Budget::new(80 << 20);

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
    fn reading(part: &'static str, source: io::Error) -> Self {
        match source.raw_os_error() {
            Some(_) => Self::Read { part, source },
            None => Self::Corrupt { part, source },
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Read { .. } => "check the volume that holds the downloaded package",
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
            _ => {
                "tell the repository's owner: the package is as published, but dpkg would not accept it either"
            }
        };
        Some(text.to_owned())
    }
}

/// A `.deb`, read sequentially.
#[derive(Debug)]
pub struct Deb<R> {
    ar: Ar<R>,
    control: Control,
}

impl<R: Read + Send> Deb<R> {
    /// Reads the format version and the control information. Nothing is sought: `reader` may be a stream.
    pub fn open(reader: R) -> Result<Self, Error> {
        let mut ar = Ar::open(reader)?;
        let member = ar.next_member()?.ok_or(Error::Missing("debian-binary"))?;
        if member.name != "debian-binary" {
            return Err(Error::Unexpected { found: member.name, expected: "debian-binary" });
        }
        check_format(&mut ar)?;
        let compression = find(&mut ar, "control.tar")?;
        let decoder = compression
            .decoder_within(BufReader::new(&mut ar), &DECODERS)
            .map_err(|error| Error::reading("control.tar", error))?;
        let control = Control::read(Tarball::new(decoder, "control.tar", control::MAX_SIZE))?;
        Ok(Self { ar, control })
    }

    /// The control information.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The data archive, of which at most `limit` bytes are read before an error; to be asked for once.
    pub fn data(&mut self, limit: u64) -> Result<Tarball<'_>, Error> {
        let compression = find(&mut self.ar, "data.tar")?;
        let decoder = compression
            .decoder_within(BufReader::with_capacity(64 << 10, &mut self.ar), &DECODERS)
            .map_err(|error| Error::reading("data.tar", error))?;
        Ok(Tarball::new(decoder, "data.tar", limit))
    }

    /// Checks what follows the data: deb(5) has further members ignored, but not second ones of the same name.
    pub fn finish(mut self) -> Result<Control, Error> {
        while let Some(member) = self.ar.next_member()? {
            if ["debian-binary", "control.tar", "data.tar"].iter().any(|name| member.name.starts_with(name)) {
                return Err(Error::Unexpected { found: member.name, expected: "the end of the archive" });
            }
        }
        Ok(self.control)
    }
}

/// Later lines of `debian-binary` are to be ignored, and so are minor versions (deb(5)).
fn check_format<R: Read>(ar: &mut Ar<R>) -> Result<(), Error> {
    let mut text = Vec::new();
    ar.take(64).read_to_end(&mut text).map_err(|error| Error::reading("archive", error))?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let minor =
        line.strip_prefix(b"2.").filter(|minor| !minor.is_empty() && minor.iter().all(u8::is_ascii_digit));
    if minor.is_none() || !text.contains(&b'\n') {
        return Err(Error::Format(String::from_utf8_lossy(line).escape_debug().to_string()));
    }
    Ok(())
}

/// Goes to the named member, past those that begin with an underscore; returns how it is compressed.
fn find<R: Read>(ar: &mut Ar<R>, wanted: &'static str) -> Result<Compression, Error> {
    loop {
        let member = ar.next_member()?.ok_or(Error::Missing(wanted))?;
        if member.name.starts_with('_') {
            continue;
        }
        let extension = match member.name.strip_prefix(wanted) {
            Some("") => "",
            Some(rest) if rest.starts_with('.') => &rest[1..],
            _ => return Err(Error::Unexpected { found: member.name, expected: wanted }),
        };
        let old = matches!(extension, "bz2" | "lzma");
        return match Compression::of_extension(extension) {
            Some(compression) if !(old && wanted == "control.tar") => Ok(compression),
            _ => Err(Error::Compression(member.name)),
        };
    }
}

#[cfg(test)]
mod tests;
