"""The images of the one-node Kubernetes, under the names that the manifests use; nothing is ever pulled.

What stands for alpine is busybox alone: one program, its links, and the files of /etc that say so.
"""

import functools
import json
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import archive
import stand_ins
from cluster import command

APTLET = "registry.example/aptlet:0.1"
DEBIAN = "debian:bookworm-slim"
BUSYBOX = "docker.io/library/alpine:3.22"
NGINX = "docker.io/library/nginx:1.28"
# nothing in it but one static program, /busybox, which is no shell by that name
STATIC = "localhost/static:1"
# the same, as a user that has a name only
NAMED = "localhost/named:1"
# a program for another architecture
OTHER = "localhost/other:1"
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


def other(folder):
    """The head of an ELF file for arm64, or for amd64 where that is not another."""
    machine = 0xB7 if archive.architecture() == "amd64" else 0x3E
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + (2).to_bytes(2, "little") + machine.to_bytes(2, "little") + (1).to_bytes(4, "little")
    (folder / "aptlet").write_bytes(head.ljust(128, b"\0"))
    (folder / "aptlet").chmod(0o755)


def nginx(frozen, folder):
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")
    frozen.unpacked("nginx-light", folder)
    (folder / "tmp").mkdir(exist_ok=True)
    os.chmod(folder / "tmp", 0o1777)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
    (folder / "etc/group").write_text("root:x:0:\n", encoding="utf-8")


def like(stand_in, frozen, folder):
    if stand_in.shell:
        alpine(frozen, folder)
        stand_in.fill(folder, folder / "bin/busybox")
    else:
        with tempfile.TemporaryDirectory() as other:
            busybox(frozen, Path(other))
            stand_in.fill(folder, Path(other) / "busybox")


def bring(cluster, binary, frozen):
    """Puts all of them on the node."""
    present = cluster.script("image", "list", check=False).split()

    def put(name, fill, path=True, **config):
        if full(name) in present and name != APTLET:
            return
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            folder = Path(folder)
            folder.chmod(0o755)
            fill(folder)
            cluster.script("image", "from", folder, full(name), json.dumps({**({"Env": [PATH]} if path else {}), **config}))

    # as Dockerfile.scratch makes it
    own = {"User": "65532:65532", "Entrypoint": ["/aptlet"], "Cmd": ["install"]}
    with ThreadPoolExecutor(3) as pool:
        made = [
            pool.submit(put, DEBIAN, archive.minbase, Cmd=["bash"]),
            pool.submit(put, APTLET, lambda folder: shutil.copy2(binary, folder / "aptlet"), **own),
            pool.submit(put, STATIC, lambda folder: busybox(frozen, folder), Entrypoint=["/busybox"]),
            pool.submit(put, NAMED, lambda folder: busybox(frozen, folder), Entrypoint=["/busybox"], User="nobody"),
            pool.submit(put, OTHER, other, **own),
            pool.submit(put, BUSYBOX, lambda folder: alpine(frozen, folder), Cmd=["/bin/sh"]),
            pool.submit(put, NGINX, lambda folder: nginx(frozen, folder)),
            *(
                pool.submit(put, one.image, functools.partial(like, one, frozen), path=False, **one.config)
                for one in stand_ins.ALL.values()
            ),
        ]
    for one in made:
        one.result()
