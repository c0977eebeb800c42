//! What is kept of sources from one run to the next: Releases as they were fetched, whose signatures are verified each time, and
//! indexes under the digest that a Release vouches for, unpacked and packed again for speed.
//!
//! An index gets its name only when it has turned out to be what the Release promised. What cannot be read or written is
//! fetched: nothing here is an error.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;
use url::Url;

use super::release::IndexFile;
use crate::config::KeptIndexes;
use crate::digest::{Checksum, Sha256};

/// A folder of Releases and indexes.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    of: KeptIndexes,
}

impl Kept {
    pub(crate) fn new(of: KeptIndexes) -> Self {
        Self { of }
    }

    /// Whether what is there is taken without a question to a mirror.
    pub(crate) fn is_enough(&self) -> bool {
        !self.of.refresh
    }

    fn place_of(&self, url: &Url) -> PathBuf {
        self.of.folder.join(format!("{}.document", Sha256::of(url.as_str().as_bytes())))
    }

    fn place_of_index(&self, checksum: Checksum) -> PathBuf {
        self.of.folder.join(format!("{}-{checksum}.gz", checksum.algorithm()))
    }

    /// A document of an earlier run.
    pub(super) fn document(&self, url: &Url) -> Option<Vec<u8>> {
        if self.is_enough() { fs::read(self.place_of(url)).ok() } else { None }
    }

    pub(super) fn keep_document(&self, url: &Url, bytes: &[u8]) {
        let keep = || -> io::Result<()> {
            let mut file = self.fresh()?;
            file.write_all(bytes)?;
            Self::give(file, self.place_of(url))
        };
        keep().unwrap_or_else(|error| tracing::debug!("cannot keep {url}: {error}"));
    }

    /// The unpacked bytes of an index of an earlier run.
    pub(super) fn index(&self, file: &IndexFile) -> Option<impl Read + use<>> {
        let place = self.place_of_index(file.checksum?);
        let kept = File::open(&place).ok()?;
        // what is still in use is not removed
        let _ = kept.set_modified(SystemTime::now());
        Some(GzDecoder::new(BufReader::with_capacity(1 << 20, kept)))
    }

    /// A reader that writes down what it reads, where that can be kept.
    pub(super) fn keeping<R: Read>(&self, reader: R) -> Keeping<R> {
        // zstd would be faster, and its encoder is half a MiB of this program
        let encoder = self.fresh().ok().map(|file| GzEncoder::new(file, Compression::fast()));
        Keeping { reader, encoder }
    }

    /// Gives what was written down the name of an index that it has turned out to be.
    pub(super) fn keep_index(&self, file: &IndexFile, written: NamedTempFile) {
        let Some(checksum) = file.checksum else { return };
        Self::give(written, self.place_of_index(checksum))
            .unwrap_or_else(|error| tracing::debug!("cannot keep {}: {error}", file.path));
    }

    fn fresh(&self) -> io::Result<NamedTempFile> {
        fs::create_dir_all(&self.of.folder)?;
        tempfile::Builder::new().prefix(".new-").tempfile_in(&self.of.folder)
    }

    fn give(file: NamedTempFile, place: PathBuf) -> io::Result<()> {
        file.persist(place)?;
        Ok(())
    }
}

/// See [`Kept::keeping`].
pub(super) struct Keeping<R> {
    reader: R,
    encoder: Option<GzEncoder<NamedTempFile>>,
}

impl<R: Read> Keeping<R> {
    /// What was written down, if all that there is could be.
    pub(super) fn finish(mut self) -> Option<NamedTempFile> {
        io::copy(&mut self, &mut io::sink()).ok()?;
        self.encoder?.finish().ok()
    }
}

impl<R: Read> Read for Keeping<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(encoder) = &mut self.encoder
            && encoder.write_all(&buffer[..count]).is_err()
        {
            self.encoder = None;
        }
        Ok(count)
    }
}
