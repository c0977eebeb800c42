# A namespace without the internet: manifests/air-gapped.yaml. podman enforces no NetworkPolicy; a network without a way out
# stands in for those that deny egress. Pods reach the mirror by the name and at the port of its Service.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources
manifest=$manifests/air-gapped.yaml
# shellcheck source=tests/pod/mirror.bash
source "$here/mirror.bash"

with_mirror
printf 'Types: deb\nURIs: http://mirror/debian\nSuites: %s\nComponents: main\n' "$suite" >"$work/keyless.sources"

# The pod is there before the repository is, and begins when that comes.
repository=$work/mirror/repository
mv "$repository/debian" "$repository/incoming"
create "$internal" early "$manifest" --image main=localhost/empty --image wait=localhost/busybox "${options_mirror[@]}"
timed 240 pod start early >>"$work/early.out" 2>&1 & starter=$!
waits() { [[ $(state early-wait) == "running 0" ]]; }
until_ready "early: it waits" waits
sleep 3
equal "early: aptlet is not started" "$(state early-aptlet)" "created 0"
mv "$repository/incoming" "$repository/debian"
wait "$starter" || echo "init containers or podman failed" >>"$work/early.out"
timed 60 wait early-main >/dev/null 2>&1 || true
logs early
ended early "exited 0" "exited 0"
down early

for image in "${images[@]}"; do
  name=air-gapped-$image options=(--image wait=localhost/busybox --writer main)
  if [[ $image == empty ]]; then options+=(--packages "jq coreutils"); fi
  play "$internal" "$name" "$manifest" --image "main=localhost/$image" "${options_mirror[@]}" "${options[@]}"
  ended "$name" "exited 0" "exited 0"
  said "$name" 2
  read_only "$name"
  both_confined "$name"
  down "$name"
done

# No way out, which the machine itself has.
# shellcheck disable=SC2016  # of the inner shell
connects() { timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$@"; }
export -f connects
create "$internal" inside "$manifest" --image main=localhost/empty --image wait=localhost/busybox "${options_mirror[@]}"
timed 60 start "$(infra inside)" >/dev/null
check "inside: the mirror can be reached" inside inside bash -c "connects $mirror 80"
read -r host port < <(/usr/bin/python3 - "$(cut -d ' ' -f 1 "$work/sources" | head -n 1)" <<'PY'
import socket, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
port = url.port or {"http": 80, "https": 443}[url.scheme]
print(socket.getaddrinfo(url.hostname, port, socket.AF_INET)[0][4][0], port)
PY
)
check "inside: this machine reaches its own mirror" connects "$host" "$port"
fails "inside: a pod does not" "" inside inside bash -c "connects $host $port"
equal "inside: a pod has no route to anything else" "$(inside inside ip route show default)" ""
down inside

# Without the key nothing is installed.
play "$internal" untrusted "$manifest" --image main=localhost/empty --image wait=localhost/busybox --sources "$work/keyless.sources" --host "mirror=$mirror"
ended untrusted "exited 5" "created 0"
down untrusted
