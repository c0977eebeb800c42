//! An HTTP/1.1 server on the loopback that serves files from memory, remembers what it was asked and fails as
//! told. It can also be a forward proxy. It stops, with all its threads, when it is dropped.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpSocket;

use super::deb::MTIME;
pub(crate) use super::http::Request;
use super::http::Response;

/// Connections at one time; further ones are closed without an answer.
const MAX_CONNECTIONS: usize = 128;
/// How long a peer may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This status, and a short text as the body.
    Status(u16),
    /// The right headers and this many bytes of the body, then the connection is closed.
    Truncate(usize),
    /// The right headers and this many bytes of the body, then silence until the server is dropped.
    Stall(usize),
    /// Other bytes than those of the file.
    Bytes(Vec<u8>),
    /// Other bytes, in an answer that does not say how many: it ends with the connection.
    Undeclared(Vec<u8>),
    /// The right answer, this much later.
    Delay(Duration),
    /// The connection is closed without an answer.
    Close,
    /// 302 to this location.
    Redirect(String),
    /// The whole file, whatever `Range` asks for.
    IgnoreRange,
}

/// A server that is down: connections are refused. It keeps its port as long as it is kept, so that nobody else answers there.
pub(crate) struct Down(TcpSocket);

impl Down {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Self(socket)
    }

    /// As [`Server::url`].
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }
}

/// The server. Paths have no leading slash and are as decoded: `pool/main/g/g++_1.deb`.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    stopped: Condvar,
    proxy: bool,
}

#[derive(Default)]
struct State {
    stopping: bool,
    files: BTreeMap<String, File>,
    /// In the order in which they come true, each with the number of times left.
    faults: BTreeMap<String, VecDeque<(usize, Fault)>>,
    requests: Vec<Request>,
    connections: HashMap<u64, TcpStream>,
    last_connection: u64,
    changes: u64,
    routes: BTreeMap<String, SocketAddr>,
}

#[derive(Clone)]
struct File {
    data: Arc<Vec<u8>>,
    modified: Timestamp,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::listen(Shared::default())
    }

    /// A forward proxy for plain HTTP. It reaches loopback addresses and [routes](Self::route), nothing else.
    /// The path of a request in absolute form is its whole URL, for faults too. Of these, a proxy has those
    /// that do not cut or choose parts of a body.
    pub(crate) fn proxy() -> Self {
        Self::listen(Shared { proxy: true, ..Shared::default() })
    }

    fn listen(shared: Shared) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(shared);
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As a proxy: `host` is `server`, whatever the port.
    pub(crate) fn route(&self, host: &str, server: &Server) {
        self.shared.state().routes.insert(host.to_owned(), server.address);
    }

    /// Serves `data` at `path` from now on. New bytes get a new `ETag` and a later `Last-Modified`.
    pub(crate) fn put(&self, path: &str, data: impl Into<Vec<u8>>) {
        let data = Arc::new(data.into());
        let mut state = self.shared.state();
        if state.files.get(path).is_some_and(|file| file.data == data) {
            return;
        }
        state.changes += 1;
        let modified = since_start(state.changes);
        state.files.insert(path.to_owned(), File { data, modified });
    }

    /// Serves a repository below `folder` (`debian`), or at the root where that is empty.
    pub(crate) fn put_all(&self, folder: &str, files: &BTreeMap<String, Vec<u8>>) {
        for (path, data) in files {
            self.put(format!("{folder}/{path}").trim_start_matches('/'), data.clone());
        }
    }

    pub(crate) fn remove(&self, path: &str) {
        self.shared.state().files.remove(path);
    }

    /// Every request for `path` goes wrong like this, after the faults that it has already.
    pub(crate) fn fail(&self, path: &str, fault: Fault) {
        self.fail_times(path, usize::MAX, fault);
    }

    /// The next `times` requests for `path` go wrong like this, after the faults that it has already.
    pub(crate) fn fail_times(&self, path: &str, times: usize, fault: Fault) {
        assert_ne!(times, 0, "a fault that never happens");
        let partial = matches!(fault, Fault::Truncate(_) | Fault::Stall(_) | Fault::IgnoreRange);
        assert!(!(partial && self.shared.proxy), "a proxy passes on bodies as they are");
        self.shared.state().faults.entry(path.to_owned()).or_default().push_back((times, fault));
    }

    /// Takes back all faults of `path`.
    pub(crate) fn heal(&self, path: &str) {
        self.shared.state().faults.remove(path);
    }

    /// All requests since the start or [`forget`](Self::forget), in the order in which they came in.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    pub(crate) fn count(&self, predicate: impl Fn(&Request) -> bool) -> usize {
        self.shared.state().requests.iter().filter(|request| predicate(request)).count()
    }

    pub(crate) fn forget(&self) {
        self.shared.state().requests.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.state().stopping = true;
        self.shared.stopped.notify_all();
        // wakes the acceptor
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Makes `stream` one that ends with the server; `None` if there are too many.
    fn admit(&self, stream: &TcpStream) -> io::Result<Option<u64>> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut state = self.state();
        if state.stopping || state.connections.len() >= MAX_CONNECTIONS {
            return Ok(None);
        }
        state.last_connection += 1;
        let id = state.last_connection;
        state.connections.insert(id, stream.try_clone()?);
        Ok(Some(id))
    }

    fn dismiss(&self, id: u64) {
        if let Some(stream) = self.state().connections.remove(&id) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn sleep(&self, time: Duration) {
        drop(self.stopped.wait_timeout_while(self.state(), time, |state| !state.stopping));
    }
}

