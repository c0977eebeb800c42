"""`aptlet render` gives what Kubernetes takes, and what the chart gives."""

import copy
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import objects
import standard
import yaml
from charts import Charts
from test_chart import CASES
from test_manifests import MANIFESTS, own

BINARY = os.environ.get("APTLET_TEST_BINARY")
GOLDENS = Path(__file__).resolve().parent / "goldens"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/tasks/add-a-tool.md"
POD = CASES["pod"]["values"]["manifest"]
MODES = ("init", "sidecar", "entrypoint", "live")
# goldens by what render is to be told besides what stands in the arguments of the golden: the chart has made them, and render has
# nothing to add
MADE_BY_CHART = {
    "default": [],
    "packages": [],
    "mirror": [],
    "lock": [],
    "volume": [],
    "image": [],
    "security-context": [],
    "auth": ["--auth-secret=mirror-login"],
    "prefix": [],
    "prefix-long": [],
    "expose-at": ["--expose-at=/opt/tools/bin"],
    "path": ["--expose=path", "--image-path=/app/bin:/usr/bin:/bin"],
    "path-first": ["--expose=path", "--image-path=/app/bin:/usr/bin:/bin", "--path-order=first"],
    "path-entrypoint": ["--mode=entrypoint", "--expose=path", "--path-order=first"],
    "path-there": [],
    "path-there-path": [
        "--expose=path", "--image-path=/app/bin:/bin", "--container=main", "--container=has-it", "--container=older",
        "--container=older-and-more",
    ],
    "path-there-entrypoint": ["--mode=entrypoint", "--expose=path", "--container=older-and-more"],
    "sidecar": ["--mode=sidecar"],
    "entrypoint": ["--mode=entrypoint"],
    "live": ["--mode=live"],
    "statefulset": [],
    "daemonset": [],
    "job": [],
    "cronjob": [],
    "pod": [],
    "root-pod": [],
}
LOCK = """\
version = 1

[request]
packages = ["jq"]
architecture = "amd64"

[[source]]
id = "debian"
uris = ["http://mirror.example/debian"]
suite = "trixie"
component = "main"

[[package]]
name = "jq"
version = "1"
architecture = "amd64"
source = "debian"
filename = "pool/jq.deb"
size = 1000
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
installed-size = 2000
"""
# flags of render, and values of the chart that say the same
PAIRS = [
    ([], {}),
    (["--mode=sidecar"], {"mode": "sidecar"}),
    (["--mode=sidecar", "--listen=:9000", "--interval=6h"], {"mode": "sidecar", "sidecar": {"port": 9000}, "extraArgs": ["--interval=6h"]}),
    (["--mode=entrypoint"], {"mode": "entrypoint"}),
    (["--mode=entrypoint", "--mount=/t", "--on-failure=continue"],
     {"mode": "entrypoint", "prefix": "/t", "extraArgs": ["--on-failure=continue"]}),
    (["--mount=/opt/tools", "--slim"], {"prefix": "/opt/tools", "extraArgs": ["--slim"]}),
    (["--expose-at=/opt/tools"], {"exposeAt": "/opt/tools"}),
    (["--expose-at=/opt/tools", "--mode=entrypoint", "--path-order=first"],
     {"exposeAt": "/opt/tools", "mode": "entrypoint", "pathOrder": "first"}),
    (["--expose=path", "--image-path=/app:/bin"], {"expose": "path", "imagePath": "/app:/bin"}),
    (["--expose=path", "--image-path=/app:/bin", "--mount=/t", "--path-order=first", "--mode=sidecar"],
     {"expose": "path", "imagePath": "/app:/bin", "prefix": "/t", "pathOrder": "first", "mode": "sidecar"}),
    (["--mode=live"], {"mode": "live"}),
    (["--mode=live", "--mount=/t", "--slim", "--size-limit=1Gi"],
     {"mode": "live", "prefix": "/t", "extraArgs": ["--slim"], "volume": {"sizeLimit": "1Gi"}}),
    (["--expose=path", "--mode=entrypoint"], {"expose": "path", "mode": "entrypoint"}),
    (["--auth-secret=login"], {"auth": {"secretName": "login"}}),
    (["--tls-secret=client"], {"tls": {"secretName": "client"}}),
    (["--auth-secret=login", "--tls-secret=client"], {"auth": {"secretName": "login"}, "tls": {"secretName": "client"}}),
    (["--image=mirror.example:5000/aptlet:2"], {"image": {"repository": "mirror.example:5000/aptlet", "tag": "2"}}),
    (["--container=main"], {"containers": ["main"]}),
    (["--size-limit=500Mi", "--slim"], {"volume": {"sizeLimit": "500Mi"}, "extraArgs": ["--slim"]}),
    (["--size-limit=500M", "--mode=sidecar"], {"volume": {"sizeLimit": "500000000"}, "mode": "sidecar"}),
    (["--size-limit=2048Mi", "--mode=entrypoint"], {"volume": {"sizeLimit": "2Gi"}, "mode": "entrypoint"}),
]


