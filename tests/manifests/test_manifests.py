"""The manifests in manifests/: valid, restricted, whole, and marked where a user edits them."""

import itertools
import re
import unittest
from pathlib import Path

import objects
import standard
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "manifests"
MANIFESTS = sorted(FOLDER.glob("*.yaml"))
APTLET = re.compile(r"^(?P<list>.*/)?aptlet[:@]")


def own(pod):
    """The containers of a pod that run aptlet's image."""
    return [one for one in standard.containers(pod["spec"]) if APTLET.match(one["image"])]


def from_image(pod):
    """Whether an image has the packages already, so that no container of aptlet's brings them."""
    return any("image" in volume for volume in pod["spec"].get("volumes", []))


class Manifests(unittest.TestCase):
    def each(self, check):
        for path in MANIFESTS:
            text = path.read_text()
            with self.subTest(path.name):
                check(text, objects.documents(text))

    def test_all_are_there(self):
        names = {"pod", "deployment", "statefulset", "job", "cronjob", "air-gapped", "proxy"}
        self.assertLessEqual(names, {path.stem for path in MANIFESTS})

    def test_valid_in_the_three_newest_versions(self):
        def check(_, documents):
            for document in documents:
                for version in objects.newest():
                    self.assertIsNone(objects.invalid(document, version), document["kind"])

        self.each(check)

    def test_restricted(self):
        def check(_, documents):
            pods = objects.templates(documents)
            self.assertTrue(pods)
            for pod in pods:
                self.assertEqual([*standard.violations(pod), *standard.more(pod)], [])
                self.assertIs(pod["spec"]["automountServiceAccountToken"], False)

        self.each(check)

    def test_every_manifest_stands_alone(self):
        def check(_, documents):
            self.assertEqual(objects.dangling(documents), set())
            self.assertEqual(list(objects.unmounted(documents)), [])
            names = [(one["kind"], one["metadata"]["name"]) for one in documents]
            self.assertEqual(len(names), len(set(names)))

        self.each(check)

    def test_all_fit_into_one_namespace(self):
        names = [(path.name, one["kind"], one["metadata"]["name"], one["metadata"].get("namespace"))
                 for path in MANIFESTS for one in objects.documents(path.read_text())]
        self.assertEqual(len({name[1:] for name in names}), len(names), sorted(names, key=lambda name: name[1:]))
        labels = [pod["metadata"]["labels"]["app.kubernetes.io/name"]
                  for path in MANIFESTS for pod in objects.templates(objects.documents(path.read_text()))
                  if "labels" in pod["metadata"]]
        self.assertEqual(len(set(labels)), len(labels), labels)

    def test_names_and_limits_are_those_of_render_and_chart(self):
        def check(_, documents):
            (pod,) = [pod for pod in objects.templates(documents) if own(pod) or from_image(pod)]
            mounts = {(one["mountPath"], one["name"]) for container in standard.containers(pod["spec"])
                      for one in container.get("volumeMounts", []) if one["mountPath"] in ("/p", "/etc/aptlet")}
            if from_image(pod):
                self.assertEqual(mounts, {("/p", "aptlet-packages")})
                return
            self.assertEqual(mounts, {("/p", "aptlet-packages"), ("/etc/aptlet", "aptlet-config")})
            (container,) = own(pod)
            # one that only brings aptlet needs less
            if container.get("args") == ["install", "--self"]:
                container = pod["spec"]["containers"][0]
            self.assertEqual(container["name"] in ("aptlet", "main"), True)
            self.assertEqual(container["resources"], {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "160Mi"}})

        self.each(check)

    def test_selectors_select(self):
        def check(_, documents):
            labels = [(one.get("metadata") or {}).get("labels") or {} for one in objects.templates(documents)]
            for one in documents:
                selector = (one.get("spec") or {}).get("selector") or {}
                selector = selector.get("matchLabels", selector)
                if selector:
                    self.assertTrue(any(selector.items() <= has.items() for has in labels), one["metadata"]["name"])

        self.each(check)

    def test_one_pod_gets_packages(self):
        def check(_, documents):
            (pod,) = [pod for pod in objects.templates(documents) if own(pod) or from_image(pod)]
            if not from_image(pod):
                self.assertEqual({one["image"] for one in own(pod)}, {"registry.example/aptlet:0.1"})
                requests = [one["data"]["packages"] for one in documents if "packages" in (one.get("data") or {})]
                self.assertEqual(len(requests), 1)
            main = pod["spec"]["containers"][0]
            (mount,) = [mount for mount in main["volumeMounts"] if mount["mountPath"] == "/p"]
            # `aptlet run` writes
            if "/p/.aptlet/aptlet" not in main.get("command", []):
                self.assertIs(mount.get("readOnly"), True)
            commands = {"name": "aptlet-packages", "mountPath": "/usr/local/sbin", "subPath": "commands", "readOnly": True}
            self.assertIn(commands, main["volumeMounts"])
            self.assertNotIn("PATH", {one["name"] for one in main.get("env", [])})

        self.each(check)

    def test_what_to_edit_is_marked(self):
        def check(text, _):
            lines = text.splitlines()
            self.assertIn("<--", text.split("apiVersion")[0], "the head does not say what the mark is")
            for before, line in itertools.pairwise(lines):
                if re.match(r" +(- )?(image: |packages: \|)", line):
                    self.assertIn("<--", line + (before if before.lstrip().startswith("#") else ""))

        self.each(check)

    def test_what_is_commented_out_is_a_source_list(self):
        def check(text, _):
            for block in re.findall(r"(?m)^ +#mirror\.sources: \|\n(?: +#  .*\n)+", text):
                sources = yaml.safe_load(re.sub(r"(?m)^( *)#", r"\1", block))["mirror.sources"]
                self.assertEqual(re.findall(r"(?m)^\w+", sources), ["Types", "URIs", "Suites", "Components"])

        self.each(check)


