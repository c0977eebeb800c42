//! Decoders that take no more memory than they were given.

use std::io::{self, BufRead, Read};

use rustix::io::Errno;
use xz2::stream::{Action, Error as XzError, Status, Stream};
use zstd::stream::raw::{DParameter, InBuffer, Operation as _, OutBuffer};

use super::budget::Share;

/// Shares of a [`super::Budget`]: the base-two logarithm of a dictionary or window, and what a decoder with one that is no
/// larger takes, in bytes. The first covers xz(1) and zstd(1) at their defaults, the last `xz -9`.
pub(super) const SHARES: [(u32, u64); 4] = [(23, 9 << 20), (24, 17 << 20), (25, 33 << 20), (26, 66 << 20)];

/// Those that a budget of so many bytes has room for.
pub(super) fn shares_within(total: u64) -> impl Iterator<Item = (u32, u64)> {
    SHARES.into_iter().filter(move |(_, bytes)| *bytes <= total)
}

/// The bytes of the largest of these.
pub(super) fn largest_within(total: u64) -> u64 {
    shares_within(total).last().map_or(0, |(_, bytes)| bytes)
}

pub(super) fn demands_more(limit: u64) -> io::Error {
    let text = format!("decompressing it takes more than {} MiB of memory", limit >> 20);
    io::Error::new(io::ErrorKind::OutOfMemory, text)
}

/// What a decoder says where the system gives it no memory, which is no fault of the data.
pub(super) fn without_memory(error: io::Error) -> io::Error {
    let text = error.to_string();
    let is_so = text.contains("not enough memory") || text.contains("can't allocate memory");
    if is_so { Errno::NOMEM.into() } else { error }
}

/// A zstd decoder, of one frame after the other. What follows the last and begins like none is nothing: dpkg and apt look at no more
/// than the first frame.
pub(super) struct Zstd<'a, R> {
    reader: R,
    decoder: zstd::stream::raw::Decoder<'a>,
    /// Whether a frame has ended, or none has begun.
    between: bool,
    /// Whether there was a frame.
    begun: bool,
}

/// What a frame of zstd begins with (RFC 8878, 3.1.1), and one that is to be skipped (3.1.2).
fn begins_frame(byte: u8) -> bool {
    byte == 0x28 || byte & 0xf0 == 0x50
}

impl<R: BufRead> Read for Zstd<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.reader.fill_buf()?;
            if self.between {
                match input.first() {
                    Some(first) if !self.begun || begins_frame(*first) => {}
                    Some(_) => return Ok(0),
                    None if self.begun => return Ok(0),
                    None => return Err(cut_short("zstd")),
                }
                self.decoder.reinit().map_err(without_memory)?;
                (self.between, self.begun) = (false, true);
            }
            let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(&mut *buffer));
            let left = self.decoder.run(&mut from, &mut to).map_err(without_memory)?;
            let (eof, read, written) = (input.is_empty(), from.pos(), to.pos());
            self.reader.consume(read);
            self.between = left == 0;
            if written > 0 {
                return Ok(written);
            }
            if eof && !self.between {
                return Err(cut_short("zstd"));
            }
        }
    }
}

fn cut_short(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the {what} stream is cut short"))
}

pub(super) fn zstd<'a, R: BufRead>(reader: R, window_log: u32) -> io::Result<Zstd<'a, R>> {
    let mut decoder = zstd::stream::raw::Decoder::new().map_err(without_memory)?;
    decoder.set_parameter(DParameter::WindowLogMax(window_log))?;
    Ok(Zstd { reader, decoder, between: true, begun: false })
}

/// The window that the first frame demands, in bytes (RFC 8878, section 3.1.1.1); `None` where no frame begins.
pub(super) fn zstd_window(bytes: &[u8]) -> Option<u64> {
    let header = bytes.strip_prefix(&0xFD2F_B528_u32.to_le_bytes())?;
    let (descriptor, rest) = header.split_first()?;
    let single_segment = descriptor & 0x20 != 0;
    if !single_segment {
        let (exponent, mantissa) = (u32::from(rest.first()? >> 3), u64::from(rest.first()? & 7));
        let base = 1_u64 << (10 + exponent);
        return Some(base + base / 8 * mantissa);
    }
    let dictionary_id = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = rest.get(dictionary_id..)?;
    Some(match descriptor >> 6 {
        0 => u64::from(*size.first()?),
        1 => u64::from(u16::from_le_bytes(*size.first_chunk()?)) + 256,
        2 => u64::from(u32::from_le_bytes(*size.first_chunk()?)),
        _ => u64::from_le_bytes(*size.first_chunk()?),
    })
}

