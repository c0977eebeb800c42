"""The checks themselves: each rule must find what breaks it, and nothing in a pod that is fine."""

import copy
import unittest

import objects
import standard

GOOD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "good"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [],
        "containers": [
            {
                "name": "main",
                "image": "i",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "resources": {"requests": {"cpu": "1", "memory": "1Mi"}, "limits": {"memory": "1Mi"}},
                "volumeMounts": [{"name": "files", "mountPath": "/files"}],
            }
        ],
        "volumes": [{"name": "files", "configMap": {"name": "files"}}],
    },
}
FILES = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "files"}, "data": {}}
MAIN = "spec.containers.0."
OWN = MAIN + "securityContext."
SHARED = "spec.securityContext."
REMOVE = object()
# path, value, the control that this breaks
BREAKS = (
    ("spec.hostNetwork", True, "Host Namespaces"),
    ("spec.hostPID", True, "Host Namespaces"),
    ("spec.hostIPC", True, "Host Namespaces"),
    ("spec.volumes", [{"name": "v", "hostPath": {"path": "/"}}], "Volume Types"),
    ("spec.volumes", [{"name": "v", "nfs": {"server": "s", "path": "/"}}], "Volume Types"),
    (SHARED + "sysctls", [{"name": "kernel.msgmax", "value": "1"}], "Sysctls"),
    (SHARED + "runAsUser", 0, "Running as Non-root user"),
    (SHARED + "runAsNonRoot", False, "Running as Non-root"),
    (SHARED + "runAsNonRoot", REMOVE, "Running as Non-root"),
    (SHARED + "seccompProfile", REMOVE, "Seccomp"),
    (SHARED + "seccompProfile", {"type": "Unconfined"}, "Seccomp"),
    (SHARED + "appArmorProfile", {"type": "Unconfined"}, "AppArmor"),
    (SHARED + "seLinuxOptions", {"type": "spc_t"}, "SELinux"),
    (SHARED + "seLinuxOptions", {"user": "u"}, "SELinux"),
    (SHARED + "windowsOptions", {"hostProcess": True}, "HostProcess"),
    ("metadata.annotations", {standard.APPARMOR_ANNOTATION + "main": "unconfined"}, "AppArmor"),
    (OWN + "privileged", True, "Privileged Containers"),
    (OWN + "allowPrivilegeEscalation", True, "Privilege Escalation"),
    (OWN + "allowPrivilegeEscalation", REMOVE, "Privilege Escalation"),
    (OWN + "capabilities", REMOVE, "Capabilities"),
    (OWN + "capabilities", {"drop": ["NET_RAW"]}, "Capabilities"),
    (OWN + "capabilities", {"drop": ["ALL"], "add": ["CHOWN"]}, "Capabilities"),
    (OWN + "runAsUser", 0, "Running as Non-root user"),
    (OWN + "runAsNonRoot", False, "Running as Non-root"),
    (OWN + "seccompProfile", {"type": "Unconfined"}, "Seccomp"),
    (OWN + "procMount", "Unmasked", "/proc Mount Type"),
    (MAIN + "ports", [{"containerPort": 80, "hostPort": 80}], "Host Ports"),
    (MAIN + "livenessProbe", {"httpGet": {"port": 80, "host": "10.0.0.1"}}, "Host Probes / Lifecycle Hooks"),
    (MAIN + "lifecycle", {"preStop": {"tcpSocket": {"port": 80, "host": "h"}}}, "Host Probes / Lifecycle Hooks"),
)


def changed(path, value):
    """The good pod with a value at a path."""
    pod = copy.deepcopy(GOOD)
    *way, last = path.split(".")
    place = pod
    for step in way:
        place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
    if value is REMOVE:
        del place[last]
    else:
        place[last] = value
    return pod


