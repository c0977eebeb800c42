# A native sidecar: manifests/sidecar.yaml. The kubelet starts the main container when the startup probe has succeeded; so does
# this, with the probe's own command; the other probes' requests are made from another pod. It ends containers in the kubelet's order, too: the sidecar last.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources
manifest=$manifests/sidecar.yaml
# shellcheck source=tests/pod/mirror.bash
source "$here/mirror.bash"
with_mirror
# the loop of the manifest prints what jq says
runs() { podman logs "$1" | grep -x 2; }
# change PACKAGES: what the kubelet does some time after `kubectl apply` of a ConfigMap
change() {
  render "$manifest" --keys-only --name "$name" --folder "$work/$name" --image aptlet=localhost/aptlet "${options[@]}" \
    --packages "$1"
}
started() { podman inspect --format '{{.State.StartedAt}} {{.RestartCount}}' "$1"; }

for image in "${images[@]}"; do
  name=sidecar-$image packages=jq
  # `sh` and `sleep` of the manifest's command
  if [[ $image == empty ]]; then packages="jq dash coreutils"; fi
  options=(--image "main=localhost/$image" "${options_mirror[@]}")
  create "$internal" "$name" "$manifest" --packages "$packages" "${options[@]}"
  timed 60 start "$name-aptlet" >/dev/null
  url=http://$(address "$name"):8081
  until_ready "$name: the startup probe succeeds" timed 10 exec "$name-aptlet" /aptlet probe
  check "$name: so does the readiness probe" ask mirror "$url/readyz"
  timed 60 start "$name-main" >/dev/null
  both_confined "$name"
  until_ready "$name: the main container runs jq" runs "$name-main"
  begun=$(started "$name-main")
  fails "$name: a write to /p by the main container fails" "ead-only file system" timed 10 exec "$name-main" touch /p/written
  fails "$name: there is no tree" "not found" timed 10 exec "$name-main" tree --version

  change "$packages tree"
  until_ready "$name: the ConfigMap changes, and the main container has tree" timed 10 exec "$name-main" tree --version
  equal "$name: the main container was not restarted" "$(started "$name-main")" "$begun"
  check "$name: metrics tell of two installs" answers "$name" http://127.0.0.1:8081/metrics \
    'aptlet_reconciles_total{result="installed"} 2'
  change "$packages tree no-such-package"
  until_ready "$name: a bad change shows in /readyz" answers "$name" http://127.0.0.1:8081/readyz 'failed (no-solution)'
  check "$name: the tools stay" timed 10 exec "$name-main" tree --version

  # SIGKILL after two seconds, which would make it 137
  for container in main aptlet; do timed 30 stop --time 2 "$name-$container" >/dev/null 2>&1; done
  equal "$name: the main container ends on SIGTERM" "$(state "$name-main")" "exited 0"
  equal "$name: the sidecar ends on SIGTERM" "$(state "$name-aptlet")" "exited 0"
  logs "$name"
  down "$name"
done
