//! `OpenPGP` keys and signatures for repositories of tests, of the kind that gpgv 2.2 knows (v4, Ed25519).

use aptlet::digest::Sha256;
use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, DetachedSignature, KeyType, SecretKeyParamsBuilder,
    SignedSecretKey, SubkeyParamsBuilder,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails as _, Password, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// When every key was made, in seconds since the epoch (2024-01-01).
const CREATED: u32 = 1_704_067_200;

/// A key pair. The key (and so its fingerprint) depends on the name alone; the signatures that bind its user
/// id and subkey, and those that it makes, bear the present time.
pub(crate) struct SigningKey {
    key: SignedSecretKey,
}

impl SigningKey {
    /// A primary key that signs.
    pub(crate) fn generate(name: &str) -> Self {
        Self::new(name, false)
    }

    /// A primary key that only certifies, and a subkey that signs: what Debian's archive keys look like.
    pub(crate) fn with_subkey(name: &str) -> Self {
        Self::new(name, true)
    }

    fn new(name: &str, subkey: bool) -> Self {
        let mut params = SecretKeyParamsBuilder::default();
        params
            .key_type(KeyType::Ed25519Legacy)
            .can_certify(true)
            .can_sign(!subkey)
            .primary_user_id(format!("{name} <{name}@mirror.example>"))
            .created_at(Timestamp::from_secs(CREATED));
        if subkey {
            let mut signing = SubkeyParamsBuilder::default();
            signing.key_type(KeyType::Ed25519Legacy).can_sign(true).created_at(Timestamp::from_secs(CREATED));
            params.subkey(signing.build().unwrap());
        }
        let rng = StdRng::from_seed(Sha256::of(name.as_bytes()).0);
        Self { key: params.build().unwrap().generate(rng).unwrap() }
    }

    /// The fingerprint of the primary key: 40 upper-case hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{:X}", self.key.primary_key.fingerprint())
    }

    /// The certificate as a `.asc` keyring.
    pub(crate) fn public_armored(&self) -> String {
        self.key.to_public_key().to_armored_string(ArmorOptions::default()).unwrap()
    }

    /// The certificate as a `.gpg` keyring.
    pub(crate) fn public_binary(&self) -> Vec<u8> {
        self.key.to_public_key().to_bytes().unwrap()
    }

    /// `text` as an `InRelease` (RFC 9580, section 7).
    pub(crate) fn clearsign(&self, text: &str) -> String {
        clearsign_by(&[self], text)
    }

    /// The armored signature of `text`, as a `Release.gpg`.
    pub(crate) fn detach_sign(&self, text: &str) -> String {
        let signature = DetachedSignature::new(self.signature(SignatureType::Binary, text.as_bytes()));
        signature.to_armored_string(ArmorOptions::default()).unwrap()
    }

    /// The same as a packet.
    pub(crate) fn detach_signature(&self, data: &[u8]) -> Vec<u8> {
        DetachedSignature::new(self.signature(SignatureType::Binary, data)).to_bytes().unwrap()
    }

    fn signature(&self, typ: SignatureType, data: &[u8]) -> Signature {
        match self.key.secret_subkeys.first() {
            Some(subkey) => sign(&subkey.key, typ, data),
            None => sign(&self.key.primary_key, typ, data),
        }
    }
}

/// `text` as an `InRelease` with one signature by each of `keys`, as Debian's own has.
pub(crate) fn clearsign_by(keys: &[&SigningKey], text: &str) -> String {
    // the line end before the signature is no part of what is signed
    let text = text.strip_suffix('\n').unwrap_or(text);
    let message = CleartextSignedMessage::new_many(text, |normalized| {
        Ok(keys.iter().map(|key| key.signature(SignatureType::Text, normalized.as_bytes())).collect())
    });
    message.unwrap().to_armored_string(ArmorOptions::default()).unwrap()
}

fn sign(key: &impl pgp::types::SigningKey, typ: SignatureType, data: &[u8]) -> Signature {
    let subpacket = |data| Subpacket::regular(data).unwrap();
    let mut config = SignatureConfig::v4(typ, key.algorithm(), HashAlgorithm::Sha512);
    config.hashed_subpackets = vec![
        subpacket(SubpacketData::SignatureCreationTime(Timestamp::now())),
        subpacket(SubpacketData::IssuerFingerprint(key.fingerprint())),
    ];
    config.unhashed_subpackets = vec![subpacket(SubpacketData::IssuerKeyId(key.legacy_key_id()))];
    config.sign(key, &Password::empty(), data).unwrap()
}
