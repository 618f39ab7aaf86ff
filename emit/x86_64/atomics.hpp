// Selection of atomics and fences. x86 orders loads with loads, stores with stores and loads before
// stores; only a sequentially consistent store must be kept from later loads, which a locked
// instruction does.
//
// Invariant: the address of an atomic is evaluated once; an operation that has no instruction giving
// the old value is one compare-exchange loop (Macro::atomic_loop), expanded at emission.
// Source: Intel SDM vol. 3, 9.2 (memory ordering); mappings of C11 by Sewell et al. (Cambridge).
#ifndef JITKIT_EMIT_X86_64_ATOMICS_HPP
#define JITKIT_EMIT_X86_64_ATOMICS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline void Lower::atomic_load(Inst i) {
  const Type t = op_type(i);
  const Address a = address(i);
  if (t != Type::i128) return load_value(t, result_vreg(i), a);
  const VReg zero = integer(Type::i64, 0);
  cas_pair(a, {zero, zero}, {zero, zero}, result_pair(i));
}

inline void Lower::atomic_store(Inst i) {
  const Type t = op_type(i);
  const Address a = address(i);
  const Value y = fn_.operand(i, 1);
  if (t == Type::i128) return exchange_pair(a, pair(y), {temp(Type::i64), temp(Type::i64)});
  if (ir::MemFlags(fn_[i].flags).order() != ir::Order::seq_cst) return store_value(t, a, y);
  store_exchange(t, a, vreg(y), temp(t));
}

// d = what stood at a; y goes there.
inline void Lower::store_exchange(Type t, const Address& a, VReg y, VReg d) {
  op_mem(sized(F::xchg_mr_8, ir::bits(t)),
         {Reg::use(a.base), Reg::use(a.index), Reg::use(y), Reg::def_tied(d)}, a);
}

inline void Lower::atomic_exchange(Inst i) {
  const Address a = address(i);
  if (op_type(i) == Type::i128) return exchange_pair(a, pair(fn_.operand(i, 1)), result_pair(i));
  store_exchange(op_type(i), a, operand_vreg(i, 1), result_vreg(i));
}

inline void Lower::atomic_add(Inst i, bool subtracts) {
  const Type t = op_type(i);
  const Address a = address(i);
  const unsigned n = ir::bits(t);
  VReg y = operand_vreg(i, 1);
  if (!wanted(fn_.result(i))) return store(sized(subtracts ? F::lock_sub_mr_8 : F::lock_add_mr_8, n), a, y);
  if (subtracts) update(sized(F::neg_r_8, width(t)), y = temp(t), operand_vreg(i, 1));
  op_mem(sized(F::lock_xadd_mr_8, n),
         {Reg::use(a.base), Reg::use(a.index), Reg::use(y), Reg::def_tied(result_vreg(i))}, a);
}

inline void Lower::atomic_update(Inst i, AtomicOp o) {
  const Type t = op_type(i);
  const Address a = address(i);
  const VReg y = operand_vreg(i, 1);
  if (o <= AtomicOp::xor_ && !wanted(fn_.result(i))) {
    constexpr Form by_op[] = {F::lock_and_mr_8, F::lock_or_mr_8, F::lock_xor_mr_8};
    return store(sized(by_op[static_cast<u8>(o)], ir::bits(t)), a, y);
  }
  const u32 size = log2_floor(ir::bytes(t));
  const VReg before = temp(t);
  load_value(t, before, a);
  emit(form_of(Macro::atomic_loop),
       {Reg::late_use(a.base), Reg::late_use(a.index), Reg::late_use(y), Reg::use_fixed(before, preg::rax),
        Reg::def_fixed(result_vreg(i), preg::rax), Reg::early_def(temp(t))},
       pack(a.disp, static_cast<i32>(static_cast<u32>(o) | size << 8)), a.extra,
       static_cast<u8>(address_flags(a) | ir::mach_writes_flags), a.aux());
}

inline void Lower::atomic_cas(Inst i) {
  const Type t = op_type(i);
  const Address a = address(i);
  const Value expected = fn_.operand(i, 1), desired = fn_.operand(i, 2);
  if (t == Type::i128) return cas_pair(a, pair(expected), pair(desired), result_pair(i));
  op_mem(sized(F::lock_cmpxchg_mr_8, ir::bits(t)),
         {Reg::use(a.base), Reg::use(a.index), Reg::use(vreg(desired)), Reg::use_fixed(vreg(expected), preg::rax),
          Reg::def_fixed(result_vreg(i), preg::rax)},
         a);
}

inline void Lower::cas_pair(const Address& a, Pair expected, Pair desired, Pair found) {
  if (missing(Feature::cx16)) return;
  op_mem(F::lock_cmpxchg16b_m,
         {Reg::use(a.base), Reg::use(a.index), Reg::use_fixed(expected.lo, preg::rax), Reg::use_fixed(expected.hi, preg::rdx),
          Reg::use_fixed(desired.lo, preg::rbx), Reg::use_fixed(desired.hi, preg::rcx), Reg::def_fixed(found.lo, preg::rax),
          Reg::def_fixed(found.hi, preg::rdx)},
         a);
}

// Tries until nothing came between: each failure brings what stands there.
inline void Lower::exchange_pair(const Address& a, Pair desired, Pair found) {
  if (missing(Feature::cx16)) return;
  const Pair before{temp(Type::i64), temp(Type::i64)};
  load(F::mov_rm_64, before.lo, a);
  load(F::mov_rm_64, before.hi, at(a, 8));
  emit(form_of(Macro::exchange_pair),
       {Reg::late_use(a.base), Reg::late_use(a.index), Reg::use_fixed(desired.lo, preg::rbx),
        Reg::use_fixed(desired.hi, preg::rcx), Reg::use_fixed(before.lo, preg::rax),
        Reg::use_fixed(before.hi, preg::rdx), Reg::def_fixed(found.lo, preg::rax),
        Reg::def_fixed(found.hi, preg::rdx)},
       pack(a.disp), a.extra, static_cast<u8>(address_flags(a) | ir::mach_writes_flags), a.aux());
}

inline void Lower::lower_fence(Inst i) {
  if (ir::MemFlags(fn_[i].flags).order() == ir::Order::seq_cst) op(F::mfence, {});
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_ATOMICS_HPP
