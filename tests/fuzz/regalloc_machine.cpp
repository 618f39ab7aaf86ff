// The allocator on random machine functions of any shape: what it accepts passes the checker.
// soak: 300000
#include <jitkit/ir/regalloc.hpp>
#include <jitkit/ir/regalloc_checker.hpp>

#include <cstdlib>
#include <cstring>

#include "../support/random_machine.hpp"

using namespace jitkit;
using namespace jitkit::ir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  u64 seed = 0;
  for (std::size_t n = 7; n < size; ++n) seed = seed * 257 + data[n];
  test::RandomMachineOptions o;
  o.blocks = 1 + data[0] % 24U;
  o.insts_per_block = 1 + data[1] % 30U;
  o.gprs = 5 + data[2] % 10U;
  o.vecs = 4 + data[3] % 8U;
  o.calls = data[4] % 4 != 0;
  o.tuples = data[5] % 4 != 0;
  o.states = data[6] % 4 != 0;
  FunctionData fn;
  MachFunction mf;
  Arena arena;
  test::RandomMachine(seed, o).build(fn, mf, arena);
  RegisterInfo info = test::RandomMachine::registers(o);
  info.slot_from_def = data[6] % 8 == 1;
  Liveness live(arena);
  if (!live.compute(mf)) std::abort();
  if (!RegisterAllocator(mf, live, info, arena).run().ok()) return 0;  // a tuple may find no place
  if (!AllocationChecker(mf, info, nullptr, arena).run().ok()) std::abort();
  if (!info.slot_from_def) return 0;
  for (const MachInst& m : mf.insts)
    for (const Operand& p : mf.operands_of(m))
      if (m.state && p.constraint == ConstraintKind::any && mf[p.vreg].spilled() && p.alloc.is_reg()) std::abort();
  return 0;
}
