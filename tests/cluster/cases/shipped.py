"""Each file of manifests/, as it stands."""

from suite import test


@test(seconds=15)
def pod(ns):
    ns.apply(ns.manifest("pod.yaml"))
    ns.succeeds("pod/jq")
    ns.equal("main container's output", ns.logs("jq", "main"), "2\n")
    return f"jq -n 1+1 is 2 in debian:bookworm-slim; the init container took {ns.installed('jq')} s"
