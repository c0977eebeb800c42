# Sourced by cases: starts the mirror of manifests/air-gapped.yaml, once, in a network without a way out.
# Sets mirror and options_mirror: the address of its Service, and the options of render.py with which a pod uses it.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources

# start_mirror: with nothing in its volume
start_mirror() {
  timed 30 network create --internal "$internal" >/dev/null
  # podman avoids only bridges that are up, and those in its own settings: two runs would share one
  sed -i "s/\"bridge\": \".*\"/\"bridge\": \"$bridge\"/" "$work/networks/$internal.conflist"
  create "$internal" mirror "$manifests/air-gapped.yaml" --object mirror \
    --image nginx=localhost/servers --image fill=localhost/debian
  timed 60 pod start mirror >>"$work/mirror.out" 2>&1 || true
  mirror=$(address mirror)
  # What a Service does: its port 80 is port 8080 of the pod.
  local pid
  pid=$(podman inspect --format '{{.State.Pid}}' "$(infra mirror)")
  nsenter --net="/proc/$pid/ns/net" socat TCP-LISTEN:80,fork,reuseaddr TCP:127.0.0.1:8080 </dev/null >"$work/service.log" 2>&1 &
  servers+=($!)
  until_ready "mirror: is ready" ask mirror http://127.0.0.1:8080/healthz
  until_ready "mirror: answers at the Service's port" ask mirror http://127.0.0.1/healthz
  for container in nginx fill; do check "mirror: $container is confined to uid 65532" confined "mirror-$container" 65532; done
}

# fill_mirror: what `kubectl cp ./debian POD:/srv/incoming -c fill` and the `mv` after it do
fill_mirror() {
  make_repository "$work/debian"
  echo '{"status": "ok"}' >"$work/debian/health"
  check "mirror: the repository goes into its volume" copy_repository
  rm -rf "$work/debian"
}
copy_repository() {
  tar --create --directory "$work" debian |
    podman exec -i mirror-fill tar --extract --no-same-owner --file - --directory /srv
}

with_mirror() {
  if [[ -z ${mirror:-} ]]; then
    start_mirror
    fill_mirror
  fi
  options_mirror=(--sources "$mirror_sources" --key "$mirror_key" --host "mirror=$mirror")
}
