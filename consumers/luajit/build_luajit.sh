#!/bin/sh
# LuaJIT as Debian has it, unmodified: source, libraries and main program for one target.
#
# usage: build_luajit.sh x86_64|arm64 [PACKAGE]
#                                          PACKAGE: luajit, or luajit2 (OpenResty's); prints the directory with its headers, luajit.o, libluajit.a and, of
#                                          the objects that a shared library is made of, libluajit_pic.a
#
# Everything is kept under ${JITKIT_CACHE:-~/.cache/jitkit}/PACKAGE; package lists are its own, so neither
# root nor deb-src lines of the system are needed. Not amalgamated: lj_asm.o has to be an object of its own.
set -eu

target=${1-}
case $target in
  x86_64) cross= ;;
  arm64) cross="HOST_CC=gcc CROSS=aarch64-linux-gnu- TARGET_SYS=Linux" ;;
  *) echo "build_luajit.sh: unknown target '$target'" >&2; exit 2 ;;
esac
package=${2-luajit}
cache=${JITKIT_CACHE:-$HOME/.cache/jitkit}/$package
mkdir -p "$cache"
exec 9>"$cache/lock.$target" 8>"$cache/lock"

# The system's own sources of Debian, asked for source packages.
fetch() {
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial" "$cache/apt/parts"
  [ ! -f /etc/apt/sources.list.d/debian.sources ] ||
    sed -E 's/^Types:.*/Types: deb-src/; /^Architectures:/d' /etc/apt/sources.list.d/debian.sources >"$cache/apt/parts/debian.sources"
  [ ! -f /etc/apt/sources.list ] ||
    sed -n -E 's/^deb(-src)? +(\[[^]]*\] +)?/deb-src /p' /etc/apt/sources.list >"$cache/apt/parts/debian.list"
  set -- -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$cache/apt/parts" \
    -o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt" -o APT::Sandbox::User=
  tries=0
  # An archive without sources makes `update` fail; what counts is whether LuaJIT's are there.
  until (cd "$cache" && { apt-get "$@" update || :; } && apt-get "$@" source --download-only "$package") >"$cache/fetch.log" 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 4 ] || { tail -n 5 "$cache/fetch.log" >&2; exit 1; }
    sleep $((tries * 5))
  done
}

flock 8
[ -n "$(ls "$cache/$package"_*.dsc 2>/dev/null)" ] || fetch
if [ ! -f "$cache/src/src/lj_asm.c" ]; then
  rm -rf "$cache/src"
  dpkg-source --no-check -x "$cache/$package"_*.dsc "$cache/src" >"$cache/unpack.log" 2>&1
fi
flock -u 8

flock 9
directory=$cache/$target
if [ ! -f "$directory/built" ]; then
  rm -rf "$directory"
  cp -r "$cache/src" "$directory"
  env -u MAKEFLAGS -u MAKELEVEL make -C "$directory/src" $cross >"$directory.log" 2>&1 ||
    { tail -n 20 "$directory.log" >&2; exit 1; }
  touch "$directory/built"
fi

if [ ! -f "$directory/src/libluajit_pic.a" ]; then
  (cd "$directory/src" && rm -f pic.a && ar -rcs pic.a lj_*_dyn.o lib_*_dyn.o && mv pic.a libluajit_pic.a)
fi

# Whether the interpreter of this version computes `a % b` with one rounding, a - floor(a / b) * b by fmsub.
fuses=0
[ "$target" != arm64 ] || ! sed -n '/macro ins_arithmod/,/endmacro/p' "$directory/src/vm_arm64.dasc" | grep -q fmsub || fuses=1
line="#define JITKIT_LUAJIT_MODULO_FUSES $fuses"
[ "$(cat "$directory/src/jitkit_vm.h" 2>/dev/null)" = "$line" ] || echo "$line" >"$directory/src/jitkit_vm.h"
echo "$directory/src"
