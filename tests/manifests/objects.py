"""YAML documents of Kubernetes: parsed, looked through, and held against the schemas of Kubernetes."""

import functools

import yaml
from kubernetes_validate import utils
from templates import template, templates

# the schemas are read from disk for each object otherwise, some MB each
utils.schema_contents = functools.cache(utils.schema_contents)
VERSIONS = utils.all_versions()


def newest(count=3):
    """The newest minor versions of Kubernetes that have schemas, oldest first."""
    return sorted({utils.major_minor(version) for version in VERSIONS}, key=utils.Version)[-count:]


def documents(text):
    """The documents of a text that hold something."""
    return [document for document in yaml.safe_load_all(text) if document]


def invalid(document, version):
    """What `kubernetes-validate --strict` has against a document, or None."""
    try:
        utils.validate(document, version, strict=True)
    except utils.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    except (utils.SchemaNotFoundError, utils.InvalidSchemaError) as error:
        return error.message
    return None


def dangling(objects):
    """What pods of these objects refer to by name and is not among them, as kind and name."""
    there = {(one["kind"], one["metadata"]["name"]) for one in objects}
    wanted = set()
    for pod in templates(objects):
        for volume in pod["spec"].get("volumes") or []:
            for source in [volume, *volume.get("projected", {}).get("sources", [])]:
                if "configMap" in source:
                    wanted.add(("ConfigMap", source["configMap"]["name"]))
                if "secret" in source:
                    wanted.add(("Secret", source["secret"].get("secretName") or source["secret"].get("name")))
                if "persistentVolumeClaim" in source:
                    wanted.add(("PersistentVolumeClaim", source["persistentVolumeClaim"]["claimName"]))
        for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
            for variables in container.get("envFrom") or []:
                for key, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                    if key in variables:
                        wanted.add((kind, variables[key]["name"]))
    for one in objects:
        if one["kind"] == "StatefulSet":
            wanted.add(("Service", one["spec"]["serviceName"]))
    return wanted - there


def unmounted(objects):
    """Mounts of volumes that the pod does not have, as container and volume."""
    for one in objects:
        pod = template(one)
        if pod is None:
            continue
        volumes = {volume["name"] for volume in pod["spec"].get("volumes") or []}
        volumes |= {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates") or []}
        for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
            for mount in container.get("volumeMounts") or []:
                if mount["name"] not in volumes:
                    yield container["name"], mount["name"]


def lost(before, after, path=""):
    """What is in `before` and not in `after`, as paths. Lists of named things may have more things in between."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                yield f"{path}.{key}"
            else:
                yield from lost(value, after[key], f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and all(_named(one) for one in before):
        places = {one["name"]: place for place, one in enumerate(after)}
        order = [places.get(one["name"], -1) for one in before]
        if order != sorted(order):
            yield f"{path}: another order"
        for one, place in zip(before, order, strict=True):
            if place < 0:
                yield f"{path}[{one['name']}]"
            else:
                yield from lost(one, after[place], f"{path}[{one['name']}]")
    elif before != after:
        yield path


def _named(one):
    return isinstance(one, dict) and "name" in one
