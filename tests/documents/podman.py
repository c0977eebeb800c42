"""podman with storage, settings and networks of this run, and with this machine's Debian as the image of the documents."""

import contextlib
import resource
import shutil
import subprocess
from pathlib import Path

import markdown
import terminal

IMAGE, OWN = "registry.example/aptlet:0.1", "localhost/documents:latest"
MAIN_IMAGE = "docker.io/library/debian:bookworm-slim"
# runc, since Debian's crun needs cgroups v2; the limits, since podman's own are above what a machine may allow
SETTINGS = """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/tmp"
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
[network]
network_config_dir = "{folder}/networks"
"""


def _limit(kind, wanted):
    most = resource.getrlimit(kind)[1]
    return wanted if most == resource.RLIM_INFINITY else min(most, wanted)


class Podman:
    """Its pods are gone with each terminal, its images with the folder."""

    def __init__(self, folder, binary):
        folder.mkdir()
        self.folder, settings = folder, folder / "containers.conf"
        settings.write_text(
            SETTINGS.format(
                folder=folder,
                files=_limit(resource.RLIMIT_NOFILE, 20000),
                processes=_limit(resource.RLIMIT_NPROC, 10000),
            )
        )
        self.environment = {
            "DOCUMENTS_PODMAN": "/usr/bin/podman",
            "DOCUMENTS_STORAGE": str(folder),
            "CONTAINERS_CONF": str(settings),
        }
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.run("import", "--quiet", "--change", f"ENV PATH={path}", terminal.rootfs(), MAIN_IMAGE)
        context = folder / "context"
        context.mkdir()
        shutil.copy2(binary, context / "aptlet")
        recipe = ["--quiet", "--file", markdown.ROOT / "Dockerfile.scratch", "--build-arg", "BINARY=aptlet"]
        self.run("build", *recipe, "--tag", OWN, context)

    def prepare(self, made_there):
        """Whether aptlet's image is there, by the name that documents have: not where a document makes it."""
        self.run("tag", OWN, IMAGE)
        if made_there:
            self.run("untag", OWN, IMAGE)

    def run(self, *arguments):
        command = [terminal.HERE / "stubs/podman", *arguments]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.environment}
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def close(self):
        self.run("pod", "rm", "--all", "--force", "--time", "2")
        self.run("rmi", "--all", "--force")
        # podman forgets some of the pods' (empty) control groups
        names = (self.folder / "pods").read_text().split() if (self.folder / "pods").exists() else []
        for name in set(names):
            found = Path("/sys/fs/cgroup").glob(f"**/libpod_parent/{name}/**/")
            for group in sorted(found, key=lambda path: len(path.parts), reverse=True):
                with contextlib.suppress(OSError):
                    group.rmdir()
