//! Signs `Release` files with keys made on the spot.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedPublicKey, SignedSecretKey,
    SubkeyParamsBuilder,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{KeyFlags, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize as _;
use pgp::types::{Duration, KeyDetails as _, Password, SigningKey, Tag, Timestamp};
use rand::thread_rng;

/// When the keys of this file were made: 1 January 2024 00:00 UTC, in seconds since 1970.
pub(crate) const MADE: u32 = 1_704_067_200;

/// A secret key, valid from [`MADE`] for good.
pub(crate) struct Signer {
    pub(crate) key: SignedSecretKey,
    /// The hash of the signatures that it makes over documents.
    pub(crate) hash: HashAlgorithm,
    /// When those are made, in seconds since 1970; [`MADE`] plus an hour at first.
    pub(crate) time: u32,
    /// Seconds for which they are good; 0: for ever.
    pub(crate) lifetime: u32,
    /// What they say besides, marked critical.
    pub(crate) critical: Vec<SubpacketData>,
}

impl Signer {
    /// An Ed25519 key that signs by itself.
    pub(crate) fn ed25519() -> Self {
        Self::generate(KeyType::Ed25519Legacy, false)
    }

    /// A key of 2048 bits that signs by itself.
    pub(crate) fn rsa() -> Self {
        Self::generate(KeyType::Rsa(2048), false)
    }

    /// A primary key that only certifies, with an Ed25519 subkey that signs.
    pub(crate) fn with_subkey() -> Self {
        Self::generate(KeyType::Ed25519Legacy, true)
    }

    fn generate(kind: KeyType, subkey: bool) -> Self {
        let made = Timestamp::from_secs(MADE);
        let mut params = SecretKeyParamsBuilder::default();
        params.key_type(kind).can_certify(true).can_sign(!subkey).created_at(made);
        params.primary_user_id("Test Archive <archive@mirror.example>".to_owned());
        if subkey {
            let mut subkey = SubkeyParamsBuilder::default();
            subkey.key_type(KeyType::Ed25519Legacy).can_sign(true).created_at(made);
            params.subkeys(vec![subkey.build().unwrap()]);
        }
        let key = params.build().unwrap().generate(thread_rng()).unwrap();
        Self { key, hash: HashAlgorithm::Sha512, time: MADE + 3600, lifetime: 0, critical: Vec::new() }
    }

    fn public(&self) -> SignedPublicKey {
        self.key.to_public_key()
    }

    /// Fingerprint of the primary key, in upper-case hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{:X}", self.key.fingerprint())
    }

    /// Fingerprint of the key that signs: the subkey where there is one.
    pub(crate) fn signing_fingerprint(&self) -> String {
        self.key
            .secret_subkeys
            .first()
            .map_or_else(|| self.fingerprint(), |sub| format!("{:X}", sub.fingerprint()))
    }

    /// The public key as `gpg --export` writes it.
    pub(crate) fn public_binary(&self) -> Vec<u8> {
        self.public().to_bytes().unwrap()
    }

    /// The public key as `gpg --export --armor` writes it.
    pub(crate) fn public_armored(&self) -> String {
        self.public().to_armored_string(ArmorOptions::default()).unwrap()
    }

    fn config(&self, kind: SignatureType, key: &impl SigningKey) -> SignatureConfig {
        let mut config = SignatureConfig::v4(kind, key.algorithm(), self.hash);
        config.hashed_subpackets = vec![
            packet(SubpacketData::SignatureCreationTime(Timestamp::from_secs(self.time))),
            packet(SubpacketData::IssuerFingerprint(key.fingerprint())),
        ];
        config
    }

    /// A signature packet over `data`.
    pub(crate) fn sign(&self, data: &[u8], kind: SignatureType) -> Signature {
        match self.key.secret_subkeys.first() {
            Some(subkey) => self.sign_with(&subkey.key, data, kind),
            None => self.sign_with(&self.key.primary_key, data, kind),
        }
    }

    fn sign_with(&self, key: &impl SigningKey, data: &[u8], kind: SignatureType) -> Signature {
        let mut config = self.config(kind, key);
        if self.lifetime != 0 {
            let lifetime = Duration::from_secs(self.lifetime);
            config.hashed_subpackets.push(packet(SubpacketData::SignatureExpirationTime(lifetime)));
        }
        let critical = self.critical.iter().map(|data| Subpacket::critical(data.clone()).unwrap());
        config.hashed_subpackets.extend(critical);
        config.sign(key, &Password::empty(), data).unwrap()
    }

    /// `text` as `gpg --clearsign` writes it.
    pub(crate) fn clearsign(&self, text: &str) -> String {
        clearsign_by(text, &[self])
    }

    /// A binary detached signature, as `gpg --detach-sign` writes it.
    pub(crate) fn detach_sign(&self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        pgp::packet::PacketTrait::to_writer_with_header(&self.sign(data, SignatureType::Binary), &mut out)
            .unwrap();
        out
    }

    /// An armored detached signature, as `gpg --detach-sign --armor` writes it.
    pub(crate) fn detach_sign_armored(&self, data: &[u8]) -> String {
        let signature = pgp::composed::DetachedSignature::new(self.sign(data, SignatureType::Binary));
        signature.to_armored_string(ArmorOptions::default()).unwrap()
    }

    /// Makes the primary key expire `seconds` after [`MADE`], by a newer self-signature.
    pub(crate) fn expire_after(&mut self, seconds: u32) {
        let key = &self.key.primary_key;
        let mut flags = KeyFlags::default();
        flags.set_certify(true);
        flags.set_sign(self.key.secret_subkeys.is_empty());
        let mut config = self.config(SignatureType::CertPositive, key);
        let newest = Timestamp::from_secs(Timestamp::now().as_secs() + 1);
        config.hashed_subpackets[0] = packet(SubpacketData::SignatureCreationTime(newest));
        config.hashed_subpackets.push(packet(SubpacketData::KeyFlags(flags)));
        config.hashed_subpackets.push(packet(SubpacketData::KeyExpirationTime(Duration::from_secs(seconds))));
        let user = &mut self.key.details.users[0];
        let signature = config
            .sign_certification(key, key.public_key(), &Password::empty(), Tag::UserId, &user.id)
            .unwrap();
        user.signatures.push(signature);
    }

    /// Revokes the primary key.
    pub(crate) fn revoke(&mut self) {
        let key = &self.key.primary_key;
        let signature = self
            .config(SignatureType::KeyRevocation, key)
            .sign_key(key, &Password::empty(), key.public_key())
            .unwrap();
        self.key.details.revocation_signatures.push(signature);
    }

    /// Revokes the signing subkey.
    pub(crate) fn revoke_subkey(&mut self) {
        let key = &self.key.primary_key;
        let config = self.config(SignatureType::SubkeyRevocation, key);
        let subkey = &mut self.key.secret_subkeys[0];
        let signature = config
            .sign_subkey_binding(key, key.public_key(), &Password::empty(), subkey.key.public_key())
            .unwrap();
        subkey.signatures.push(signature);
    }

    /// Adopts the signing subkey of `victim`, which has not agreed to it: without its back signature.
    pub(crate) fn adopt_subkey(&mut self, victim: &Self) {
        let key = &self.key.primary_key;
        let mut subkey = victim.key.secret_subkeys[0].clone();
        let mut flags = KeyFlags::default();
        flags.set_sign(true);
        let mut config = self.config(SignatureType::SubkeyBinding, key);
        config.hashed_subpackets.push(packet(SubpacketData::KeyFlags(flags)));
        let signature = config
            .sign_subkey_binding(key, key.public_key(), &Password::empty(), subkey.key.public_key())
            .unwrap();
        subkey.signatures = vec![signature];
        self.key.secret_subkeys = vec![subkey];
    }
}

/// `text` clear-signed by each of `signers`, in one block.
pub(crate) fn clearsign_by(text: &str, signers: &[&Signer]) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let message = CleartextSignedMessage::new_many(text, |canonical| {
        Ok(signers.iter().map(|signer| signer.sign(canonical.as_bytes(), SignatureType::Text)).collect())
    });
    message.unwrap().to_armored_string(ArmorOptions::default()).unwrap()
}

fn packet(data: SubpacketData) -> Subpacket {
    Subpacket::regular(data).unwrap()
}
