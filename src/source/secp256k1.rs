//! Signatures on the curve secp256k1. Each has two forms, `(r, s)` and `(r, n - s)`, that are as good as each other; `GnuPG`
//! makes either, and the library takes the one with the smaller `s` alone, as Bitcoin does.

use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::Signature;
use pgp::types::{Mpi, SignatureBytes};

/// The order of the curve (SEC 2, section 2.4.1).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba,
    0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// Whether a signature passes a check in either form.
pub(super) fn holds(signature: &Signature, check: impl Fn(&Signature) -> bool) -> bool {
    check(signature) || other_form(signature).is_some_and(|other| check(&other))
}

fn other_form(signature: &Signature) -> Option<Signature> {
    let config = signature.config().filter(|config| config.pub_alg == PublicKeyAlgorithm::ECDSA)?;
    let SignatureBytes::Mpis(numbers) = signature.signature()? else { return None };
    let [r, s] = numbers.as_slice() else { return None };
    let numbers = vec![r.clone(), Mpi::from_slice(&subtracted(s.as_ref())?)];
    Signature::from_config(config.clone(), signature.signed_hash_value()?, SignatureBytes::Mpis(numbers)).ok()
}

/// The order minus a number; `None` where that is larger.
fn subtracted(number: &[u8]) -> Option<[u8; 32]> {
    let mut result = [0; 32];
    result.get_mut(ORDER.len().checked_sub(number.len())?..)?.copy_from_slice(number);
    let mut borrowed = false;
    for (digit, of_order) in result.iter_mut().zip(ORDER).rev() {
        let (less, first) = of_order.overflowing_sub(*digit);
        let (less, second) = less.overflowing_sub(u8::from(borrowed));
        (*digit, borrowed) = (less, first || second);
    }
    (!borrowed).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtracts_from_the_order() {
        let mut less_one = ORDER;
        less_one[31] -= 1;
        assert_eq!(subtracted(&[1]), Some(less_one));
        assert_eq!(subtracted(&less_one).map(|one| one[31]), Some(1));
        assert_eq!(subtracted(&ORDER), Some([0; 32]));
        assert_eq!(subtracted(&[0xff; 32]), None);
        assert_eq!(subtracted(&[1; 33]), None);
    }
}
