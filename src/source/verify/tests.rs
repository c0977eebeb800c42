#![allow(clippy::unwrap_used)]

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Notation, SignatureType, SubpacketData};

use super::*;
use crate::source::signing::{MADE, Signer, clearsign_by};

const TEXT: &str = "Origin: Test\nSuite: stable\n- dashed\n\nSHA256:\n abc 1 Packages\n";
const URL: &str = "http://mirror.example/dists/stable/InRelease";

fn keyring(signers: &[&Signer]) -> Keyring {
    let mut all = Keyring::default();
    for signer in signers {
        all.extend(Keyring::parse(&signer.public_binary(), "test.gpg").unwrap());
    }
    all
}

fn policy() -> Policy {
    let now = Timestamp::from_second(i64::from(MADE) + 86_400).unwrap();
    Policy { now, max_future: Some(10), fingerprints: Vec::new() }
}

fn inline(message: &str, keyring: &Keyring, policy: &Policy) -> Result<Verified, Error> {
    verify_inline(message.as_bytes(), URL, keyring, policy)
}

/// The verdict on a good message by `signer` if it is in the keyring.
fn verdict(signer: &Signer, policy: &Policy) -> Result<Verified, Error> {
    inline(&signer.clearsign(TEXT), &keyring(&[signer]), policy)
}

#[test]
fn good_signatures_of_every_kind_of_key_pass() {
    for signer in [Signer::ed25519(), Signer::rsa(), Signer::with_subkey()] {
        let ring = keyring(&[&Signer::ed25519(), &signer]);
        let expected = Verified { text: TEXT.to_owned(), signers: vec![signer.signing_fingerprint()] };
        let message = signer.clearsign(TEXT);
        assert!(message.contains("\n- - dashed\n"));
        assert_eq!(inline(&message, &ring, &policy()).unwrap(), expected);
        assert_eq!(inline(&message.replace('\n', "\r\n"), &ring, &policy()).unwrap(), expected);
        let padded = message.replace("Suite: stable\n", "Suite: stable \t\n");
        assert_eq!(
            inline(&padded, &ring, &policy()).unwrap(),
            expected,
            "trailing white space is not signed"
        );
        let (binary, armored) =
            (signer.detach_sign(TEXT.as_bytes()), signer.detach_sign_armored(TEXT.as_bytes()));
        for signature in [binary.as_slice(), armored.as_bytes()] {
            assert_eq!(verify_detached(TEXT.as_bytes(), signature, URL, &ring, &policy()).unwrap(), expected);
        }
    }
}

#[test]
fn tampering_is_a_bad_signature() {
    for signer in [Signer::ed25519(), Signer::with_subkey()] {
        let ring = keyring(&[&signer]);
        let message = signer.clearsign(TEXT);
        for (from, to) in [("stable", "sid"), ("\n\nSHA256", "\n\n\nSHA256"), ("- - dashed", "- dashed")] {
            let tampered = message.replacen(from, to, 1);
            assert!(
                matches!(inline(&tampered, &ring, &policy()), Err(Error::BadSignature { .. })),
                "{tampered}"
            );
        }
        let mut signature = signer.detach_sign(TEXT.as_bytes());
        *signature.last_mut().unwrap() ^= 1;
        let outcome = verify_detached(TEXT.as_bytes(), &signature, URL, &ring, &policy());
        assert!(matches!(outcome, Err(Error::BadSignature { .. })));
        let other = signer.detach_sign(b"other");
        let outcome = verify_detached(TEXT.as_bytes(), &other, URL, &ring, &policy());
        assert!(
            matches!(outcome, Err(Error::BadSignature { key, .. }) if key == signer.signing_fingerprint())
        );
    }
}

#[test]
fn nothing_outside_the_signed_block_is_accepted() {
    let signer = Signer::ed25519();
    let ring = keyring(&[&signer]);
    let message = signer.clearsign(TEXT);
    let evil = "Origin: Evil\n";
    for bad in [format!("{evil}{message}"), format!("{message}{evil}"), format!("{message}{message}")] {
        assert!(matches!(inline(&bad, &ring, &policy()), Err(Error::MalformedSignature { .. })));
    }
}

