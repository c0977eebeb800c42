//! gzip and bzip2 as zlib's `gzread` and bzip2's `BZ2_bzread`, and so dpkg and apt, read them: one member after the other, and
//! whatever follows them is nothing.

use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;

/// A decoder of one member.
pub(super) trait Member: Read {
    type Reader: BufRead;
    /// What every member begins with.
    const MAGIC: u8;
    fn of(reader: Self::Reader) -> Self;
    fn reader(&mut self) -> &mut Self::Reader;
    fn into_reader(self) -> Self::Reader;
}

impl<R: BufRead> Member for GzDecoder<R> {
    type Reader = R;
    /// RFC 1952, section 2.3.1.
    const MAGIC: u8 = 0x1f;

    fn of(reader: R) -> Self {
        Self::new(reader)
    }

    fn reader(&mut self) -> &mut R {
        self.get_mut()
    }

    fn into_reader(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Member for BzDecoder<R> {
    type Reader = R;
    const MAGIC: u8 = b'B';

    fn of(reader: R) -> Self {
        Self::new(reader)
    }

    fn reader(&mut self) -> &mut R {
        self.get_mut()
    }

    fn into_reader(self) -> R {
        self.into_inner()
    }
}

/// A decoder of all members.
pub(super) struct Members<M> {
    /// None after the last member.
    member: Option<M>,
}

impl<M: Member> Members<M> {
    pub(super) fn new(reader: M::Reader) -> Self {
        Self { member: Some(M::of(reader)) }
    }
}

impl<M: Member> Read for Members<M> {
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
            let more = member.reader().fill_buf()?.first() == Some(&M::MAGIC);
            self.member = self.member.take().filter(|_| more).map(|member| M::of(member.into_reader()));
        }
        Ok(0)
    }
}
