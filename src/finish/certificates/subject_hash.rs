//! The number by which OpenSSL finds a certificate in a folder: `X509_subject_name_hash` of OpenSSL 1.0 and later
//! (x509_name_hash(3), openssl-rehash(1)), which is the beginning of the SHA-1 of the subject in a canonical form.

use der::asn1::AnyRef;
use der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, Tagged as _};
use sha1::{Digest as _, Sha1};

use crate::arrange::Arrange as _;

/// The hash of the subject of a DER certificate (RFC 5280 4.1); `None` if it is not a certificate.
pub(super) fn of(certificate: &[u8]) -> Option<u32> {
    let certificate = AnyRef::from_der(certificate).ok().filter(|any| any.tag() == Tag::Sequence)?;
    let signed = members(certificate.value()).next()?.filter(|any| any.tag() == Tag::Sequence)?;
    let mut fields = members(signed.value()).peekable();
    // the version, which may be missing, is the only field of this tag
    fields.next_if(|field| field.is_some_and(|any| any.tag().is_context_specific()));
    // serial number, signature, issuer, validity
    let subject = fields.nth(4)??;
    if subject.tag() != Tag::Sequence {
        return None;
    }
    let mut sha1 = Sha1::new();
    for names in members(subject.value()) {
        let mut attributes = Vec::new();
        for attribute in members(names?.value()) {
            attributes.push(canonical_attribute(attribute?)?);
        }
        // a SET OF is sorted in DER (X.690 11.6)
        attributes.arrange();
        sha1.update(AnyRef::new(Tag::Set, &attributes.concat()).ok()?.to_der().ok()?);
    }
    let digest: [u8; 20] = sha1.finalize().into();
    digest.first_chunk().map(|start| u32::from_le_bytes(*start))
}

/// The values in a constructed value; `None` for the one that is not DER, which is the last.
fn members(content: &[u8]) -> impl Iterator<Item = Option<AnyRef<'_>>> {
    let mut reader = SliceReader::new(content).ok();
    std::iter::from_fn(move || {
        let this = reader.as_mut().filter(|reader| !reader.is_finished())?;
        let value = AnyRef::decode(this).ok();
        if value.is_none() {
            reader = None;
        }
        Some(value)
    })
}

fn canonical_attribute(attribute: AnyRef<'_>) -> Option<Vec<u8>> {
    let mut fields = members(attribute.value());
    let (kind, value) = (fields.next()??, fields.next()??);
    let value = match text(value) {
        Some(text) => AnyRef::new(Tag::Utf8String, canonical(&text).as_bytes()).ok()?.to_der().ok()?,
        None => value.to_der().ok()?,
    };
    AnyRef::new(Tag::Sequence, &[kind.to_der().ok()?, value].concat()).ok()?.to_der().ok()
}

/// The strings that OpenSSL canonicalises, as text; `None` for all other types.
fn text(value: AnyRef<'_>) -> Option<String> {
    let bytes = value.value();
    match value.tag() {
        Tag::Utf8String => std::str::from_utf8(bytes).ok().map(str::to_owned),
        // OpenSSL takes all of these for Latin-1
        Tag::PrintableString | Tag::TeletexString | Tag::Ia5String | Tag::VisibleString => {
            Some(bytes.iter().copied().map(char::from).collect())
        }
        Tag::BmpString => {
            let units =
                bytes.chunks(2).map(|unit| unit.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte)));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

/// Lower case for ASCII, one space for white space within, none around.
fn canonical(text: &str) -> String {
    let is_space = |letter: char| matches!(letter, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
    let words: Vec<String> =
        text.split(is_space).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    /// As much of a certificate as has a subject of one name.
    fn certificate(tag: u8, name: &[u8], version: bool) -> Vec<u8> {
        let attribute = tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(tag, name)].concat());
        let subject = tlv(0x30, &tlv(0x31, &attribute));
        let empty = tlv(0x30, &[]);
        let version = if version { tlv(0xa0, &tlv(2, &[2])) } else { Vec::new() };
        let fields = [version, tlv(2, &[1]), empty.clone(), empty.clone(), empty.clone(), subject].concat();
        tlv(0x30, &tlv(0x30, &fields))
    }

    #[test]
    fn spelling_does_not_matter() {
        let plain = of(&certificate(12, b"some name", true)).unwrap();
        for (tag, name) in [(12, "Some  Name"), (19, " SOME\tname "), (22, "some name"), (20, "some name")] {
            assert_eq!(of(&certificate(tag, name.as_bytes(), true)), Some(plain), "{tag} {name}");
        }
        let wide: Vec<u8> = "Some name".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(of(&certificate(30, &wide, true)), Some(plain));
        assert_eq!(of(&certificate(12, b"some name", false)), Some(plain), "version 1 has no version");
        assert_ne!(of(&certificate(12, b"somename", true)), Some(plain));
        assert_ne!(of(&certificate(4, b"some name", true)), Some(plain), "an octet string stays");
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        let good = certificate(12, b"some name", true);
        for end in 0..good.len() {
            assert_eq!(of(&good[..end]), None);
        }
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                let _ = of(&bad);
            }
        }
        assert_eq!(of(b"\x30\x80\x00\x00"), None);
    }
}
