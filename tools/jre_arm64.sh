#!/bin/sh
# Prints the directory of Debian's OpenJDK 17 for arm64, unpacked there for qemu-aarch64 -L.
#
# usage: tools/jre_arm64.sh
set -eu

root=${JITKIT_CACHE:-$HOME/.cache/jitkit}/jre-17-arm64
"$(dirname "$0")/debian.sh" root arm64 "$root" openjdk-17-jre-headless libc6 zlib1g libstdc++6 libgcc-s1
echo "$root"
