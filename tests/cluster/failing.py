"""Pods that fail: what each of them has instead of what manifests/pod.yaml has, and what Kubernetes shows then.

`reads` is what leads to the cause. It must be in what `kubectl describe pod` prints, whatever else shows it; with a `code` aptlet
lived long enough to say it itself, so that it is in the log and in the termination message as well. `quote` is what
docs/reference/troubleshooting.md says that Kubernetes prints.
"""

import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path

import images

NOWHERE = "192.0.2.1"


@dataclass
class Failure:
    """`status` is what `kubectl get pod` says; `change` makes the pod of manifests/pod.yaml this one."""

    name: str
    status: tuple
    reads: str
    change: object = None
    code: int | None = None
    hint: str = ""
    container: str = "aptlet"
    packages: str = "jq"
    sources: str = ""
    quote: str = ""
    seconds: int = 90

    def objects(self, ns):
        """The pod and its ConfigMap, by the failure's name."""
        pod, settings = shipped(ns)
        pod.metadata["name"] = settings["metadata"]["name"] = self.name
        pod.volume("/etc/aptlet")["configMap"]["name"] = self.name
        settings["data"]["packages"] = self.packages
        if self.sources:
            settings["data"]["mirror.sources"] = self.sources
        if self.change:
            self.change(pod, settings)
        return [settings, pod.object]


class Pod:
    """The parts of a pod, for those who change it."""

    def __init__(self, object):
        self.object, self.spec, self.metadata = object, object["spec"], object["metadata"]
        self.aptlet, self.main = self.spec["initContainers"][0], self.spec["containers"][0]

    def volume(self, path):
        """That which aptlet's container has at this path."""
        name = next(mount["name"] for mount in self.aptlet["volumeMounts"] if mount["mountPath"] == path)
        return next(volume for volume in self.spec["volumes"] if volume["name"] == name)

    def packages_in(self, **kind):
        """Another kind of volume for the packages."""
        volume = self.volume("/p")
        name = volume["name"]
        volume.clear()
        volume.update(name=name, **kind)


# manifests that kubectl has read, by their text: nearly all are manifests/pod.yaml
READ = {}


def parsed(ns, text):
    """The objects of a manifest; kubectl reads YAML."""
    text = str(text)
    if text not in READ:
        READ[text] = ns.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", input=text)
    said, found = READ[text], []
    while said.strip():
        one, end = json.JSONDecoder().raw_decode(said.lstrip())
        found += one.get("items", [one])
        said = said.lstrip()[end:]
    for one in found:
        one["metadata"].pop("namespace", None)
    return found


def shipped(ns):
    """The pod of manifests/pod.yaml, and its ConfigMap."""
    objects = parsed(ns, ns.manifest("pod.yaml"))
    by_kind = {one["kind"]: one for one in objects}
    return Pod(by_kind["Pod"]), by_kind["ConfigMap"]


def source(url, suite="trixie", *lines):
    return "\n".join(["Types: deb", f"URIs: {url}", f"Suites: {suite}", "Components: main", *lines, ""])


def status(ns, pod):
    """The column of `kubectl get pod`."""
    return ns.cluster.row(f"{ns.path}/pods/{pod}")[2]


def fail(ns, *failures):
    """Makes all the pods at once, and looks at each as a user does."""
    documents = json.dumps({"apiVersion": "v1", "kind": "List", "items": [one for each in failures for one in each.objects(ns)]})
    ns.apply(documents)
    return "; ".join(f"{one.name}: {look(ns, one)}" for one in failures)


def look(ns, failure):
    """Whether the cause is found within one command, `kubectl describe pod`, and in the other places where it belongs."""
    pod = failure.name
    shown = ns.until(f"{pod} shows one of {failure.status}", failure.seconds, lambda: status(ns, pod) in failure.status and status(ns, pod))
    described = ns.until(f"{failure.reads!r} is in what `kubectl describe pod {pod}` prints", 20, lambda: says(ns, failure, "describe", "pod", pod))
    if failure.code is None:
        if "Reason: " not in failure.reads:
            ns.until(f"{failure.reads!r} is in the events of {pod}", 20, lambda: says(ns, failure, "events", "--for", f"pod/{pod}"))
    else:
        ended = ns.terminated(pod, failure.container)
        ns.equal(f"{pod}: exit code", ended["exitCode"], failure.code)
        ns.contains(f"{pod}: termination message", ended.get("message", ""), failure.reads, failure.hint)
        ns.contains(f"{pod}: log", ns.logs(pod, failure.container), failure.reads, failure.hint)
    if failure.quote:
        quoted(ns, failure.quote, f"{shown}\n{described}")
    return shown


def says(ns, failure, *words):
    said = ns.kubectl(*words)
    return said if failure.reads in re.sub(r"\s+", " ", said) or failure.reads in said else ""


def quoted(ns, part, printed):
    """docs/reference/troubleshooting.md quotes something with this part, and that is what Kubernetes printed, whatever the names in it."""
    text = (Path(__file__).resolve().parents[2] / "docs/reference/troubleshooting.md").read_text(encoding="utf-8")
    section = text[text.index("## What Kubernetes shows"): text.index("## 2: configuration")]
    quotes = [quote for quote in re.findall("`([^`]+)`", section) if part in quote]
    ns.check(f"docs/reference/troubleshooting.md quotes {part!r}", quotes)
    printed = re.sub(r"[^\S\n]+", " ", printed)
    ns.check(f"Kubernetes prints one of {quotes}", any(re.search(pattern(quote), printed) for quote in quotes), printed)


def pattern(quote):
    """Names in quotes may be others; `…` stands for what differs."""
    return re.sub('"[^"]*"', '"[^"]*"', ".*".join(re.escape(one) for one in quote.split("…")))
