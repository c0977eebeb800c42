"""A namespace of one test: what is done there, waited for, looked at and checked."""

import contextlib
import json
import os
import shutil
import time

from cluster import Refused
from manifest import Manifest

STANDARD = "pod-security.kubernetes.io"
NAMESPACES = "api/v1/namespaces"


class Namespace:
    """One of a test, and what is done and asked there."""

    def __init__(self, world, name, standard="restricted"):
        self.world, self.cluster, self.mirror, self.name, self.standard = world, world.cluster, world.mirror, name, standard
        self.opened, self.cleanups = False, []

    def open(self):
        self.opened = True
        labels = {f"{STANDARD}/enforce": self.standard, f"{STANDARD}/warn": self.standard}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, "labels": labels}}
        status, said = self.cluster.asked("POST", NAMESPACES, namespace)
        if status == 409:
            # of a run that was killed, or left it to be looked at
            self.leave()
            self.gone()
            status, said = self.cluster.asked("POST", NAMESPACES, namespace)
        self.check(f"the namespace {self.name} is made", status == 201, said)
        # a pod is refused until its service account is there
        account = f"{self.path}/serviceaccounts/default"
        self.until("the default service account", 30, lambda: self.cluster.raw(account), pause=0.1)

    @property
    def path(self):
        return f"{NAMESPACES}/{self.name}"

    def leave(self):
        """Begins to delete it with all that is in it."""
        soon = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 1}
        self.cluster.asked("DELETE", f"{self.path}/pods", soon)
        self.cluster.asked("DELETE", self.path)

    def gone(self):
        """Waits until it is: what does not go away is a failure."""
        self.until("it is gone", 120, lambda: self.cluster.asked("GET", self.path)[0] == 404, pause=0.3)

    def close(self):
        """Deletes it, and waits."""
        self.leave()
        self.gone()
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
        if container and not more and "/" not in pod:
            return self.cluster.raw(f"api/v1/namespaces/{self.name}/pods/{pod}/log?container={container}")
        return self.kubectl("logs", pod, *(["-c", container] if container else []), *more)

    def exec(self, pod, *words, container=None, check=True, timeout=30):
        return self.kubectl("exec", pod, *(["-c", container] if container else []), "--", *words, check=check, timeout=timeout)

    # --- waiting
    def wait(self, what, condition, seconds=120):
        """kubectl wait --for=CONDITION."""
        seconds = patient(seconds)
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
        # what a run left that was killed
        self.cluster.kubectl("delete", "pv", name, "--ignore-not-found", "--timeout=30s")
        shutil.rmtree(folder, ignore_errors=True)
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
        seconds = patient(seconds)
        return self.kubectl("rollout", "status", what, f"--timeout={seconds}s", timeout=seconds + 20)

    def until(self, what, seconds, condition, pause=0.5):
        """Waits until the condition is true, or a text; what kubectl refuses meanwhile counts as no. Returns what it returned."""
        begin, last = time.monotonic(), None
        while True:
            try:
                answer = condition()
                if answer:
                    return answer
            except (Refused, KeyError, IndexError) as error:  # or what the status does not have yet
                last = error
            waited = time.monotonic() - begin
            # looked at anew, since the load comes and goes
            if waited > patient(seconds):
                raise AssertionError(f"{what}: not within {waited:.0f} s" + (f": {last}" if last else ""))
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
        return self.cluster.raw(f"api/v1/namespaces/{self.name}/{kind}/{pod}:{port}/proxy/{path.lstrip('/')}")

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
            with contextlib.suppress(Refused):
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


def patient(seconds):
    """More of them, above all where the machine is busy with other things: no test depends on how fast it is."""
    return int(seconds * min(8, max(2, os.getloadavg()[0] / os.cpu_count())))


def seconds_between(start, end):
    parse = [time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) for text in (start, end)]
    return int(parse[1] - parse[0])
