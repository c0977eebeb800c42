"""Prints a manifest whose containers have the proxy of this environment, which `podman play kube` does not pass on."""

import os
import sys
from pathlib import Path

import objects
import standard
import yaml

documents = objects.documents(Path(sys.argv[1]).read_text())
for pod in objects.templates(documents):
    for container in standard.containers(pod["spec"]):
        names = ("http_proxy", "https_proxy")
        container["env"] = [*(container.get("env") or []), *({"name": name, "value": os.environ[name]} for name in names)]
yaml.safe_dump_all(documents, sys.stdout, sort_keys=False)
