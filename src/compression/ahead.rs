//! Decompression in a thread of its own, ahead of whoever reads.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// What [`Ahead`] reads at once, in bytes, and how many such chunks may wait.
const CHUNK: usize = 128 << 10;
const CHUNKS_AHEAD: usize = 8;

/// A reader whose bytes are made in a thread of their own, a bounded number of chunks ahead, so that whoever
/// consumes them works at the same time.
#[derive(Debug)]
pub struct Ahead {
    chunks: Receiver<io::Result<Vec<u8>>>,
    current: Vec<u8>,
    read: usize,
    ended: bool,
}

impl Ahead {
    /// Starts to read what `open` gives, in a new thread.
    ///
    /// # Errors
    /// The thread cannot be started. What goes wrong in it is told by [`Read`].
    pub fn start<R: Read>(open: impl FnOnce() -> io::Result<R> + Send + 'static) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        std::thread::Builder::new().spawn(move || {
            let failure = match open() {
                Ok(reader) => send_chunks(reader, &sender),
                Err(error) => Err(error),
            };
            // an empty chunk is the end; a reader that is gone needs none
            let _ = sender.send(failure.map(|()| Vec::new()));
        })?;
        Ok(Self { chunks, current: Vec::new(), read: 0, ended: false })
    }
}

fn send_chunks(mut reader: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        reader.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() || sender.send(Ok(chunk)).is_err() {
            return Ok(());
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.current.len() && !self.ended {
            let broken = || io::Error::other("the thread that decompresses has ended");
            self.current = self.chunks.recv().map_err(|_| broken())??;
            self.read = 0;
            self.ended = self.current.is_empty();
        }
        let count = (&self.current[self.read..]).read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::compression::Compression;

    struct Breaks;

    impl Read for Breaks {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("on purpose")
        }
    }

    #[test]
    fn reading_ahead_changes_nothing() {
        let data: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let copy = data.clone();
        let mut read = Vec::new();
        Ahead::start(move || Ok(io::Cursor::new(copy))).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == data);
        let mut half = Ahead::start(move || Ok(io::Cursor::new(data))).unwrap();
        half.read_exact(&mut [0; 1000]).unwrap();
        drop(half);
    }

    #[test]
    fn what_fails_ahead_fails_here() {
        let open = || Err::<io::Empty, _>(io::Error::other("no decoder"));
        let error = Ahead::start(open).unwrap().read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.to_string(), "no decoder");
        let mut cut = Ahead::start(|| Compression::Gzip.decoder(&b"\x1f\x8b\x08"[..])).unwrap();
        assert!(cut.read_to_end(&mut Vec::new()).is_err());
        let error = Ahead::start(|| Ok(Breaks)).unwrap().read(&mut [0; 1]).unwrap_err();
        assert!(error.to_string().contains("has ended"), "{error}");
    }
}
