"""Whose the volume is and what it lies on: users, groups, memory, a folder of the node, volumes that pods share."""

import os
import shutil

import images
import pods
from suite import test

USERS = {
    "fsgroup": {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532},
    "no_fsgroup": {"runAsUser": 65532, "runAsGroup": 65532},
    "any_uid_gid_0": {"runAsUser": 1000680000, "runAsGroup": 0},  # as OpenShift assigns them
    "any_uid_gid_0_fsgroup": {"runAsUser": 1000680000, "runAsGroup": 0, "fsGroup": 1000680000},
    "uid_alone": {"runAsUser": 4242},
    "supplemental": {"runAsUser": 4242, "runAsGroup": 4242, "supplementalGroups": [4243]},
}


def claim(ns, name, modes="ReadWriteOnce", **more):
    """A claim, and its volume where nothing makes one. Returns the volume for a pod, and its folder on the node."""
    folder = ns.persistent_volume(name, **more)
    spec = {"accessModes": [modes], "resources": {"requests": {"storage": "1Gi"}}, **({"storageClassName": ""} if folder else {})}
    ns.apply_object({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec})
    return {"persistentVolumeClaim": {"claimName": name}}, folder


def writes_nothing(ns, pod):
    """The main container has the tree read-only: the command of the pods here tries to write first."""
    ns.contains("a write by the main container", ns.logs(pod, "main"), "Read-only file system")


# one stream: the lines of two come into a log in any order
TRIES = ["sh", "-c", "exec 2>&1; touch /p/x; jq -n 1+1; id -u; id -G"]


@test(seconds=15, each=USERS)
def user(ns, each):
    made = pods.pod(ns, "jq", security=each, command=TRIES)
    ns.apply_object(made)
    ns.succeeds("jq")
    said = ns.logs("jq", "main").splitlines()
    ns.contains("jq -n 1+1", "\n".join(said), "\n2\n")
    writes_nothing(ns, "jq")
    ns.equal("uid", said[-2], str(each["runAsUser"]))
    return f"uid {said[-2]}, groups {said[-1]}"


@test(seconds=15, each={"fsgroup": {"fsGroup": 4000}, "no_fsgroup": {}})
def another_user_runs(ns, each):
    """The main container has another user than the one that installed."""
    made = pods.pod(ns, "jq", security={"runAsUser": 65532, "runAsGroup": 65532, **each}, command=TRIES)
    made["spec"]["containers"][0]["securityContext"] = {**pods.RESTRICTED, "runAsUser": 1234, "runAsGroup": 1234}
    ns.apply_object(made)
    ns.succeeds("jq")
    ns.check("jq -n 1+1", "2" in ns.logs("jq", "main").splitlines(), ns.logs("jq", "main"))
    return "installed by 65532, run by 1234"


@test(seconds=20, node=True)
def claim_of_a_group(ns):
    """A volume that is writable for a group which is one of the supplementalGroups, and to which no fsGroup applies."""
    volume, folder = claim(ns, "tree", mode=0o2775)
    os.chown(folder, 0, 4243)
    made = pods.pod(ns, "jq", security=USERS["supplemental"], volume=volume, command=TRIES)
    ns.apply_object(made)
    ns.succeeds("jq")
    ns.check("jq -n 1+1", "2" in ns.logs("jq", "main").splitlines(), ns.logs("jq", "main"))
    return "supplementalGroups alone are enough"


@test(seconds=20)
def claim_with_fsgroup(ns):
    """A volume of root, which the kubelet gives to the fsGroup; a second pod finds all in place."""
    volume, _ = claim(ns, "tree")
    for name in ("first", "second"):
        ns.apply_object(pods.pod(ns, name, volume=volume, command=TRIES))
        ns.succeeds(name)
        ns.contains("jq -n 1+1", ns.logs(name, "main"), "\n2\n")
    said = ns.logs("second", "aptlet").splitlines()[0]
    ns.contains("the second pod", said, "up to date")
    return f"the second pod: {said}"


@test(seconds=15, node=True)
def claim_without_fsgroup(ns):
    """A volume of root, and nobody gives it to the pod: the message says what to do."""
    volume, _ = claim(ns, "tree")
    ns.apply_object(pods.pod(ns, "jq", security=USERS["no_fsgroup"], volume=volume))
    said = ns.until("it fails", 60, lambda: ns.terminated("jq", "aptlet"))
    ns.equal("exit code", said["exitCode"], 6)
    ns.contains("termination message", said["message"], "fsGroup")
    return said["message"].strip().replace("\n", " / ")


