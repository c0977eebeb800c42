//! A registry on the loopback, in memory: as much of the OCI's distribution specification as a push and a pull need. It remembers what
//! it was asked and fails as told.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use crate::support::deb::sha256;

/// How long a peer may be silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it came in.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    /// With the query, as it was sent.
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub(super) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// As registries tell errors.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(status)
            .body(format!(r#"{{"errors":[{{"code":"{code}","message":"{message}","detail":null}}]}}"#))
    }
}

/// What is done with a request instead of answering it.
pub(super) enum Fault {
    Answer(Reply),
    /// So many bytes of the body are taken into the upload, then the connection is closed.
    Break(usize),
    /// The connection is closed without an answer, but all is done.
    Forget,
}

type Rule = Box<dyn FnMut(&Asked, usize) -> Option<Fault> + Send>;

#[derive(Default)]
struct State {
    blobs: BTreeMap<String, Vec<u8>>,
    /// By repository and tag or digest, with their media types.
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    uploads: BTreeMap<String, Vec<u8>>,
    began: usize,
    asked: Vec<Asked>,
    rule: Option<Rule>,
    lists_referrers: bool,
}

pub(super) struct Registry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Registry {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || {
                    let _ = serve(stream, &state);
                });
            }
        });
        Self { address, state }
    }

    /// `HOST:PORT`.
    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What goes wrong: `rule` gets each request and its number, from 0.
    pub(super) fn rule(&self, rule: impl FnMut(&Asked, usize) -> Option<Fault> + Send + 'static) {
        self.state().rule = Some(Box::new(rule));
    }

    /// Answers with `OCI-Subject` from now on.
    pub(super) fn list_referrers(&self) {
        self.state().lists_referrers = true;
    }

    /// All requests so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    pub(super) fn forget_requests(&self) {
        self.state().asked.clear();
    }

    pub(super) fn blobs(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().blobs.clone()
    }

    pub(super) fn manifest(&self, repository: &str, name: &str) -> Option<Vec<u8>> {
        let key = (repository.to_owned(), name.to_owned());
        self.state().manifests.get(&key).map(|(_, bytes)| bytes.clone())
    }

    /// Names of manifests: tags and digests.
    pub(super) fn names(&self, repository: &str) -> Vec<String> {
        let state = self.state();
        state.manifests.keys().filter(|(of, _)| of == repository).map(|(_, name)| name.clone()).collect()
    }
}

impl Registry {
    /// Puts a blob there; returns what names it.
    pub(super) fn put_blob(&self, kind: &str, bytes: &[u8]) -> serde_json::Value {
        let digest = format!("sha256:{}", sha256(bytes));
        self.state().blobs.insert(digest.clone(), bytes.to_vec());
        serde_json::json!({ "mediaType": kind, "digest": digest, "size": bytes.len() })
    }

    /// Puts a manifest there under a name; returns its digest.
    pub(super) fn put_manifest(&self, repository: &str, name: &str, text: &serde_json::Value) -> String {
        let bytes = serde_json::to_vec(text).unwrap();
        let digest = format!("sha256:{}", sha256(&bytes));
        for name in [name, &digest] {
            let kind = text["mediaType"].as_str().unwrap().to_owned();
            self.state().manifests.insert((repository.to_owned(), name.to_owned()), (kind, bytes.clone()));
        }
        digest
    }

    /// Has other bytes under a digest from now on.
    pub(super) fn spoil_blob(&self, digest: &str) {
        self.state().blobs.get_mut(digest).unwrap()[0] ^= 1;
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    while let Some((mut asked, length)) = head(&mut reader)? {
        let number = {
            let mut state = state.lock().unwrap();
            state.asked.push(asked.clone());
            state.asked.len() - 1
        };
        let fault = {
            let mut guard = state.lock().unwrap();
            let mut rule = guard.rule.take();
            let fault = rule.as_mut().and_then(|rule| rule(&asked, number));
            guard.rule = rule;
            fault
        };
        if let Some(Fault::Break(taken)) = fault {
            let mut body = vec![0; taken.min(length)];
            reader.read_exact(&mut body)?;
            if let Some(upload) = state.lock().unwrap().uploads.get_mut(upload_of(&asked.target)) {
                upload.extend(body);
            }
            return out.shutdown(std::net::Shutdown::Both);
        }
        asked.body = vec![0; length];
        reader.read_exact(&mut asked.body)?;
        let reply = match fault {
            Some(Fault::Answer(reply)) => reply,
            Some(Fault::Forget) => {
                answer(&asked, &mut state.lock().unwrap());
                return out.shutdown(std::net::Shutdown::Both);
            }
            _ => answer(&asked, &mut state.lock().unwrap()),
        };
        let mut text = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
        for (name, value) in &reply.headers {
            text += &format!("{name}: {value}\r\n");
        }
        out.write_all(format!("{text}\r\n").as_bytes())?;
        if asked.method != "HEAD" {
            out.write_all(&reply.body)?;
        }
    }
    Ok(())
}

fn head(reader: &mut BufReader<TcpStream>) -> io::Result<Option<(Asked, usize)>> {
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let [method, target, _] = line.split_whitespace().collect::<Vec<_>>()[..] else { return Err(bad()) };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            None if line.trim_end().is_empty() => break,
            None => return Err(bad()),
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
        };
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    Ok(Some((Asked { method, target, headers, body: Vec::new() }, length)))
}

