# The pods of manifests/{deployment,statefulset,job,cronjob}.yaml, each once.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources
# shellcheck source=tests/pod/mirror.bash
source "$here/mirror.bash"
with_mirror

create "$internal" deployment "$manifests/deployment.yaml" --image main=localhost/debian "${options_mirror[@]}"
start deployment
until_ready "deployment: the readiness probe succeeds" answers deployment http://127.0.0.1:8080/os-release "ID=debian"
both_confined deployment
down deployment

# Two pods, one after the other, with the volumes of the same claims.
create_redis() {
  create "$internal" statefulset "$manifests/statefulset.yaml" --image main=localhost/empty "${options_mirror[@]}"
}
redis() { timed 10 exec statefulset-main redis-cli "$@"; }
create_redis
start statefulset
until_ready "statefulset: the readiness probe succeeds" redis ping
both_confined statefulset
equal "statefulset: a value goes in" "$(redis set word kept)" OK
timed 30 stop --time 10 statefulset-main >/dev/null 2>&1
equal "statefulset: redis ends on SIGTERM" "$(state statefulset-main)" "exited 0"
generation=$(readlink "$work/statefulset/aptlet-packages/.aptlet/current")
remove statefulset
create_redis
start statefulset
until_ready "statefulset: it starts again" redis ping
equal "statefulset: the value is there" "$(redis get word)" kept
equal "statefulset: the packages are the same tree" "$(readlink "$work/statefulset/aptlet-packages/.aptlet/current")" "$generation"
logs statefulset
check "statefulset: nothing was fetched again" grep -q "packages up to date" "$work/statefulset-aptlet.log"
down statefulset

play "$internal" job "$manifests/job.yaml" --image main=localhost/empty "${options_mirror[@]}"
ended job "exited 0" "exited 0"
check "job: sqlite3 says its version" grep -qx '3\.[0-9.]*' "$work/job-main.log"
both_confined job
down job

service=https://service.example/health
for answer in health no-such-file; do
  play "$internal" "cronjob-$answer" "$manifests/cronjob.yaml" --image main=localhost/busybox "${options_mirror[@]}" \
    --replace "$service=http://mirror/debian/$answer"
done
ended cronjob-health "exited 0" "exited 0"
said cronjob-health true
both_confined cronjob-health
ended cronjob-no-such-file "exited 0" "exited 22"
down cronjob-health
down cronjob-no-such-file
