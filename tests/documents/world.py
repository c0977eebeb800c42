"""What the tests share: the network, podman, the binary; made when first asked for, and gone at the end."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

import network
import podman
import terminal

BINARY = Path(os.environ["APTLET_TEST_BINARY"])


@functools.cache
def folder():
    """Outside of /tmp and of home folders, since terminals have their own."""
    made = Path(tempfile.mkdtemp(prefix="aptlet-documents.", dir="/var/tmp"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@functools.cache
def proxy():
    made = network.Network(folder(), folder() / "kept")
    atexit.register(made.close)
    return made


@functools.cache
def containers():
    """podman, or None where there is none."""
    if terminal.no_podman():
        return None
    made = podman.Podman(folder() / "podman", BINARY)
    atexit.register(made.close)
    return made


def new_terminal(with_podman):
    made = Path(tempfile.mkdtemp(dir=folder()))
    return terminal.Terminal(made, proxy(), BINARY, containers() if with_podman else None)
