// A random program under test: its text (what is executed is what a reader of the text gets), the calls to
// make, and what they are expected to give.
#ifndef JITKIT_TOOLS_FUZZ_PROGRAM_HPP
#define JITKIT_TOOLS_FUZZ_PROGRAM_HPP

#include <checked_optimiser.hpp>
#include <compilers.hpp>
#include <fmt/format.h>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/interpreter.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/verifier.hpp>

#include <memory>
#include <string>
#include <vector>

#include "exits.hpp"
#include "random_program.hpp"
#include "wrapper.hpp"

namespace jitkit::fuzz {

// How a call ended.
struct Outcome {
  enum class Kind : u8 { none, returned, trapped, left, failed };
  Kind kind = Kind::none;
  std::vector<Datum> values = {};
  FrameAtExit exit = {};     // left: through it
  Stops stops = {};          // at points
  std::string message = {};  // failed: why

  static Outcome failed(std::string why) { return {Kind::failed, {}, {}, {}, std::move(why)}; }
  // Both end in a trap, as far as `jitkit run` can see.
  bool trap() const { return kind == Kind::trapped || kind == Kind::left; }
};

// How a call finds the program's points: patch points are nops; calls stop at them and at safepoints, and go on; or
// patch points lead to their exits. Patch points with results are always stopped at, which gives the results.
enum class Patches : u8 { none, watched, jumps };

// A call of a function of the program. None follows one with more patches.
struct Case {
  std::string function;
  std::vector<Datum> arguments = {};
  Patches patches = Patches::none;
};

// Shares and means over programs, for the report.
struct Shape {
  u32 functions = 0;
  u32 ops = 0;
  u32 native = 0;
  u32 blocks = 0;
  bool loops = false;
  bool calls = false;
  bool spills = false;
  bool guards = false;
};

class Program {
 public:
  static constexpr u32 calls = 16;
  static constexpr u64 fuel = 10'000'000, stack = 4 << 20;

  // By the seed; or from text.
  explicit Program(u64 seed, std::span<const u8> first = {}) : seed_(seed) {
    Unit made;
    RandomProgram random(seed, made, first);
    random.build();
    for (u32 n = 0; n < calls; ++n) {
      Case c{"f0", {}, n < 6 ? Patches::none : n < 12 ? Patches::watched : Patches::jumps};
      for (const Bits& b : random.arguments()) c.arguments.push_back({b});
      cases_.push_back(std::move(c));
    }
    cases_.push_back({"memory", {}, Patches::jumps});
    StringSink out(text_);
    print(made, out);
    take();
  }
  Program(std::string text, std::vector<Case> cases, u64 seed = 0)
      : seed_(seed), text_(std::move(text)), cases_(std::move(cases)) {
    take();
  }

  u64 seed() const { return seed_; }
  Unit& unit() { return unit_; }
  const std::string& text() const { return text_; }
  const std::vector<Case>& cases() const { return cases_; }
  const FunctionData& function(usize n) const { return *functions_[n]; }
  const std::vector<Outcome>& expected() const { return expected_; }

  // What makes it unusable: a mistake of the generator, parser or verifier. Empty if nothing does.
  const std::string& error() const { return error_; }

  bool fail(std::string why) {
    error_ = std::move(why);
    return false;
  }

  void expect(std::vector<Outcome> outcomes) { expected_ = std::move(outcomes); }
  // Runs the interpreter and takes its results as the expected ones; false if it did not come to an end
  // that machine code can come to as well.
  bool interpret() {
    if (!error_.empty()) return false;
    std::vector<const FunctionData*> all;
    unit_.for_each([&](FunctionData& f, TextMap&) { all.push_back(&f); });
    Interpreter in;
    in.limits.fuel = fuel;
    in.limits.stack = stack;
    if (const Status s = in.load(unit_.module, all); !s) {
      error_ = std::string("interpreter: ") + describe(s.error);
      return false;
    }
    in.memory().check_accesses();
    expected_.clear();
    for (usize n = 0; n < cases_.size() && error_.empty(); ++n) {
      Outcome& o = expected_.emplace_back();
      AtPoint here{cases_[n].patches, o};
      in.hooks.context = &here;
      in.hooks.point = &AtPoint::come;
      const Run r = in.run(function(n), cases_[n].arguments);
      if (o.kind == Outcome::Kind::left) continue;
      if (r.end == RunEnd::returned) {
        o.kind = Outcome::Kind::returned;
        o.values.assign(r.values.begin(), r.values.end());
      } else if (r.end == RunEnd::trapped) {
        o.kind = Outcome::Kind::trapped;
      } else if (r.end == RunEnd::guard_failed) {
        o.kind = Outcome::Kind::left;
        o.exit = FrameAtExit::interpreted(in, *r.function, FrameStateRef(static_cast<u32>(r.detail)));
      } else {
        error_ = fmt::format("interpreter: {}: {} {}", call_text(n), describe(r.end), r.message);
      }
    }
    return error_.empty();
  }

  // Optimises the program; its text and what is expected stay. What went wrong, or nothing.
  std::string optimise(OptLevel level) {
    level_ = level;
    return tools::optimise_checked(unit_, PassList(level));
  }
  OptLevel level() const { return level_; }

  // The first call that ended otherwise than expected; cases().size() if none did.
  usize first_difference(const std::vector<Outcome>& got) const {
    usize n = 0;
    while (n < cases_.size() && n < got.size() && as_expected(n, got[n])) ++n;
    return n;
  }

