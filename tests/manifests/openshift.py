"""What OpenShift's restricted-v2 refuses, as far as manifests can break it.

https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/authentication_and_authorization/managing-pod-security-policies
"""

import copy

import standard

# the first number of a namespace's range, as OpenShift gives it
FIRST, COUNT = 1000680000, 10000
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def refused(template):
    """All that keeps a pod template out, as sentences."""
    spec = template["spec"]
    pod = spec.get("securityContext") or {}
    contexts = [("the pod", pod), *((one["name"], one.get("securityContext") or {}) for one in standard.containers(spec))]
    for name, context in contexts:
        if not FIRST <= context.get("runAsUser", FIRST) < FIRST + COUNT:
            yield f"{name} has runAsUser {context['runAsUser']}"
        if "seLinuxOptions" in context:
            yield f"{name} has seLinuxOptions"
    if pod.get("fsGroup", FIRST) != FIRST:
        yield f"the pod has fsGroup {pod['fsGroup']}"
    for volume in spec.get("volumes") or []:
        for kind in sorted(volume.keys() - {"name"} - VOLUMES):
            yield f"volume {volume['name']} is a {kind}"


def admitted(template):
    """The template as restricted-v2 completes it."""
    template = copy.deepcopy(template)
    pod = template["spec"].setdefault("securityContext", {})
    pod.setdefault("fsGroup", FIRST)
    pod.setdefault("seLinuxOptions", {"level": "s0:c26,c5"})
    for container in standard.containers(template["spec"]):
        context = container.setdefault("securityContext", {})
        context.setdefault("runAsUser", pod.get("runAsUser", FIRST))
        context.setdefault("runAsNonRoot", True)
        context.setdefault("allowPrivilegeEscalation", False)
        context.setdefault("capabilities", {"drop": ["ALL"]})
    return template
