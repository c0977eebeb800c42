"""Many pods at once, and many revisions of one Deployment under load."""

import json
import statistics
import threading

import images
from cluster import Refused
from failing import Pod, parsed, shipped
from namespace import seconds_between
from suite import test

KINDS = ("cold", "locked")


@test(seconds=60)
def pods_at_once(ns):
    return crowd(ns, 12, 240)


@test(seconds=400, alone=True, long=True)
def hundred_pods_at_once(ns):
    return crowd(ns, 100, 900)


def crowd(ns, count, seconds):
    """Half of them choose and half of them have a lock; each install has a tenth of a processor."""
    lock = locked(ns)
    pods = {}
    for kind in KINDS:
        pod, settings = shipped(ns)
        settings["metadata"]["name"] = kind
        settings["data"] = {"packages": "jq"} if kind == "cold" else {"aptlet.lock": lock}
        ns.apply(json.dumps(settings))
        pod.volume("/etc/aptlet")["configMap"]["name"] = kind
        pod.aptlet["resources"] = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "160Mi"}}
        pod.main["resources"]["requests"] = {"cpu": "1m", "memory": "16Mi"}
        for number in range(count // len(KINDS)):
            pods[f"{kind}-{number}"] = {**pod.object, "metadata": {"name": f"{kind}-{number}", "labels": {"kind": kind}}}
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(pods.values())}))

    def ended():
        phases = [pod["status"].get("phase") for pod in ns.get("pods", selector="kind")]
        ns.check("no pod fails", "Failed" not in phases, str(phases))
        return phases.count("Succeeded") == count

    ns.until(f"{count} pods have succeeded", seconds, ended, pause=2)
    every, seen = ns.get("pods", selector="kind"), []
    ns.equal("restarts", sum(one["restartCount"] for pod in every for one in statuses(pod)), 0)
    for kind in KINDS:
        mine = [pod for pod in every if pod["metadata"]["labels"]["kind"] == kind]
        installs = [span(pod) for pod in mine]
        whole = [seconds_between(pod["metadata"]["creationTimestamp"], of(pod, "containerStatuses")["finishedAt"]) for pod in mine]
        seen.append(f"{len(mine)} {kind}: install median {statistics.median(installs):.0f} s, slowest {max(installs)} s; "
                    f"from creation to end median {statistics.median(whole):.0f} s, slowest {max(whole)} s")
    ns.equal("what all print", {ns.logs(name, "main") for name in list(pods)[:: max(1, count // 12)]}, {"2\n"})
    return "; ".join(seen)


def statuses(pod):
    return pod["status"]["initContainerStatuses"] + pod["status"]["containerStatuses"]


def of(pod, kind):
    return pod["status"][kind][0]["state"]["terminated"]


def span(pod):
    ended = of(pod, "initContainerStatuses")
    return seconds_between(ended["startedAt"], ended["finishedAt"])


def locked(ns):
    """What a pod with `aptlet lock` prints."""
    pod, settings = shipped(ns)
    pod.metadata["name"] = settings["metadata"]["name"] = "lock"
    pod.volume("/etc/aptlet")["configMap"]["name"] = "lock"
    settings["data"]["packages"] = "jq"
    lock = pod.aptlet
    lock.update(name="main", args=["lock", "--output", "-", "--quiet"])
    pod.spec["initContainers"], pod.spec["containers"] = [], [lock]
    ns.apply(json.dumps(settings))
    ns.apply(json.dumps(pod.object))
    ns.succeeds("lock")
    text = ns.logs("lock", "main")
    ns.contains("the lock", text, "[[package]]")
    return text


@test(seconds=60)
def rollout_under_load(ns):
    return rollouts(ns, 2)


@test(seconds=300, long=True, alone=True)
def ten_rollouts_under_load(ns):
    return rollouts(ns, 10)


CGI = """#!/bin/sh
echo "Content-Type: text/plain"
echo
jq -n -r '"revision \\(env.REVISION)"'
"""


def rollouts(ns, revisions):
    """A server whose every answer is made by a command of the tree, asked all the time; each revision has another package list."""
    settings, workload = sorted(parsed(ns, ns.manifest("deployment.yaml")), key=lambda one: one["kind"])
    pod = Pod(workload["spec"]["template"])
    extra = ["tree", "bc", "pv", "hello"]
    label = workload["spec"]["selector"]["matchLabels"]
    serve = {"name": "www", "configMap": {"name": "www", "defaultMode": 0o755}}
    pod.spec["volumes"].append(serve)
    pod.main["volumeMounts"].append({"name": "www", "mountPath": "/www/cgi-bin"})
    pod.main["command"] = ["httpd", "-f", "-p", "8080", "-h", "/www"]
    pod.main["readinessProbe"] = {"httpGet": {"path": "/cgi-bin/answer", "port": "http"}, "periodSeconds": 1, "timeoutSeconds": 5}
    # what a Service still sends to a pod that is to end, it answers
    pod.main["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "3"]}}}
    workload["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "www"}, "data": {"answer": CGI}}))
    service = {"selector": label, "ports": [{"port": 80, "targetPort": "http"}]}
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": service}))

    name = settings["metadata"]["name"]

    def revision(number):
        settings["metadata"]["name"] = f"{name}-{number}"
        settings["data"]["packages"] = "\n".join(["jq", *(word for bit, word in enumerate(extra) if number >> bit & 1)])
        pod.volume("/etc/aptlet")["configMap"]["name"] = settings["metadata"]["name"]
        env = [one for one in pod.main.get("env", []) if one["name"] != "REVISION"]
        pod.main["env"] = [*env, {"name": "REVISION", "value": str(number)}]
        ns.apply(json.dumps(settings))
        ns.apply(json.dumps(workload))
        ns.rolled_out(f"deployment/{workload['metadata']['name']}", 120)

    revision(0)
    load = Load(ns)
    for number in range(1, revisions + 1):
        revision(number)
        ns.until(f"revision {number} alone answers", 30, lambda: load.latest(5) == {f"revision {number}"}, pause=0.2)
    answers, failures = load.end()
    ns.equal("answers that were none", failures, [])
    for one in ns.get("pods", selector=",".join(f"{key}={value}" for key, value in label.items())):
        if not one["metadata"].get("deletionTimestamp"):
            ns.contains("the last revision's packages", ns.exec(one["metadata"]["name"], "ls", "/p/bin", container=pod.main["name"]),
                        *(word for bit, word in enumerate(extra) if revisions >> bit & 1))
    return f"{revisions} revisions, {answers} answers, none of them missing"


class Load(threading.Thread):
    """Asks the Service from within the cluster, again and again, until it is told to end."""

    def __init__(self, ns):
        super().__init__(daemon=True)
        self.ns, self.answers, self.failures, self.over = ns, [], [], threading.Event()
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "load"}}
        shaped, _ = shipped(ns)
        pod["spec"] = {**shaped.spec, "initContainers": [], "volumes": []}
        pod["spec"]["containers"] = [{**shaped.main, "image": images.BUSYBOX, "command": ["sleep", "3600"], "volumeMounts": [], "env": []}]
        ns.apply(json.dumps(pod))
        ns.wait("pod/load", "condition=Ready", 60)
        self.start()

    def run(self):
        while not self.over.is_set():
            asks = "i=0; while [ $i -lt 20 ]; do wget -q -T 10 -O - http://web/cgi-bin/answer || echo failed; i=$((i + 1)); done"
            try:
                said = self.ns.exec("load", "sh", "-c", asks, timeout=250).splitlines()
            except Refused as error:
                said = [f"failed: {error}"]
            for line in said:
                (self.answers if line.startswith("revision ") else self.failures).append(line)

    def latest(self, count):
        return set(self.answers[-count:])

    def end(self):
        self.over.set()
        self.join(260)
        return len(self.answers), self.failures
