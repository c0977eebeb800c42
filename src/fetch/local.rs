//! `file:` and `copy:` URLs: a mirror on a mounted volume, the common air gap.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::error::Error;
use crate::masking;

const CHUNK: usize = 256 << 10;

/// An open local file.
#[derive(Debug)]
pub(super) struct LocalFile {
    url: String,
    file: Arc<File>,
}

impl LocalFile {
    /// Opens the file and tells its size in bytes.
    pub(super) async fn open(url: &Url) -> Result<(Self, u64), Error> {
        let label = masking::url(url);
        let path = url.to_file_path().map_err(|()| Error::Read {
            url: label.clone(),
            source: io::Error::other("a file URL names an absolute path on this machine"),
        })?;
        let opened = blocking(move || {
            // asked before opening, which would hang on a named pipe
            let metadata = std::fs::metadata(&path)?;
            if metadata.is_file() {
                Ok((File::open(&path)?, metadata.len()))
            } else {
                Err(io::Error::other("it is not a regular file"))
            }
        })
        .await;
        match opened {
            Ok((file, size)) => Ok((Self { url: label, file: Arc::new(file) }, size)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::NotFound { url: label, cause: "there is no such file".to_owned() })
            }
            Err(source) => Err(Error::Read { url: label, source }),
        }
    }

    /// The next bytes; none at the end.
    pub(super) async fn chunk(&self) -> Result<Option<Bytes>, Error> {
        let file = Arc::clone(&self.file);
        let read = blocking(move || {
            let mut buffer = vec![0; CHUNK];
            let length = (&*file).read(&mut buffer)?;
            buffer.truncate(length);
            Ok(buffer)
        })
        .await;
        match read {
            Ok(buffer) if buffer.is_empty() => Ok(None),
            Ok(buffer) => Ok(Some(buffer.into())),
            Err(source) => Err(Error::Read { url: self.url.clone(), source }),
        }
    }
}

/// Off the runtime's threads: a volume may be a network file system that hangs.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
