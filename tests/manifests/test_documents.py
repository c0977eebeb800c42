"""What the documents show is what is tested: snippets, tables, links."""

import json
import re
import tempfile
import unittest
from pathlib import Path

import kustomize
import objects
import standard
import yaml
from charts import ROOT, Charts

LIBRARY = ROOT / "manifests/helm/aptlet"
DOCUMENTS = [
    ROOT / "manifests/README.md",
    ROOT / "manifests/kustomize/README.md",
    LIBRARY / "README.md",
    ROOT / "docs/kubernetes.md",
    ROOT / "docs/security.md",
]
FOLDERS = ("manifests", "examples/helm-app", "tests/manifests/charts")
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


def snippets(path):
    return re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", path.read_text())


def tested():
    """The texts of all files that other tests render or build."""
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".yaml", ".tpl"):
                yield path.read_text()


def kind(snippet):
    """Which check is for it: a file of a kustomization, values, or a part of a file."""
    if re.match(r"# \S+/kustomization\.yaml\n", snippet):
        return "kustomization"
    return "values" if snippet.startswith("aptlet:\n") else "part"


def rows(path, heading):
    """The cells of the first table below a heading, without its head."""
    section = f"\n{path.read_text()}".split(f"\n{heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


class Snippets(unittest.TestCase):
    def each(self, wanted):
        found = [(path, text) for path in DOCUMENTS for _, text in snippets(path) if kind(text) == wanted]
        self.assertTrue(found)
        return found

    def test_languages(self):
        for path in DOCUMENTS:
            self.assertLessEqual({language for language, _ in snippets(path)}, {"yaml", "gotmpl"}, path)

    def test_parts_are_literally_in_files_that_are_tested(self):
        texts = list(tested())
        for path, snippet in self.each("part"):
            with self.subTest(path.name, snippet=snippet):
                self.assertTrue(any(f"\n{snippet}" in f"\n{text}" for text in texts))
        self.assertFalse(any("\n- no such line\n" in text for text in texts))

    def test_values_render(self):
        with tempfile.TemporaryDirectory() as folder:
            charts = Charts(folder)
            self.addCleanup(charts.close)
            for path, snippet in self.each("values"):
                with self.subTest(path.name, snippet=snippet):
                    documents = objects.documents(charts.render("helm-app", yaml.safe_load(snippet)))
                    self.assertEqual([one["kind"] for one in documents], ["ConfigMap", "Deployment"])
                    for document in documents:
                        self.assertIsNone(objects.invalid(document, objects.newest()[-1]))
                    (pod,) = objects.templates(documents)
                    self.assertEqual(list(standard.violations(pod)), [])

    @unittest.skipIf(kustomize.MISSING, str(kustomize.MISSING))
    def test_kustomizations_build(self):
        with tempfile.TemporaryDirectory() as folder:
            root = kustomize.copy(Path(folder))
            upstream = root / "upstream"
            upstream.mkdir()
            (upstream / "server.yaml").write_text(UPSTREAM)
            (upstream / "kustomization.yaml").write_text("resources: [server.yaml]\n")
            files = [re.sub("^# ", "", text.splitlines()[0]) for _, text in self.each("kustomization")]
            for (_, text), file in zip(self.each("kustomization"), files, strict=True):
                path = root / file
                path.parent.mkdir(exist_ok=True)
                if path.exists():
                    self.assertIn(text.split("\n", 1)[1], path.read_text(), file)
                path.write_text(text)
            for file in files:
                built = {one["kind"]: one for one in kustomize.built((root / file).parent)}
                if file.startswith("labelled"):
                    continue
                with self.subTest(file):
                    self.assertEqual(objects.dangling(built.values()), set())
                    (container,) = built["Deployment"]["spec"]["template"]["spec"]["initContainers"]
                    self.assertEqual(container["name"], "aptlet")
            self.assertEqual(container["image"], "registry.example/aptlet:0.1")
            self.assertEqual(built["ConfigMap"]["data"], {"packages": "jq curl"})


class Tables(unittest.TestCase):
    def test_values(self):
        defaults = yaml.safe_load((LIBRARY / "values.yaml").read_text())
        schema = json.loads((LIBRARY / "values.schema.json").read_text())["properties"]
        wanted = {}
        for key, about in schema.items():
            below = about.get("properties") if key != "resources" else None
            for path in [(key, name) for name in below] if below else [(key,)]:
                value = defaults.get(key)
                wanted[".".join(path)] = value if len(path) == 1 else value.get(path[1])
        self.assertIsNone(wanted.pop("global"))
        shown = {}
        for name, _, default in rows(LIBRARY / "README.md", "## Values"):
            shown[name.strip("`")] = None if default == "none" else yaml.safe_load(default.strip("`"))
        self.assertEqual(shown, wanted)
        self.assertEqual(defaults.keys(), schema.keys() - {"global"})

    def test_templates(self):
        defined = set()
        for path in (LIBRARY / "templates").iterdir():
            defined |= set(re.findall(r'\{\{-? define "([^"]+)"', path.read_text()))
        shown = {row[0].strip("`") for row in rows(LIBRARY / "README.md", "## Templates")}
        self.assertLessEqual(shown, defined)
        used = set(re.findall(r'include "([^"]+)"', "".join(tested())))
        self.assertLessEqual({name for name in used if name.startswith("aptlet.")}, defined)

    def test_manifests(self):
        shown = {re.search(r"\((.*?)\)", row[0])[1] for row in rows(ROOT / "manifests/README.md", "# Manifests")}
        there = {path.name for path in (ROOT / "manifests").glob("*.yaml")}
        self.assertEqual({name for name in shown if name.endswith(".yaml")}, there)


class Links(unittest.TestCase):
    def test_they_lead_somewhere(self):
        for path in DOCUMENTS:
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
                with self.subTest(path.name, link=link):
                    self.assertTrue((path.parent / link).exists())


if __name__ == "__main__":
    unittest.main()
