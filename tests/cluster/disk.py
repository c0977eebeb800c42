"""A file system of its own on the node, for a PersistentVolume: mounted in one way or another, small, or cut from its power.

A power cut takes from a real disk what was not written yet; from a folder of the running kernel it takes nothing. `cut` is the real
thing: ext4 stops at once, its journal in memory is lost, and what is on the disk is what the next mount finds (FS_IOC_SHUTDOWN,
with EXT4_GOING_FLAGS_NOLOGFLUSH).
"""

import contextlib
import fcntl
import json
import os
import shutil
import struct
import tempfile
from pathlib import Path

from cluster import Refused, command

SHUTDOWN = 0x8004587D
NOLOGFLUSH = 2
USER = 65532


class Disk:
    """There until the namespace is gone, with all the pods that may still write to it."""

    def __init__(self, ns, *options, size="512M"):
        self.ns, self.options, self.volumes = ns, ",".join(["loop", *options]), []
        self.work = Path(tempfile.mkdtemp(prefix="aptlet-disk.", dir="/var/tmp"))
        self.work.chmod(0o755)
        self.image, self.mount_point = self.work / "image", self.work / "mounted"
        self.mount_point.mkdir()
        command(["truncate", "-s", size, self.image])
        command(["mkfs.ext4", "-q", "-m", "0", self.image])
        self.mount()
        ns.cleanups.append(self.close)

    def mount(self):
        command(["mount", "-o", self.options, self.image, self.mount_point])

    def close(self):
        for name in self.volumes:
            self.ns.cluster.kubectl("delete", "persistentvolume", name, "--timeout=30s", check=False)
        try:
            command(["umount", self.mount_point])
        except Refused:
            command(["umount", "-l", self.mount_point])
        shutil.rmtree(self.work, ignore_errors=True)

    def claim(self, name):
        """A PersistentVolume of a new folder of it and the claim on that, whose name is returned. aptlet's user may write there."""
        ns, folder = self.ns, self.folder(name)
        folder.mkdir()
        os.chown(folder, USER, USER)
        # it was there long before the power goes
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        full = f"{ns.name}-{name}"
        common = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
        volume = {"capacity": {"storage": "1Gi"}, "hostPath": {"path": str(folder)}, "claimRef": {"namespace": ns.name, "name": name}, **common}
        wanted = {"volumeName": full, "resources": {"requests": {"storage": "1Gi"}}, **common}
        ns.apply(json.dumps({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": full}, "spec": volume}))
        ns.apply(json.dumps({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": wanted}))
        self.volumes.append(full)
        return name

    def folder(self, name):
        return self.mount_point / name

    def free(self):
        stat = os.statvfs(self.mount_point)
        return stat.f_bavail * stat.f_frsize

    def fill(self, path):
        """A file that takes all the rest."""
        with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * (self.free() or 4096))

    def cut(self):
        """No power from here on: all that is written fails."""
        handle = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(handle)

    def boot(self):
        """As it is mounted when the node boots; nothing may have it open any more."""
        command(["umount", self.mount_point])
        self.mount()
