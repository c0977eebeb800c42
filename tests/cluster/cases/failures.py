"""What a user sees when it fails: each pod leads to its cause within one command, `kubectl describe pod`."""

import json

import images
from cluster import Refused
from disk import Disk
from failing import NOWHERE, Failure, fail, quoted, shipped, source, status
from signed import Repository
from suite import test

DAY = 86400
ENDED = ("Init:Error",)
# of a main container that cannot be started
UNSTARTED = ("StartError", "RunContainerError", "ContainerCannotRun")


@test(seconds=25)
def what_is_asked_for(ns):
    return fail(
        ns,
        Failure("no-such-package", ENDED, "there is no package 'jqq' in ", code=3, hint="Did you mean jq", packages="jqq", quote="Init:Error"),
        Failure("no-name", ENDED, "'jq@1' is not a package name", code=2, hint="name=version", packages="jq@1"),
        Failure("wrong-key", ENDED, "no packages are requested", wrong_key, code=2, hint="'/etc/aptlet/package' is ignored; did you mean 'packages'?"),
    )


def wrong_key(_, settings):
    settings["data"]["package"] = settings["data"].pop("packages")


@test(seconds=60)
def mirrors_that_do_not_answer(ns):
    def no_dns(pod, _):
        options = [{"name": "timeout", "value": "1"}, {"name": "attempts", "value": "1"}]
        pod.spec.update(dnsPolicy="None", dnsConfig={"nameservers": [NOWHERE], "options": options})

    def impatient(pod, _):
        pod.aptlet["env"] = [{"name": "APTLET_TIMEOUT", "value": "2"}]

    silent = server(ns, "silent", ["nc", "-ll", "-p", "8080", "-e", "sleep", "3600"])

    refused = "http://127.0.0.1:1/debian"
    return fail(
        ns,
        Failure("mirror-down", ENDED, f"{refused}/dists/trixie/InRelease: connection refused (4 tries)", code=4,
                hint="Check that the pod may reach the mirror", sources=source(refused)),
        Failure("mirror-silent", ENDED, f"{silent}/debian/dists/trixie/InRelease: nothing arrived for 2 seconds (4 tries)", impatient, code=4,
                sources=source(f"{silent}/debian"), hint="Check that the pod may reach the mirror"),
        Failure("unknown-name", ENDED, "http://mirror.invalid/debian/dists/trixie/InRelease: the name does not resolve", code=4,
                hint="the pod's DNS", sources=source("http://mirror.invalid/debian")),
        Failure("no-dns", ENDED, "the name does not resolve", no_dns, code=4, hint="the pod's DNS", seconds=120),
    )


def server(ns, name, command):
    """A pod with busybox that listens, and its URL."""
    pod, _ = shipped(ns)
    main = {**pod.main, "image": images.BUSYBOX, "command": command, "volumeMounts": [], "env": []}
    spec = {**pod.spec, "initContainers": [], "volumes": [], "containers": [main]}
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}))
    ns.wait(f"pod/{name}", "condition=Ready", 60)
    return f"http://{ns.get('pod', name)['status']['podIP']}:8080"


@test(seconds=30, node=True)
def suites_that_are_not_trusted(ns):
    key = broken_suites(ns.mirror)
    url = f"{ns.mirror.url}/broken"

    def with_key(_, settings):
        settings["data"]["test.asc"] = key

    return fail(
        ns,
        Failure("tampered", ENDED, f"bad signature on {url}/dists/tampered/InRelease", code=5, hint="another mirror", sources=source(url, "tampered")),
        Failure("unknown-key", ENDED, f"{url}/dists/expired/InRelease is signed only by unknown keys", code=5, hint="Signed-By",
                sources=source(url, "expired")),
        Failure("expired", ENDED, f"{url}/dists/expired/InRelease expired on ", with_key, code=5, hint="up to date",
                sources=source(url, "expired", "Signed-By: test.asc")),
    )


