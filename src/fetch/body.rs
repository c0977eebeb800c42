//! A body that survives broken connections: what is missing is asked for by Range (RFC 9110, 14).

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes};
use reqwest::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, RANGE};
use reqwest::{Method, StatusCode};
use url::Url;

use super::cause::Cause;
use super::client::{Client, Opened, label};
use super::error::Error;
use super::local::LocalFile;
use super::pace::{Pace, Stretch};
use super::registry::Registry;
use super::retry::Retry;
use super::validators::{Validators, differ, insert};
use crate::masking;

/// An open body, whose chunks come in order and exactly once, whatever happens to the connection.
pub(crate) struct Body {
    client: Client,
    /// Where it is a blob of one.
    registry: Option<Registry>,
    url: Url,
    source: Source,
    retry: Retry,
    pace: Pace,
    validators: Validators,
    /// Bytes of the whole body, as far as the server declares them.
    size: Option<u64>,
    /// Bytes handed to the caller.
    received: u64,
    not_modified: bool,
    /// Bytes to pass over, because this connection brings them again.
    skip: u64,
}

#[derive(Debug)]
enum Source {
    /// To be connected, for the first time or again.
    Unconnected,
    Remote(Opened),
    Local(LocalFile),
    Ended,
}

impl Body {
    /// Connects. With a `condition` the body may turn out as [not modified](Self::is_not_modified).
    pub(super) async fn open(
        client: &Client,
        url: &Url,
        condition: Option<&Validators>,
    ) -> Result<Self, Error> {
        Self::connect(client, None, url, condition).await
    }

    /// Connects to a blob of a registry.
    pub(super) async fn of_registry(client: &Client, registry: &Registry, url: &Url) -> Result<Self, Error> {
        Self::connect(client, Some(registry.clone()), url, None).await
    }

    async fn connect(
        client: &Client,
        registry: Option<Registry>,
        url: &Url,
        condition: Option<&Validators>,
    ) -> Result<Self, Error> {
        let mut body = Self {
            client: client.clone(),
            registry,
            url: url.clone(),
            source: Source::Unconnected,
            retry: client.retry(url),
            pace: client.pace(),
            validators: Validators::default(),
            size: None,
            received: 0,
            not_modified: false,
            skip: 0,
        };
        match url.scheme() {
            "http" | "https" => loop {
                match body.begin(condition).await {
                    Ok(()) => return Ok(body),
                    Err(error) => {
                        body.retry.after(error).await?;
                    }
                }
            },
            "file" | "copy" => {
                let (file, size) = LocalFile::open(url).await?;
                body.source = Source::Local(file);
                body.size = Some(size);
                Ok(body)
            }
            scheme => Err(Error::Unsupported { url: masking::url(url), scheme: scheme.to_owned() }),
        }
    }

    /// Whether the document is still the one that the condition came from, so that there are no bytes.
    pub(super) fn is_not_modified(&self) -> bool {
        self.not_modified
    }

    /// The size of the whole body in bytes, if it is declared.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    /// What the server sent to tell this version of the document from others.
    pub(crate) fn validators(&self) -> &Validators {
        &self.validators
    }

    /// Lets a body of undeclared size count as broken off, and be resumed, when it ends before `size` bytes.
    pub(super) fn expect(&mut self, size: u64) {
        self.size.get_or_insert(size);
    }

