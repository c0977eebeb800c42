# Sourced by tests/pod/run: what the pods need. podman with storage of this run only, the images, and this machine's apt sources.
# Sets work, cache, suite and internal; defines podman, timed, images and files.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources

# --- what it needs ---------------------------------------------------------------------------------------------
# /usr/bin/python3, because another one in PATH does not have Debian's python3-yaml.
missing=()
for package in podman runc conmon catatonit containernetworking-plugins mmdebstrap python3-yaml curl gpg apt-utils socat \
  util-linux iproute2 openssl; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if ((${#missing[@]})); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq -o DPkg::Lock::Timeout=300 </dev/null
  apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" </dev/null >/dev/null
fi

pods=() servers=()
work=$(mktemp -d "${TMPDIR:-/tmp}/aptlet-pod.XXXXXX")
chmod 755 "$work"
# podman waits for the disk at each layer, so its images are in memory, where there is enough. Volumes are not: what is written
# there would count against the containers' memory limits.
storage=$work
if (($(df --output=avail -k /dev/shm | tail -n 1) > 2 << 20)); then storage=$(mktemp -d /dev/shm/aptlet-pod.XXXXXX); fi
internal=${work##*/} bridge=pod$$
cleanup() {
  trap - EXIT INT TERM
  if ((${#servers[@]})); then kill "${servers[@]}" 2>/dev/null || true; fi
  timed 60 pod rm --all --force --time 0 >/dev/null 2>&1 || true
  timed 30 network rm --force "$internal" >/dev/null 2>&1 || true
  rm -rf --one-file-system "/var/lib/cni/networks/$internal"
  ip link delete "$bridge" 2>/dev/null || true
  timed 60 image umount --all >/dev/null 2>&1 || true
  # podman forgets some of the pods' (empty) control groups
  for pod in "${pods[@]}"; do
    find /sys/fs/cgroup -depth -type d -path "*/libpod_parent/$pod*" -exec rmdir {} + 2>/dev/null || true
  done
  if mountpoint -q "$storage/storage/overlay"; then umount -l "$storage/storage/overlay"; fi
  rm -rf --one-file-system "$work" "$storage"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
trap 'exit 141' PIPE
# conmon leaves a file `oom` in the folder it was started in, when a container is killed for using too much memory
cd "$work" || exit

# runc, since Debian's crun needs cgroups v2; the limits, since podman's own are above what this machine may allow.
limit() { local n; n=$(ulimit -H "$1"); if [[ $n == unlimited ]] || ((n > $2)); then n=$2; fi; echo "$n:$n"; }
cat >"$work/containers.conf" <<CONF
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$work/tmp"
[containers]
default_ulimits = ["nofile=$(limit -n 20000)", "nproc=$(limit -u 10000)"]
[network]
network_backend = "cni"
network_config_dir = "$work/networks"
CONF
export CONTAINERS_CONF=$work/containers.conf
podman() { command podman --root "$storage/storage" --runroot "$storage/run" "$@"; }
# `timeout` starts programs, not functions.
timed() { local seconds=$1; shift; timeout -k 10 "$seconds" podman --root "$storage/storage" --runroot "$storage/run" "$@"; }

# --- the machine's own sources ---------------------------------------------------------------------------------
# Debian's only, of its own release: those that aptlet has the keys of built in.
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[[ -n $suite ]] || die "cannot tell this machine's Debian release from /etc/os-release"
# shellcheck disable=SC2016  # apt's own variables
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v suite="$suite" '$2 ~ "^" suite "(-updates|-security)?$" && $3 ~ /^(main|contrib|non-free)/' |
  sort -u >"$work/sources"
[[ -s $work/sources ]] || die "no source of Debian $suite in /etc/apt"
while read -r uri release component; do
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\n\n' "$uri" "$release" "$component"
done <"$work/sources" >"$work/debian.sources"
sed 's/^/deb /' "$work/sources" >"$work/sources.list"

# --- images ----------------------------------------------------------------------------------------------------
# localhost/aptlet is the shipped one. Of the others, debian has what mmdebstrap's minbase has, busybox one program with its
# links, empty nothing; servers has nginx and squid, and is a tree that aptlet made.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/aptlet/tests
mkdir -p "$cache"
architecture=$(dpkg --print-architecture)
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# image NAME TAR
image() { TMPDIR=$storage timed 120 import --quiet --change "ENV PATH=$path" "$2" "localhost/$1:latest" >/dev/null; }
# cached TAR COMMAND IMAGE: an image from a tar in the cache. The command makes it, at the path that it is given.
cached() {
  local file=$cache/$1-$suite-$architecture.tar
  if [[ ! -s $file ]]; then
    "$2" "$work/made.tar"
    mv "$work/made.tar" "$file"
  fi
  image "$3" "$file"
}
minbase() { timeout -k 10 300 mmdebstrap --quiet --variant=minbase "$suite" "$1" "$work/sources.list" </dev/null; }
servers() {
  APTLET_CONFIG=$work timeout -k 10 300 "$binary" install --quiet --dest "$work/servers" --prefix / nginx-light squid
  tar --create --file "$1" --directory "$work/servers/.aptlet/current" .
  rm -rf "$work/servers"
}
# busybox DEB TAR
busybox() {
  local folder=$work/busybox
  mkdir "$folder"
  dpkg-deb --extract "$1" "$folder/deb"
  mkdir -p "$folder/bin" "$folder/tmp"
  cp "$folder/deb/bin/busybox" "$folder/bin/"
  "$folder/bin/busybox" --list | grep -vx busybox | while read -r name; do ln -s busybox "$folder/bin/$name"; done
  rm -rf "$folder/deb"
  tar --create --file "$2" --directory "$folder" .
}

images() {
  local context argument=()
  if [[ $binary == "$root/$default" ]]; then
    context=$root
  else
    context=$work/context argument=(--build-arg BINARY=aptlet)
    mkdir "$context" && cp "$binary" "$context/aptlet"
  fi
  timed 120 build --quiet --file "$root/Dockerfile.scratch" "${argument[@]}" --tag localhost/aptlet:latest "$context" >/dev/null
  cached minbase minbase debian
  cached servers servers servers
  busybox "$(find "$pool" -name 'busybox-static_*.deb' | head -n 1)" "$work/busybox.tar"
  image busybox "$work/busybox.tar"
  tar --create --file "$work/empty.tar" --files-from /dev/null
  image empty "$work/empty.tar"
}
# files IMAGE: what is in it
files() {
  local mounted
  mounted=$(podman image mount "localhost/$1:latest")
  (cd "$mounted" && find . -mindepth 1 -type f)
  podman image umount "localhost/$1:latest" >/dev/null
}
