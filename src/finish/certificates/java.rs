//! The certificate authorities that Java trusts: the keystore that ca-certificates-java makes of `/etc/ssl/certs`.
//!
//! The format is JKS, which has no standard but the source of OpenJDK (`sun.security.provider.JavaKeyStore`): a
//! magic, a version and a count; for each certificate a tag, an alias, a time in milliseconds, the type and the DER;
//! last the SHA-1 of the password, a fixed phrase and all of that. All numbers are big-endian.

use sha1::{Digest as _, Sha1};

use super::bundle::Trusted;
use crate::finish::error::Error;
use crate::finish::inside::{self, Inside};
use crate::finish::note::{NoFile, Note};

/// The program whose work this is.
pub(crate) const PROGRAM: &str = "/usr/share/ca-certificates-java/ca-certificates-java.jar";
const KEYSTORE: &str = "/etc/ssl/certs/java/cacerts";
const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
const TRUSTED_CERTIFICATE: u32 = 2;
/// The password that everybody knows, in UTF-16; it protects nothing, as the certificates are public.
const PASSWORD: &str = "changeit";
const PHRASE: &[u8] = b"Mighty Aphrodite";

/// Makes the keystore, if the tree has the program that would; returns a note where it cannot be.
pub(crate) fn apply(inside: &mut Inside<'_>, trusted: &Trusted) -> Result<Option<Note>, Error> {
    if trusted.is_empty() || !inside::exists(&inside.root(), PROGRAM) {
        return Ok(None);
    }
    let milliseconds = inside.generated.date.max(0).unsigned_abs().saturating_mul(1000);
    let reason = match keystore(trusted, milliseconds) {
        Some(bytes) if inside.file(KEYSTORE, &bytes)? => return Ok(None),
        Some(_) => NoFile::LinkOut,
        None => NoFile::TooLarge,
    };
    Ok(Some(Note::FileNotMade { path: KEYSTORE.to_owned(), reason }))
}

/// `None` where a length does not fit the format.
fn keystore(trusted: &Trusted, milliseconds: u64) -> Option<Vec<u8>> {
    let mut store = Vec::new();
    let number = |store: &mut Vec<u8>, number: u32| store.extend(number.to_be_bytes());
    number(&mut store, MAGIC);
    number(&mut store, VERSION);
    number(&mut store, u32::try_from(trusted.len()).ok()?);
    for (name, certificates) in trusted {
        let certificate = certificates.first()?;
        number(&mut store, TRUSTED_CERTIFICATE);
        string(&mut store, &format!("debian:{name}").to_lowercase())?;
        store.extend(milliseconds.to_be_bytes());
        string(&mut store, "X.509")?;
        number(&mut store, u32::try_from(certificate.len()).ok()?);
        store.extend_from_slice(certificate);
    }
    let mut digest = Sha1::new();
    digest.update(PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
    digest.update(PHRASE);
    digest.update(&store);
    store.extend(digest.finalize());
    Some(store)
}

/// As `java.io.DataOutput.writeUTF` does: the length, then a surrogate as if it were a character of its own.
fn string(store: &mut Vec<u8>, text: &str) -> Option<()> {
    let mut encoded = Vec::new();
    for unit in text.encode_utf16() {
        let [low, middle] = [unit & 0x3f, unit >> 6 & 0x3f].map(|bits| bits.to_le_bytes()[0] | 0x80);
        match unit {
            1..=0x7f => encoded.push(unit.to_le_bytes()[0]),
            0 | 0x80..=0x7ff => encoded.extend([middle & 0x1f | 0xc0, low]),
            _ => encoded.extend([(unit >> 12).to_le_bytes()[0] | 0xe0, middle, low]),
        }
    }
    store.extend(u16::try_from(encoded.len()).ok()?.to_be_bytes());
    store.extend(encoded);
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::process::Command;

    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    const CA: &str = include_str!("../../fetch/testdata/ca.pem");

    fn trusted() -> Trusted {
        let der = CertificateDer::pem_slice_iter(CA.as_bytes()).next().unwrap().unwrap();
        Trusted::from([("Certicámara.pem".into(), vec![der.clone()]), ("b.pem".into(), vec![der])])
    }

    #[test]
    fn writes_the_strings_of_java() {
        let mut store = Vec::new();
        string(&mut store, "a\0\u{e1}\u{20ac}\u{1f600}").unwrap();
        let expected = b"\0\x0ea\xc0\x80\xc3\xa1\xe2\x82\xac\xed\xa0\xbd\xed\xb8\x80";
        assert_eq!(store, expected);
        assert!(string(&mut store, &"x".repeat(65536)).is_none());
    }

    #[test]
    fn keytool_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cacerts");
        fs::write(&path, keystore(&trusted(), 1_700_000_000_000).unwrap()).unwrap();
        let list = |password: &str| {
            Command::new("keytool")
                .args(["-J-Xshare:auto", "-list", "-storetype", "JKS", "-storepass", password, "-keystore"])
                .arg(&path)
                .env("LC_ALL", "C.UTF-8")
                .output()
        };
        let Ok(output) = list("changeit") else {
            println!("skipped: there is no keytool to read the keystore with");
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        assert!(text.contains("2 entries") && text.contains("debian:certicámara.pem"), "{text}");
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(!list("changeit").unwrap().status.success(), "keytool does check the digest");
    }
}
