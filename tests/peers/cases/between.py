"""What stands between: squid and apt-cacher-ng as proxies, apt-cacher-ng as a mirror, and the ways in which servers answer."""

import gzip
import lzma

from cases import case
from cases.releases import plain

PROXIED = ("plain", "by-hash", "plus-in-version", "unsigned", "missing", "detached", "flat", "xz")


def what(site, kind):
    """A repository of this kind, and its line."""
    if kind == "plus-in-version":
        site.repository().add(site.deb("tool", "1:1.0+deb12u1~x")).write()
    elif kind == "flat":
        plain(site, flat="./").write()
        return site.line(rest=f"{site.url} ./")
    elif kind != "missing":
        plain(site).write(how={"unsigned": "unsigned", "detached": "detached"}.get(kind, "both"), by_hash=kind == "by-hash",
                          Acquire_By_Hash="yes" if kind == "by-hash" else None, forms=("", ".gz", ".xz") if kind == "xz" else ("", ".gz"))
    return site.line()


for proxy in ("squid", "cacher"):
    for kind in PROXIED:
        @case(f"between/{proxy}-{kind}", first=kind == "plain")
        def proxied(site, proxy=proxy, kind=kind):
            return site.ask(list=what(site, kind), proxy=getattr(site.servers, proxy))

        @case(f"between/{proxy}-{kind}-again")
        def again(site, proxy=proxy, kind=kind):
            """From the cache."""
            return site.ask(list=what(site, kind), proxy=getattr(site.servers, proxy), then=lambda: None)

    @case(f"between/{proxy}-updated")
    def updated(site, proxy=proxy):
        """A cache that still has the old files."""
        repository = plain(site).write()

        def then():
            repository.add(site.deb("tool", "2.0", Depends="lib")).write()
        return site.ask(proxy=getattr(site.servers, proxy), then=then)

    @case(f"between/{proxy}-refused-mirror")
    def refused(site, proxy=proxy):
        plain(site).write()
        return site.ask(sources=site.source(uris=f"{site.dead} {site.url}"), proxy=getattr(site.servers, proxy))


@case("between/cacher-as-mirror")
def as_mirror(site):
    """The URI names apt-cacher-ng, and the mirror after it."""
    plain(site).write()
    return site.ask(sources=site.source(uris=f"{site.servers.cacher}/{site.url.partition('//')[2]}"))


@case("between/proxy-refused")
def proxy_refused(site):
    plain(site).write()
    return site.ask(proxy=f"http://127.0.0.1:{site.servers.dead_port}")


@case("between/proxy-is-no-proxy")
def no_proxy(site):
    plain(site).write()
    return site.ask(proxy=f"http://127.0.0.1:{site.servers.odd_port}")


# --- nginx ---------------------------------------------------------------------------------------------------
NGINX = {
    "redirect-301": "location $here/ { return 301 $scheme://$http_host/x$uri; } location /x$here/ { alias $root/; }",
    "redirect-302": "location $here/ { return 302 /x$uri; } location /x$here/ { alias $root/; }",
    "redirect-303": "location $here/ { return 303 /x$uri; } location /x$here/ { alias $root/; }",
    "redirect-307": "location $here/ { return 307 /x$uri; } location /x$here/ { alias $root/; }",
    "redirect-308": "location $here/ { return 308 /x$uri; } location /x$here/ { alias $root/; }",
    "redirect-debs-only": "location ~ ^$here/(.*\\.deb)$ { return 302 /x$here/$1; } location /x$here/ { alias $root/; }",
    "redirect-with-query": "location $here/ { return 302 /x$uri?Expires=1&Signature=a%2Bb~c&Key-Pair-Id=X; } location /x$here/ { alias $root/; }",
    "redirect-protocol-relative": "location $here/ { return 302 //127.0.0.1:$server_port/x$uri; } location /x$here/ { alias $root/; }",
    "redirect-chain": "location $here/ { return 302 /a$uri; } location /a$here/ { rewrite ^/a(.*)$ /b$1 redirect; } "
                      "location /b$here/ { rewrite ^/b(.*)$ /x$1 permanent; } location /x$here/ { alias $root/; }",
    "gzip-encoding": "location $here/ { gzip on; gzip_types *; gzip_min_length 1; }",
    "types-text": "location $here/ { types { } default_type text/plain; charset utf-8; }",
    "type-gzip": "location $here/ { types { application/x-gzip gz; } add_header Content-Encoding x-gzip; }",
    "etag-off": "location $here/ { etag off; if_modified_since off; add_header Last-Modified ''; }",
    "no-ranges": "location $here/ { max_ranges 0; }",
    "no-cache": "location $here/ { add_header Cache-Control no-store; expires -1; }",
    "close": "location $here/ { keepalive_timeout 0; }",
    "rate": "location $here/ { limit_rate 2k; }",
    "autoindex": "location $here/ { autoindex on; }",
    "inrelease-404-page": "location = $here/dists/stable/InRelease { default_type text/html; return 404 '<html></html>'; }",
    "inrelease-403": "location = $here/dists/stable/InRelease { return 403; }",
    "inrelease-204": "location = $here/dists/stable/InRelease { return 204; }",
    "error-page-200": "location $here/ { try_files $uri $here/index.html; }",
}
for label, text in NGINX.items():
    @case(f"between/nginx-{label}", first=label == "redirect-302")
    def nginx(site, text=text):
        plain(site).write()
        (site.folder / "index.html").write_text("<!DOCTYPE html><html><body>The vendor</body></html>\n")
        site.nginx(text)
        return site.ask()