    /// The next bytes, never empty; none at the end.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Status`], [`Error::Truncated`] or [`Error::Slow`] when all tries are used up;
    /// [`Error::Changed`] when the rest that the server has belongs to another version of the document;
    /// [`Error::Read`] for a local file.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let mut paused = Duration::ZERO;
        loop {
            let asked = Instant::now();
            let stepped = self.step().await;
            let waited = asked.elapsed() + std::mem::take(&mut paused);
            match self.at_pace(stepped, waited) {
                Ok(Some(bytes)) if bytes.is_empty() => {}
                Ok(Some(bytes)) => {
                    self.received += bytes.len() as u64;
                    self.retry.progress();
                    return Ok(Some(bytes));
                }
                Ok(None) => {
                    self.source = Source::Ended;
                    return Ok(None);
                }
                Err(error) => {
                    // gives the connection back before waiting
                    self.source = Source::Unconnected;
                    paused = self.retry.after(error).await?;
                }
            }
        }
    }

    /// What came of a step that took so long, unless that is too little for the time. What came with it is lost then.
    fn at_pace(
        &mut self,
        stepped: Result<Option<Bytes>, Error>,
        waited: Duration,
    ) -> Result<Option<Bytes>, Error> {
        let bytes = match &stepped {
            Ok(Some(bytes)) => bytes.len() as u64,
            // silence is told as what it is
            Err(error) if error.is_transient() && !error.is_silence() => 0,
            _ => return stepped,
        };
        if matches!(self.source, Source::Local(_)) {
            return stepped;
        }
        match self.pace.add(bytes, waited) {
            Stretch::Open => {}
            Stretch::Good => self.retry.fast_enough(),
            Stretch::Slow(received) => {
                let seconds = self.pace.window().as_secs();
                return Err(Error::Slow { url: masking::url(&self.url), received, seconds, tries: 1 });
            }
        }
        stepped
    }

    async fn step(&mut self) -> Result<Option<Bytes>, Error> {
        match &mut self.source {
            Source::Ended => Ok(None),
            Source::Local(file) => file.chunk().await,
            Source::Unconnected if self.received == 0 => self.begin(None).await.map(|()| Some(Bytes::new())),
            Source::Unconnected => self.resume().await.map(|()| Some(Bytes::new())),
            Source::Remote(opened) => {
                let label = label(&self.url, opened.response.url());
                match (opened.response.chunk().await, self.size) {
                    (Ok(Some(mut bytes)), _) => {
                        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
                        bytes.advance(skipped);
                        self.skip -= skipped as u64;
                        Ok(Some(bytes))
                    }
                    (Ok(None), Some(size)) if self.received < size => {
                        Err(Error::Truncated { url: label, received: self.received, size, tries: 1 })
                    }
                    (Ok(None), _) => Ok(None),
                    (Err(error), size) => {
                        match (self.client.failed(opened.response.url(), &label, &error), size) {
                            (Error::Unreachable { cause: Cause::Closed, .. }, Some(size)) => {
                                Err(Error::Truncated { url: label, received: self.received, size, tries: 1 })
                            }
                            (error, _) => Err(error),
                        }
                    }
                }
            }
        }
    }

    /// One try from the first byte on.
    async fn begin(&mut self, condition: Option<&Validators>) -> Result<(), Error> {
        let mut headers = HeaderMap::new();
        if let Some(validators) = condition {
            validators.ask_for_another(&mut headers);
        }
        let conditional = !headers.is_empty();
        // as apt asks: what a cache on the way has must be looked at again, but for a package, which stays what it is
        if Path::new(self.url.path()).extension().is_none_or(|extension| extension != "deb") {
            insert(&mut headers, CACHE_CONTROL, Some("max-age=0"));
        }
        let opened = self.ask(&headers).await?;
        let status = opened.response.status();
        let range = range_of(&opened).filter(|_| status == StatusCode::PARTIAL_CONTENT);
        match (status, range) {
            (StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION, _) => {}
            // nobody asked for a part, and this is all, or its beginning
            (StatusCode::PARTIAL_CONTENT, None | Some((Some(0), _))) => {}
            (StatusCode::NOT_MODIFIED, _) if conditional => {
                opened.accepted();
                self.not_modified = true;
                self.source = Source::Ended;
                return Ok(());
            }
            _ => return Err(opened.refused(&self.url)),
        }
        opened.accepted();
        let headers = opened.response.headers();
        self.validators = Validators::of(headers);
        self.size = range.and_then(|(_, size)| size).or(number(headers, &CONTENT_LENGTH)).or(self.size);
        self.skip = 0;
        self.source = Source::Remote(opened);
        Ok(())
    }

    /// One try from the first missing byte on.
    async fn resume(&mut self) -> Result<(), Error> {
        let mut headers = HeaderMap::new();
        insert(&mut headers, RANGE, Some(&format!("bytes={}-", self.received)));
        self.validators.ask_for_the_same(&mut headers);
        let opened = self.ask(&headers).await?;

        let range = range_of(&opened);
        let headers = opened.response.headers();
        let (start, size) = match (opened.response.status(), range) {
            (StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION, _) => {
                (0, number(headers, &CONTENT_LENGTH))
            }
            (StatusCode::PARTIAL_CONTENT, Some((Some(start), size))) => (start, size),
            // nothing is missing: the connection broke after the last byte of a body of undeclared size
            (StatusCode::RANGE_NOT_SATISFIABLE, Some((None, Some(size)))) if size == self.received => {
                self.source = Source::Ended;
                return Ok(());
            }
            (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE, _) => {
                return Err(self.changed());
            }
            _ => return Err(opened.refused(&self.url)),
        };
        if start > self.received
            || differ(self.size.as_ref(), size.as_ref())
            || self.validators.contradict(&Validators::of(headers))
        {
            return Err(self.changed());
        }
        opened.accepted();
        self.size = self.size.or(size);
        self.skip = self.received - start;
        self.source = Source::Remote(opened);
        Ok(())
    }

    async fn ask(&self, headers: &HeaderMap) -> Result<Opened, Error> {
        match &self.registry {
            None => self.client.send(&self.url, headers).await,
            Some(registry) => registry.ask_once(&Method::GET, &self.url, headers, None).await,
        }
    }

    fn changed(&self) -> Error {
        Error::Changed { url: masking::url(&self.url) }
    }
}

