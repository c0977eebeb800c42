//! Keyrings: the certificates (`OpenPGP` public keys) that may sign a repository.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pgp::composed::{Deserializable as _, SignedPublicKey};

use super::list::SignedBy;
use super::{Error, armor, keybox};

/// Certificates that are trusted for a source.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    certificates: Vec<SignedPublicKey>,
    origins: Vec<String>,
}

impl Keyring {
    /// The archive keys of the Debian releases that are supported today (`debian-archive-keyring`).
    pub fn builtin_debian() -> Result<Self, Error> {
        Self::parse(include_bytes!("keys/debian-archive.gpg"), "the built-in Debian archive keys")
    }

    /// The archive keys of Ubuntu (`ubuntu-archive-keyring`).
    pub(crate) fn builtin_ubuntu() -> Result<Self, Error> {
        Self::parse(include_bytes!("keys/ubuntu-archive.gpg"), "the built-in Ubuntu archive keys")
    }

    /// Parses what was read of a keyring file, binary or ASCII-armored whatever it is named.
    pub(crate) fn of_file(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        Self::parse(bytes, &path.display().to_string())
    }

    /// Parses the content of a keyring, which `origin` names in messages.
    pub(crate) fn parse(data: &[u8], origin: &str) -> Result<Self, Error> {
        let malformed = |reason: String| Error::MalformedKeyring { keyring: origin.to_owned(), reason };
        if data.is_empty() {
            return Err(malformed("it is empty".to_owned()));
        }
        let mut keys = Vec::new();
        if let Some(blocks) = keybox::blocks(data) {
            for block in blocks {
                keys.extend(
                    SignedPublicKey::from_bytes_many(&*keybox::without_trust(block))
                        .map_err(|error| malformed(line(&error)))?,
                );
            }
        } else if armor::is_armored(data) {
            let text = String::from_utf8_lossy(data);
            let blocks = armor::blocks(&text, "PUBLIC KEY BLOCK")
                .map_err(|kind| malformed(format!("its {kind} does not end")))?;
            if blocks.is_empty() {
                let is_secret =
                    armor::blocks(&text, "PRIVATE KEY BLOCK").is_ok_and(|blocks| !blocks.is_empty());
                let reason = match is_secret {
                    true => {
                        "it is a private key, which belongs into no ConfigMap: replace that key, and give here what \
                         'gpg --armor --export' prints of its successor"
                    }
                    false => "it has no PGP PUBLIC KEY BLOCK",
                };
                return Err(malformed(reason.to_owned()));
            }
            for block in &blocks {
                // gpg needs it, too
                if !block.lines().any(str::is_empty) {
                    let reason =
                        "there is no empty line between -----BEGIN PGP PUBLIC KEY BLOCK----- and the key";
                    return Err(malformed(reason.to_owned()));
                }
                let (found, _) =
                    SignedPublicKey::from_string_many(block).map_err(|error| malformed(line(&error)))?;
                keys.extend(found);
            }
        } else {
            let packets = keybox::without_trust(data);
            keys.extend(
                SignedPublicKey::from_bytes_many(&*packets).map_err(|error| malformed(line(&error)))?,
            );
        }
        let mut keyring = Self { certificates: Vec::new(), origins: vec![origin.to_owned()] };
        let mut reason = "it has no public key packet".to_owned();
        for key in keys {
            match key {
                Ok(key) => keyring.certificates.push(key),
                // as gpgv does: a key of a kind not known yet must not take the others with it
                Err(error) => {
                    reason = line(&error);
                    warn_once(origin, &reason);
                }
            }
        }
        if keyring.certificates.is_empty() { Err(malformed(reason)) } else { Ok(keyring) }
    }

    /// The certificates that `signed_by` names, in itself or in some of `files`. `default` is asked where it names
    /// none: without a `Signed-By`, or with only fingerprints in it.
    pub(crate) fn for_source(
        signed_by: Option<&SignedBy>,
        files: &KeyringFiles,
        default: impl FnOnce() -> Result<Self, Error>,
    ) -> Result<Self, Error> {
        match signed_by {
            Some(SignedBy::Inline(text)) => Self::parse(text.as_bytes(), "the key in Signed-By"),
            Some(SignedBy::Named { keyrings, .. }) if !keyrings.is_empty() => {
                let mut all = Self::default();
                for path in keyrings {
                    all.extend(files.keyring(path)?);
                }
                Ok(all)
            }
            _ => default(),
        }
    }

    /// Adds all of `other`.
    pub(crate) fn extend(&mut self, other: Self) {
        self.certificates.extend(other.certificates);
        self.origins.extend(other.origins);
    }

