"""The restricted Pod Security Standard, https://kubernetes.io/docs/concepts/security/pod-security-standards/, as of 1.34.

Each rule yields what it finds wrong in a pod template, as a sentence that begins with the control's name there.
"""

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"


def violations(template):
    """All that the standard forbids in a pod template: a map with `metadata` and `spec`."""
    spec = template["spec"]
    yield from _pod(template.get("metadata") or {}, spec)
    for container in containers(spec):
        yield from _container(container, spec.get("securityContext") or {})


def containers(spec):
    """Every container of a pod spec; ephemeral ones are held to the same rules."""
    return [
        container
        for kind in ("initContainers", "containers", "ephemeralContainers")
        for container in spec.get(kind) or []
    ]


def _pod(metadata, spec):
    shared = spec.get("securityContext") or {}
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"Host Namespaces: {key} is set"
    for volume in spec.get("volumes") or []:
        for kind in sorted(volume.keys() - {"name"} - VOLUMES):
            yield f"Volume Types: volume {volume['name']} is a {kind}"
    for sysctl in shared.get("sysctls") or []:
        if sysctl["name"] not in SYSCTLS:
            yield f"Sysctls: {sysctl['name']} is set"
    for key, profile in (metadata.get("annotations") or {}).items():
        if key.startswith(APPARMOR_ANNOTATION) and not (profile == "runtime/default" or profile.startswith("localhost/")):
            yield f"AppArmor: {key} is {profile}"
    yield from _either("the pod", shared)


def _container(container, shared):
    name, own = container["name"], container.get("securityContext") or {}
    yield from _either(name, own)
    if own.get("privileged"):
        yield f"Privileged Containers: {name} is"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"Privilege Escalation: {name} may"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or []):
        yield f"Capabilities: {name} does not drop ALL"
    for capability in capabilities.get("add") or []:
        if capability != "NET_BIND_SERVICE":
            yield f"Capabilities: {name} adds {capability}"
    if own.get("runAsNonRoot", shared.get("runAsNonRoot")) is not True:
        yield f"Running as Non-root: {name} may run as root"
    if own.get("seccompProfile", shared.get("seccompProfile")) is None:
        yield f"Seccomp: {name} has no profile"
    if own.get("procMount", "Default") != "Default":
        yield f"/proc Mount Type: {name} has {own['procMount']}"
    for port in container.get("ports") or []:
        if port.get("hostPort"):
            yield f"Host Ports: {name} has {port['hostPort']}"
    yield from _hosts(container)


def _either(name, context):
    """What is said of the security context of a pod as of that of a container."""
    if context.get("runAsUser") == 0:
        yield f"Running as Non-root user: {name} runs as 0"
    if "runAsNonRoot" in context and context["runAsNonRoot"] is not True:
        yield f"Running as Non-root: {name} may run as root"
    seccomp = context.get("seccompProfile")
    if seccomp is not None and seccomp.get("type") not in ("RuntimeDefault", "Localhost"):
        yield f"Seccomp: {name} has {seccomp.get('type')}"
    apparmor = context.get("appArmorProfile")
    if apparmor is not None and apparmor.get("type") not in ("RuntimeDefault", "Localhost"):
        yield f"AppArmor: {name} has {apparmor.get('type')}"
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in SELINUX_TYPES:
        yield f"SELinux: {name} has type {selinux['type']}"
    for key in ("user", "role"):
        if selinux.get(key):
            yield f"SELinux: {name} has {key} {selinux[key]}"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield f"HostProcess: {name} is"


def _hosts(container):
    handlers = {key: container.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")}
    handlers |= {f"lifecycle.{key}": value for key, value in (container.get("lifecycle") or {}).items()}
    for key, handler in handlers.items():
        for kind in ("httpGet", "tcpSocket"):
            if isinstance(handler, dict) and (handler.get(kind) or {}).get("host"):
                yield f"Host Probes / Lifecycle Hooks: {container['name']} has a host in {key}.{kind}"


def more(template):
    """What aptlet's own manifests promise beyond the standard."""
    spec = template["spec"]
    for container in containers(spec):
        if (container.get("securityContext") or {}).get("readOnlyRootFilesystem") is not True:
            yield f"{container['name']} can write to its root file system"
    yield from unasked(template)


def unbounded(template):
    """Which containers may fill the node's disk by an emptyDir, as Kyverno's policy "Require Requests and Limits for emptyDir" has it."""
    spec = template["spec"]
    volumes = [one for one in spec.get("volumes") or [] if "emptyDir" in one]
    open_ended = {one["name"] for one in volumes if "sizeLimit" not in (one["emptyDir"] or {})}
    for container in containers(spec):
        resources = container.get("resources") or {}
        bounds = all("ephemeral-storage" in (resources.get(kind) or {}) for kind in ("requests", "limits"))
        for mount in container.get("volumeMounts") or []:
            if mount["name"] in open_ended and not bounds:
                yield f"{container['name']} mounts {mount['name']}"


def unasked(template):
    """Which resources containers do not ask for; quotas and policies refuse such pods."""
    for container in containers(template["spec"]):
        resources = container.get("resources") or {}
        for key in ("requests.cpu", "requests.memory", "limits.memory"):
            kind, name = key.split(".")
            if name not in (resources.get(kind) or {}):
                yield f"{container['name']} has no {key}"