def broken_suites(mirror):
    """Beside Debian: its own Release with one word changed, and a suite that has expired. Returns the public key of that."""
    tampered = mirror.folder / "broken/dists/tampered"
    tampered.mkdir(parents=True)
    signed = (mirror.folder / "debian/dists/trixie/InRelease").read_text(encoding="utf-8")
    (tampered / "InRelease").write_text(signed.replace("\nLabel: Debian\n", "\nLabel: Debiam\n"), encoding="utf-8")
    repository = Repository(mirror.folder / "broken", "expired")
    repository.publish([], Date=-9 * DAY, Valid_Until=-2 * DAY)
    repository.close()
    return repository.key


@test(seconds=25)
def volumes_that_do_not_do(ns):
    def in_memory(pod, _):
        pod.packages_in(emptyDir={"medium": "Memory", "sizeLimit": "1Mi"})

    def by_memory(pod, _):
        # the volume is as large as the largest of the containers' limits, and what another wrote counts for all of them
        pod.packages_in(emptyDir={"medium": "Memory", "sizeLimit": "1Gi"})
        fill = {**pod.aptlet, "name": "fill", "image": images.BUSYBOX, "command": ["dd", "if=/dev/zero", "of=/p/filler", "bs=1M", "count=54"]}
        pod.spec["initContainers"].insert(0, fill)
        for one in (fill, pod.aptlet, pod.main):
            one["resources"] = {"limits": {"memory": "64Mi"}}

    def read_only(pod, _):
        for mount in pod.aptlet["volumeMounts"]:
            mount["readOnly"] = True

    return fail(
        ns,
        Failure("full", ENDED, "/p has 1 MiB (1048576 bytes) free, but ", in_memory, code=6, quote="free, but",
                hint="it is in memory: its size; of an emptyDir, its sizeLimit and the memory limit of this container, since the smaller one counts"),
        Failure("limited", ("Init:OOMKilled",), "the volume at /p is in memory and holds 54 MiB", by_memory, code=137, seconds=400, hint="leave 'medium: Memory' out"),
        Failure("read-only", ENDED, "Read-only file system", read_only, code=6, hint="without readOnly"),
    )


@test(seconds=25, node=True)
def volume_without_execution(ns):
    """The node mounts it noexec, as a hardened /var is: its commands cannot be started."""
    disk = Disk(ns, "noexec")
    def there(pod, _):
        pod.packages_in(persistentVolumeClaim={"claimName": disk.claim("noexec")})
        # runc mounts what is readOnly anew, and noexec is lost
        del pod.main["volumeMounts"][0]["readOnly"]

    seen = fail(ns, Failure("noexec", UNSTARTED, "permission denied", there, container="main", quote="permission denied"))
    return f"{seen}; log of aptlet: {ns.logs('noexec', 'aptlet').splitlines()[0]}"


@test(seconds=110)
def size_limit_exceeded(ns):
    """The kubelet looks at emptyDirs about once a minute: the pod runs until then."""
    def bounded(pod, _):
        pod.packages_in(emptyDir={"sizeLimit": "1Mi"})
        pod.main.update(image=images.BUSYBOX, command=["sleep", "3600"])

    def told(pod, settings):
        bounded(pod, settings)
        pod.aptlet["env"] = [{"name": "APTLET_SIZE_LIMIT", "value": "1Mi"}]

    seen = fail(
        ns,
        Failure("told", ENDED, "more than the 1048576 bytes that --size-limit allows", told, code=6, hint="Raise the emptyDir's sizeLimit"),
        Failure("evicted", ("Error", "ContainerStatusUnknown"), 'exceeds the limit "1Mi"', bounded, seconds=200, quote="Usage of EmptyDir volume"),
    )
    ns.equal("the pod's reason", ns.get("pod", "evicted")["status"].get("reason"), "Evicted")
    return seen