    /// The certificates.
    pub(crate) fn certificates(&self) -> &[SignedPublicKey] {
        &self.certificates
    }

    /// The files that were read, for messages.
    pub(crate) fn origins(&self) -> &[String] {
        &self.origins
    }
}

/// The files that sources name in `Signed-By`, as they were read: bytes, or why there are none. Clones share them.
///
/// A file that cannot be read is an error only once its keys are asked for: `Trusted: yes` needs none.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyringFiles(Arc<HashMap<PathBuf, io::Result<Vec<u8>>>>);

impl FromIterator<(PathBuf, io::Result<Vec<u8>>)> for KeyringFiles {
    fn from_iter<T: IntoIterator<Item = (PathBuf, io::Result<Vec<u8>>)>>(files: T) -> Self {
        Self(Arc::new(files.into_iter().collect()))
    }
}

impl KeyringFiles {
    /// The keyring in a file; one that nobody has read counts as absent.
    ///
    /// Debian's and Ubuntu's own source lists name keyrings that their packages install; where aptlet runs there is
    /// no such file, but the same keys are built in.
    fn keyring(&self, path: &Path) -> Result<Keyring, Error> {
        let failure = match self.0.get(path) {
            Some(Ok(bytes)) => return Keyring::of_file(path, bytes),
            Some(Err(error)) => again(error),
            None => io::ErrorKind::NotFound.into(),
        };
        match path.file_stem().and_then(|name| name.to_str()) {
            Some("debian-archive-keyring") if failure.kind() == io::ErrorKind::NotFound => {
                Keyring::builtin_debian()
            }
            Some("ubuntu-archive-keyring") if failure.kind() == io::ErrorKind::NotFound => {
                Keyring::builtin_ubuntu()
            }
            _ => Err(Error::KeyringRead { file: path.to_owned(), source: failure }),
        }
    }
}

/// The same error once more, since errors of the system cannot be cloned.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Warns of a key that cannot be read: once, though several sources may have its keyring.
fn warn_once(origin: &str, reason: &str) {
    static WARNED: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());
    let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    if warned.insert((origin.to_owned(), reason.to_owned())) {
        tracing::warn!("passing over a key of keyring {origin} that cannot be read: {reason}");
    }
}

