# Thin: each target installs what it lacks (tools/setup.sh), then calls CMake or a script.
#
#   make                 builds the jitkit command: build/jitkit
#   make demo FILE=x     hashes a file (default: one of 64 MiB) through generated code on both targets
#   make demo-jvm FILE=x SHA-1 of a file (default: a sparse one of 1 GiB) by coreutils and in a JVM, with and without jitkit's code
#   make demo-luajit     programs in PUC's Lua, LuaJIT's interpreter, stock's JIT and jitkit's; build/demo/luajit.html
#   make check           every test; make quick: the inner loop, under two minutes
#   make fuzz SECONDS=n  a total, shared by all fuzz targets; make soak: fixed large counts
#   make bench           cost of emission and compilation beside other tools: build/bench/results.json, .html
#   make bench-luajit    LuaJIT with jitkit's backend beside its own: build/bench/luajit.json
#   make litmus          atomics as herd7 litmus files: build/litmus
#   make single-header   a file of each assembler and one of it all: build/single-header
#   make deb             Debian packages libjitkit-dev and jitkit: build/deb
#   make docs            the documents as a site, with references of the ops and instructions: build/docs/site
#   make consumers       builds build/consumers/<name>/<target>/: the HotSpot agent, LuaJIT, EL2 trap handlers
#   make demo-hv         our monitor at EL2 under QEMU: every trap of the policy with its EL2 instructions, beside Xen's
#   make demo-nginx      Debian's nginx with Lua on stock's LuaJIT and on jitkit's: the same answers, requests/s
#   make luajit          builds build/consumers/luajit/<target>/luajit
#   make demo-xen        EL2 instructions of traps in Debian's Xen, as it is and with the generated path; Linux as dom0
#   make explore         builds and serves the live page: jitkit explore (needs npm, as `make check` does; PORT=n)
#   make import          builds build/jitkit-import: LLVM IR that clang 19 makes from C, to jitkit's
.DEFAULT_GOAL := build
.PHONY: build demo demo-hv demo-jvm demo-luajit check quick fuzz soak bench bench-luajit litmus single-header deb docs import consumers demo-xen luajit demo-nginx explore format tidy clean

export JITKIT_CACHE ?= $(HOME)/.cache/jitkit
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
SECONDS ?= 60
ARGS ?=
export FILE ?=

configure = cmake --preset $(1) --log-level=WARNING
compile = $(call configure,$(1)) && cmake --build --preset $(1) --target $(2)

build:
	@tools/setup.sh build
	@$(call compile,release,jitkit_command)

demo:
	@tools/setup.sh demo
	@$(call compile,release,jitkit_demo)
	@$(call compile,release-arm64,jitkit_hash)
	@build/release/tools/demo/jitkit-demo --hash build/release/tools/demo/jitkit-hash \
	  --arm64-hash build/release-arm64/tools/demo/jitkit-hash $${FILE:+"--file=$$FILE"} $(ARGS)

demo-jvm:
	@tools/setup.sh demo-jvm
	@$(call compile,release,jitkit_hotspot jitkit_count)
	@$(call compile,release-arm64,jitkit_hotspot)
	@python3 tools/demo_jvm/demo.py $${FILE:+"--file=$$FILE"} $(ARGS)

demo-hv:
	@tools/setup.sh consumers
	@mkdir -p build
	@echo 'demo-hv: building the generator, the vectors, the monitor and the counter (build/demo-hv.log) ...' >&2
	@{ $(call compile,release,hv_trap_monitor jitkit_count); } >build/demo-hv.log 2>&1 || { cat build/demo-hv.log; exit 1; }
	@python3 consumers/hv-trap/monitor/demo.py $(ARGS)

demo-luajit:
	@tools/setup.sh demo-luajit
	@$(call compile,release,jitkit_luajit jitkit_count)
	@$(call compile,release-arm64,jitkit_luajit)
	@python3 tools/demo_luajit/demo.py $(ARGS)

check:
	@started=$$(date +%s); \
	tools/setup.sh check || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }; \
	python3 tools/check.py --started $$started $(ARGS)

quick:
	@$(MAKE) --no-print-directory check ARGS='--label quick $(ARGS)'

fuzz:
	@tools/setup.sh fuzz
	@python3 tools/fuzz.py --seconds $(SECONDS)

