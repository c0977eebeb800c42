//! What is written to a repository: blobs, which go on where a connection broke, and the manifests that name them
//! (distribution specification, "Push").

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RANGE};
use reqwest::{Method, StatusCode};
use url::Url;

use super::error::Error;
use super::session::{Registry, no_registry};
use crate::digest::Sha256;
use crate::fetch::client::Opened;
use crate::fetch::error::Error as FetchError;
use crate::fetch::payload::Payload;
use crate::fetch::retry::Retry;
use crate::masking;
use crate::reference::Repository;

/// Sent at once where a registry, or what is in front of it, refuses all at once; then half of it, and so on.
const PIECE: u64 = 32 << 20;
/// Not less: there is a request for each.
const SMALLEST_PIECE: u64 = 1 << 20;
/// How often an upload that the registry has forgotten is begun anew.
const MOST_FORGOTTEN: u32 = 3;

const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// What became of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The repository had it.
    There,
    /// Another repository of the registry had it.
    Mounted,
    /// It was sent.
    Now,
}

/// A blob on its way.
struct Upload<'a> {
    registry: &'a Registry,
    file: Arc<File>,
    digest: Sha256,
    size: u64,
    /// Where it goes; nothing before it is begun.
    place: Option<Url>,
    /// Bytes that the registry has.
    offset: u64,
    /// Sent at once; all without.
    piece: Option<u64>,
    was_begun: bool,
    forgotten: u32,
}

