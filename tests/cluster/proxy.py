"""A proxy for http with a login: proxy.py ADDRESS PORT USER:PASSWORD. Whatever host is asked for is the address itself, port 80.
Prints the first line of each request that it forwards."""

import base64
import http.client
import http.server
import sys
import urllib.parse


class Proxy(http.server.BaseHTTPRequestHandler):
    login = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Proxy-Authorization") != self.login:
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        print(self.requestline, flush=True)
        url = urllib.parse.urlsplit(self.path)
        upstream = http.client.HTTPConnection(self.server.server_address[0], 80, timeout=30)
        resumed = {key: self.headers[key] for key in ("Range", "If-Range") if key in self.headers}
        upstream.request("GET", url.path, headers={"Host": url.netloc, **resumed})
        answer = upstream.getresponse()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("connection", "server", "date"):
                self.send_header(key, value)
        self.end_headers()
        while part := answer.read(1 << 16):
            self.wfile.write(part)
        upstream.close()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Proxy.login = "Basic " + base64.b64encode(sys.argv[3].encode()).decode()
    http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Proxy).serve_forever()
