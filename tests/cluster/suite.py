"""How a test is written and run.

    from suite import test

    @test(seconds=20)
    def jq_in_busybox(ns):
        ns.apply(ns.manifest("pod.yaml"))
        ns.succeeds("pod/jq")
        ns.equal("its output", ns.logs("jq"), "2\\n")
        return "jq -n 1+1 says 2"

A test is a function of a module in cases/, and gets a namespace of its own, which enforces `restricted`. What it returns is the
last column of the table. Tests run side by side, the longest first; one that disturbs others (`alone=True`) runs after them.
`node=True` needs the node itself, `long=True` is run with --long or by its name only, `standard="privileged"` enforces another Pod
Security Standard, and `each={"debian": images.DEBIAN}` makes a test of each entry, whose value the function gets as well.
"""

import contextlib
import functools
import importlib
import json
import pathlib
import re
import shutil
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import images
from cluster import Refused
from manifest import Manifest

TESTS = []
STANDARD = "pod-security.kubernetes.io"


class Skipped(Exception):
    """Not run, and why."""


class Test:
    def __init__(self, function, name, seconds, alone, node, long, standard):
        self.function, self.seconds, self.alone, self.node, self.long, self.standard = function, seconds, alone, node, long, standard
        self.module = function.__module__.rsplit(".", 1)[-1]
        self.name = f"{self.module}.{name}"
        self.of = f"{self.module}.{function.__name__}"

    def __call__(self, ns):
        return self.function(ns)


def test(seconds=20, alone=False, node=False, long=False, standard="restricted", each=None):
    """Makes a function a test. seconds: about how long it takes, which only orders them."""

    def register(function):
        for name, value in (each or {"": None}).items():
            one = functools.partial(function, **{"each": value}) if each else function
            functools.update_wrapper(one, function)
            full = f"{function.__name__}_{name}" if each else function.__name__
            TESTS.append(Test(one, full, seconds, alone, node, long, standard))
        return function

    return register


def load(folder=pathlib.Path(__file__).parent / "cases"):
    for path in sorted(folder.glob("*.py")):
        importlib.import_module(f"cases.{path.stem}")
    return TESTS


class World:
    """What all tests share: cluster, mirror, and the name of aptlet's image there."""

    def __init__(self, cluster, mirror, image, binary):
        self.cluster, self.mirror, self.image, self.binary = cluster, mirror, image, binary


