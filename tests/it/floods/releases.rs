//! What a server can do with a Release, of which nobody vouches for anything before it is verified.

use std::fmt::Write as _;
use std::time::Duration;

use super::server::{answers, repeats};
use super::{Case, IN_RELEASE, repository};
use crate::support::repository::{Files, Signed};
use crate::support::signing::SigningKey;

/// Just below what is read of a Release.
const LARGE: usize = (16 << 20) - (300 << 10);

fn message(text: &str, armor: &str) -> String {
    format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}{armor}")
}

fn signature() -> String {
    SigningKey::generate("mallory").detach_sign("x")
}

/// An armor with so many signatures by a key that nobody knows.
fn signatures(count: usize) -> String {
    let one = SigningKey::generate("mallory").detach_signature(b"x");
    let mut packets = Vec::new();
    for _ in 0..count {
        packets.extend_from_slice(&one);
    }
    armored(&packets)
}

fn armored(packets: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::prelude::BASE64_STANDARD.encode(packets);
    let mut armor = "-----BEGIN PGP SIGNATURE-----\n\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        writeln!(armor, "{}", str::from_utf8(line).unwrap()).unwrap();
    }
    armor + "-----END PGP SIGNATURE-----\n"
}

/// A signature packet of version 6 with subpackets of two bytes each.
fn subpackets(bytes: usize) -> Vec<u8> {
    let area = [1_u8, 0x64].repeat(bytes / 2);
    let mut body = vec![6, 0, 27, 8];
    body.extend_from_slice(&u32::try_from(area.len()).unwrap().to_be_bytes());
    body.extend_from_slice(&area);
    body.extend_from_slice(&0_u32.to_be_bytes());
    body.extend_from_slice(&[0; 2 + 1 + 16 + 64]);
    let mut packet = vec![0xc2, 0xff];
    packet.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    packet.extend_from_slice(&body);
    packet
}

fn detached(key: &SigningKey) -> Files {
    repository().signed(Signed::Detached).build(key)
}

pub(super) fn cases() -> Vec<Case> {
    let case = Case::new;
    let release = |name, act| Case { files: detached, ..Case::new(name, "Release.gpg", act) };
    let lines = |line: &str| line.repeat(LARGE / line.len());
    vec![
        case(
            "a Release without end",
            IN_RELEASE,
            repeats("HTTP/1.1 200 OK\r\n\r\n", vec![b'\n'; 65536], Duration::ZERO),
        ),
        case("a message of empty lines", IN_RELEASE, answers(message(&lines("\n"), &signature()))),
        case("a message of short lines", IN_RELEASE, answers(message(&lines("a\n"), &signature()))),
        case("a message of one line", IN_RELEASE, answers(message(&(lines("a: b") + "\n"), &signature()))),
        case("a message of dashes", IN_RELEASE, answers(message(&lines("- -\n"), &signature()))),
        case("a message that does not end", IN_RELEASE, answers(message(&lines("a: b\n"), ""))),
        case(
            "a message of headers",
            IN_RELEASE,
            answers(format!("-----BEGIN PGP SIGNED MESSAGE-----\n{}", lines("Hash: SHA512\n"))),
        ),
        // for what is not signed, `Release` and its signature are asked for, which are good
        Case {
            codes: &[0],
            ..case("a message of empty lines and no signature", IN_RELEASE, answers(lines("\n")))
        },
        case(
            "a hundred thousand signatures",
            IN_RELEASE,
            answers(message("Origin: x\n", &signatures(100_000))),
        ),
        case(
            "as many signatures as are read",
            IN_RELEASE,
            answers(message("Origin: x\n", &signatures(1500))),
        ),
        case(
            "a signature of many parts",
            IN_RELEASE,
            answers(message("Origin: x\n", &armored(&subpackets(8 << 20)))),
        ),
        case(
            "a signature of some parts",
            IN_RELEASE,
            answers(message("Origin: x\n", &armored(&subpackets(190 << 10)))),
        ),
        case(
            "a signature of nothing",
            IN_RELEASE,
            answers(message("Origin: x\n", &armored(&vec![0; 8 << 20]))),
        ),
        Case { codes: &[0], ..case("fields without end", IN_RELEASE, answers(lines("Origin: x\n"))) },
        release(
            "a signature beside it without end",
            repeats("HTTP/1.1 200 OK\r\n\r\n", vec![0xc2; 65536], Duration::ZERO),
        ),
        release("many signatures beside it", answers(signatures(100_000))),
        release("parts of a signature beside it", answers(subpackets(8 << 20))),
    ]
}