  std::string call_text(usize n) const {
    std::string s;
    const std::vector<Type> types = parameter_types(function(n));
    for (usize i = 0; i < cases_[n].arguments.size(); ++i)
      s += (i != 0 ? ", " : "") + constant_text(types[i], cases_[n].arguments[i]);
    return fmt::format("@{}({})", cases_[n].function, s);
  }
  std::string patched_call_text(usize n) const {
    static constexpr const char* how[] = {"", ", stopped at points,", ", with patch points that leave,"};
    return call_text(n) + how[static_cast<u8>(cases_[n].patches)];
  }
  // Whether calls up to n do something that `jitkit run` does not: patch points with a meaning.
  bool patched(usize n) {
    bool any = cases_[n].patches != Patches::none;
    unit_.for_each([&](const FunctionData& f, TextMap&) {
      for (u32 b = 1; b < f.blocks.size(); ++b)
        for (Inst i = f.blocks[b].first; i; i = f[i].next)
          any = any || (f[i].op == Opcode::patch_point && f[i].results != 0);
    });
    return any;
  }
  // How call n differs from what is expected.
  std::string difference_text(usize n, const Outcome& got) const {
    const auto text = [&](const Outcome& o, bool expectation) {
      return o.kind == Outcome::Kind::left ? o.exit.text() : outcome_text(n, o, expectation);
    };
    const std::string stops = expected_[n].stops.difference(got.stops);
    if (!stops.empty() && got.kind == expected_[n].kind) return fmt::format("{} {}", patched_call_text(n), stops);
    return fmt::format("{} == {}, not {}", patched_call_text(n), text(got, false), text(expected_[n], true));
  }
  // `expected`: a NaN is any.
  std::string outcome_text(usize n, const Outcome& o, bool expectation) const {
    if (o.trap()) return "trap";
    if (o.kind != Outcome::Kind::returned) return o.kind == Outcome::Kind::none ? "not run" : o.message;
    const std::vector<Type> types = result_types(function(n));
    std::string s;
    for (usize i = 0; i < o.values.size(); ++i)
      s += (i != 0 ? ", " : "") +
           (expectation && is_nan(types[i], o.values[i]) ? "nan" : constant_text(types[i], o.values[i]));
    return o.values.size() == 1 ? s : "(" + s + ")";
  }

  Shape shape() {
    Shape s;
    unit_.for_each([&](const FunctionData& f, TextMap&) {
      ++s.functions;
      s.blocks += f.blocks.size() - 1;
      for (u32 b = 1; b < f.blocks.size(); ++b)
        for (Inst i = f.blocks[b].first; i; i = f[i].next) {
          ++s.ops;
          s.native += is_native(f[i].op) ? 1 : 0;
          s.calls = s.calls || is_call(f[i].op);
          s.guards =
              s.guards || f[i].op == Opcode::guard || f[i].op == Opcode::guard_not || f[i].op == Opcode::load_trap;
        }
      Arena arena;
      Cfg cfg;
      cfg.compute(f, arena);
      for (u32 b = 1; b < f.blocks.size(); ++b) s.loops = s.loops || (cfg.reachable(Block(b)) && cfg.loop(Block(b)));
    });
    return s;
  }

 private:
  // What the interpreter does at points.
  struct AtPoint {
    Patches patches;
    Outcome& outcome;

    static bool come(void* context, Interpreter& in, const FunctionData& f, Inst at, std::span<Datum> results) {
      const auto& [patches, o] = *static_cast<AtPoint*>(context);
      const bool nops = f[at].op == Opcode::patch_point && results.empty();
      const FrameStateRef state(f[at].aux);
      for (u32 k = 0; k < results.size(); ++k)
        results[k] = {{patch_result(f.frame_states[state.id].id, k, f.type(f.result(at, k))), 0}};
      if (nops && patches == Patches::jumps) {
        o.kind = Outcome::Kind::left;
        o.exit = FrameAtExit::interpreted(in, f, state);
        return false;
      }
      if (patches != Patches::none || !results.empty()) o.stops.add(Stop::interpreted(in, f, at));
      return true;
    }
  };

  void take() {
    const IsaInfo* const targets[] = {&arm64::Isa::isa_info(), &x86_64::Isa::isa_info()};
    if (!parse(text_, unit_, targets, errors_) || !verify(unit_, errors_)) {
      StringSink out(error_);
      out << "not valid: ";
      errors_.print(out, "program");
      return;
    }
    for (const Case& c : cases_) {
      functions_.push_back(unit_.find(std::string_view(c.function)));
      if (functions_.back() == nullptr) error_ = "no function @" + c.function;
    }
  }

  bool as_expected(usize n, const Outcome& got) const {
    const Outcome& want = expected_[n];
    if (want.kind != got.kind || want.values.size() != got.values.size()) return false;
    const std::vector<Type> types = result_types(function(n));
    for (usize k = 0; k < want.values.size(); ++k)
      if (!same(types[k], want.values[k], got.values[k])) return false;
    return want.exit.matches(got.exit) && want.stops.difference(got.stops).empty();
  }

  u64 seed_ = 0;
  OptLevel level_ = OptLevel::none;
  std::string text_;
  Unit unit_;
  Diagnostics errors_;
  std::vector<Case> cases_;
  std::vector<const FunctionData*> functions_;  // of the cases
  std::vector<Outcome> expected_;
  std::string error_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_PROGRAM_HPP
