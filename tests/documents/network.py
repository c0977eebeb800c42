"""What the documents' host names lead to: the mirrors of this machine, and a repository made here, behind one proxy.

The proxy answers for any host. What is asked for decides: /debian and /debian-security are the machine's own mirrors,
/tools is a repository with one package, `tool`, signed with a key of this run; /private is the same for those who log in as
user:password, and /frozen the same with a Release that has expired. https is ended here, with a certificate of an authority
of this run.
"""

import base64
import functools
import hashlib
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
import forward  # noqa: E402

LOGIN = "Basic " + base64.b64encode(b"user:password").decode()
CONTROL = """\
Package: tool
Version: 1.0
Architecture: all
Maintainer: tests <tests@mirror.example>
Installed-Size: 10
Depends: jq
Description: what a repository of your own may have
"""
HOSTS = ("mirror.example", "ftp.debian.org", "security.debian.org")


def machine_sources():
    """The URIs of Debian's archive and of its security fixes, as apt on this machine has them."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = {}
    for uri, release, component in map(str.split, listed.splitlines()):
        if component == "main" and re.fullmatch(r"[a-z]+(-updates|-security)?", release):
            found.setdefault("debian-security" if release.endswith("-security") else "debian", uri.rstrip("/"))
    return found


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, stdin=options.pop("stdin", subprocess.DEVNULL), **options)


def authority(folder):
    """A certificate authority and one certificate for all hosts: paths of authority, certificate, key."""
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout"]
    run(*request, "ca.key", "-out", "ca.crt", "-subj", "/CN=tests", cwd=folder)
    request = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout"]
    run(*request, "host.key", "-out", "host.csr", "-subj", "/CN=host", cwd=folder)
    (folder / "extensions").write_text(f"subjectAltName={names}\n")
    sign = ["openssl", "x509", "-req", "-in", "host.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
    run(*sign, "-extfile", "extensions", "-out", "host.crt", cwd=folder)
    return folder / "ca.crt", folder / "host.crt", folder / "host.key"


def date(days=0):
    """So many days from now, as a Release has it."""
    return formatdate(time.time() + days * 86400, usegmt=True).replace("GMT", "UTC")


def package(folder):
    """A .deb, by its path."""
    tree = folder / "tool"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(CONTROL)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/tool").write_text("#!/usr/bin/env jq -nf\n1+1\n")
    (tree / "usr/bin/tool").chmod(0o755)
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, folder / "tool_1.0_all.deb")
    return folder / "tool_1.0_all.deb"


def repository(folder):
    """A signed repository with one package; its public key is tools.asc and tools.gpg there. `frozen` is its Release as one
    that was valid for a day, long ago."""
    deb = package(folder)
    (folder / "pool").mkdir()
    data = deb.read_bytes()
    (folder / "pool" / deb.name).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    binary = folder / "dists/stable/main/binary-amd64"
    binary.mkdir(parents=True)
    packages = f"{CONTROL}Filename: pool/{deb.name}\nSize: {len(data)}\nSHA256: {digest}\n".encode()
    (binary / "Packages").write_bytes(packages)
    sums = f" {hashlib.sha256(packages).hexdigest()} {len(packages)} main/binary-amd64/Packages\n"
    head = "Origin: tools\nSuite: stable\nCodename: stable\nArchitectures: amd64 all\nComponents: main\n"
    frozen = f"{head}Date: {date(-10)}\nValid-Until: {date(-9)}\nSHA256:\n{sums}"
    release = f"{head}Date: {date()}\nSHA256:\n{sums}"
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
    run(*gpg, "--quick-generate-key", "tools", "rsa2048", "sign", "2d")
    for place, text in ((folder / "dists/stable", release), (folder / "frozen/dists/stable", frozen)):
        place.mkdir(parents=True, exist_ok=True)
        (place / "InRelease").write_bytes(run(*gpg, "--clearsign", input=text.encode(), stdin=None).stdout)
    (folder / "tools.asc").write_bytes(run(*gpg, "--armor", "--export").stdout)
    (folder / "tools.gpg").write_bytes(run(*gpg, "--export").stdout)
    run("gpgconf", "--homedir", home, "--kill", "all")
    return folder


class Handler(forward.Handler):
    def do_GET(self):
        self.path = urllib.parse.urlsplit(self.path).path
        name, _, rest = self.path.lstrip("/").partition("/")
        if name == "private" and self.headers["Authorization"] != LOGIN:
            return self.answer(401, {"WWW-Authenticate": 'Basic realm="private"'}, b"")
        if name not in ("tools", "private", "frozen"):
            return super().do_GET()
        if name == "frozen" and rest.endswith("Release"):
            rest = f"frozen/{rest}"
        file = (self.server.tools / rest).resolve()
        if not file.is_relative_to(self.server.tools.resolve()) or not file.is_file():
            return self.answer(404, {}, b"")
        self.answer(200, {}, file.read_bytes())
        return None

    do_HEAD = do_GET

    def finish(self):
        super().finish()
        # the server closes the one that it accepted; one for TLS took its place
        self.connection.close()

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        try:
            self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        except ssl.SSLError:
            # a client that does not trust the authority says so itself
            self.close_connection = True
            return
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False


class Network:
    """The proxy, in threads of this process, until it is closed."""

    def __init__(self, folder, kept):
        socket.getaddrinfo = functools.cache(socket.getaddrinfo)
        self.sources = machine_sources()
        certificates, tools = folder / "certificates", folder / "tools"
        for place in (certificates, tools, kept):
            place.mkdir(exist_ok=True, parents=True)
        self.authority, certificate, key = authority(certificates)
        self.tools = repository(tools)
        self.digest = hashlib.sha256((tools / "tool_1.0_all.deb").read_bytes()).hexdigest()
        self.server = forward.Server(("127.0.0.1", 0), Handler)
        self.server.upstreams, self.server.tools, self.server.kept = self.sources, tools, kept
        self.server.requests, self.server.lock = folder / "requests", threading.Lock()
        self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.context.load_cert_chain(certificate, key)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def environment(self):
        return {"http_proxy": self.url, "https_proxy": self.url}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