impl State {
    fn take_fault(&mut self, path: &str) -> Option<Fault> {
        let faults = self.faults.get_mut(path)?;
        let (times, fault) = faults.front_mut()?;
        let fault = fault.clone();
        *times -= 1;
        if *times == 0 {
            faults.pop_front();
        }
        Some(fault)
    }
}

fn accept(listener: &TcpListener, shared: &Shared) {
    thread::scope(|threads| {
        for stream in listener.incoming().flatten() {
            if shared.state().stopping {
                break;
            }
            threads.spawn(move || {
                if let Ok(Some(id)) = shared.admit(&stream) {
                    // what goes wrong here is the client's affair, and its test's
                    let _ = converse(shared, id, &stream);
                    shared.dismiss(id);
                }
            });
        }
        for stream in shared.state().connections.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
}

fn converse(shared: &Shared, connection: u64, mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader, connection)? {
        let (fault, file) = {
            let mut state = shared.state();
            state.requests.push(request.clone());
            (state.take_fault(&request.path), state.files.get(&request.path).cloned())
        };
        let mut cut = None;
        let mut ranges = true;
        let mut other = None;
        match fault {
            None => {}
            Some(Fault::Close) => return Ok(()),
            Some(Fault::Undeclared(data)) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                return stream.write_all(&data);
            }
            Some(Fault::Delay(time)) => shared.sleep(time),
            Some(Fault::Truncate(length)) => cut = Some((length, false)),
            Some(Fault::Stall(length)) => cut = Some((length, true)),
            Some(Fault::IgnoreRange) => ranges = false,
            Some(Fault::Bytes(data)) => {
                other = Some(Response::of_file(&request, &data, since_start(0), true));
            }
            Some(Fault::Status(status)) => other = Some(Response::error(status)),
            Some(Fault::Redirect(to)) => other = Some(Response::error(302).header("Location", to)),
        }
        if other.is_none() && shared.proxy {
            return forward(shared, &request, stream);
        }
        let response = other.unwrap_or_else(|| match file {
            _ if request.method != "GET" && request.method != "HEAD" => Response::error(405),
            Some(file) => Response::of_file(&request, &file.data, file.modified, ranges),
            None => Response::error(404),
        });
        let close = request.wants_close();
        response.write(&mut stream, &request, cut.map(|(length, _)| length), close)?;
        if matches!(cut, Some((_, true))) {
            shared.sleep(Duration::MAX);
        }
        if close || cut.is_some() {
            break;
        }
    }
    Ok(())
}

fn since_start(seconds: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(MTIME + seconds)
}

/// Hands a request in absolute form (RFC 9112, section 3.2.2) on, and the answer back until its end.
fn forward(shared: &Shared, request: &Request, mut client: &TcpStream) -> io::Result<()> {
    let refuse = |status| Response::error(status).write(&mut &*client, request, None, true);
    if request.method == "CONNECT" {
        return refuse(501);
    }
    let Some((authority, path)) =
        request.target.strip_prefix("http://").and_then(|rest| rest.split_once('/'))
    else {
        return refuse(400);
    };
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let route = shared.state().routes.get(host).copied();
    let known =
        route.or_else(|| authority.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback()));
    let Some(Ok(upstream)) = known.map(TcpStream::connect) else {
        return refuse(502);
    };
    let Some(id) = shared.admit(&upstream)? else {
        return refuse(503);
    };
    let mut relay = || {
        (&upstream).write_all(request.forwarded(&format!("/{path}")).as_bytes())?;
        io::copy(&mut &upstream, &mut client)
    };
    let result = relay();
    shared.dismiss(id);
    result.map(drop)
}
