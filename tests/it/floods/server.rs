//! A server that is right but for one path, where it does as it likes with the connection.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::support::repository::Files;

/// What is done to a connection after a request, whose head is given.
pub(super) type Act = Box<dyn Fn(&mut TcpStream, &str) -> io::Result<()> + Send + Sync>;

pub(super) struct Hostile {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    files: BTreeMap<String, Vec<u8>>,
    path: &'static str,
    act: Act,
    stopping: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Hostile {
    pub(super) fn start(files: Files, path: &'static str, act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { files, path, act, stopping: AtomicBool::new(false), streams: Mutex::default() };
        let shared = Arc::new(shared);
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let _ = stream.set_write_timeout(Some(Duration::from_secs(20)));
                own.streams.lock().unwrap().extend(stream.try_clone());
                let shared = Arc::clone(&own);
                thread::spawn(move || {
                    let _ = converse(&shared, stream);
                });
            }
        });
        Self { address, shared }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for stream in self.shared.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(TcpStream::connect(self.address));
    }
}

fn converse(shared: &Shared, mut stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        if path.ends_with(shared.path) {
            (shared.act)(&mut stream, &head)?;
            return stream.shutdown(Shutdown::Both);
        }
        match shared.files.get(&path) {
            Some(data) => {
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", data.len())?;
                stream.write_all(data)?;
            }
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?,
        }
    }
}

/// Sends this, and says no more.
pub(super) fn sends(bytes: impl Into<Vec<u8>>) -> Act {
    let bytes = bytes.into();
    Box::new(move |stream, _| stream.write_all(&bytes))
}

/// A whole answer.
pub(super) fn answers(body: impl Into<Vec<u8>>) -> Act {
    let body = body.into();
    sends([format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes(), body].concat())
}

/// Sends this, and then for ever that, with a pause after each.
pub(super) fn repeats(first: &'static str, again: impl Into<Vec<u8>>, pause: Duration) -> Act {
    let again = again.into();
    Box::new(move |stream, _| {
        stream.write_all(first.as_bytes())?;
        loop {
            stream.write_all(&again)?;
            if !pause.is_zero() {
                thread::sleep(pause);
            }
        }
    })
}

/// Sends this, and keeps the connection open.
pub(super) fn stalls(first: &'static str) -> Act {
    Box::new(move |stream, _| {
        stream.write_all(first.as_bytes())?;
        thread::sleep(Duration::from_mins(1));
        Ok(())
    })
}
