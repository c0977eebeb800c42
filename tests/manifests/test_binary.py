"""The arguments and settings that manifests and charts give to aptlet are such as it takes."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import objects
import standard
from test_manifests import MANIFESTS, own

BINARY = os.environ.get("APTLET_TEST_BINARY")
GOLDENS = Path(__file__).resolve().parent / "goldens"
# a port that nobody listens on: the network is reached for once the settings are read, and is not there
NOWHERE = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https")}
NO_NETWORK = 4


def run(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, env=NOWHERE, stdin=subprocess.DEVNULL)


def files():
    return [*MANIFESTS, *sorted(GOLDENS.iterdir())]


@unittest.skipUnless(BINARY, "skipped: no --binary")
class Binary(unittest.TestCase):
    def test_arguments(self):
        seen = set()
        for path in files():
            for pod in objects.templates(objects.documents(path.read_text())):
                for container in standard.containers(pod["spec"]):
                    arguments = container.get("args") or ["install"]
                    if container.get("command", [""])[0].endswith("/.aptlet/aptlet"):
                        arguments = container["command"][1 : container["command"].index("--")]
                    elif container not in own(pod):
                        continue
                    seen.add((path.name, *arguments))
        for name, *arguments in sorted(seen):
            with self.subTest(name, arguments=arguments):
                done = run(*arguments, "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(run("install", "--no-such-flag", "--help").returncode, 0)

    def settings(self, data):
        with tempfile.TemporaryDirectory() as folder:
            for key, text in data.items():
                (Path(folder) / key).write_text(text)
            return run("lock", "--config", folder, "--output=-", "--retries=0")

    def test_config_maps(self):
        for path in files():
            for one in objects.documents(path.read_text()):
                data = one.get("data") or {}
                # a lock is not resolved
                if "packages" in data and "aptlet.lock" not in data:
                    with self.subTest(path.name):
                        done = self.settings(data)
                        self.assertEqual(done.returncode, NO_NETWORK, done.stderr)
        self.assertEqual(self.settings({"packages": "j@q"}).returncode, 2)


if __name__ == "__main__":
    unittest.main()
