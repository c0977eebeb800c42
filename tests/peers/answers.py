"""What apt answered, kept for the next run: as long as nothing of the suite has changed that could change the answer."""

import hashlib
import json
from pathlib import Path

from apt import Result
from cases import CASES
from trees import files, versions

HERE = Path(__file__).resolve().parent
SHARED = ("apt.py", "debs.py", "keys.py", "repository.py", "servers.py", "world.py", "trees.py")


class Answers:
    """A file for each case, or nothing at all without a folder."""

    def __init__(self, folder):
        self.folder = folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self.shared = b"".join((HERE / name).read_bytes() for name in SHARED)

    def place(self, name):
        module = HERE / f"{CASES[name].build.__module__.replace('.', '/')}.py"
        digest = hashlib.sha256(name.encode() + self.shared + module.read_bytes()).hexdigest()
        return self.folder / f"{name.replace('/', '--')[:150]}-{digest[:16]}"

    def known(self, name):
        if not self.folder or not self.place(name).exists():
            return None
        kept = json.loads(self.place(name).read_text())
        return Result(kept["good"], kept["said"], None, kept["updated"], (kept["versions"], kept["files"]))

    def keep(self, name, apt):
        if self.folder and not self.place(name).exists():
            found = [of(apt.tree) if apt.good else {} for of in (versions, files)]
            self.place(name).write_text(json.dumps(
                {"good": apt.good, "said": apt.said, "updated": apt.updated, "versions": found[0], "files": found[1]}))
