#!/usr/bin/env python3
"""Takes one pod out of a manifest as it is shipped, and writes what podman on this machine needs to run it.

    render.py MANIFEST --name POD --folder FOLDER [--object NAME] [--image CONTAINER=IMAGE …] …

Refuses a manifest whose pods break the restricted Pod Security Standard. Changes that a user would make as well must be at a
line that the manifest marks with `<--`; that is checked:

- the images, and the requests (--packages); the command line (--replace)
- the sources: commented out in most manifests, where Debian stable is the default

What else is changed, because podman 4 is not a kubelet:

- Only pods. The template of a Deployment, StatefulSet, Job or CronJob becomes one pod; a Namespace and a NetworkPolicy are left out.
- Volumes are folders below FOLDER that kubelet.py lays out as the kubelet would: podman gives an emptyDir to another owner and
  has no links in a ConfigMap. The volume of a claim is a folder as well.
- A mount with a `subPath` is one of a folder of its own, since podman 4.3 mounts the whole volume there. It must be there when the pod is
  made, so it is made as aptlet's container makes it later in a cluster.
- The termination message of each container is a file in FOLDER, since podman has none.
- A native sidecar is an ordinary container, which the caller starts first: podman 4.3 is older than
  those, and would wait for its end.
- Probes are left out; the caller asks what the kubelet would ask.
- Ports are left out, since podman 4.3 takes them for ports of this machine.
- Services are lines in /etc/hosts (--host), since there is no cluster DNS.
- Secrets of envFrom become the container's env: podman 4.3 takes each text of a stringData for JSON, and fails.
- Nothing is started again (restartPolicy): podman does so without a pause and without an end; the caller starts the pod again.
- Init containers that ended stay, so that their log and exit code can be read.

--id takes another uid, gid and fsGroup, as OpenShift assigns them; --writer CONTAINER adds a twin of that container that tries to
write to /p, and nothing else.
"""

import argparse
import copy
import pathlib
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "manifests"))

import kubelet  # noqa: E402
import standard  # noqa: E402
from templates import template, templates  # noqa: E402


class NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="only print what is against the restricted standard")
    parser.add_argument("--object", help="the name of the object that has the pod; the last one that has a pod by itself")
    parser.add_argument("--name", help="the pod's")
    parser.add_argument("--folder", type=pathlib.Path, help="for the volumes")
    parser.add_argument("--image", action="append", default=[], metavar="CONTAINER=IMAGE")
    parser.add_argument("--sources", type=pathlib.Path, help="a deb822 file for the ConfigMap")
    parser.add_argument("--key", type=pathlib.Path, help="a public key for the ConfigMap, under its file name")
    parser.add_argument("--packages", help="other requests than the manifest's")
    parser.add_argument("--replace", action="append", default=[], metavar="OLD=NEW", help="in every text of the manifest")
    parser.add_argument("--host", action="append", default=[], metavar="NAME=ADDRESS")
    parser.add_argument("--id", type=int, help="another uid, gid and fsGroup")
    parser.add_argument("--volume", type=pathlib.Path, help="a folder for the volume `aptlet-packages` that is there already")
    parser.add_argument("--writer", metavar="CONTAINER", help="adds a twin of it that tries to write to /p")
    parser.add_argument("--keys-only", action="store_true", help="only change the mounted ConfigMap of a pod that runs")
    return parser.parse_args()


class Manifest:
    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        self.objects = list(yaml.safe_load_all(self.text))

    def named(self, kind, name):
        """The object, or an error: what a pod refers to is in the same file."""
        for one in self.objects:
            if one["kind"] == kind and one["metadata"]["name"] == name:
                return one
        sys.exit(f"render: no {kind} {name}")

    def owner(self, name):
        """The object of that name that has a pod; without a name, the last one."""
        return [one for one in self.objects if template(one) and name in (None, one["metadata"]["name"])][-1]

    def violations(self):
        for pod in templates(self.objects):
            yield from standard.violations(pod)
            yield from standard.more(pod)

    def must_mark(self, old):
        """A user is told to edit this text: the mark is in its line, or in that of the block that it is in.

        A mark that is a comment alone also covers the lines below it that are indented as far.
        """
        mark, alone = -1, False
        for line in self.text.splitlines():
            depth = len(line) - len(line.lstrip())
            comment = line.lstrip().startswith("#")
            if "<--" in line:
                mark, alone = depth, comment
            elif depth < mark or (depth == mark and (comment or not alone)):
                mark = -1
            if old in line and mark >= 0:
                return
        sys.exit(f"render: no mark says that {old!r} may be changed")


def replaced(value, old, new):
    """The same structure, with the text replaced in all strings."""
    if isinstance(value, dict):
        return {key: replaced(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, old, new) for one in value]
    return value.replace(old, new) if isinstance(value, str) else value


def pairs(items):
    return [item.split("=", 1) for item in items]


