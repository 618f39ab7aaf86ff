// The verifier on random programs whose instructions were changed: any opcode, type, option and operand
// that is in range. What it accepts the interpreter runs to some end, and both compilers either compile,
// with the allocation proved, or refuse.
// soak: 50000
// inputs: 500
#include <compilers.hpp>
#include <jitkit/ir/interpreter.hpp>
#include <jitkit/ir/pass.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cstdlib>
#include <cstring>
#include <vector>

#include <fuzz/random_program.hpp>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

// Numbers out of the input, zeroes behind its end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  u32 next() {
    u32 v = 0;
    for (u32 n = 0; n < 3; ++n) v = v << 8 | (at_ < size_ ? data_[at_++] : 0U);
    return v;
  }
  u32 below(u32 n) { return n == 0 ? 0 : next() % n; }
  bool more() const { return at_ < size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

void change(FunctionData& f, Input& in) {
  if (f.insts.size() < 2) return;
  InstData& d = f.insts[1 + in.below(f.insts.size() - 1)];
  if (d.op == Opcode::none) return;
  switch (in.below(8)) {
    case 0:
      // An op's edges and operands are where its kind says: only among plain ops.
      if (!is_terminator(d.op) && d.operands <= 2) {
        const Opcode op = static_cast<Opcode>(1 + in.below(core_op_count - 1));
        if (!is_terminator(op) && !is_call(op)) d.op = op;
      }
      return;
    case 1: d.type = static_cast<Type>(in.below(type_count)); return;
    case 2: d.flags = static_cast<u8>(in.next()); return;
    case 3:
      if (!is_terminator(d.op)) d.aux = in.below(40);
      return;
    case 4:
    case 5:
      if (d.operands != 0 && d.operands <= 2) d.ops[in.below(d.operands)] = in.below(f.values.size());
      return;
    case 6: f.values[1 + in.below(f.values.size() - 1)].type = static_cast<Type>(in.below(type_count)); return;
    default:
      if (f.edges.size() > 1) f.edges[1 + in.below(f.edges.size() - 1)].target = Block(in.below(f.blocks.size() + 1));
  }
}

// Uses are counted anew: selection relies on them.
void count_uses(FunctionData& f) {
  for (ValueData& v : f.values) v.uses = 0;
  for_each_use(f, [&](u32 v) { ++f.values[v].uses; });
}

template <class T>
void compile(const FunctionData& f, const typename T::Options& options) {
  ir::Compiler<T> c(options);
  c.check_allocations = true;
  typename T::Buffer code;
  const Status s = c.compile(f, code);
  if (s.error == Error::invalid_ir || s.error == Error::no_register) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Unit unit;
  fuzz::RandomProgram(data[0], unit).build();
  Input in(data + 1, size - 1);
  std::vector<FunctionData*> all;
  unit.for_each([&](FunctionData& f, TextMap&) { all.push_back(&f); });
  for (u32 n = 0; n < 12 && in.more(); ++n) change(*all[in.below(static_cast<u32>(all.size()))], in);
  Diagnostics errors;
  const bool good = verify(unit, errors);
  if (good != errors.empty()) std::abort();
  if (!good) return 0;
  for (FunctionData* f : all) count_uses(*f);

  x86_64::Isa::Options x86 = {};
  x86.features = x86_64::Isa::core_features();
  arm64::Isa::Options arm = {};
  arm.features = arm64::Isa::core_features();
  const Convention custom_x86[] = {x86_64::conventions[0]}, custom_arm[] = {arm64::aapcs64};
  x86.conventions = custom_x86;
  arm.conventions = custom_arm;
  for (const FunctionData* f : all) {
    compile<x86_64::Isa>(*f, x86);
    compile<arm64::Isa>(*f, arm);
  }

  Interpreter interpreter;
  interpreter.limits.fuel = 20000;
  const std::vector<const FunctionData*> functions(all.begin(), all.end());
  if (!interpreter.load(unit.module, functions)) return 0;
  interpreter.memory().check_accesses();
  const std::vector<Datum> arguments(unit.module.params(all[0]->signature).size());
  interpreter.run(*all[0], arguments);
  return 0;
}
