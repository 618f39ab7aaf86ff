// The programs by AsmJit's Compiler: virtual registers and its register allocator, no IR.
#include <asmjit/x86.h>

#include "case.hpp"
#include "programs.hpp"

namespace {

using namespace asmjit;
using bench::Recipe;
using bench::Step;

class Cook {
 public:
  using Value = x86::Gp;
  explicit Cook(x86::Compiler& c) : c_(c) {
    FuncNode* f = c_.addFunc(FuncSignatureT<uint64_t, uint64_t*>());
    memory_ = c_.newIntPtr();
    f->setArg(0, memory_);
  }
  Value load(int word) {
    Value d = c_.newUInt64();
    c_.mov(d, x86::ptr(memory_, word * 8));
    return d;
  }
  void store(int word, Value v) { c_.mov(x86::ptr(memory_, word * 8), v); }
  Value binary(Step s, Value a, Value b) {
    Value d = c_.newUInt64();
    c_.mov(d, a);
    switch (s) {
      case Step::add: c_.add(d, b); break;
      case Step::sub: c_.sub(d, b); break;
      case Step::mul: c_.imul(d, b); break;
      case Step::and_: c_.and_(d, b); break;
      case Step::or_: c_.or_(d, b); break;
      default: c_.xor_(d, b);
    }
    return d;
  }
  Value immediate(Step s, Value a, int imm) {
    Value d = c_.newUInt64();
    c_.mov(d, a);
    switch (s) {
      case Step::add_imm: c_.add(d, imm); break;
      case Step::and_imm: c_.and_(d, imm); break;
      case Step::xor_imm: c_.xor_(d, imm); break;
      case Step::shl_imm: c_.shl(d, imm); break;
      case Step::shr_imm: c_.shr(d, imm); break;
      default: c_.rol(d, imm);
    }
    return d;
  }
  Value select_less(Value a, Value b, Value otherwise) {
    Value d = c_.newUInt64();
    c_.mov(d, otherwise);
    c_.cmp(a, b);
    c_.cmovl(d, a);
    return d;
  }
  Value diamond(Value a, Value b, Value d, int imm) {
    const Label no = c_.newLabel(), join = c_.newLabel();
    Value result = c_.newUInt64();
    c_.cmp(a, b);
    c_.jge(no);
    c_.mov(result, a);
    c_.add(result, imm);
    c_.jmp(join);
    c_.bind(no);
    c_.mov(result, b);
    c_.xor_(result, d);
    c_.bind(join);
    return result;
  }
  void ret(Value v) {
    c_.ret(v);
    c_.endFunc();
  }

 private:
  x86::Compiler& c_;
  x86::Gp memory_;
};

void compile(const Recipe& recipe, CodeHolder& code) {
  code.init(Environment::host());
  x86::Compiler c(&code);
  Cook b(c);
  bench::cook(recipe, b);
  bench::require(c.finalize() == kErrorOk, "asmjit: finalize failed");
}

void add(const char* program, const Recipe& recipe) {
#if defined(__x86_64__)
  JitRuntime runtime;
  CodeHolder code;
  compile(recipe, code);
  bench::Compiled f;
  bench::require(runtime.add(&f, &code) == kErrorOk, "asmjit: no executable memory");
  const std::string what = std::string(program) + " x86_64";
  bench::require(bench::run_compiled(recipe, f) == bench::expected(recipe), "asmjit: wrong result");
  bench::facts().push_back({"bytes:" + what + "/asmjit", std::to_string(code.codeSize())});
  bench::cases().push_back({what, "asmjit", "ops", double(recipe.ops), [&recipe] {
                              CodeHolder holder;
                              compile(recipe, holder);
                            },
                            false});
#endif
}
void add_all() {
  add("line", bench::big_line());
  add("blocks", bench::thousand_blocks());
}
const bench::Register registered(add_all);

}  // namespace
