"""Small packages: made by dpkg-deb, or byte by byte where dpkg-deb would refuse."""

import gzip
import hashlib
import io
import os
import subprocess
import tarfile
import threading
from dataclasses import dataclass
from pathlib import Path

EPOCH = 1_700_000_000
MAINTAINER = "Peers <peers@mirror.example>"


@dataclass(frozen=True)
class Deb:
    """A package file and the control file in it."""

    name: str
    version: str
    arch: str
    control: bytes
    path: Path

    @property
    def content(self):
        return self.path.read_bytes()

    @property
    def filename(self):
        """Its name in a pool, as dak would write it: without the epoch."""
        return f"{self.name}_{self.version.partition(':')[2] or self.version}_{self.arch}.deb"


def fields(text):
    """A control text from a dictionary; None leaves a field out."""
    return "".join(f"{key}: {value}\n" for key, value in text.items() if value is not None)


class Workshop:
    """Makes packages below a folder, each only once."""

    def __init__(self, folder):
        self.folder, self.made, self.lock = folder, {}, threading.Lock()
        folder.mkdir()

    def deb(self, name, version="1.0", arch="amd64", compression="gzip", mark="", **more):
        """A package as dpkg-deb makes it. Its one file says what it is; `mark` makes another of the same name."""
        key = (name, version, arch, compression, mark, tuple(sorted(more.items())))
        with self.lock:
            if key not in self.made:
                self.made[key] = self.make(key, more)
            return self.made[key]

    def make(self, key, more):
        name, version, arch, compression, mark, _ = key
        control = fields({"Package": name, "Version": version, "Architecture": arch, "Maintainer": MAINTAINER,
                          "Description": f"{name} of the peers", **{k.replace("_", "-"): v for k, v in more.items()}})
        root = self.folder / f"tree-{len(self.made)}"
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN/control").write_text(control)
        place = root / f"usr/share/peers/{name}"
        place.parent.mkdir(parents=True)
        place.write_text(f"{name} {version} {arch} {mark}\n")
        path = self.folder / f"{len(self.made)}.deb"
        # the same bytes on any day: apt takes versions that compare equal for one, if their packages are equally large
        subprocess.run(["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", root, path], check=True,
                       env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return Deb(name, version, arch, control.encode(), path)

    def raw(self, control, members=None, name="tool", version="1.0", arch="amd64"):
        """A package of these bytes: `control` is the control file, `members` are those of the ar archive."""
        content = ar(members or plain_members(control, name))
        with self.lock:
            path = self.folder / f"raw-{hashlib.sha256(content).hexdigest()[:16]}.deb"
        path.write_bytes(content)
        return Deb(name, version, arch, control, path)


def plain_members(control, name="tool"):
    return [("debian-binary", b"2.0\n"), ("control.tar.gz", gzipped(tar([("./control", control)]))),
            ("data.tar.gz", gzipped(tar([(f"./usr/share/peers/{name}", b"raw\n")])))]


def ar(members):
    """An ar archive as dpkg-deb writes it."""
    out = b"!<arch>\n"
    for name, content in members:
        out += f"{name:<16}{EPOCH:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    return out


def tar(files, form=tarfile.GNU_FORMAT):
    """A tar of `(name, bytes)`, `(name, None)` for a folder, or TarInfo with or without bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="latin-1") as archive:
        for name, content in with_parents(files):
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if info is not name:
                info.mtime, info.mode = EPOCH, 0o644 if content is not None else 0o755
                info.type = tarfile.REGTYPE if content is not None else tarfile.DIRTYPE
            if content is not None:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if content is not None else None)
    return out.getvalue()


def with_parents(files):
    """The folders of what is in a data archive stand before it, as dpkg-deb puts them."""
    seen = {name for name, content in files if isinstance(name, str) and content is None}
    for name, content in files:
        path = name if isinstance(name, str) else name.name
        if path.startswith("./usr/") and ".." not in path:
            parts = path.split("/")
            for count in range(2, len(parts)):
                folder = "/".join(parts[:count])
                if folder not in seen and folder + "/" not in seen and folder != path:
                    seen.add(folder)
                    yield folder, None
        yield name, content


def gzipped(content):
    return gzip.compress(content, mtime=0)
