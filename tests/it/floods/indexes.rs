//! What a mirror can do with an index that a Release vouches for: no more than what that says may come of it, but the digest is
//! known only at its end.

use super::server::answers;
use super::{Case, repository};
use crate::support::deb::{Compression, sha256};
use crate::support::repository::Files;
use crate::support::signing::SigningKey;

/// About what the main index of Debian has, in bytes: packed, and unpacked.
const PACKED: usize = 10 << 20;
const UNPACKED: usize = 56 << 20;

/// A repository whose Release promises an index like Debian's, in one form.
fn promised(key: &SigningKey, extension: &str, packed: usize, says_unpacked: bool) -> Files {
    let repository = repository();
    let release = repository.release();
    let (fields, _) = release.split_once("SHA256:").unwrap();
    let line =
        |size: usize, name: &str| format!("\n {} {size} main/binary-amd64/{name}", sha256(name.as_bytes()));
    let unpacked = if says_unpacked { line(UNPACKED, "Packages") } else { String::new() };
    let packed = line(packed, &format!("Packages{extension}"));
    repository.build_with_release(&format!("{fields}SHA256:{unpacked}{packed}\n"), key)
}

fn xz(key: &SigningKey) -> Files {
    promised(key, ".xz", PACKED, true)
}

fn gz(key: &SigningKey) -> Files {
    promised(key, ".gz", PACKED, false)
}

fn zstd(key: &SigningKey) -> Files {
    promised(key, ".zst", PACKED, true)
}

fn plain(key: &SigningKey) -> Files {
    promised(key, "", UNPACKED, false)
}

fn text(stanza: &str) -> Vec<u8> {
    stanza.repeat(UNPACKED / stanza.len()).into_bytes()
}

/// Different names: each takes room of its own.
fn names(separator: &str) -> Vec<u8> {
    let mut text = String::with_capacity(UNPACKED);
    let mut number = 0_u32;
    while text.len() < UNPACKED - 64 {
        text.push_str(&format!("{number:x}{separator}"));
        number += 1;
    }
    text.into_bytes()
}

/// An xz stream that demands a dictionary of 1 GiB.
fn demanding() -> Vec<u8> {
    let mut bytes = Compression::Xz.compress(&text("Package: a\n\n"));
    bytes[16] = 36;
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..20]);
    bytes[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    bytes
}

pub(super) fn cases() -> Vec<Case> {
    let index = |name, files: fn(&SigningKey) -> Files, path, body: Vec<u8>| Case {
        files,
        ..Case::new(name, path, answers(body))
    };
    let xz_of = |data: &[u8]| Compression::Xz.compress(data);
    let stanza = |rest: &str| format!("Package: a\nVersion: 1\nArchitecture: all\n{rest}\n");
    vec![
        index("zeros", xz, "Packages.xz", xz_of(&vec![0; 96 << 20])),
        index(
            "zeros, and nobody knows how many",
            gz,
            "Packages.gz",
            Compression::Gzip.compress(&vec![0; 96 << 20]),
        ),
        index("empty lines", xz, "Packages.xz", xz_of(&vec![b'\n'; UNPACKED])),
        index("a stanza without end", xz, "Packages.xz", xz_of(&text("X: y\n"))),
        index("small stanzas", xz, "Packages.xz", xz_of(&text(&stanza("")))),
        index("stanzas with nothing in them", xz, "Packages.xz", xz_of(&text("Package:a\n\n"))),
        index(
            "relations",
            xz,
            "Packages.xz",
            xz_of(&text(&stanza(&format!("Depends: {}b\n", "a,".repeat(20_000))))),
        ),
        index(
            "relations, plain",
            plain,
            "Packages",
            text(&stanza(&format!("Depends: {}b\n", "a|".repeat(20_000)))),
        ),
        index(
            "names",
            zstd,
            "Packages.zst",
            Compression::Zstd.compress(
                &[b"Package: a\nVersion: 1\nArchitecture: all\nSuggests: ".as_slice(), &names(",")].concat(),
            ),
        ),
        index("stanzas of different names", zstd, "Packages.zst", {
            let rest = names("\nVersion: 1\nArchitecture: all\n\nPackage: ");
            Compression::Zstd.compress(&[b"Package: ".as_slice(), &rest].concat())
        }),
        index("a dictionary of a gigabyte", xz, "Packages.xz", demanding()),
        index("what is not compressed", xz, "Packages.xz", vec![b'x'; PACKED]),
    ]
}
