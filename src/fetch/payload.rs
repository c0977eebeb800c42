//! What is sent: bytes, or a part of a file, which is read while it goes out.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Bytes that are read at once.
const CHUNK: u64 = 64 << 10;

/// What a request has to send; it can be sent again.
#[derive(Debug, Clone)]
pub(super) enum Payload {
    /// All of these.
    Bytes(Bytes),
    /// So many of a file, from there on.
    Part { file: Arc<File>, start: u64, length: u64 },
}

impl Payload {
    /// Bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Part { length, .. } => *length,
        }
    }

    /// To be sent; `sent` counts what has gone out.
    pub(super) fn body(&self, sent: &Arc<AtomicU64>) -> Sending {
        Sending { payload: self.clone(), at: 0, sent: Arc::clone(sent) }
    }
}

/// A payload on its way.
#[derive(Debug)]
pub(super) struct Sending {
    payload: Payload,
    at: u64,
    sent: Arc<AtomicU64>,
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let left = self.payload.length() - self.at;
        if left == 0 {
            return Poll::Ready(None);
        }
        let bytes = match &self.payload {
            Payload::Bytes(bytes) => bytes.clone(),
            Payload::Part { file, start, .. } => {
                // not handed to another thread: what was just written lies in the page cache
                let mut chunk = vec![0; usize::try_from(left.min(CHUNK)).unwrap_or_default()];
                if let Err(error) = file.read_exact_at(&mut chunk, start + self.at) {
                    return Poll::Ready(Some(Err(error)));
                }
                chunk.into()
            }
        };
        self.at += bytes.len() as u64;
        self.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.at == self.payload.length()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.payload.length() - self.at)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_part_of_a_file_is_sent_as_often_as_it_takes() {
        let mut file = tempfile::tempfile().unwrap();
        let content: Vec<u8> = (0..200_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
        file.write_all(&content).unwrap();
        let file = Arc::new(file);
        let payload = Payload::Part { file: Arc::clone(&file), start: 1000, length: 150_000 };
        let sent = Arc::new(AtomicU64::new(0));
        for _ in 0..2 {
            let body = payload.body(&sent).collect().await.unwrap().to_bytes();
            assert_eq!(body, &content[1000..151_000]);
        }
        assert_eq!(sent.load(Ordering::Relaxed), 300_000);
        let shrunk = Payload::Part { file, start: 190_000, length: 20_000 };
        assert!(shrunk.body(&sent).collect().await.is_err());
    }
}
