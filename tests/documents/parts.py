"""YAML of the documents: whole objects, and parts of objects put into a whole one."""

import copy
import functools
import re

import objects
import standard
import yaml
from markdown import ROOT
from test_documents import tested

POD = ROOT / "manifests/pod.yaml"
# the key of an object that a part begins with, and the kind of the object
KINDS = {"data": "ConfigMap", "stringData": "Secret"}


@functools.cache
def _texts():
    return list(tested())


def literally(text):
    """Whether whole lines of such a file are this text."""
    return any(f"\n{text}" in f"\n{whole}" for whole in _texts())


def whole(text):
    """The objects of a block, a part being put where it belongs; None for what belongs nowhere."""
    documents = objects.documents(text)
    if documents and all(isinstance(one, dict) and {"apiVersion", "kind"} <= one.keys() for one in documents):
        return documents
    return [_framed(documents[0])] if len(documents) == 1 and isinstance(documents[0], dict) else None


def _framed(part):
    if kind := KINDS.get(next(iter(part))):
        return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "part"}, **part}
    pod = copy.deepcopy(yaml.safe_load(POD.read_text().split("\n---\n")[1]))
    if part.keys() & {"initContainers", "containers", "volumes"}:
        pod["spec"] = merged(pod["spec"], part)
    else:
        # fields of aptlet's container, which only as a sidecar may have probes
        container = pod["spec"]["initContainers"][0]
        if any(key.endswith("Probe") for key in part):
            container["restartPolicy"] = "Always"
        pod["spec"]["initContainers"][0] = merged(container, part)
    return pod


def merged(into, part):
    """A strategic merge, as far as pods need one: named things of a list replace those of their name."""
    if isinstance(into, dict) and isinstance(part, dict):
        return {**into, **{key: merged(into[key], value) if key in into else value for key, value in part.items()}}
    if isinstance(into, list) and isinstance(part, list) and all(map(_named, [*into, *part])):
        names = {one["name"]: one for one in part}
        known = [merged(one, names.pop(one["name"])) if one["name"] in names else one for one in into]
        return [*known, *names.values()]
    return part


def _named(one):
    return isinstance(one, dict) and "name" in one


def wrong(documents, before=False):
    """What is wrong with objects, as sentences. What people do without aptlet need not be restricted."""
    for one in documents:
        for version in objects.newest():
            error = objects.invalid(one, version)
            if error:
                yield f"{one.get('kind')}: {error} (Kubernetes {version})"
                break
    for container, volume in objects.unmounted(documents):
        yield f"container {container} mounts {volume}, which is no volume"
    if not before:
        for pod in objects.templates(documents):
            yield from standard.violations(pod)
            yield from standard.unasked(pod)


def settings(documents):
    """The data of each ConfigMap that is aptlet's, a Secret's auth.conf with it."""
    logins = [one["stringData"] for one in documents if one["kind"] == "Secret" and "auth.conf" in one.get("stringData", {})]
    for one in documents:
        data = one.get("data") or {}
        if one["kind"] == "ConfigMap" and ("packages" in data or any(key.endswith((".sources", ".list")) for key in data)):
            yield {**data, **{key: value for login in logins for key, value in login.items()}}


def filled(value, network):
    """A value with what a reader would put in: keys and certificates in the place of `…`."""
    texts = {"PGP PUBLIC KEY BLOCK": network.tools / "tools.asc", "CERTIFICATE": network.authority}
    for name, file in texts.items():
        expression = rf"-----BEGIN {name}-----\s+(…|\.\.\.)\s+-----END {name}-----\n?"
        value = re.sub(expression, file.read_text().replace("\\", ""), value)
    return value
