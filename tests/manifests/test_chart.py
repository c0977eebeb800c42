"""The library chart and its example, by Helm's own code: lint, dependencies, packages, and what is rendered."""

import copy
import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import helm_python as helm
import objects
import standard
import yaml
from charts import ROOT, Charts

HERE = Path(__file__).resolve().parent
CASES = yaml.safe_load((HERE / "cases.yaml").read_text())["cases"]
BAD = yaml.safe_load((HERE / "bad.yaml").read_text())
UPDATE = bool(os.environ.get("APTLET_TEST_UPDATE"))
LIBRARY = "manifests/helm/aptlet"
POD = CASES["pod"]["values"]["manifest"]
WARNING = 2


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.charts = Charts(folder.name)
        cls.addClassCleanup(cls.charts.close)

    def rendered(self, name):
        return self.charts.render(CASES[name]["chart"], CASES[name]["values"])

    def app(self, **aptlet):
        """ConfigMap and Deployment of the example application."""
        config, deployment = objects.documents(self.charts.render("helm-app", {"aptlet": aptlet}))
        return config, deployment

    def patched(self, manifest, **aptlet):
        values = {"manifest": manifest, "aptlet": {"packages": ["jq"], **aptlet}}
        return objects.documents(self.charts.render("given", values))[-1]


