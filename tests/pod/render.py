#!/usr/bin/env python3
"""Renders manifests/pod.yaml for podman on this machine, and checks it against Kubernetes' rules for pods.

Where the kubelet does what podman does not (an emptyDir owned by root and the pod's fsGroup, the links of a
mounted ConfigMap, the termination message file), the rendered copy mounts folders that tests/pod/run laid
out as the kubelet would.
"""

import argparse
import sys

import yaml


def violations(pod):
    """What the restricted Pod Security Standard forbids in this pod.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    spec = pod["spec"]
    shared = spec.get("securityContext", {})
    for key in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
        if spec.get(key):
            yield f"{key} is set"
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    for volume in spec.get("volumes", []):
        for kind in volume.keys() - {"name"} - allowed:
            yield f"volume {volume['name']} is a {kind}"
    for container in spec["initContainers"] + spec["containers"]:
        name, own = container["name"], container.get("securityContext", {})
        either = shared | own
        if own.get("privileged"):
            yield f"{name} is privileged"
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{name} may escalate its privileges"
        if own.get("capabilities", {}).get("drop") != ["ALL"] or own["capabilities"].get("add"):
            yield f"{name} does not drop all capabilities"
        if either.get("runAsNonRoot") is not True or not either.get("runAsUser", 1):
            yield f"{name} may run as root"
        if either.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{name} has no seccomp profile"
        # More than the standard asks for, and what this manifest promises.
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{name} can write to its root file system"
        if "memory" not in container.get("resources", {}).get("limits", {}):
            yield f"{name} has no memory limit"


def mount_folder(pod, volume, path, kind="Directory"):
    """Puts a path of this machine in the place of the volume."""
    for entry in pod["spec"]["volumes"]:
        if entry["name"] == volume:
            entry.clear()
            entry.update(name=volume, hostPath={"path": path, "type": kind})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest")
    parser.add_argument("--check", action="store_true", help="list what the restricted standard forbids, and stop")
    parser.add_argument("--name", help="the pod's")
    parser.add_argument("--init-image")
    parser.add_argument("--main-image")
    parser.add_argument("--main-command", help="words, separated by spaces")
    parser.add_argument("--sources", help="a deb822 file for the ConfigMap")
    parser.add_argument("--packages", help="other requests than the manifest's")
    parser.add_argument("--id", type=int, help="another uid and gid")
    parser.add_argument("--volume", help="a folder to use as the emptyDir")
    parser.add_argument("--config", help="a folder to use as the mounted ConfigMap")
    parser.add_argument("--termination-log", help="a file to mount as the init container's")
    args = parser.parse_args()

    with open(args.manifest, encoding="utf-8") as file:
        config_map, pod = yaml.safe_load_all(file)
    if args.check:
        found = list(violations(pod))
        print(*found, sep="\n", end="\n" if found else "")
        return 1 if found else 0

    spec = pod["spec"]
    (init,), (container,) = spec["initContainers"], spec["containers"]
    # Finished init containers stay, so that their log and exit code can be read.
    pod["metadata"] = {"name": args.name, "annotations": {"io.podman.annotations.init.container.type": "always"}}
    init["image"], container["image"] = args.init_image, args.main_image
    for entry in (init, container):
        entry["imagePullPolicy"] = "Never"
    if args.main_command:
        container["command"] = args.main_command.split()
    with open(args.sources, encoding="utf-8") as file:
        config_map["data"]["debian.sources"] = file.read()
    if args.packages:
        config_map["data"]["packages"] = args.packages
    if args.id:
        spec["securityContext"].update(runAsUser=args.id, runAsGroup=args.id, fsGroup=args.id)
    if args.volume:
        mount_folder(pod, "packages", args.volume)
    if args.config:
        mount_folder(pod, "aptlet", args.config)
    if args.termination_log:
        spec["volumes"].append({"name": "termination-log"})
        mount_folder(pod, "termination-log", args.termination_log, "File")
        init["volumeMounts"].append({"name": "termination-log", "mountPath": "/dev/termination-log"})
    # safe_dump writes what the manifest shares by a YAML anchor as an alias again
    yaml.safe_dump_all([config_map, pod], sys.stdout, sort_keys=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
