"""What `kubectl kustomize` makes of a folder."""

import shutil
import subprocess
from pathlib import Path

import objects

ROOT = Path(__file__).resolve().parents[2]
KUSTOMIZE = ROOT / "manifests/kustomize"
MISSING = None if shutil.which("kubectl") else "skipped: no kubectl"


def build(folder):
    """The text, or an error with what kubectl said."""
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def built(folder):
    return objects.documents(build(folder))


def copy(folder):
    """A copy of the component and its overlay, to be changed."""
    shutil.copytree(KUSTOMIZE, folder / "kustomize")
    return folder / "kustomize"
