#!/usr/bin/python3
"""What jobs talk to, on the loopback of a network namespace that is otherwise empty.

    server.py FOLDER      serves FOLDER/www; says "ready" on standard output when all listen

8080 http, 8443 https with FOLDER/server.pem, 5300/udp DNS (192.0.2.7 for every name), 3890 LDAP (one empty entry).
"""
import fcntl
import functools
import http.server
import socket
import socketserver
import ssl
import struct
import sys
import threading

folder = sys.argv[1]

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
    request = fcntl.ioctl(anything, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
    flags = struct.unpack("16sh14x", request)[1]
    fcntl.ioctl(anything, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Names(socketserver.BaseRequestHandler):
    def handle(self):
        query, out = self.request
        end = query.index(b"\0", 12) + 5
        # one answer, to the name at offset 12
        header = query[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
        answer = bytes.fromhex("c00c 0001 0001 0000003c 0004 c0000207")
        out.sendto(header + query[12:end] + answer, self.client_address)


class Directory(socketserver.BaseRequestHandler):
    # LDAPMessage with resultCode success: bindResponse, searchResultEntry, searchResultDone
    BOUND = bytes.fromhex("300c 0201 00 6107 0a0100 0400 0400")
    ENTRY = bytes.fromhex("300e 0201 00 6409 0405") + b"o=top" + bytes.fromhex("3000")
    DONE = bytes.fromhex("300c 0201 00 6507 0a0100 0400 0400")

    def handle(self):
        while message := self.request.recv(4096):
            number, operation = message[4:5], message[5]
            replies = {0x60: [self.BOUND], 0x63: [self.ENTRY, self.DONE]}.get(operation, [])
            for reply in replies:
                self.request.sendall(reply[:4] + number + reply[5:])


handler = functools.partial(Files, directory=f"{folder}/www")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/server.pem")
secure = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), handler)
secure.socket = context.wrap_socket(secure.socket, server_side=True)
servers = [
    secure,
    http.server.ThreadingHTTPServer(("127.0.0.1", 8080), handler),
    socketserver.ThreadingUDPServer(("127.0.0.1", 5300), Names),
    socketserver.ThreadingTCPServer(("127.0.0.1", 3890), Directory),
]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
