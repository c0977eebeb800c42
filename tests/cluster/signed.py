"""A small repository of a test's own beside the frozen part of Debian, signed with a key of its own: for what Debian does not
have today, such as a newer version, a Release that has expired, a signature that is bad."""

import hashlib
import shutil
import tempfile
import textwrap
import time
from pathlib import Path

from archive import architecture
from cluster import command


def deb(folder, name, version, files, depends=""):
    """A package with these files (path: text), executable below usr/bin."""
    with tempfile.TemporaryDirectory() as tree:
        tree = Path(tree)
        tree.chmod(0o755)
        for path, text in files.items():
            place = tree / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            place.chmod(0o755 if "bin/" in path else 0o644)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: test <test@mirror.example>\n"
        control += (f"Depends: {depends}\n" if depends else "") + "Description: test\n"
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/control").write_text(control, encoding="utf-8")
        made = Path(folder) / f"{name}_{version}_all.deb"
        command(["dpkg-deb", "--root-owner-group", "--build", tree, made])
    return made


class Repository:
    """`folder` is what is served, `key` the text of the public key. `publish` may be called again, with other packages."""

    def __init__(self, folder, suite="test"):
        self.folder, self.suite = Path(folder), suite
        self.home = tempfile.mkdtemp(prefix="aptlet-gpg.")
        self.gpg = ["gpg", "--homedir", self.home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        command([*self.gpg, "--quick-generate-key", "test <test@mirror.example>", "ed25519", "sign", "2d"])
        self.key = command([*self.gpg, "--armor", "--export"])

    def sources(self, url, signed_by="test.asc"):
        """As it stands in a ConfigMap, whose key test.asc is `key`."""
        return f"Types: deb\nURIs: {url}\nSuites: {self.suite}\nComponents: main\nSigned-By: {signed_by}\n"

    def publish(self, debs, **fields):
        """Writes pool, index and Release anew. fields: further ones of the Release; Valid_Until=-3600 is an hour ago."""
        stanzas = []
        (self.folder / "pool").mkdir(parents=True, exist_ok=True)
        for path in debs:
            data = Path(path).read_bytes()
            (self.folder / "pool" / Path(path).name).write_bytes(data)
            where = f"Filename: pool/{Path(path).name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
            stanzas.append(command(["dpkg-deb", "--field", path]).rstrip() + "\n" + where)
        index = f"main/binary-{architecture()}/Packages"
        packages = "\n".join(stanzas).encode()
        dist = self.folder / "dists" / self.suite
        (dist / index).parent.mkdir(parents=True, exist_ok=True)
        (dist / index).write_bytes(packages)
        stamp = lambda seconds: time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(time.time() + seconds))  # noqa: E731
        fields = {key.replace("_", "-"): stamp(value) if isinstance(value, int) else value for key, value in fields.items()}
        release = {"Origin": "test", "Suite": self.suite, "Codename": self.suite, "Date": stamp(-60), "Architectures": architecture(),
                   "Components": "main", **fields}
        text = "".join(f"{key}: {value}\n" for key, value in release.items())
        text += f"SHA256:\n {hashlib.sha256(packages).hexdigest()} {len(packages)} {index}\n"
        signed = command([*self.gpg, "--clearsign", "--output", "-"], input=text)
        (dist / "InRelease.new").write_text(signed, encoding="utf-8")
        (dist / "InRelease.new").rename(dist / "InRelease")

    def close(self):
        command(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False)
        shutil.rmtree(self.home, ignore_errors=True)


def configmap(name, **keys):
    """The text of a ConfigMap; `__` in a key stands for a dot: mirror__sources="…"."""
    lines = [f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n"]
    lines += [f"  {key.replace('__', '.')}: |\n" + textwrap.indent(text.strip() + "\n", "    ") for key, text in keys.items()]
    return "".join(lines) + "---\n"
