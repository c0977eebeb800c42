//! TLS for a machine that has no CA certificates of its own: Mozilla's roots are built in, further ones are
//! added to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::error::Error;
use super::proxy::Environment;

/// The CA certificates of a PEM file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaBundle {
    /// The file, for messages.
    pub(crate) path: PathBuf,
    /// Its certificates, which may be none.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
}

impl CaBundle {
    /// Parses what was read of a file.
    ///
    /// # Errors
    /// [`Error::BadCa`] for what is not well-formed PEM.
    pub(crate) fn of_file(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let certificates = CertificateDer::pem_slice_iter(bytes)
            .collect::<Result<_, _>>()
            .map_err(|error| bad(path, format_args!("not well-formed PEM: {error}")))?;
        Ok(Self { path: path.to_owned(), certificates })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::BadCa`] for one that cannot be read, or is not well-formed PEM.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|error| bad(path, error))?;
        Self::of_file(path, &bytes)
    }
}

/// A variable that does not name certificates.
#[derive(Debug, Clone)]
pub(super) struct BadVariable {
    pub(super) variable: &'static str,
    pub(super) problem: String,
}

/// A client configuration that trusts the built-in roots, those of `bundles`, and those that `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name; and what is wrong with these two, which matters to https alone.
pub(super) fn configuration(
    bundles: &[CaBundle],
    environment: Environment<'_>,
) -> Result<(ClientConfig, Option<BadVariable>), Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for bundle in bundles {
        add_file(&mut roots, bundle.clone())?;
    }
    let of_environment = add_environment(&mut roots, environment).err();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Setup(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((config, of_environment))
}

fn add_environment(roots: &mut RootCertStore, environment: Environment<'_>) -> Result<(), BadVariable> {
    let wrong = |variable| move |error: Error| BadVariable { variable, problem: error.to_string() };
    if let Some(path) = environment("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
        let read = CaBundle::read(Path::new(&path));
        read.and_then(|bundle| add_file(roots, bundle)).map_err(wrong("SSL_CERT_FILE"))?;
    }
    if let Some(folders) = environment("SSL_CERT_DIR").filter(|folders| !folders.is_empty()) {
        for folder in std::env::split_paths(&folders) {
            add_folder(roots, &folder).map_err(wrong("SSL_CERT_DIR"))?;
        }
    }
    Ok(())
}

fn add_file(roots: &mut RootCertStore, bundle: CaBundle) -> Result<(), Error> {
    if bundle.certificates.is_empty() {
        return Err(bad(&bundle.path, "there is no certificate in it"));
    }
    add(roots, bundle)
}

/// Takes in a folder as `c_rehash(1)` and Kubernetes fill it; a file in it without certificates is somebody
/// else's.
fn add_folder(roots: &mut RootCertStore, folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(|error| bad(folder, error))? {
        let path = entry.map_err(|error| bad(folder, error))?.path();
        if path.is_file() {
            let bundle = CaBundle::read(&path)?;
            if !bundle.certificates.is_empty() {
                add(roots, bundle)?;
            }
        }
    }
    Ok(())
}

fn add(roots: &mut RootCertStore, bundle: CaBundle) -> Result<(), Error> {
    let CaBundle { path, certificates } = bundle;
    match roots.add_parsable_certificates(certificates) {
        (0, _) => Err(bad(&path, "none of its certificates can be understood")),
        (_, 0) => Ok(()),
        (_, ignored) => {
            tracing::warn!("CA certificates {}: {ignored} cannot be understood", path.display());
            Ok(())
        }
    }
}

fn bad(path: &Path, problem: impl std::fmt::Display) -> Error {
    Error::BadCa { path: path.to_owned(), problem: problem.to_string() }
}
