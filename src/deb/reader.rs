//! A `.deb`, read from its beginning to its end, in the order that deb(5) prescribes: `debian-binary`, `control.tar`,
//! `data.tar`.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::LazyLock;

use super::ar::Ar;
use super::control::{self, Control};
use super::error::Error;
use super::tarball::Tarball;
use crate::compression::{Budget, Compression};
use crate::process::memory;

/// What all decoders of packages may take at once: one of `xz -9` and one of the default, or eight of the default; less under a
/// small limit of the container, which is on the sum.
static DECODERS: LazyLock<Budget> = LazyLock::new(|| Budget::new(memory::for_decoders()));

/// What gzip begins with (RFC 1952, section 2.3.1).
const GZIP: u8 = 0x1f;

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
        let decoder = decoder(compression, BufReader::new(&mut ar))
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
        let decoder = decoder(compression, BufReader::with_capacity(64 << 10, &mut self.ar))
            .map_err(|error| Error::reading("data.tar", error))?;
        Ok(Tarball::new(decoder, "data.tar", limit))
    }

    /// The control information, after the data has been read. What follows the data is not looked at, as dpkg does not.
    pub fn finish(self) -> Control {
        self.control
    }
}

/// As dpkg, which reads what is named so by zlib's `gzread`: what does not begin like gzip is handed on as it is.
fn decoder<'a>(
    named: Compression,
    mut reader: impl BufRead + Send + 'a,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let is_plain =
        named == Compression::Gzip && reader.fill_buf()?.first().is_some_and(|first| *first != GZIP);
    let compression = if is_plain { Compression::None } else { named };
    compression.decoder_within(reader, &DECODERS)
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
