"""The cluster that the tests run on: the one-node Kubernetes that they start themselves, or anybody's by its kubeconfig.

Where the scripts of the one-node Kubernetes are (setup, start, stop, image, tool) says KUBE_ONE_NODE; without it, they are in
`shared/kubernetes` beside the repository. KUBE_DIR and KUBE_NET, which they read themselves, make a second cluster.
"""

import http.client
import json
import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Refused(Exception):
    """A command that did not succeed, with what it printed."""


class Skipped(Exception):
    """A test that is not run, and why."""


def command(words, input=None, check=True, timeout=120, **more):
    """What the command printed, both streams; `Refused` if it failed and `check`."""
    words = [str(word) for word in words]
    if isinstance(input, str):
        input = input.encode()
    where = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, **where, **more)
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode(errors="replace")
        raise Refused(f"{' '.join(words)}: not within {timeout} s\n{said}") from None
    said = done.stdout.decode(errors="replace")
    if check and done.returncode:
        raise Refused(f"{' '.join(words)}: exit code {done.returncode}\n{said}")
    return said


# where the API has what tests look at again and again; kubectl knows the others
PATHS = {"pod": "api/v1", "event": "api/v1", "configmap": "api/v1", "job": "apis/batch/v1", "deployment": "apis/apps/v1"}


