#!/bin/sh
# Installs the Debian packages that a target of the Makefile needs and the machine lacks.
#
# usage: tools/setup.sh SET...      sets: make python format tidy build import explore check demo demo-jvm demo-luajit bench deb docs fuzz consumers xen luajit
#
# Prints what it installs and nothing when nothing is missing. Needs root or sudo only then.
set -eu

build='g++ cmake ninja-build ccache pkg-config python3 libfmt-dev libcli11-dev'
arm64='g++-aarch64-linux-gnu binutils-aarch64-linux-gnu qemu-user qemu-user-static'
oracles='binutils llvm-19 libcapstone-dev'
page='libcpp-httplib-dev nlohmann-json3-dev libyaml-cpp-dev nodejs npm bubblewrap lua5.1'
jvm='openjdk-17-jdk-headless'
luajit='make dpkg-dev'
hypervisor='qemu-system-arm libyaml-cpp-dev'
xen='flex bison dpkg-dev make python3'
compilers='clang-14 clang-19 libclang-rt-19-dev'

packages_of() {
  case $1 in
    make) echo make ;;
    python) echo python3 ;;
    format) echo clang-format-14 ;;
    tidy) echo clang-tidy-19 ;;
    build) echo "$build" ;;
    import) echo "$build llvm-19-dev" ;;
    demo) echo "$build $arm64 binutils coreutils" ;;
    demo-jvm) echo "$build $arm64 coreutils linux-perf $jvm" ;;
    demo-luajit) echo "$build $arm64 $luajit lua5.1 valgrind" ;;
    explore) echo "$build $arm64 $page" ;;
    check) echo "$build $arm64 $oracles $compilers $page chromium doctest-dev gdb linux-perf openssl" \
                "llvm-19-dev csmith libcsmith-dev libasmjit-dev libvixl-dev libxbyak-dev libpcre2-dev libssl-dev zlib1g-dev lintian mkdocs doxygen $jvm $hypervisor $xen $luajit" ;;
    bench) echo "$build $arm64 doctest-dev nlohmann-json3-dev libbenchmark-dev valgrind libasmjit-dev" \
                "libvixl-dev libxbyak-dev llvm-19 llvm-19-dev libssl-dev zlib1g-dev libpcre2-dev clang-19" ;;
    docs) echo "$build mkdocs doxygen" ;;
    deb) echo "$build binutils dpkg-dev" ;;
    fuzz) echo "$build $arm64 $oracles $compilers llvm-19-dev" ;;
    consumers) echo "$build $arm64 $jvm $hypervisor $xen $luajit" ;;
    xen) echo "$build $arm64 $hypervisor $xen" ;;
    luajit) echo "$build $arm64 $luajit" ;;
    *) echo "tools/setup.sh: unknown set '$1'" >&2; exit 2 ;;
  esac
}

# Other packages than Debian's may bring nodejs and npm together.
is_installed() {
  [ "$1" = npm ] && command -v npm >/dev/null && return
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

fail() {
  echo "tools/setup.sh: $*" >&2
  exit 1
}

[ $# -gt 0 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }

wanted=
for set in "$@"; do
  wanted="$wanted $(packages_of "$set")"
done

command -v dpkg-query >/dev/null ||
  fail "this is not a Debian system; install the equivalents of:$wanted"

missing=
for package in $wanted; do
  case " $missing " in *" $package "*) continue ;; esac
  is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || fail "not root and no sudo; as root: apt-get install$missing"
  as_root=sudo
fi
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

echo "installing:$missing"
tries=0
until apt update >/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 4 ] || fail "apt-get update failed $tries times; is there a network?"
  echo "apt-get update failed, trying again in $((tries * 5)) s" >&2
  sleep $((tries * 5))
done
# shellcheck disable=SC2086  # a list of words
apt install --no-install-recommends $missing >/dev/null ||
  fail "apt-get could not install:$missing"
