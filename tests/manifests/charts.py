"""The charts in a folder of their own, with their dependencies built by Helm's code."""

import json
import shutil
from pathlib import Path

import helm_python as helm
from helm_python import _native

ROOT = Path(__file__).resolve().parents[2]
RELEASE = {"name": "demo", "namespace": "default"}


def tree(folder):
    """A copy of what holds charts, at the same relative places, since they name each other by these."""
    for part in ("manifests/helm", "examples/helm-app", "tests/manifests/charts"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("charts/*.tgz"))
    return folder


def folder_of(root, name):
    return root / "examples/helm-app" if name == "helm-app" else root / "tests/manifests/charts" / name


class Charts:
    """Charts by name, loaded once."""

    def __init__(self, folder):
        self.root = tree(Path(folder))
        self._loaded = {}

    def path(self, name):
        return folder_of(self.root, name)

    def chart(self, name):
        if name not in self._loaded:
            path = self.path(name)
            if (path / "Chart.lock").exists():
                helm.dependency_build(path)
            else:
                helm.dependency_update(path)
            self._loaded[name] = helm.Chart.load(path)
        return self._loaded[name]

    def render(self, name, values):
        """What `helm template demo CHART --values …` prints, file by file in order of their names."""
        rendered = self.chart(name).render(values, **RELEASE)
        return "".join(f"---\n{text.strip()}\n" for _, text in sorted(rendered.items()) if text.strip())

    def render_for(self, version, name, values):
        """What is rendered for a version of Kubernetes, as for `helm template --kube-version`. Chart.render has no such argument;
        the function below it has."""
        options = json.dumps({**RELEASE, "kube_version": version})
        return _native.call_string("helm_render", self.chart(name)._raw(), json.dumps(values), options)

    def close(self):
        for chart in self._loaded.values():
            chart.close()
