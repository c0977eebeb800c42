#!/usr/bin/python3
"""Serves the machine's own mirrors on a loopback port, and logs what was asked for.

usage: forward.py SOURCES FOLDER [KEPT]

SOURCES holds lines `deb URI SUITE COMPONENT…`. Each URI is served at http://127.0.0.1:PORT/NAME, NAME being the
last part of its path (`debian`). What is below /tampered/NAME is the same, but for one changed word in each
InRelease. FOLDER gets
  forward.list  SOURCES with those URIs; written last, so that it says that the server is up
  port          the port
  requests      one line for each request: METHOD PATH STATUS BYTES
With a folder KEPT, what cannot change (packages, and indexes that are named by their digest) is fetched once and then
served from there. It ends when its parent does.
"""

import contextlib
import functools
import os
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PASSED_ON = ["If-None-Match", "If-Modified-Since", "Range", "If-Range", "User-Agent"]
PASSED_BACK = ["Content-Type", "Content-Range", "Content-Length", "ETag", "Last-Modified", "Accept-Ranges"]
TAMPERED = "/tampered"


def read_sources(text):
    """The lines as lists of words, and the URI of each name."""
    lines, upstreams = [], {}
    for line in text.splitlines():
        words = line.split()
        uri = words[1].rstrip("/")
        name = urlsplit(uri).path.rstrip("/").rsplit("/", 1)[-1] or "root"
        while upstreams.setdefault(name, uri) != uri:
            name += "-"
        lines.append([*words, name])
    return lines, upstreams


def patient_open(request, tries=3):
    """A name server that is busy is not what is tested here."""
    while True:
        tries -= 1
        try:
            return urllib.request.urlopen(request, timeout=60)
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError) or not tries:
                raise
        time.sleep(1)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        path = self.path.removeprefix(TAMPERED)
        name, _, rest = path.lstrip("/").partition("/")
        if name not in self.server.upstreams:
            return self.answer(404, {}, b"")
        kept = self.place_of(path)
        if kept and kept.exists():
            return self.serve(kept)
        headers = {key: self.headers[key] for key in PASSED_ON if key in self.headers}
        request = urllib.request.Request(f"{self.server.upstreams[name]}/{rest}", headers=headers, method=self.command)
        try:
            upstream = patient_open(request)
        except urllib.error.HTTPError as error:
            return self.answer(error.code, {}, b"")
        except OSError as error:
            print(f"{self.path}: {error}", file=sys.stderr)
            return self.answer(502, {}, b"")
        with upstream:
            back = {key: upstream.headers[key] for key in PASSED_BACK if key in upstream.headers}
            if path != self.path and path.endswith("InRelease"):
                body = upstream.read().replace(b"\nCodename: ", b"\nCodename: x", 1)
                return self.answer(upstream.status, {**back, "Content-Length": str(len(body))}, body)
            if "Content-Length" in back:
                if kept and self.command == "GET" and upstream.status == 200:
                    return self.keep(upstream, back, kept)
                self.stream(upstream, back)
                return None
            return self.answer(upstream.status, back, upstream.read())

    do_HEAD = do_GET

    def place_of(self, path):
        """Where a file that cannot change is kept, or None."""
        parts = path.lstrip("/").split("/")
        if self.server.kept is None or ".." in parts or not (path.endswith(".deb") or "by-hash" in parts):
            return None
        return self.server.kept.joinpath(*parts)

    def keep(self, upstream, headers, kept):
        """Passes a file on; it takes its place once all of it has come."""
        with tempfile.NamedTemporaryFile(dir=self.server.kept) as copy:
            if not self.stream(upstream, headers, copy):
                return
            copy.flush()
            kept.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.link(copy.name, kept)

    def serve(self, file):
        with file.open("rb") as body:
            self.begin(200, {"Content-Length": str(os.fstat(body.fileno()).st_size)})
            if self.command == "GET":
                self.wfile.flush()
                self.connection.sendfile(body)

    def stream(self, upstream, headers, copy=None):
        """Whether all of it has come."""
        self.begin(upstream.status, headers)
        sent = 0
        while chunk := upstream.read(256 << 10):
            self.wfile.write(chunk)
            sent += len(chunk)
            if copy:
                copy.write(chunk)
        complete = sent == int(headers["Content-Length"])
        if self.command == "GET" and not complete:
            self.close_connection = True
        return complete

    def answer(self, status, headers, body):
        self.begin(status, {"Content-Length": str(len(body)), **headers})
        if self.command == "GET" and status != 304:
            self.wfile.write(body)

    def begin(self, status, headers):
        # before the body: who has the last byte may look at the log at once
        with self.server.lock, self.server.requests.open("a") as file:
            file.write(f"{self.command} {self.path} {status} {headers.get('Content-Length', 0)}\n")
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        # a client that hangs up is no news
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    # a name server need not be asked for every file
    socket.getaddrinfo = functools.cache(socket.getaddrinfo)
    sources, folder = Path(sys.argv[1]), Path(sys.argv[2])
    parent = os.getppid()
    server = Server(("127.0.0.1", 0), Handler)
    lines, server.upstreams = read_sources(sources.read_text())
    server.lock, server.requests = threading.Lock(), folder / "requests"
    server.kept = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    server.requests.touch()
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "port").write_text(f"{port}\n")
    fresh = folder / "forward.list.new"
    fresh.write_text("".join(f"deb http://127.0.0.1:{port}/{name} {' '.join(rest)}\n" for _, _, *rest, name in lines))
    fresh.rename(folder / "forward.list")
    while os.getppid() == parent:
        time.sleep(0.5)


if __name__ == "__main__":
    main()
