//! Downloads: into a file, from the first mirror that serves the very bytes that were promised.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};

use url::Url;

use super::client::Client;
use super::error::Error;
use super::places::may_pass;
use crate::digest::Checksum;
use crate::masking;

/// What the file must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Bytes.
    pub(crate) size: u64,
    /// The digest of all of them.
    pub(crate) checksum: Checksum,
}

impl Client {
    /// Downloads into `file`, whose former content is lost, checking size and digest on the way; tries `urls`
    /// in turn until one of them serves what is `expected`. After an error the file holds rubbish.
    ///
    /// `progress` is told how many bytes of the file are there; that number falls back to 0 for another mirror.
    ///
    /// # Errors
    /// [`Error::Write`] at once, for no mirror can help with it; else the error of the only URL, or
    /// [`Error::AllFailed`] with those of all. [`Error::has_mismatch`] tells whether any served other bytes.
    pub(crate) async fn download(
        &self,
        urls: &[Url],
        expected: Expected,
        file: &mut File,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Error> {
        let mut places = self.places(urls.iter().cloned());
        while let Some((client, url)) = places.next() {
            match client.download_from(&url, expected, file, progress).await {
                Ok(()) => return Ok(()),
                Err(error @ Error::Write { .. }) => return Err(error),
                Err(error) if urls.len() == 1 => return Err(error),
                Err(error) => {
                    tracing::warn!("{error}");
                    let may_pass = may_pass(&error);
                    places.failed(error, may_pass);
                }
            }
        }
        let attempts = places.errors();
        let what = urls.first().and_then(|url| url.path().rsplit('/').next()).unwrap_or_default().to_owned();
        Err(Error::AllFailed { what, attempts })
    }

    async fn download_from(
        &self,
        url: &Url,
        expected: Expected,
        file: &mut File,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Error> {
        let mut restarts = 0..self.retries();
        loop {
            match self.download_once(url, expected, file, progress).await {
                Err(Error::Changed { .. }) if restarts.next().is_some() => {}
                result => return result,
            }
        }
    }

    async fn download_once(
        &self,
        url: &Url,
        expected: Expected,
        file: &mut File,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Error> {
        let mismatch = |problem| Error::Mismatch { url: masking::url(url), problem };
        let write = |source| Error::Write { url: masking::url(url), source };

        let mut body = self.open(url).await?;
        if let Some(size) = body.size().filter(|size| *size != expected.size) {
            return Err(mismatch(format!("the size is {size} bytes, expected {}", expected.size)));
        }
        body.expect(expected.size);
        empty(file).map_err(write)?;
        progress(0);
        let mut hasher = expected.checksum.hasher();
        let mut received = 0;
        while let Some(chunk) = body.chunk().await? {
            received += chunk.len() as u64;
            if received > expected.size {
                return Err(mismatch(format!("the size is more than the expected {} bytes", expected.size)));
            }
            hasher.update(&chunk);
            // not handed to another thread: it lands in the page cache, which costs less than the hand-over
            file.write_all(&chunk).map_err(write)?;
            progress(received);
        }
        // a local file may have shrunk since it was opened; a remote body has been resumed up to its size
        if received != expected.size {
            return Err(mismatch(format!("the size is {received} bytes, expected {}", expected.size)));
        }
        let actual = hasher.finish();
        if actual != expected.checksum {
            let algorithm = actual.algorithm();
            return Err(mismatch(format!("{algorithm} is {actual}, expected {}", expected.checksum)));
        }
        Ok(())
    }
}

fn empty(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read as _;
    use std::sync::Mutex;

    use super::*;
    use crate::digest::Sha256;
    use crate::fetch::testing::{Reply, Server, client};

    const DEB: &[u8] = b"!<arch>\ndebian-binary\n";

    fn expected() -> Expected {
        Expected { size: DEB.len() as u64, checksum: Sha256::of(DEB).into() }
    }

    async fn download(urls: &[Url]) -> Result<Vec<u8>, Error> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"rubbish of an earlier attempt that is longer than the file").unwrap();
        client().download(urls, expected(), &mut file, &|_| {}).await?;
        file.rewind().unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        Ok(bytes)
    }

    #[tokio::test]
    async fn takes_the_first_mirror_that_serves_the_promised_bytes() {
        let missing = Server::new(|_, _| Reply::status("404 Not Found"));
        let wrong = Server::new(|_, _| Reply::ok(&DEB.to_ascii_uppercase()));
        let short = Server::new(|_, _| Reply::ok(&DEB[1..]));
        let endless = Server::new(|_, _| Reply::status("200 OK").body(&DEB.repeat(3)));
        let good = Server::new(|_, _| Reply::ok(DEB));
        let urls = [&missing, &wrong, &short, &endless, &good].map(|server| server.url("/pool/a_1_all.deb"));
        assert_eq!(download(&urls).await.unwrap(), DEB);

        let error = download(&urls[..4]).await.unwrap_err();
        assert!(error.has_mismatch() && !error.is_not_found());
        let text = error.to_string();
        assert!(text.starts_with("a_1_all.deb cannot be fetched: "), "{text}");
        for part in [
            "the server answered 404 Not Found",
            &format!("SHA256 is {}, expected {}", Sha256::of(&DEB.to_ascii_uppercase()), Sha256::of(DEB)),
            "the size is 21 bytes, expected 22",
            "the size is more than the expected 22 bytes",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[tokio::test]
    async fn resumes_even_where_no_size_is_declared() {
        let server = Server::new(|number, head| match number {
            0 => Reply::status("200 OK").body(DEB).cut(8),
            _ => Reply::range(head, DEB),
        });
        assert_eq!(download(&[server.url("/x.deb")]).await.unwrap(), DEB);
        assert!(server.requests()[1].contains("range: bytes=8-"));
    }

    #[tokio::test]
    async fn starts_again_when_the_file_changes_under_its_hands() {
        let server = Server::new(|number, _| match number {
            0 => Reply::ok(&[b'x'; 22]).header("ETag: \"old\"").cut(8),
            _ => Reply::ok(DEB).header("ETag: \"new\""),
        });
        assert_eq!(download(&[server.url("/x.deb")]).await.unwrap(), DEB);
    }

    #[tokio::test]
    async fn tells_its_progress() {
        let server = Server::new(|_, head| Reply::range(head, DEB).cut(11));
        let seen = Mutex::new(Vec::new());
        let mut file = tempfile::tempfile().unwrap();
        let progress = |bytes| seen.lock().unwrap().push(bytes);
        client().download(&[server.url("/x")], expected(), &mut file, &progress).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [0, 11, 22]);
    }

    #[tokio::test]
    async fn a_full_destination_is_no_fault_of_the_mirror() {
        let server = Server::new(|_, _| Reply::ok(DEB));
        let mut file = File::open("/dev/null").unwrap();
        let urls = [server.url("/x.deb"), server.url("/x.deb")];
        let error = client().download(&urls, expected(), &mut file, &|_| {}).await.unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{error}");
        assert_eq!(server.requests().len(), 1);
    }

    #[test]
    fn a_download_may_run_in_a_task_of_its_own() {
        fn task<T: Send>(_: T) {}
        let (client, mut file) = (client(), tempfile::tempfile().unwrap());
        task(client.download(&[], expected(), &mut file, &|_| {}));
    }

    #[tokio::test]
    async fn no_url_is_an_error() {
        assert!(matches!(download(&[]).await, Err(Error::AllFailed { .. })));
    }
}
