"""A proxy in front of a registry that has habits which others have: it sees each request whole, and answers some of them itself."""

import http.client
import http.server
import re
import threading


class Odd:
    """`busy_every=N` answers each Nth request by 429, `largest=BYTES` a larger body by 413; `without_scope` takes the scope out of what the
    registry says of tokens. `refused` counts what it has answered itself."""

    def __init__(self, target, busy_every=0, largest=None, without_scope=False):
        self.target, self.busy_every, self.largest, self.without_scope = target, busy_every, largest, without_scope
        self.asked, self.refused, self.lock = 0, 0, threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        # who is answered before all was sent may be gone
        self.server.handle_error = lambda *_: None
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def shutdown(self):
        self.server.shutdown()
        self.server.server_close()

    def own_answer(self, size):
        """The status by which a request is refused, or nothing."""
        with self.lock:
            self.asked += 1
            busy = self.busy_every and self.asked % self.busy_every == 0
            status = 429 if busy else 413 if self.largest is not None and size > self.largest else None
            self.refused += status is not None
            return status

    def handler(odd):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def pass_on(self):
                size = int(self.headers.get("Content-Length") or 0)
                status = odd.own_answer(size)
                body = self.rfile.read(size)
                if status:
                    return self.answer(status, [("Retry-After", "1")] if status == 429 else [], b"")
                # with the name that it was asked by, so that the registry says where uploads go on by that
                connection = http.client.HTTPConnection("127.0.0.1", odd.target, timeout=60)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
                response = connection.getresponse()
                headers = [(name, value) for name, value in response.getheaders()
                           if name.lower() not in ("connection", "transfer-encoding", "content-length")]
                if odd.without_scope:
                    headers = [(name, re.sub(r',scope="[^"]*"', "", value)) for name, value in headers]
                length = response.getheader("Content-Length")
                data = response.read()
                connection.close()
                return self.answer(response.status, headers, data, length if self.command == "HEAD" else None)

            def answer(self, status, headers, data, length=None):
                # whoever goes away has heard enough
                self.close_connection = self.close_connection or status in (413, 429)
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", length or str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

        return Handler