/// A decoder with its share of a budget.
pub(super) struct Held<'a, D> {
    _share: Share<'a>,
    decoder: D,
}

impl<'a, D> Held<'a, D> {
    pub(super) fn new(share: Share<'a>, decoder: D) -> Self {
        Self { _share: share, decoder }
    }
}

impl<D: Read> Read for Held<'_, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer)
    }
}

/// What a stream of xz begins with (its file format, 2.1.1.1).
const XZ_MAGIC: u8 = 0xfd;

/// As [`xz2::bufread::XzDecoder`], which does not let its memory limit be raised. One stream is read after the other; what
/// follows the last and begins like none is nothing, as for dpkg.
pub(super) struct Xz<'a, R> {
    reader: R,
    stream: Stream,
    limit: u64,
    share: Option<Share<'a>>,
    /// Whether a stream has ended.
    ended: bool,
    /// Whether another may follow: not in the .lzma format.
    concatenated: bool,
    /// Whether this is the first stream.
    may_raise: bool,
}

impl<'a, R: BufRead> Xz<'a, R> {
    pub(super) fn new(reader: R, limit: u64) -> io::Result<Self> {
        let stream = xz(Stream::new_stream_decoder(limit, 0))?;
        Ok(Self { reader, stream, limit, share: None, ended: false, concatenated: true, may_raise: true })
    }

    pub(super) fn lzma(reader: R, limit: u64) -> io::Result<Self> {
        let stream = xz(Stream::new_lzma_decoder(limit))?;
        Ok(Self { reader, stream, limit, share: None, ended: false, concatenated: false, may_raise: true })
    }

    /// The limit may be raised to what `share` can be exchanged for.
    pub(super) fn holding(self, share: Share<'a>) -> Self {
        Self { share: Some(share), ..self }
    }

    /// After the decoder met its limit: takes a larger share instead, if nothing is held yet.
    fn raise(&mut self) -> io::Result<()> {
        if let Some(share) = &mut self.share
            && self.may_raise
            && self.stream.total_out() == 0
        {
            let most = share.most();
            for (_, bytes) in shares_within(most) {
                // fails as long as it is less than what the header demands
                if bytes > self.limit && self.stream.set_memlimit(bytes).is_ok() {
                    self.limit = bytes;
                    share.exchange(bytes);
                    return Ok(());
                }
            }
            return Err(demands_more(largest_within(most)));
        }
        Err(demands_more(self.limit))
    }

    /// Begins with the next stream, behind the zeros that may pad the one before; false where there is none. What the first
    /// demanded is what the others get.
    fn next_stream(&mut self) -> io::Result<bool> {
        while self.concatenated {
            let input = self.reader.fill_buf()?;
            let zeros = input.iter().take_while(|byte| **byte == 0).count();
            match input.get(zeros) {
                Some(&XZ_MAGIC) => {
                    self.reader.consume(zeros);
                    self.stream = xz(Stream::new_stream_decoder(self.limit, 0))?;
                    self.ended = false;
                    return Ok(true);
                }
                None if zeros > 0 => self.reader.consume(zeros),
                _ => break,
            }
        }
        Ok(false)
    }
}

fn xz(stream: Result<Stream, XzError>) -> io::Result<Stream> {
    stream.map_err(|error| without_memory(error.into()))
}

impl<R: BufRead> Read for Xz<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.ended {
                if !self.next_stream()? {
                    return Ok(0);
                }
                // a larger one would have to wait for others while this one holds what it has
                self.may_raise = false;
            }
            let input = self.reader.fill_buf()?;
            let eof = input.is_empty();
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.process(input, buffer, if eof { Action::Finish } else { Action::Run });
            let taken = |before: u64, after: u64| usize::try_from(after - before).unwrap_or(usize::MAX);
            self.reader.consume(taken(read, self.stream.total_in()));
            self.ended = match status {
                Err(XzError::MemLimit) => {
                    self.raise()?;
                    continue;
                }
                Err(XzError::Mem) => return Err(Errno::NOMEM.into()),
                status => status? == Status::StreamEnd,
            };
            let count = taken(written, self.stream.total_out());
            if count > 0 {
                return Ok(count);
            }
            if eof && !self.ended {
                return Err(cut_short("xz"));
            }
        }
    }
}