class Socket(http.client.HTTPConnection):
    """HTTP over a socket in the file system, which there is in every network namespace."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Kubectl:
    """kubectl, and what is asked of it again and again. `front` is what stands before its arguments."""

    def __init__(self, front):
        self.front, self.proxy = front, None

    def kubectl(self, *words, input=None, check=True, timeout=120):
        return command([*self.front, *words], input=input, check=check, timeout=timeout)

    def connect(self):
        """Begins a `kubectl proxy`: a process of kubectl for each question would take most of the machine's time."""
        self.disconnect()
        self.folder_of_proxy = tempfile.mkdtemp(prefix="aptlet-kubectl.")
        self.at = f"{self.folder_of_proxy}/socket"
        words = [*self.front, "proxy", f"--unix-socket={self.at}"]
        self.proxy = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not os.path.exists(self.at) and time.monotonic() < end:
            time.sleep(0.05)

    def disconnect(self):
        if self.proxy:
            self.proxy.kill()
            self.proxy.wait()
            shutil.rmtree(self.folder_of_proxy, ignore_errors=True)
            self.proxy = None

    def raw(self, path):
        """What the API server answers at the path."""
        if not self.proxy:
            return self.kubectl("get", "--raw", f"/{path}")
        status, said = self.asked("GET", path)
        if status != 200:
            raise Refused(f"GET {path}: {status} {said}")
        return said

    def row(self, path):
        """The words of an object's line as `kubectl get` prints it: the API server makes that table."""
        status, said = self.asked("GET", path, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
        if status != 200:
            raise Refused(f"GET {path}: {status} {said}")
        return [str(cell) for cell in json.loads(said)["rows"][0]["cells"]]

    def asked(self, method, path, body=None, accept="application/json"):
        """The status and the text that the API server answers with."""
        headers = {"Accept": accept, "Content-Type": "application/json"}
        asked = Socket(self.at)
        try:
            asked.request(method, f"/{path}", body and json.dumps(body), headers)
            answer = asked.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise Refused(f"{method} {path}: {error}") from None
        finally:
            asked.close()

    def get(self, kind, name=None, namespace=None, selector=None):
        """One object, or the items of a list."""
        one = kind.removesuffix("s")
        if one in PATHS and namespace:
            more = f"/{name}" if name else f"?labelSelector={urllib.parse.quote(selector or '')}"
            found = json.loads(self.raw(f"{PATHS[one]}/namespaces/{namespace}/{one}s{more}"))
            return found if name else found["items"]
        words = ["get", kind, *([name] if name else []), "-o", "json"]
        words += ["-n", namespace] if namespace else []
        words += ["-l", selector] if selector else []
        found = json.loads(self.kubectl(*words))
        return found if name else found["items"]


class Given(Kubectl):
    """Somebody's cluster. Its node is out of reach, and images are pulled from registries."""

    own = False

    def __init__(self, kubeconfig):
        super().__init__(["kubectl", "--kubeconfig", str(kubeconfig)])
        self.kubeconfig = kubeconfig
        self.start = self.stop = lambda *_: None

    def enter(self, *words, **more):
        """Here, since the node is out of reach."""
        return command(words, env={**os.environ, "KUBECONFIG": str(self.kubeconfig)}, **more)

    def tool(self, name):
        """This machine's own; nothing if there is none."""
        return shutil.which(name)


class OneNode(Kubectl):
    """The one-node Kubernetes."""

    own = True

    def __init__(self, version="1.36.3", net=None):
        """net: the number of another one beside the first."""
        default = ROOT.parent / "shared" / "kubernetes"
        self.scripts = pathlib.Path(os.environ.get("KUBE_ONE_NODE", default)).resolve()
        first = os.environ.get("KUBE_DIR", "/var/tmp/kube-one-node")
        self.folder = pathlib.Path(f"{first}-{net}" if net else first)
        self.cache = pathlib.Path(os.environ.get("KUBE_CACHE", pathlib.Path.home() / ".cache/kube-one-node"))
        self.net = net or os.environ.get("KUBE_NET", "250")
        self.address = f"10.{self.net}.0.1"
        self.version = version
        super().__init__([])
        self.boot = threading.Lock()

    def why_not(self):
        """Why it cannot be started here; nothing if it can."""
        if not (self.scripts / "start").exists():
            return f"no scripts of the one-node Kubernetes at {self.scripts} (KUBE_ONE_NODE names their folder)"
        if os.geteuid() != 0:
            return "the one-node Kubernetes needs root"
        built = (self.cache / self.version / "kubelet").exists() and (self.cache / "common/containerd").exists()
        if not built and subprocess.run(["sh", "-c", "command -v go"], stdout=subprocess.DEVNULL, check=False).returncode:
            return "the cluster's programs are not built, and there is no Go to build them"
        return None

    def script(self, name, *words, timeout=180, check=True):
        environment = {**os.environ, "KUBE_DIR": str(self.folder), "KUBE_NET": self.net}
        return command([self.scripts / name, *words], timeout=timeout, check=check, env=environment)

    def start(self, *words):
        """Starts it, or what of it has been stopped. The first time on a machine it is built, which takes ten minutes."""
        with self.boot:
            said = self.script("start", *(words or [self.version]), timeout=1800)
        lines = (self.folder / "cluster.env").read_text(encoding="utf-8")
        self.environment = dict(word.split("=", 1) for word in shlex.split(lines))
        self.front = [*self.inside(), f"{self.environment['bin']}/kubectl", "--kubeconfig", f"{self.folder}/kubeconfig"]
        return said

    def stop(self, *parts):
        """All of it; or parts: kubelet, containerd, node (a power cut) …, which `start` brings back."""
        with self.boot:
            return self.script("stop", *parts)

    def inside(self):
        """What stands before a command that is to run in the node's network."""
        return ["nsenter", f"--net=/run/netns/kube{self.net}", "--"]

    def enter(self, *words, **more):
        path = f"{self.environment['bin']}:{os.environ['PATH']}"
        environment = {**os.environ, "KUBECONFIG": f"{self.folder}/kubeconfig", "PATH": path}
        return command([*self.inside(), *words], env=environment, **more)

    def tool(self, name):
        """The path of a program that people use around a cluster, such as helm; built if it is not there."""
        with self.boot:  # two builds at once are none
            return self.script("tool", name, timeout=1200).strip().splitlines()[-1]

    def names(self, lines):
        """Names that pods resolve besides those of the cluster, as lines of /etc/hosts."""
        (self.folder / "hosts").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
