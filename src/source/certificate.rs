//! Whether a key may sign at a given time: bindings, key flags, expiry and revocation (RFC 9580 sections
//! 5.2.3, 10.1). Only what a signature asks about is evaluated, for each check costs a public-key operation.

use std::io::Read;

use jiff::Timestamp;
use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::ser::Serialize as _;
use pgp::types::{EddsaLegacyPublicParams, Fingerprint, KeyDetails, PublicParams, Tag};

use super::critical;
use super::secp256k1::holds;

use crate::arrange::Arrange as _;

/// Octets of an RSA public key (RFC 9580 section 5.5.5.1) below which its modulus is shorter than 2048 bits.
const RSA_2048_OCTETS: usize = 2 + 256 + 2 + 1;

/// Why a key must not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    Revoked,
    Expired(Timestamp),
    FromFuture(Timestamp),
    Invalid(&'static str),
}

/// A key that can have made a signature: the primary key of a certificate, or one of its subkeys.
#[derive(Clone, Copy)]
pub(super) struct Component<'a> {
    certificate: &'a SignedPublicKey,
    subkey: Option<&'a SignedPublicSubKey>,
}

impl<'a> Component<'a> {
    /// The primary key, then the subkeys.
    pub(super) fn all(certificate: &'a SignedPublicKey) -> impl Iterator<Item = Self> {
        std::iter::once(None)
            .chain(certificate.public_subkeys.iter().map(Some))
            .map(move |subkey| Self { certificate, subkey })
    }

    fn key(&self) -> &dyn KeyDetails {
        match self.subkey {
            Some(subkey) => &subkey.key,
            None => &self.certificate.primary_key,
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.key().fingerprint()
    }

    pub(super) fn primary_fingerprint(&self) -> Fingerprint {
        self.certificate.primary_key.fingerprint()
    }

    /// Whether `signature` names this key as its issuer.
    pub(super) fn issued(&self, signature: &Signature) -> bool {
        let key = self.key();
        signature.issuer_fingerprint().contains(&&key.fingerprint())
            || signature.issuer_key_id().contains(&&key.legacy_key_id())
    }

    /// Whether the key made `signature` over `data`, regardless of whether it may.
    pub(super) fn verifies(&self, signature: &Signature, data: &(impl Read + Clone)) -> bool {
        holds(signature, |signature| {
            match self.subkey {
                Some(subkey) => signature.verify(&subkey.key, data.clone()),
                None => signature.verify(&self.certificate.primary_key, data.clone()),
            }
            .is_ok()
        })
    }

    /// What makes it impossible to check here what this key signs, or that it is bound to its primary key.
    pub(super) fn unsupported(&self) -> Option<String> {
        [self.key(), &self.certificate.primary_key].into_iter().find_map(|key: &dyn KeyDetails| {
            let curve = match key.public_params() {
                PublicParams::ECDSA(params) if !params.is_supported() => params.curve(),
                PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Unsupported { curve, .. }) => {
                    curve.clone()
                }
                PublicParams::Unknown { .. } => return Some("an algorithm that is not known".to_owned()),
                _ => return None,
            };
            Some(format!("the curve {}", curve.name()))
        })
    }

    /// When the key was made.
    pub(super) fn created(&self) -> Timestamp {
        time(self.key().created_at())
    }

    /// Whether the key may sign data at `now`. `latest` is the last moment that does not count as the future;
    /// `None` where the clock is not to be relied on.
    pub(super) fn check(&self, now: Timestamp, latest: Option<Timestamp>) -> Result<(), Unusable> {
        if is_weak(self.key().public_params()) {
            return Err(Unusable::Invalid("it is DSA, or RSA of less than 2048 bits"));
        }
        if latest.is_some_and(|latest| self.created() > latest) {
            return Err(Unusable::FromFuture(self.created()));
        }
        let primary_may_sign = check_primary(self.certificate, now)?;
        match self.subkey {
            Some(subkey) => check_subkey(self.certificate, subkey, now),
            None if primary_may_sign => Ok(()),
            None => Err(Unusable::Invalid("its key flags do not allow it to sign")),
        }
    }
}

