"""Every object that ships, held against the API servers of Kubernetes 1.35, 1.36 and 1.37: server-side dry run, strict, no warning."""

import json

import images
import rendering
from cluster import ROOT, OneNode, command
from suite import STANDARD, Skipped, test


def objects(world):
    """What ships, by where it comes from."""
    for path in sorted((ROOT / "manifests").glob("*.yaml")):
        yield path.name, path.read_text(encoding="utf-8")
    yield "kustomize/overlay", command([*world.cluster.front, "kustomize", ROOT / "manifests/kustomize/overlay"])
    for kind in rendering.KINDS:
        for mode in rendering.MODES:
            more = ["--configmap", "wanted"] if mode == "sidecar" else []
            yield f"render {kind} {mode}", rendering.render(world, "jq", "--mode", mode, *more, "-f", "-", input=rendering.workload(kind, images.BUSYBOX))
    chart = rendering.Chart(world)
    try:
        for mode in rendering.MODES:
            yield f"chart {mode}", chart.run("template", "app", chart.app, *chart.values(), "--set", f"aptlet.mode={mode}")
    finally:
        chart.close()


def accepted(ns, kubectl, namespace):
    """All of them in a namespace there; returns how many objects that were."""
    count, refused = 0, []
    for name, text in objects(ns.world):
        # the one that brings its own namespace: a dry run makes none
        text = text.replace("namespace: air-gapped", f"namespace: {namespace}")
        said = kubectl.kubectl("apply", "--dry-run=server", "--validate=strict", "-n", namespace, "-f", "-", input=text, check=False)
        good = [line for line in said.splitlines() if line.endswith("(server dry run)")]
        count += len(good)
        if len(good) != len(said.splitlines()):
            refused.append(f"{name}: {said}")
    ns.check("accepted without a warning", not refused, "\n".join(refused))
    return count


@test(seconds=30, node=True, each={"1_35": "1.35.4", "1_37": "1.37.2"})
def other(ns, each):
    beside = OneNode(each, str(int(ns.cluster.net) + 2 + (each > "1.36")))
    if not (beside.cache / each / "kube-apiserver").exists():
        raise Skipped(f"Kubernetes {each} is not built on this machine: `setup {each}` takes some minutes")
    beside.stop()
    ns.cleanups.append(beside.stop)
    beside.start("--control-plane", each)
    labels = {f"{STANDARD}/{what}": "restricted" for what in ("enforce", "warn", "audit")}
    beside.kubectl("create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dry", "labels": labels}}))
    count = accepted(ns, beside, "dry")
    version = json.loads(beside.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    return f"{count} objects accepted by {version} without a warning"


@test(seconds=30, node=True)
def own(ns):
    count = accepted(ns, ns.cluster, ns.name)
    return f"{count} objects accepted without a warning"