class Rendered(Case):
    def test_goldens(self):
        self.assertGreaterEqual(len(CASES), 20)
        goldens = HERE / "goldens"
        if UPDATE:
            shutil.rmtree(goldens, ignore_errors=True)
            goldens.mkdir()
        for name in CASES:
            with self.subTest(name):
                golden = goldens / f"{name}.yaml"
                if UPDATE:
                    golden.write_text(self.rendered(name))
                self.assertMultiLineEqual(self.rendered(name), golden.read_text())
        self.assertEqual({golden.stem for golden in goldens.iterdir()}, CASES.keys())

    def test_all_are_valid_in_the_three_newest_versions(self):
        for name in CASES.keys() - {"pod-template", "pod-spec"}:
            for document in objects.documents(self.rendered(name)):
                for version in objects.newest():
                    with self.subTest(name, kind=document["kind"], version=version):
                        self.assertIsNone(objects.invalid(document, version))

    def test_all_pods_meet_the_restricted_standard(self):
        for name, case in CASES.items():
            documents = objects.documents(self.rendered(name))
            pods = objects.templates(documents) or [{"spec": documents[-1]}]
            for pod in pods:
                spec = pod["spec"]
                if case.get("restricted") is False:
                    own = [one for one in spec["initContainers"] if one["name"] == "aptlet"]
                    pod = {"spec": {"containers": own}}
                with self.subTest(name):
                    self.assertEqual(list(standard.violations(pod)), [])
                    self.assertEqual(list(standard.more(pod)), [])
                    self.assertNotEqual(spec["initContainers"], [])

    def test_what_pods_refer_to_is_rendered(self):
        for name in CASES.keys() - {"pod-template", "pod-spec"}:
            documents = objects.documents(self.rendered(name))
            with self.subTest(name):
                self.assertLessEqual(objects.dangling(documents), {("Secret", "mirror-login"), ("Service", "tool")})
                self.assertEqual(list(objects.unmounted(documents)), [])

    def test_other_content_is_untouched(self):
        for name, case in CASES.items():
            if case["chart"] != "given":
                continue
            before = copy.deepcopy(case["values"]["manifest"])
            after = objects.documents(self.rendered(name))[-1]
            changed = set(objects.lost(before, after))
            allowed = {path for path in changed if path.endswith((".env[PATH].value", ".env[no_proxy].value", ".command"))}
            if case.get("older"):
                allowed |= {path for path in changed if ".env" in path}
            with self.subTest(name):
                self.assertEqual(changed - allowed, set())
        for path in (".spec.containers[main].env[PATH].value",):
            before, after = CASES["full"]["values"]["manifest"], objects.documents(self.rendered("full"))[-1]
            self.assertEqual(list(objects.lost(before, after)), [path])

    def test_patching_again_changes_nothing(self):
        for name, case in CASES.items():
            if case["chart"] != "given":
                continue
            once = objects.documents(self.rendered(name))[-1]
            values = {**case["values"], "by": "map", "manifest": once}
            with self.subTest(name):
                self.assertEqual(objects.documents(self.charts.render("given", values))[-1], once)

    def test_patching_with_other_values_replaces_what_was_there(self):
        for mode in ("init", "sidecar", "entrypoint", "live"):
            first = self.patched(POD, mode=mode, image={"tag": "old"}, auth={"secretName": "login"}, extraArgs=["--slim"])
            again = {"mode": mode, "packages": ["curl"], "image": {"tag": "new"}}
            with self.subTest(mode):
                self.assertEqual(self.patched(first, **again), self.patched(POD, **again))

    def test_libraries_go_behind_those_of_the_container(self):
        def env(value=None, **aptlet):
            variable = [{"name": "LD_LIBRARY_PATH", **value}] if value else []
            pod = {**POD, "spec": {**POD["spec"], "containers": [{"name": "main", "image": "i", "env": variable}]}}
            patched = self.patched(pod, **aptlet)["spec"]
            return patched["initContainers"][0]["args"], patched["containers"][0].get("env")

        own, both = ({"name": "LD_LIBRARY_PATH", "value": value} for value in ("/p/lib", "/opt/lib:/p/lib"))
        self.assertEqual(env(libraries=True), (["install", "--libraries"], [own]))
        self.assertEqual(env({"value": "/opt/lib"}, libraries=True)[1], [both])
        self.assertEqual(env({"value": "/p/lib:/opt/lib"}, libraries=True)[1], [both])
        self.assertIsNone(env({"value": "/p/lib"})[1])
        self.assertEqual(env({"value": "/opt/lib:/p/lib"})[1], [{**own, "value": "/opt/lib"}])
        path = env(libraries=True, expose="path", imagePath="/bin")[1]
        self.assertEqual([variable["name"] for variable in path], ["PATH", "LD_LIBRARY_PATH"])
        with self.assertRaisesRegex(Exception, "LD_LIBRARY_PATH from elsewhere"):
            env({"valueFrom": {"configMapKeyRef": {"name": "x", "key": "y"}}}, libraries=True)

    def test_a_map_a_text_and_a_template_are_patched_alike(self):
        ways = {by: self.charts.render("given", {"by": by, "manifest": POD}) for by in ("map", "text", "template")}
        self.assertEqual(len(set(ways.values())), 1)

    def test_two_dependencies_do_not_meet(self):
        names = {(one["kind"], one["metadata"]["name"]) for one in objects.documents(self.rendered("twice"))}
        self.assertEqual(
            names,
            {("ConfigMap", "demo-web"), ("ConfigMap", "demo-worker")}
            | {("Deployment", "demo-web"), ("Deployment", "demo-worker")},
        )
        both = POD
        for name, prefix, place in (("one", "/p", "/usr/local/sbin"), ("two", "/q", "/opt/two")):
            both = self.patched(both, name=name, prefix=prefix, exposeAt=place)
        self.assertEqual([one["name"] for one in both["spec"]["initContainers"]], ["two", "one"])
        (main,) = both["spec"]["containers"]
        places = {mount["mountPath"] for mount in main["volumeMounts"]}
        self.assertEqual(places, {"/p", "/q", "/usr/local/sbin", "/opt/two"})
        self.assertNotIn("env", main)
        for name, prefix in (("one", "/p"), ("two", "/q")):
            both = self.patched(both, name=name, prefix=prefix, expose="path", imagePath="/bin")
        (main,) = both["spec"]["containers"]
        self.assertEqual(main["env"], [{"name": "PATH", "value": "/bin:/p/bin:/q/bin"}])
        with self.assertRaisesRegex(helm.HelmRenderError, "one-packages at /usr/local/sbin, and the commands are to be at /usr"):
            self.patched(self.patched(POD, name="one"), name="two", prefix="/q")

    def test_a_path_from_elsewhere_is_none_to_add_to(self):
        pod = copy.deepcopy(POD)
        pod["spec"]["containers"][0]["env"] = [{"name": "PATH", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}]
        for values in ({}, {"mode": "entrypoint"}, {"mode": "entrypoint", "expose": "path"}):
            self.assertEqual(self.patched(pod, **values)["spec"]["containers"][0]["env"], pod["spec"]["containers"][0]["env"])
        with self.assertRaisesRegex(helm.HelmRenderError, "container main has a PATH from elsewhere, to which /p/bin cannot be added"):
            self.patched(pod, expose="path", imagePath="/bin")


    def test_names_that_yaml_takes_for_something_else(self):
        chart = self.charts.chart("helm-app")
        for name in ("123", "1e3", "true", "null", "a.b"):
            values = {"aptlet": {"name": "null", "auth": {"secretName": name}}}
            rendered = chart.render(values, name=name)
            (config,) = objects.documents(rendered["helm-app/templates/aptlet.yaml"])
            spec = yaml.safe_load(rendered["helm-app/templates/deployment.yaml"])["spec"]["template"]["spec"]
            with self.subTest(name):
                self.assertIsNone(objects.invalid(config, objects.newest()[0]))
                self.assertEqual(config["metadata"]["labels"]["app.kubernetes.io/instance"], name)
                self.assertEqual(spec["initContainers"][0]["name"], "null")
                secret = spec["volumes"][1]["projected"]["sources"][1]["secret"]
                self.assertEqual(secret["name"], name)

    def test_text_that_yaml_takes_for_something_else(self):
        texts = ["yes", "1e3", "null", "~", "012", "1:30", ".inf", "a\nb", "ü", "{{ .Values }}"]
        texts += ["# c", "- d", "'", '"', " a ", "b: c"]
        _, deployment = self.app(extraArgs=texts, extraEnv=[{"name": "A", "value": text} for text in texts])
        (own,) = deployment["spec"]["template"]["spec"]["initContainers"]
        self.assertEqual(own["args"], ["install", *texts])
        self.assertEqual([variable["value"] for variable in own["env"]], texts)
        config, _ = self.app(packages=["yes", "1e3", "null", "012"])
        self.assertEqual(config["data"]["packages"], "yes\n1e3\nnull\n012\n")


