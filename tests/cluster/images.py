"""The images of the one-node Kubernetes, under the names that the manifests use; nothing is ever pulled.

What stands for alpine is busybox alone: one program, its links, and the files of /etc that say so.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import archive
from cluster import command

APTLET = "ghcr.io/aptlet/aptlet:0.1"
DEBIAN = "debian:bookworm-slim"
BUSYBOX = "docker.io/library/alpine:3.22"
NGINX = "docker.io/library/nginx:1.28"
# nothing in it but one static program, /busybox, which is no shell by that name
STATIC = "localhost/static:1"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def full(name):
    """As the node knows it."""
    return name if "/" in name else f"docker.io/library/{name}"


def busybox(frozen, folder):
    with tempfile.TemporaryDirectory() as deb:
        frozen.unpacked("busybox-static", deb)
        place = Path(deb) / "usr/bin/busybox"
        shutil.copy(place if place.exists() else Path(deb) / "bin/busybox", folder / "busybox")


def alpine(frozen, folder):
    for name in ("bin", "etc", "tmp"):
        (folder / name).mkdir()
    busybox(frozen, folder / "bin")
    for name in command([folder / "bin/busybox", "--list"]).split():
        if name != "busybox":
            (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc/os-release").write_text("ID=alpine\n", encoding="utf-8")
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
    os.chmod(folder / "tmp", 0o1777)


def nginx(frozen, folder):
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")
    frozen.unpacked("nginx-light", folder)
    (folder / "tmp").mkdir(exist_ok=True)
    os.chmod(folder / "tmp", 0o1777)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
    (folder / "etc/group").write_text("root:x:0:\n", encoding="utf-8")


def bring(cluster, binary, frozen):
    """Puts all of them on the node."""
    present = cluster.script("image", "list", check=False).split()

    def put(name, fill, **config):
        if full(name) in present and name != APTLET:
            return
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            folder = Path(folder)
            folder.chmod(0o755)
            fill(folder)
            cluster.script("image", "from", folder, full(name), json.dumps({"Env": [PATH], **config}))

    # as Dockerfile.scratch makes it
    own = {"User": "65532:65532", "Entrypoint": ["/aptlet"], "Cmd": ["install"]}
    put(APTLET, lambda folder: shutil.copy2(binary, folder / "aptlet"), **own)
    put(STATIC, lambda folder: busybox(frozen, folder), Entrypoint=["/busybox"])
    put(BUSYBOX, lambda folder: alpine(frozen, folder), Cmd=["/bin/sh"])
    put(DEBIAN, archive.minbase, Cmd=["bash"])
    put(NGINX, lambda folder: nginx(frozen, folder))