impl Registry {
    /// Whether the repository has a blob.
    ///
    /// # Errors
    /// All that concern a URL.
    pub(crate) async fn has_blob(&self, digest: Sha256) -> Result<bool, FetchError> {
        let url = self.url(&format!("blobs/sha256:{digest}")).await?;
        match self.ask(&Method::HEAD, &url, &HeaderMap::new(), None).await {
            Ok(opened) => Ok(opened.response.status().is_success()),
            // some say this of what is not there; whether it may be written is found out by writing
            Err(FetchError::Registry(error)) if matches!(*error, Error::Denied { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// That blobs may be written here, before anything is made of which they would be.
    ///
    /// # Errors
    /// All that concern a URL; above all that the login is not good enough.
    pub(crate) async fn check_writable(&self) -> Result<(), FetchError> {
        let url = self.url("blobs/uploads/").await?;
        let opened = self.ask(&Method::POST, &url, &HeaderMap::new(), Some(&nothing())).await?;
        if opened.response.status() != StatusCode::ACCEPTED {
            return Err(self.refused(opened, &url).await);
        }
        let place = place_of(&url, &opened);
        drop(opened);
        if let Ok(place) = place {
            // what is left open goes away by itself, later
            let _ = self.ask_once(&Method::DELETE, &place, &HeaderMap::new(), None).await;
        }
        Ok(())
    }

    /// Sees to it that the repository has a blob: `from` is another repository, that may have it.
    ///
    /// # Errors
    /// All that concern a URL.
    pub(crate) async fn push_blob(
        &self,
        file: File,
        (digest, size): (Sha256, u64),
        from: Option<&Repository>,
    ) -> Result<Sent, FetchError> {
        if self.has_blob(digest).await? {
            return Ok(Sent::There);
        }
        let (place, file) = (None, Arc::new(file));
        let mut upload = Upload {
            registry: self,
            file,
            digest,
            size,
            place,
            offset: 0,
            piece: None,
            was_begun: false,
            forgotten: 0,
        };
        let url = self.url("blobs/uploads/").await?;
        let mut retry = self.retry(&url);
        let from = from.filter(|other| other.registry == self.repository().registry);
        if let Some(from) = from
            && upload.mount(&url, from).await?
        {
            return Ok(Sent::Mounted);
        }
        loop {
            match upload.step(&url, &mut retry).await {
                Ok(false) => {}
                Ok(true) => return Ok(Sent::Now),
                Err(error) => {
                    retry.after(error).await?;
                    let before = upload.offset;
                    upload.find_out().await;
                    if upload.offset > before {
                        retry.progress();
                    }
                }
            }
        }
    }

    /// Writes a manifest under a tag or its own digest; tells whether the registry lists what has a subject.
    ///
    /// # Errors
    /// All that concern a URL; [`FetchError::Mismatch`] where the registry says that it has another one now.
    pub(crate) async fn push_manifest(
        &self,
        wanted: &str,
        media_type: &str,
        text: &[u8],
    ) -> Result<bool, FetchError> {
        let url = self.url(&format!("manifests/{wanted}")).await?;
        let mut headers = HeaderMap::new();
        headers.extend(HeaderValue::from_str(media_type).ok().map(|value| (CONTENT_TYPE, value)));
        let payload = Payload::Bytes(Bytes::copy_from_slice(text));
        let opened = self.ask(&Method::PUT, &url, &headers, Some(&payload)).await?;
        if !opened.response.status().is_success() {
            return Err(self.refused(opened, &url).await);
        }
        let headers = opened.response.headers();
        let own = format!("sha256:{}", Sha256::of(text));
        if let Some(other) = text_of(headers, &CONTENT_DIGEST).filter(|other| **other != own) {
            let problem = format!("the registry has the manifest as {other}, which was sent as {own}");
            return Err(FetchError::Mismatch { url: masking::url(&url), problem });
        }
        Ok(headers.contains_key(SUBJECT))
    }
}

/// Where an upload goes on.
fn place_of(asked: &Url, opened: &Opened) -> Result<Url, FetchError> {
    let headers = opened.response.headers();
    let location = text_of(headers, &LOCATION).and_then(|location| asked.join(location).ok());
    let mut place = location.ok_or_else(|| no_registry(asked, "it does not say where an upload goes on"))?;
    // behind a proxy that speaks TLS for it, a registry may not know that it does
    if asked.scheme() == "https" && place.scheme() == "http" && place.host_str() == asked.host_str() {
        let port = asked.port();
        let known = place.set_scheme("https").and_then(|()| place.set_port(port));
        known.map_err(|()| no_registry(asked, "an upload goes on at no URL"))?;
    }
    match (asked.scheme(), place.scheme()) {
        ("https", "https") | ("http", "http" | "https") => Ok(place),
        _ => Err(no_registry(asked, format!("an upload goes on at {}", masking::url(&place)))),
    }
}

impl Upload<'_> {
    /// Asks for a blob of another repository; where that is not to be had, an upload may have begun.
    async fn mount(&mut self, url: &Url, from: &Repository) -> Result<bool, FetchError> {
        let mut mount = url.clone();
        let digest = format!("sha256:{}", self.digest);
        mount.query_pairs_mut().append_pair("mount", &digest).append_pair("from", &from.name);
        let opened = match self.registry.ask(&Method::POST, &mount, &HeaderMap::new(), Some(&nothing())).await
        {
            Ok(opened) => opened,
            // of the other repository: it is sent, then
            Err(FetchError::Registry(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        match opened.response.status() {
            StatusCode::CREATED => Ok(true),
            StatusCode::ACCEPTED => {
                self.place = place_of(url, &opened).ok();
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// One request on the way; whether it was the last.
    async fn step(&mut self, url: &Url, retry: &mut Retry) -> Result<bool, FetchError> {
        let Some(place) = self.place.clone() else {
            // the answer may be all that was lost
            if self.was_begun && self.registry.has_blob(self.digest).await? {
                return Ok(true);
            }
            self.begin(url).await?;
            return Ok(false);
        };
        if self.offset == self.size && self.size > 0 {
            return self.end(&place, nothing()).await;
        }
        if self.offset == 0 && self.piece.is_none() {
            return self.end(&place, self.part(0, self.size)).await;
        }
        let length = self.piece.unwrap_or(u64::MAX).min(self.size - self.offset);
        let before = self.offset;
        self.piece(&place, length).await?;
        if self.offset > before {
            retry.progress();
        }
        Ok(false)
    }

    async fn begin(&mut self, url: &Url) -> Result<(), FetchError> {
        let opened = self.registry.ask_once(&Method::POST, url, &HeaderMap::new(), Some(&nothing())).await?;
        self.was_begun = true;
        if opened.response.status() != StatusCode::ACCEPTED {
            return Err(self.registry.refused(opened, url).await);
        }
        self.offset = 0;
        self.place = Some(place_of(url, &opened)?);
        let least = text_of(opened.response.headers(), &CHUNK_MIN_LENGTH).and_then(|text| text.parse().ok());
        self.piece = self.piece.map(|piece| piece.max(least.unwrap_or(0)));
        Ok(())
    }

    /// The last request, with all that is left.
    async fn end(&mut self, place: &Url, payload: Payload) -> Result<bool, FetchError> {
        let mut last = place.clone();
        last.query_pairs_mut().append_pair("digest", &format!("sha256:{}", self.digest));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, BYTES);
        let opened = self.registry.ask_once(&Method::PUT, &last, &headers, Some(&payload)).await?;
        match opened.response.status() {
            status if status.is_success() => Ok(true),
            StatusCode::PAYLOAD_TOO_LARGE if payload.length() > SMALLEST_PIECE => {
                self.smaller(payload.length());
                Ok(false)
            }
            // forgotten, or not what was sent: all of it, once more
            _ if self.is_begun_anew(&opened) => Ok(false),
            _ => Err(self.registry.refused(opened, &last).await),
        }
    }

    /// Sends some of it.
    async fn piece(&mut self, place: &Url, length: u64) -> Result<(), FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, BYTES);
        let range = format!("{}-{}", self.offset, self.offset + length - 1);
        headers.extend(HeaderValue::from_str(&range).ok().map(|range| (CONTENT_RANGE, range)));
        let payload = self.part(self.offset, length);
        let opened = self.registry.ask_once(&Method::PATCH, place, &headers, Some(&payload)).await?;
        match opened.response.status() {
            status if status.is_success() => {
                self.offset = held(opened.response.headers()).unwrap_or(self.offset + length).min(self.size);
                self.place = Some(place_of(place, &opened)?);
                Ok(())
            }
            StatusCode::PAYLOAD_TOO_LARGE if length > SMALLEST_PIECE => {
                self.smaller(length);
                Ok(())
            }
            StatusCode::RANGE_NOT_SATISFIABLE if self.forgotten < MOST_FORGOTTEN => {
                self.forgotten += 1;
                let known = held(opened.response.headers());
                drop(opened);
                match known.filter(|known| *known != self.offset && *known <= self.size) {
                    Some(known) => self.offset = known,
                    None => self.forget(),
                }
                Ok(())
            }
            _ if self.is_begun_anew(&opened) => Ok(()),
            _ => Err(self.registry.refused(opened, place).await),
        }
    }

    /// After a failure: what the registry has of it. Where that does not know, all is sent again.
    async fn find_out(&mut self) {
        let Some(place) = self.place.clone() else { return };
        let asked = self.registry.ask_once(&Method::GET, &place, &HeaderMap::new(), None).await;
        match asked {
            Ok(opened) if opened.response.status().is_success() => {
                let held = held(opened.response.headers()).filter(|held| *held <= self.size);
                if let Ok(place) = place_of(&place, &opened) {
                    self.place = Some(place);
                }
                match held {
                    Some(held) => self.offset = held,
                    None => self.forget(),
                }
            }
            Ok(_) => self.forget(),
            // the next step finds out, or fails
            Err(_) if self.offset == 0 => self.forget(),
            Err(_) => {}
        }
    }

    fn is_begun_anew(&mut self, opened: &Opened) -> bool {
        let status = opened.response.status().as_u16();
        let forgotten = matches!(status, 400 | 404 | 409) && self.forgotten < MOST_FORGOTTEN;
        if forgotten {
            self.forgotten += 1;
            self.forget();
        }
        forgotten
    }

    fn forget(&mut self) {
        (self.place, self.offset) = (None, 0);
    }

    /// All over, in smaller pieces.
    fn smaller(&mut self, refused: u64) {
        self.piece = Some((refused / 2).clamp(SMALLEST_PIECE, PIECE));
        if self.offset == 0 {
            self.forget();
        }
    }

    fn part(&self, start: u64, length: u64) -> Payload {
        Payload::Part { file: Arc::clone(&self.file), start, length }
    }
}

/// How many bytes a registry has: `Range: 0-1023` are 1024, and `0-0` is none or one, which is asked for again.
fn held(headers: &HeaderMap) -> Option<u64> {
    let text = text_of(headers, &RANGE)?;
    let last: u64 = text.trim().trim_start_matches("bytes=").split_once('-')?.1.parse().ok()?;
    Some(if last == 0 { 0 } else { last + 1 })
}

fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Some servers want to know that there is nothing.
fn nothing() -> Payload {
    Payload::Bytes(Bytes::new())
}