/// A message of rPGP's on one line, without the bytes that it may quote.
pub(super) fn line(error: &pgp::errors::Error) -> String {
    const LONGEST: usize = 200;
    let text = error.to_string().replace('\n', " ");
    match text.floor_char_boundary(LONGEST) {
        end if end < text.len() => format!("{}…", &text[..end]),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use pgp::types::KeyDetails as _;

    use super::*;
    use crate::source::signing::Signer;

    fn fingerprints(keyring: &Keyring) -> Vec<String> {
        let keys = keyring.certificates().iter();
        keys.map(|key| format!("{:X}", key.primary_key.fingerprint())).collect()
    }

    #[test]
    fn built_in_keys_are_those_of_the_readme() {
        let mut expected: Vec<_> = include_str!("keys/README.md")
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split(' ').next())
            .collect();
        let mut keyring = Keyring::builtin_debian().unwrap();
        keyring.extend(Keyring::builtin_ubuntu().unwrap());
        let mut found = fingerprints(&keyring);
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(found.len(), 11);
    }

    #[test]
    fn reads_several_certificates_binary_and_armored() {
        let (one, two) = (Signer::ed25519(), Signer::ed25519());
        let expected = vec![one.fingerprint(), two.fingerprint()];
        let binary = [one.public_binary(), two.public_binary()].concat();
        assert_eq!(fingerprints(&Keyring::parse(&binary, "a.gpg").unwrap()), expected);
        let armored = format!("# ours\n{}\nand theirs\r\n{}", one.public_armored(), two.public_armored());
        assert_eq!(fingerprints(&Keyring::parse(armored.as_bytes(), "a.asc").unwrap()), expected);
    }

    #[test]
    fn reads_the_keys_of_a_keybox() {
        let (one, two) = (Signer::ed25519(), Signer::ed25519());
        let expected = vec![one.fingerprint(), two.fingerprint()];
        let whole = keybox::testing::of(&[&one.public_binary(), &two.public_binary()]);
        assert_eq!(fingerprints(&Keyring::parse(&whole, "a.gpg").unwrap()), expected);
        // such as the trusted.gpg that apt-key made with GnuPG 1
        let trust: &[u8] = &[0xb0, 2, 0, 0];
        let with_trust = [&*one.public_binary(), trust, &two.public_binary(), trust].concat();
        assert_eq!(fingerprints(&Keyring::parse(&with_trust, "a.gpg").unwrap()), expected);
        let empty = keybox::testing::of(&[]);
        assert!(matches!(Keyring::parse(&empty, "a.gpg"), Err(Error::MalformedKeyring { .. })));
        // whatever a length says, nothing is read that is not there
        for at in 0..whole.len().min(120) {
            for value in [0, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                let _ = Keyring::parse(&damaged, "a.gpg");
            }
        }
    }

    #[test]
    fn a_key_of_a_keybox_may_sign() {
        // as gpg 2.2.40 wrote it, with a packet of the kind Trust behind each
        let encoded = concat!(
            "AAAAIAEBAAJLQlhmAAAAAGsMvNhrDLzYAAAAAAAAAAAAAAFqAgEAAAAAAF4AAAD4AAEAHJ/LQ0vdTbb0UZe/symi",
            "alrmb0UxAAAAIAAAAAAAAAABAAwAAACjAAAACwAAAAAAAQAEAAAAAAAAAAAAAAAAAAAAAGsMvNgAAAAAmDMEawy8",
            "2BYJKwYBBAHaRw8BAQdATp0zEFn5lDQ6+gmmeWlvbsv9az+yIvSmN/yxd/LOeACwDAAAZ3BnAQAAAAAAALQLYUB4",
            "LmV4YW1wbGWwDAAAZ3BnAgAAAAAAAIiQBBMWCAA4FiEEn8tDS91NtvRRl7+zKaJqWuZvRTEFAmsMvNgCGwMFCwkI",
            "BwIGFQoJCAsCBBYCAwECHgECF4AACgkQKaJqWuZvRTFYfAEA+/hG7V8bYIUYglt2NrxSD1AZBrRK8XKWPBpY+Q+b",
            "qWAA/2vIPtKr0lyZSN+xHBh4Cd+tFUsh1FdkDfgSfxxt3x4AsAYAAGdwZwB8A3gS+OuiZ2MHWc69s+GSEjRJ0w=="
        );
        let whole = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).unwrap();
        let keyring = Keyring::parse(&whole, "pubring.kbx").unwrap();
        let [key] = keyring.certificates() else { panic!("one key") };
        let component = crate::source::certificate::Component::all(key).next().unwrap();
        assert_eq!(component.check(jiff::Timestamp::MAX, None), Ok(()));
    }

    #[test]
    fn refuses_what_is_not_a_keyring() {
        let armored = Signer::ed25519().public_armored();
        let cut = &armored[..armored.len() - 60];
        for bad in [&b""[..], b"<html>404</html>", b"\xff\xff\xff", cut.as_bytes()] {
            assert!(matches!(Keyring::parse(bad, "x.gpg"), Err(Error::MalformedKeyring { .. })));
        }
    }

    #[test]
    fn signed_by_decides_where_the_keys_come_from() {
        let signer = Signer::ed25519();
        let file = PathBuf::from("ours.asc");
        let files = KeyringFiles::from_iter([(file.clone(), Ok(signer.public_armored().into_bytes()))]);
        let refuse = || panic!("the default must not be asked");
        let named = SignedBy::Named { keyrings: vec![file], fingerprints: Vec::new() };
        let inline = SignedBy::Inline(signer.public_armored());
        for signed_by in [named, inline] {
            let keyring = Keyring::for_source(Some(&signed_by), &files, refuse).unwrap();
            assert_eq!(fingerprints(&keyring), [signer.fingerprint()]);
        }
        let only = SignedBy::Named { keyrings: Vec::new(), fingerprints: vec!["AB".repeat(20)] };
        let default = Keyring::for_source(Some(&only), &files, Keyring::builtin_ubuntu).unwrap();
        assert_eq!(default.certificates().len(), 2);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_unless_its_keys_are_built_in() {
        let (ours, debian) = (Path::new("/k/ours.gpg"), Path::new("/k/debian-archive-keyring.gpg"));
        let failing = |code| {
            let failure = |path: &Path| (path.to_owned(), Err(io::Error::from_raw_os_error(code)));
            [ours, debian].map(failure).into_iter().collect::<KeyringFiles>()
        };
        let [absent, unreadable] = [failing(2), failing(13)];
        assert_eq!(
            absent.keyring(ours).unwrap_err().to_string(),
            "cannot read keyring /k/ours.gpg: No such file or directory (os error 2)"
        );
        assert_eq!(absent.keyring(debian).unwrap().origins(), ["the built-in Debian archive keys"]);
        assert_eq!(KeyringFiles::default().keyring(debian).unwrap().certificates().len(), 9);
        assert!(matches!(unreadable.keyring(debian), Err(Error::KeyringRead { .. })));
    }
}
