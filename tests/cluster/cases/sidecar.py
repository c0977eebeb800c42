"""The native sidecar under a real kubelet: manifests/sidecar.yaml, and a Job that has one."""

import json
import re
import statistics
import time

import images
from suite import test

# a ConfigMap that cannot be done, and the class of its failure
BAD = [
    ({"packages": "jq no-such-package-at-all"}, "no-solution"),
    ({"packages": "jq tr|ee"}, "configuration"),
    ({"packages": "jq", "aptlet.yaml": "slm: true\n"}, "configuration"),
    ({"packages": "jq", "x.sources": "Types: deb\nURIs: http://127.0.0.1:1/debian\nSuites: trixie\nComponents: main\n"}, "mirror"),
    ({"packages": "jq sqlite3", "aptlet.yaml": "max-unpacked: 1\n"}, "destination"),
]
# a command for each package
COMMANDS = {"jq": "jq", "tree": "tree", "hello": "hello", "bc": "bc", "pv": "pv", "file": "file", "less": "less"}


def start(ns, image=images.DEBIAN):
    manifest = ns.manifest("sidecar.yaml")
    ns.apply(manifest if image == images.DEBIAN else manifest.edit(images.DEBIAN, image))
    ns.rolled_out("deployment/tools")
    return ns.pod_of("app.kubernetes.io/name=tools")


def edit(ns, keys, hurry=None):
    """Other keys in the ConfigMap. hurry: a pod that the kubelet is to look at now, and not within its ten seconds."""
    configmap = ns.get("configmap", "tools-packages")
    mirror = {key: text for key, text in configmap["data"].items() if key == "mirror.sources"}
    ns.kubectl("replace", "-f", "-", input=json.dumps({**configmap, "data": {**mirror, **keys}}))
    if hurry:
        ns.kubectl("annotate", "--overwrite", "pod", hurry, f"aptlet-test/at={time.monotonic()}")


def metric(text, name):
    return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.M).group(1))


def metrics(ns, pod):
    return ns.ask(pod, "metrics", port(ns, pod))


def port(ns, pod):
    (own,) = [one for one in ns.get("pod", pod)["spec"]["initContainers"] if one["name"] == "aptlet"]
    return own["ports"][0]["containerPort"]


def has(ns, pod, package):
    """Whether the main container has the package's command."""
    said = ns.exec(pod, "sh", "-c", f"command -v {COMMANDS[package]} || echo none", container="main")
    return said.strip() != "none"


@test(seconds=20, each={"debian": images.DEBIAN, "busybox": images.BUSYBOX})
def starts_first(ns, each):
    pod = start(ns, each)
    began = {name: ns.container(pod, name)["state"]["running"]["startedAt"] for name in ("aptlet", "main")}
    ns.check("aptlet started before main", began["aptlet"] <= began["main"], began)
    own = ns.container(pod, "aptlet")
    ns.check("the kubelet counts it as started and ready", own["started"] and own["ready"], own)
    at = port(ns, pod)
    ns.contains("readyz", ns.ask(pod, "readyz", at), "generation")
    ns.ask(pod, "livez", at)
    ns.contains("metrics", metrics(ns, pod), "aptlet_ready 1")
    ns.exec(pod, "/aptlet", "probe", container="aptlet")
    ns.until("main runs jq", 10, lambda: ns.logs(pod, "main").startswith("2\n"))
    said = ns.exec(pod, "touch", "/p/x", container="main", check=False)
    ns.contains("the tree is read-only for main", said, "Read-only file system")
    return "main started after aptlet was ready; /readyz, /livez, /metrics and `aptlet probe` agree"


