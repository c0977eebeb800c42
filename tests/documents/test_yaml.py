"""The YAML of the documents is valid, restricted, and such as aptlet takes."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import kustomize
import markdown
import objects
import parts
import standard
import terminal
import world
import yaml
from charts import Charts

UPSTREAM = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: server
  labels: {app: server}
spec:
  selector: {matchLabels: {app: server}}
  template:
    metadata: {labels: {app: server}}
    spec: {containers: [{name: server, image: i}]}
"""
# a port that nobody listens on
NOWHERE = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https")}
NO_NETWORK = 4
KUSTOMIZATION = re.compile(r"# (\S+/kustomization\.yaml)\n")
# a version that mirrors replace by the next; what is there now is asked for in its place
VERSION = re.compile(r"(?<![\w.#-])([a-z0-9][a-z0-9+.-]+)=\d[\w.+~:-]*")


def kind(block):
    """Which check is for it."""
    if KUSTOMIZATION.match(block.text):
        return "kustomization"
    if block.text.startswith("aptlet:\n"):
        return "values"
    return "part" if not block.before and parts.literally(block.text) else "objects"


def each(wanted):
    for path in markdown.files():
        for block in markdown.blocks(path):
            if block.language == "yaml" and kind(block) == wanted:
                yield block


def problems(block):
    """What is wrong with the objects of a block, as sentences."""
    documents = parts.whole(block.text)
    if documents is None:
        return ["no rule is for it: neither objects, nor a part of one, nor literally in a file that is tested"]
    wanted = () if block.before else parts.settings(documents)
    refusals = (refused(data, "elsewhere" in block.words) for data in wanted)
    return [*parts.wrong(documents, block.before), *filter(None, refusals)]


def refused(data, elsewhere=False):
    """What `aptlet lock` says of a ConfigMap, or None if there is a plan for it. Of one whose repositories are out of reach
    it is enough that aptlet goes there."""
    with tempfile.TemporaryDirectory() as name:
        folder, network = Path(name), world.proxy()
        for key, value in data.items():
            (folder / key).write_text(parts.filled(terminal.given(value, network), network))
        for deb in re.findall(r"\./(\S+\.deb)", data.get("packages", "")):
            (folder / deb).write_bytes((network.tools / "tool_1.0_all.deb").read_bytes())
        if "*" not in data.get("packages", "*"):
            (folder / "packages").write_text(VERSION.sub(r"\1", (folder / "packages").read_text()))
        # the logins that a Secret would have
        (folder / "auth.conf").write_text("machine mirror.example/private login user password password\n")
        arguments = [] if "packages" in data else ["jq"]
        if not any(key.endswith((".sources", ".list")) for key in data) and "release:" not in data.get("aptlet.yaml", ""):
            # those that it uses in a pod, where there is no /etc/apt
            arguments += ["--mirror=http://ftp.debian.org/debian", "--suite=trixie", "--suite=trixie-updates"]
        command = [world.BINARY, "lock", "--config", folder, "--output=-", "--retries=0", *arguments]
        environment = NOWHERE if elsewhere else network.environment
        done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
        fine = done.returncode == NO_NETWORK if elsewhere else not done.returncode and "warning:" not in done.stderr
        return None if fine else done.stderr


class Objects(unittest.TestCase):
    maxDiff = None

    def test_they_are_valid_restricted_and_resolved(self):
        count = 0
        for block in each("objects"):
            count += 1
            with self.subTest(str(block)):
                self.assertEqual(problems(block), [])
        self.assertGreater(count, 5)

    def test_files_of_the_manifests_that_are_shown_are_literally_there(self):
        self.assertTrue(list(each("part")))
        self.assertFalse(parts.literally("- no such line\n"))


class Values(unittest.TestCase):
    def test_they_render(self):
        with tempfile.TemporaryDirectory() as folder:
            charts = Charts(folder)
            self.addCleanup(charts.close)
            found = list(each("values"))
            self.assertTrue(found)
            for block in found:
                with self.subTest(str(block)):
                    documents = objects.documents(charts.render("helm-app", yaml.safe_load(block.text)))
                    self.assertEqual([one["kind"] for one in documents], ["ConfigMap", "Deployment"])
                    self.assertEqual(list(parts.wrong(documents)), [])