fn upload_of(target: &str) -> &str {
    target.split('?').next().unwrap().rsplit('/').next().unwrap()
}

fn query<'a>(target: &'a str, name: &str) -> Option<String> {
    let found: Vec<&'a str> = target.split(['?', '&']).skip(1).collect();
    let value = found.into_iter().find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
    Some(value.replace("%3A", ":").replace("%2F", "/"))
}

fn answer(asked: &Asked, state: &mut State) -> Reply {
    let path = asked.target.split('?').next().unwrap();
    let Some(path) = path.strip_prefix("/v2/") else { return Reply::new(404) };
    if path.is_empty() {
        return Reply::new(200);
    }
    if let Some((repository, name)) = path.split_once("/manifests/") {
        return manifest(asked, state, repository, name);
    }
    let Some((repository, rest)) = path.split_once("/blobs/") else { return Reply::new(404) };
    let Some(upload) = rest.strip_prefix("uploads/") else {
        return match (asked.method.as_str(), state.blobs.get(rest)) {
            ("GET" | "HEAD", Some(blob)) => Reply::new(200).body(blob.clone()),
            _ => Reply::error(404, "BLOB_UNKNOWN", "blob unknown to registry"),
        };
    };
    let place = |upload: &str| format!("/v2/{repository}/blobs/uploads/{upload}?_state=x");
    if upload.is_empty() {
        let wanted = query(&asked.target, "mount").filter(|digest| state.blobs.contains_key(digest));
        if wanted.is_some() && query(&asked.target, "from").is_some() {
            return Reply::new(201);
        }
        state.began += 1;
        let upload = format!("u{}", state.began);
        state.uploads.insert(upload.clone(), Vec::new());
        return Reply::new(202).header("Location", place(&upload));
    }
    let Some(held) = state.uploads.get_mut(upload) else {
        return Reply::error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    };
    match asked.method.as_str() {
        "PATCH" => {
            let start =
                asked.headers.get("content-range").map(|range| range.split('-').next().unwrap().parse());
            if start.is_some_and(|start| start != Ok(held.len())) {
                return Reply::new(416).header("Range", format!("0-{}", held.len().saturating_sub(1)));
            }
            held.extend(&asked.body);
            let range = format!("0-{}", held.len().saturating_sub(1));
            Reply::new(202).header("Location", place(upload)).header("Range", range)
        }
        "PUT" => {
            held.extend(&asked.body);
            let bytes = state.uploads.remove(upload).unwrap();
            let digest = format!("sha256:{}", sha256(&bytes));
            if query(&asked.target, "digest").as_ref() != Some(&digest) {
                return Reply::error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
            }
            state.blobs.insert(digest, bytes);
            Reply::new(201)
        }
        "GET" => Reply::new(204)
            .header("Location", place(upload))
            .header("Range", format!("0-{}", held.len().saturating_sub(1))),
        _ => {
            state.uploads.remove(upload);
            Reply::new(204)
        }
    }
}

fn manifest(asked: &Asked, state: &mut State, repository: &str, name: &str) -> Reply {
    let key = (repository.to_owned(), name.to_owned());
    if asked.method != "PUT" {
        return match state.manifests.get(&key) {
            Some((kind, bytes)) => Reply::new(200).header("Content-Type", kind.clone()).body(bytes.clone()),
            None => Reply::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        };
    }
    let text: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    let layers = text["layers"].as_array().cloned().unwrap_or_default();
    let named = layers.iter().chain(text.get("config")).map(|blob| blob["digest"].as_str().unwrap());
    for digest in named {
        if !state.blobs.contains_key(digest) {
            return Reply::error(404, "MANIFEST_BLOB_UNKNOWN", digest);
        }
    }
    let kind = asked.headers["content-type"].clone();
    let digest = format!("sha256:{}", sha256(&asked.body));
    for name in [name, &digest] {
        let key = (repository.to_owned(), name.to_owned());
        state.manifests.insert(key, (kind.clone(), asked.body.clone()));
    }
    let reply = Reply::new(201).header("Docker-Content-Digest", digest);
    match text["subject"]["digest"].as_str().filter(|_| state.lists_referrers) {
        Some(subject) => reply.header("OCI-Subject", subject),
        None => reply,
    }
}