@test(seconds=20)
def memory_limit_hit(ns):
    def little(pod, _):
        pod.aptlet["resources"] = {"limits": {"memory": "16Mi"}}

    killed = Failure("killed", ("Init:OOMKilled",), "the memory limit is 16 MiB", little, code=137, hint="160Mi is enough", quote="Reason: OOMKilled")
    return f"{fail(ns, killed)}; {ns.terminated('killed', 'aptlet')['message']}"


@test(seconds=25)
def main_containers_that_do_not_start(ns):
    def no_shell(pod, _):
        pod.main.update(image=images.STATIC, command=["sh", "-c", "jq -n 1+1"])

    def no_path(pod, _):
        pod.main["volumeMounts"] = [mount for mount in pod.main["volumeMounts"] if "subPath" not in mount]

    def no_interpreter(pod, settings):
        settings["data"]["start.sh"] = "#!/bin/sh\nexec jq -n 1+1\n"
        pod.aptlet["args"] = ["install", "--self"]
        pod.volume("/etc/aptlet")["configMap"]["defaultMode"] = 0o755
        for mount in pod.aptlet["volumeMounts"]:
            own = next((one for one in pod.main["volumeMounts"] if one["name"] == mount["name"]), None)
            own.pop("readOnly", None) if own else pod.main["volumeMounts"].append(mount)
        pod.main.update(image=images.STATIC, command=["/p/.aptlet/aptlet", "run", "--", "/etc/aptlet/start.sh"], resources={})

    missing = "executable file not found in $PATH"
    return fail(
        ns,
        Failure("no-shell", UNSTARTED, f'exec: "sh": {missing}', no_shell, container="main"),
        Failure("no-path", UNSTARTED, f'exec: "jq": {missing}', no_path, container="main", quote=f'exec: "jq": {missing}'),
        Failure("no-interpreter", ("Error",), "cannot start /etc/aptlet/start.sh: its interpreter or dynamic linker is missing", no_interpreter,
                container="main", code=127),
    )


@test(seconds=30)
def references_to_nothing(ns):
    def configmap(pod, _):
        pod.volume("/etc/aptlet")["configMap"]["name"] = "nowhere"

    def item(pod, _):
        pod.volume("/etc/aptlet")["configMap"]["items"] = [{"key": "pakages", "path": "packages"}]

    def reference(pod, settings):
        key = {"name": settings["metadata"]["name"], "key": "list"}
        pod.aptlet["env"] = [{"name": "APTLET_PACKAGES", "valueFrom": {"configMapKeyRef": key}}]

    def secret(pod, _):
        pod.aptlet["envFrom"] = [{"secretRef": {"name": "proxy"}}]

    def login(pod, _):
        pod.spec["volumes"].append({"name": "login", "secret": {"secretName": "login"}})
        pod.aptlet["volumeMounts"].append({"name": "login", "mountPath": "/login"})

    def image(pod, _):
        pod.aptlet["image"] = "registry.invalid/aptlet:0.1"

    waiting, refused = ("Init:0/1",), ("Init:CreateContainerConfigError",)
    return fail(
        ns,
        Failure("no-configmap", waiting, 'configmap "nowhere" not found', configmap,
                quote="MountVolume.SetUp failed for volume"),
        Failure("no-item", waiting, "configmap references non-existent config key: pakages", item,
                quote="non-existent config key"),
        Failure("no-key", refused, "Error: couldn't find key list in ConfigMap ", reference, quote="Error: couldn't find key"),
        Failure("no-secret", refused, 'Error: secret "proxy" not found', secret, quote="Error: secret "),
        Failure("no-login", waiting, 'secret "login" not found', login),
        Failure("no-image", ("Init:ErrImagePull", "Init:ImagePullBackOff"), "registry.invalid/aptlet:0.1", image, quote="Init:ErrImagePull"),
    )