def run(*arguments, text=None, image="registry.example/aptlet:0.1"):
    """What is printed; with `image` None, nobody says which image aptlet has."""
    env = {"APTLET_IMAGE": image} if image else {}
    done = subprocess.run([BINARY, "render", *arguments], capture_output=True, text=True, env=env, input=text or "")
    if done.returncode:
        raise AssertionError(f"{arguments}: exit code {done.returncode}: {done.stderr}")
    return done.stdout


def comparable(document):
    """Without what only one of the two says: how often to pull, and a digest that each makes in its own way."""
    document = copy.deepcopy(document)
    pod = objects.template(document)
    pod.get("metadata", {}).get("annotations", {}).pop("checksum/aptlet", None)
    if pod.get("metadata", {}).get("annotations") == {}:
        del pod["metadata"]["annotations"]
    for container in pod["spec"].get("initContainers", []):
        container.pop("imagePullPolicy", None)
    return document


@unittest.skipUnless(BINARY, "skipped: no --binary")
class Render(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.charts = Charts(folder.name)
        cls.addClassCleanup(cls.charts.close)

    def chart(self, **aptlet):
        values = {"manifest": POD, "aptlet": {"packages": ["jq"], **aptlet}}
        return objects.documents(self.charts.render("given", values))[-1]

    def test_what_the_chart_has_patched_stays_byte_for_byte(self):
        for name, flags in MADE_BY_CHART.items():
            text = (GOLDENS / f"{name}.yaml").read_text()
            (config,) = [one["metadata"]["name"] for one in objects.documents(text) if one["kind"] == "ConfigMap"]
            # the arguments of the golden that render would not make by itself
            pod = objects.templates(objects.documents(text))[0]
            own = [one for one in pod["spec"]["initContainers"] if one["name"] == "aptlet"]
            words = own[0]["args"]
            extra = [word for word in words if word.startswith("--") and not re.match("--(dest|listen|self)", word)]
            ports = [f"--listen=:{port['containerPort']}" for port in own[0].get("ports", [])]
            mounts = [word.replace("--dest", "--mount") for word in words if word.startswith("--dest=")]
            with self.subTest(name):
                again = run(*flags, *ports, *mounts, *extra, f"--configmap={config}", "-f", "-", text=text, image=None)
                self.assertMultiLineEqual(again, text)

    def test_both_make_the_same_of_a_path_that_is_there(self):
        usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        for value in (usual, "/app", "/bin:/usr/local/sbin:/app", "/p/bin", f"/p/bin:{usual}", f"{usual}:/p/bin", "/app:/p/bin", "/p/bin:/app"):
            for env in ([{"name": "PATH", "value": value}], [{"name": "A", "value": "b"}, {"name": "PATH", "value": value}]):
                pod = copy.deepcopy(POD)
                pod["spec"]["containers"][0]["env"] = env
                for flags, values in [PAIRS[0], *(pair for pair in PAIRS if "expose" in str(pair))]:
                    with self.subTest(value, flags=flags, env=len(env)):
                        text = run("jq", "--configmap=demo-aptlet", *flags, "-f", "-", text=yaml.safe_dump(pod))
                        (rendered,) = [one for one in objects.documents(text) if one["kind"] == "Pod"]
                        charted = self.charts.render("given", {"manifest": pod, "aptlet": {"packages": ["jq"], **values}})
                        self.assertEqual(comparable(rendered), comparable(objects.documents(charted)[-1]))

    def test_both_make_the_same_of_a_pod(self):
        for flags, values in PAIRS:
            with self.subTest(flags=flags):
                text = run("jq", "--configmap=demo-aptlet", *flags, "-f", "-", text=yaml.safe_dump(POD))
                (rendered,) = [one for one in objects.documents(text) if one["kind"] == "Pod"]
                self.assertEqual(comparable(rendered), comparable(self.chart(**values)))

    def test_the_values_that_it_prints_say_the_same(self):
        for flags, _ in PAIRS:
            with self.subTest(flags=flags):
                values = yaml.safe_load(run("jq", "--helm-values", *flags))["aptlet"]
                text = run("jq", "--configmap=demo-aptlet", *flags, "-f", "-", text=yaml.safe_dump(POD))
                (rendered,) = [one for one in objects.documents(text) if one["kind"] == "Pod"]
                self.assertEqual(comparable(self.chart(**values)), comparable(rendered))

    def test_an_image_is_mounted_as_the_chart_mounts_it(self):
        flags, values = ["--mode=image", "--baked=registry.example/tools:1"], {"mode": "image", "baked": {"image": "registry.example/tools:1"}}
        for more, also in (([], {}), (["--mount=/t"], {"prefix": "/t"}), (["--expose=path", "--image-path=/bin"], {"expose": "path", "imagePath": "/bin"}),
                           (["--libraries"], {"libraries": True})):
            with self.subTest(more):
                text = run(*flags, *more, "-f", "-", text=yaml.safe_dump(POD), image=None)
                self.assertEqual(run(*flags, *more, "-f", "-", text=text, image=None), text)
                (rendered,) = objects.documents(text)
                self.assertNotIn("initContainers", rendered["spec"])
                self.assertEqual(comparable(rendered), comparable(self.chart(packages=[], **values, **also)))
                self.assertEqual([*standard.violations(rendered), *standard.more(rendered)], [])
                self.assertIsNone(objects.invalid(rendered, objects.newest()[-1]))
                printed = yaml.safe_load(run(*flags, *more, "--helm-values", image=None))["aptlet"]
                self.assertEqual(self.chart(packages=[], **values, **also), self.chart(packages=[], **printed))
                # and back
                again = run("jq", "-f", "-", *[word for word in more if word != "--libraries"], text=text)
                fresh = run("jq", "-f", "-", *[word for word in more if word != "--libraries"], text=yaml.safe_dump(POD))
                self.assertEqual(objects.documents(again), objects.documents(fresh))
        for wrong in (["jq"], ["--slim"], ["--configmap=web"], ["--size-limit=1Gi"]):
            with self.subTest(wrong), self.assertRaisesRegex(AssertionError, "(?s)exit code 2.*aptlet bake"):
                run(*flags, *wrong)
        for wrong in (["--mode=image"], ["--baked=registry.example/tools:1", "jq"]):
            with self.subTest(wrong), self.assertRaisesRegex(AssertionError, "exit code 2"):
                run(*wrong)

    def test_values_from_files_are_such_as_the_schema_takes(self):
        example = Path(__file__).resolve().parents[2] / "examples/configmap"
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {
                "packages": "jq # why\ngit/trixie, nano-\n",
                "own.sources": "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n",
                "pins.pref": "Package: jq\nPin: release n=trixie\nPin-Priority: 990\n",
            }.items():
                (Path(folder) / name).write_text(text)
            (Path(folder) / "own.gpg").write_bytes(b"\x99\x01\xff")
            values = yaml.safe_load(run("--config", folder, "--helm-values"))["aptlet"]
        self.assertEqual(values["packages"], ["jq", "git/trixie", "nano-"])
        config, _ = objects.documents(self.charts.render("helm-app", {"aptlet": values}))
        self.assertEqual(config["binaryData"], {"own.gpg": "mQH/"})
        self.assertEqual(set(config["data"]), {"packages", "own.sources", "pins.pref"})
        self.assertTrue(example.is_dir())

    def test_all_is_valid_and_restricted(self):
        for name in ("pod", "statefulset", "daemonset", "job", "cronjob"):
            manifest = CASES[name]["values"]["manifest"]
            for mode in MODES:
                text = run("jq", f"--mode={mode}", "--configmap=web", "-f", "-", text=yaml.safe_dump(manifest))
                self.assertEqual(run("jq", f"--mode={mode}", "--configmap=web", "-f", "-", text=text), text)
                documents = objects.documents(text)
                self.assertEqual([one["kind"] for one in documents], ["ConfigMap", manifest["kind"]])
                for document in documents:
                    for version in objects.newest():
                        with self.subTest(name, mode=mode, version=version):
                            self.assertIsNone(objects.invalid(document, version))
                (pod,) = objects.templates(documents)
                self.assertEqual([*standard.violations(pod), *standard.more(pod)], [])

    def test_it_takes_the_manifests_of_aptlet_and_their_older_names(self):
        older = {"aptlet-packages": "packages", "aptlet-config": "aptlet"}
        for path in MANIFESTS:
            text = path.read_text()
            if "image: registry.example/aptlet:" not in text:
                # of an image that was baked: nothing of render's is in it
                self.assertEqual(path.name, "image-volume.yaml")
                continue
            (pod,) = [one for one in objects.documents(text) if objects.template(one) and own(objects.template(one))]
            (config,) = [one["metadata"]["name"] for one in objects.documents(text) if "packages" in (one.get("data") or {})]
            workload = f"--workload={pod['kind'].lower()}/{pod['metadata']['name']}"
            old = re.sub(r"(?<=name: )(aptlet-packages|aptlet-config)\b", lambda match: older[match[1]], text)
            for mode in MODES:
                given = [f"--mode={mode}", f"--configmap={config}", workload, "-f", "-"]
                with self.subTest(path.name, mode=mode):
                    once = run("jq", *given, text=text, image=None)
                    self.assertEqual(run("jq", *given, text=once, image=None), once)
                    documents = objects.documents(once)
                    self.assertEqual(list(objects.unmounted(documents)), [])
                    for document in documents:
                        self.assertIsNone(objects.invalid(document, objects.newest()[-1]))
                    for template in objects.templates(documents):
                        self.assertEqual([*standard.violations(template), *standard.more(template)], [])
                    # with older names, all is the same but for a claim's
                    taken = run("jq", *given, text=old, image=None)
                    if "volumeClaimTemplates" in old:
                        taken = re.sub(r"(?<=name: )packages\b", "aptlet-packages", taken)
                    self.assertMultiLineEqual(taken, once)
                    # lines that are not concerned stay with their comments
                    for line in text.splitlines():
                        if re.match(r"#| +(- )?(image|fsGroup|seccompProfile|runAs\w+|requests):", line):
                            self.assertIn(line, once.splitlines())

    def test_a_lock_bounds_the_volume_as_policies_demand(self):
        with tempfile.TemporaryDirectory() as folder:
            lock = Path(folder) / "aptlet.lock"
            lock.write_text(LOCK)
            # a live destination has none
            for mode in MODES[:-1]:
                for storage in ("request", "limit"):
                    flags = [f"--lock={lock}", f"--storage={storage}", f"--mode={mode}"]
                    text = run(*flags, "--configmap=demo-aptlet", "-f", "-", text=yaml.safe_dump(POD))
                    rendered = next(one for one in objects.documents(text) if one["kind"] == "Pod")
                    with self.subTest(mode, storage=storage):
                        (pod,) = objects.templates([rendered])
                        self.assertEqual([*standard.violations(pod), *standard.more(pod), *standard.unbounded(pod)], [])
                        self.assertIsNone(objects.invalid(rendered, objects.newest()[-1]))
                        values = yaml.safe_load(run(*flags, "--helm-values"))["aptlet"]
                        charted = objects.documents(self.charts.render("given", {"manifest": POD, "aptlet": values}))[-1]
                        self.assertEqual(comparable(charted), comparable(rendered))
                        self.assertEqual(run(*flags, "--configmap=demo-aptlet", "-f", "-", text=text), text)
            plain = objects.documents(run("jq", "-f", "-", text=yaml.safe_dump(POD)))
            self.assertNotEqual(list(standard.unbounded(objects.templates(plain)[0])), [])

    def test_the_snippet_of_the_documents_is_what_it_makes(self):
        (block,) = [one for one in re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL) if "app-packages" in one]
        config, whole = objects.documents(block)
        plain = copy.deepcopy(whole)
        pod = plain["spec"]["template"]["spec"]
        for key in ("initContainers", "volumes"):
            del pod[key]
        del pod["containers"][0]["volumeMounts"]
        rendered = objects.documents(run("jq", "--configmap=app-packages", "-f", "-", text=yaml.safe_dump(plain)))
        self.assertEqual(rendered[0], config)
        ours, theirs = (one["spec"]["template"]["spec"] for one in (rendered[1], whole))
        self.assertEqual(ours["volumes"], theirs["volumes"])
        self.assertEqual(ours["containers"], theirs["containers"])
        (own,), (shown,) = ours["initContainers"], theirs["initContainers"]
        for key in shown:
            self.assertEqual({**own[key], **shown[key]} if key == "securityContext" else shown[key], own[key], key)

    def test_the_pieces_are_a_part_of_a_pod_template(self):
        for mode in MODES:
            with self.subTest(mode):
                pieces = yaml.safe_load(run("jq", f"--mode={mode}"))
                main = {**POD["spec"]["containers"][0], **pieces["spec"]["containers"][0]}
                whole = {**POD, "spec": {**POD["spec"], **pieces["spec"], "containers": [main]}}
                self.assertIsNone(objects.invalid(whole, objects.newest()[-1]))


if __name__ == "__main__":
    unittest.main()