/// Checks the primary key and says whether its key flags allow it to sign data.
fn check_primary(certificate: &SignedPublicKey, now: Timestamp) -> Result<bool, Unusable> {
    let key = &certificate.primary_key;
    let made_by_key = |signature: &Signature| holds(signature, |signature| signature.verify_key(key).is_ok());
    let revoked = certificate
        .details
        .revocation_signatures
        .iter()
        .any(|signature| signature.typ() == Some(SignatureType::KeyRevocation) && made_by_key(signature));
    if revoked {
        return Err(Unusable::Revoked);
    }
    // Debian's certificates begin with direct-key signatures that only appoint a revoker: not worth checking
    let direct = newest(
        certificate
            .details
            .direct_signatures
            .iter()
            .filter(|signature| expiry(signature).is_some() || flags(signature).is_some()),
        |signature| signature.typ() == Some(SignatureType::Key) && made_by_key(signature),
    );
    let user = certificate
        .details
        .users
        .iter()
        .filter_map(|user| {
            newest(user.signatures.iter(), |signature| {
                signature.typ() != Some(SignatureType::CertRevocation)
                    && holds(signature, |signature| {
                        signature.verify_certification(key, Tag::UserId, &user.id).is_ok()
                    })
            })
        })
        .max_by_key(|signature| signature.created());
    // direct-key signatures hold for the key as such, so they come before those on a user id (RFC 9580 5.2.3.10)
    let self_signatures = [direct, user];
    if self_signatures == [None, None] {
        return Err(Unusable::Invalid("it has no valid self-signature"));
    }
    if let Some(seconds) = self_signatures.iter().flatten().find_map(|signature| expiry(signature)) {
        check_expiry(time(key.created_at()), seconds, now)?;
    }
    Ok(self_signatures.iter().flatten().find_map(|signature| flags(signature)).unwrap_or(true))
}

fn check_subkey(
    certificate: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<(), Unusable> {
    let primary = &certificate.primary_key;
    let made_by_primary = |signature: &Signature| {
        holds(signature, |signature| signature.verify_subkey_binding(primary, &subkey.key).is_ok())
    };
    let revoked = subkey.signatures.iter().any(|signature| {
        signature.typ() == Some(SignatureType::SubkeyRevocation) && made_by_primary(signature)
    });
    if revoked {
        return Err(Unusable::Revoked);
    }
    let binding = newest(subkey.signatures.iter(), |signature| {
        signature.typ() == Some(SignatureType::SubkeyBinding) && made_by_primary(signature)
    })
    .ok_or(Unusable::Invalid("it has no valid subkey binding"))?;
    if flags(binding) == Some(false) {
        return Err(Unusable::Invalid("its key flags do not allow it to sign"));
    }
    // without the back signature anybody could adopt another's signing subkey (RFC 9580 section 5.2.1.9)
    let back = binding
        .embedded_signature()
        .filter(|back| is_sound(back))
        .filter(|back| holds(back, |back| back.verify_primary_key_binding(&subkey.key, primary).is_ok()));
    if back.is_none() {
        return Err(Unusable::Invalid("it has not signed its binding to the primary key"));
    }
    match expiry(binding) {
        Some(seconds) => check_expiry(time(subkey.key.created_at()), seconds, now),
        None => Ok(()),
    }
}

/// The newest of `signatures` that is `valid`; later ones replace earlier ones (RFC 9580 section 5.2.3.10).
fn newest<'a>(
    signatures: impl Iterator<Item = &'a Signature>,
    valid: impl Fn(&Signature) -> bool,
) -> Option<&'a Signature> {
    let mut signatures: Vec<_> = signatures.filter(|signature| is_sound(signature)).collect();
    signatures.arrange_by_key(|signature| std::cmp::Reverse(signature.created()));
    signatures.into_iter().find(|signature| valid(signature))
}

/// Self-signatures over SHA-1 are still accepted, for keys as old as Ubuntu's of 2012 have no other, and
/// forging one takes a second preimage; MD5 and RIPEMD-160 are not.
fn is_sound(signature: &Signature) -> bool {
    let weak = matches!(signature.hash_alg(), None | Some(HashAlgorithm::Md5 | HashAlgorithm::Ripemd160));
    !weak && critical::unknown(signature).is_none()
}

/// Seconds after the key's making at which it expires; `Some(0)`: never.
fn expiry(signature: &Signature) -> Option<u32> {
    signature.key_expiration_time().map(pgp::types::Duration::as_secs)
}

/// Whether the key may sign data; `None` where the signature does not say.
fn flags(signature: &Signature) -> Option<bool> {
    signature.config()?.hashed_subpackets().find_map(|packet| match &packet.data {
        SubpacketData::KeyFlags(flags) => Some(flags.sign()),
        _ => None,
    })
}

fn check_expiry(created: Timestamp, seconds: u32, now: Timestamp) -> Result<(), Unusable> {
    let expires = after(created, seconds);
    if seconds != 0 && expires <= now { Err(Unusable::Expired(expires)) } else { Ok(()) }
}

fn is_weak(params: &PublicParams) -> bool {
    match params {
        PublicParams::DSA(_) => true,
        PublicParams::RSA(rsa) => rsa.write_len() < RSA_2048_OCTETS,
        _ => false,
    }
}

/// `seconds` after `start`.
pub(super) fn after(start: Timestamp, seconds: u32) -> Timestamp {
    Timestamp::from_second(start.as_second().saturating_add(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}

/// `OpenPGP`'s time (seconds since 1970, 32 bits) as ours.
pub(super) fn time(at: pgp::types::Timestamp) -> Timestamp {
    after(Timestamp::UNIX_EPOCH, at.as_secs())
}
