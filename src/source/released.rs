//! From a source to its Release: fetched from the first mirror that has one, and verified.

use url::Url;

use super::Error;
use super::clearsign::LARGEST_SIGNATURE;
use super::keyring::Keyring;
use super::list::{Source, join};
use super::loader::Loader;
use super::release::Release;
use super::verify::{self, Policy};
use crate::digest::Sha256;
use crate::fetch::{self, Answer, Document, Validators};

/// Debian's own InRelease files have some 150 KiB, Ubuntu's some 300. It is held in memory, and its text once more.
const LARGEST_RELEASE: u64 = 16 << 20;

/// A verified Release and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Released {
    /// The source that it belongs to.
    pub(crate) source: Source,
    /// What it says.
    pub(crate) release: Release,
    /// The URI, of those of the source, that served it.
    pub(crate) uri: Url,
    /// The file that was fetched: InRelease, or Release.
    pub(crate) url: Url,
    /// What makes the next request for it conditional.
    pub(crate) validators: Validators,
    /// Digest of the file as served.
    pub(crate) sha256: Sha256,
    /// Digest of the text that was signed.
    pub(super) text_sha256: Sha256,
}

impl Released {
    /// `URL (Origin, Codename, Date)`
    fn shown(&self) -> String {
        let Release { origin, codename, date, .. } = &self.release;
        let date = date.map(|date| date.to_string()).unwrap_or_default();
        let said: Vec<&str> =
            [origin.as_str(), codename, &date].into_iter().filter(|said| !said.is_empty()).collect();
        format!("{} ({})", self.url, said.join(", "))
    }
}

impl Loader {
    /// The Release of a source, from the first of its URIs that has one that can be trusted.
    pub(crate) async fn release(&self, source: &Source) -> Result<Released, Error> {
        let mut places = self.client.places(source.uris.iter().cloned());
        while let Some((client, uri)) = places.next() {
            let loader = Self { client, ..self.clone() };
            match loader.release_from(source, &uri).await {
                Ok(released) => {
                    for warning in released.release.warnings(source) {
                        tracing::warn!("{warning}");
                    }
                    return Ok(released);
                }
                Err(error) if source.uris.len() == 1 => return Err(error),
                Err(error) => {
                    tracing::warn!("{error}");
                    let may_pass = error.may_pass();
                    places.failed(error, may_pass);
                }
            }
        }
        Err(Error::AllMirrors { suite: source.suite.clone(), attempts: places.errors() })
    }

    /// Warns where the other URIs of a source, as far as they answer meanwhile, have another Release than the one that was
    /// taken: apt would take what each has.
    pub(crate) async fn compare(&self, released: &Released) {
        let source = &released.source;
        let others = source.uris.iter().skip_while(|uri| **uri != released.uri).skip(1);
        for uri in others {
            let Ok(other) = self.release_from(source, uri).await else { continue };
            if other.text_sha256 != released.text_sha256 {
                let (taken, other) = (released.shown(), other.shown());
                tracing::warn!(
                    "the URIs of suite {} do not have the same Release: taken is {taken}; left is {other}",
                    source.suite
                );
            }
        }
    }

