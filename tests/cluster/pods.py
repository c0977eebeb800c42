"""Pods of the tests' own, where what ships does not vary what a test varies. They meet the restricted standard."""

import images

COMMANDS = {"mountPath": "/usr/local/sbin", "subPath": "commands", "readOnly": True}
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def pod(ns, name, packages="jq", command=("jq", "-n", "1+1"), image=images.BUSYBOX, security=None, volume=None, args=None,
        memory="128Mi", main_memory="64Mi", restart="Never"):
    """A pod with an init container that installs, and a main container that runs a command of it, as a map.

    security: of the pod, in place of uid, gid and fsGroup 65532. volume: in place of an emptyDir.
    """
    identity = {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532} if security is None else security
    mount = {"name": "packages", "mountPath": "/p"}
    install = {
        "name": "aptlet", "image": ns.world.image, "args": list(args or ["install"]) + packages.split(),
        "securityContext": RESTRICTED, "volumeMounts": [mount],
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": memory}},
    }
    if not ns.mirror.official:
        install["args"].append(f"--mirror={ns.mirror.url}/debian")
    main = {
        "name": "main", "image": image, "command": list(command),
        "securityContext": RESTRICTED, "volumeMounts": [{**mount, "readOnly": True}, {**mount, **COMMANDS}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": main_memory}},
    }
    spec = {
        "restartPolicy": restart, "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 2,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **identity},
        "initContainers": [install], "containers": [main], "volumes": [{"name": "packages", **(volume or {"emptyDir": {}})}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
