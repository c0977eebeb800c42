//! What goes into a layer, compressed and hashed on the way.
//!
//! gzip's members are independent of each other, and a file may have many of them (RFC 1952, 2.2): each piece of one size is one.
//! What they are depends on what goes in alone, and their headers say nothing of when and where.

use std::fs::File;
use std::io::{self, Write};

use libdeflater::{CompressionLvl, Compressor};
use sha2::Digest as _;

use super::blob::{Blob, Packing};
use crate::digest::Sha256;

/// Bytes that are hashed and compressed at once. Four times as many leave half a percent less, and take four times the memory.
const PIECE: usize = 256 << 10;
/// What it leaves of programs and libraries is 2 percent less than zlib's level 2, in six tenths of the time.
const LEVEL: i32 = 1;

/// Of a member (RFC 1952, 2.3): gzip, deflate, no flags, no time, the fastest level, an unknown system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
/// Bytes of the checksum and the size at the end of one.
const TAIL: usize = 8;

/// A layer on its way into a file.
pub(super) struct Packed {
    piece: Box<[u8]>,
    filled: usize,
    before: sha2::Sha256,
    gzip: Option<Gzip>,
    after: sha2::Sha256,
    size: u64,
    file: File,
}

/// Makes members. What is around the compressed bytes is written here: libdeflate's own way to that brings another checksum, in six forms.
struct Gzip {
    compressor: Compressor,
    member: Vec<u8>,
}

impl Gzip {
    fn new() -> Self {
        let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
        let room = compressor.deflate_compress_bound(PIECE);
        Self { compressor, member: vec![0; HEAD.len() + room + TAIL] }
    }

    fn member(&mut self, piece: &[u8]) -> io::Result<&[u8]> {
        let (head, rest) = self.member.split_at_mut(HEAD.len());
        head.copy_from_slice(&HEAD);
        let size = self.compressor.deflate_compress(piece, rest).map_err(io::Error::other)?;
        let mut crc = flate2::Crc::new();
        crc.update(piece);
        rest[size..size + 4].copy_from_slice(&crc.sum().to_le_bytes());
        rest[size + 4..size + TAIL].copy_from_slice(&crc.amount().to_le_bytes());
        Ok(&self.member[..HEAD.len() + size + TAIL])
    }
}

impl Packed {
    pub(super) fn new(file: File, packing: Packing) -> Self {
        Self {
            piece: vec![0; PIECE].into_boxed_slice(),
            filled: 0,
            before: sha2::Sha256::new(),
            gzip: match packing {
                Packing::None => None,
                Packing::Gzip => Some(Gzip::new()),
            },
            after: sha2::Sha256::new(),
            size: 0,
            file,
        }
    }

    /// Where more can be put, which is never empty; [`Self::fill`] says how much was.
    pub(super) fn room(&mut self) -> io::Result<&mut [u8]> {
        if self.filled == self.piece.len() {
            self.pass_on()?;
        }
        Ok(&mut self.piece[self.filled..])
    }

    pub(super) fn fill(&mut self, count: usize) {
        self.filled += count;
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let piece = &self.piece[..self.filled];
        self.before.update(piece);
        let stored = match &mut self.gzip {
            Some(gzip) => gzip.member(piece)?,
            None => piece,
        };
        self.after.update(stored);
        self.size += stored.len() as u64;
        self.file.write_all(stored)?;
        self.filled = 0;
        Ok(())
    }

    /// What is stored, and the digest of what went in.
    ///
    /// # Errors
    /// What cannot be written.
    pub(super) fn finish(mut self) -> io::Result<(Blob, Sha256)> {
        if self.filled > 0 {
            self.pass_on()?;
        }
        let blob = Blob { digest: Sha256(self.after.finalize().into()), size: self.size };
        Ok((blob, Sha256(self.before.finalize().into())))
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room()?;
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.fill(count);
        Ok(count)
    }

    /// Nothing: where a piece ends must not depend on who asks.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::compression::Compression;

    /// What is packed, and told of it.
    fn packed(parts: &[&[u8]], packing: Packing) -> io::Result<(Blob, Sha256, Vec<u8>)> {
        let place = tempfile::NamedTempFile::new()?;
        let mut packed = Packed::new(place.reopen()?, packing);
        for part in parts {
            packed.write_all(part)?;
        }
        let (blob, before) = packed.finish()?;
        Ok((blob, before, std::fs::read(place.path())?))
    }

    fn text(size: usize) -> Vec<u8> {
        (0..size).map(|number| b"abcdefghijklmnopqrstuvwxyz,."[number / 5 % 28]).collect()
    }

    #[test]
    fn the_bytes_do_not_depend_on_how_they_come() -> io::Result<()> {
        let text = text(3 * PIECE + 7);
        for packing in [Packing::None, Packing::Gzip] {
            let (blob, before, stored) = packed(&[&text], packing)?;
            assert_eq!((before, blob.digest), (Sha256::of(&text), Sha256::of(&stored)));
            assert_eq!(blob.size, stored.len() as u64);
            let parts: Vec<&[u8]> = text.chunks(1009).collect();
            assert_eq!(packed(&parts, packing)?, (blob, before, stored));
        }
        Ok(())
    }

    #[test]
    fn members_are_one_gzip_file() -> io::Result<()> {
        let text = text(2 * PIECE + 1);
        let (_, _, stored) = packed(&[&text], Packing::Gzip)?;
        assert!(stored.len() < text.len() / 10, "{}", stored.len());
        let mut again = Vec::new();
        Compression::Gzip.decoder(stored.as_slice())?.read_to_end(&mut again)?;
        assert!(again == text);
        // no name, no time, no system
        assert_eq!((&stored[..8], stored[9]), (&[31, 139, 8, 0, 0, 0, 0, 0][..], 255));
        Ok(())
    }
}
