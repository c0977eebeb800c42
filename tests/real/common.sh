# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Sourced by `run`: what the parts share. Everything is made below $work, which goes away in the end.

# The nine that README's figures are measured on.
nine=(jq curl git python3 ffmpeg imagemagick postgresql-client nodejs default-jre-headless)
# KiB; the memory limit of the pod in manifests/.
memory_limit=$((128 * 1024))

passed=0
failed=0

# check NAME COMMAND…: one check. What the command says is shown if it fails.
check() {
    local name=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        ok "$name"
    else
        fail "$name" "$(awk 'NR <= 8; NR > 8 { last = $0 } END { if (NR > 8) print "… " NR " lines …\n" last }' \
            "$work/said" | cut -c 1-200)"
    fi
}

ok() {
    passed=$((passed + 1))
    echo "ok   $1"
}

fail() {
    failed=$((failed + 1))
    echo "FAIL $1"
    [ -z "${2-}" ] || sed 's/^/     | /' <<<"$2"
}

# Whether two texts are the same; what check shows otherwise is a diff.
same() {
    diff -u --label expected --label actual <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# exits CODE COMMAND…
exits() {
    local expected=$1 code=0
    shift
    "$@" || code=$?
    [ "$code" -eq "$expected" ] || { echo "exit code $code, expected $expected"; return 1; }
}

# prints TEXT COMMAND…: whether the command's output has the text.
prints() {
    local text=$1 said
    shift
    said=$("$@" 2>&1) || { echo "exit code $?: $said"; return 1; }
    [[ $said == *"$text"* ]] || { echo "$said"; return 1; }
}

# Nothing of this shell's environment but what the way to the mirrors may need.
clean=(env -i PATH=/usr/bin:/bin "no_proxy=127.0.0.1,${no_proxy-}")
for variable in http_proxy https_proxy; do
    [ -z "${!variable-}" ] || clean+=("$variable=${!variable}")
done

aptlet() {
    "${clean[@]}" "$binary" "$@"
}

# measured NAME DESTINATION ARGUMENT…: aptlet, with a line for the report: name, seconds, CPU seconds, peak RSS in
# KiB, packages, bytes of the .debs.
measured() {
    local name=$1 destination=$2 code=0
    shift 2
    /usr/bin/time -q -o "$work/time" -f '%e %U %S %M' "${clean[@]}" "$binary" "$@" || code=$?
    local seconds user system rss state packages bytes
    read -r seconds user system rss <"$work/time"
    state=$destination/.aptlet/current/var/lib/aptlet/state.json
    packages=$(number packages "$state")
    bytes=$(number download-size "$state")
    echo "$name $seconds $user $system $rss ${packages:-0} ${bytes:-0}" >>"$work/measurements"
    return "$code"
}

# number KEY FILE: of a JSON file that is not nested.
number() {
    sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" "$2" 2>/dev/null | head -n 1
}

# The last line of the measurements: whether its peak was below the limit.
frugal() {
    local rss
    rss=$(tail -n 1 "$work/measurements" | cut -d ' ' -f 5)
    [ "$rss" -lt "$memory_limit" ] || { echo "peak RSS $rss KiB, limit $memory_limit KiB"; return 1; }
}

# apt with this machine's configuration, but its own lists and nothing installed.
isolated_apt() {
    apt-get -o Dir::State="$work/apt/state" -o Dir::State::status="$work/apt/status" \
        -o Dir::Cache="$work/apt/cache" -o Dir::Cache::pkgcache=pkgcache.bin -o APT::Sandbox::User=root \
        -o Debug::NoLocking=true "$@"
}

# The machine's sources as apt itself understands them, `deb URI SUITE COMPONENT` a line, in $work/machine.list.
read_machine_sources() {
    mkdir -p "$work"/apt/{state/lists/partial,cache/archives/partial}
    : >"$work/apt/status"
    isolated_apt -qq update
    isolated_apt indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sort -u | sed 's/^/deb /' >"$work/machine.list"
    [ -s "$work/machine.list" ] || { echo "apt has no sources on this machine" >&2; return 1; }
    # stable, -updates and -security of one release
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:?this is no release of Debian}")
}

# start_forwarder [KEPT]
start_forwarder() {
    mkdir "$work/forward" ${1:+"$1"}
    "$here/forward.py" "$work/machine.list" "$work/forward" "$@" &
    forwarder=$!
    local tries
    for tries in $(seq 100); do
        [ ! -e "$work/forward/forward.list" ] || break
        sleep 0.1
    done
    port=$(<"$work/forward/port")
    # where the suite is, with updates beside it but security somewhere else
    mirror=$(awk -v suite="$suite" '$3 == suite { print $2; exit }' "$work/forward/forward.list")
}

# requests_of COMMAND…: the lines that it adds to the forwarder's log, in $work/requests.
requests_of() {
    local before code=0
    before=$(wc -l <"$work/forward/requests")
    "$@" || code=$?
    tail -n "+$((before + 1))" "$work/forward/requests" >"$work/requests"
    return "$code"
}

# A system of the machine's suite that has nothing but what Debian calls essential, and apt.
make_minimal_chroot() {
    mmdebstrap --quiet --variant=minbase "$suite" "$1" "$work/machine.list"
}

# in_chroot ROOT FOLDER PREFIX COMMAND…: as a pod would run it: FOLDER mounted read-only at PREFIX, another user than
# root, /proc, and no variables but these. The mounts are gone when the command ends.
in_chroot() {
    local root=$1 folder=$2 prefix=$3
    shift 3
    mkdir -p "$root$prefix"
    unshare --mount sh -euc '
        root=$1 folder=$2 prefix=$3; shift 3
        mount --bind "$folder" "$root$prefix"
        mount -o remount,bind,ro "$root$prefix"
        mount -t proc proc "$root/proc"
        exec "$@"' sh "$root" "$folder" "$prefix" \
        chroot --userspec=65532:65532 "$root" \
        env -i PATH="$prefix/bin:/usr/bin:/bin" HOME=/tmp LC_ALL=C.UTF-8 "$@"
}

# scriptless FOLDER PACKAGE…: FOLDER/1.deb and so on, without their maintainer scripts, which want a whole system.
scriptless() {
    local folder=$1 package number=0
    shift
    mkdir -p "$folder"
    for package in "$@"; do
        number=$((number + 1))
        (cd "$folder" && isolated_apt -qq download "$package" && mv -- *_*.deb download)
        dpkg-deb -R "$folder/download" "$folder/files"
        rm -f "$folder/files/DEBIAN"/{preinst,postinst,prerm,postrm,triggers,config}
        dpkg-deb -Znone --build "$folder/files" "$folder/$number.deb" >/dev/null
        rm -r "$folder/files" "$folder/download"
    done
}

# dpkg_alone ROOT FOLDER FLAG…: the .debs of FOLDER in a merged-usr system that has nothing else.
dpkg_alone() {
    local root=$1 folder=$2
    shift 2
    mkdir -p "$root/var/lib/dpkg"/{info,updates,triggers} "$root/usr"/{bin,sbin,lib,lib64}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
    : >"$root/var/lib/dpkg/status"
    dpkg --root="$root" --force-depends "$@" --install "$folder"/*.deb
}