#[test]
fn unsigned_and_garbled_files_are_told_apart() {
    let signer = Signer::ed25519();
    let ring = keyring(&[&signer]);
    assert!(matches!(inline(TEXT, &ring, &policy()), Err(Error::NoSignature { .. })));
    let message = signer.clearsign(TEXT);
    let begin = message.find("-----BEGIN PGP SIGNATURE").unwrap();
    for signature in ["", "\n!!!!\n", "\nAAAA\n"] {
        let block = format!("-----BEGIN PGP SIGNATURE-----\n{signature}-----END PGP SIGNATURE-----\n");
        let outcome = inline(&format!("{}{block}", &message[..begin]), &ring, &policy());
        assert!(
            matches!(outcome, Err(Error::MalformedSignature { .. } | Error::NoSignature { .. })),
            "{signature:?}: {outcome:?}"
        );
    }
    let detached = |signature: &[u8]| verify_detached(TEXT.as_bytes(), signature, URL, &ring, &policy());
    assert!(matches!(detached(b""), Err(Error::NoSignature { .. })));
    assert!(matches!(detached(b"<html>"), Err(Error::NoSignature { .. })));
    let key = signer.public_binary();
    assert!(matches!(detached(&key), Err(Error::MalformedSignature { .. })), "a key is no signature");
    let wrong = pgp::packet::PacketTrait::to_writer_with_header;
    let mut certification = Vec::new();
    wrong(&signer.key.details.users[0].signatures[0], &mut certification).unwrap();
    assert!(matches!(detached(&certification), Err(Error::MalformedSignature { .. })), "of another type");
}

#[test]
fn one_trusted_signature_among_unknown_ones_suffices_but_no_bad_one_is_passed_over() {
    let (ours, unknown) = (Signer::with_subkey(), Signer::rsa());
    for order in [[&ours, &unknown], [&unknown, &ours]] {
        let message = clearsign_by(TEXT, &order);
        let verified = inline(&message, &keyring(&[&ours]), &policy()).unwrap();
        assert_eq!(verified.signers, [ours.signing_fingerprint()]);
        assert_eq!(inline(&message, &keyring(&order), &policy()).unwrap().signers.len(), 2);
        let stranger = Signer::ed25519();
        let Err(Error::UnknownKeys { keys, keyrings, .. }) =
            inline(&message, &keyring(&[&stranger]), &policy())
        else {
            panic!("trusted a stranger");
        };
        assert_eq!(keys, order.map(Signer::signing_fingerprint));
        assert_eq!(keyrings, ["test.gpg"]);
    }
    let mixed = [ours.detach_sign(TEXT.as_bytes()), unknown.detach_sign(b"other")].concat();
    let both = keyring(&[&ours, &unknown]);
    let outcome = verify_detached(TEXT.as_bytes(), &mixed, URL, &both, &policy());
    assert!(matches!(outcome, Err(Error::BadSignature { .. })));
    let only = keyring(&[&ours]);
    assert!(verify_detached(TEXT.as_bytes(), &mixed, URL, &only, &policy()).is_ok());
}

#[test]
fn expired_keys_and_signatures_are_refused_from_that_second_on() {
    let mut key = Signer::with_subkey();
    key.expire_after(86_400);
    let mut signature = Signer::ed25519();
    signature.lifetime = 86_400 - 3600;
    for signer in [key, signature] {
        let mut policy = policy();
        let outcome = verdict(&signer, &policy);
        assert!(
            matches!(&outcome, Err(Error::ExpiredKey { expired, .. } | Error::ExpiredSignature { expired, .. })
                if *expired == policy.now),
            "{outcome:?}"
        );
        policy.now -= SignedDuration::from_secs(1);
        assert!(verdict(&signer, &policy).is_ok());
    }
}

