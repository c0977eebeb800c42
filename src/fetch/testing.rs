//! A small HTTP server that misbehaves as told, for the tests of this module.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use url::Url;

use super::client::{Client, ClientOptions};

/// What the server sends, before it closes the connection.
pub(super) struct Reply {
    head: String,
    body: Vec<u8>,
}

impl Reply {
    pub(super) fn status(line: &str) -> Self {
        Self { head: format!("HTTP/1.1 {line}\r\nConnection: close\r\n"), body: Vec::new() }
    }

    pub(super) fn ok(body: &[u8]) -> Self {
        Self::status("200 OK").header(&format!("Content-Length: {}", body.len())).body(body)
    }

    /// Obeys a `Range: bytes=N-` of the request.
    pub(super) fn range(request: &str, body: &[u8]) -> Self {
        let Some(start) = request.lines().find_map(|line| {
            line.to_lowercase().strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
        }) else {
            return Self::ok(body);
        };
        let (last, size) = (body.len() - 1, body.len());
        Self::status("206 Partial Content")
            .header(&format!(
                "Content-Range: bytes {start}-{last}/{size}\r\nContent-Length: {}",
                size - start
            ))
            .body(&body[start..])
    }

    pub(super) fn header(mut self, header: &str) -> Self {
        self.head += header;
        self.head += "\r\n";
        self
    }

    pub(super) fn body(mut self, body: &[u8]) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// Sends no more than the first bytes of the body.
    pub(super) fn cut(mut self, length: usize) -> Self {
        self.body.truncate(length);
        self
    }
}

pub(super) struct Server {
    scheme: &'static str,
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request, of which `reply` gets the number (from 0) and the head.
    pub(super) fn new(reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve("http", reply, |stream| Box::new(stream))
    }

    /// The same over TLS; its CA is [`CA`].
    pub(super) fn tls(reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Self {
        let (certificate, key) =
            (include_bytes!("testdata/server.pem"), include_bytes!("testdata/server.key"));
        Self::tls_with(certificate, key, rustls::ALL_VERSIONS, None, reply)
    }

    /// The same with another certificate, for clients of which `clients` verifies who they are.
    pub(super) fn tls_with(
        certificate: &[u8],
        key: &[u8],
        versions: &[&'static rustls::SupportedProtocolVersion],
        clients: Option<Arc<dyn ClientCertVerifier>>,
        reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            rustls::ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let config = match clients {
            Some(clients) => config.with_client_cert_verifier(clients),
            None => config.with_no_client_auth(),
        };
        let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
        Self::serve("https", reply, move |stream| {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            Box::new(rustls::StreamOwned::new(connection, stream))
        })
    }

    fn serve(
        scheme: &'static str,
        reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Box<dyn Stream> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (reply, heads) = (Arc::new(reply), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(mut stream) = stream.ok().map(&wrap) else { continue };
                let (reply, heads) = (Arc::clone(&reply), Arc::clone(&heads));
                std::thread::spawn(move || {
                    let Some(head) = read_head(&mut stream) else { return };
                    let number = {
                        let mut heads = heads.lock().unwrap();
                        heads.push(head.clone());
                        heads.len() - 1
                    };
                    let Reply { head, body } = reply(number, &head);
                    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
                    let _ = stream.write_all(&body);
                    let _ = stream.flush();
                });
            }
        });
        Self { scheme, address, requests }
    }

    pub(super) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}://{}{path}", self.scheme, self.address)).unwrap()
    }

    /// The heads of all requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// The certificate of the CA of [`Server::tls`].
pub(super) const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fetch/testdata/ca.pem");

/// Options that do not make a test wait.
pub(super) fn options() -> ClientOptions {
    ClientOptions { backoff: Duration::from_millis(1), ..ClientOptions::default() }
}

/// A client in an empty environment.
pub(super) fn client() -> Client {
    Client::with_environment(options(), &|_| None).unwrap()
}
