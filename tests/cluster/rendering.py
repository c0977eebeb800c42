"""What ships besides files: what `aptlet render`, Helm and kustomize make. Each is a text with one or more objects."""

import shutil
import tempfile
from pathlib import Path

import images
from cluster import ROOT, Skipped, command

MODES = ("init", "sidecar", "entrypoint")


def render(world, *words, input=None):
    """`aptlet render`, with what every user of this cluster must say."""
    more = [f"--image={world.image}"] + ([] if world.mirror.official else [f"--mirror={world.mirror.url}/debian"])
    return command([world.binary, "render", *words, *more], input=input)


class Chart:
    """The example chart in a folder of its own, with its dependency brought as a user does."""

    def __init__(self, world):
        self.world, self.helm = world, world.cluster.tool("helm")
        if not self.helm:
            raise Skipped("there is no helm on this machine")
        self.folder = Path(tempfile.mkdtemp(prefix="aptlet-helm."))
        for name in ("examples/helm-app", "manifests/helm"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("charts"))
        self.app = self.folder / "examples/helm-app"
        self.run("dependency", "update", self.app)

    def run(self, *words, **more):
        settings = [f"{name}={self.folder}/{name}" for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")]
        return self.world.cluster.enter("env", *settings, self.helm, *words, **more)

    def values(self):
        """What every user of this cluster must say."""
        repository, tag = self.world.image.rsplit(":", 1)
        more = [] if self.world.mirror.official else ["--set", f"aptlet.mirror={self.world.mirror.url}/debian"]
        return ["--set", f"aptlet.image.repository={repository}", "--set-string", f"aptlet.image.tag={tag}", *more]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Overlay:
    """manifests/kustomize in a folder of its own, with what every user of this cluster must say."""

    def __init__(self, world, folder):
        self.world, self.folder = world, Path(folder) / "kustomize/overlay"
        shutil.copytree(ROOT / "manifests/kustomize", self.folder.parent)
        self.edit("kustomization.yaml", "configMapGenerator:", f"images: [{self.image()}]\nconfigMapGenerator:")
        if not world.mirror.official:
            text = f"Types: deb\nURIs: {world.mirror.url}/debian\nSuites: trixie trixie-updates\nComponents: main\n"
            self.write("mirror.sources", text)
            self.edit("kustomization.yaml", "files: [packages]", "files: [packages, mirror.sources]")

    def image(self):
        repository, tag = self.world.image.rsplit(":", 1)
        return f'{{name: registry.example/aptlet, newName: {repository}, newTag: "{tag}"}}'

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def edit(self, name, old, new):
        self.write(name, (self.folder / name).read_text(encoding="utf-8").replace(old, new))

    def build(self):
        return command([*self.world.cluster.front, "kustomize", self.folder])


PLAIN = """
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 2
  {more}
  securityContext: {{runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: main
      image: {image}
      command: {command}
      securityContext: {{readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      resources: {{requests: {{cpu: 10m, memory: 16Mi}}, limits: {{memory: 128Mi}}}}
"""
LASTS = '[sh, -c, "trap \'exit 0\' TERM; jq -n 1+1; while :; do sleep 1 & wait $!; done"]'
ENDS = "[jq, -n, 1+1]"


def indent(text, depth):
    return "".join(f"{' ' * depth}{line}\n" if line else "\n" for line in text.strip("\n").splitlines())


def workload(kind, image):
    """Somebody's manifest that knows nothing of aptlet."""
    once = kind in ("Pod", "Job", "CronJob")
    spec = PLAIN.format(image=image, command=ENDS if once else LASTS, more="restartPolicy: Never" if once else "restartPolicy: Always")
    template = "template:\n  metadata: {labels: {app: mine}}\n" + indent(spec, 2)
    selector = "selector: {matchLabels: {app: mine}}\n"
    api, body = {
        "Pod": ("v1", spec),
        "Deployment": ("apps/v1", "spec:\n" + indent("replicas: 1\n" + selector + template, 2)),
        "StatefulSet": ("apps/v1", "spec:\n" + indent("serviceName: mine\n" + selector + template, 2)),
        "DaemonSet": ("apps/v1", "spec:\n" + indent(selector + template, 2)),
        "Job": ("batch/v1", "spec:\n" + indent("backoffLimit: 0\n" + template, 2)),
        "CronJob": ("batch/v1", 'spec:\n  schedule: "0 0 1 1 *"\n  jobTemplate:\n    spec:\n' + indent("backoffLimit: 0\n" + template, 6)),
    }[kind]
    return f"# mine\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: mine}}\n{body.lstrip()}"


KINDS = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def labelled():
    """One workload of each kind, as the kustomize component looks for them, each called after its kind."""
    made = []
    for kind in KINDS:
        name = kind.lower()
        text = workload(kind, images.BUSYBOX).replace("app: mine", f"app: {name}")
        made.append(text.replace("metadata: {name: mine}", f"metadata: {{name: {name}, labels: {{aptlet: enabled}}}}"))
    return "---\n".join(made)
