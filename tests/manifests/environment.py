"""The Python of these tests: a venv in a folder of the cache that has what requirements.txt names."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = (HERE / "requirements.txt").read_text()
# one for each text of it: checkouts of different age run side by side
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aptlet/manifests"
FOLDER = CACHE / hashlib.sha256(REQUIREMENTS.encode()).hexdigest()[:16]


def install(*packages):
    """Installs Debian packages, as root; ends the program where that cannot be."""
    if os.geteuid() or not shutil.which("apt-get"):
        sys.exit(f"{Path(sys.argv[0]).name}: install {' '.join(packages)} first")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        command = ["apt-get", "-qq", *arguments]
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def interpreter():
    """A Python that has what requirements.txt names."""
    python, done = FOLDER / "bin/python", FOLDER / "done"
    if not done.is_file():
        if not importlib.util.find_spec("ensurepip"):
            # Debian's Python has no venv by itself
            install("python3-venv")
        venv.create(FOLDER, clear=True, with_pip=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--requirement", HERE / "requirements.txt"], check=True, stdin=subprocess.DEVNULL)
        done.touch()
    return python


def unittests(folder, names, **variables):
    """Becomes the tests of a folder, or those of them that are named, as for `python3 -m unittest`."""
    environment = dict(os.environ, **variables, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(HERE))
    tests = names or ["discover", "--start-directory", folder, "--top-level-directory", folder]
    os.chdir(folder)
    sys.stdout.flush()
    python = interpreter()
    os.execve(python, [python, "-m", "unittest", *tests], environment)