soak:
	@tools/setup.sh fuzz check
	@python3 tools/fuzz.py --soak
	@$(call compile,release,jitkit_command)
	@$(call compile,dev,sweeps words roles exec crypto_cases crypto_run)
	@python3 tests/checks/sweep.py --full
	@python3 tests/checks/sweep.py --target x86_64 --strings 20000000
	@python3 tests/checks/words.py --full
	@python3 tests/checks/roles.py --target arm64 --count 200
	@python3 tests/checks/roles.py --target x86_64 --count 16 --avx512-count 8 --rounds 8
	@python3 tests/checks/exec.py --count 64 --states 16
	@python3 tests/checks/exec_x86_64.py --count 1024
	@$(call compile,arm64-qemu,crypto_run)
	@python3 tests/checks/crypto.py --full
	@$(call compile,release,hv_trap_monitor hv_trap_xen jitkit_count)
	@python3 tests/checks/hypervisor.py --traps 1000000
	@python3 tests/checks/xen.py --traps 180000 --faults --linux
	@python3 tests/checks/luajit.py --full
	@python3 tests/checks/luajit_random.py --count 5000
	@python3 tests/checks/jvm.py --cases 100000 --stubs

bench:
	@tools/setup.sh bench
	@mkdir -p build
	@{ $(call compile,bench,bench bench_crypto bench_crypto_arm64 bench_regex); } >build/bench.log 2>&1 || { cat build/bench.log; exit 1; }
	@python3 bench/run.py $(ARGS)
	@python3 bench/mca.py
	@build/bench/bench/bench_regex $$(git ls-files '*.md' '*.hpp' '*.cpp' '*.py' '*.def')
	@{ $(call compile,release,jitkit_import jitkit_count); } >build/bench.log 2>&1 || { cat build/bench.log; exit 1; }
	@python3 bench/kernels.py
	@python3 bench/kernels.py --target arm64

bench-luajit:
	@tools/setup.sh luajit bench
	@$(call compile,release,jitkit_luajit jitkit_count)
	@$(call compile,release-arm64,jitkit_luajit)
	@python3 bench/luajit_backends.py $(ARGS)

litmus:
	@tools/setup.sh build check
	@$(call compile,release,jitkit_command)
	@python3 tools/atomics.py --litmus build/litmus

single-header:
	@tools/setup.sh python
	@python3 tools/single_header.py

deb: build
	@tools/setup.sh deb
	@python3 tools/deb.py

docs: build
	@tools/setup.sh docs
	@python3 tools/docs_site.py

import:
	@tools/setup.sh import
	@$(call compile,release,jitkit_import)

explore:
	@tools/setup.sh explore
	@$(call compile,release,jitkit_command jitkit_explore jitkit_count)
	@tools/debian.sh root arm64 "$(JITKIT_CACHE)/lua-arm64" lua5.1 libreadline8 libtinfo6 || echo "no PUC Lua for AArch64: the tab Lua goes without"
	@cd tools/explore/page && npm ci --no-progress --silent
	@node tools/explore/page/build.mjs build/explore-page
	@build/jitkit explore $${PORT:+"--port=$$PORT"}

consumers:
	@tools/setup.sh consumers
	@$(call compile,release,consumers)
	@$(call compile,release-arm64,consumers)

demo-xen:
	@tools/setup.sh xen
	@$(call compile,release,hv_trap_xen jitkit_count)
	@python3 tests/checks/xen.py --table --linux $(ARGS)

luajit:
	@tools/setup.sh luajit
	@$(call compile,release,jitkit_luajit)
	@$(call compile,release-arm64,jitkit_luajit)

demo-nginx:
	@tools/setup.sh luajit
	@$(call compile,release,luajit2_shared)
	@python3 tools/nginx/demo.py $(ARGS)

format:
	@tools/setup.sh format
	@git ls-files '*.hpp' '*.cpp' '*.h' '*.c' | xargs clang-format-14 -i

tidy:
	@tools/setup.sh check tidy
	@$(call configure,clang)
	@git ls-files 'tests/unit/*.cpp' | xargs -P2 -n1 clang-tidy-19 --quiet -p build/clang

clean:
	@cmake -E rm -rf build
