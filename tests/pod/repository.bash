# Sourced by tests/pod/run: a small apt repository of real packages, signed with a key of its own, for pods that have no way out.
# Sets pool, mirror_sources and mirror_key.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of tests/pod/run and what it sources

# What pods of the internal network ask for; busybox-static also makes an image.
served=(jq tree dash coreutils python3 redis-server sqlite3 curl ca-certificates busybox-static)
pool=$cache/pool-$suite-$architecture-$(printf '%s\n' "${served[@]}" | sha256sum | cut -c 1-8)
mirror_sources=$work/mirror.sources
mirror_key=$work/test.asc

# apt chooses what an empty system would need, fetches it and verifies it.
fill_pool() {
  [[ ! -d $pool ]] || return 0
  local folder=$work/pool
  mkdir -p "$folder/archives/partial" "$folder/lists/partial"
  local options=(-qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$folder/lists"
    -o "Dir::Cache::archives=$folder/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o Dir::State::status=/dev/null -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
  timeout -k 10 300 apt-get "${options[@]}" update </dev/null
  timeout -k 10 300 apt-get "${options[@]}" --yes --download-only --no-install-recommends install "${served[@]}" </dev/null
  rmdir "$folder/archives/partial" 2>/dev/null || true
  rm -f "$folder/archives/lock"
  mv "$folder/archives" "$pool"
  rm -rf "$folder"
}

# make_repository FOLDER: FOLDER/dists and FOLDER/pool, as debmirror and aptly lay them out
make_repository() {
  local folder=$1 dist=$1/dists/$suite export_key
  mkdir -p "$dist/main/binary-$architecture" "$folder/pool"
  cp "$pool"/*.deb "$folder/pool/"
  (cd "$folder" && apt-ftparchive packages pool) >"$dist/main/binary-$architecture/Packages"
  xz --keep "$dist/main/binary-$architecture/Packages"
  apt-ftparchive -o "APT::FTPArchive::Release::Codename=$suite" -o "APT::FTPArchive::Release::Architectures=$architecture" \
    -o APT::FTPArchive::Release::Components=main release "$dist" >"$work/Release"
  mv "$work/Release" "$dist/Release"
  export_key=$work/gnupg
  install -d -m 700 "$export_key"
  local gpg=(gpg --homedir "$export_key" --batch --quiet --pinentry-mode loopback --passphrase '')
  "${gpg[@]}" --quick-generate-key 'aptlet test <test@mirror.example>' ed25519 sign 1d 2>/dev/null
  "${gpg[@]}" --clearsign --output "$dist/InRelease" "$dist/Release"
  "${gpg[@]}" --armor --export >"$mirror_key"
  gpgconf --homedir "$export_key" --kill all
  printf 'Types: deb\nURIs: http://mirror/debian\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$suite" "${mirror_key##*/}" \
    >"$mirror_sources"
}
