//! What a signature says that whoever checks it must understand (RFC 9580 sections 5.2.3.7 and 5.2.3.24).

use pgp::packet::{Signature, SubpacketData};

/// The notation that `GnuPG` knows as well; it says how a user writes mail, which is nothing to a repository.
const KNOWN_NOTATION: &[u8] = b"preferred-email-encoding@pgp.com";

/// The first thing in the hashed part of a signature that is marked critical and is not known here. Without that mark it
/// would be passed over; with it, the signature does not hold.
pub(super) fn unknown(signature: &Signature) -> Option<String> {
    signature.config()?.hashed_subpackets().filter(|packet| packet.is_critical).find_map(|packet| {
        match &packet.data {
            SubpacketData::Notation(notation) if notation.name == KNOWN_NOTATION => None,
            SubpacketData::Notation(notation) => {
                Some(format!("notation '{}'", String::from_utf8_lossy(&notation.name).escape_debug()))
            }
            SubpacketData::Experimental(number, _) | SubpacketData::Other(number, _) => {
                Some(format!("subpacket of type {number}"))
            }
            SubpacketData::IntendedRecipientFingerprint(_) => Some("intended recipient".to_owned()),
            SubpacketData::SignatureTarget(..) => Some("signature target".to_owned()),
            _ => None,
        }
    })
}
