// Runs the registered cases. Without arguments of its own it is a Google Benchmark program; otherwise:
//   --count         runs each case once, warm, between dumps of callgrind (run.py reads them)
//   --facts         prints the facts and the heap calls of warm runs as lines NAME<tab>VALUE
//   --only=TEXT     only cases whose name has TEXT in it (any mode)
#include <benchmark/benchmark.h>
#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "case.hpp"

namespace bench {

void die(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

namespace {

std::string name_of(const Case& c) { return c.what + "/" + c.who; }

void count(const std::vector<const Case*>& chosen) {
  CALLGRIND_START_INSTRUMENTATION;
  for (const Case* c : chosen) {
    if (!c->counted) continue;
    c->run();
    c->run();
    CALLGRIND_ZERO_STATS;
    c->run();
    CALLGRIND_DUMP_STATS;
  }
  CALLGRIND_STOP_INSTRUMENTATION;
}

void print_facts(const std::vector<const Case*>& chosen) {
  for (const Case* c : chosen) {
    c->run();
    c->run();
    const std::uint64_t before = heap_calls();
    c->run();
    std::printf("heap calls:%s\t%llu\n", name_of(*c).c_str(), static_cast<unsigned long long>(heap_calls() - before));
    if (!c->counted) std::printf("uncounted:%s\t1\n", name_of(*c).c_str());
    std::printf("units:%s\t%.0f %s\n", name_of(*c).c_str(), c->units, c->unit.c_str());
  }
  for (const Fact& f : facts()) std::printf("%s\t%s\n", f.name.c_str(), f.value.c_str());
}

void time(const std::vector<const Case*>& chosen) {
  for (const Case* c : chosen) {
    benchmark::RegisterBenchmark(name_of(*c).c_str(), [c](benchmark::State& state) {
      for (auto _ : state) c->run();
      state.counters["units"] = c->units;
    });
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  std::string_view only;
  bool count = false, facts = false;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--count")
      count = true;
    else if (a == "--facts")
      facts = true;
    else if (a.substr(0, 7) == "--only=")
      only = a.substr(7);
    else
      argv[kept++] = argv[i];
  }
  argc = kept;
  std::vector<const bench::Case*> chosen;
  for (const bench::Case& c : bench::cases())
    if ((c.what + "/" + c.who).find(only) != std::string::npos) chosen.push_back(&c);
  bench::require(!chosen.empty(), "no case of that name");
  if (count) {
    bench::count(chosen);
  } else if (facts) {
    bench::print_facts(chosen);
  } else {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    bench::time(chosen);
  }
  return 0;
}