class Namespace:
    """One of a test, and what is done and asked there."""

    def __init__(self, world, name, standard="restricted"):
        self.world, self.cluster, self.mirror, self.name, self.standard = world, world.cluster, world.mirror, name, standard
        self.cleanups = []

    def open(self):
        labels = {f"{STANDARD}/enforce": self.standard, f"{STANDARD}/warn": self.standard}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, "labels": labels}}
        self.cluster.kubectl("create", "-f", "-", input=json.dumps(namespace))
        # a pod is refused until its service account is there
        self.until("the default service account", 30, lambda: self.cluster.kubectl("get", "serviceaccount", "default", "-n", self.name))

    def close(self):
        """Deletes it with all that is in it, and waits: what does not go away is a failure."""
        self.cluster.kubectl("delete", "pod", "--all", "-n", self.name, "--grace-period=1", "--wait=false", check=False)
        self.cluster.kubectl("delete", "namespace", self.name, "--timeout=90s", timeout=100)
        for cleanup in reversed(self.cleanups):
            cleanup()

    # --- doing
    def kubectl(self, *words, **more):
        """kubectl in this namespace: `ns.kubectl("get", "pods")`."""
        return self.cluster.kubectl("-n", self.name, *words, **more)

    def manifest(self, path):
        """A file of manifests/, with what every user must edit for this cluster."""
        return Manifest(path, self.world)

    def apply(self, manifest, warnings=False):
        """kubectl apply; a warning of the API server is a failure unless `warnings`."""
        said = self.kubectl("apply", "-f", "-", input=str(manifest))
        if "Warning:" in said and not warnings:
            raise AssertionError(f"kubectl apply: {said}")
        return said

    def apply_object(self, made):
        return self.apply(json.dumps(made))

    def get(self, kind, name=None, selector=None):
        return self.cluster.get(kind, name, self.name, selector)

    def logs(self, pod, container=None, *more):
        return self.kubectl("logs", pod, *(["-c", container] if container else []), *more)

    def exec(self, pod, *words, container=None, check=True, timeout=30):
        return self.kubectl("exec", pod, *(["-c", container] if container else []), "--", *words, check=check, timeout=timeout)

    # --- waiting
    def wait(self, what, condition, seconds=120):
        """kubectl wait --for=CONDITION."""
        return self.kubectl("wait", what, f"--for={condition}", f"--timeout={seconds}s", timeout=seconds + 20)

    def succeeds(self, pod, seconds=120):
        """Waits until the pod has ended well; fails at once when it has ended otherwise."""
        pod = pod.removeprefix("pod/")

        def ended():
            phase = self.get("pod", pod)["status"].get("phase")
            if phase == "Failed":
                raise AssertionError(f"pod {pod} has failed")
            return phase == "Succeeded"

        self.until(f"pod {pod} succeeds", seconds, ended, pause=1)

    def pod_of(self, selector):
        """The name of the one pod that is not being deleted."""
        found = [one["metadata"]["name"] for one in self.get("pods", selector=selector) if "deletionTimestamp" not in one["metadata"]]
        self.check(f"pods with {selector}", len(found) == 1, found)
        return found[0]

    def persistent_volume(self, claim, size="1Gi", mode=0o755):
        """A volume for the claim of that name, where nothing makes them: a folder of the node, to which fsGroup applies.

        Returns the folder; nothing on somebody's cluster, which makes its volumes itself.
        """
        if not self.cluster.own:
            return None
        name = f"{self.name}-{claim}"
        folder = self.cluster.folder / "volumes" / name
        folder.mkdir(parents=True)
        folder.chmod(mode)
        node = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node"]}
        spec = {
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce", "ReadWriteMany"], "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": self.name, "name": claim}, "local": {"path": str(folder)}, "storageClassName": "",
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [node]}]}},
        }
        volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
        self.cluster.kubectl("create", "-f", "-", input=json.dumps(volume))
        self.cleanups.append(lambda: shutil.rmtree(folder, ignore_errors=True))
        self.cleanups.append(lambda: self.cluster.kubectl("delete", "pv", name, "--timeout=30s", check=False))
        return folder

    def rolled_out(self, what, seconds=120):
        return self.kubectl("rollout", "status", what, f"--timeout={seconds}s", timeout=seconds + 20)

    def until(self, what, seconds, condition, pause=0.5):
        """Waits until the condition is true, or a text; what kubectl refuses meanwhile counts as no. Returns what it returned."""
        end, last = time.monotonic() + seconds, None
        while True:
            try:
                answer = condition()
                if answer:
                    return answer
            except (Refused, KeyError, IndexError) as error:  # or what the status does not have yet
                last = error
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s" + (f": {last}" if last else ""))
            time.sleep(pause)

    # --- looking
    def container(self, pod, name):
        """The status of a container, init containers among them."""
        status = self.get("pod", pod)["status"]
        every = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
        return next((one for one in every if one["name"] == name), {})

    def terminated(self, pod, name):
        """Exit code, reason and termination message of a container that has ended, now or before its last restart."""
        one = self.container(pod, name)
        return one.get("state", {}).get("terminated") or one.get("lastState", {}).get("terminated") or {}

    def events(self, about=None):
        """The messages of events, of all objects or those whose name begins so."""
        found = self.get("events")
        return [f"{e['reason']}: {e['message']}" for e in found if not about or e["involvedObject"]["name"].startswith(about)]

    def installed(self, pod, name="aptlet"):
        """Seconds that the container that installs has run, as the kubelet has it."""
        return seconds_between(*(self.terminated(pod, name)[key] for key in ("startedAt", "finishedAt")))

    def ask(self, pod, path, port, kind="pods"):
        """What a pod answers over HTTP, by way of the API server."""
        return self.cluster.kubectl("get", "--raw", f"/api/v1/namespaces/{self.name}/{kind}/{pod}:{port}/proxy/{path.lstrip('/')}")

    # --- checks
    def check(self, what, good, said=""):
        if not good:
            raise AssertionError(f"{what}: {said}" if said != "" else what)

    def equal(self, what, got, wanted):
        self.check(what, got == wanted, f"{got!r} and not {wanted!r}")

    def contains(self, what, text, *parts):
        for part in parts:
            self.check(what, part in text, f"no {part!r} in {text!r}")

    def explain(self):
        """What somebody would look at first."""
        for words in (["get", "all,pvc,configmap", "-o", "wide"], ["describe", "pods"], ["events"]):
            yield f"$ kubectl {' '.join(words)}\n" + self.kubectl(*words, check=False)
        with contextlib.suppress(Refused):
            for pod in self.get("pods"):
                for one in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
                    for more in ([], ["--previous"]):
                        said = self.logs_or_nothing(pod["metadata"]["name"], one["name"], more)
                        if said:
                            yield f"$ kubectl logs {pod['metadata']['name']} -c {one['name']} {' '.join(more)}\n{said}"

    def logs_or_nothing(self, pod, container, more):
        try:
            return self.kubectl("logs", pod, "-c", container, "--tail=60", *more)
        except Refused:
            return ""


