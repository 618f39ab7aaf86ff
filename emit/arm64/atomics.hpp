// Selection for AArch64: atomic accesses and fences with C11 orders. Part of Lower (lower.hpp).
//
// Mapping: acquire loads are ldar, or ldapr where it exists and the order is not seq_cst; release
// stores are stlr; read-modify-write is one LSE instruction with the order's suffix, else a loop of
// load- and store-exclusive. A loop stays one MachInst until emission, so that the allocator can put
// nothing between its halves; its temporaries are early defs and what it reads are late uses. A result
// nobody wants still has a register: an LSE load into the zero register would lose its acquire order.
// Source: Arm ARM B2.3 (ordering), C6.2; C11 mappings as in "C/C++11 mappings to processors" (Cambridge).
#ifndef JITKIT_EMIT_ARM64_ATOMICS_HPP
#define JITKIT_EMIT_ARM64_ATOMICS_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

namespace detail {

constexpr bool acquires(ir::Order o) {
  return o == ir::Order::acquire || o == ir::Order::acq_rel || o == ir::Order::seq_cst;
}
constexpr bool releases(ir::Order o) {
  return o == ir::Order::release || o == ir::Order::acq_rel || o == ir::Order::seq_cst;
}
// imm of the loops: log2 of the bytes, order, operation.
constexpr u64 loop_bits(unsigned log2, ir::Order o, ir::Opcode op = ir::Opcode::none) {
  return log2 | (acquires(o) ? 4U : 0U) | (releases(o) ? 8U : 0U) | u64{static_cast<u16>(op)} << 8;
}
// The LSE row of an operation: those of one operation are 16 rows, four sizes for each of four orders.
constexpr Form lse_form(ir::Opcode op) {
  using ir::Opcode;
  switch (op) {
    case Opcode::atomic_add:
    case Opcode::atomic_sub: return Form::ldaddb;
    case Opcode::atomic_and: return Form::ldclrb;
    case Opcode::atomic_or: return Form::ldsetb;
    case Opcode::atomic_xor: return Form::ldeorb;
    case Opcode::atomic_smin: return Form::ldsminb;
    case Opcode::atomic_smax: return Form::ldsmaxb;
    case Opcode::atomic_umin: return Form::lduminb;
    case Opcode::atomic_umax: return Form::ldumaxb;
    default: return Form::swpb;
  }
}
static_assert(static_cast<u16>(Form::ldaddal_x) == static_cast<u16>(Form::ldaddb) + 15);
constexpr unsigned order_row(ir::Order o) { return (acquires(o) ? 4U : 0U) + (releases(o) ? 8U : 0U); }

}  // namespace detail

inline ir::Order order_of(const ir::InstData& d) { return ir::MemFlags(d.flags).order(); }

// Exclusives and LSE take a register and nothing else.
inline ir::VReg Lower::plain_address(Inst i) {
  i64 offset = static_cast<i32>(fn_[i].aux);
  const Value base = root(fn_.operand(i, 0), offset);
  const Inst s = made_by(base, Opcode::stack_addr);
  return address_register(s ? frame(fn_[s].aux, offset) : at(vreg(base), offset));
}

inline void Lower::atomic_load(Inst i) {
  const InstData& d = fn_[i];
  if (d.type == Type::i128) return atomic_load_wide(i);
  const ir::Order o = order_of(d);
  const unsigned log2 = detail::access_forms(d.type).size_log2;
  if (!detail::acquires(o))
    return load_from(d.type, result_vreg(i), address(fn_.operand(i, 0), static_cast<i32>(d.aux), log2));
  const bool weak = o != ir::Order::seq_cst && has(Feature::rcpc);
  op_dn(next(weak ? Form::ldaprb : Form::ldarb, log2), result_vreg(i), plain_address(i));
}

inline void Lower::atomic_store(Inst i) {
  const InstData& d = fn_[i];
  if (d.type == Type::i128) return atomic_store_wide(i);
  const unsigned log2 = detail::access_forms(d.type).size_log2;
  const VReg v = vreg_or_zero(fn_.operand(i, 1));
  if (!detail::releases(order_of(d)))
    return store_to(d.type, v, address(fn_.operand(i, 0), static_cast<i32>(d.aux), log2));
  put(next(Form::stlrb, log2), fields(RegField::d, RegField::n), zero_in(v, RegField::d),
      {Reg::use(v), Reg::use(plain_address(i))});
}

