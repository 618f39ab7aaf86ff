// What can execute the calls of run tests: the interpreter, this machine, a guest under QEMU.
//
// An executor gets every case of every file at once, so that one that starts a process or maps memory
// does so once.
#ifndef JITKIT_TESTS_FILETEST_EXECUTOR_HPP
#define JITKIT_TESTS_FILETEST_EXECUTOR_HPP

#include <jitkit/ir/interpreter.hpp>

#include <span>
#include <string>
#include <vector>

#include "run_lines.hpp"

namespace filetest {

// One file's calls. Outcomes come back in the order of the cases.
struct Batch {
  FileTest* test = nullptr;
  const std::vector<Case>* cases = nullptr;
  std::vector<Outcome> outcomes = {};
  std::string failure = {};  // of the file as a whole: it cannot be compiled, say
  bool spills = false;       // some function of it has spill slots, where it was compiled
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual const char* name() const = 0;
  // Whether it runs only the files whose `only` names it, not its target.
  virtual bool on_request() const { return false; }
  // What is missing for this executor to work here; empty if nothing is.
  virtual std::string missing() = 0;
  // The functions of which target it can run beside those of none; null: of no target.
  virtual const ir::IsaInfo* isa() const = 0;
  virtual void execute(std::span<Batch> batches) = 0;
};

class InterpreterExecutor : public Executor {
 public:
  static constexpr u64 fuel = 10'000'000;
  static constexpr u64 stack = 4 << 20;

  const char* name() const override { return "interp"; }
  std::string missing() override { return {}; }
  const ir::IsaInfo* isa() const override { return nullptr; }

  void execute(std::span<Batch> batches) override {
    for (Batch& b : batches) execute(b);
  }

 private:
  void execute(Batch& b) {
    std::vector<const ir::FunctionData*> functions;
    b.test->unit->for_each([&](ir::FunctionData& f, ir::TextMap&) { functions.push_back(&f); });
    interpreter_.limits.fuel = fuel;
    interpreter_.limits.stack = stack;
    interpreter_.va_list_abi = ir::VaListAbi::none;
    for (const Directive& d : b.test->directives("va_list"))
      interpreter_.va_list_abi = d.text == "sysv" ? ir::VaListAbi::sysv : ir::VaListAbi::aapcs64;
    const Status s = interpreter_.load(b.test->unit->module, functions);
    if (!s) {
      b.failure = describe(s.error);
      return;
    }
    interpreter_.memory().check_accesses();
    for (const Case& c : *b.cases) b.outcomes.push_back(call(c));
  }

  Outcome call(const Case& c) {
    Outcome o;
    const ir::Run r = interpreter_.run(*c.function, c.arguments);
    if (r.end == ir::RunEnd::returned) {
      o.kind = Outcome::Kind::returned;
      o.values.assign(r.values.begin(), r.values.end());
    } else if (r.end == ir::RunEnd::trapped || r.end == ir::RunEnd::guard_failed) {  // an exit is a trap
      o.kind = Outcome::Kind::trapped;
    } else {
      o.kind = Outcome::Kind::failed;
      o.message = std::string(describe(r.end)) + ": " + r.message;
    }
    return o;
  }

  ir::Interpreter interpreter_;
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_EXECUTOR_HPP
