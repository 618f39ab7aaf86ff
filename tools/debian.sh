#!/bin/sh
# Debian packages below a directory of one's own: a source package's files, or binary packages unpacked (a root for
# qemu-aarch64 -L). It needs no rights, and the system's own package lists are not touched.
#
# usage: tools/debian.sh source DIRECTORY PACKAGE
#        tools/debian.sh root ARCHITECTURE DIRECTORY PACKAGE...
#
# Nothing is done if DIRECTORY holds these packages already. It appears whole or not at all: each version is downloaded
# into an empty directory, and what an interrupted run left is removed by the next. Of a source package it is the newest
# version whose files are there (an archive can name one before it has it). `linux-image-ARCHITECTURE` stands for the
# kernel's package that it depends on today.
#
# JITKIT_APT: where sources.list is (/etc/apt); JITKIT_PAUSES: seconds before each try (0 5 10 15).
set -eu

fail() {
  echo "tools/debian.sh: $*" >&2
  exit 1
}
usage() {
  sed -n -E 's/^# (usage: |       tools)/\1/p' "$0" >&2
  exit 2
}

mode=${1-}
case $mode in
  source) [ $# = 3 ] || usage; type=deb-src architecture=$(dpkg --print-architecture 2>/dev/null || :) ;;
  root) [ $# -gt 3 ] || usage; type=deb architecture=$2; shift ;;
  *) usage ;;
esac
directory=$2
shift 2

mkdir -p "$(dirname "$directory")"
exec 7>"$directory.lock"
flock 7
[ "$(cat "$directory/.packages" 2>/dev/null)" != "$*" ] || exit 0
command -v apt-get >/dev/null || fail "this is not a Debian system; it needs $mode $architecture: $*"

work=$(dirname "$(realpath -m "$directory")")/$(basename "$directory").part
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf "$work"
mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial"

# The system's sources, for whatever architecture.
etc=${JITKIT_APT:-/etc/apt}
for file in "$etc"/sources.list.d/*.sources; do
  [ ! -f "$file" ] ||
    sed "s/^Types:.*/Types: $type/; /^Architectures:/d" "$file" >"$work/parts/$(basename "$file")"
done
for file in "$etc"/sources.list "$etc"/sources.list.d/*.list; do
  [ ! -f "$file" ] ||
    sed -n -E "s/^deb(-src)?[[:space:]]+/$type /; T; s/ ?arch=[^] ]*//; s/\[ *\]//; p" "$file" \
      >"$work/parts/$(basename "$file" .list).list"
done
apt() {
  tool=$1
  shift
  (cd "$work/new" && "$tool" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/parts" \
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Architectures::="$architecture" \
    -o APT::Sandbox::User=root "$@" </dev/null 2>>"$work/log")
}
empty() {
  rm -rf "$work/new"
  mkdir "$work/new"
}
get_source() {
  for version in $(apt apt-cache showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -rVu); do
    empty
    ! apt apt-get source --download-only "$1=$version" >>"$work/log" || { mv "$work/new" "$work/whole"; return; }
  done
  return 1
}
# What to download: a metapackage of kernels has nothing in it.
named() {
  for package in "$@"; do
    [ "$package" != "linux-image-$architecture" ] ||
      package=$(apt apt-cache depends --important "$package:$architecture" |
        sed -n 's/^ *Depends: \(linux-image-[^: ]*\).*/\1/p')
    printf '%s:%s ' "$package" "$architecture"
  done
}
get_root() {
  # shellcheck disable=SC2046  # a list of words
  apt apt-get download $(named "$@") >>"$work/log" || return 1
  mkdir "$work/whole"
  for package in "$work"/new/*.deb; do
    dpkg-deb -x "$package" "$work/whole" 2>>"$work/log" || return 1
  done
}

got=
for pause in ${JITKIT_PAUSES-0 5 10 15}; do
  sleep "$pause"
  : >"$work/log"
  rm -rf "$work/whole"
  empty
  # An archive that lacks this type or is away makes `update` fail; what counts is whether the packages are there.
  apt apt-get update >>"$work/log" || :
  ! "get_$mode" "$@" || { got=1; break; }
done
[ -n "$got" ] || {
  tail -n 20 "$work/log" >&2
  fail "could not download $* ($mode, $architecture); is there a network?"
}
echo "$*" >"$work/whole/.packages"
rm -rf "$directory"
mv "$work/whole" "$directory"