class AirGapped(unittest.TestCase):
    def setUp(self):
        self.objects = objects.documents((FOLDER / "air-gapped.yaml").read_text())

    def one(self, kind, name):
        (found,) = [one for one in self.objects if (one["kind"], one["metadata"]["name"]) == (kind, name)]
        return found

    def test_everything_is_in_the_namespace_which_enforces_the_standard(self):
        labels = self.one("Namespace", "air-gapped")["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")
        others = {one["metadata"].get("namespace") for one in self.objects if one["kind"] != "Namespace"}
        self.assertEqual(others, {"air-gapped"})

    def test_there_is_no_way_out_but_the_mirror(self):
        policies = [one["spec"] for one in self.objects if one["kind"] == "NetworkPolicy"]
        deny = self.one("NetworkPolicy", "deny-egress")["spec"]
        self.assertEqual(deny, {"podSelector": {}, "policyTypes": ["Egress"]})
        ways = [way for policy in policies for way in policy.get("egress", [])]
        mirror, dns = ways
        self.assertEqual(mirror["to"], [{"podSelector": self.one("Deployment", "mirror")["spec"]["selector"]}])
        ports = self.one("Deployment", "mirror")["spec"]["template"]["spec"]["containers"][0]["ports"]
        self.assertEqual([port["port"] for port in mirror["ports"]], [port["containerPort"] for port in ports])
        self.assertEqual({port["port"] for port in dns["ports"]}, {53})
        (peer,) = dns["to"]
        self.assertEqual(peer.keys(), {"namespaceSelector", "podSelector"})

    def test_the_source_is_the_service(self):
        service = self.one("Service", "mirror")["spec"]["ports"][0]
        self.assertEqual((service["port"], service["targetPort"]), (80, "http"))
        self.assertIn("\nURIs: http://mirror/debian\n", self.one("ConfigMap", "air-gapped-packages")["data"]["mirror.sources"])
        settings = self.one("ConfigMap", "mirror")["data"]["nginx.conf"]
        self.assertIn("listen 8080;", settings)
        (repository,) = [
            mount["mountPath"]
            for mount in self.one("Deployment", "mirror")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
            if mount["name"] == "repository"
        ]
        self.assertIn(f"root {repository};", settings)


if __name__ == "__main__":
    unittest.main()