# --- answers that no proper server gives --------------------------------------------------------------------
def chunked(handler, rest):
    """No length, chunk by chunk."""
    file = path_of(handler, rest)
    if not file.is_file():
        return 404
    content = file.read_bytes()
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for begin in range(0, len(content), 100):
        piece = content[begin:begin + 100]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")
    return b""


def path_of(handler, rest):
    return handler.server.servers.work / "sites" / handler.path.split("/")[1] / rest


def until_closed(handler, rest):
    file = path_of(handler, rest)
    if not file.is_file():
        return 404
    handler.close_connection = True
    return 200, {"Content-Length": None, "Connection": "close"}, file.read_bytes()


def with_headers(**headers):
    def answer(handler, rest):
        file = path_of(handler, rest)
        return (200, {key.replace("_", "-"): value for key, value in headers.items()}, file.read_bytes()) if file.is_file() else 404
    return answer


def unpacked(handler, rest):
    """Says that it is gzip, and sends it so: a server that was told that .gz is an encoding."""
    file = path_of(handler, rest)
    if not file.is_file():
        return 404
    return 200, {"Content-Encoding": "gzip"} if rest.endswith(".gz") else {}, file.read_bytes()


def encoded(handler, rest):
    """Packs what it sends, whatever the client accepts."""
    file = path_of(handler, rest)
    return (200, {"Content-Encoding": "gzip"}, gzip.compress(file.read_bytes())) if file.is_file() else 404


def soft_404(handler, rest):
    return None if path_of(handler, rest).is_file() else (200, {"Content-Type": "text/html"}, b"<html>not found</html>")


def wrong_length(handler, rest):
    file = path_of(handler, rest)
    if not file.is_file():
        return 404
    handler.close_connection = True
    return 200, {"Content-Length": file.stat().st_size + 10}, file.read_bytes()


def short(handler, rest):
    file = path_of(handler, rest)
    return (200, {}, file.read_bytes()[:-5]) if file.is_file() else 404


def by_whom(handler):
    """apt and aptlet each have a first time."""
    return handler.path, handler.headers.get("User-Agent", "")[:6]


def once_503(handler, rest):
    return 503 if handler.server.count(by_whom(handler)) == 1 else None


def once_429(handler, rest):
    return (429, {"Retry-After": "1"}, b"") if handler.server.count(by_whom(handler)) == 1 else None


def fresh_file(handler, rest):
    """Not modified, to whoever did not ask."""
    return 304


ANSWERS = {"chunked": chunked, "until-closed": until_closed, "gz-as-encoding": unpacked, "always-encoded": encoded, "soft-404": soft_404,
           "longer-length": wrong_length, "short": short, "304": fresh_file, "206": lambda handler, rest: (206, {}, path_of(handler, rest).read_bytes())
           if path_of(handler, rest).is_file() else 404,
           "header-latin1": with_headers(X_Vendor="gr\xfc\xdfe"), "header-empty": with_headers(X_Empty=""), "etag-odd": with_headers(ETag="W/odd"),
           "last-modified-odd": with_headers(Last_Modified="yesterday"), "date-absent": with_headers(Date="0"),
           "content-type-odd": with_headers(Content_Type="x"), "content-range": with_headers(Content_Range="bytes 0-1/2"),
           "redirect-no-location": lambda handler, rest: (302, {}, b""), "redirect-relative": lambda handler, rest: (
               None if rest.startswith("x/") else (302, {"Location": "../" * rest.count("/") + "x/" + rest}, b"")),
           "redirect-300": lambda handler, rest: (300, {}, b""), "redirect-to-ftp": lambda handler, rest: (302, {"Location": "ftp://x/"}, b"")}
for label, what_it_does in ANSWERS.items():
    @case(f"between/server-{label}")
    def answers(site, label=label, what_it_does=what_it_does):
        plain(site, folder="x" if label == "redirect-relative" else "").write()
        site.answer("", what_it_does)
        return site.ask(sources=site.source(uris=site.odd))

for label, how in (("once-503", once_503), ("once-429", once_429)):
    @case(f"between/server-{label}")
    def retried(site, how=how):
        plain(site).write()
        site.answer("", how)
        return site.ask(sources=site.source(uris=site.odd), apt_options=("-o", "Acquire::Retries=3"), aptlet_options=("--retries", "3"))


@case("between/server-xz-as-plain")
def xz_as_plain(site):
    """The server unpacks what is listed packed."""
    repository = plain(site).write(forms=(".xz",))
    path = repository.dist / "main/binary-amd64/Packages.xz"
    path.write_bytes(lzma.decompress(path.read_bytes()))
    return site.ask()
