"""The pod templates of Kubernetes objects."""


def template(document):
    """The pod template of a document of any kind, a pod being its own; None where it has none."""
    spec = document.get("spec") or {}
    if "containers" in spec:
        return document
    if "jobTemplate" in spec:
        spec = spec["jobTemplate"]["spec"]
    found = spec.get("template")
    return found if found and "containers" in found.get("spec", {}) else None


def templates(objects):
    return [found for found in map(template, objects) if found]
