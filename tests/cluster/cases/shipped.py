"""Each file of manifests/ as it stands, with main containers of three images: Debian, busybox alone, one static program alone."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import images
from cluster import ROOT
from namespace import Namespace
from suite import Skipped, test

EVERY = {"debian": images.DEBIAN, "busybox": images.BUSYBOX, "static": images.STATIC}


def with_image(ns, path, image):
    """The manifest with that main image."""
    if image == images.STATIC and not ns.cluster.own:
        raise Skipped("the image of one static program is on the one-node Kubernetes only")
    manifest = ns.manifest(path)
    old = images.DEBIAN if images.DEBIAN in manifest.text else images.BUSYBOX
    return manifest if image == old else manifest.edit(old, image)


def completes(ns, job, seconds=120):
    """Waits until the Job is complete; fails at once when it has failed."""

    def ended():
        conditions = {one["type"] for one in ns.get("job", job)["status"].get("conditions", []) if one["status"] == "True"}
        ns.check(f"job {job} has not failed", "Failed" not in conditions)
        return "Complete" in conditions

    ns.until(f"job {job} is complete", seconds, ended)


@test(seconds=15, each=EVERY)
def pod(ns, each):
    ns.apply(with_image(ns, "pod.yaml", each))
    ns.succeeds("jq")
    ns.equal("main container's output", ns.logs("jq", "main"), "2\n")
    ns.equal("termination message", ns.terminated("jq", "aptlet").get("message", ""), "")
    return f"`jq -n 1+1` is 2; the install took {ns.installed('jq')} s"


@test(seconds=15, each=EVERY)
def entrypoint(ns, each):
    ns.apply(with_image(ns, "entrypoint.yaml", each))
    ns.succeeds("entrypoint")
    said = ns.logs("entrypoint", "main").splitlines()
    ns.equal("jq -n 1+1, after what aptlet said", said[-1], "2")
    return said[0]


@test(seconds=25, node=True)
def image_volume(ns):
    """What `aptlet bake` makes, as a volume: at /p, and its commands by subPath."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "tools.tar"
        sources = ["--mirror=http://10.250.0.1/debian", "--suite=trixie"]
        target = f"docker-archive:{image}:registry.example/tools:1.0"
        ns.cluster.enter(ns.world.binary.resolve(), "bake", "jq", *sources, "-o", target)
        ns.cluster.script("image", "import", image)
    ns.apply(ns.manifest("image-volume.yaml"))
    ns.succeeds("image-volume")
    ns.equal("main container's output", ns.logs("image-volume", "main"), "2\n")
    return "`jq -n 1+1` is 2, without an init container"


@test(seconds=35)
def deployment(ns):
    ns.apply(ns.manifest("deployment.yaml"))
    ns.rolled_out("deployment/web")
    pods = [one["metadata"]["name"] for one in ns.get("pods")]
    ns.equal("pods", len(pods), 2)
    for one in pods:
        ns.contains("python3 serves /etc", ns.ask(one, "os-release", 8080), "ID=")
    ns.kubectl("rollout", "restart", "deployment/web")
    ns.rolled_out("deployment/web")
    return "two pods of python3 serve files, and again after `rollout restart`"


@test(seconds=40)
def statefulset(ns):
    for claim in ("aptlet-packages-redis-0", "data-redis-0"):
        ns.persistent_volume(claim)
    ns.apply(ns.manifest("statefulset.yaml"))
    ns.rolled_out("statefulset/redis")
    ns.equal("a value goes in", ns.exec("redis-0", "redis-cli", "set", "word", "kept", container="main"), "OK\n")
    ns.kubectl("delete", "pod", "redis-0", "--timeout=60s")
    ns.rolled_out("statefulset/redis")
    ns.until("redis answers", 30, lambda: ns.exec("redis-0", "redis-cli", "get", "word", container="main") == "kept\n")
    said = ns.logs("redis-0", "aptlet")
    ns.contains("nothing was fetched again", said, "up to date")
    return f"a deleted pod comes back with its value; aptlet then: {said.splitlines()[0]}"


@test(seconds=20, each=EVERY)
def job(ns, each):
    ns.apply(with_image(ns, "job.yaml", each))
    completes(ns, "report")
    said = ns.logs("job/report", "main")
    ns.check("sqlite3 says its version", said.startswith("3."), said)
    return f"sqlite3 {said.strip()}"


@test(seconds=40)
def cronjob(ns):
    service = "https://service.example/health"
    ns.apply(SERVICE.format(image=images.BUSYBOX))
    ns.wait("pod/service", "condition=Ready")
    ns.apply(ns.manifest("cronjob.yaml").edit(service, "http://service:8080/health"))
    ns.kubectl("create", "job", "now", "--from=cronjob/health")
    completes(ns, "now")
    ns.equal("what jq says", ns.logs("job/now", "main"), "true\n")
    ns.apply(ns.manifest("cronjob.yaml").edit(service, "http://service:8080/none").edit('"*/15 * * * *"', '"* * * * *"'))
    ns.kubectl("create", "job", "bad", "--from=cronjob/health")
    ns.until("the job fails by its command", 60, lambda: [
        one for one in ns.get("pods", selector="batch.kubernetes.io/job-name=bad") if one["status"]["phase"] == "Failed"
    ])
    failed = ns.get("pods", selector="batch.kubernetes.io/job-name=bad")[0]["metadata"]["name"]
    ns.equal("exit code of the command", ns.terminated(failed, "main")["exitCode"], 22)
    ns.until("the schedule makes a job", 70, lambda: [one for one in ns.get("jobs") if one["metadata"]["name"].startswith("health-")])
    return "a run of curl and jq says true; one whose service is missing ends with curl's 22; the schedule starts another"


SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: service}}
spec:
  selector: {{app: service}}
  ports: [{{port: 8080}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: service, labels: {{app: service}}}}
spec:
  automountServiceAccountToken: false
  securityContext: {{runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: main
      image: {image}
      command: [sh, -c, 'echo "{{\\"status\\": \\"ok\\"}}" >/srv/health; exec busybox httpd -f -p 8080 -h /srv']
      readinessProbe: {{httpGet: {{path: /health, port: 8080}}, periodSeconds: 1, timeoutSeconds: 10}}
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      volumeMounts: [{{name: srv, mountPath: /srv}}]
  volumes: [{{name: srv, emptyDir: {{}}}}]
"""


@test(seconds=60)
def air_gapped(ns):
    """It brings its own namespace; the repository goes in as its first lines say."""
    own = Namespace(ns.world, "air-gapped")
    ns.cleanups.append(own.close)
    ns.explain = own.explain
    own.persistent_volume("mirror", "10Gi")
    own.apply(own.manifest("air-gapped.yaml"))
    own.rolled_out("deployment/mirror")
    own.until("the pod waits for the repository", 60, lambda: own.container("air-gapped", "wait")["state"].get("running"))
    ns.contains("kubectl get pods", own.kubectl("get", "pods"), "Init:0/2")
    mirror = own.pod_of("app.kubernetes.io/name=mirror")
    with tempfile.TemporaryDirectory() as folder:
        debian = Path(folder) / "debian"
        served = ns.mirror.frozen.folder / "debian"
        shutil.copytree(served / "dists/trixie", debian / "dists/trixie")
        for path in ns.mirror.frozen.alone["jq"]:
            place = debian / path.relative_to(served)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        own.kubectl("cp", str(debian), f"air-gapped/{mirror}:/srv/incoming", "-c", "fill")
    own.exec("deployment/mirror", "mv", "/srv/incoming", "/srv/debian", container="fill")
    begin = time.monotonic()
    own.succeeds("air-gapped")
    own.equal("main container's output", own.logs("air-gapped", "main"), "2\n")
    return f"done {time.monotonic() - begin:.0f} s after the copy, with {own.container('air-gapped', 'aptlet')['restartCount']} restarts"


@test(seconds=15)
def beside_each_other(ns):
    """All in one namespace, no two of them have an object of the same name."""
    owner = {}
    for path in sorted((ROOT / "manifests").glob("*.yaml")):
        text = path.read_text(encoding="utf-8").replace("namespace: air-gapped", f"namespace: {ns.name}")
        for name in ns.kubectl("apply", "--dry-run=server", "-o", "name", "-f", "-", input=text).split():
            ns.check(f"{name} is of one manifest", name not in owner, f"{owner.get(name)} and {path.name}")
            owner[name] = path.name
    return f"{len(owner)} objects of {len(set(owner.values()))} manifests"


@test(seconds=15, node=True)
def proxy(ns):
    """The proxy that it names asks for the login that it has, and sees every request."""
    log = ns.cluster.folder / "proxy.log"
    script = ROOT / "tests/cluster/proxy.py"
    words = [*ns.cluster.inside(), sys.executable, script, ns.cluster.address, "3128", "user:password"]
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    ns.cleanups.append(lambda: (process.kill(), process.wait()))
    ns.until("the proxy answers", 10, lambda: ns.cluster.enter("curl", "-s", f"http://{ns.cluster.address}:3128/") or True)
    ns.apply(ns.manifest("proxy.yaml"))
    ns.succeeds("proxy")
    ns.equal("main container's output", ns.logs("proxy", "main"), "2\n")
    seen = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("GET ")]
    ns.check("the packages came through it", any("/pool/main/j/jq/jq_" in line for line in seen), seen)
    told = ns.get("pod", "proxy")["spec"]["containers"][0]
    ns.check("the main container has nothing of it", "proxy" not in str({**told, "name": ""}), told)
    ns.kubectl("delete", "pod", "proxy", "--now")
    # `%40` and so on are the manifest's own words; a login that is wrong
    ns.apply(ns.manifest("proxy.yaml").edit("user:password", "user:mistake"))
    said = ns.until("it fails with a wrong login", 60, lambda: ns.terminated("proxy", "aptlet"))
    ns.equal("exit code", said["exitCode"], 4)
    ns.contains("termination message", said["message"], "407")
    ns.check("termination message does not have the login", "mistake" not in said["message"], said["message"])
    return f"{len(seen)} requests through the proxy, none beside it; 407 with a wrong login"
