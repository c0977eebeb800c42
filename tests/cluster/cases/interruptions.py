"""Containers that are killed, a node without power, without a kubelet, without space: never half a tree, in the end the one asked for."""

import json
import time

import images
from cluster import Refused
from disk import Disk
from failing import Pod, parsed, quoted, shipped, status
from node import cut_power, emptydir, generation, kill, kubelet_looks, moment, phase, staging, tidy, whole
from suite import test

FEW = "jq"
MORE = "jq\ndash\ncoreutils"
# for what takes seconds on a machine that has nothing else to do
PATIENCE = 400
# a share of a processor, so that an install takes some seconds, as on a busy node, and an instant of it can be met
SLOW = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "250m", "memory": "160Mi"}}


def installer(ns, name, packages=MORE, policy="OnFailure", claim=None):
    """manifests/pod.yaml, slow."""
    pod, settings = shipped(ns)
    pod.metadata["name"] = settings["metadata"]["name"] = name
    pod.volume("/etc/aptlet")["configMap"]["name"] = name
    settings["data"]["packages"] = packages
    pod.spec["restartPolicy"] = policy
    pod.aptlet["resources"] = SLOW
    if claim:
        pod.packages_in(persistentVolumeClaim={"claimName": claim})
    return settings, pod


def install(ns, *named, **more):
    for settings, pod in [installer(ns, *named, **more)]:
        ns.apply(json.dumps(settings))
        ns.apply(json.dumps(pod.object))
        return pod


def once(ns, name):
    """manifests/job.yaml, slow: its pods are never restarted either, but there are further ones."""
    objects = parsed(ns, ns.manifest("job.yaml"))
    for one in objects:
        if one["kind"] == "Job":
            one["metadata"]["name"] = name
            one["spec"]["template"]["spec"]["initContainers"][0]["resources"] = SLOW
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


class Follower:
    """manifests/sidecar.yaml, slow, with a volume of its own."""

    def __init__(self, ns, name, claim):
        self.ns, self.name = ns, name
        settings, workload = sorted(parsed(ns, ns.manifest("sidecar.yaml")), key=lambda one: one["kind"])
        for one in (settings, workload):
            one["metadata"]["name"] = name
        labels = {"app": name}
        workload["spec"]["selector"]["matchLabels"] = workload["spec"]["template"]["metadata"]["labels"] = labels
        pod = Pod(workload["spec"]["template"])
        pod.volume("/etc/aptlet")["configMap"]["name"] = name
        pod.packages_in(persistentVolumeClaim={"claimName": claim})
        pod.aptlet["resources"] = SLOW
        self.settings = settings
        ns.apply(json.dumps(settings))
        ns.apply(json.dumps(workload))

    def pod(self):
        (one,) = self.ns.get("pods", selector=f"app={self.name}")
        return one["metadata"]["name"]

    def asks(self, packages):
        self.settings["data"]["packages"] = packages
        self.ns.apply(json.dumps(self.settings))
        kubelet_looks(self.ns, self.pod())

    def ready(self):
        return self.ns.wait(f"deployment/{self.name}", "condition=Available", PATIENCE)


@test(seconds=45, node=True)
def containers_killed(ns):
    """Six installs at six instants. On a disk, since the kubelet takes an emptyDir away as soon as a pod has ended."""
    disk = Disk(ns, size="1G")
    pods = [f"killed-{number}" for number in range(6)]
    for pod in pods:
        install(ns, pod, claim=disk.claim(pod))
    folders, hits = {pod: disk.folder(pod) for pod in pods}, {}
    waiting = dict(enumerate(pods))
    begun, end = {}, time.monotonic() + PATIENCE
    while waiting:
        ns.check("the installs begin", time.monotonic() < end, str(waiting))
        for number, pod in list(waiting.items()):
            if staging(folders[pod]):
                begun.setdefault(pod, time.monotonic())
            if pod in begun and time.monotonic() - begun[pod] >= 0.7 * number:
                before = phase(folders[pod])
                hits[pod] = before if kill(ns, pod, "aptlet") else "ended"
                whole(ns, folders[pod])
                del waiting[number]
        time.sleep(0.02)
    for pod in pods:
        ns.succeeds(pod, PATIENCE)
        whole(ns, folders[pod], generation(folders[pods[0]]))
        tidy(ns, folders[pod])
    restarts = [ns.container(pod, "aptlet")["restartCount"] for pod in pods]
    ns.check("some were killed in the middle", any(restarts), str(hits))
    return f"{', '.join(hits.values())}; restarts {restarts}; all have the one tree in the end"


