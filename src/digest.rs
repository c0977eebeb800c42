//! SHA-2 digests: the only proof of integrity that aptlet accepts from an archive.
//!
//! MD5 and SHA-1 fields of a `Release` or `Packages` file are never looked at, as apt has not trusted
//! them since 1.4 (see apt-secure(8)).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

/// A SHA-256 digest (FIPS 180-4); written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// The digest of `data`.
    pub fn of(data: &[u8]) -> Self {
        Self(sha2::Sha256::digest(data).into())
    }
}

/// What a file must hash to: the strongest digest that its index declares.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Checksum {
    /// 64 hexadecimal digits.
    Sha256([u8; 32]),
    /// 128 hexadecimal digits.
    Sha512([u8; 64]),
}

impl Checksum {
    /// The name of the algorithm as a `Release` file and a by-hash directory spell it.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA256",
            Self::Sha512(_) => "SHA512",
        }
    }

    /// Parses 64 or 128 hexadecimal digits.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        match text.len() {
            64 => decode(text).map(Self::Sha256),
            128 => decode(text).map(Self::Sha512),
            _ => None,
        }
    }

    /// A hasher that will compute a digest of this kind.
    pub(crate) fn hasher(&self) -> Hasher {
        match self {
            Self::Sha256(_) => Hasher::Sha256(sha2::Sha256::new()),
            Self::Sha512(_) => Hasher::Sha512(sha2::Sha512::new()),
        }
    }
}

impl From<Sha256> for Checksum {
    fn from(digest: Sha256) -> Self {
        Self::Sha256(digest.0)
    }
}

/// A running digest.
#[derive(Clone)]
pub(crate) enum Hasher {
    /// SHA-256 so far.
    Sha256(sha2::Sha256),
    /// SHA-512 so far.
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// Takes in the next bytes.
    pub(crate) fn update(&mut self, data: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(data),
            Self::Sha512(hasher) => hasher.update(data),
        }
    }

    /// The digest of all bytes taken in.
    pub(crate) fn finish(self) -> Checksum {
        match self {
            Self::Sha256(hasher) => Checksum::Sha256(hasher.finalize().into()),
            Self::Sha512(hasher) => Checksum::Sha512(hasher.finalize().into()),
        }
    }
}

/// A text that is not a digest of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a SHA-256 digest (64 hexadecimal digits)")]
pub struct BadDigest(pub(crate) String);

impl FromStr for Sha256 {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        decode(text).map(Self).ok_or_else(|| BadDigest(text.to_owned()))
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = text.as_bytes();
    if bytes.len() != 2 * N {
        return None;
    }
    let (mut out, mut seen) = ([0; N], 0);
    for (byte, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        seen |= high | low;
        *byte = high << 4 | low & 15;
    }
    (seen < 16).then_some(out)
}

/// The value of each hexadecimal digit; 16 for all else. An index has a digest in each of its stanzas.
const DIGITS: [u8; 256] = {
    let mut digits = [16; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        digits[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    digits
};

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(bytes) => hex(bytes, f),
            Self::Sha512(bytes) => hex(bytes, f),
        }
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.algorithm())
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let digest = Sha256::of(b"");
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.to_uppercase().parse(), Ok(digest));
    }

    #[test]
    fn refuses_what_is_not_hexadecimal_or_too_short() {
        assert!("e3b0".parse::<Sha256>().is_err());
        assert!("zz".repeat(32).parse::<Sha256>().is_err());
        assert!(Checksum::from_hex(&"ab".repeat(20)).is_none(), "a SHA-1 is no proof");
    }
}