class Standard(unittest.TestCase):
    def test_a_good_pod_passes(self):
        self.assertEqual(list(standard.violations(GOOD)), [])
        self.assertEqual(list(standard.more(GOOD)), [])
        allowed = changed(OWN + "capabilities", {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})
        self.assertEqual(list(standard.violations(allowed)), [])

    def test_each_rule_finds_what_breaks_it(self):
        for path, value, control in BREAKS:
            with self.subTest(path=path, value=value):
                found = {sentence.split(": ")[0] for sentence in standard.violations(changed(path, value))}
                self.assertEqual(found, {control})

    def test_an_empty_dir_is_bounded_by_its_limit_or_by_those_of_its_containers(self):
        def found(volume, **resources):
            pod = copy.deepcopy(GOOD)
            pod["spec"]["volumes"] = [{"name": "files", "emptyDir": volume}]
            for kind, amount in resources.items():
                pod["spec"]["containers"][0]["resources"][kind]["ephemeral-storage"] = amount
            return list(standard.unbounded(pod))

        self.assertEqual(list(standard.unbounded(GOOD)), [])
        self.assertEqual(found({"sizeLimit": "1Gi"}), [])
        self.assertEqual(found({}, requests="1Gi", limits="1Gi"), [])
        self.assertEqual(found({}), ["main mounts files"])
        self.assertEqual(found(None, requests="1Gi"), ["main mounts files"])

    def test_init_and_ephemeral_containers_are_no_way_around(self):
        for kind in ("initContainers", "ephemeralContainers"):
            pod = changed("spec." + kind, [{"name": "other", "securityContext": {"privileged": True}}])
            found = {sentence.split(": ")[0] for sentence in standard.violations(pod)}
            self.assertEqual(found, {"Privileged Containers", "Privilege Escalation", "Capabilities"})

    def test_what_is_promised_beyond_the_standard(self):
        for path, value in (
            (OWN + "readOnlyRootFilesystem", REMOVE),
            (MAIN + "resources", REMOVE),
            (MAIN + "resources", {"requests": {"cpu": 1, "memory": 1}}),
        ):
            self.assertNotEqual(list(standard.more(changed(path, value))), [], path)


class Objects(unittest.TestCase):
    def test_the_three_newest_versions(self):
        self.assertEqual(len(objects.newest()), 3)
        self.assertGreaterEqual(tuple(map(int, objects.newest()[-1].split("."))), (1, 37))

    def test_strict_schemas(self):
        for version in objects.newest():
            self.assertIsNone(objects.invalid(GOOD, version))
            for path, value in ((MAIN + "volumeMount", []), (MAIN + "env", {}), (MAIN + "name", 1), (MAIN + "name", REMOVE)):
                self.assertIsNotNone(objects.invalid(changed(path, value), version), path)
            self.assertIn("schema", objects.invalid({"apiVersion": "v1", "kind": "Pot"}, version))

    def test_references(self):
        self.assertEqual(objects.dangling([GOOD, FILES]), set())
        self.assertEqual(objects.dangling([GOOD]), {("ConfigMap", "files")})
        sources = [{"configMap": {"name": "a"}}, {"secret": {"name": "b"}}]
        for path, value, wanted in (
            ("spec.volumes", [{"name": "files", "projected": {"sources": sources}}], {("ConfigMap", "a"), ("Secret", "b")}),
            ("spec.volumes", [{"name": "files", "secret": {"secretName": "s"}}], {("Secret", "s")}),
            (MAIN + "envFrom", [{"secretRef": {"name": "s"}}], {("Secret", "s")}),
        ):
            self.assertEqual(objects.dangling([changed(path, value), FILES]), wanted)
        self.assertEqual(list(objects.unmounted([GOOD])), [])
        self.assertEqual(list(objects.unmounted([changed("spec.volumes", [])])), [("main", "files")])

    def test_what_is_lost(self):
        self.assertEqual(list(objects.lost(GOOD, GOOD)), [])
        more = changed(MAIN + "env", [{"name": "A"}])
        more["spec"]["containers"].insert(0, {"name": "new"})
        self.assertEqual(list(objects.lost(GOOD, more)), [])
        for path, value in (
            (MAIN + "image", "j"),
            (MAIN + "image", REMOVE),
            ("spec.volumes", []),
            ("spec.containers", [{"name": "other"}]),
            (OWN + "capabilities.drop", ["ALL", "CHOWN"]),
        ):
            self.assertNotEqual(list(objects.lost(GOOD, changed(path, value))), [], path)
        two = [{"name": "a"}, {"name": "b"}]
        self.assertEqual(list(objects.lost(two, two[::-1])), [": another order"])


if __name__ == "__main__":
    unittest.main()
