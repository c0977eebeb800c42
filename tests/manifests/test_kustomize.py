"""The kustomize component, built by kubectl."""

import os
import tempfile
import unittest
from pathlib import Path

import kustomize
import objects
import standard
import yaml

GOLDEN = Path(__file__).resolve().parent / "kustomize.golden.yaml"
OVERLAY = "overlay/kustomization.yaml"
DEPLOYMENT = "overlay/deployment.yaml"


@unittest.skipIf(kustomize.MISSING, str(kustomize.MISSING))
class Component(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = kustomize.copy(Path(folder.name))

    def changed(self, path, change):
        """The overlay's objects by kind, with a file of it changed."""
        file = self.folder / path
        documents = objects.documents(file.read_text())
        change(*documents)
        file.write_text(yaml.safe_dump_all(documents))
        return {one["kind"]: one for one in kustomize.built(self.folder / "overlay")}

    def by_path(self):
        """Makes the overlay use the component with a PATH."""
        file = self.folder / OVERLAY
        file.write_text(file.read_text().replace("../component]", "../component-path]"))

    def deployment(self, change):
        return self.changed(DEPLOYMENT, change)["Deployment"]["spec"]["template"]["spec"]

    def test_golden(self):
        text = kustomize.build(self.folder / "overlay")
        if os.environ.get("APTLET_TEST_UPDATE"):
            GOLDEN.write_text(text)
        self.assertMultiLineEqual(text, GOLDEN.read_text())

    def test_valid_and_restricted(self):
        built = kustomize.built(self.folder / "overlay")
        self.assertEqual({one["kind"] for one in built}, {"ConfigMap", "Deployment"})
        for document in built:
            for version in objects.newest():
                self.assertIsNone(objects.invalid(document, version))
        (pod,) = objects.templates(built)
        self.assertEqual([*standard.violations(pod), *standard.more(pod)], [])
        self.assertEqual(objects.dangling(built), set())
        self.assertEqual(list(objects.unmounted(built)), [])

    def test_other_content_is_untouched(self):
        (before,) = objects.documents((self.folder / DEPLOYMENT).read_text())
        after = {one["kind"]: one for one in kustomize.built(self.folder / "overlay")}["Deployment"]
        self.assertEqual(list(objects.lost(before, after)), [])

    def test_every_kind_gets_the_same_by_path(self):
        self.by_path()
        self.test_every_kind_gets_the_same()

    def live(self):
        """Makes the overlay use the component for mode live."""
        file = self.folder / OVERLAY
        file.write_text(file.read_text().replace("../component]", "../component-live]"))

    def test_every_kind_gets_the_same_live(self):
        self.live()
        self.test_every_kind_gets_the_same()

    def test_live_is_what_render_makes(self):
        self.live()
        spec = self.deployment(lambda one: one["spec"]["template"]["spec"].update(initContainers=[{"name": "first", "image": "i"}]))
        own, first = spec["initContainers"]
        self.assertEqual((own["name"], own["args"], first), ("aptlet", ["live"], {"name": "first", "image": "i"}))
        (main,) = spec["containers"]
        mounts = [
            {"name": "aptlet-packages", "mountPath": "/p"},
            {"name": "aptlet-packages", "mountPath": "/usr/local/sbin", "subPath": "commands", "readOnly": True},
            {"name": "aptlet-config", "mountPath": "/etc/aptlet", "readOnly": True},
        ]
        self.assertEqual(main["volumeMounts"], mounts)
        golden = yaml.safe_load_all((GOLDEN.parent / "goldens/live.yaml").read_text())
        (chart,) = [one for one in golden if one["kind"] == "Deployment"]
        (patched,) = chart["spec"]["template"]["spec"]["containers"]
        by_name = lambda env: sorted(env, key=lambda one: one["name"])  # noqa: E731
        self.assertEqual(by_name(main["env"]), by_name(patched["env"]))

    def test_every_kind_gets_the_same(self):
        (deployment,) = objects.documents((self.folder / DEPLOYMENT).read_text())
        template = deployment["spec"]["template"]
        once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
        of = lambda api, kind, spec: {  # noqa: E731
            "apiVersion": api, "kind": kind, "metadata": {"name": kind.lower(), "labels": {"aptlet": "enabled"}}, "spec": spec}
        common = {"selector": deployment["spec"]["selector"], "template": template}
        kinds = [
            of("v1", "Pod", once["spec"]), of("apps/v1", "Deployment", common), of("apps/v1", "DaemonSet", common),
            of("apps/v1", "ReplicaSet", common), of("apps/v1", "StatefulSet", {"serviceName": "clock", **common}),
            of("batch/v1", "Job", {"template": once}),
            of("batch/v1", "CronJob", {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": once}}}),
        ]
        (self.folder / DEPLOYMENT).write_text(yaml.safe_dump_all(kinds))
        built = kustomize.built(self.folder / "overlay")
        self.assertEqual(objects.dangling(built), {("Service", "clock")})
        self.assertEqual(list(objects.unmounted(built)), [])
        self.assertEqual(len(built), len(kinds) + 1)
        shown = set()
        for before in kinds:
            (after,) = [one for one in built if one["kind"] == before["kind"]]
            with self.subTest(before["kind"]):
                self.assertEqual(list(objects.lost(before, after)), [])
                self.assertEqual(after["apiVersion"], before["apiVersion"])
                for version in objects.newest():
                    self.assertIsNone(objects.invalid(after, version))
                (pod,) = objects.templates([after])
                self.assertEqual([*standard.violations(pod), *standard.more(pod)], [])
                pod["spec"].pop("restartPolicy", None)
                shown.add(yaml.safe_dump(pod["spec"]))
        self.assertEqual(len(shown), 1, "\n---\n".join(shown))

    def test_another_package_list_rolls_the_pods(self):
        first = kustomize.build(self.folder / "overlay")
        (self.folder / "overlay/packages").write_text("curl\n")
        second = {one["kind"]: one for one in kustomize.built(self.folder / "overlay")}
        name = second["ConfigMap"]["metadata"]["name"]
        self.assertRegex(name, "^aptlet-[a-z0-9]+$")
        self.assertNotIn(name, first)
        self.assertIn(name, str(second["Deployment"]["spec"]["template"]))

    def test_only_what_has_the_label_is_patched(self):
        spec = self.deployment(lambda one: one["metadata"]["labels"].update(aptlet="disabled"))
        self.assertEqual(spec.keys(), {"automountServiceAccountToken", "nodeSelector", "securityContext", "containers"})
        self.assertNotIn("volumeMounts", spec["containers"][0])

    def test_the_first_container_is_patched_whatever_it_is_called_and_has(self):
        def change(deployment):
            spec = deployment["spec"]["template"]["spec"]
            spec["initContainers"] = [{"name": "first", "image": "i"}]
            spec["volumes"] = [{"name": "data", "emptyDir": {}}]
            spec["containers"][0] |= {
                "name": "server",
                "env": [{"name": "A", "value": "b"}],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
            spec["containers"].append({"name": "other", "image": "i"})

        spec = self.deployment(change)
        server, other = spec["containers"]
        self.assertEqual(server["env"], [{"name": "A", "value": "b"}])
        commands = {"name": "aptlet-packages", "mountPath": "/usr/local/sbin", "subPath": "commands", "readOnly": True}
        mounts = [{"name": "data", "mountPath": "/data"}, {"name": "aptlet-packages", "mountPath": "/p", "readOnly": True}, commands]
        self.assertCountEqual(server["volumeMounts"], mounts)
        self.assertEqual(other, {"name": "other", "image": "i"})
        self.assertEqual([one["name"] for one in spec["initContainers"]], ["aptlet", "first"])
        self.assertEqual({one["name"] for one in spec["volumes"]}, {"aptlet-packages", "aptlet-config", "data"})

    def test_a_path_that_the_container_sets_stays(self):
        env = [{"name": "PATH", "value": "/app/bin"}]

        def change(deployment):
            deployment["spec"]["template"]["spec"]["containers"][0]["env"] = env

        self.assertEqual(self.deployment(change)["containers"][0]["env"], env)

    def test_a_path_that_the_container_sets_is_replaced_by_a_path(self):
        def change(deployment):
            deployment["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "b"}, {"name": "PATH", "value": "/app/bin"}]

        self.by_path()
        container = self.deployment(change)["containers"][0]
        usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.assertEqual(container["env"], [{"name": "A", "value": "b"}, {"name": "PATH", "value": f"{usual}:/p/bin"}])
        self.assertEqual(container["volumeMounts"], [{"name": "aptlet-packages", "mountPath": "/p", "readOnly": True}])

    def test_another_place_for_the_commands_is_one_line(self):
        file = self.folder / "component/commands.yaml"
        file.write_text(file.read_text().replace("/usr/local/sbin", "/opt/tools"))
        (container,) = self.deployment(lambda _: None)["containers"]
        self.assertEqual([one["mountPath"] for one in container["volumeMounts"]], ["/p", "/opt/tools"])

    def test_building_what_was_built_by_path_changes_nothing(self):
        self.by_path()
        self.test_building_what_was_built_changes_nothing()

    def test_building_what_was_built_changes_nothing(self):
        once = kustomize.built(self.folder / "overlay")
        config = next(one for one in once if one["kind"] == "ConfigMap")["metadata"]["name"]
        (self.folder / DEPLOYMENT).write_text(
            yaml.safe_dump(next(one for one in once if one["kind"] == "Deployment")).replace(config, "aptlet")
        )
        self.assertEqual(kustomize.built(self.folder / "overlay"), once)

    def test_an_image_of_your_own(self):
        images = [{"name": "registry.example/aptlet", "newName": "registry.corp.example/tools/aptlet", "newTag": "1"}]
        built = self.changed(OVERLAY, lambda one: one.update(images=images))
        (container,) = built["Deployment"]["spec"]["template"]["spec"]["initContainers"]
        self.assertEqual(container["image"], "registry.corp.example/tools/aptlet:1")

    def test_prefixes_and_namespaces(self):
        built = self.changed(OVERLAY, lambda one: one.update(namePrefix="dev-", namespace="dev"))
        self.assertEqual(objects.dangling(built.values()), set())
        self.assertTrue(built["ConfigMap"]["metadata"]["name"].startswith("dev-aptlet-"))

    def test_a_missing_config_map_is_found(self):
        built = self.changed(OVERLAY, lambda one: one.pop("configMapGenerator"))
        self.assertEqual(objects.dangling(built.values()), {("ConfigMap", "aptlet")})


if __name__ == "__main__":
    unittest.main()
