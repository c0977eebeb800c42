//! Who one is to a server that asks for a certificate, and whether any did.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::error::Error;

/// A certificate and its key, as a Secret of the type `kubernetes.io/tls` has them.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The file, for messages.
    pub(super) path: PathBuf,
    /// The certificate, and those that lead to an authority.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl Identity {
    /// Parses what was read of two files, which may be the same.
    ///
    /// # Errors
    /// [`Error::BadIdentity`] where there is no certificate or no key.
    pub(crate) fn of_files(
        path: &Path,
        certificate: &[u8],
        key_path: &Path,
        key: &[u8],
    ) -> Result<Self, Error> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| bad(path, format_args!("not well-formed PEM: {error}")))?;
        if chain.is_empty() {
            return Err(bad(path, "there is no certificate in it"));
        }
        // never in the words of the library, which may quote the key
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| bad(key_path, "there is no key in it that can be used; an encrypted one cannot"))?;
        Ok(Self { path: path.to_owned(), chain, key })
    }
}

/// The error for a file of a certificate or key.
pub(super) fn bad(path: &Path, problem: impl std::fmt::Display) -> Error {
    Error::BadIdentity { path: path.to_owned(), problem: problem.to_string() }
}

/// Stands for no certificate, and remembers that a server asked for one.
#[derive(Debug, Clone, Default)]
pub(super) struct Nobody(Arc<AtomicBool>);

impl Nobody {
    /// Whether any server asked.
    pub(super) fn was_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
