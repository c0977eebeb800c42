"""What the kubelet puts in a node's folders for the volumes of a pod, which podman does otherwise.

podman gives an emptyDir to the container's user, and a ConfigMap's keys are plain files there. The kubelet leaves volumes to
root and to the pod's fsGroup, and reaches keys through links that one rename replaces:
https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/volume_linux.go (SetVolumeOwnership) and
https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go
"""

import os
import shutil
import tempfile


def empty_folder(path, group):
    """A new emptyDir, or a claim's volume: everybody's, with the set-group-ID bit for the fsGroup. One that is there stays."""
    if not path.is_dir():
        path.mkdir(parents=True)
        os.chown(path, 0, group)
        path.chmod(0o2777)


def folder_of(path, user, group):
    """A folder in a volume, as a container of that user makes it. One that is there stays."""
    if not path.is_dir():
        path.mkdir()
        os.chown(path, user, group)
        path.chmod(0o2755)


def write_keys(folder, keys, group):
    """Makes a mounted ConfigMap or Secret have these keys (names and texts), as the first time and at each change."""
    empty_folder(folder, group)
    data, fresh = folder / "..data", folder / "..data_tmp"
    old = os.readlink(data) if data.is_symlink() else None
    stamp = tempfile.mkdtemp(prefix="..2026_01_01_00_00_00.", dir=folder)
    os.chown(stamp, 0, group)
    os.chmod(stamp, 0o2755)
    for key, text in keys.items():
        path = folder / stamp / key
        path.write_text(text, encoding="utf-8")
        os.chown(path, 0, group)
        path.chmod(0o644)
    fresh.symlink_to(os.path.basename(stamp))
    fresh.rename(data)
    for key in keys:
        if not (folder / key).is_symlink():
            (folder / key).symlink_to(f"..data/{key}")
    for path in folder.iterdir():
        if not path.name.startswith("..") and path.name not in keys:
            path.unlink()
    if old:
        shutil.rmtree(folder / old)