#[test]
fn the_future_is_refused_only_by_a_clock_that_counts() {
    let signer = Signer::ed25519();
    let mut policy = policy();
    for (now, what) in [(MADE + 3589, "the signature of key"), (MADE - 11, "the signing key")] {
        policy.now = Timestamp::from_second(i64::from(now)).unwrap();
        policy.max_future = Some(10);
        assert!(
            matches!(verdict(&signer, &policy), Err(Error::FromFuture { what: found, .. }) if found == what)
        );
        policy.max_future = None;
        assert!(verdict(&signer, &policy).is_ok());
    }
    policy.now = Timestamp::from_second(i64::from(MADE + 3590)).unwrap();
    policy.max_future = Some(10);
    assert!(verdict(&signer, &policy).is_ok());
}

#[test]
fn revoked_keys_and_subkeys_are_refused() {
    let mut primary = Signer::with_subkey();
    primary.revoke();
    let mut subkey = Signer::with_subkey();
    let before = keyring(&[&subkey]);
    subkey.revoke_subkey();
    for signer in [&primary, &subkey] {
        assert!(matches!(verdict(signer, &policy()), Err(Error::RevokedKey { .. })));
    }
    let mut two = before;
    two.extend(keyring(&[&subkey]));
    let outcome = inline(&subkey.clearsign(TEXT), &two, &policy());
    assert!(matches!(outcome, Err(Error::RevokedKey { .. })), "an older copy of the key must not revive it");
}

#[test]
fn a_subkey_must_be_bound_both_ways() {
    let victim = Signer::with_subkey();
    let mut thief = Signer::ed25519();
    thief.adopt_subkey(&victim);
    let outcome = inline(&victim.clearsign(TEXT), &keyring(&[&thief]), &policy());
    assert!(matches!(outcome, Err(Error::UnusableKey { .. })), "{outcome:?}");

    let mut unbound = Signer::with_subkey();
    let foreign = Signer::with_subkey().key.secret_subkeys[0].signatures.clone();
    unbound.key.secret_subkeys[0].signatures = foreign;
    assert!(matches!(verdict(&unbound, &policy()), Err(Error::UnusableKey { .. })));
}

#[test]
fn a_primary_key_that_only_certifies_must_not_sign() {
    let mut signer = Signer::with_subkey();
    let ring = keyring(&[&signer]);
    signer.key.secret_subkeys.clear();
    let outcome = inline(&signer.clearsign(TEXT), &ring, &policy());
    assert!(matches!(outcome, Err(Error::UnusableKey { .. })), "{outcome:?}");
}

#[test]
fn a_key_needs_a_self_signature() {
    let mut signer = Signer::ed25519();
    signer.key.details.users[0].signatures = Signer::ed25519().key.details.users[0].signatures.clone();
    assert!(matches!(verdict(&signer, &policy()), Err(Error::UnusableKey { .. })));
}

#[test]
fn weak_hashes_are_refused() {
    let mut signer = Signer::rsa();
    for hash in [HashAlgorithm::Sha1, HashAlgorithm::Md5, HashAlgorithm::Ripemd160] {
        signer.hash = hash;
        assert!(matches!(verdict(&signer, &policy()), Err(Error::WeakHash { .. })));
    }
    signer.hash = HashAlgorithm::Sha256;
    assert!(verdict(&signer, &policy()).is_ok());
}

/// The files were made by GnuPG 2.2, since rPGP makes no such keys: `gpg --quick-gen-key NAME rsa1024 sign never`, and so on.
#[test]
fn weak_keys_are_refused() {
    macro_rules! verdict {
        ($name:literal) => {{
            let key =
                Keyring::parse(include_bytes!(concat!("../testdata/", $name, ".asc")), "test.asc").unwrap();
            inline(include_str!(concat!("../testdata/", $name, ".InRelease")), &key, &policy())
        }};
    }
    for weak in [verdict!("rsa1024"), verdict!("dsa2048")] {
        let error = weak.unwrap_err();
        assert!(matches!(error, Error::UnusableKey { .. }), "{error}");
        assert!(error.to_string().ends_with("it is DSA, or RSA of less than 2048 bits"), "{error}");
    }
    assert_eq!(verdict!("rsa2048").unwrap().text, "Origin: Test\n");
}