def together(ns, volume, **more):
    """Four pods install the same into one volume at the same time."""
    names = [f"jq-{number}" for number in range(4)]
    for name in names:
        ns.apply_object(pods.pod(ns, name, volume=volume, command=TRIES, **more))
    for name in names:
        ns.succeeds(name)
        ns.contains("jq -n 1+1", ns.logs(name, "main"), "\n2\n")
    said = [ns.logs(name, "aptlet") for name in names]
    made = [one for one in said if " installed in " in one]
    ns.equal("pods that installed; the others found it done", len(made), 1)
    waited = sum("another aptlet" in one for one in said)
    return f"one of four pods installed, the others found it done; {waited} waited for another"


@test(seconds=25)
def claim_shared(ns):
    volume, _ = claim(ns, "tree", modes="ReadWriteMany")
    return together(ns, volume)


@test(seconds=25, node=True, standard="privileged")
def host_path_shared(ns):
    """No standard below privileged lets a pod have a hostPath, and the kubelet gives none to an fsGroup."""
    folder = ns.cluster.folder / "volumes" / f"{ns.name}-host"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    return together(ns, {"hostPath": {"path": str(folder), "type": "Directory"}})


@test(seconds=15, node=True, standard="privileged")
def host_path_of_root(ns):
    """As the kubelet makes it, it is root's."""
    folder = ns.cluster.folder / "volumes" / f"{ns.name}-host"
    ns.apply_object(pods.pod(ns, "jq", volume={"hostPath": {"path": str(folder), "type": "DirectoryOrCreate"}}))
    said = ns.until("it fails", 60, lambda: ns.terminated("jq", "aptlet"))
    ns.equal("exit code", said["exitCode"], 6)
    return said["message"].strip().replace("\n", " / ")


@test(seconds=15)
def in_memory(ns):
    """An emptyDir in memory counts against the memory limit of who writes it."""
    looks = ["sh", "-c", "jq -n 1+1; df /p | tail -n 1"]
    made = pods.pod(ns, "jq", volume={"emptyDir": {"medium": "Memory"}}, memory="256Mi", command=looks)
    ns.apply_object(made)
    ns.succeeds("jq")
    said = ns.logs("jq", "main").splitlines()
    ns.equal("jq -n 1+1", said[0], "2")
    ns.contains("the file system", said[1], "tmpfs")
    return f"df: {' '.join(said[1].split())}"


@test(seconds=15)
def sub_path(ns):
    """A folder of a volume that other containers use as well."""
    made = pods.pod(ns, "jq", command=TRIES)
    for one in made["spec"]["initContainers"] + made["spec"]["containers"]:
        one["volumeMounts"][0]["subPath"] = "tools"
    made["spec"]["containers"][0]["volumeMounts"][1]["subPath"] = "tools/commands"
    ns.apply_object(made)
    ns.succeeds("jq")
    ns.check("jq -n 1+1", "2" in ns.logs("jq", "main").splitlines(), ns.logs("jq", "main"))
    return "as any other"


@test(seconds=15)
def another_prefix(ns):
    """A volume that is mounted elsewhere than at /p."""
    looks = ["sh", "-c", "jq -n 1+1; command -v jq"]
    made = pods.pod(ns, "jq", args=["install", "--dest=/opt/tools"], command=looks)
    for one in made["spec"]["initContainers"] + made["spec"]["containers"]:
        one["volumeMounts"][0]["mountPath"] = "/opt/tools"
    ns.apply_object(made)
    ns.succeeds("jq")
    ns.equal("main container's output", ns.logs("jq", "main"), "2\n/usr/local/sbin/jq\n")
    return "at /opt/tools"


@test(seconds=15, each={"of_root": {}, "of_the_group": {"fsGroup": 65532}})
def secret(ns, each):
    """Settings from a ConfigMap, and a login from a Secret that only its owner may read: root, unless there is an fsGroup."""
    ns.kubectl("create", "configmap", "wanted", "--from-literal=packages=jq")
    ns.kubectl("create", "secret", "generic", "login", "--from-literal=auth.conf=machine nowhere.example login a password b")
    made = pods.pod(ns, "jq", packages="", security={"runAsUser": 65532, "runAsGroup": 65532, **each})
    login = {"name": "login", "items": [{"key": "auth.conf", "path": "auth.conf", "mode": 0o400}]}
    volume = {"name": "aptlet-config", "projected": {"sources": [{"configMap": {"name": "wanted"}}, {"secret": login}]}}
    made["spec"]["volumes"].append(volume)
    mount = {"name": "aptlet-config", "mountPath": "/etc/aptlet", "readOnly": True}
    made["spec"]["initContainers"][0]["volumeMounts"].append(mount)
    ns.apply_object(made)
    if each:
        ns.succeeds("jq")
        return "read by the group"
    said = ns.until("it fails", 60, lambda: ns.terminated("jq", "aptlet"))
    ns.equal("exit code", said["exitCode"], 2)
    ns.contains("termination message", said["message"], "/etc/aptlet/auth.conf", "fsGroup")
    return said["message"].strip().replace("\n", " / ")
