# A manifest without aptlet, to which `aptlet render` adds it.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources
plain=$work/plain.yaml
cat >"$plain" <<'YAML'
# what somebody has
apiVersion: v1
kind: Pod
metadata: {name: plain}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: main
    image: localhost/busybox
    command: [jq, -n, 1+1]
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 128Mi}}
YAML

for mode in init entrypoint; do
  name=rendered-$mode
  "$binary" render jq --mode "$mode" --image localhost/aptlet:latest --sources "$work/debian.sources" --configmap settings \
    -f "$plain" >"$work/$name.manifest.yaml"
  play host "$name" "$work/$name.manifest.yaml" --image main=localhost/busybox
  ended "$name" "exited 0" "exited 0"
  equal "$name: the last line of the output" "$(tail -n 1 "$work/$name-main.log")" 2
  both_confined "$name"
  down "$name"
done
