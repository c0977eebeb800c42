//! The server and the proxy of the test support, seen by a client that shows the bytes as they come.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::server::{Fault, Server};

struct Client(BufReader<TcpStream>);

/// Status, head and body; the body as far as it came.
type Answer = (u16, String, Vec<u8>);

impl Client {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    fn get(&mut self, target: &str, headers: &str) -> Option<Answer> {
        write!(self.0.get_mut(), "GET {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").ok()?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length =
            head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or("0", str::trim);
        let mut body = Vec::new();
        self.0.by_ref().take(length.parse().unwrap()).read_to_end(&mut body).unwrap();
        Some((head[9..12].parse().unwrap(), head, body))
    }
}

fn get(server: &Server, target: &str, headers: &str) -> Option<Answer> {
    Client::connect(server).get(target, headers)
}

fn field<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.1.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

#[test]
fn the_server_keeps_connections_and_records_requests() {
    let server = Server::start();
    server.put("pool/g++.deb", "0123456789");
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/pool/g%2b%2b.deb?x=1", "X-Test: yes\r\n").unwrap().2, b"0123456789");
    assert_eq!(client.get("/missing", "").unwrap().0, 404);
    assert_eq!(client.get("/pool/g++.deb", "Connection: close\r\n").unwrap().0, 200);
    assert!(client.get("/pool/g++.deb", "").is_none(), "the connection is over");
    assert_eq!(get(&server, "/missing", "").unwrap().0, 404);

    let requests = server.requests();
    let seen: Vec<_> = requests.iter().map(|request| (request.connection, request.path.as_str())).collect();
    assert_eq!(seen, [(1, "pool/g++.deb"), (1, "missing"), (1, "pool/g++.deb"), (2, "missing")]);
    assert_eq!(
        (requests[0].target.as_str(), requests[0].header("x-test")),
        ("/pool/g%2b%2b.deb?x=1", Some("yes"))
    );
    assert_eq!(server.count(|request| request.path == "missing"), 2);
    server.forget();
    assert!(server.requests().is_empty());
}

#[test]
fn the_server_knows_ranges_and_conditions() {
    let server = Server::start();
    server.put("x", "0123456789");
    let first = get(&server, "/x", "").unwrap();
    let (etag, modified) = (field(&first, "ETag"), field(&first, "Last-Modified"));
    for (headers, status, body) in [
        ("Range: bytes=4-\r\n".to_owned(), 206, "456789"),
        ("Range: bytes=4-5\r\n".to_owned(), 206, "45"),
        ("Range: bytes=-3\r\n".to_owned(), 206, "789"),
        ("Range: bytes=10-\r\n".to_owned(), 416, "416 Range Not Satisfiable\n"),
        ("Range: lines=1-2\r\n".to_owned(), 200, "0123456789"),
        (format!("Range: bytes=8-\r\nIf-Range: {etag}\r\n"), 206, "89"),
        ("Range: bytes=8-\r\nIf-Range: \"other\"\r\n".to_owned(), 200, "0123456789"),
        (format!("If-None-Match: \"other\", {etag}\r\n"), 304, ""),
        (format!("If-Modified-Since: {modified}\r\n"), 304, ""),
    ] {
        let answer = get(&server, "/x", &headers).unwrap();
        assert_eq!((answer.0, answer.2), (status, body.into()), "{headers}");
    }
    server.put("x", "new");
    assert_eq!(get(&server, "/x", &format!("If-None-Match: {etag}\r\n")).unwrap().0, 200);
    assert_eq!(get(&server, "/x", &format!("If-Modified-Since: {modified}\r\n")).unwrap().0, 200);
}

#[test]
fn the_server_fails_as_told() {
    let server = Server::start();
    server.put("x", "0123456789");
    for fault in [
        Fault::Status(404),
        Fault::Truncate(3),
        Fault::Bytes(b"wrong".to_vec()),
        Fault::Close,
        Fault::Redirect("/y".to_owned()),
        Fault::IgnoreRange,
    ] {
        server.fail_times("x", 1, fault);
    }
    let next = || get(&server, "/x", "Range: bytes=1-\r\n");
    assert_eq!(next().unwrap().0, 404);
    let cut = next().unwrap();
    assert_eq!((field(&cut, "Content-Length"), cut.2.as_slice()), ("9", &b"123"[..]));
    assert_eq!(next().unwrap().2, b"rong");
    assert!(next().is_none());
    assert_eq!(field(&next().unwrap(), "Location"), "/y");
    assert_eq!(next().unwrap().2, b"0123456789");
    assert_eq!(next().unwrap().2, b"123456789", "all faults are used up");

    server.fail("x", Fault::Delay(Duration::from_millis(1)));
    assert_eq!(next().unwrap().0, 206);
    server.heal("x");
    server.fail("x", Fault::Stall(4));
    let mut client = Client::connect(&server);
    client.0.get_mut().write_all(b"GET /x HTTP/1.1\r\n\r\n").unwrap();
    let mut received = String::new();
    while !received.ends_with("\r\n\r\n") {
        client.0.read_line(&mut received).unwrap();
    }
    let mut body = [0; 4];
    client.0.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"0123");
    // ends the silence, or this test would not end
    drop(server);
    assert_eq!(client.0.read(&mut body).unwrap(), 0);
}

#[test]
fn the_proxy_forwards_only_where_it_was_told_to() {
    let (server, proxy) = (Server::start(), Server::proxy());
    server.put("x", "0123456789");
    proxy.route("mirror.example", &server);
    let answer =
        get(&proxy, "http://mirror.example/x", "Proxy-Authorization: Basic eA==\r\nRange: bytes=8-\r\n");
    assert_eq!(answer.unwrap().2, b"89");
    assert_eq!(get(&proxy, &format!("{}/x", server.url()), "").unwrap().0, 200);
    assert_eq!(get(&proxy, "http://ftp.debian.org/x", "").unwrap().0, 502);
    assert_eq!(get(&proxy, "/x", "").unwrap().0, 400);
    proxy.fail("http://mirror.example/x", Fault::Status(407));
    assert_eq!(get(&proxy, "http://mirror.example/x", "").unwrap().0, 407);

    assert_eq!(proxy.requests()[0].path, "http://mirror.example/x");
    assert!(proxy.requests()[0].header("proxy-authorization").is_some());
    assert_eq!(server.requests().len(), 2);
    assert!(server.requests()[0].header("proxy-authorization").is_none());
}
