"""Manifests in the documents, copied from there."""

import re

import images
from cluster import ROOT
from manifest import Manifest
from suite import test


def whole():
    """Blocks of YAML that are whole objects, by document."""
    for path in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]):
        for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)):
            if re.search(r"^apiVersion: ", text, re.M) and re.search(r"^kind: ", text, re.M):
                yield f"{path.name} {number}", text


class Copied(Manifest):
    def __init__(self, name, text, world):
        super().__init__("pod.yaml")
        self.name, self.text = name, text
        if world.image != images.APTLET:
            self.edit(images.APTLET, world.image)


@test(seconds=10)
def accepted(ns):
    names = []
    for name, text in whole():
        said = ns.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", input=text)
        ns.check(f"{name} is accepted without a warning", "Warning" not in said, said)
        names.append(name)
    return f"{len(names)} blocks: {', '.join(names)}"


@test(seconds=15, node=True)
def in_a_manifest(ns):
    """docs/tasks/add-a-tool.md, "In a manifest": the block, and what it says about it."""
    ((name, text),) = [one for one in whole() if one[0].startswith("add-a-tool.md")]
    ns.apply(Copied(name, text, ns.world))
    ns.rolled_out("deployment/app")
    ns.contains("kubectl logs deployment/app -c aptlet", ns.logs("deployment/app", "aptlet"), "installed in /p")
    ns.until("jq has run", 20, lambda: ns.logs("deployment/app", "main") == "2\n")
    return "as the page says"


@test(seconds=15, node=True)
def readme(ns):
    """README.md, "In a pod": the block, and what it says about it."""
    ((name, text),) = [one for one in whole() if one[0].startswith("README.md")]
    ns.apply(Copied(name, text, ns.world))
    ns.succeeds("jq")
    ns.contains("kubectl logs jq -c aptlet", ns.logs("jq", "aptlet"), "installed in /p")
    ns.equal("kubectl logs jq", ns.logs("jq", "main"), "2\n")
    return "as the README says"
