//! What a server can do with HTTP itself, whatever it is asked for.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::server::{repeats, sends, stalls};
use super::{Case, IN_RELEASE, TOOL};

const AT_ONCE: Duration = Duration::ZERO;
const SLOWLY: Duration = Duration::from_millis(700);
const OK: &str = "HTTP/1.1 200 OK\r\n";

pub(super) fn cases() -> Vec<Case> {
    let case = Case::new;
    let number = AtomicUsize::new(0);
    let versions = AtomicUsize::new(0);
    vec![
        case("a head without end", IN_RELEASE, repeats(OK, "X-More: 0123456789\r\n", AT_ONCE)),
        case(
            "a header without end",
            IN_RELEASE,
            repeats("HTTP/1.1 200 OK\r\nX-More: ", "0123456789", AT_ONCE),
        ),
        case("a status line without end", IN_RELEASE, repeats("HTTP/1.1 200 ", "OK ", AT_ONCE)),
        case("a head that dribbles", IN_RELEASE, repeats(OK, "X: y\r\n", SLOWLY)),
        case(
            "more to come for ever",
            IN_RELEASE,
            repeats("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", AT_ONCE),
        ),
        case("no status line", IN_RELEASE, sends("what do you want?\r\n\r\n")),
        case("a header that is none", IN_RELEASE, sends("HTTP/1.1 200 OK\r\nin valid: x\r\n\r\n")),
        case("nothing at all", IN_RELEASE, stalls("")),
        case("nothing after the head", IN_RELEASE, stalls("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")),
        case(
            "a length of exabytes",
            IN_RELEASE,
            repeats(
                "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
                vec![b'x'; 65536],
                AT_ONCE,
            ),
        ),
        case(
            "two lengths",
            IN_RELEASE,
            sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        ),
        case(
            "a chunk with an extension without end",
            IN_RELEASE,
            repeats("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "xxxxxxxxxx", AT_ONCE),
        ),
        case(
            "a chunk size without end",
            IN_RELEASE,
            repeats("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0000000000", AT_ONCE),
        ),
        case(
            "trailers without end",
            IN_RELEASE,
            repeats("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", AT_ONCE),
        ),
        case(
            "redirects that never come back",
            "Release",
            Box::new(move |stream, _| {
                let number = number.fetch_add(1, Ordering::SeqCst);
                write!(
                    stream,
                    "HTTP/1.1 302 Found\r\nLocation: /{number}/InRelease\r\nContent-Length: 0\r\n\r\n"
                )
            }),
        ),
        case(
            "a redirect to a place of a megabyte",
            IN_RELEASE,
            sends(format!("HTTP/1.1 302 Found\r\nLocation: /{}\r\n\r\n", "x".repeat(1 << 20))),
        ),
        case(
            "an error page without end",
            IN_RELEASE,
            repeats("HTTP/1.1 500 Oh\r\n\r\n", vec![b'x'; 65536], AT_ONCE),
        ),
        case("too busy for ever", IN_RELEASE, sends("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")),
        case(
            "too busy for a year",
            IN_RELEASE,
            sends("HTTP/1.1 429 Busy\r\nRetry-After: 31536000\r\nContent-Length: 0\r\n\r\n"),
        ),
        case(
            "too busy, again and again",
            IN_RELEASE,
            sends("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"),
        ),
        case("one byte now and then", IN_RELEASE, repeats("HTTP/1.1 200 OK\r\n\r\n", "x", SLOWLY)),
        case(
            "one byte of a package now and then",
            TOOL,
            repeats("HTTP/1.1 200 OK\r\nContent-Length: 200600\r\n\r\n", "x", SLOWLY),
        ),
        case(
            "one byte for each connection",
            TOOL,
            Box::new(|stream, head| {
                let from =
                    head.lines().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-'));
                match from.and_then(|from| from.parse::<usize>().ok()) {
                    None => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 200600\r\n\r\nx"),
                    Some(from) => write!(
                        stream,
                        "HTTP/1.1 206 Some\r\nContent-Range: bytes {from}-200599/200600\r\nContent-Length: {}\r\n\r\nx",
                        200_600 - from
                    ),
                }
            }),
        ),
        case(
            "another version each time",
            TOOL,
            Box::new(move |stream, _| {
                let number = versions.fetch_add(1, Ordering::SeqCst);
                write!(stream, "HTTP/1.1 200 OK\r\nETag: \"{number}\"\r\nContent-Length: 200600\r\n\r\nxxxx")
            }),
        ),
        case("a package without end", TOOL, repeats("HTTP/1.1 200 OK\r\n\r\n", vec![b'x'; 65536], AT_ONCE)),
    ]
}