@test(seconds=30)
def users_that_are_refused(ns):
    def root(pod, _):
        del pod.spec["securityContext"]["runAsUser"], pod.spec["securityContext"]["runAsGroup"]

    def named(pod, _):
        root(pod, _)
        pod.aptlet["securityContext"]["runAsUser"] = 65532
        pod.main["image"] = images.NAMED

    said, number = "container has runAsNonRoot and image will run as root", "image has non-numeric user (nobody), cannot verify user is non-root"
    return fail(
        ns,
        Failure("as-root", ("CreateContainerConfigError",), said, root, container="main", quote=said),
        Failure("by-name", ("CreateContainerConfigError",), number, named, container="main", quote=number),
    )


@test(seconds=20, node=True)
def another_architecture(ns):
    pod, settings = shipped(ns)
    pod.aptlet["image"] = images.OTHER
    for one in (settings, pod.object):
        ns.apply_object(one)
    # some runtimes refuse the start, which is an event; runc starts itself first, and then its last word is the container's log
    ended = ("Init:Error", "Init:StartError", "Init:RunContainerError")
    shown = ns.until("it ends", 90, lambda: status(ns, "jq") in ended and status(ns, "jq"))
    said = ns.logs("jq", "aptlet") if shown == "Init:Error" else ns.kubectl("describe", "pod", "jq")
    ns.contains(shown, said, "exec format error")
    quoted(ns, "exec format error", f"{shown}\n{said}")
    return f"{shown}: {said.strip()}"


@test(seconds=30)
def sidecar_not_ready(ns):
    """The event of the startup probe has the reason, and the main container waits."""
    ns.apply(ns.manifest("sidecar.yaml").packages("jqq"))
    event = "Unhealthy: Startup probe failed: not ready: "
    found = ns.until("the event of the probe", 60, lambda: [text for text in ns.events() if text.startswith(event) and "jqq" in text])
    pod = ns.pod_of("app.kubernetes.io/name=tools")
    ns.equal("kubectl get pod", status(ns, pod), "Init:0/1")
    quoted(ns, "Startup probe failed", found[0])
    ns.contains("kubectl describe pod", ns.kubectl("describe", "pod", pod), "Startup probe failed: not ready: ", "jqq")
    ns.contains("termination message of what still runs: its log", ns.logs(pod, "aptlet"), "there is no package 'jqq' in ", "Did you mean jq")
    return found[0].replace("\n", " / ")


@test(seconds=10)
def objects_that_are_refused(ns):
    """What kubectl says at once, and the event of a ReplicaSet whose pods are refused."""
    pod, settings = shipped(ns)
    ns.apply(json.dumps(settings))
    mounts = pod.main["volumeMounts"]
    mounts.append({**mounts[0], "name": pod.volume("/etc/aptlet")["name"]})
    quoted(ns, "must be unique", refused(ns, pod.object, 'Invalid value: "/p": must be unique'))
    mounts.pop()
    del pod.main["securityContext"]
    refused(ns, pod.object, 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set ')
    label = {"app": "web"}
    template = {"metadata": {"labels": label}, "spec": {**pod.spec, "restartPolicy": "Always"}}
    workload = {"replicas": 1, "selector": {"matchLabels": label}, "template": template}
    web = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": workload}
    ns.apply(json.dumps(web), warnings=True)
    found = ns.until("the event of the ReplicaSet", 20, lambda: [text for text in ns.events("web") if text.startswith("FailedCreate: ")])
    quoted(ns, "is forbidden: violates PodSecurity", found[0])
    return found[0]


def refused(ns, object, said):
    try:
        ns.apply(json.dumps(object))
    except Refused as error:
        ns.contains("what kubectl says", str(error), said)
        return str(error)
    raise AssertionError(f"it is taken; {said!r} is expected")


@test(seconds=30)
def deadline(ns):
    def short(pod, _):
        pod.spec["activeDeadlineSeconds"] = 5

    return fail(ns, Failure("late", ("DeadlineExceeded", "Init:Error"), "Reason: DeadlineExceeded", short, sources=source(f"http://{NOWHERE}/debian"),
                            quote="Reason: DeadlineExceeded"))