@test(seconds=150)
def follows(ns):
    """20 edits of the ConfigMap, as the kubelet brings them; 5 of them bad, after which what was there stays."""
    pod = start(ns)
    main = ns.container(pod, "main")["containerID"]
    wanted = ["jq"]
    times = []
    bad = list(BAD)
    for number in range(20):
        before = metrics(ns, pod)
        begin = time.monotonic()
        if number % 4 == 3:
            keys, kind = bad.pop(0)
            edit(ns, keys)
            name = f'aptlet_reconcile_failures_total{{class="{kind}"}}'
            count = metric(before, name) if name in before else 0
            ns.until(f"edit {number + 1} fails as {kind}", 60, lambda: metric(metrics(ns, pod), name) > count)
            said = ns.ask(pod, "readyz", port(ns, pod))
            ns.contains("readyz stays, and says why", said, f"failed ({kind})")
            ns.check("what was installed stays", all(has(ns, pod, one) for one in wanted), wanted)
        else:
            extra = list(COMMANDS)[1 + number % 6]
            gone, wanted = wanted, ["jq", extra]
            edit(ns, {"packages": "\n".join(wanted)})
            ns.until(f"edit {number + 1}: {extra} comes", 60, lambda: has(ns, pod, extra), pause=1)
            # commands come before others go
            left = [one for one in gone if one not in wanted]
            ns.until(f"edit {number + 1}: {left} goes", 30, lambda: not any(has(ns, pod, one) for one in left), pause=1)
        times.append(time.monotonic() - begin)
    ns.equal("the main container is the same", ns.container(pod, "main")["containerID"], main)
    ns.equal("restarts", ns.container(pod, "aptlet")["restartCount"], 0)
    middle, most = statistics.median(times), max(times)
    return f"20 edits, 5 of them bad: in the pod after {middle:.1f} s in the middle, {most:.1f} s at most; main never restarted"


@test(seconds=40)
def edit_during_install(ns):
    """What is asked for while an install runs is there at the end."""
    pod = start(ns)
    edit(ns, {"packages": "jq python3"}, hurry=pod)
    ns.until("an install is under way", 30, lambda: metric(metrics(ns, pod), "aptlet_reconciling") == 1, pause=0.05)
    edit(ns, {"packages": "jq tree"}, hurry=pod)
    ns.until("tree is there", 60, lambda: has(ns, pod, "tree"))
    said = metrics(ns, pod)
    ns.equal("python3", ns.exec(pod, "sh", "-c", "command -v python3 || echo none", container="main"), "none\n")
    installs = int(metric(said, 'aptlet_reconciles_total{result="installed"}'))
    return f"{installs} installs in all; the last question was answered"


@test(seconds=30)
def ends_last(ns):
    """The kubelet ends main first and the sidecar after it; both end well."""
    pod = start(ns)
    # so that what they ended with can still be read
    ns.kubectl("patch", "pod", pod, "--type=merge", "-p", '{"metadata": {"finalizers": ["aptlet.test/look"]}}')
    ns.kubectl("delete", "pod", pod, "--wait=false")
    try:
        # both, or a key that is not there yet
        both = ns.until("both have ended", 60, lambda: [ns.container(pod, one)["state"]["terminated"] for one in ("main", "aptlet")])
    finally:
        ns.kubectl("patch", "pod", pod, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    ns.equal("exit codes", [one["exitCode"] for one in both], [0, 0])
    main, sidecar = (one["finishedAt"] for one in both)
    ns.check("main ended first", main <= sidecar, both)
    return f"exit codes 0 and 0; main at {main[11:19]}, the sidecar at {sidecar[11:19]}"


@test(seconds=30, node=True)
def restarted_alone(ns):
    """The sidecar is killed: main goes on with the tree, and the sidecar comes back and follows again."""
    pod = start(ns)
    main = ns.container(pod, "main")
    task = ns.container(pod, "aptlet")["containerID"].removeprefix("containerd://")
    at = ["--address", ns.cluster.folder / "run/containerd.sock", "-n", "k8s.io"]
    ns.cluster.enter("ctr", *at, "tasks", "kill", "-s", "KILL", task)
    ns.until("it is started again", 30, lambda: ns.container(pod, "aptlet")["restartCount"] == 1)
    ns.check("main has its tree meanwhile", has(ns, pod, "jq"))
    ns.until("it is ready again", 30, lambda: ns.container(pod, "aptlet").get("ready"))
    ns.equal("the main container is the same", ns.container(pod, "main")["containerID"], main["containerID"])
    edit(ns, {"packages": "jq tree"}, hurry=pod)
    ns.until("it follows", 60, lambda: has(ns, pod, "tree"))
    last = ns.container(pod, "aptlet")["lastState"]["terminated"]
    return f"exit code {last['exitCode']}, restartCount 1, main the same; it follows again"