class Kustomizations(unittest.TestCase):
    @unittest.skipIf(kustomize.MISSING, str(kustomize.MISSING))
    def test_they_build(self):
        with tempfile.TemporaryDirectory() as folder:
            root = kustomize.copy(Path(folder))
            upstream = root / "upstream"
            upstream.mkdir()
            (upstream / "server.yaml").write_text(UPSTREAM)
            (upstream / "kustomization.yaml").write_text("resources: [server.yaml]\n")
            blocks = {KUSTOMIZATION.match(block.text)[1]: block.text for block in each("kustomization")}
            self.assertTrue(blocks)
            for file, text in blocks.items():
                path = root / file
                path.parent.mkdir(exist_ok=True)
                if path.exists():
                    self.assertIn(text.split("\n", 1)[1], path.read_text(), file)
                path.write_text(text)
            for file in blocks:
                built = {one["kind"]: one for one in kustomize.built((root / file).parent)}
                if file.startswith("labelled"):
                    continue
                with self.subTest(file):
                    self.assertEqual(objects.dangling(built.values()), set())
                    (container,) = built["Deployment"]["spec"]["template"]["spec"]["initContainers"]
                    self.assertEqual(container["name"], "aptlet")
            self.assertEqual(container["image"], "registry.corp.example/tools/aptlet:0.1")
            self.assertEqual(built["ConfigMap"]["data"], {"packages": "jq curl"})


class Controls(unittest.TestCase):
    """A block that is not so makes a test fail."""

    def block(self, text, *words):
        return markdown.Block(markdown.ROOT / "README.md", 1, ("yaml", *words), text)

    def wrong(self, text, *words):
        return problems(self.block(text, *words))

    def test_manifests(self):
        manifest = parts.POD.read_text()
        self.assertEqual(self.wrong(manifest), [])
        for old, new in (
            ("runAsNonRoot: true", "runAsNonRoot: false"),
            ("initContainers:", "initContainer:"),
            ("{name: aptlet-packages, emptyDir: {}}", "{name: packages, emptyDir: {}}"),
            ("    jq\n", "    jqq\n"),
            ("    jq\n", "    j|q\n"),
            ("  #mirror.sources: |\n  #  Types", "  mirror.sources: |\n    Type"),
        ):
            with self.subTest(new):
                self.assertIn(old, manifest)
                self.assertTrue(self.wrong(manifest.replace(old, new)))

    def test_parts(self):
        self.assertEqual(self.wrong("env: [{name: APTLET_SLIM, value: 'true'}]\n"), [])
        self.assertTrue(self.wrong("env: [{nam: APTLET_SLIM, value: 'true'}]\n"))
        self.assertTrue(self.wrong("hello: world\n"))
        self.assertTrue(self.wrong("- a list\n"))
        self.assertEqual(self.wrong("data: {packages: jq}\n"), [])
        self.assertTrue(self.wrong("data: {packages: jqq}\n"))
        self.assertTrue(self.wrong("data: {packages: jq, package: curl}\n"))

    def test_what_is_out_of_reach_is_read_all_the_same(self):
        data = "data:\n  packages: git\n  x.list: deb http://no.example/none stable main\n"
        self.assertTrue(self.wrong(data))
        self.assertEqual(self.wrong(data, "elsewhere"), [])
        self.assertTrue(self.wrong(data.replace("stable main", "stable"), "elsewhere"))

    def test_old_forms_are_valid_and_no_more(self):
        old = "containers: [{name: main, image: debian, securityContext: {runAsUser: 0}}]\n"
        self.assertTrue(self.wrong(old))
        self.assertEqual(self.wrong(old, "before"), [])
        self.assertTrue(self.wrong("containers: [{name: main, picture: debian}]\n", "before"))

    def test_the_standard_is_that_of_the_manifests(self):
        (pod,) = objects.templates(objects.documents(parts.POD.read_text()))
        self.assertEqual(list(standard.violations(pod)), [])


if __name__ == "__main__":
    unittest.main()