// by hand: the URL may hold a password
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("url", &masking::url(&self.url))
            .field("size", &self.size)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// What part of a body an answer says that it has.
fn range_of(opened: &Opened) -> Option<(Option<u64>, Option<u64>)> {
    content_range(opened.response.headers().get(CONTENT_RANGE)?.to_str().ok()?)
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Start and whole size of `bytes START-END/SIZE` (RFC 9110, 14.4), each of which may be missing.
fn content_range(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-').and_then(|(start, _)| start.trim().parse().ok());
    Some((start, size.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fetch::testing::{Reply, Server, client};

    const TEXT: &[u8] = b"0123456789";

    async fn read(server: &Server) -> Result<Vec<u8>, Error> {
        let mut body = client().open(&server.url("/x")).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = body.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        assert!(body.chunk().await.unwrap().is_none(), "an ended body stays so");
        Ok(bytes)
    }

    #[test]
    fn reads_content_ranges() {
        assert_eq!(content_range("bytes 10-19/20"), Some((Some(10), Some(20))));
        assert_eq!(content_range("bytes 10-19/*"), Some((Some(10), None)));
        assert_eq!(content_range("bytes */20"), Some((None, Some(20))));
        assert_eq!(content_range("lines 1-2/3"), None);
    }

    #[tokio::test]
    async fn resumes_by_range_as_often_as_there_is_progress() {
        // five breaks, more than the three retries, but each brings two bytes
        let server = Server::new(|_, head| Reply::range(head, TEXT).header("ETag: \"one\"").cut(2));
        assert_eq!(read(&server).await.unwrap(), TEXT);
        let requests = server.requests();
        assert!(requests[1].contains("range: bytes=2-\r\n") && requests[1].contains("if-range: \"one\"\r\n"));
        assert_eq!(requests.len(), 5);
    }

    #[tokio::test]
    async fn takes_a_part_that_nobody_asked_for() {
        let all =
            Server::new(|_, _| Reply::status("206 Partial Content").header("Content-Length: 10").body(TEXT));
        assert_eq!(read(&all).await.unwrap(), TEXT);
        // the beginning, and the rest when it is asked for
        let some = Server::new(|number, head| match number {
            0 => Reply::status("206 Partial Content").header("Content-Range: bytes 0-3/10").body(&TEXT[..4]),
            _ => Reply::range(head, TEXT),
        });
        assert_eq!(read(&some).await.unwrap(), TEXT);
        let odd =
            Server::new(|_, _| Reply::status("206 Partial Content").header("Content-Range: bytes 2-9/10"));
        assert!(matches!(read(&odd).await, Err(Error::Status { .. })));
        // a 200 is whole, whatever else it says
        let whole = Server::new(|_, _| Reply::ok(TEXT).header("Content-Range: bytes 0-1/2"));
        assert_eq!(read(&whole).await.unwrap(), TEXT);
    }

    #[tokio::test]
    async fn asks_caches_to_look_again_but_for_packages() {
        let server = Server::new(|_, _| Reply::ok(TEXT));
        read(&server).await.unwrap();
        client().open(&server.url("/x_1_amd64.deb")).await.unwrap();
        let asked: Vec<bool> =
            server.requests().iter().map(|head| head.contains("cache-control: max-age=0\r\n")).collect();
        assert_eq!(asked, [true, false]);
    }

    #[tokio::test]
    async fn passes_over_what_it_has_when_the_server_ignores_the_range() {
        let server = Server::new(|number, _| Reply::ok(TEXT).cut(if number == 0 { 4 } else { 10 }));
        assert_eq!(read(&server).await.unwrap(), TEXT);
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_failure_before_the_rest_comes_is_tried_again() {
        let server = Server::new(|number, head| match number {
            0 => Reply::ok(TEXT).cut(4),
            1 => Reply::status("503 Service Unavailable"),
            _ => Reply::range(head, TEXT),
        });
        assert_eq!(read(&server).await.unwrap(), TEXT);
    }

    #[tokio::test]
    async fn starts_anew_without_a_range_when_nothing_has_come() {
        let server = Server::new(|number, _| Reply::ok(TEXT).cut(if number == 0 { 0 } else { 10 }));
        assert_eq!(read(&server).await.unwrap(), TEXT);
        assert!(!server.requests()[1].contains("range"));
    }

    #[tokio::test]
    async fn gives_up_a_body_that_always_ends_at_the_same_place() {
        let server = Server::new(|_, _| Reply::ok(TEXT).cut(4));
        let error = read(&server).await.unwrap_err().to_string();
        assert!(error.ends_with("the body ended after 4 of 10 bytes (4 tries)"), "{error}");
    }

    #[tokio::test]
    async fn never_joins_two_versions() {
        let etag = |number| format!("ETag: \"{number}\"");
        let changed = Server::new(move |number, _| Reply::ok(TEXT).header(&etag(number)).cut(4));
        assert!(matches!(read(&changed).await, Err(Error::Changed { .. })));
        let shorter = Server::new(|number, head| match number {
            0 => Reply::ok(TEXT).cut(4),
            _ => Reply::range(head, &TEXT[..9]),
        });
        assert!(matches!(read(&shorter).await, Err(Error::Changed { .. })));
        let far = Server::new(|number, _| match number {
            0 => Reply::ok(TEXT).cut(4),
            _ => Reply::range("Range: bytes=6-", TEXT),
        });
        assert!(matches!(read(&far).await, Err(Error::Changed { .. })));
    }

    #[tokio::test]
    async fn a_document_that_changes_while_it_is_read_is_read_again() {
        let server = Server::new(|number, _| match number {
            0 => Reply::ok(TEXT).header("ETag: \"one\"").cut(4),
            _ => Reply::ok(b"abcdefghij").header("ETag: \"two\""),
        });
        let answer = client().get(&server.url("/x"), 10, None).await.unwrap();
        let crate::fetch::Answer::Document(document) = answer else { panic!("no document") };
        assert_eq!(document.bytes, b"abcdefghij");
        assert_eq!(document.validators.etag.as_deref(), Some("\"two\""));
    }

    #[tokio::test]
    async fn a_body_that_broke_after_its_last_byte_is_complete() {
        let server = Server::new(|number, _| match number {
            // a chunked body without its end
            0 => Reply::status("200 OK").header("Transfer-Encoding: chunked").body(b"a\r\n0123456789\r\n"),
            _ => Reply::status("416 Range Not Satisfiable").header("Content-Range: bytes */10"),
        });
        assert_eq!(read(&server).await.unwrap(), TEXT);
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_weak_etag_vouches_for_no_range() {
        let server = Server::new(|_, head| Reply::range(head, TEXT).header("ETag: W/\"one\"").cut(5));
        assert_eq!(read(&server).await.unwrap(), TEXT);
        assert!(!server.requests()[1].contains("if-range"));
    }
}
