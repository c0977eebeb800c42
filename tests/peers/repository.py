"""Repositories as programs write them, with a place to change each byte of them."""

import bz2
import gzip
import hashlib
import lzma
import subprocess
import time
from email.utils import formatdate

from debs import fields

COMPRESSED = {
    "": lambda content: content,
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".xz": lambda content: lzma.compress(content, preset=0),
    ".bz2": bz2.compress,
    ".lzma": lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE, preset=0),
    ".zst": lambda content: piped(content, "zstd", "-q", "-c"),
    ".lz4": lambda content: piped(content, "lz4", "-q", "-c"),
}
DIGESTS = {"MD5Sum": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}
# what the same digest is called in a stanza
IN_STANZA = {"MD5Sum": "MD5sum"}


def piped(content, *command):
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


def digest(name, content):
    return hashlib.new(DIGESTS[name], content).hexdigest()


def date(days=0.0):
    """Now, or days later, as RFC 1123 with GMT turned into UTC, as most programs write it."""
    return formatdate(time.time() + days * 86400, usegmt=True).replace("GMT", "UTC")


class Repository:
    """One suite of a repository. What is not said is as Debian does it."""

    def __init__(self, site, folder="", suite="stable", components=("main",), archs=("amd64",), flat=None):
        self.site, self.keys = site, site.world.keys
        self.root = site.folder / folder if folder else site.folder
        self.suite, self.components, self.archs, self.flat = suite, list(components), list(archs), flat
        self.dist = self.root / flat if flat is not None else self.root / "dists" / suite
        self.stanzas = {}
        self.root.mkdir(parents=True, exist_ok=True)

    def add(self, deb, component=None, filename=None, digests=("MD5Sum", "SHA256"), raw=None, arch=None, place=None, **more):
        """Puts a package into the pool, and its stanza into the index. `more` sets fields of the stanza, None leaves one out;
        `raw` changes its bytes; `place` is where the file is, if not where the stanza says."""
        component = component or self.components[0]
        if filename is None:
            prefix = "" if self.flat is not None else f"pool/{component}/{deb.name[0]}/{deb.name}/"
            filename = (f"{self.flat.rstrip('/')}/" if self.flat not in (None, "", ".", "./") else "") + prefix + deb.filename
        target = self.root / (place or filename)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = deb.content
        target.write_bytes(content)
        added = {"Filename": filename, "Size": len(content),
                 **{IN_STANZA.get(name, name): digest(name, content) for name in digests}}
        stanza = deb.control
        changed = {**added, **{key.replace("_", "-"): value for key, value in more.items()}}
        for key in changed:
            stanza = b"".join(line for line in stanza.splitlines(True) if not line.startswith(f"{key}:".encode()))
        stanza += fields(changed).encode()
        self.stanza(raw(stanza) if raw else stanza, component, arch or (self.archs[0] if deb.arch == "all" else deb.arch))
        return self

    def stanza(self, content, component=None, arch=None):
        """A stanza of these bytes."""
        key = (component or self.components[0], arch or self.archs[0])
        self.stanzas.setdefault(key, []).append(content)
        return self

    def index_paths(self):
        if self.flat is not None:
            return {"Packages": b"\n".join(one for all_of in self.stanzas.values() for one in all_of)}
        keys = dict.fromkeys([(c, a) for c in self.components for a in self.archs] + list(self.stanzas))
        return {f"{component}/binary-{arch}/Packages": b"\n".join(self.stanzas.get((component, arch), []))
                for component, arch in keys}

    def write(self, forms=("", ".gz"), listed=None, packages=lambda content: content, release=lambda content: content,
              digests=("MD5Sum", "SHA256"), sign="main", how="both", options=(), only=None, by_hash=False, extra=(), **more):
        """Writes indexes and Release files. `forms` are those that are there and `listed` those that the Release names; `more`
        are fields of the Release; `packages` and `release` change bytes before they are digested and signed; `extra` are more
        files of the Release, `(path, bytes)`."""
        listed = forms if listed is None else listed
        files = dict(extra)
        self.dist.mkdir(parents=True, exist_ok=True)
        for path, plain in self.index_paths().items():
            plain = packages(plain)
            for form in dict.fromkeys((*forms, *listed)):
                content = COMPRESSED[form](plain)
                if form in listed and (only is None or path in only):
                    files[path + form] = content
                if form in forms:
                    self.put(path + form, content)
                if by_hash and form in listed:
                    self.put(f"{path.rsplit('/', 1)[0]}/by-hash/SHA256/{digest('SHA256', content)}", content)
        for path, content in extra:
            self.put(path, content)
        text = {"Origin": "Peers", "Label": "Peers", "Suite": self.suite, "Codename": self.suite, "Date": date(),
                "Architectures": " ".join(self.archs), "Components": " ".join(self.components)}
        if self.flat is not None:
            text.pop("Components")
            text.pop("Suite")
            text.pop("Codename")
        text |= {key.replace("_", "-"): value for key, value in more.items()}
        body = fields(text)
        for name in digests:
            body += f"{name}:\n" + "".join(
                f" {digest(name, content)} {len(content):>16} {path}\n" for path, content in sorted(files.items()))
        self.publish(release(body.encode()), sign, how, options)
        return self

    def publish(self, body, sign="main", how="both", options=()):
        """The Release of these bytes: signed inline, detached, `both`, or not at all; or not even there."""
        if how in ("both", "inline") and sign:
            self.put("InRelease", self.keys.sign(body, sign, "--clearsign", options))
        if how in ("both", "detached", "unsigned"):
            self.put("Release", body)
        if how in ("both", "detached") and sign:
            self.put("Release.gpg", self.keys.sign(body, sign, "--detach-sign", options))
        return self

    def put(self, path, content):
        target = self.dist / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
