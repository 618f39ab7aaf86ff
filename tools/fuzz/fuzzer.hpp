// Random programs in batches on every executor, until time is up or one of them differs; the difference is
// reduced.
#ifndef JITKIT_TOOLS_FUZZ_FUZZER_HPP
#define JITKIT_TOOLS_FUZZ_FUZZER_HPP

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source.hpp"

namespace jitkit::fuzz {

struct Totals {
  u64 programs = 0, functions = 0, calls = 0;
  double ops = 0, native = 0, blocks = 0, with_loops = 0, with_calls = 0, with_spills = 0, with_guards = 0;

  void add(const Shape& s, usize call_count) {
    ++programs;
    functions += s.functions;
    calls += call_count;
    ops += s.ops;
    native += s.native;
    blocks += s.blocks;
    with_loops += s.loops ? 1 : 0;
    with_calls += s.calls ? 1 : 0;
    with_spills += s.spills ? 1 : 0;
    with_guards += s.guards ? 1 : 0;
  }
  double mean(double sum) const { return programs != 0 ? sum / static_cast<double>(programs) : 0; }
};

class Fuzzer {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr u64 batch_size = 64;
  static constexpr std::chrono::seconds reduce_limit{90};

  struct Options {
    u64 seed = 0;
    u64 count = 0;  // programs; 0: by time
    std::chrono::seconds time{60};
    std::optional<OptLevel> level;  // none: each program at one of them, by its seed
  };
  // A difference: an executor's, or of nobody if the program itself is wrong.
  struct Difference {
    Executor* executor = nullptr;
    u64 seed = 0;
    std::string what;
    std::unique_ptr<Program> reduced;
  };

  Fuzzer(Options o, Source& source, std::vector<std::unique_ptr<Executor>>& executors)
      : options_(o), source_(source), executors_(executors) {}

  // Called after each batch.
  std::function<void(const Totals&)> on_progress = [](const Totals&) {};

  // False: there is a difference().
  bool run() {
    const Clock::time_point end = Clock::now() + options_.time;
    u64 seed = options_.seed;
    for (u64 done = 0; options_.count != 0 ? done < options_.count : Clock::now() < end;) {
      const u64 size = options_.count != 0 ? std::min(batch_size, options_.count - done) : batch_size;
      if (!batch(seed, size)) return false;
      seed += size;
      done += size;
      on_progress(totals_);
    }
    return true;
  }
  const Totals& totals() const { return totals_; }
  const Difference& difference() const { return difference_; }

 private:
  bool batch(u64 first, u64 size) {
    std::vector<std::unique_ptr<Program>> programs;
    std::vector<Shape> shapes;  // as they were made
    for (u64 seed = first; seed < first + size; ++seed) {
      programs.push_back(source_.make(seed));
      Program& p = *programs.back();
      if (!p.error().empty()) return fail(nullptr, p, p.error());
      shapes.push_back(p.shape());
      if (!optimise(p)) return false;
    }
    std::vector<std::vector<Job>> jobs(executors_.size());
    for (usize e = 0; e < executors_.size(); ++e) {
      for (const auto& p : programs) jobs[e].push_back({p.get()});
      executors_[e]->send(jobs[e]);
    }
    for (usize e = 0; e < executors_.size(); ++e) executors_[e]->receive(jobs[e]);
    for (usize n = 0; n < programs.size(); ++n) {
      Shape& s = shapes[n];
      for (const std::vector<Job>& j : jobs) s.spills = s.spills || j[n].spills;
      totals_.add(s, programs[n]->cases().size());
    }
    for (usize n = 0; n < programs.size(); ++n)
      if (!source_.expect(*programs[n], jobs[0][n]))
        return fail(executors_[0].get(), *programs[n], programs[n]->error());
    for (usize e = 0; e < executors_.size(); ++e)
      for (Job& j : jobs[e])
        if (!j.good() && !judge(*executors_[e], j)) return false;
    return true;
  }

  bool optimise(Program& p) {
    const OptLevel level = options_.level ? *options_.level : static_cast<OptLevel>(p.seed() % 3);
    const std::string wrong = p.optimise(level);
    if (wrong.empty()) return true;
    const std::unique_ptr<Program> small =
        source_.reduce(p, [&](Program& smaller) { return !smaller.optimise(level).empty(); }, reduce_limit);
    return fail(nullptr, p, fmt::format("{}{}reduced:\n{}", wrong, small->optimise(level), small->text()));
  }

  // Again, alone: what another program of the batch did is not this one's fault, but a fault all the same.
  bool judge(Executor& e, Job& j) {
    const bool refused = j.refused();
    Job alone{j.program};
    e.execute(alone, true);
    if (alone.good()) return fail(&e, *j.program, "differs, but not alone: programs of a batch disturb each other");
    const std::string what = text(alone);
    // Only the same kind of difference counts: a refusal stays a refusal.
    fail(&e, *j.program, what);
    difference_.reduced = source_.reduce(*j.program, [&](Program& smaller) {
      smaller.optimise(j.program->level());
      Job job{&smaller};
      e.execute(job);
      return !job.good() && job.refused() == refused;
    }, reduce_limit);
    difference_.reduced->optimise(j.program->level());
    return false;
  }
  static std::string text(const Job& j) {
    if (j.refused()) return j.failure;
    const Program& p = *j.program;
    const usize n = p.first_difference(j.outcomes);
    return p.difference_text(n, j.outcomes[n]);
  }
  bool fail(Executor* e, const Program& p, std::string what) {
    difference_.executor = e;
    difference_.seed = p.seed();
    difference_.what = std::move(what);
    return false;
  }

  Options options_;
  Source& source_;
  std::vector<std::unique_ptr<Executor>>& executors_;
  Totals totals_;
  Difference difference_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_FUZZER_HPP
