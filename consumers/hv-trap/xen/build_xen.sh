#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's Xen for arm64, built twice from one source: as it is, and with the hook and the generated path.
#
# usage: build_xen.sh FAST      FAST.S and FAST.h are hv-trap-gen's; prints the directory that has stock/xen/xen, fast/xen/xen
#
# Everything is kept under ${JITKIT_CACHE:-~/.cache/jitkit}/xen; package lists are its own, so neither root nor deb-src lines
# of the system are needed. What is built is built again when its inputs' contents change.
set -eu

[ $# = 1 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
fast=$1
here=$(cd "$(dirname "$0")" && pwd)
cache=${JITKIT_CACHE:-$HOME/.cache/jitkit}/xen
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

# The newest version whose files are there: the security suite's sources are at times missing.
fetch() {
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial" "$cache/apt/parts"
  [ ! -f /etc/apt/sources.list.d/debian.sources ] ||
    sed -E 's/^Types:.*/Types: deb-src/; /^Architectures:/d' /etc/apt/sources.list.d/debian.sources >"$cache/apt/parts/debian.sources"
  [ ! -f /etc/apt/sources.list ] ||
    sed -n -E 's/^deb(-src)? +(\[[^]]*\] +)?/deb-src /p' /etc/apt/sources.list >"$cache/apt/parts/debian.list"
  set -- -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$cache/apt/parts" \
    -o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt" -o APT::Sandbox::User=
  for pause in 0 5 10 15; do
    sleep $pause
    apt-get "$@" update >"$cache/fetch.log" 2>&1 || :
    for version in $(apt-cache "$@" showsrc --only-source xen | sed -n 's/^Version: //p' | sort -rVu); do
      (cd "$cache" && apt-get "$@" source --download-only "xen=$version") >>"$cache/fetch.log" 2>&1 && return
    done
  done
  tail -n 5 "$cache/fetch.log" >&2
  exit 1
}
build() {
  env -u MAKEFLAGS -u MAKELEVEL XEN_TARGET_ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- make -C "$1/xen" -j2 "$2" >>"$1.log" 2>&1 ||
    { tail -n 20 "$1.log" >&2; exit 1; }
}

[ -n "$(ls "$cache"/xen_*.dsc 2>/dev/null)" ] || fetch
if [ ! -f "$cache/stock/built" ]; then
  rm -rf "$cache/stock"
  dpkg-source --no-check -x "$cache"/xen_*.dsc "$cache/stock" >"$cache/stock.log" 2>&1
  build "$cache/stock" defconfig
  build "$cache/stock" build
  touch "$cache/stock/built"
fi
inputs=$(cat "$here/glue.c" "$here/jitkit.h" "$here/apply.py" "$fast.S" "$fast.h" | sha256sum)
if [ "$(cat "$cache/fast/built" 2>/dev/null)" != "$inputs" ]; then
  # Times are kept, so make does again what the hook's files touch. Other edits than these begin from stock.
  edits=$(sha256sum <"$here/apply.py")
  if [ "$(cat "$cache/fast/edits" 2>/dev/null)" != "$edits" ]; then
    rm -rf "$cache/fast"
    cp -a "$cache/stock" "$cache/fast"
    echo "$edits" >"$cache/fast/edits"
  fi
  rm -f "$cache/fast/built"
  python3 "$here/apply.py" "$cache/fast" "$fast"
  : >"$cache/fast.log"
  build "$cache/fast" build
  echo "$inputs" >"$cache/fast/built"
fi
echo "$cache"
