"""What `aptlet render` makes of somebody's manifest: of each kind that has pods, in each mode."""

import images
import rendering
from suite import test


@test(seconds=20, each={f"{kind.lower()}_{mode}": (kind, mode) for kind in rendering.KINDS for mode in rendering.MODES})
def render(ns, each):
    kind, mode = each
    more = ["--configmap", "wanted"] if mode == "sidecar" else []
    plain = rendering.workload(kind, images.BUSYBOX)
    made = rendering.render(ns.world, "jq", "--mode", mode, *more, "-f", "-", input=plain)
    ns.apply(made)
    if kind == "CronJob":
        ns.kubectl("create", "job", "mine", "--from=cronjob/mine")
    if kind in ("Job", "CronJob"):
        ns.wait("job/mine", "condition=Complete")
        pod = ns.get("pods", selector="batch.kubernetes.io/job-name=mine")[0]["metadata"]["name"]
    elif kind == "Pod":
        ns.succeeds("mine")
        pod = "mine"
    else:
        ns.rolled_out(f"{kind.lower()}/mine")
        pod = ns.pod_of("app=mine")
    # in mode entrypoint what aptlet says comes before it
    ns.until("the main container's last line is 2", 60, lambda: ns.logs(pod, "main").splitlines()[-1] == "2")
    again = rendering.render(ns.world, "jq", "--mode", mode, *more, "-f", "-", input=made)
    ns.equal("rendered a second time", again, made)
    return f"{made.count(chr(10)) - plain.count(chr(10))} lines more; jq -n 1+1 is 2"


@test(seconds=25, each={"yaml": "yaml", "json": "json"})
def live(ns, each):
    """What runs already, as the API server prints it: with status, managed fields and defaults."""
    plain = rendering.workload("Deployment", images.BUSYBOX).replace("jq -n 1+1; ", "")
    ns.apply(plain)
    ns.rolled_out("deployment/mine")
    printed = ns.kubectl("get", "deployment", "mine", "-o", each, "--show-managed-fields")
    ns.apply(rendering.render(ns.world, "jq", "-f", "-", input=printed), warnings=True)
    ns.rolled_out("deployment/mine")
    ns.equal("jq", ns.exec(ns.pod_of("app=mine"), "jq", "-n", "1+1", container="main"), "2\n")
    return "a Deployment that ran without aptlet runs with it"