    /// The Release of a source from one of its URIs, without a warning where it is another suite's.
    pub(super) async fn release_from(&self, source: &Source, uri: &Url) -> Result<Released, Error> {
        let folder = source.release_dir(uri);
        let inline = join(&folder, source.inrelease_path.as_deref().unwrap_or("InRelease"));
        if source.inrelease_path.is_none() && self.is_kept_detached(&inline, &folder) {
            return self.detached(source, uri, &folder).await;
        }
        match self.document(&inline).await {
            Ok(document) => {
                if let Err(stray) = stray(&document, &inline) {
                    // a server that has a page for every name has one for this as well
                    return match source.inrelease_path {
                        None => self.detached(source, uri, &folder).await.map_err(|_| stray),
                        Some(_) => Err(stray),
                    };
                }
                let verify = |keyring: &Keyring| {
                    let policy = Policy::of(source, self.now);
                    verify::verify_inline(&document.bytes, inline.as_str(), keyring, &policy)
                        .map(|verified| verified.text)
                };
                let text = match self.verified(source, &document, &inline, verify) {
                    Err(unsigned @ Error::NoSignature { .. }) if source.inrelease_path.is_none() => {
                        return self.detached(source, uri, &folder).await.map_err(|_| unsigned);
                    }
                    text => text?,
                };
                self.released(source, uri, inline, document, &text)
            }
            Err(error) if error.is_withheld() && source.inrelease_path.is_none() => {
                match self.detached(source, uri, &folder).await {
                    // the first answer tells more than that there is no other file either
                    Err(Error::NoRelease { .. }) if !error.is_not_found() => Err(error.into()),
                    released => released,
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// `Release` with its signature in `Release.gpg`, as repositories without InRelease have it.
    async fn detached(&self, source: &Source, uri: &Url, folder: &Url) -> Result<Released, Error> {
        let url = join(folder, "Release");
        let document = match self.document(&url).await {
            Ok(document) => document,
            Err(error) if error.is_withheld() && source.trusted == Some(true) => {
                return Ok(Self::absent(source, uri, url));
            }
            Err(error) if error.is_withheld() => {
                return Err(Error::NoRelease { folder: folder.to_string() });
            }
            Err(error) => return Err(error.into()),
        };
        stray(&document, &url)?;
        let signature_url = join(folder, "Release.gpg");
        let signature = match self.document_of(&signature_url, LARGEST_SIGNATURE as u64).await {
            Ok(signature) => Some(signature.bytes),
            Err(error) if error.is_withheld() || source.trusted == Some(true) => None,
            Err(error) => return Err(error.into()),
        };
        let verify = |keyring: &Keyring| {
            let Some(signature) = &signature else { return Err(Error::NoSignature { url: url.to_string() }) };
            let policy = Policy::of(source, self.now);
            verify::verify_detached(&document.bytes, signature, url.as_str(), keyring, &policy)
                .map(|verified| verified.text)
        };
        let text = self.verified(source, &document, &url, verify)?;
        let released = self.released(source, uri, url.clone(), document, &text)?;
        if let (Some(kept), Some(signature)) = (&self.kept, &signature) {
            kept.keep_document(&signature_url, signature);
        }
        Ok(released)
    }

    /// What stands for the Release of a repository that has none (`dpkg-scanpackages` makes such), where the user said that
    /// nobody needs to vouch for it.
    fn absent(source: &Source, uri: &Url, url: Url) -> Released {
        tracing::warn!("{url} is not there, and nothing is verified, because the source says 'Trusted: yes'");
        Released {
            source: source.clone(),
            release: Release::read("", url.as_str()),
            uri: uri.clone(),
            url,
            validators: Validators::default(),
            sha256: Sha256::of(b""),
            text_sha256: Sha256::of(b""),
        }
    }

    /// The text of a Release, once somebody trusted vouches for it, or the user said that nobody needs to.
    fn verified(
        &self,
        source: &Source,
        document: &Document,
        url: &Url,
        verify: impl FnOnce(&Keyring) -> Result<String, Error>,
    ) -> Result<String, Error> {
        if source.trusted == Some(false) {
            return Err(Error::Distrusted { url: url.to_string(), at: source.origin.file.clone() });
        }
        if source.trusted == Some(true) {
            tracing::warn!("{url} is not verified, because the source says 'Trusted: yes'");
            return verify::unsigned_text(&document.bytes, url.as_str());
        }
        let default = || Ok(self.keyring.clone());
        let keyring = Keyring::for_source(source.signed_by.as_ref(), &self.keyring_files, default)?;
        verify(&keyring)
    }

    async fn document(&self, url: &Url) -> Result<Document, fetch::Error> {
        self.document_of(url, LARGEST_RELEASE).await
    }

    /// From an earlier run, or from the mirror.
    async fn document_of(&self, url: &Url, limit: u64) -> Result<Document, fetch::Error> {
        if let Some(bytes) = self.kept.as_ref().and_then(|kept| kept.document(url)) {
            return Ok(Document { bytes, validators: Validators::default() });
        }
        match self.client.get(url, limit, None).await? {
            Answer::Document(document) => Ok(document),
            // nothing conditional was asked
            Answer::NotModified => Ok(Document { bytes: Vec::new(), validators: Validators::default() }),
        }
    }

    /// Whether an earlier run found no InRelease, and took the Release.
    fn is_kept_detached(&self, inline: &Url, folder: &Url) -> bool {
        let has = |url: &Url| self.kept.as_ref().is_some_and(|kept| kept.document(url).is_some());
        !has(inline) && has(&join(folder, "Release"))
    }

    fn released(
        &self,
        source: &Source,
        uri: &Url,
        url: Url,
        document: Document,
        text: &str,
    ) -> Result<Released, Error> {
        let release = match source.trusted {
            Some(true) => Release::read(text, url.as_str()),
            _ => Release::parse(text, url.as_str())?,
        };
        release.check_time(self.now, source)?;
        if let Some(kept) = &self.kept {
            kept.keep_document(&url, &document.bytes);
        }
        Ok(Released {
            source: source.clone(),
            release,
            uri: uri.clone(),
            url,
            validators: document.validators,
            sha256: Sha256::of(&document.bytes),
            text_sha256: Sha256::of(text.as_bytes()),
        })
    }

    /// Whether a Release is still the one of that digest; one conditional request.
    pub(crate) async fn is_unchanged(
        &self,
        url: &Url,
        validators: &Validators,
        sha256: Sha256,
    ) -> Result<bool, Error> {
        // where there is no Release, nothing tells whether anything changed
        if sha256 == Sha256::of(b"") {
            return Ok(false);
        }
        Ok(match self.client.get(url, LARGEST_RELEASE, Some(validators)).await? {
            Answer::NotModified => true,
            Answer::Document(document) => Sha256::of(&document.bytes) == sha256,
        })
    }
}

/// Refuses what is no Release at all before anybody looks for a signature in it: a portal, a login page or an object store may
/// have answered in the place of the mirror.
fn stray(document: &Document, url: &Url) -> Result<(), Error> {
    let start = document.bytes.trim_ascii_start();
    let what = match start {
        [] => "is empty",
        [b'<', ..] => "is a page of HTML or XML",
        [b'{' | b'[', ..] => "is JSON",
        [0x1f, 0x8b, ..] | [0xfd, b'7', b'z', ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [b'B', b'Z', b'h', ..] => {
            "is compressed"
        }
        start if start.iter().take(512).any(|byte| *byte == 0) => "is not text",
        start if !start.contains(&b':') => "has not a single field",
        _ => return Ok(()),
    };
    Err(Error::NotRelease { url: url.to_string(), what })
}
