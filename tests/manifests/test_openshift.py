"""All that ships runs under OpenShift's restricted-v2, the manifests by what their README says to do."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import kustomize
import objects
import openshift
import standard
from charts import ROOT, Charts
from test_chart import CASES
from test_manifests import MANIFESTS as ALL

# its restricted-v2 has no image volumes
MANIFESTS = [path for path in ALL if path.name != "image-volume.yaml"]
DOCUMENT = ROOT / "docs/tasks/openshift.md"
POD = CASES["pod"]["values"]["manifest"]


def wrong(documents):
    for pod in objects.templates(documents):
        yield from openshift.refused(pod)
        yield from standard.violations(openshift.admitted(pod))


class OpenShift(unittest.TestCase):
    def test_the_rules_find_what_breaks_them(self):
        for key, value in (("runAsUser", 65532), ("fsGroup", 65532), ("runAsUser", openshift.FIRST + openshift.COUNT)):
            pod = {"spec": {"securityContext": {key: value}, "containers": []}}
            self.assertEqual(len(list(openshift.refused(pod))), 1)
        own = {"spec": {"containers": [{"name": "main", "securityContext": {"runAsUser": 1}}], "volumes": [{"name": "v", "hostPath": {}}]}}
        self.assertEqual(len(list(openshift.refused(own))), 2)

    def test_manifests_without_the_lines_that_the_document_takes_out(self):
        (expression,) = re.findall(r"(?m)^ *sed -E '(.*?)' manifests/pod\.yaml", DOCUMENT.read_text())
        for path in MANIFESTS:
            with self.subTest(path.name):
                done = subprocess.run(["sed", "-E", expression, path], capture_output=True, text=True, check=True)
                documents = objects.documents(done.stdout)
                self.assertNotEqual(list(wrong(objects.documents(path.read_text()))), [])
                self.assertEqual(list(wrong(documents)), [])
                for document in documents:
                    self.assertIsNone(objects.invalid(document, objects.newest()[-1]))

    @unittest.skipIf(kustomize.MISSING, str(kustomize.MISSING))
    def test_manifests_with_the_component(self):
        with tempfile.TemporaryDirectory() as folder:
            root = kustomize.copy(Path(folder))
            for path in MANIFESTS:
                (root / "all").mkdir(exist_ok=True)
                (root / "all" / path.name).write_text(path.read_text())
            names = ", ".join(path.name for path in MANIFESTS)
            (root / "all/kustomization.yaml").write_text(f"resources: [{names}]\ncomponents: [../openshift]\n")
            built = kustomize.built(root / "all")
        plain = [one for path in MANIFESTS for one in objects.documents(path.read_text())]
        self.assertEqual(len(built), len(plain))
        self.assertEqual(list(wrong(built)), [])
        for document in built:
            self.assertIsNone(objects.invalid(document, objects.newest()[-1]))

    @unittest.skipIf(kustomize.MISSING, str(kustomize.MISSING))
    def test_both_components_in_either_order(self):
        texts = set()
        for order in ("../component, ../openshift", "../openshift, ../component", "../component-path, ../openshift"):
            with tempfile.TemporaryDirectory() as folder:
                root = kustomize.copy(Path(folder))
                file = root / "overlay/kustomization.yaml"
                file.write_text(file.read_text().replace("components: [../component]", f"components: [{order}]"))
                built = kustomize.built(root / "overlay")
            with self.subTest(order):
                self.assertEqual(list(wrong(built)), [])
                # a change of what the component has made leaves its values what they are
                for document in built:
                    self.assertIsNone(objects.invalid(document, objects.newest()[-1]))
                (pod,) = objects.templates(built)
                self.assertIn("aptlet", [one["name"] for one in pod["spec"]["initContainers"]])
            texts.add(str(built) if "path" not in order else "")
        self.assertEqual(len(texts), 2)

    def test_the_chart_names_no_user(self):
        plain = {**POD, "spec": {**POD["spec"], "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}}
        with tempfile.TemporaryDirectory() as folder:
            charts = Charts(folder)
            self.addCleanup(charts.close)
            for mode in ("init", "sidecar", "entrypoint"):
                made = charts.render("given", {"manifest": plain, "aptlet": {"packages": ["jq"], "mode": mode}})
                with self.subTest(mode):
                    self.assertEqual(list(wrong(objects.documents(made))), [])


if __name__ == "__main__":
    unittest.main()
