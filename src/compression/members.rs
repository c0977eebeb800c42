//! gzip as zlib's `gzread`, and so dpkg and apt, reads it: one member after the other, and whatever follows them is nothing.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// What every member begins with (RFC 1952, section 2.3.1).
const MAGIC: u8 = 0x1f;

/// A decoder of all members.
pub(super) struct Gzip<R> {
    /// None after the last member.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { member: Some(GzDecoder::new(reader)) }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            // zeros, where a tool pads to whole blocks
            let more = member.get_mut().fill_buf()?.first() == Some(&MAGIC);
            self.member =
                self.member.take().filter(|_| more).map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}
