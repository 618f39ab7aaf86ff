#!/bin/sh
# A static library of one object, whose only global names are Lua's.
#
# usage: make_static.sh LIBRARY CXX OBJCOPY AR ARGUMENT...      the arguments are the linker's, by way of CXX
set -eu

library=$1 cxx=$2 objcopy=$3 ar=$4
shift 4
object=${library%.a}.o
trap 'rm -f "$object"' EXIT
"$cxx" -r -nostdlib -Wl,--force-group-allocation -o "$object" "$@" "$("$cxx" -print-file-name=libstdc++.a)"
"$objcopy" --wildcard --keep-global-symbol='lua*' "$object"
rm -f "$library"
"$ar" -rcs "$library" "$object"
