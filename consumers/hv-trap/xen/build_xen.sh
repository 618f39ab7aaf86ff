#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's Xen for arm64, built twice from one source: as it is, and with the hook and the generated path.
#
# usage: build_xen.sh FAST IMAGE      FAST.S and FAST.h are hv-trap-gen's
#
# IMAGE becomes the one with the path; the other is stock/xen/xen of the directory where all is kept,
# ${JITKIT_CACHE:-~/.cache/jitkit}/xen (tools/debian.sh: neither root nor deb-src lines are needed). What is built is
# built again when its inputs' contents change.
set -eu

[ $# = 2 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
fast=$1 image=$2
here=$(cd "$(dirname "$0")" && pwd)
cache=${JITKIT_CACHE:-$HOME/.cache/jitkit}/xen
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

build() {
  env -u MAKEFLAGS -u MAKELEVEL XEN_TARGET_ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
    make -C "$1/xen" -j2 "$2" >>"$1.log" 2>&1 ||
    { tail -n 20 "$1.log" >&2; exit 1; }
}

if [ ! -f "$cache/stock/built" ]; then
  "$here/../../../tools/debian.sh" source "$cache/source" xen
  rm -rf "$cache/stock"
  dpkg-source --no-check -x "$cache"/source/*.dsc "$cache/stock" >"$cache/stock.log" 2>&1 ||
    { tail -n 20 "$cache/stock.log" >&2; exit 1; }
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
if ! cmp -s "$cache/fast/xen/xen" "$image"; then
  rm -rf "$image"  # it was a directory
  cp "$cache/fast/xen/xen" "$image.part"
  mv "$image.part" "$image"
fi
