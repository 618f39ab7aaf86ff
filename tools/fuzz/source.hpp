// Where programs come from, what they are expected to do, and how one that shows a difference gets smaller:
// core ops against the interpreter (IrSource), instructions of one target against the first executor
// (NativeSource).
#ifndef JITKIT_TOOLS_FUZZ_SOURCE_HPP
#define JITKIT_TOOLS_FUZZ_SOURCE_HPP

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "executor.hpp"
#include "random_native.hpp"
#include "reduce.hpp"

namespace jitkit::fuzz {

class Source {
 public:
  using Fails = std::function<bool(Program&)>;  // after expect()

  virtual ~Source() = default;
  virtual std::unique_ptr<Program> make(u64 seed) = 0;
  // Finds out what the program is expected to do; false, with its error(), if that cannot be.
  virtual bool expect(Program& p) = 0;
  // The same once the first executor has run it.
  virtual bool expect(Program& p, const Job& first) = 0;
  virtual std::unique_ptr<Program> reduce(const Program& p, const Fails& fails, std::chrono::seconds limit) = 0;
  // The options of `jitkit run` that give what is expected.
  virtual std::string run_options() const = 0;
};

class IrSource final : public Source {
 public:
  std::unique_ptr<Program> make(u64 seed) override {
    auto p = std::make_unique<Program>(seed);
    p->interpret();
    return p;
  }
  bool expect(Program& p) override { return p.interpret(); }
  bool expect(Program& p, const Job&) override { return p.error().empty(); }
  std::unique_ptr<Program> reduce(const Program& p, const Fails& fails, std::chrono::seconds limit) override {
    return Reducer(p, fails, limit).run();
  }
  std::string run_options() const override { return "--target interp"; }
};

template <class Isa>
class NativeSource final : public Source {
 public:
  using Options = typename Isa::Options;

  NativeSource(std::string_view family, const Options& options, Executor& first)
      : options_(options), forms_(family, options.features), first_(first) {}

  usize forms() const { return forms_.forms.size(); }

  std::unique_ptr<Program> make(u64 seed) override {
    const NativeSequence<Isa> s(seed, forms_, options_);
    return std::make_unique<Program>(s.text(std::vector<bool>(s.size(), true)), s.cases(), seed);
  }
  bool expect(Program& p) override {
    if (!p.error().empty()) return false;
    Job job{&p};
    first_.execute(job);
    return expect(p, job);
  }
  // What @f0 leaves is what the instructions leave one by one, in @f1.
  bool expect(Program& p, const Job& first) override {
    if (!p.error().empty()) return false;
    if (first.refused()) return p.fail(first.failure);
    std::vector<Outcome> outcomes = first.outcomes;
    for (const Outcome& o : outcomes)  // families neither fault nor trap
      if (o.kind != Outcome::Kind::returned)
        return p.fail("the instructions do not run to their end on " + first_.name());
    for (usize n = 1; n + 2 < outcomes.size(); ++n)
      if (p.cases()[n - 1].function == "f0" && p.cases()[n].function == "memory") outcomes[n] = outcomes[n + 2];
    p.expect(std::move(outcomes));
    return true;
  }

  std::unique_ptr<Program> reduce(const Program& p, const Fails& fails, std::chrono::seconds limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    const NativeSequence<Isa> s(p.seed(), forms_, options_);
    std::vector<bool> kept(s.size(), true);
    std::vector<Case> cases = s.cases();
    const auto still = [&](const std::vector<bool>& k, const std::vector<Case>& c) {
      Program smaller(s.text(k), c, p.seed());
      return std::chrono::steady_clock::now() < end && expect(smaller) && fails(smaller);
    };
    for (usize n = 0; n + 4 <= cases.size(); n += 4) {
      const std::vector<Case> one(cases.begin() + static_cast<std::ptrdiff_t>(n),
                                  cases.begin() + static_cast<std::ptrdiff_t>(n) + 4);
      if (!still(kept, one)) continue;
      cases = one;
      break;
    }
    for (usize chunk = s.size(); chunk >= 1; chunk /= 2)
      for (usize at = 0; at < s.size(); at += chunk) {
        std::vector<bool> fewer = kept;
        for (usize n = at; n < std::min(at + chunk, s.size()); ++n) fewer[n] = false;
        if (fewer != kept && still(fewer, cases)) kept = fewer;
      }
    auto small = std::make_unique<Program>(s.text(kept), cases, p.seed());
    expect(*small);
    return small;
  }
  std::string run_options() const override { return first_.run_options(); }

 private:
  Options options_;
  NativeForms<Isa> forms_;
  Executor& first_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_SOURCE_HPP
