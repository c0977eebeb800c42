"""nginx, which serves the frozen part of Debian: on the node under the names of Debian's own servers, or in a pod of somebody's
cluster."""

import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

import images
from cluster import Refused

NAMES = ["ftp.debian.org", "security.debian.org", "mirror.example", "proxy.example"]
CONFIGURATION = """
daemon off;
user root;
worker_processes 2;
pid /tmp/nginx.pid;
error_log /tmp/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {log};
  default_type application/octet-stream;
  sendfile on;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {{
    listen {listen};
    root /srv;
    location = /healthz {{ return 204; }}
  }}
}}
"""


def link_or_copy(old, new):
    """What is served is only ever replaced, not written to."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copy2(old, new)


class OnNode:
    """`folder` is what it serves, /srv to nginx: tests may put more there than debian/ and debian-security/.

    Pods reach it at http://NAME/ for the NAMES, all the same server. `official` says that Debian's own names lead to it.
    """

    official = True
    url = "http://mirror.example"

    def __init__(self, cluster, frozen):
        self.cluster, self.frozen, self.process = cluster, frozen, None
        self.root = Path(tempfile.mkdtemp(prefix="aptlet-mirror.", dir="/var/tmp"))
        self.root.chmod(0o755)
        images.nginx(frozen, self.root)
        self.folder = self.root / "srv"
        self.folder.mkdir()
        for name in ("debian", "debian-security"):
            shutil.copytree(frozen.folder / name, self.folder / name, copy_function=link_or_copy)
        self.log = self.root / "tmp/access.log"
        (self.root / "dev").mkdir(exist_ok=True)
        (self.root / "dev/null").touch()
        text = CONFIGURATION.format(log="/tmp/access.log", listen=f"{cluster.address}:80")
        (self.root / "etc/mirror.conf").write_text(text, encoding="utf-8")

    def start(self):
        """Also after a `stop`."""
        words = [*self.cluster.inside(), "chroot", str(self.root)]
        words += ["/usr/sbin/nginx", "-e", "/tmp/error.log", "-c", "/etc/mirror.conf"]
        with open(self.root / "tmp/out", "ab") as out:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.cluster.names([f"{self.cluster.address} {name}" for name in NAMES])
        end = time.monotonic() + 10
        while True:
            try:
                self.cluster.enter("curl", "-fsS", "-m", "2", f"http://{self.cluster.address}/healthz")
                return
            except Refused as error:
                if time.monotonic() > end or self.process.poll() is not None:
                    said = [path.read_text() for path in (self.root / "tmp/out", self.root / "tmp/error.log") if path.exists()]
                    raise Refused(f"the mirror does not start: {error}\n{''.join(said)}") from None
                time.sleep(0.1)

    def stop(self):
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


class InPod:
    """In a namespace of somebody's cluster; manifests name it as `mirror.example` of their comments."""

    official = False
    namespace = "aptlet-mirror"
    url = f"http://mirror.{namespace}"

    def __init__(self, cluster, frozen):
        self.cluster, self.frozen = cluster, frozen

    def start(self):
        text = CONFIGURATION.format(log="off", listen="8080").replace("user root;\n", "")
        indented = text.replace("\n", "\n    ")
        self.cluster.kubectl("create", "namespace", self.namespace, check=False)
        pod = POD.format(image=images.NGINX, fill=images.BUSYBOX, text=indented)
        self.cluster.kubectl("apply", "-n", self.namespace, "-f", "-", input=pod)
        self.cluster.kubectl("wait", "-n", self.namespace, "--for=condition=Ready", "pod/mirror", "--timeout=180s", timeout=200)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as made:
            for name in ("debian", "debian-security"):
                made.add(self.frozen.folder / name, name)
        words = ["exec", "-i", "-n", self.namespace, "mirror", "-c", "fill", "--", "tar", "-xmf", "-", "-C", "/srv"]
        self.cluster.kubectl(*words, input=packed.getvalue(), timeout=600)

    def close(self):
        self.cluster.kubectl("delete", "namespace", self.namespace, "--wait=false", check=False)


POD = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: mirror}}
data:
  nginx.conf: |
    {text}
---
apiVersion: v1
kind: Service
metadata: {{name: mirror}}
spec:
  selector: {{app: mirror}}
  ports: [{{port: 80, targetPort: 8080}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: mirror, labels: {{app: mirror}}}}
spec:
  securityContext: {{runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: nginx
      image: {image}
      command: [nginx, -e, stderr, -c, /etc/mirror/nginx.conf]
      readinessProbe: {{httpGet: {{path: /healthz, port: 8080}}}}
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      volumeMounts:
        - {{name: settings, mountPath: /etc/mirror}}
        - {{name: srv, mountPath: /srv}}
        - {{name: tmp, mountPath: /tmp}}
    - name: fill
      image: {fill}
      command: [sleep, infinity]
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      volumeMounts: [{{name: srv, mountPath: /srv}}]
  volumes:
    - {{name: settings, configMap: {{name: mirror}}}}
    - {{name: srv, emptyDir: {{}}}}
    - {{name: tmp, emptyDir: {{}}}}
"""
