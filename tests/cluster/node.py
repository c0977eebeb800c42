"""What only somebody on the node can see and do: volumes of pods as folders, and the end of a container without a word."""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

from cluster import Refused, command


def emptydir(ns, pod):
    """The folder of the emptyDir that a pod has its packages in."""
    one = ns.get("pod", pod)
    mounts = one["spec"]["initContainers"][0]["volumeMounts"]
    volume = next(mount["name"] for mount in mounts if mount["mountPath"] == "/p")
    return ns.cluster.folder / "kubelet/pods" / one["metadata"]["uid"] / "volumes/kubernetes.io~empty-dir" / volume


def generation(folder):
    """The name of what is current there; nothing if nothing is."""
    with contextlib.suppress(OSError):
        return os.readlink(folder / ".aptlet/current").rsplit("/", 1)[-1]
    return ""


def staging(folder):
    return any(folder.glob(".aptlet/generations/.staging-*"))


def phase(folder, before=""):
    """How far a run has come that began with the generation `before`."""
    if generation(folder) != before:
        return "published"
    return "half-made" if staging(folder) else "not begun"


def whole(ns, folder, *generations):
    """What is current is one of these (whatever it is, without any), and all of it as it was installed; '' is nothing."""
    now = generation(folder)
    ns.check(f"{folder.name}: current is one of {generations}", not generations or now in generations, repr(now))
    if now:
        try:
            command([ns.world.binary, "verify", "--dest", folder])
        except Refused as error:
            raise AssertionError(f"half a tree is current: {error}") from None


def tidy(ns, folder):
    """Nothing that a killed run left is there any more."""
    left = [path.name for path in folder.glob(".aptlet/generations/.*")] + [path.name for path in folder.glob(".aptlet/*.new")]
    ns.equal(f"{folder.name}: what a killed run left", left, [])


def moment(condition, seconds=300, pause=0.01):
    """Waits until the condition is true, without asking the cluster."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(pause)


def kill(ns, pod, container):
    """SIGKILL for all processes of a container, as the kernel's for its memory. False if it does not run (any more)."""
    full = ns.container(pod, container).get("containerID", "").rsplit("/", 1)[-1]
    if not full:
        return False
    socket = ns.cluster.folder / "run/containerd.sock"
    said = ns.cluster.enter("ctr", "--address", socket, "--namespace", "k8s.io", "tasks", "kill", "--all", "--signal", "KILL", full, check=False)
    return not re.search("not found|already", said)


def kubelet_looks(ns, pod):
    """A change of a ConfigMap comes to a pod when the kubelet looks at that pod again: this makes it look now."""
    ns.kubectl("annotate", "pod", pod, f"looked-at={time.time()}", "--overwrite")


def cut_power(cluster):
    """All at once, and nobody notes how it ended: kubelet and containerd first, then the processes of all pods."""
    for name in ("kubelet", "containerd"):
        with contextlib.suppress(OSError):
            os.kill(int((cluster.folder / "pid" / name).read_text()), signal.SIGKILL)
    mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for folder in (Path(words[1]) / f"kube{cluster.net}" for words in mounts if words[2].startswith("cgroup")):
        # groups vanish while this walks through them, which os.walk passes over
        for group, _, _ in os.walk(folder):
            with contextlib.suppress(OSError):
                for number in Path(group, "cgroup.procs").read_text(encoding="utf-8").split():
                    os.kill(int(number), signal.SIGKILL)
    cluster.stop("node")
