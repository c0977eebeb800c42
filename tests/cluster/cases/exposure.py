"""Commands without harm: stand-ins for the images that people have keep their own, and have the tools as well.

`yq` is a program of Python that starts jq by its name. So its tree has a python3 and a jq that nobody asked for: neither may
take the place of the image's, and yq must find the second one.
"""

import json
import tempfile

import images
import rendering
import stand_ins
from suite import Skipped, test

SHELLS = {name: one for name, one in stand_ins.ALL.items() if one.shell}
BARE = {name: one for name, one in stand_ins.ALL.items() if not one.shell}
WAYS = {f"{name}_{mode}": (one, mode) for name, one in SHELLS.items() for mode in rendering.MODES}
TWO = "printf 'a: {b: 2}' | yq .a.b"


def manifest(stand_in, command):
    return rendering.workload("Pod", stand_in.image).replace("command: [jq, -n, 1+1]", f"command: {command}")


def rendered(ns, stand_in, text, *words):
    """The manifest with aptlet, as somebody renders it who has read about such an image."""
    if not ns.cluster.own:
        raise Skipped("the stand-ins for images are on the one-node Kubernetes only")
    # an entrypoint has the PATH of its image by itself
    known = [word for word in stand_in.expose if not ("entrypoint" in words and word.startswith("--image-path"))]
    return rendering.render(ns.world, *words, *known, "-f", "-", input=text)


@test(seconds=25, each=WAYS)
def image(ns, each):
    """Its own command starts; the tool is found by the container's command, by `kubectl exec`, and by a login shell."""
    one, mode = each
    script = f"{one.app} started & {TWO}; wait"
    more = ["--configmap", "wanted"] if mode == "sidecar" else []
    text = manifest(one, f'[sh, -c, "{script}"]')
    made = rendered(ns, one, text, "yq", "--mode", mode, *more)
    ns.apply(made.replace("limits: {memory: 128Mi}", "limits: {memory: 256Mi}"))
    lines = ns.until("both have said something", 90, lambda: said(ns))
    ns.contains("the app's own command", "\n".join(lines), f"{one.says(one.app)} started")
    ns.check("yq, which starts jq", "2" in lines, lines)
    by_path = "--expose=path" in one.expose
    for name in map(os_name, one.commands[1:]):
        ns.contains(f"{name} by kubectl exec", ns.exec("mine", name, "x", container="main"), f"{one.says(name)} x")
    if mode == "entrypoint" and by_path:
        # nothing but the container's own command is given the PATH of an entrypoint
        ns.equal("yq by its path", ns.exec("mine", "sh", "-c", TWO.replace("yq", "/p/commands/yq"), container="main"), "2\n")
        return "yq for the container's command; by its path for kubectl exec"
    ns.equal("yq by kubectl exec", ns.exec("mine", "sh", "-c", TWO, container="main"), "2\n")
    # busybox sets PATH of a login shell by /etc/profile alone, of which there is none here
    ns.equal("yq by a login shell", ns.exec("mine", "sh", "-lc", TWO, container="main"), "2\n")
    python = ns.exec("mine", "sh", "-c", "command -v python3 || echo none", container="main").strip()
    own = next((path for path in one.commands if path.endswith("/python3")), "/p/bin/python3" if by_path else "none")
    ns.equal("whose python3 is found", python, own)
    return f"{one.app} starts, yq works, python3 is {python}"


def os_name(path):
    return path.rsplit("/", 1)[-1]


def said(ns):
    lines = ns.logs("mine", "main").splitlines()
    return lines if "2" in lines and any("started" in line for line in lines) else None


@test(seconds=25, each=BARE)
def bare(ns, each):
    """An image of one program: that is started, and after it tools of the tree are, by their names."""
    text = manifest(each, f"[{each.commands[0]}, sleep, '3600']")
    ns.apply(rendered(ns, each, text, "yq", "jq"))
    ns.wait("pod/mine", "condition=Ready")
    ns.equal("jq", ns.exec("mine", "jq", "-n", "1+1", container="main"), "2\n")
    ns.contains("yq", ns.exec("mine", "yq", "--version", container="main"), "yq ")
    other = ns.exec("mine", "python3", "--version", container="main", check=False)
    ns.contains("python3, which nobody asked for", other, "not found")
    return "jq and yq by kubectl exec; no python3"


@test(seconds=30)
def xmlto(ns):
    """A script that starts half a dozen programs of the tree by their names, in an image that has Python for itself."""
    one = stand_ins.ALL["python"]
    document = "<article><title>t</title><para>one &amp; two</para></article>"
    script = f"echo '{document}' >/tmp/a.xml; cd /tmp; xmlto --skip-validation -o /tmp html-nochunks /tmp/a.xml && cat /tmp/a.html; python3 lives"
    mount = "volumeMounts: [{name: tmp, mountPath: /tmp}]\n      resources"
    text = manifest(one, json.dumps(["sh", "-c", script])).replace("resources", mount, 1) + "  volumes: [{name: tmp, emptyDir: {}}]\n"
    ns.apply(rendered(ns, one, text, "xmlto", "bash", "yq"))
    ns.until("Python starts after it", 90, lambda: f"{one.says('python3')} lives" in ns.logs("mine", "main"))
    ns.contains("what xmlto has made", ns.logs("mine", "main"), "one &amp; two")
    return "html of DocBook; the image's python3 is found"