@test(seconds=60, alone=True, node=True)
def power_cut(ns):
    return power_cuts(ns, 1)


@test(seconds=700, alone=True, node=True, long=True)
def power_cuts_at_20_instants(ns):
    return power_cuts(ns, 10)


def power_cuts(ns, times):
    """Each cut meets two installs and two reconciles, on a disk that loses what was not written. What is installed stays."""
    disk = Disk(ns, size=f"{1 + times // 4}G")
    # whatever fails in between, tests after this one have a node
    ns.cleanups.append(ns.cluster.start)
    install(ns, "undisturbed", claim=disk.claim("undisturbed"))
    followers = [Follower(ns, f"tools-{number}", disk.claim(f"tools-{number}")) for number in range(2)]
    folder = disk.folder("undisturbed")
    moment(lambda: staging(folder))
    begin = time.monotonic()
    moment(lambda: generation(folder))
    took = time.monotonic() - begin
    ns.succeeds("undisturbed", PATIENCE)
    wanted = generation(folder)
    for follower in followers:
        follower.ready()
    few = generation(disk.folder("tools-0"))
    trees, asked, seen = {FEW: few, MORE: wanted}, FEW, {"install": [], "reconcile": []}
    for number in range(times):
        before, asked = trees[asked], MORE if asked == FEW else FEW
        pods = [f"install-{number}-{one}" for one in range(2)]
        for pod in pods:
            claim = disk.claim(pod)
            install(ns, pod, claim=claim)
        if number == 0:
            install(ns, "never", policy="Never", claim=disk.claim("never"))
            ns.apply(once(ns, "once"))
        for follower in followers:
            follower.asks(asked)
        first = [pods[0], followers[0].name][number % 2]
        moment(lambda: phase(disk.folder(first), "" if first in pods else before) != "not begun")
        time.sleep(took * (number + 0.5) / times)
        disk.cut()
        cut_power(ns.cluster)
        moment(lambda: boots(disk), 20, 0.2)
        for pod in pods:
            seen["install"].append(phase(disk.folder(pod)))
            whole(ns, disk.folder(pod), "", wanted)
        for follower in followers:
            seen["reconcile"].append(phase(disk.folder(follower.name), before))
            whole(ns, disk.folder(follower.name), before, trees[asked])
        ns.cluster.start()
        for pod in pods:
            ns.succeeds(pod, PATIENCE)
            whole(ns, disk.folder(pod), wanted)
            tidy(ns, disk.folder(pod))
        for follower in followers:
            folder = disk.folder(follower.name)
            ns.until(f"{follower.name} has what is asked for", PATIENCE, lambda: generation(folder) == trees[asked])
            follower.ready()
            whole(ns, folder, trees[asked])
        if number == 0:
            never(ns)
        ns.kubectl("delete", "pod", *pods, "--wait=false")
        print(f"      cut {number + 1} of {times}: {seen}", flush=True)
    return "; ".join(f"{kind}: {', '.join(f'{phases.count(one)} {one}' for one in sorted(set(phases)))}" for kind, phases in seen.items())


def boots(disk):
    try:
        disk.boot()
        return True
    except Refused:
        return False


def never(ns):
    """A pod with restartPolicy Never stays as the power left it; a Job whose pods have that makes another."""
    ns.until("the pod is Init:Unknown", 60, lambda: status(ns, "never") == "Init:Unknown")
    ns.equal("its phase", ns.get("pod", "never")["status"]["phase"], "Failed")
    quoted(ns, "Init:Unknown", status(ns, "never"))
    ended = ns.terminated("never", "aptlet")
    ns.equal("how aptlet ended", (ended["reason"], ended["exitCode"]), ("Unknown", 255))
    ns.wait("job/once", "condition=Complete", PATIENCE)


