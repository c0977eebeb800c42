# Sourced by tests/pod/run: how a pod is played and looked at, and the checks.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources

passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok    $1"; }
bad() { failed=$((failed + 1)); echo "FAIL  $1${2:+: $2}"; }
# check WHAT COMMAND…: what the command prints is shown if it fails
check() {
  local what=$1 said; shift
  if said=$("$@" 2>&1); then ok "$what"; else bad "$what" "$said"; fi
}
# fails WHAT TEXT COMMAND…: the command must fail, and say that
fails() {
  local what=$1 text=$2 said; shift 2
  if said=$("$@" 2>&1); then bad "$what" "it succeeded: $said"
  elif [[ $said == *"$text"* ]]; then ok "$what"
  else bad "$what" "$said"; fi
}
# equal WHAT GOT WANTED
equal() { if [[ $2 == "$3" ]]; then ok "$1"; else bad "$1" "'$2' and not '$3'"; fi; }
# until_ready WHAT COMMAND…: waits for its success, at most half a minute
until_ready() {
  local what=$1 end=$((SECONDS + 30)); shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS > end)); then bad "$what" "not within 30 s"; return 0; fi
    sleep 0.1
  done
  ok "$what"
}

render() { /usr/bin/python3 "$here/render.py" "$@"; }
# create NETWORK NAME MANIFEST RENDER-OPTION…: the pod, with nothing started. Its volumes are the folders in $work/NAME.
create() {
  local network=$1 name=$2 manifest=$3; shift 3
  mkdir -p "$work/$name"
  render "$manifest" --name "$name" --folder "$work/$name" --image aptlet=localhost/aptlet:latest "$@" >"$work/$name.yaml"
  timed 60 play kube --quiet --start=false --network "$network" "$work/$name.yaml" >"$work/$name.out" 2>&1 ||
    echo "podman failed" >>"$work/$name.out"
  pods+=("$(podman pod inspect --format '{{.ID}}' "$name" 2>/dev/null || echo none)")
}
# finish NAME: runs the pod to its end, and keeps its logs
finish() {
  local name=$1
  timed 240 pod start "$name" >>"$work/$name.out" 2>&1 || echo "init containers or podman failed" >>"$work/$name.out"
  timed 60 wait "$name-main" >/dev/null 2>&1 || true
  if podman container exists "$name-writer"; then timed 60 wait "$name-writer" >/dev/null 2>&1 || true; fi
  if [[ -e oom ]]; then echo "a container was killed: it needs more memory than its limit" >>"$work/$name.out"; rm oom; fi
  logs "$name"
}
logs() {
  local container
  for container in aptlet main writer; do podman logs "$1-$container" >"$work/$1-$container.log" 2>&1 || true; done
}
# play NETWORK NAME MANIFEST RENDER-OPTION…
play() { create "$@"; finish "$2"; }
# start NAME: one whose main container goes on
start() {
  timed 240 pod start "$1" >>"$work/$1.out" 2>&1 && return
  bad "$1: starts"
  logs "$1"
  sed 's/^/      /' "$work/$1.out" "$work/$1-aptlet.log"
}
remove() { timed 60 pod rm --force --time 0 "$1" >/dev/null || true; }
# down NAME: removes the pod with its volumes
down() { remove "$1"; rm -rf --one-file-system "${work:?}/$1"; }
state() { podman inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1" 2>/dev/null || echo none; }
# ended NAME INIT-STATE MAIN-STATE
ended() {
  local init main
  init=$(state "$1-aptlet") main=$(state "$1-main")
  equal "$1: aptlet's container has $2" "$init" "$2"
  equal "$1: main container has $3" "$main" "$3"
  if [[ $init != "$2" || $main != "$3" ]]; then sed 's/^/      /' "$work/$1.out" "$work/$1-aptlet.log" "$work/$1-main.log"; fi
}
# said NAME TEXT: the whole output of the main container
said() { equal "$1: main container's output" "$(cat "$work/$1-main.log")" "$2"; }
# read_only NAME: the writer, a twin of the main container, could not write to /p
read_only() {
  equal "$1: a write to /p by the main container fails" "$(state "$1-writer")" "exited 1"
  check "$1: since the file system is read-only" grep -qi 'read-only file system' "$work/$1-writer.log"
}
# confined CONTAINER UID: what runc was really told, not what podman was asked for
confined() {
  /usr/bin/python3 - "$(podman inspect --format '{{.OCIConfigPath}}' "$1")" "$2" <<'PY'
import json, sys
spec = json.load(open(sys.argv[1], encoding="utf-8"))
process, linux = spec["process"], spec["linux"]
capabilities = [name for kind in process.get("capabilities", {}).values() for name in kind]
for wrong, is_so in {
    f"runs as uid {process['user']['uid']}": process["user"]["uid"] != int(sys.argv[2]),
    f"has {capabilities}": bool(capabilities),
    "may gain privileges": not process.get("noNewPrivileges"),
    "root file system is writable": not spec["root"].get("readonly"),
    "no seccomp filter": not linux.get("seccomp"),
    "no memory limit": not linux["resources"].get("memory", {}).get("limit"),
}.items():
    if is_so:
        print(wrong)
        sys.exit(1)
PY
}
# both_confined NAME [UID]
both_confined() {
  check "$1: aptlet's container is confined to uid ${2:-65532}" confined "$1-aptlet" "${2:-65532}"
  check "$1: main container is confined to uid ${2:-65532}" confined "$1-main" "${2:-65532}"
}
# owned FOLDER UID: everything below the folder belongs to the uid, and there is something
owned() {
  local other
  [[ -n $(ls -A "$1") ]] || { echo "$1 is empty"; return 1; }
  other=$(find "$1" -mindepth 1 ! -uid "$2" -print -quit)
  [[ -z $other ]] || { stat -c '%n is of uid %u' "$other"; return 1; }
}
# address POD
address() { podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(infra "$1")"; }
infra() { podman pod inspect --format '{{.InfraContainerID}}' "$1"; }
# inside POD COMMAND…: a command of this machine in the pod's network
inside() {
  local pid
  pid=$(podman inspect --format '{{.State.Pid}}' "$(infra "$1")"); shift
  nsenter --net="/proc/$pid/ns/net" "$@"
}
# answers POD URL TEXT: the text is in the answer
answers() { ask "$1" "$2" | grep -F -- "$3"; }
# ask POD URL: from within the pod's network
ask() { inside "$1" curl --silent --show-error --fail-with-body --max-time 5 "$2"; }