class Rollout(Case):
    CHANGES = (
        {"packages": ["jq", "curl"]},
        {"lock": "version = 1\n"},
        {"mirror": "http://mirror.example/debian"},
        {"sources": {"a.list": "deb http://mirror.example/debian trixie main\n"}},
        {"preferences": {"a.pref": "Package: *\n"}},
        {"keyrings": {"a.gpg": "AAAA"}},
        {"caCertificates": {"a.crt": "-----BEGIN CERTIFICATE-----\n"}},
    )

    def test_what_is_installed_is_in_the_pod_template(self):
        for mode in ("init", "entrypoint"):
            first = self.app(mode=mode)
            seen = {first[1]["spec"]["template"]["metadata"]["annotations"]["checksum/aptlet"]}
            for change in self.CHANGES:
                config, deployment = self.app(mode=mode, **change)
                with self.subTest(mode, change=change):
                    self.assertNotEqual(config, first[0])
                    checksum = deployment["spec"]["template"]["metadata"]["annotations"]["checksum/aptlet"]
                    self.assertRegex(checksum, "^[0-9a-f]{64}$")
                    self.assertNotIn(checksum, seen)
                    seen.add(checksum)
            self.assertEqual(self.app(mode=mode), first)

    def test_what_is_not_does_not_roll_pods(self):
        chart = self.charts.chart("helm-app")
        texts = {chart.render({"replicas": n}, name=name)["helm-app/templates/deployment.yaml"] for n, name in ((1, "a"), (2, "b"))}
        checksums = {yaml.safe_load(text)["spec"]["template"]["metadata"]["annotations"]["checksum/aptlet"] for text in texts}
        self.assertEqual((len(texts), len(checksums)), (2, 1))

    def test_the_pods_of_a_sidecar_stay(self):
        first = self.app(mode="sidecar")
        for change in self.CHANGES:
            config, deployment = self.app(mode="sidecar", **change)
            with self.subTest(change=change):
                self.assertNotEqual(config, first[0])
                self.assertEqual(deployment, first[1])


