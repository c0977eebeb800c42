# aptlet as the entrypoint of an image that does not have it: manifests/entrypoint.yaml, from this machine's own apt sources.
# Its volume is writable for the main container, which installs into it: the writer succeeds here, and shows that it can.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources

for image in "${images[@]}"; do
  name=entrypoint-$image options=(--sources "$work/debian.sources")
  if [[ $image != empty ]]; then options+=(--writer main); fi
  play host "$name" "$manifests/entrypoint.yaml" --image "main=localhost/$image" "${options[@]}"
  ended "$name" "exited 0" "exited 0"
  equal "$name: jq -n 1+1, after what aptlet said" "$(tail -n 1 "$work/$name-main.log")" 2
  both_confined "$name"
  check "$name: aptlet is in the volume" cmp "$binary" "$work/$name/aptlet-packages/.aptlet/aptlet"
  # of what an image has, nothing is installed again
  case $image in debian) own=0 ;; *) own=1 ;; esac
  equal "$name: libc6 in the tree" \
    "$(grep -c '^Package: libc6$' "$work/$name/aptlet-packages/.aptlet/current/var/lib/dpkg/status")" "$own"
  if [[ $image != empty ]]; then equal "$name: a write to /p succeeds" "$(state "$name-writer")" "exited 0"; fi
  down "$name"
done
