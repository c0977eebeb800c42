"""Tables of the documents say what the chart and the manifests are. Their code blocks and links: tests/documents."""

import json
import re
import unittest

import yaml
from charts import ROOT

LIBRARY = ROOT / "manifests/helm/aptlet"
FOLDERS = ("manifests", "examples/helm-app", "tests/manifests/charts")


def tested():
    """The texts of all files that other tests render or build."""
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".yaml", ".tpl"):
                yield path.read_text()


def rows(path, heading, end="\n## "):
    """The cells of the first table below a heading and before what ends its section, without its head."""
    section = f"\n{path.read_text()}".split(f"\n{heading}\n")[1].split(end)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


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


if __name__ == "__main__":
    unittest.main()
