"""The examples of mode live: valid pods, under the restricted standard, and what `aptlet render` makes of the same."""

import os
import subprocess
import unittest
from pathlib import Path

import objects
import standard
import yaml

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BINARY = os.environ.get("APTLET_TEST_BINARY")


def sandbox():
    (object,) = objects.documents((EXAMPLES / "agent-sandbox/sandbox.yaml").read_text())
    assert object["kind"] == "Sandbox"
    return object["spec"]["podTemplate"]["spec"]


def runner():
    return yaml.safe_load((EXAMPLES / "actions-runner/values.yaml").read_text())["template"]["spec"]


def notebook():
    """The pod that the hub makes of what the chart's values say of it."""
    values = yaml.safe_load((EXAMPLES / "jupyterhub/values.yaml").read_text())["singleuser"]
    main = {
        "name": "notebook",
        "image": "quay.io/jupyterhub/k8s-singleuser-sample",
        "env": [{"name": name, "value": value} for name, value in values["extraEnv"].items()],
        "volumeMounts": values["storage"]["extraVolumeMounts"],
        "securityContext": {"allowPrivilegeEscalation": values["allowPrivilegeEscalation"], "runAsUser": values["uid"]},
    }
    return {
        "securityContext": {"fsGroup": values["fsGid"]},
        "initContainers": values["initContainers"],
        "containers": [main],
        "volumes": values["storage"]["extraVolumes"],
    }


PODS = {"agent-sandbox": sandbox, "actions-runner": runner, "jupyterhub": notebook}


def pod(name):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": PODS[name]()}


class Examples(unittest.TestCase):
    def test_each_is_a_valid_pod(self):
        for name in PODS:
            for version in objects.newest():
                with self.subTest(name, version=version):
                    self.assertIsNone(objects.invalid(pod(name), version))
            with self.subTest(name):
                self.assertEqual(list(objects.unmounted([pod(name)])), [])

    def test_those_whose_pods_are_ours_meet_the_restricted_standard(self):
        for name in ("agent-sandbox", "actions-runner"):
            with self.subTest(name):
                self.assertEqual(list(standard.violations(pod(name))), [])
        self.assertEqual(list(standard.more(pod("agent-sandbox"))), [])

    @unittest.skipUnless(BINARY, "skipped: no --binary")
    def test_render_has_nothing_to_add(self):
        command = [BINARY, "render", "--mode=live", "--image=registry.example/aptlet:0.1", "--size-limit=4Gi", "--filename=-"]
        for name in PODS:
            text = yaml.safe_dump(pod(name))
            done = subprocess.run(command, input=text, capture_output=True, text=True, env={})
            with self.subTest(name):
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(objects.documents(done.stdout), [pod(name)])


if __name__ == "__main__":
    unittest.main()
