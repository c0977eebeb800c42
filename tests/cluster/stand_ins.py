"""Stand-ins for the images that people have: their PATH, their user, and their own commands, which are scripts that say so.

What is copied of an image is what exposing commands depends on, as `podman image inspect` and `command -v` show it of
docker.io/library/eclipse-temurin:21, golang:1.25, node:24, python:3.13, postgres:17, php:8.4-fpm, alpine:3.22, and of
gcr.io/distroless/static. The userland is busybox.
"""

import os
import shutil

USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# says whose it is; the main program of an image goes on
SCRIPT = "#!/bin/sh\necho \"{name} of the image\" \"$@\"\n"
SERVER = SCRIPT + "trap 'exit 0' TERM\nwhile :; do sleep 1 & wait $!; done\n"


class StandIn:
    """An image: its commands by their paths, the first of which is what it starts."""

    def __init__(self, name, path, commands, shell=True, expose=(), **config):
        self.image, self.path, self.commands, self.shell = f"localhost/like-{name}:1", path, commands, shell
        # what `aptlet render` is told of it
        self.expose = list(expose)
        self.config = {**({"Env": [f"PATH={path}"]} if path else {}), **config}

    @property
    def app(self):
        """The name of the command that it starts."""
        return os.path.basename(self.commands[0])

    def says(self, name):
        return f"{name} of the image"

    def fill(self, folder, busybox):
        """Lays the image out in a folder, of what images.alpine has made there."""
        if not self.shell:
            # the one program that there is
            place = folder / self.commands[0].lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(busybox, place)
            return
        for path in self.commands:
            place = folder / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            name = place.name
            place.write_text((SERVER if path == self.commands[0] else SCRIPT).format(name=name), encoding="utf-8")
            place.chmod(0o755)
        # where Debian's images have it: the formats of xmlto name it so
        copy = folder / "usr/bin/cp"
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(copy):
            copy.symlink_to("/bin/busybox")


ALL = {
    "temurin": StandIn("temurin", f"/opt/java/openjdk/bin:{USUAL}", ["/opt/java/openjdk/bin/java"]),
    "golang": StandIn("golang", f"/go/bin:/usr/local/go/bin:{USUAL}", ["/usr/local/go/bin/go", "/usr/local/go/bin/gofmt"]),
    "node": StandIn("node", USUAL, ["/usr/local/bin/node", "/usr/local/bin/npm"]),
    "python": StandIn("python", f"/usr/local/bin:{USUAL}", ["/usr/local/bin/python3"]),
    "python_behind": StandIn("python-behind", USUAL, ["/usr/bin/python3"]),
    "postgres": StandIn("postgres", f"{USUAL}:/usr/lib/postgresql/17/bin", ["/usr/lib/postgresql/17/bin/postgres", "/usr/bin/psql"]),
    # its server is where commands are mounted elsewhere
    "php_fpm": StandIn("php-fpm", USUAL, ["/usr/local/sbin/php-fpm", "/usr/local/bin/php"], expose=["--expose=path", f"--image-path={USUAL}"]),
    "alpine": StandIn("alpine", USUAL, ["/bin/app"]),
    "distroless": StandIn("distroless", USUAL, ["/app/busybox"], shell=False, User="65532"),
    # no PATH of its own, so that of containerd
    "scratch": StandIn("scratch", "", ["/busybox"], shell=False),
}