class Shapes(Case):
    def test_pod_templates_are_found_wherever_a_kind_keeps_them(self):
        pod = objects.documents(self.charts.render("given", {"manifest": POD}))[-1]["spec"]
        template = {"spec": POD["spec"]}
        for spec, ways in (
            ({"podTemplate": template}, (("podTemplate",),)),
            ({"jobTemplate": {"spec": {"template": template}}}, (("jobTemplate", "spec", "template"),)),
            ({"headGroupSpec": {"template": template}, "workerGroupSpecs": [{"template": template}, {"template": template}]},
             (("headGroupSpec", "template"), ("workerGroupSpecs", 0, "template"), ("workerGroupSpecs", 1, "template"))),
            ({"replicaSpecs": {"Master": {"template": template}, "Worker": {"template": template}}},
             (("replicaSpecs", "Master", "template"), ("replicaSpecs", "Worker", "template"))),
        ):
            manifest = {"apiVersion": "example.org/v1", "kind": "Any", "metadata": {"name": "x", "spec": {"containers": []}}, "spec": spec}
            (patched,) = objects.documents(self.charts.render("given", {"manifest": manifest}))[1:]
            self.assertEqual(patched["metadata"], manifest["metadata"])
            for way in ways:
                with self.subTest(way=way):
                    found = patched["spec"]
                    for step in way:
                        found = found[step]
                    self.assertEqual(found["spec"], pod)
                    self.assertIn("checksum/aptlet", found["metadata"]["annotations"])


