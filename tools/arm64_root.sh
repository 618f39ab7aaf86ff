#!/bin/sh
# Unpacks Debian packages for arm64 into a directory that qemu-aarch64 -L takes as the guest's root. The
# system's own package lists are not touched, and no rights are needed.
#
# usage: tools/arm64_root.sh DIRECTORY PACKAGE...
#
# `linux-image-arm64` stands for the kernel's package that it depends on today.
#
# Nothing is done if DIRECTORY holds these packages already. It appears whole or not at all.
set -eu

fail() {
  echo "tools/arm64_root.sh: $*" >&2
  exit 1
}

[ $# -gt 1 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
root=$1
shift
[ "$(cat "$root/.packages" 2>/dev/null)" != "$*" ] || exit 0
command -v apt-get >/dev/null || fail "this is not a Debian system; it needs arm64's: $*"

mkdir -p "$(dirname "$root")"
work=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/debs" "$work/root"
# The system's sources, for whatever architecture.
for file in /etc/apt/sources.list.d/*.sources; do
  [ ! -f "$file" ] || sed '/^Architectures:/d' "$file" >"$work/parts/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ ! -f "$file" ] || sed -E 's/ arch=[a-z0-9,]+//; s/\[arch=[a-z0-9,]+\]//' "$file" >"$work/parts/$(basename "$file" .list).list"
done
apt() {
  tool=$1
  shift
  (cd "$work/debs" && "$tool" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/parts" \
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Architectures::=arm64 \
    -o APT::Sandbox::User=root "$@" </dev/null 2>"$work/log")
}
# What to download: a metapackage of kernels has nothing in it.
named() {
  for package in "$@"; do
    [ "$package" != linux-image-arm64 ] ||
      package=$(apt apt-cache depends --important linux-image-arm64:arm64 | sed -n 's/^ *Depends: \(linux-image-[^: ]*\).*/\1/p')
    printf '%s:arm64 ' "$package"
  done
}
tries=0
# shellcheck disable=SC2046  # a list of words
until apt apt-get update >/dev/null && apt apt-get download $(named "$@") >/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 4 ] || { cat "$work/log" >&2; fail "could not download; is there a network?"; }
  sleep $((tries * 5))
done
for package in "$work"/debs/*.deb; do
  dpkg-deb -x "$package" "$work/root"
done
echo "$*" >"$work/root/.packages"
rm -rf "$root"
mv "$work/root" "$root"
