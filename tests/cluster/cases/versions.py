"""Every object that ships, held against the API servers of Kubernetes 1.35, 1.36 and 1.37: server-side dry run, strict, without
a warning."""

import functools
import json
import re
import tempfile
import threading

import images
import rendering
from cluster import ROOT, OneNode, command
from namespace import STANDARD
from suite import Skipped, test


LOCK = threading.Lock()


@functools.cache
def made(world):
    """What ships, as one text."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "manifests").glob("*.yaml"))]
    texts.append(command([*world.cluster.front, "kustomize", ROOT / "manifests/kustomize/overlay"]))
    with tempfile.TemporaryDirectory() as folder:
        overlay = rendering.Overlay(world, folder)
        overlay.write("deployment.yaml", rendering.labelled())
        texts.append(overlay.build())
    for kind in rendering.KINDS:
        for mode in rendering.MODES:
            more = ["--configmap", "wanted"] if mode == "sidecar" else []
            plain = rendering.workload(kind, images.BUSYBOX)
            texts.append(rendering.render(world, "jq", "--mode", mode, *more, "-f", "-", input=plain))
    chart = rendering.Chart(world)
    try:
        for mode in rendering.MODES:
            texts.append(chart.run("template", "app", chart.app, *chart.values(), "--set", f"aptlet.mode={mode}"))
    finally:
        chart.close()
    return "\n---\n".join(texts)


def accepted(ns, kubectl, namespace):
    """All of them in a namespace there; returns how many objects that were."""
    with LOCK:
        text = made(ns.world)
    # the one that brings its own namespace: a dry run makes none
    text = text.replace("namespace: air-gapped", f"namespace: {namespace}")
    words = ["apply", "--dry-run=server", "--validate=strict", "-n", namespace, "-f", "-"]
    said = kubectl.kubectl(*words, input=text, check=False).splitlines()
    good = [line for line in said if line.endswith("(server dry run)")]
    ns.check("nothing else was said", good == said, "\n".join(line for line in said if line not in good))
    ns.equal("objects", len(good), len(re.findall(r"^kind: ", text, re.M)))
    return len(good)


@test(seconds=30, node=True, each={"1_35": "1.35.4", "1_37": "1.37.2"})
def other(ns, each):
    beside = OneNode(each, str(int(ns.cluster.net) + 2 + (each > "1.36")))
    if not (beside.cache / each / "kube-apiserver").exists():
        raise Skipped(f"Kubernetes {each} is not built on this machine: `setup {each}` takes some minutes")
    beside.stop()
    ns.cleanups.append(beside.stop)
    beside.start("--control-plane", each)
    labels = {f"{STANDARD}/{what}": "restricted" for what in ("enforce", "warn", "audit")}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dry", "labels": labels}}
    beside.kubectl("create", "-f", "-", input=json.dumps(namespace))
    count = accepted(ns, beside, "dry")
    version = json.loads(beside.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    return f"{count} objects accepted by {version} without a warning"


@test(seconds=30)
def own(ns):
    count = accepted(ns, ns.cluster, ns.name)
    return f"{count} objects accepted without a warning"
