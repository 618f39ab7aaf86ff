#!/bin/sh
# LuaJIT as Debian has it, unmodified: source, libraries and main program for one target.
#
# usage: build_luajit.sh x86_64|arm64 [PACKAGE [asserts]]
#
# PACKAGE: luajit, or luajit2 (OpenResty's). asserts: with LuaJIT's own assertions and checks of its API. Prints the
# directory with its headers, luajit.o, libluajit.a and, of the objects that a shared library is made of,
# libluajit_pic.a.
#
# Everything is kept under ${JITKIT_CACHE:-~/.cache/jitkit}/PACKAGE (tools/debian.sh: neither root nor deb-src lines of
# the system are needed). Not amalgamated: lj_asm.o has to be an object of its own.
set -eu

target=${1-}
case $target in
  x86_64) cross= ;;
  arm64) cross="HOST_CC=gcc CROSS=aarch64-linux-gnu- TARGET_SYS=Linux" ;;
  *) echo "build_luajit.sh: unknown target '$target'" >&2; exit 2 ;;
esac
package=${2-luajit}
case ${3-} in
  '') kind=$target flags= ;;
  asserts) kind=$target-asserts flags="-DLUA_USE_ASSERT -DLUA_USE_APICHECK" ;;
  *) echo "build_luajit.sh: unknown kind '$3'" >&2; exit 2 ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${JITKIT_CACHE:-$HOME/.cache/jitkit}/$package
mkdir -p "$cache"
exec 9>"$cache/lock.$kind" 8>"$cache/lock"

flock 8
if [ ! -f "$cache/src/src/lj_asm.c" ]; then
  "$root/tools/debian.sh" source "$cache/source" "$package"
  rm -rf "$cache/src" "$cache/unpacked"
  dpkg-source --no-check -x "$cache"/source/*.dsc "$cache/unpacked" >"$cache/unpack.log" 2>&1 ||
    { tail -n 20 "$cache/unpack.log" >&2; exit 1; }
  mv "$cache/unpacked" "$cache/src"
fi
flock -u 8

flock 9
directory=$cache/$kind
if [ ! -f "$directory/built" ]; then
  rm -rf "$directory"
  cp -r "$cache/src" "$directory"
  env -u MAKEFLAGS -u MAKELEVEL make -C "$directory/src" $cross ${flags:+"XCFLAGS=$flags"} >"$directory.log" 2>&1 ||
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
