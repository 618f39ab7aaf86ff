#!/bin/sh
# Builds the fuzz targets: `make fuzz` runs this, and so do ClusterFuzzLite and OSS-Fuzz.
#
# environment, set by the latter two: CXX, CXXFLAGS (the sanitizers), LIB_FUZZING_ENGINE, WORK (to build in), OUT
# (where the programs go). Without them: clang++-19, address and undefined-behaviour sanitizers, libFuzzer, in
# build/fuzz.
set -eu

cd "$(dirname "$0")/.."
build=${WORK:+$WORK/jitkit}
build=${build:-build/fuzz}
cmake --preset fuzz -B "$build" --log-level=WARNING \
  ${CXX:+-DCMAKE_CXX_COMPILER="$CXX"} ${CC:+-DCMAKE_C_COMPILER="$CC"} \
  ${CXXFLAGS:+-DCMAKE_CXX_FLAGS="$CXXFLAGS"} ${CFLAGS:+-DCMAKE_C_FLAGS="$CFLAGS"} \
  ${LIB_FUZZING_ENGINE:+-DJITKIT_FUZZING_ENGINE="$LIB_FUZZING_ENGINE"}
cmake --build "$build" --target fuzz_targets
if [ -n "${OUT:-}" ]; then
  # It compiles a program where it runs, which a fleet's machines cannot.
  find "$build/fuzz" -name 'fuzz_*' -type f ! -name fuzz_differential -exec cp {} "$OUT" \;
fi