#[test]
fn fingerprints_restrict_to_a_key_or_exactly_one() {
    let signer = Signer::with_subkey();
    let (primary, subkey) = (signer.fingerprint(), signer.signing_fingerprint());
    let other = Signer::ed25519().fingerprint();
    let allowed = |fingerprints: &[String]| {
        let policy = Policy { fingerprints: fingerprints.to_vec(), ..policy() };
        verdict(&signer, &policy)
    };
    for good in [primary.clone(), primary.to_lowercase(), subkey.clone(), format!("{subkey}!")] {
        assert!(allowed(&[other.clone(), good]).is_ok());
    }
    for bad in [other, format!("{primary}!")] {
        assert!(matches!(allowed(&[bad]), Err(Error::KeyNotAllowed { .. })));
    }
}

#[test]
fn text_signatures_can_be_detached_too() {
    let signer = Signer::ed25519();
    let signature = signer.sign(TEXT.as_bytes(), SignatureType::Text);
    let mut packet = Vec::new();
    pgp::packet::PacketTrait::to_writer_with_header(&signature, &mut packet).unwrap();
    assert!(verify_detached(TEXT.as_bytes(), &packet, URL, &keyring(&[&signer]), &policy()).is_ok());
}

#[test]
fn built_in_keys_are_valid_today() {
    let mut keyring = Keyring::builtin_debian().unwrap();
    keyring.extend(Keyring::builtin_ubuntu().unwrap());
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    for certificate in keyring.certificates() {
        for key in Component::all(certificate) {
            assert_eq!(key.check(now, Some(now)), Ok(()), "{:X}", key.fingerprint());
        }
    }
}

#[test]
fn what_is_critical_and_unknown_is_a_bad_signature() {
    let notation = |name: &str| {
        let name = name.as_bytes().to_vec().into();
        SubpacketData::Notation(Notation { readable: true, name, value: b"1".to_vec().into() })
    };
    let known = notation("preferred-email-encoding@pgp.com");
    for (critical, what) in [
        (notation("strange@mirror.example"), Some("notation 'strange@mirror.example'")),
        (SubpacketData::Experimental(101, b"x".to_vec().into()), Some("subpacket of type 101")),
        (SubpacketData::SignersUserID(b"x".to_vec().into()), None),
        (known, None),
    ] {
        let mut signer = Signer::ed25519();
        signer.critical = vec![critical];
        match (verdict(&signer, &policy()), what) {
            (Ok(_), None) => {}
            (Err(error @ Error::Critical { .. }), Some(what)) => {
                assert!(
                    error.to_string().contains(&format!("has a critical {what}, which is not known")),
                    "{error}"
                );
            }
            (other, _) => panic!("{other:?}"),
        }
        // whoever else signed
        if what.is_some() {
            let other = Signer::ed25519();
            let message = clearsign_by(TEXT, &[&other, &signer]);
            assert!(matches!(
                inline(&message, &keyring(&[&other, &signer]), &policy()),
                Err(Error::Critical { .. })
            ));
            assert!(inline(&message, &keyring(&[&other]), &policy()).is_ok(), "it is nobody's that is known");
        }
    }
}

#[test]
fn curves_that_are_not_supported_are_named() {
    // made by gpg 2.2.40
    let of = |key: &str, message: &str| {
        let ring = Keyring::parse(key.as_bytes(), "test.asc").unwrap();
        inline(message, &ring, &policy())
    };
    let known =
        of(include_str!("../testdata/secp256k1.asc"), include_str!("../testdata/secp256k1.InRelease"));
    assert_eq!(known.unwrap().text, "Origin: Test\nSuite: stable\n");
    let (key, message) = (
        include_str!("../testdata/brainpoolP256r1.asc"),
        include_str!("../testdata/brainpoolP256r1.InRelease"),
    );
    let error = of(key, message).unwrap_err();
    assert!(
        matches!(&error, Error::UnsupportedKey { algorithm, .. } if algorithm == "the curve brainpoolP256r1")
    );
    assert!(!error.hint().unwrap().contains("tampered"), "{error}");
}
