//! As much of HTTP/1.1 (RFC 9112) as the server of the tests needs: requests without a body, answers with one.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};

use jiff::{Timestamp, fmt::rfc2822};

use super::deb::sha256;

/// The longest request head, in bytes.
const MAX_HEAD: u64 = 64 * 1024;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Which connection it came on; from 1.
    pub(crate) connection: u64,
    pub(crate) method: String,
    /// The target as sent: `/pool/g%2b%2b.deb?x`, or a whole URL to a proxy.
    pub(crate) target: String,
    /// The target decoded, without its query, leading slash and `.` segments: `pool/g++.deb`.
    pub(crate) path: String,
    /// In the order sent.
    pub(crate) headers: Vec<(String, String)>,
    version: String,
}

impl Request {
    /// The value of the first header of this name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Reads the next request; `None` where the client has closed the connection.
    pub(super) fn read(reader: &mut impl BufRead, connection: u64) -> io::Result<Option<Self>> {
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let mut lines = reader.take(MAX_HEAD).lines();
        let Some(first) = lines.next().transpose()? else { return Ok(None) };
        let [method, target, version] = first.split(' ').collect::<Vec<_>>()[..] else {
            return Err(bad("request line"));
        };
        let mut headers = Vec::new();
        loop {
            let line = lines.next().transpose()?.ok_or_else(|| bad("unfinished head"))?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| bad("header"))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let path = target.split('?').next().unwrap_or_default();
        // apt leaves the `./` of a flat suite in what it asks for
        let path = path.split('/').filter(|&segment| segment != ".").collect::<Vec<_>>().join("/");
        Ok(Some(Self {
            connection,
            method: method.to_owned(),
            target: target.to_owned(),
            path: decode(path.strip_prefix('/').unwrap_or(&path)),
            headers,
            version: version.to_owned(),
        }))
    }

    /// Whether the connection ends after the answer. It does after a body, which nobody reads here.
    pub(super) fn wants_close(&self) -> bool {
        let token = self.header("Connection").unwrap_or_default();
        self.version != "HTTP/1.1"
            || token.eq_ignore_ascii_case("close")
            || self.header("Content-Length").is_some_and(|length| length != "0")
            || self.header("Transfer-Encoding").is_some()
    }

    /// The head of this request for the origin server, without what was meant for the proxy.
    pub(super) fn forwarded(&self, target: &str) -> String {
        let mut head = format!("{} {target} HTTP/1.1\r\nConnection: close\r\n", self.method);
        for (name, value) in &self.headers {
            let lower = name.to_ascii_lowercase();
            if lower != "connection" && !lower.starts_with("proxy-") {
                write!(head, "{name}: {value}\r\n").unwrap();
            }
        }
        head + "\r\n"
    }
}

pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(super) fn error(status: u16) -> Self {
        Self::new(status, format!("{status} {}\n", reason(status)).into_bytes())
    }

    /// Answers from a file, with what RFC 9110 says on conditions and on a single range of bytes.
    pub(super) fn of_file(request: &Request, data: &[u8], modified: Timestamp, ranges: bool) -> Self {
        let etag = format!("\"{}\"", &sha256(data)[..16]);
        let last_modified = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&modified).unwrap();
        let is_current = match (request.header("If-None-Match"), request.header("If-Modified-Since")) {
            (Some(tags), _) => tags == "*" || tags.split(',').any(|tag| tag.trim() == etag),
            (None, Some(since)) => rfc2822::DateTimeParser::new()
                .parse_timestamp(since.replace(" GMT", " +0000"))
                .is_ok_and(|since| since >= modified),
            (None, None) => false,
        };
        let same = request.header("If-Range").is_none_or(|held| held == etag || held == last_modified);
        let length = data.len();
        let range = request.header("Range").filter(|_| ranges && same);
        let response = match range.and_then(|range| parse_range(range, length)) {
            _ if is_current => Self::new(304, Vec::new()),
            Some(Some((start, end))) => Self::new(206, data[start..end].to_vec())
                .header("Content-Range", format!("bytes {start}-{}/{length}", end - 1)),
            Some(None) => Self::error(416).header("Content-Range", format!("bytes */{length}")),
            None => Self::new(200, data.to_vec()),
        };
        response
            .header("ETag", etag)
            .header("Last-Modified", last_modified)
            .header("Accept-Ranges", if ranges { "bytes" } else { "none" })
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Writes the answer, or as much of it as `limit` bytes of its body.
    pub(super) fn write(
        &self,
        out: &mut impl Write,
        request: &Request,
        limit: Option<usize>,
        close: bool,
    ) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if self.status != 304 {
            write!(head, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        if close {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        out.write_all(head.as_bytes())?;
        if request.method != "HEAD" && self.status != 304 {
            let length = limit.unwrap_or(usize::MAX).min(self.body.len());
            out.write_all(&self.body[..length])?;
        }
        out.flush()
    }
}

/// The one range of a `Range` header over a body of `length` bytes, its end excluded; `Some(None)` where it
/// cannot be satisfied, `None` where the header is to be ignored (RFC 9110, section 14.2).
#[allow(clippy::option_option)]
fn parse_range(header: &str, length: usize) -> Option<Option<(usize, usize)>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(start), Ok(last)) if start <= last => (start, length.min(last.saturating_add(1))),
        (Ok(start), Err(_)) if last.is_empty() => (start, length),
        (Err(_), Ok(suffix)) if first.is_empty() => (length.saturating_sub(suffix), length),
        _ => return None,
    };
    Some((start < end).then_some((start, end)))
}

fn decode(path: &str) -> String {
    let mut out = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) if byte == b'%' => {
                out.push(decoded);
                rest = &tail[2..];
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Other",
    }
}
