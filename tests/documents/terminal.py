"""A reader's terminal: the commands of a document, one after the other, in a copy of the repository.

It has a /tmp, a home folder and an /etc/apt of its own, by a mount namespace; aptlet and stubs come first on PATH. What
the network is to it, network.py tells.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from markdown import ROOT, Block

HERE = Path(__file__).resolve().parent
SECONDS = 240
SOURCES = """\
Types: deb
URIs: http://ftp.debian.org/debian
Suites: {suite} {suite}-updates
Components: main

Types: deb
URIs: http://security.debian.org/debian-security
Suites: {suite}-security
Components: main
"""
# the shell that the blocks are read into, as into a terminal; each has its output in a file
DRIVER = """\
set -euo pipefail
mount --bind "$BASE/tmp" /tmp
mount --bind "$BASE/apt" /etc/apt
trap 'code=$?; [ -z "${DOCUMENTS_PODMAN:-}" ] || podman pod rm --all --force >/dev/null 2>&1 || true
  gpgconf --kill all; exit $code' EXIT
cd "$BASE/aptlet"
for number in $(seq "$COUNT"); do
  exec >"$BASE/output.$number" 2>&1
  if [ -e "$BASE/fails.$number" ]; then
    code=0
    (. "$BASE/block.$number") || code=$?
    [ "$code" -ne 0 ] || { echo "exit code 0, and not another one"; exit 1; }
  else
    . "$BASE/block.$number"
  fi
  : >"$BASE/done.$number"
done
"""


@dataclasses.dataclass(frozen=True)
class Result:
    block: Block
    ran: bool
    output: str


def release():
    """The codename of this machine's Debian."""
    found = re.search(r"(?m)^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())
    return found[1] if found else "trixie"


def no_podman():
    """Why podman cannot run here, or None."""
    if os.geteuid():
        return "skipped: podman takes root"
    if not all(map(shutil.which, ("podman", "runc", "conmon"))):
        return "skipped: no podman, runc or conmon (tests/pod/run installs them)"
    return None if rootfs().exists() else f"skipped: no {rootfs()} (tests/pod/run makes it)"


def rootfs():
    """The Debian of tests/pod/run, which is made once for all tests."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / f"aptlet/tests/minbase-{release()}-amd64.tar"


def listed():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).exists()]


class Terminal:
    """One for each document. `folder` is below neither /tmp nor a home folder."""

    def __init__(self, folder, network, binary, podman=None):
        self.base, self.network, self.podman = folder, network, podman
        for name in ("tmp", "home", "bin", "apt/sources.list.d", "apt/apt.conf.d", "aptlet"):
            (folder / name).mkdir(parents=True)
        for stub in (HERE / "stubs").iterdir():
            shutil.copy2(stub, folder / "bin" / stub.name)
        shutil.copy2(binary, folder / "bin/aptlet")
        # the repository may be in /tmp
        (folder / "helpers").mkdir()
        for file in [*HERE.glob("*.py"), *(ROOT / "tests/manifests").glob("*.py")]:
            shutil.copy2(file, folder / "helpers" / file.name)
        (folder / "apt/sources.list.d/debian.sources").write_text(SOURCES.format(suite=release()))
        for name in listed():
            (folder / "aptlet" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / "aptlet" / name, follow_symlinks=False)
        # what the documents take for given: the reader's own files
        shutil.copytree(ROOT / "examples/configmap", folder / "aptlet/settings")
        shutil.copy2(ROOT / "manifests/kustomize/overlay/deployment.yaml", folder / "aptlet/deployment.yaml")
        shutil.copy2(HERE / "cluster.yaml", folder / "aptlet/cluster.yaml")
        given = {name: network.tools / name for name in ("tool_1.0_all.deb", "tools.asc")}
        for name, file in given.items():
            shutil.copy2(file, folder / "aptlet" / name)

    def environment(self):
        clean = {
            **self.network.environment,
            "PATH": f"{self.base}/bin:{self.base}/installed/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.base / "home"),
            "LC_ALL": "C.UTF-8",
            "BASE": str(self.base),
            "DOCUMENTS_BINARY": str(self.base / "bin/aptlet"),
            "DOCUMENTS_FOLDER": str(self.base / "helpers"),
            "DOCUMENTS_PYTHON": sys.executable,
            "DOCUMENTS_KUBECTL": shutil.which("kubectl") or "",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return {**clean, **(self.podman.environment if self.podman else {})}

    def run(self, blocks):
        """What became of each block. After the first that fails, nothing is run."""
        for number, block in enumerate(blocks, 1):
            (self.base / f"block.{number}").write_text(script(block, self.network))
            if "fails" in block.words:
                (self.base / f"fails.{number}").touch()
        space = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
        environment = {**self.environment(), "COUNT": str(len(blocks))}
        with (self.base / "driver").open("w") as said:
            options = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said, "timeout": SECONDS}
            subprocess.run([*space, "bash", "-c", DRIVER], env=environment, check=False, **options)
        for number, block in enumerate(blocks, 1):
            output = self.base / f"output.{number}"
            text = output.read_text() if output.exists() else (self.base / "driver").read_text()
            yield Result(block, (self.base / f"done.{number}").exists(), text)


def script(block, network):
    """What is run for a block; a Dockerfile is what the next one builds."""
    if block.language == "dockerfile":
        return f"cat >Dockerfile <<'END OF DOCUMENT'\n{block.text}END OF DOCUMENT\n"
    return given(block.text, network)


def given(text, network):
    """A block with what a reader would put in: digests of files."""
    return text.replace("SHA256-OF-THE-FILE", network.digest)


def matches(shown, said):
    """Whether a document shows what was said: `…` is anything, on a line of its own any lines, and a number or a
    generation's name any other, but for a line that is nothing but a number."""
    expression = "".join(_line(line) for line in shown.splitlines())
    return re.fullmatch(expression, said.rstrip("\n") + "\n") is not None


def _line(line):
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    if re.fullmatch(r"[\d.]+", line.strip()):
        return re.escape(line) + r"\n"
    parts = re.split(r"(…|\b[0-9a-f]{64}\b|\b[0-9a-f]{16}\b|\d[\w.+~:-]*)", line)
    return "".join(_part(part) for part in parts) + r"\n"


def _part(part):
    if part == "…":
        return r".*?"
    if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{16}", part):
        return f"[0-9a-f]{{{len(part)}}}"
    # sizes and times are padded
    if re.match(r"\d", part):
        return r"\d[\w.+~:-]*"
    return re.sub(r"(\\ )+", r" +", re.escape(part))
