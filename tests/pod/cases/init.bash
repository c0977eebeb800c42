# The init container: manifests/pod.yaml, from this machine's own apt sources.
# The machine's own network: a mirror may be on its loopback, and no firewall rule is changed.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources
manifest=$manifests/pod.yaml

for image in "${images[@]}"; do
  name=init-$image options=(--sources "$work/debian.sources" --writer main)
  # the writer is `touch`, which the image does not have
  if [[ $image == empty ]]; then options+=(--packages "jq coreutils"); fi
  play host "$name" "$manifest" --image "main=localhost/$image" "${options[@]}"
  ended "$name" "exited 0" "exited 0"
  said "$name" 2
  if [[ $image != empty ]]; then equal "$name: the commands of jq are exposed" "$(ls "$work/$name/aptlet-packages/commands")" jq; fi
  read_only "$name"
  both_confined "$name"
  check "$name: the tree is of uid 65532" owned "$work/$name/aptlet-packages" 65532
  equal "$name: no termination message" "$(cat "$work/$name/termination-log-aptlet")" ""
  down "$name"
done

# A uid as OpenShift assigns them. The second pod gets the first one's volume, as init containers do when a pod's sandbox is
# restarted.
id=1000680000
for name in openshift again; do
  play host "$name" "$manifest" --image main=localhost/empty --sources "$work/debian.sources" --id "$id" --volume "$work/volume"
  ended "$name" "exited 0" "exited 0"
  said "$name" 2
  both_confined "$name" "$id"
  check "$name: the tree is of uid $id" owned "$work/volume" "$id"
  down "$name"
done

# A package that does not exist.
play host missing "$manifest" --image main=localhost/debian --sources "$work/debian.sources" --packages jqq
ended missing "exited 3" "created 0"
for place in missing-aptlet.log missing/termination-log-aptlet; do
  check "missing: $place names jqq" grep -qw jqq "$work/$place"
  check "missing: $place names jq as a near one" grep -qw jq "$work/$place"
done
equal "missing: nothing to see in the volume" "$(cd "$work/missing/aptlet-packages" && find . -mindepth 1 ! -path './.aptlet*')" ""
down missing