inline void Lower::atomic_update(Inst i) {
  const InstData& d = fn_[i];
  if (d.type == Type::i128) return atomic_exchange_wide(i);
  const ir::Order o = order_of(d);
  const unsigned log2 = detail::access_forms(d.type).size_log2;
  const VReg at_address = plain_address(i), old = result_vreg(i);
  VReg y = operand_vreg(i, 1);
  if (!has(Feature::lse)) {
    const bool compares = d.op >= Opcode::atomic_smin && d.op <= Opcode::atomic_umax;
    return put_macro(Macro::exchange_loop,
                     {Reg::late_use(at_address), Reg::late_use(y), Reg::early_def(old),
                      Reg::early_def(new_vreg(register_type(d.type))), Reg::early_def(new_vreg(Type::i32))},
                     detail::loop_bits(log2, o, d.op), 0, compares ? ir::mach_writes_flags : u8{0});
  }
  if (d.op == Opcode::atomic_sub || d.op == Opcode::atomic_and) {
    const VReg turned = new_vreg(register_type(d.type));
    op_dm(sized(d.op == Opcode::atomic_sub ? Form::neg_shift_w : Form::mvn_shift_w, d.type), turned, y);
    y = turned;
  }
  put(next(detail::lse_form(d.op), log2 + detail::order_row(o)), fields(RegField::m, RegField::d, RegField::n), 0,
      {Reg::use(y), Reg::def(old), Reg::use(at_address)});
}

inline void Lower::atomic_compare(Inst i) {
  const InstData& d = fn_[i];
  if (d.type == Type::i128) return atomic_compare_wide(i);
  const ir::Order o = order_of(d);
  const unsigned log2 = detail::access_forms(d.type).size_log2;
  const VReg at_address = plain_address(i), old = result_vreg(i), desired = operand_vreg(i, 2);
  if (has(Feature::lse)) {
    constexpr unsigned order_rows = 4;
    const unsigned row = (detail::acquires(o) ? order_rows : 0) + (detail::releases(o) ? 2 * order_rows : 0);
    return put(next(Form::casb, log2 + row), fields(RegField::m, RegField::none, RegField::d, RegField::n), 0,
               {Reg::use(operand_vreg(i, 1)), Reg::def_tied(old), Reg::use(desired), Reg::use(at_address)});
  }
  const VReg expected = extended(fn_.operand(i, 1), false);
  put_macro(Macro::compare_loop,
            {Reg::late_use(at_address), Reg::late_use(expected), Reg::late_use(desired), Reg::early_def(old),
             Reg::early_def(new_vreg(Type::i32))},
            detail::loop_bits(log2, o), 0, ir::mach_writes_flags);
}
static_assert(static_cast<u16>(Form::casalb) == static_cast<u16>(Form::casb) + 12);

// ---- 128 bits ----
// A pair read by a load-exclusive is one access only if its store-exclusive succeeds, so every loop
// stores: the old value where nothing changes.

inline void Lower::atomic_load_wide(Inst i) {
  const Wide d = wide_result(i);
  put_macro(Macro::pair_load_loop,
            {Reg::late_use(plain_address(i)), Reg::early_def(d.low), Reg::early_def(d.high),
             Reg::early_def(new_vreg(Type::i32))},
            detail::loop_bits(3, order_of(fn_[i])));
}

inline void Lower::atomic_store_wide(Inst i) {
  const Wide y = wide(fn_.operand(i, 1));
  put_macro(Macro::pair_exchange_loop,
            {Reg::late_use(plain_address(i)), Reg::late_use(y.low), Reg::late_use(y.high),
             Reg::early_def(new_vreg(Type::i64)), Reg::early_def(new_vreg(Type::i64)),
             Reg::early_def(new_vreg(Type::i32))},
            detail::loop_bits(3, order_of(fn_[i])));
}

inline void Lower::atomic_exchange_wide(Inst i) {
  const Wide y = wide(fn_.operand(i, 1)), d = wide_result(i);
  put_macro(Macro::pair_exchange_loop,
            {Reg::late_use(plain_address(i)), Reg::late_use(y.low), Reg::late_use(y.high),
             Reg::early_def(d.low), Reg::early_def(d.high), Reg::early_def(new_vreg(Type::i32))},
            detail::loop_bits(3, order_of(fn_[i])));
}

inline void Lower::atomic_compare_wide(Inst i) {
  const Wide x = wide(fn_.operand(i, 1)), y = wide(fn_.operand(i, 2)), d = wide_result(i);
  put_macro(Macro::pair_compare_loop,
            {Reg::late_use(plain_address(i)), Reg::late_use(x.low), Reg::late_use(x.high),
             Reg::late_use(y.low), Reg::late_use(y.high), Reg::early_def(d.low), Reg::early_def(d.high),
             Reg::early_def(new_vreg(Type::i32))},
            detail::loop_bits(3, order_of(fn_[i])), 0, ir::mach_writes_flags);
}

inline void Lower::fence(Inst i) {
  const ir::Order o = order_of(fn_[i]);
  if (o == ir::Order::relaxed) return;
  const Barrier b = o == ir::Order::acquire ? Barrier::ishld : Barrier::ish;
  put(Form::dmb, 0, static_cast<u32>(b) << 8, {});
}
static_assert(static_cast<u8>(Barrier::ishld) == 9);

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_ATOMICS_HPP