class Refused(Case):
    def refuse(self, error, message, chart, values):
        with self.assertRaises(error) as caught:
            self.charts.render(chart, values)
        self.assertIn(message, str(caught.exception))

    def test_by_the_schema(self):
        self.assertGreaterEqual(len(BAD["schema"]), 8)
        for what, (values, message) in BAD["schema"].items():
            with self.subTest(what):
                self.refuse(helm.HelmValuesError, message, "helm-app", {"aptlet": values})
                # which chart's values they are, since an application has many
                self.refuse(helm.HelmValuesError, "\naptlet:\n", "helm-app", {"aptlet": values})

    def test_by_the_schema_under_an_alias(self):
        self.refuse(helm.HelmValuesError, "\nworker:\n- at '': additional", "twice", {"worker": {"package": []}})

    def test_by_the_templates(self):
        for what, (values, message) in BAD["template"].items():
            with self.subTest(what):
                self.refuse(helm.HelmRenderError, f"aptlet: {message}", "helm-app", {"aptlet": values})

    def test_what_a_pod_has_already(self):
        for what, (fields, message) in BAD["manifest"].items():
            pod = copy.deepcopy(POD)
            pod["spec"]["containers"][0] |= fields
            with self.subTest(what):
                self.refuse(helm.HelmRenderError, f"aptlet: {message}", "given", {"manifest": pod})

    def test_what_is_no_manifest(self):
        for what, (text, message) in BAD["text"].items():
            with self.subTest(what):
                self.refuse(helm.HelmRenderError, message, "given", {"by": "text", "text": text})

    def test_containers_that_an_entrypoint_cannot_be_put_before(self):
        pod = copy.deepcopy(POD)
        values = {"manifest": pod, "aptlet": {"mode": "entrypoint"}}
        self.charts.render("given", values)
        pod["spec"]["containers"].append({"name": "second", "image": "i"})
        self.refuse(helm.HelmRenderError, "takes one container, not main, second", "given", values)
        del pod["spec"]["containers"][0]
        self.refuse(helm.HelmRenderError, "container second has no command", "given", values)

    def test_a_port_that_is_taken(self):
        pod = copy.deepcopy(POD)
        pod["spec"]["containers"][0]["ports"] = [{"containerPort": 8081, "protocol": "UDP"}, {"containerPort": 8082}]
        sidecar = {"manifest": pod, "aptlet": {"mode": "sidecar"}}
        self.charts.render("given", sidecar)
        sidecar["aptlet"]["sidecar"] = {"port": 8082}
        self.refuse(helm.HelmRenderError, "container main has port 8082, where the sidecar is to listen", "given", sidecar)
        self.charts.render("given", {"manifest": pod})

    def test_more_than_a_config_map_holds(self):
        most = 1 << 20
        self.app(packages=[], lock="#" * most)
        for values in ({"lock": "#" * (most + 1)}, {"keyrings": {"a.gpg": "A" * (most * 4 // 3 + 4)}}):
            values = {"aptlet": {"packages": [], "lock": "#", **values}}
            self.refuse(helm.HelmRenderError, "bytes in all, and a ConfigMap holds 1048576", "helm-app", values)

    def test_versions_of_kubernetes(self):
        sidecar, base = {"aptlet": {"mode": "sidecar"}}, {"aptlet": {"base": {"image": "i"}}}
        for values, version, message in (
            (sidecar, "v1.28.9", "mode sidecar needs Kubernetes 1.29, and this is v1.28.9: use mode init"),
            (base, "v1.32.1", "base.image needs image volumes, so Kubernetes 1.33, and this is v1.32.1"),
        ):
            with self.subTest(version), self.assertRaisesRegex(helm.HelmRenderError, message):
                self.charts.render_for(version, "helm-app", values)
        for values, version in (({}, "v1.25.0"), (sidecar, "v1.29.0"), (sidecar, "v1.29.3-gke.1000"), (base, "v1.33.0")):
            self.charts.render_for(version, "helm-app", values)

    def test_an_image_where_the_cluster_has_such_volumes(self):
        baked = {"image": "registry.example/tools:1"}
        def rendered(version, aptlet):
            files = json.loads(self.charts.render_for(version, "helm-app", {"aptlet": aptlet}))
            return objects.documents("".join(f"---\n{text}\n" for _, text in sorted(files.items()) if text.strip()))

        auto, image = {"packages": ["jq"], "mode": "auto", "baked": baked}, {"packages": [], "mode": "image", "baked": baked}
        for version, is_image in (("v1.35.9", False), ("v1.36.0", True), ("v1.36.1-gke.1000", True)):
            documents = rendered(version, auto)
            (pod,) = objects.templates(documents)
            with self.subTest(version):
                self.assertEqual("image" in pod["spec"]["volumes"][0], is_image)
                self.assertEqual("initContainers" in pod["spec"], not is_image)
                self.assertEqual([one["kind"] for one in documents], ["Deployment"] if is_image else ["ConfigMap", "Deployment"])
        documents = rendered("v1.36.0", image)
        self.assertEqual(documents, rendered("v1.36.0", auto))
        (pod,) = objects.templates(documents)
        self.assertEqual(pod["spec"]["volumes"], [{"name": "aptlet-packages", "image": {"reference": "registry.example/tools:1", "pullPolicy": "IfNotPresent"}}])
        self.assertEqual([*standard.violations(pod), *standard.more(pod)], [])
        self.assertNotIn("checksum/aptlet", pod["metadata"].get("annotations", {}))
        for values, version, message in (
            ({**image, "baked": {}}, "v1.36.0", "mode image mounts what 'aptlet bake' has pushed: set the value baked.image"),
            ({"packages": ["jq"], "mode": "auto"}, "v1.36.0", "mode auto mounts"),
            ({**auto, "mode": "init"}, "v1.36.0", "baked.image is for modes image and auto, and this is init"),
            ({**auto, "packages": []}, "v1.35.0", "nothing to install"),
            (image, "v1.32.0", "mode image needs image volumes, so Kubernetes 1.33, and this is v1.32.0"),
        ):
            with self.subTest(message), self.assertRaisesRegex(helm.HelmRenderError, message):
                self.charts.render_for(version, "helm-app", {"aptlet": values})

    def test_a_dependency_under_another_name_without_its_values(self):
        self.charts.chart("twice")
        template = self.charts.path("twice") / "templates/web.yaml"
        self.addCleanup(template.write_text, template.read_text())
        template.write_text('{{ include "aptlet.configMap" . }}\n')
        with helm.Chart.load(template.parents[1]) as chart:
            with self.assertRaisesRegex(helm.HelmRenderError, "no values have the key aptlet: add it to the dependencies"):
                chart.render({}, name="demo")


class Packaged(Case):
    def lint(self, path, values=None, **options):
        report = helm.lint(path, values, strict=True, **options)
        self.assertEqual(report["total_charts_linted"], 1)
        return [message for message in report["messages"] if message["severity"] >= WARNING] + report["errors"]

    def test_lint(self):
        self.assertEqual(self.lint(self.charts.root / LIBRARY), [])
        self.charts.chart("helm-app")
        for case in CASES.values():
            if case["chart"] == "helm-app":
                self.assertEqual(self.lint(self.charts.path("helm-app"), case["values"]), [])

    def test_lint_finds_faults(self):
        self.charts.chart("helm-app")
        app = self.charts.path("helm-app")
        self.assertNotEqual(self.lint(app, {"aptlet": {"package": []}}), [])
        broken = app.with_name("broken")
        shutil.copytree(app, broken)
        self.addCleanup(shutil.rmtree, broken)
        (broken / "templates/deployment.yaml").write_text('{{ include "aptlet.podPach" . }}')
        self.assertIn("aptlet.podPach", str(self.lint(broken)))

    def test_dependencies_are_built_from_the_lock(self):
        app = self.charts.path("helm-app")
        shutil.rmtree(app / "charts", ignore_errors=True)
        self.assertEqual([one["status"] for one in helm.dependency_list(app)], ["missing"])
        helm.dependency_build(app)
        self.assertEqual([one["status"] for one in helm.dependency_list(app)], ["ok"])
        chart = app / "Chart.yaml"
        text = chart.read_text()
        self.addCleanup(chart.write_text, text)
        chart.write_text(text.replace("^0.1.0", "^0.2.0"))
        with self.assertRaises(helm.HelmError):
            helm.dependency_build(app)

    def test_packages(self):
        library = helm.package(self.charts.root / LIBRARY, destination=self.charts.root)
        with helm.Chart.load(library) as chart:
            self.assertEqual((chart.name, chart.metadata["type"]), ("aptlet", "library"))
            self.assertIsNotNone(chart.schema)
            self.assertIn("README.md", {file["name"] for file in chart.files})
            self.assertEqual(chart.render({}, name="demo"), {})
        loaded = self.charts.chart("helm-app")
        app = helm.package(self.charts.path("helm-app"), destination=self.charts.root)
        with helm.Chart.load(app) as chart:
            self.assertEqual(chart.render({}, name="demo"), loaded.render({}, name="demo"))
        unpacked = self.charts.root / "unpacked"
        helm.expand(unpacked, app)
        self.assertTrue((unpacked / "helm-app/charts").is_dir())


class Example(Case):
    def test_three_lines_of_an_ordinary_deployment_are_changed(self):
        path = self.charts.path("helm-app") / "templates/deployment.yaml"
        lines = path.read_text().splitlines()
        ordinary = [line for line in lines if not line.startswith("{{")]
        self.assertEqual(len(lines) - len(ordinary), 3)
        self.addCleanup(path.write_text, path.read_text())
        patched = self.app()[1]
        path.write_text("\n".join(ordinary) + "\n")
        with helm.Chart.load(path.parents[1]) as chart:
            before = yaml.safe_load(chart.render({}, name="demo")["helm-app/templates/deployment.yaml"])
        self.assertEqual(list(objects.lost(before, patched)), [])
        self.assertNotIn("aptlet", str(before))

    def test_its_dependency_is_the_chart_of_this_repository(self):
        (dependency,) = yaml.safe_load((ROOT / "examples/helm-app/Chart.yaml").read_text())["dependencies"]
        folder = ROOT / "examples/helm-app" / dependency["repository"].removeprefix("file://")
        self.assertEqual(folder.resolve(), ROOT / LIBRARY)

    def test_versions_agree(self):
        crate = next(line for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version"))
        version = crate.split('"')[1]
        chart = yaml.safe_load((ROOT / LIBRARY / "Chart.yaml").read_text())
        self.assertEqual(chart["appVersion"], version)
        tag = yaml.safe_load((ROOT / LIBRARY / "values.yaml").read_text())["image"]["tag"]
        self.assertEqual(tag, version.rsplit(".", 1)[0])


if __name__ == "__main__":
    unittest.main()