@test(seconds=20)
def place_that_is_taken(ns):
    """php-fpm's images have their server where commands are mounted by default: that is hidden, and two ways lead out."""
    one = stand_ins.ALL["php_fpm"]
    text = manifest(one, "[php-fpm, started]")
    careless = stand_ins.ALL["alpine"]
    ns.apply(rendered(ns, careless, text, "jq"))
    ns.until("it is not started", 60, lambda: 'exec: "php-fpm": executable file not found' in str(ns.container("mine", "main")))
    ns.kubectl("delete", "pod", "mine", "--now")
    ns.apply(rendered(ns, careless, text, "jq", "--expose-at=/opt/tools"))
    ns.until("it is started", 60, lambda: ns.logs("mine", "main").startswith("php-fpm of the image started"))
    ns.equal("jq by its path", ns.exec("mine", "/opt/tools/jq", "-n", "1+1", container="main"), "2\n")
    return "--expose-at, or --expose path"


def beside(text, one):
    """The example of a chart or an overlay, whose loop runs beside the image's own command."""
    wanted = text.replace("trap 'exit 0' TERM", f"{one.app} started & trap 'exit 0' TERM", 1)
    assert wanted != text, text
    return wanted


@test(seconds=50, each={"mount": "mount", "path": "path"})
def chart(ns, each):
    one = stand_ins.ALL["temurin"]
    if not ns.cluster.own:
        raise Skipped("the stand-ins for images are on the one-node Kubernetes only")
    made = rendering.Chart(ns.world)
    ns.cleanups.append(made.close)
    deployment = made.app / "templates/deployment.yaml"
    deployment.write_text(beside(deployment.read_text(encoding="utf-8"), one), encoding="utf-8")
    more = ["--set", f"image={one.image}", "--set", f"aptlet.expose={each}"] + (["--set", f"aptlet.imagePath={one.path}"] if each == "path" else [])
    made.run("install", "app", made.app, "-n", ns.name, *made.values(), *more, "--wait", "--timeout=2m")
    pod = ns.pod_of("app.kubernetes.io/instance=app")
    ns.until("jq runs", 30, lambda: len(ns.logs(pod, "main").splitlines()) > 1)
    ns.contains("what is said", ns.logs(pod, "main"), "java of the image started")
    return f"java and jq, by {each}"


@test(seconds=50, each={"mount": "component", "path": "component-path"})
def kustomize(ns, each):
    one = stand_ins.ALL["temurin" if each == "component" else "php_fpm"]
    if not ns.cluster.own:
        raise Skipped("the stand-ins for images are on the one-node Kubernetes only")
    with tempfile.TemporaryDirectory() as folder:
        overlay = rendering.Overlay(ns.world, folder)
        overlay.edit("kustomization.yaml", "../component]", f"../{each}]")
        overlay.edit("deployment.yaml", images.BUSYBOX, one.image)
        overlay.write("deployment.yaml", beside((overlay.folder / "deployment.yaml").read_text(encoding="utf-8"), one))
        ns.apply(overlay.build())
        ns.rolled_out("deployment/clock")
    said = ns.until("jq runs", 30, lambda: ns.logs("deployment/clock", "clock"))
    ns.contains("what is said", said, f"{one.app} of the image started", '"time"')
    return f"{one.app} and jq, by {each}"


@test(seconds=45)
def comes_and_goes(ns):
    """In mode sidecar the folder that a running container has mounted follows the ConfigMap."""
    text = rendering.workload("Pod", images.BUSYBOX).replace("[jq, -n, 1+1]", '[sh, -c, "trap \'exit 0\' TERM; while :; do sleep 1 & wait $!; done"]')
    words = ["--mode", "sidecar", "--configmap", "wanted", "-f", "-"]
    ns.apply(rendering.render(ns.world, "jq", *words, input=text))
    ns.wait("pod/mine", "condition=Ready")
    begun = ns.container("mine", "main")["state"]["running"]["startedAt"]
    ns.equal("what is exposed", ns.exec("mine", "ls", "/usr/local/sbin", container="main").split(), ["jq"])
    found = lambda: ns.exec("mine", "ls", "/usr/local/sbin", container="main").split()  # noqa: E731
    ns.kubectl("patch", "configmap", "wanted", "--type=merge", "--patch", '{"data": {"packages": "tree"}}')
    ns.until("tree comes, and jq goes", 120, lambda: found() == ["tree"])
    ns.contains("tree", ns.exec("mine", "tree", "--version", container="main"), "tree v")
    ns.equal("the container runs as before", ns.container("mine", "main")["state"]["running"]["startedAt"], begun)
    return "jq is there, then tree is and jq is not, in one container"
