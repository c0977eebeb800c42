"""nginx, squid and apt-cacher-ng as Debian packages them, and one server that does whatever a case tells it to."""

import http.server
import os
import random
import socket
import socketserver
import subprocess
import threading
import time
import urllib.parse

NGINX = """
worker_processes 1; pid {work}/nginx/pid; error_log {work}/nginx/error.log; daemon off; user root;
events {{ worker_connections 512; }}
http {{
  access_log {work}/nginx/access.log; default_type application/octet-stream;
  client_body_temp_path {work}/nginx/t1; proxy_temp_path {work}/nginx/t2; fastcgi_temp_path {work}/nginx/t3;
  uwsgi_temp_path {work}/nginx/t4; scgi_temp_path {work}/nginx/t5;
  limit_req_zone $server_name zone=slow:1m rate=20r/s; limit_conn_zone $server_name zone=few:1m;
  server {{
    listen 127.0.0.1:{port}; root {work}/sites;
    {snippets}
  }}
  server {{
    listen 127.0.0.1:{tls_port} ssl; root {work}/sites;
    ssl_certificate {work}/tls/server.crt; ssl_certificate_key {work}/tls/server.key;
  }}
  server {{
    listen 127.0.0.1:{mutual_port} ssl; root {work}/sites;
    ssl_certificate {work}/tls/server.crt; ssl_certificate_key {work}/tls/server.key;
    ssl_client_certificate {work}/tls/ca.crt; ssl_verify_client on;
  }}
  server {{
    listen 127.0.0.1:{self_port} ssl; root {work}/sites;
    ssl_certificate {work}/tls/self.crt; ssl_certificate_key {work}/tls/self.key;
  }}
}}
"""
SQUID = """
http_port 127.0.0.1:{squid_port}
http_access allow all
pid_filename none
cache_log {work}/squid/cache.log
access_log stdio:{work}/squid/access.log
cache_mem 16 MB
shutdown_lifetime 0 seconds
pinger_enable off
visible_hostname peers
netdb_filename none
coredump_dir {work}/squid
"""
CACHER = """
CacheDir: {work}/cacher/cache
LogDir: {work}/cacher/log
SupportDir: /usr/lib/apt-cacher-ng
Port: {cacher_port}
BindAddress: 127.0.0.1
AllowUserPorts: 0
ForeGround: 1
ReportPage:
PidFile: {work}/cacher/pid
SocketPath:
Remap-peers: http://peers.example/debian ; http://127.0.0.1:{port}/between-remapped
"""
PORTS = ("port", "tls_port", "mutual_port", "self_port", "odd_port", "dead_port", "squid_port", "cacher_port")
OPENSSL = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=peers-ca -keyout ca.key -out ca.crt \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
for who in server client; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$who -keyout $who.key -out $who.csr
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth\\n' >ext
    openssl x509 -req -in $who.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $who.crt
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout self.key -out self.crt \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1
"""


def free_ports():
    """Below 32768: apt-cacher-ng cannot listen on those above, and no client's connection takes them meanwhile."""
    for port in random.sample(range(10_000, 32_768), 1000):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        yield port


class Servers:
    """All servers of a run: configured while cases are made, then started."""

    def __init__(self, work):
        self.work, self.snippets, self.rules, self.processes = work, [], {}, []
        for name, port in zip(PORTS, free_ports()):
            setattr(self, name, port)
        for folder in ("nginx", "squid", "cacher", "cacher/cache", "cacher/log", "cacher/etc", "tls"):
            (work / folder).mkdir()
        subprocess.run(["sh", "-euc", OPENSSL], cwd=work / "tls", check=True, stderr=subprocess.DEVNULL)

    @property
    def squid(self):
        return f"http://127.0.0.1:{self.squid_port}"

    @property
    def cacher(self):
        return f"http://127.0.0.1:{self.cacher_port}"

    def start(self):
        known = {name: getattr(self, name) for name in PORTS}
        for path, text in (("nginx/conf", NGINX), ("squid/conf", SQUID), ("cacher/etc/acng.conf", CACHER)):
            (self.work / path).write_text(text.format(work=self.work, snippets="\n".join(self.snippets), **known))
        for folder, user in (("squid", "proxy"), ("cacher", "apt-cacher-ng")):
            subprocess.run(["chown", "-R", user, self.work / folder], check=True)
        self.odd_server = OddServer(("127.0.0.1", self.odd_port), self)
        threading.Thread(target=self.odd_server.serve_forever, daemon=True).start()
        self.run("nginx", ["/usr/sbin/nginx", "-p", self.work / "nginx", "-c", self.work / "nginx/conf"], self.port)
        self.run("squid", ["/usr/sbin/squid", "-N", "-f", self.work / "squid/conf"], self.squid_port)
        self.run("cacher", ["setpriv", "--reuid=apt-cacher-ng", "--regid=apt-cacher-ng", "--clear-groups",
                            "/usr/sbin/apt-cacher-ng", "-c", self.work / "cacher/etc"], self.cacher_port)

    def run(self, name, command, port):
        said = self.work / f"{name}.out"
        with said.open("wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.processes.append(process)
        for _ in range(200):
            if process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{name} does not listen: {said.read_text()[-600:]}")

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        if hasattr(self, "odd_server"):
            self.odd_server.shutdown()


class OddServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, servers):
        self.servers, self.counts, self.lock = servers, {}, threading.Lock()
        super().__init__(address, Handler)

    def handle_error(self, *_):
        """A client that goes away is no fault."""

    def count(self, key):
        with self.lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the folders of the cases, but for what their rules say."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        _, slug, rest = (path.split("/", 2) + ["", ""])[:3]
        for pattern, what in self.server.servers.rules.get(slug, ()):
            if pattern.search(rest + ("?" + query if query else "")):
                answer = what(self, rest) if callable(what) else what
                if answer == b"":
                    return  # it was sent already
                if answer is not None:
                    self.reply(*((answer, {}, b"") if isinstance(answer, int) else answer))
                    return
        self.serve(self.server.servers.work / "sites" / slug / urllib.parse.unquote(rest))

    def serve(self, file):
        if file.is_file() and os.access(file, os.R_OK):
            self.reply(200, {}, file.read_bytes())
        else:
            self.reply(404, {}, b"not found\n")

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in ({"Content-Length": len(body)} | headers).items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""
