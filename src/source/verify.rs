//! Signatures on `Release` files (apt-secure(8)): one good signature by a trusted key suffices, signatures by
//! unknown keys are passed over, and one bad signature by a known key condemns the file.

use std::io::Read;

use jiff::{SignedDuration, Timestamp};
use pgp::armor::Dearmor;
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Packet, PacketParser, Signature, SignatureType, SignatureVersion};

use super::certificate::{Component, Unusable, after, time};
use super::keyring::{Keyring, line};
use super::list::{SignedBy, Source};
use super::{Error, armor, clearsign, critical};
use crate::control::text::decoded;

/// By what a signature is judged, besides the keyring.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The clock.
    pub now: Timestamp,
    /// Seconds that a key or signature may be dated in the future; `None`: any number, for a clock that
    /// cannot be relied on.
    pub max_future: Option<u64>,
    /// The only fingerprints that may sign, of a primary key or a subkey; `!` at the end excludes the subkeys
    /// of that key. Empty: any key of the keyring.
    pub fingerprints: Vec<String>,
}

impl Policy {
    /// What `source` asks for.
    pub(crate) fn of(source: &Source, now: Timestamp) -> Self {
        let fingerprints = match &source.signed_by {
            Some(SignedBy::Named { fingerprints, .. }) => fingerprints.clone(),
            _ => Vec::new(),
        };
        Self { now, max_future: source.check_date.then_some(source.date_max_future), fingerprints }
    }

    /// The last moment that does not count as the future.
    fn latest(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.max_future?).unwrap_or(i64::MAX);
        Some(self.now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX))
    }

    fn allows(&self, key: Component<'_>) -> bool {
        let own = format!("{:X}", key.fingerprint());
        let primary = format!("{:X}", key.primary_fingerprint());
        self.fingerprints.is_empty()
            || self.fingerprints.iter().any(|allowed| match allowed.strip_suffix('!') {
                Some(exact) => exact.eq_ignore_ascii_case(&own),
                None => allowed.eq_ignore_ascii_case(&own) || allowed.eq_ignore_ascii_case(&primary),
            })
    }
}

/// A text and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signed text, and nothing but it.
    pub(crate) text: String,
    /// Fingerprints, in upper-case hexadecimal digits, of the keys (primary or subkey) with a good signature.
    pub signers: Vec<String>,
}

/// Verifies an `InRelease` file: a clear-signed message (RFC 9580 section 7) and nothing before or after it.
/// `url` names it in messages.
pub fn verify_inline(
    inrelease: &[u8],
    url: &str,
    keyring: &Keyring,
    policy: &Policy,
) -> Result<Verified, Error> {
    let check = Check { url, keyring, policy };
    let message = clearsign::split(inrelease)
        .map_err(|reason| check.malformed(reason))?
        .ok_or_else(|| Error::NoSignature { url: url.to_owned() })?;
    let signatures = check.parse_armored(&message.armor)?;
    let signers = check.signers(&signatures, &message.canonical())?;
    Ok(Verified { text: message.text, signers })
}

/// Verifies a `Release` file by its detached `Release.gpg`, binary or armored (RFC 9580 section 10.4).
/// `url` names the former in messages.
pub(crate) fn verify_detached(
    release: &[u8],
    signature: &[u8],
    url: &str,
    keyring: &Keyring,
    policy: &Policy,
) -> Result<Verified, Error> {
    let check = Check { url, keyring, policy };
    let signatures = if armor::is_armored(signature) {
        let text =
            std::str::from_utf8(signature).map_err(|_| check.malformed("the signature is not text"))?;
        let blocks =
            armor::blocks(text, "SIGNATURE").map_err(|_| check.malformed("it ends within the signature"))?;
        let mut signatures = Vec::new();
        for block in &blocks {
            signatures.extend(check.parse_armored(block)?);
        }
        signatures
    } else {
        check.parse_packets(signature)?
    };
    let signers = check.signers(&signatures, &release)?;
    Ok(Verified { text: decoded(release).into_owned(), signers })
}

/// The text of a Release that the user trusts unsigned: what is between the lines of a clear-signed one, or all.
pub fn unsigned_text(release: &[u8], url: &str) -> Result<String, Error> {
    let malformed =
        |reason: &str| Error::MalformedSignature { url: url.to_owned(), reason: reason.to_owned() };
    match clearsign::split(release).map_err(malformed)? {
        Some(message) => Ok(message.text),
        None => Ok(decoded(release).into_owned()),
    }
}

struct Check<'a> {
    url: &'a str,
    keyring: &'a Keyring,
    policy: &'a Policy,
}

