// random_ir: random programs whose results must be the interpreter's on every target.
//
//   --seed N      of the first program; without it JITKIT_SEED, or a new one; it is printed
//   --count N     programs; --seconds N: as many as fit (default 3 s)
//   --executor E  only this one; may be repeated
//   --print       prints the programs and ends
//
// Programs are run in batches: one process of machine code, or one guest, for many. A difference is made
// small and printed as a filetest; `--seed S --count 1` runs its program alone.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../filetest/native_targets.hpp"
#include "program.hpp"
#include "reduce.hpp"

namespace random_ir {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  u64 seed = 0;
  u64 count = 0;    // 0: by time
  u64 seconds = 3;
  bool print = false;
  std::vector<std::string> executors;
};

class Runner {
 public:
  explicit Runner(Options o) : options_(std::move(o)) {
    add<NativeExecutor<X86_64>>();
    add<NativeExecutor<X86_64Modern>>();
    add<NativeExecutor<Arm64>>();
    add<NativeExecutor<Arm64Modern>>();
  }

  int run() {
    fmt::print("seed {}\n", options_.seed);
    const Clock::time_point end = Clock::now() + std::chrono::seconds(options_.seconds);
    for (u64 seed = options_.seed; failed_ == 0 && (options_.count != 0 ? done_ < options_.count : Clock::now() < end);) {
      const u64 size = options_.count != 0 ? std::min(batch_size, options_.count - done_) : batch_size;
      batch(seed, size);
      seed += size;
    }
    report();
    return failed_ == 0 ? 0 : 1;
  }

 private:
  static constexpr u64 batch_size = 64;
  static constexpr std::chrono::seconds reduce_limit{90};

  template <class E>
  void add() {
    auto e = std::make_unique<E>();
    const std::vector<std::string>& only = options_.executors;
    if (!only.empty() && std::find(only.begin(), only.end(), e->name()) == only.end()) return;
    if (const std::string missing = e->missing(); !missing.empty()) {
      fmt::print("SKIP {}: {}\n", e->name(), missing);
      ++skipped_;
      return;
    }
    executors_.push_back(std::move(e));
  }

  void batch(u64 first, u64 size) {
    std::vector<std::unique_ptr<Program>> programs;
    for (u64 seed = first; seed < first + size; ++seed) {
      auto p = std::make_unique<Program>(seed);
      if (options_.print) fmt::print("// seed {}\n{}", seed, p->text());
      if (!p->interpret()) {
        fail(*p, "interp", p->error());
        continue;
      }
      shapes_.push_back(p->shape());
      programs.push_back(std::move(p));
    }
    done_ += size;
    if (options_.print) return;
    for (const auto& e : executors_) execute(programs, *e);
  }

  void execute(const std::vector<std::unique_ptr<Program>>& programs, Executor& e) {
    std::vector<Batch> batches;
    for (const auto& p : programs) batches.push_back({&p->test(), &p->cases()});
    e.execute(batches);
    for (usize n = 0; n < programs.size(); ++n) {
      Shape& s = shapes_[shapes_.size() - programs.size() + n];
      s.spills = s.spills || batches[n].spills;
      if (programs[n]->differences(batches[n]).empty()) {
        ++passed_;
      } else if (!alone(*programs[n], e).empty()) {
        difference(*programs[n], e);
        return;
      } else {
        suspect_ = true;  // what another program of the process did
      }
    }
    if (suspect_ && failed_ == 0) fail(*programs[0], e.name(), "programs of a batch disturb each other");
    suspect_ = false;
  }

  static std::string alone(Program& p, Executor& e) {
    Batch b{&p.test(), &p.cases()};
    e.execute({&b, 1});
    return p.differences(b);
  }

  void difference(Program& p, Executor& e) {
    const std::string what = alone(p, e);
    // Only the same kind of difference counts: a refusal stays a refusal.
    const bool refused = what.starts_with("does not compile");
    Reducer reducer(p, [&](Program& smaller) {
      const std::string s = alone(smaller, e);
      return !s.empty() && s.starts_with("does not compile") == refused;
    }, reduce_limit);
    const std::unique_ptr<Program> small = reducer.run();
    fail(p, e.name(), fmt::format("{}\nreduced:\n{}{}", what, small->filetest(), alone(*small, e)));
  }

  void fail(const Program& p, const char* where, const std::string& why) {
    ++failed_;
    fmt::print("FAIL seed {} on {}: {}\n", p.seed(), where, why);
  }

  void report() {
    double ops = 0, blocks = 0, loops = 0, calls = 0, spills = 0;
    for (const Shape& s : shapes_) {
      ops += s.ops;
      blocks += s.blocks;
      loops += s.loops ? 1 : 0;
      calls += s.calls ? 1 : 0;
      spills += s.spills ? 1 : 0;
    }
    const double n = shapes_.empty() ? 1 : static_cast<double>(shapes_.size());
    fmt::print("NOTE {} programs: {:.0f} ops and {:.1f} blocks on average; {:.0f} % with loops, {:.0f} % with calls, {:.0f} % with spills\n",
               shapes_.size(), ops / n, blocks / n, 100 * loops / n, 100 * calls / n, 100 * spills / n);
    const bool enough = ops / n >= 50 && blocks / n >= 5 && (executors_.empty() || options_.print || spills / n >= 0.5);
    if (shapes_.size() >= batch_size && !enough) {
      ++failed_;
      fmt::print("FAIL the programs are too simple: at least 50 ops, 5 blocks and half of them with spills are asked for\n");
    }
    fmt::print("{} passed, {} failed, {} skipped\n", passed_, failed_, skipped_);
  }

  Options options_;
  std::vector<std::unique_ptr<Executor>> executors_;
  std::vector<Shape> shapes_;
  u64 done_ = 0;
  u64 passed_ = 0, failed_ = 0, skipped_ = 0;
  bool suspect_ = false;
};

bool number(const char* text, u64& n) {
  const std::string_view s = text;
  return std::from_chars(s.data(), s.data() + s.size(), n).ptr == s.data() + s.size() && !s.empty();
}

}  // namespace
}  // namespace random_ir

int main(int argc, char** argv) {
  random_ir::Options o;
  const char* seed = std::getenv("JITKIT_SEED");
  if (seed == nullptr || !random_ir::number(seed, o.seed)) o.seed = std::random_device()();
  bool good = true;
  for (int i = 1; i < argc && good; ++i) {
    const std::string_view a = argv[i];
    const bool more = i + 1 < argc;
    if (a == "--print")
      o.print = true;
    else if (a == "--seed" && more)
      good = random_ir::number(argv[++i], o.seed);
    else if (a == "--count" && more)
      good = random_ir::number(argv[++i], o.count);
    else if (a == "--seconds" && more)
      good = random_ir::number(argv[++i], o.seconds);
    else if (a == "--executor" && more)
      o.executors.emplace_back(argv[++i]);
    else
      good = false;
  }
  if (!good) {
    fmt::print(stderr, "usage: random_ir [--seed N] [--count N | --seconds N] [--executor NAME]... [--print]\n");
    return 2;
  }
  return random_ir::Runner(std::move(o)).run();
}
