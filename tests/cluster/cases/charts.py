"""The chart and its example by Helm itself, and the kustomize component."""

import tempfile

import rendering
from suite import test


@test(seconds=70, each={mode: mode for mode in rendering.MODES})
def helm(ns, each):
    """Installed, upgraded to other packages, rolled back, uninstalled."""
    chart = rendering.Chart(ns.world)
    ns.cleanups.append(chart.close)
    common = ["-n", ns.name, *chart.values(), "--set", f"aptlet.mode={each}", "--wait", "--timeout=2m"]
    if each == "entrypoint":
        # an install takes more than what the example's main container may have
        deployment = chart.app / "templates/deployment.yaml"
        deployment.write_text(deployment.read_text(encoding="utf-8").replace("memory: 64Mi", "memory: 160Mi"), encoding="utf-8")
    chart.run("install", "app", chart.app, *common)
    pod = ns.pod_of("app.kubernetes.io/instance=app")
    ns.until("jq runs", 30, lambda: ns.logs(pod, "main").strip())
    chart.run("upgrade", "app", chart.app, *common, "--set", "aptlet.packages={jq,tree}")
    ns.until("tree comes", 90, lambda: found(ns, "tree"))
    same = ns.pod_of("app.kubernetes.io/instance=app") == pod
    ns.equal("the pod is the same", same, each == "sidecar")
    chart.run("rollback", "app", "1", "-n", ns.name, "--wait", "--timeout=2m")
    ns.until("tree goes", 90, lambda: not found(ns, "tree"))
    chart.run("uninstall", "app", "-n", ns.name, "--wait")
    left = ns.kubectl("get", "all,configmap", "-o", "name").split()
    ns.equal("what is left", [one for one in left if "kube-root-ca" not in one and not one.startswith("pod/")], [])
    return f"install, upgrade ({'the running pod' if same else 'new pods'}), rollback, uninstall"


def found(ns, program):
    pods = [one for one in ns.get("pods", selector="app.kubernetes.io/instance=app") if "deletionTimestamp" not in one["metadata"]]
    if len(pods) != 1:
        return None
    said = ns.exec(pods[0]["metadata"]["name"], "ls", f"/p/bin/{program}", container="main", check=False)
    return "No such file" not in said


@test(seconds=40)
def kustomize(ns):
    """The overlay as it stands; then another package list, which is another ConfigMap and new pods."""
    with tempfile.TemporaryDirectory() as folder:
        overlay = rendering.Overlay(ns.world, folder)
        ns.apply(overlay.build())
        ns.rolled_out("deployment/clock")
        ns.contains("jq tells the time", ns.logs("deployment/clock", "clock"), '"time"')
        overlay.write("packages", "jq\ntree\n")
        ns.apply(overlay.build())
        ns.rolled_out("deployment/clock")
        pod = ns.until("one pod", 30, lambda: ns.pod_of("app.kubernetes.io/name=clock"))
        ns.exec(pod, "/p/bin/tree", "--version")
    return "as it stands; another list rolls the pods"


@test(seconds=40)
def kustomize_kinds(ns):
    """The component with one workload of each kind, all in one kustomization."""
    with tempfile.TemporaryDirectory() as folder:
        overlay = rendering.Overlay(ns.world, folder)
        overlay.write("deployment.yaml", rendering.labelled())
        ns.apply(overlay.build())
    ns.kubectl("create", "job", "started", "--from=cronjob/cronjob")
    for job in ("job", "started"):
        ns.wait(f"job/{job}", "condition=Complete")
        ns.equal(f"output of job {job}", ns.logs(f"job/{job}", "main"), "2\n")
    ns.succeeds("pod")
    ns.equal("output of the pod", ns.logs("pod", "main"), "2\n")
    for kind in ("deployment", "statefulset", "daemonset"):
        ns.rolled_out(f"{kind}/{kind}")
        ns.until(f"output of the {kind}", 30, lambda: ns.logs(f"{kind}/{kind}", "main") == "2\n")
    return "Pod, Deployment, StatefulSet, DaemonSet, Job and CronJob by one component"