def edit(manifest, args):
    """What a user edits."""
    for old, new in pairs(args.replace):
        manifest.must_mark(old)
        manifest.objects = replaced(manifest.objects, old, new)
    pod = template(manifest.owner(args.object))
    for container in standard.containers(pod["spec"]):
        image = dict(pairs(args.image)).get(container["name"])
        if not image:
            sys.exit(f"render: no image for {container['name']}")
        if image != container["image"]:
            manifest.must_mark(f"image: {container['image']}")
        container.update(image=image, imagePullPolicy="Never")
    for volume in pod["spec"]["volumes"]:
        if volume["name"] == "aptlet-config":
            keys = manifest.named("ConfigMap", volume["configMap"]["name"])["data"]
            if args.packages:
                manifest.must_mark("packages: |")
                keys["packages"] = args.packages
            if args.sources:
                keys["mirror.sources"] = args.sources.read_text(encoding="utf-8")
            if args.key:
                keys[args.key.name] = args.key.read_text(encoding="utf-8")
    return pod


def lay_out(manifest, pod, claims, args):
    """Folders in the place of volumes."""
    spec = pod["spec"]
    group = spec["securityContext"]["fsGroup"]
    spec.setdefault("volumes", []).extend({"name": one["metadata"]["name"], "persistentVolumeClaim": {}} for one in claims)
    for volume in spec["volumes"]:
        path = args.folder / volume["name"]
        if "configMap" in volume:
            kubelet.write_keys(path, manifest.named("ConfigMap", volume["configMap"]["name"])["data"], group)
        elif args.keys_only:
            continue
        else:
            if volume["name"] == "aptlet-packages" and args.volume:
                path = args.volume
            kubelet.empty_folder(path, group)
        name = volume["name"]
        volume.clear()
        volume.update(name=name, hostPath={"path": str(path), "type": "Directory"})


def sub_paths(spec):
    """A volume for each folder of a volume that is mounted by itself; after `lay_out`."""
    folders = {one["name"]: pathlib.Path(one["hostPath"]["path"]) for one in spec["volumes"]}
    user, group = (spec["securityContext"][key] for key in ("runAsUser", "fsGroup"))
    for container in standard.containers(spec):
        for mount in container.get("volumeMounts", []):
            if "subPath" not in mount:
                continue
            below = mount.pop("subPath")
            path = folders[mount["name"]] / below
            kubelet.folder_of(path, user, group)
            mount["name"] += f"-{below}"
            if mount["name"] not in folders:
                folders[mount["name"]] = path
                spec["volumes"].append({"name": mount["name"], "hostPath": {"path": str(path), "type": "Directory"}})


def for_podman(manifest, pod, args):
    spec = pod["spec"]
    sidecars = [one for one in spec.get("initContainers", []) if one.get("restartPolicy") == "Always"]
    for one in sidecars:
        del one["restartPolicy"]
    spec["initContainers"] = [one for one in spec.get("initContainers", []) if one not in sidecars]
    spec["containers"] = sidecars + spec["containers"]
    if args.writer:
        (twin,) = (copy.deepcopy(one) for one in spec["containers"] if one["name"] == args.writer)
        twin.update(name="writer", command=["touch", "/p/written"])
        twin.pop("args", None)
        spec["containers"].append(twin)
    for container in standard.containers(spec):
        for key in ("startupProbe", "readinessProbe", "livenessProbe", "ports"):
            container.pop(key, None)
        for variables in container.pop("envFrom", []):
            keys = manifest.named("Secret", variables["secretRef"]["name"])["stringData"]
            container.setdefault("env", []).extend({"name": key, "value": text} for key, text in keys.items())
        message = args.folder / f"termination-log-{container['name']}"
        message.write_text("", encoding="utf-8")
        message.chmod(0o666)
        name = f"termination-log-{container['name']}"
        spec["volumes"].append({"name": name, "hostPath": {"path": str(message), "type": "File"}})
        container.setdefault("volumeMounts", []).append({"name": name, "mountPath": "/dev/termination-log"})
    if args.host:
        spec["hostAliases"] = [{"ip": address, "hostnames": [name]} for name, address in pairs(args.host)]
    spec["restartPolicy"] = "Never"
    annotations = {"io.podman.annotations.init.container.type": "always"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": args.name, "annotations": annotations}, "spec": spec}


def main():
    args = options()
    manifest = Manifest(args.manifest)
    found = list(manifest.violations())
    if found or args.check:
        print(*found, sep="\n", end="\n" if found else "", file=sys.stdout if args.check else sys.stderr)
        return 1 if found else 0
    pod = edit(manifest, args)
    if args.id:
        pod["spec"]["securityContext"].update(runAsUser=args.id, runAsGroup=args.id, fsGroup=args.id)
    claims = manifest.owner(args.object)["spec"].get("volumeClaimTemplates", [])
    lay_out(manifest, pod, claims, args)
    if not args.keys_only:
        # what shares a mount by a YAML anchor is changed for each by itself
        pod = yaml.safe_load(yaml.dump(pod, Dumper=NoAliases))
        sub_paths(pod["spec"])
        # safe_dump writes what the manifest shares by a YAML anchor as an alias, which podman reads as well
        yaml.safe_dump(for_podman(manifest, pod, args), sys.stdout, sort_keys=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