@test(seconds=60, alone=True, node=True)
def kubelet_and_containerd_restarted(ns):
    """What runs goes on; an install in the middle ends as if nothing were; afterwards the ConfigMap is followed again."""
    disk = Disk(ns)
    follower = Follower(ns, "tools", disk.claim("tools"))
    follower.ready()
    few, pod = generation(disk.folder("tools")), follower.pod()
    before = [ns.container(pod, name) for name in ("aptlet", "main")]
    install(ns, "install", claim=disk.claim("install"))
    moment(lambda: staging(disk.folder("install")))
    ns.cluster.stop("kubelet", "containerd")
    moment(lambda: generation(disk.folder("install")))
    made = generation(disk.folder("install"))
    ns.cluster.start()
    ns.succeeds("install", PATIENCE)
    # ended while nobody looked, it may be run again
    ns.contains("what it says", ns.logs("install", "aptlet"), "20 packages ")
    ns.equal("the generation", generation(disk.folder("install")), made)
    follower.asks(MORE)
    ns.until("the change is followed", PATIENCE, lambda: generation(disk.folder("tools")) not in ("", few))
    after = [ns.container(pod, name) for name in ("aptlet", "main")]
    for old, new in zip(before, after):
        ns.equal(f"{old['name']}: restarts", new["restartCount"], 0)
        ns.equal(f"{old['name']}: started", new["state"], old["state"])
    whole(ns, disk.folder("tools"), generation(disk.folder("install")))
    return "the install under way ended by itself, no container was restarted, the next change came in"


@test(seconds=45, node=True)
def disk_full(ns):
    """Full before the install, and full in the middle of it: exit code 6 with what is missing, and the next try does when there is room."""
    disk = Disk(ns, size="192M")
    filler = disk.folder("filler")
    filler.write_bytes(b"x" * (disk.free() - (2 << 20)))
    install(ns, "full", claim=disk.claim("full"))
    said = failure_of(ns, "full")
    ns.contains("message of a full disk", said, "/p has ", " free, but ", "packages need about ", "Give the volume ")
    filler.unlink()
    ns.succeeds("full", PATIENCE)
    whole(ns, disk.folder("full"), generation(disk.folder("full")))

    install(ns, "filled", claim=disk.claim("filled"))
    folder = disk.folder("filled")
    moment(lambda: staging(folder))
    disk.fill(filler)
    said = failure_of(ns, "filled")
    ns.contains("message of a disk that is filled meanwhile", said, "/p has ", " free, but ")
    whole(ns, folder, "")
    filler.unlink()
    ns.succeeds("filled", PATIENCE)
    whole(ns, folder, generation(disk.folder("full")))
    tidy(ns, folder)
    return said.splitlines()[0]


def failure_of(ns, pod):
    """The termination message of the first failure, which must be of the destination."""
    ended = ns.until(f"aptlet in {pod} fails", PATIENCE, lambda: ns.terminated(pod, "aptlet"))
    ns.equal(f"{pod}: exit code", ended["exitCode"], 6)
    return ended["message"]


@test(seconds=45, alone=True, node=True)
def node_drained(ns):
    """kubectl drain asks for --delete-emptydir-data, since pods have one; after uncordon they come back with the same tree."""
    manifest = ns.manifest("deployment.yaml")
    ns.apply(manifest)
    ns.rolled_out("deployment/web", PATIENCE)
    try:
        said = ns.cluster.kubectl("drain", "node", "--pod-selector=app.kubernetes.io/name=web", "--timeout=60s", check=False)
        quoted(ns, "cannot delete Pods", said)
        ns.cluster.kubectl("drain", "node", "--pod-selector=app.kubernetes.io/name=web", "--delete-emptydir-data", "--timeout=60s")
        pods = ns.until("new pods wait for a node", 30, lambda: ns.get("pods", selector="app.kubernetes.io/name=web"))
        ns.equal("their phase", {pod["status"]["phase"] for pod in pods}, {"Pending"})
    finally:
        ns.cluster.kubectl("uncordon", "node")
    ns.rolled_out("deployment/web", PATIENCE)
    for pod in ns.get("pods", selector="app.kubernetes.io/name=web"):
        folder = emptydir(ns, pod["metadata"]["name"])
        whole(ns, folder, generation(folder))
    return said.splitlines()[-1]
