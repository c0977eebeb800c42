//! GnuPG's own keyrings. Its keyboxes (kbx/keybox-blob.c) are one blob after the other, each with the packets of one key and an
//! index to them. There, and in the keyrings of GnuPG 1, what GnuPG itself thinks of a packet stands behind it.

use std::borrow::Cow;

/// A packet in which an implementation keeps what it thinks of the one before.
const TRUST: u8 = 12;
/// What the first blob has behind its length, type, version and flags.
const MAGIC: &[u8] = b"KBXf";
/// The type of a blob that has a key of `OpenPGP`.
const OPENPGP: u8 = 2;

/// The packets of each key in a keybox; `None` for what is none.
pub(super) fn blocks(data: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    if data.get(8..12) != Some(MAGIC) {
        return None;
    }
    let mut rest = data;
    let blobs = std::iter::from_fn(move || {
        let length = number(rest, 0).filter(|length| (1..=rest.len()).contains(length))?;
        let (blob, more) = rest.split_at(length);
        rest = more;
        Some(blob)
    });
    Some(blobs.filter(|blob| blob.get(4) == Some(&OPENPGP)).filter_map(|blob| {
        let (start, length) = (number(blob, 8)?, number(blob, 12)?);
        blob.get(start..start.checked_add(length)?)
    }))
}

/// The packets of a keyring but for those of the kind Trust (RFC 9580, 5.10), which are of no use to others, and which readers take for
/// the end of what they stand in. From what cannot be told apart on, as it is.
pub(super) fn without_trust(packets: &[u8]) -> Cow<'_, [u8]> {
    let mut kept = Cow::Borrowed(packets);
    let mut at = 0;
    while let Some((tag, length)) =
        packets.get(at..).and_then(packet).filter(|(_, length)| *length <= packets.len() - at)
    {
        if tag == TRUST && matches!(kept, Cow::Borrowed(_)) {
            kept = Cow::Owned(packets[..at].to_vec());
        } else if let Cow::Owned(kept) = &mut kept
            && tag != TRUST
        {
            kept.extend_from_slice(&packets[at..at + length]);
        }
        at += length;
    }
    if let Cow::Owned(kept) = &mut kept {
        kept.extend_from_slice(&packets[at..]);
    }
    kept
}

/// The kind of the first packet, and the length of all of it (RFC 9580, 4.2).
fn packet(bytes: &[u8]) -> Option<(u8, usize)> {
    let first = *bytes.first()?;
    let byte = |at| bytes.get(at).map(|byte| usize::from(*byte));
    let is_new = first & 0xc0 == 0xc0;
    let (header, body) = match (is_new, first & 3) {
        _ if first & 0x80 == 0 => return None,
        (true, _) => match byte(1)? {
            short @ 0..192 => (2, short),
            more @ 192..224 => (3, (more - 192) * 256 + byte(2)? + 192),
            255 => (6, number(bytes, 2)?),
            // of a length that is not known yet: no key has such
            _ => return None,
        },
        (false, 0) => (2, byte(1)?),
        (false, 1) => (3, byte(1)? * 256 + byte(2)?),
        (false, 2) => (5, number(bytes, 1)?),
        (false, _) => return None,
    };
    let tag = if is_new { first & 0x3f } else { first >> 2 & 0xf };
    Some((tag, body.checked_add(header)?))
}

/// Four bytes, the highest first.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = bytes.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_be_bytes(*digits)).ok()
}

#[cfg(test)]
pub(super) mod testing {
    #![allow(clippy::unwrap_used)]

    /// A keybox of these keys.
    pub(in crate::source) fn of(keys: &[&[u8]]) -> Vec<u8> {
        let mut whole = b"\0\0\0\x20\x01\x01\0\x02KBXf".to_vec();
        whole.resize(32, 0);
        for key in keys {
            let (start, length) = (20_u32, u32::try_from(key.len()).unwrap());
            whole.extend((start + length + 20).to_be_bytes());
            whole.extend([2, 1, 0, 0]);
            whole.extend(start.to_be_bytes());
            whole.extend(length.to_be_bytes());
            whole.extend([0; 4]);
            whole.extend(*key);
            // the checksum
            whole.extend([0; 20]);
        }
        whole
    }
}