impl Check<'_> {
    fn malformed(&self, reason: impl Into<String>) -> Error {
        Error::MalformedSignature { url: self.url.to_owned(), reason: reason.into() }
    }

    fn parse_armored(&self, block: &str) -> Result<Vec<Signature>, Error> {
        self.parse_packets(std::io::BufReader::new(Dearmor::new(block.as_bytes())))
    }

    fn parse_packets(&self, packets: impl std::io::BufRead) -> Result<Vec<Signature>, Error> {
        let mut signatures = Vec::new();
        for packet in PacketParser::new(packets) {
            match packet {
                Ok(Packet::Signature(signature)) => signatures.push(signature),
                Ok(Packet::Marker(_) | Packet::Padding(_)) => {}
                Ok(_) => return Err(self.malformed("the signature holds something other than signatures")),
                Err(error) => return Err(self.malformed(line(&error))),
            }
        }
        Ok(signatures)
    }

    /// The keys with a good signature over `data`: at least one, or an error. A bad signature comes before all
    /// else; of the other failures that of a known key is told first, for it is what can be mended.
    fn signers(&self, signatures: &[Signature], data: &(impl Read + Clone)) -> Result<Vec<String>, Error> {
        let mut good = Vec::new();
        let mut unknown = Vec::new();
        let mut refused = None;
        for signature in signatures {
            match self.judge(signature, data) {
                Ok(signer) => good.push(signer),
                Err(bad @ (Error::BadSignature { .. } | Error::Critical { .. })) => return Err(bad),
                Err(Error::UnknownKeys { keys, .. }) => unknown.extend(keys),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if !good.is_empty() {
            return Ok(good);
        }
        let url = self.url.to_owned();
        Err(match refused {
            Some(error) => error,
            None if unknown.is_empty() => Error::NoSignature { url },
            None => Error::UnknownKeys { url, keys: unknown, keyrings: self.keyring.origins().to_vec() },
        })
    }

    /// The fingerprint of the key that made this one good signature.
    fn judge(&self, signature: &Signature, data: &(impl Read + Clone)) -> Result<String, Error> {
        let url = self.url.to_owned();
        if !matches!(signature.version(), SignatureVersion::V4 | SignatureVersion::V6) {
            return Err(self.malformed("a signature has a version other than 4 and 6"));
        }
        if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
            return Err(self.malformed("a signature is not one over a document"));
        }
        let candidates: Vec<Component<'_>> = self
            .keyring
            .certificates()
            .iter()
            .flat_map(Component::all)
            .filter(|key| key.issued(signature))
            .collect();
        if candidates.is_empty() {
            let mut keys: Vec<_> =
                signature.issuer_fingerprint().iter().map(|print| format!("{print:X}")).collect();
            if keys.is_empty() {
                keys = signature.issuer_key_id().iter().map(|id| id.to_string().to_uppercase()).collect();
            }
            if keys.is_empty() {
                return Err(self.malformed("a signature does not say whose it is"));
            }
            return Err(Error::UnknownKeys { url, keys, keyrings: Vec::new() });
        }
        let key = format!("{:X}", candidates[0].fingerprint());
        let hash = signature.hash_alg().unwrap_or(HashAlgorithm::None);
        if is_weak(hash) {
            return Err(Error::WeakHash { url, key, hash: hash.to_string() });
        }
        if let Some(what) = critical::unknown(signature) {
            return Err(Error::Critical { url, key, what });
        }
        let (supported, unsupported): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|key| key.unsupported().is_none());
        if let (true, Some(algorithm)) =
            (supported.is_empty(), unsupported.first().and_then(Component::unsupported))
        {
            return Err(Error::UnsupportedKey { url, key, algorithm });
        }
        // a key id is short enough for two keys to share it, and two keyrings can hold the same key
        let made: Vec<_> = supported.into_iter().filter(|key| key.verifies(signature, data)).collect();
        if made.is_empty() {
            return Err(Error::BadSignature { url, key });
        }
        let mut verdict = Err(Error::BadSignature { url, key });
        for key in made {
            match self.may_sign(key, signature) {
                // known in any keyring, a revocation holds
                Err(revoked @ Error::RevokedKey { .. }) => return Err(revoked),
                outcome if verdict.is_err() => verdict = outcome,
                _ => {}
            }
        }
        verdict
    }

    /// Whether `key`, which made `signature`, was entitled to.
    fn may_sign(&self, key: Component<'_>, signature: &Signature) -> Result<String, Error> {
        let (now, latest) = (self.policy.now, self.policy.latest());
        let url = self.url.to_owned();
        let name = format!("{:X}", key.fingerprint());
        key.check(now, latest).map_err(|unusable| {
            let (url, key) = (url.clone(), name.clone());
            match unusable {
                Unusable::Revoked => Error::RevokedKey { url, key },
                Unusable::Expired(expired) => Error::ExpiredKey { url, key, expired },
                Unusable::FromFuture(made) => {
                    Error::FromFuture { url, what: "the signing key", key, made, now }
                }
                Unusable::Invalid(reason) => Error::UnusableKey { url, key, reason },
            }
        })?;
        if !self.policy.allows(key) {
            return Err(Error::KeyNotAllowed { url, key: name, allowed: self.policy.fingerprints.clone() });
        }
        let Some(made) = signature.created().map(time) else {
            return Err(self.malformed("a signature does not say when it was made"));
        };
        if made < key.created() {
            return Err(self.malformed("a signature is older than its key"));
        }
        if latest.is_some_and(|latest| made > latest) {
            return Err(Error::FromFuture { url, what: "the signature of key", key: name, made, now });
        }
        let lifetime = signature.signature_expiration_time().map_or(0, pgp::types::Duration::as_secs);
        let expired = after(made, lifetime);
        if lifetime != 0 && expired <= now {
            return Err(Error::ExpiredSignature { url, key: name, expired });
        }
        Ok(name)
    }
}

/// Only what is known to be strong passes, as in apt since 1.4.
fn is_weak(hash: HashAlgorithm) -> bool {
    !matches!(
        hash,
        HashAlgorithm::Sha224
            | HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512
    )
}

#[cfg(test)]
mod tests;
