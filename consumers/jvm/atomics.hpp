// AArch64's atomics: 16 functions that libjvm's own C++ code calls through pointers, with a convention of their own
// (conventions.hpp).
//
// The `conservative` order of HotSpot is a full barrier on both sides, of an exchange that has both orders itself behind
// it alone, as in HotSpot's stubs.
// Source: openjdk-17, src/hotspot/os_cpu/linux_aarch64/atomic_linux_aarch64.hpp and .S.
#ifndef JITKIT_CONSUMERS_JVM_ATOMICS_HPP
#define JITKIT_CONSUMERS_JVM_ATOMICS_HPP

#include <jitkit/consumers/jvm/adapter.hpp>

namespace jitkit::inline JITKIT_ABI::hotspot {

template <class Isa>
void build_atomic(ir::Function<Isa>& f, const Kernel& k, bool single_instructions) {
  const ir::Type type = k.block_bytes == 1 ? ir::Type::i8 : k.block_bytes == 4 ? ir::Type::i32 : ir::Type::i64;
  const Role result = k.convention.result;
  const bool compares = k.convention.has(Role::expected), adds = k.convention.has(Role::addend);
  const bool conservative = result == Role::old;
  // An exclusive pair that fails stores nothing, and orders nothing either.
  const bool barrier_first = conservative && compares && !single_instructions;
  const ir::Order order = result == Role::old_relaxed || barrier_first ? ir::Order::relaxed
                          : result == Role::old_release                ? ir::Order::release
                                                                       : ir::Order::acq_rel;

  ir::Builder b(f);
  const ir::Block entry = b.entry();
  const auto narrow = [&](unsigned n) {
    const ir::Value v = b.param(entry, n);
    return type == ir::Type::i64 ? v : b.trunc(type, v);
  };
  const ir::Value cell = b.param(entry, 0);
  if (barrier_first) b.fence(ir::Order::seq_cst);
  const ir::Value old = compares ? b.atomic_cas(cell, narrow(1), narrow(2), order)
                        : adds   ? b.atomic_add(cell, narrow(1), order)
                                 : b.atomic_xchg(cell, narrow(1), order);
  if (conservative) b.fence(ir::Order::seq_cst);
  b.ret({type == ir::Type::i64 ? old : b.zext(ir::Type::i64, old)});
}

// All of them. single_instructions: the CPU has FEAT_LSE.
inline void add_atomics(Adapter& adapter, bool single_instructions) {
  for (const Kernel& k : kernels)
    if (k.convention.has(Role::cell)) adapter.add(k.group, [&](auto& f) { build_atomic(f, k, single_instructions); });
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_ATOMICS_HPP
