//! Who the server is, and who it is told that it talks to.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ALL_VERSIONS, RootCertStore};
use url::Url;

use crate::fetch::cause::Cause;
use crate::fetch::testing::{Reply, Server, options};
use crate::fetch::{Answer, CaBundle, Client, ClientOptions, Error, Identity};

const OWN: &[u8] = include_bytes!("../testdata/own.pem");
const EXPIRED: &[u8] = include_bytes!("../testdata/expired.pem");
const KEY: &[u8] = include_bytes!("../testdata/own.key");
const CLIENT: &[u8] = include_bytes!("../testdata/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("../testdata/client.key");

fn bundle(pem: &[u8]) -> Vec<CaBundle> {
    vec![CaBundle::of_file("it.crt".as_ref(), pem).unwrap()]
}

async fn get(options: ClientOptions, url: &Url) -> Result<Vec<u8>, Error> {
    let client = Client::with_environment(ClientOptions { retries: 0, ..options }, &|_| None).unwrap();
    match client.get(url, 1000, None).await? {
        Answer::Document(document) => Ok(document.bytes),
        Answer::NotModified => panic!("nothing was asked for on a condition"),
    }
}

fn text(_: usize, _: &str) -> Reply {
    Reply::ok(b"text")
}

#[tokio::test]
async fn a_certificate_that_is_named_is_good_for_itself() {
    // one that says that it is an authority's, and one whose issuer nobody knows
    let own = Server::tls_with(OWN, KEY, ALL_VERSIONS, None, text);
    let issued = Server::tls(text);
    for (server, pem) in [(&own, OWN), (&issued, include_bytes!("../testdata/server.pem"))] {
        let url = server.url("/x");
        assert!(get(options(), &url).await.is_err());
        let named = || ClientOptions { ca_bundles: bundle(pem), ..options() };
        assert_eq!(get(named(), &url).await.unwrap(), b"text");
        // the name counts as ever
        let elsewhere = Url::parse(&url.as_str().replacen("127.0.0.1", "localhost", 1)).unwrap();
        let error = get(named(), &elsewhere).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { cause: Cause::Certificate(_), .. }), "{error}");
    }
    let others = ClientOptions { ca_bundles: bundle(OWN), ..options() };
    assert!(get(others, &issued.url("/x")).await.is_err(), "it is good for nobody else");
}

#[tokio::test]
async fn a_certificate_that_is_named_expires_like_any_other() {
    let server = Server::tls_with(EXPIRED, KEY, ALL_VERSIONS, None, text);
    let named = ClientOptions { ca_bundles: bundle(EXPIRED), ..options() };
    let error = get(named, &server.url("/x")).await.unwrap_err();
    assert!(error.to_string().contains("it has expired"), "{error}");
}

fn verifier(optional: bool) -> Arc<dyn ClientCertVerifier> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(OWN).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if optional { builder.allow_unauthenticated().build().unwrap() } else { builder.build().unwrap() }
}

#[tokio::test]
async fn a_server_that_asks_is_shown_who_one_is() {
    for version in ALL_VERSIONS {
        let server = Server::tls_with(OWN, KEY, &[version], Some(verifier(false)), text);
        let url = server.url("/x");
        let trusting = || ClientOptions { ca_bundles: bundle(OWN), ..options() };
        let error = get(trusting(), &url).await.unwrap_err();
        assert!(error.to_string().contains("asks for a client certificate"), "{error}");
        assert!(error.hint().unwrap().contains("--client-certificate"), "{error}");

        let path = "tls.crt".as_ref();
        let both = [CLIENT, CLIENT_KEY].concat();
        for (certificate, key) in [(CLIENT, CLIENT_KEY), (both.as_slice(), both.as_slice())] {
            let identity = Some(Identity::of_files(path, certificate, "tls.key".as_ref(), key).unwrap());
            assert_eq!(get(ClientOptions { identity, ..trusting() }, &url).await.unwrap(), b"text");
        }
    }
}

#[tokio::test]
async fn a_server_that_asks_and_answers_all_the_same_is_understood() {
    // as nginx does it
    let refusing = |_: usize, _: &str| Reply::status("400 Bad Request");
    let server = Server::tls_with(OWN, KEY, ALL_VERSIONS, Some(verifier(true)), refusing);
    let trusting = ClientOptions { ca_bundles: bundle(OWN), ..options() };
    let error = get(trusting, &server.url("/x")).await.unwrap_err();
    assert!(error.to_string().contains("asks for a client certificate"), "{error}");
}

#[test]
fn what_is_no_certificate_with_its_key_is_refused() {
    let server_key = include_bytes!("../testdata/server.key").as_slice();
    for (certificate, key, word) in [
        (KEY, KEY, "tls.crt: there is no certificate"),
        (CLIENT, CLIENT, "tls.key: there is no key"),
        (
            CLIENT,
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "tls.key: ",
        ),
        (CLIENT, server_key, "tls.crt: it does not go with its key"),
    ] {
        let identity = Identity::of_files("tls.crt".as_ref(), certificate, "tls.key".as_ref(), key);
        let client = identity.and_then(|identity| {
            Client::with_environment(ClientOptions { identity: Some(identity), ..options() }, &|_| None)
        });
        let error = client.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.hint().is_some());
    }
}