def seconds_between(start, end):
    parse = [time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) for text in (start, end)]
    return int(parse[1] - parse[0])


class Runner:
    def __init__(self, world, keep_failed=False):
        self.world, self.keep_failed = world, keep_failed
        self.rows, self.lock = [], threading.Lock()

    def say(self, text):
        with self.lock:
            print(text, flush=True)

    def one(self, test):
        begin, result, seen, said = time.monotonic(), "ok", "", []
        ns = Namespace(self.world, "t-" + re.sub(r"[^a-z0-9]+", "-", test.name.lower())[:50].strip("-"), test.standard)
        try:
            if test.node and not self.world.cluster.own:
                raise Skipped("needs the node itself")
            ns.open()
            seen = test(ns) or ""
        except Skipped as why:
            result, seen = "skip", str(why)
        except Exception as error:  # of whatever kind: the other tests go on
            result = "FAIL"
            known = isinstance(error, (AssertionError, Refused))
            seen = str(error) or type(error).__name__
            said = ([] if known else [traceback.format_exc()]) + list(ns.explain())
        seconds = time.monotonic() - begin
        if result != "skip" and not (result == "FAIL" and self.keep_failed):
            try:
                ns.close()
            except Refused as error:
                result, seen = "FAIL", f"{seen}; its namespace is not clean: {error}"
        self.rows.append((test, result, seconds, seen))
        self.say("".join(f"{part}\n" for part in said) + f"{result:4}  {test.name}  {seconds:.1f} s  {seen}")

    def run(self, tests, at_once):
        together = sorted((one for one in tests if not one.alone), key=lambda one: -one.seconds)
        with ThreadPoolExecutor(at_once) as pool:
            for future in [pool.submit(self.one, one) for one in together]:
                future.result()
        for one in tests:
            if one.alone:
                self.one(one)

    def table(self):
        print("\n| test | seconds | seen |\n| --- | --- | --- |")
        for test, result, seconds, seen in sorted(self.rows, key=lambda row: row[0].name):
            mark = {"ok": "", "FAIL": "**failed**: ", "skip": "skipped: "}[result]
            first = seen.splitlines()[0] if seen else ""
            print(f"| {test.name} | {seconds:.1f} | {mark}{first} |")

    def count(self, result):
        return sum(1 for row in self.rows if row[1] == result)


def chosen(tests, names, long):
    """The tests of these modules or names; all but the long ones without any."""
    if not names:
        return [one for one in tests if long or not one.long]
    unknown = [name for name in names if not any(name in (one.module, one.name, one.of) for one in tests)]
    if unknown:
        sys.exit(f"cluster: no such case: {', '.join(unknown)}; there are {', '.join(sorted({one.module for one in tests}))}")
    return [one for one in tests if {one.module, one.name, one.of} & set(names)]
