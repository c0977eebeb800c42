//! Decoders that take no more memory than they were given.

use std::io::{self, BufRead, Read};

use rustix::io::Errno;
use xz2::stream::{Action, Error as XzError, Status, Stream};

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

/// A zstd decoder.
pub(super) struct Zstd<'a, R: BufRead>(zstd::stream::read::Decoder<'a, R>);

impl<R: BufRead> Read for Zstd<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(without_memory)
    }
}

pub(super) fn zstd<'a, R: BufRead>(reader: R, window_log: u32) -> io::Result<Zstd<'a, R>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(reader).map_err(without_memory)?;
    decoder.window_log_max(window_log)?;
    Ok(Zstd(decoder))
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

/// As [`xz2::bufread::XzDecoder`], which does not let its memory limit be raised.
pub(super) struct Xz<'a, R> {
    reader: R,
    stream: Stream,
    limit: u64,
    share: Option<Share<'a>>,
}

impl<'a, R> Xz<'a, R> {
    pub(super) fn new(reader: R, stream: Stream, limit: u64) -> Self {
        Self { reader, stream, limit, share: None }
    }

    /// The limit may be raised to what `share` can be exchanged for.
    pub(super) fn holding(self, share: Share<'a>) -> Self {
        Self { share: Some(share), ..self }
    }

    /// After the decoder met its limit: takes a larger share instead, if nothing is held yet.
    fn raise(&mut self) -> io::Result<()> {
        if let Some(share) = &mut self.share
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
}

impl<R: BufRead> Read for Xz<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.reader.fill_buf()?;
            let eof = input.is_empty();
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.process(input, buffer, if eof { Action::Finish } else { Action::Run });
            let taken = |before: u64, after: u64| usize::try_from(after - before).unwrap_or(usize::MAX);
            self.reader.consume(taken(read, self.stream.total_in()));
            let ended = match status {
                Err(XzError::MemLimit) => {
                    self.raise()?;
                    continue;
                }
                Err(XzError::Mem) => return Err(Errno::NOMEM.into()),
                status => status? == Status::StreamEnd,
            };
            let count = taken(written, self.stream.total_out());
            if count > 0 || ended {
                return Ok(count);
            }
            if eof {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the xz stream is cut short"));
            }
        }
    }
}
