// A random program as a test: its text (what is executed is what a reader of the text gets), the calls to
// make, and what the interpreter says they give.
#ifndef JITKIT_TESTS_RANDOM_IR_PROGRAM_HPP
#define JITKIT_TESTS_RANDOM_IR_PROGRAM_HPP

#include <jitkit/ir/printer.hpp>

#include <memory>

#include "../filetest/executor.hpp"
#include "../filetest/expected_errors.hpp"
#include "../support/random_program.hpp"

namespace random_ir {

using namespace filetest;
using test::RandomProgram;

// Shares and means over programs, for the report.
struct Shape {
  u32 ops = 0;
  u32 blocks = 0;
  bool loops = false;
  bool calls = false;
  bool spills = false;
};

class Program {
 public:
  static constexpr u32 calls = 3;

  // By the seed, or from text with the arguments of each call.
  explicit Program(u64 seed) : seed_(seed) {
    ir::Unit made;
    RandomProgram random(seed, made);
    random.build();
    for (u32 n = 0; n < calls; ++n) arguments_.push_back(random.arguments());
    std::string text;
    StringSink out(text);
    ir::print(made, out);
    take(std::move(text));
  }
  Program(std::string text, std::vector<std::vector<Bits>> arguments) : arguments_(std::move(arguments)) { take(std::move(text)); }

  u64 seed() const { return seed_; }
  FileTest& test() { return test_; }
  const std::string& text() const { return test_.text; }
  const std::vector<Case>& cases() const { return cases_; }
  const std::vector<std::vector<Bits>>& arguments() const { return arguments_; }

  // What makes it unusable: a mistake of the generator, parser or verifier. Empty if nothing does.
  const std::string& error() const { return error_; }

  // Runs the interpreter and takes its results as the expected ones; false if it did not come to an end
  // that machine code can come to as well.
  bool interpret() {
    if (!error_.empty()) return false;
    Batch b{&test_, &cases_};
    InterpreterExecutor().execute({&b, 1});
    error_ = b.failure;
    for (usize n = 0; n < cases_.size() && error_.empty(); ++n) {
      const Outcome& o = b.outcomes[n];
      cases_[n].traps = o.kind == Outcome::Kind::trapped;
      cases_[n].values = o.values;
      if (o.kind != Outcome::Kind::returned && !cases_[n].traps) error_ = "interpreter: " + outcome_text(cases_[n], o);
      const std::vector<ir::Type> types = result_types(*cases_[n].function);
      cases_[n].any_nan.clear();
      for (usize k = 0; k < o.values.size(); ++k) cases_[n].any_nan.push_back(is_nan(types[k], o.values[k].low));
    }
    return error_.empty();
  }

  // What differs; empty if nothing does.
  std::string differences(const Batch& b) const {
    if (!b.failure.empty()) return b.failure;
    std::string s;
    for (usize n = 0; n < cases_.size(); ++n)
      if (!as_expected(cases_[n], b.outcomes[n]))
        s += fmt::format("\n  @{}{} == {}, not {}", name(cases_[n]), call_text(cases_[n]), outcome_text(cases_[n], b.outcomes[n]),
                         expected_text(cases_[n]));
    return s;
  }

  // The program as a filetest.
  std::string filetest() const {
    std::string s = "; test: run\n" + text();
    for (const Case& c : cases_) s += fmt::format("; run: @{}{} == {}\n", name(c), call_text(c), expected_text(c));
    return s;
  }

  Shape shape() {
    Shape s;
    test_.unit->for_each([&](const ir::FunctionData& f, ir::TextMap&) {
      s.blocks += f.blocks.size() - 1;
      for (u32 b = 1; b < f.blocks.size(); ++b)
        for (ir::Inst i = f.blocks[b].first; i; i = f[i].next) {
          ++s.ops;
          s.calls = s.calls || ir::is_call(f[i].op);
        }
      Arena arena;
      ir::Cfg cfg;
      cfg.compute(f, arena);
      for (u32 b = 1; b < f.blocks.size(); ++b) s.loops = s.loops || (cfg.reachable(ir::Block(b)) && cfg.loop(ir::Block(b)));
    });
    return s;
  }

 private:
  static std::string_view name(const Case& c) { return c.function->module->symbol_name(c.function->symbol); }

  void take(std::string text) {
    test_.take(std::move(text), {});
    if (!test_.errors.empty()) {
      error_ = "not valid: " + error_text(test_.errors, 0);
      return;
    }
    const ir::FunctionData* first = test_.unit->find(std::string_view("f0"));
    const ir::FunctionData* memory = test_.unit->find(std::string_view("memory"));
    if (first == nullptr) {
      error_ = "no function @f0";
      return;
    }
    for (const std::vector<Bits>& list : arguments_) {
      Case c;
      c.function = first;
      for (const Bits& b : list) c.arguments.push_back({b});
      cases_.push_back(std::move(c));
    }
    if (memory == nullptr) return;
    Case c;
    c.function = memory;
    cases_.push_back(std::move(c));
  }

  u64 seed_ = 0;
  FileTest test_{"random"};
  std::vector<Case> cases_;
  std::vector<std::vector<Bits>> arguments_;
  std::string error_;
};

}  // namespace random_ir

#endif  // JITKIT_TESTS_RANDOM_IR_PROGRAM_HPP
