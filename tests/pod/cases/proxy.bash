# A pod that reaches its mirror only through a proxy with a login: manifests/proxy.yaml. The proxy is squid; the pod does not know
# the mirror's address, so that there is no other way.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources
# shellcheck source=tests/pod/mirror.bash
source "$here/mirror.bash"
with_mirror

mkdir "$work/squid"
echo "user:$(openssl passwd -1 password)" >"$work/squid/users"
cat >"$work/squid/squid.conf" <<'CONF'
http_port 3128
pid_filename none
cache deny all
cache_log stdio:/dev/stderr
access_log stdio:/dev/stdout
coredump_dir /tmp
auth_param basic program /usr/lib/squid/basic_ncsa_auth /etc/proxy/users
acl login proxy_auth REQUIRED
http_access allow login
http_access deny all
shutdown_lifetime 0 seconds
CONF
timed 60 run --detach --name squid --network "$internal" --add-host "mirror:$mirror" \
  --user 65532:65532 --cap-drop all --read-only --volume "$work/squid:/etc/proxy:ro" localhost/servers squid -N -f /etc/proxy/squid.conf >"$work/squid.out" 2>&1
proxy=$(podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' squid)
# through LOGIN@
through() {
  inside mirror curl --silent --show-error --fail --max-time 5 --proxy "http://$1$proxy:3128" http://mirror/debian/health
}
until_ready "squid: serves who has the login" through user:password@
fails "squid: asks for the login" 407 through ""

options=(--sources "$mirror_sources" --key "$mirror_key" --host "proxy.example=$proxy")
play "$internal" proxy "$manifests/proxy.yaml" --image main=localhost/empty "${options[@]}"
ended proxy "exited 0" "exited 0"
said proxy 2
both_confined proxy
podman logs squid >"$work/squid.log" 2>&1
check "proxy: squid served the packages, to the login" grep -q 'GET http://mirror/debian/pool/jq_.* user ' "$work/squid.log"
podman inspect proxy-aptlet >"$work/proxy.inspected"
check "proxy: the init container has the login" grep -q user:password "$work/proxy.inspected"
equal "proxy: the main container does not" "$(podman inspect proxy-main | grep -ci 'password\|proxy\.example')" 0
equal "proxy: nor do the volume, the log and the message" \
  "$(grep -rlF user:password "$work/proxy/aptlet-packages" "$work/proxy-aptlet.log" "$work/proxy/termination-log-aptlet")" ""
down proxy

play "$internal" login "$manifests/proxy.yaml" --image main=localhost/empty "${options[@]}" --replace user:password=user:mistake
ended login "exited 4" "created 0"
check "login: the message says 407" grep -q 407 "$work/login/termination-log-aptlet"
equal "login: and does not have the login" "$(grep -c mistake "$work/login-aptlet.log")" 0
down login
