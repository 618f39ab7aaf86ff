// Emission for x86-64: the sequences with control flow of their own, switches, division and loops of
// atomics. Part of Emitter (emitter.hpp).
#ifndef JITKIT_EMIT_X86_64_EMITTER_MACROS_HPP
#define JITKIT_EMIT_X86_64_EMITTER_MACROS_HPP

#include <jitkit/emit/x86_64/emitter.hpp>
#include <jitkit/ir/support/sort.hpp>


namespace jitkit::inline JITKIT_ABI::x86_64 {

// ---- switches ----

inline void Emitter::compare_with(u8 x, u8 temp, bool wide, i64 value) {
  if (!wide) return put(F::cmp_ri_32, {x}, static_cast<i32>(value));
  if (fits_signed(value, 32)) return put(F::cmp_ri_64, {x}, value);
  constant(temp, static_cast<u64>(value));
  put(F::cmp_rr_64, {x, temp});
}

// Sorted cases: halves of them, until few are left.
inline void Emitter::search(const Case* cases, u32 count, const MachInst& m, Label other) {
  const u8 x = reg(m, 0), temp = reg(m, 1);
  const bool wide = m.aux == 3;
  if (count <= 4) {
    for (u32 n = 0; n < count; ++n) {
      compare_with(x, temp, wide, cases[n].value);
      jump_if(Cond::e, edge_label(cases[n].edge));
    }
    return emit_jump(other);
  }
  const u32 half = count / 2;
  const Label upper = new_label();
  compare_with(x, temp, wide, cases[half].value);
  jump_if(Cond::ge, upper);
  search(cases, half, m, other);
  bind(upper);
  search(cases + half, count - half, m, other);
}

// Dense cases by a table of distances, others by comparisons.
inline void Emitter::emit_switch(const MachInst& m) {
  const u32 count = static_cast<u32>(m.imm) - 1;
  const u8 x = reg(m, 0), index = reg(m, 1), target = reg(m, 2);
  const bool wide = m.aux == 3;
  const Label other = edge_label(m.extra + count);
  jitkit::Vec<Case> cases(arena_);
  for (u32 n = 0; n < count; ++n) {
    const i64 v = fn_[ir::Edge(m.extra + n)].case_value;
    if (!cases.push({wide ? v : static_cast<i32>(v), m.extra + n})) return;
  }
  sort(Span<Case>(cases.data(), count), [](const Case& a, const Case& b) { return a.value < b.value; });
  const u64 span = count == 0 ? 0 : static_cast<u64>(cases[count - 1].value) - static_cast<u64>(cases[0].value);
  if (count < 5 || span >= u64{count} * 4) return search(cases.data(), count, m, other);
  const i64 least = cases[0].value;
  if (!wide || (fits_signed(least, 32) && least != INT32_MIN)) {
    load(wide ? F::lea_rm_64 : F::lea_rm_32, index, based(x, static_cast<i32>(0 - static_cast<u64>(least))));
  } else {
    constant(index, 0 - static_cast<u64>(least));
    put(F::add_rr_64, {index, x});
  }
  put(wide ? F::cmp_ri_64 : F::cmp_ri_32, {index}, static_cast<i64>(span));
  jump_if(Cond::a, other);
  const Label table = new_label();
  const u8 relative[3] = {target, reg_rip, reg_none};
  put(F::lea_rm_64, relative);
  code_.use_label(table, FixupKind::x86_rel32, offset() - 4);
  Memory entry = based(target, 0);
  entry.index = index;
  entry.scale = 2;
  load(F::movsxd_rm, index, entry);
  put(F::add_rr_64, {index, target});
  if (options_.landing_pads) code_.put8(0x3e);  // notrack: the targets are no landing pads
  put(F::jmp_r, {index});
  jitkit::Vec<Label> targets(arena_);
  if (!targets.assign(static_cast<u32>(span) + 1, other)) return;
  for (const Case& c : cases)
    targets[static_cast<u32>(static_cast<u64>(c.value) - static_cast<u64>(least))] = edge_label(c.edge);
  code_.jump_table(table, {targets.data(), targets.size()});
}

// ---- division ----

// Of rax by y, with the two cases the processor refuses: by zero, and by -1.
inline void Emitter::emit_divide(const MachInst& m) {
  const bool is_signed = (m.aux & divide_flag::is_signed) != 0, remainder = (m.aux & divide_flag::remainder) != 0;
  const bool wide = (m.aux & divide_flag::wide) != 0;
  const u8 y = reg(m, 2), low = preg::rax.id, high = preg::rdx.id;
  const Label zero = new_label(), minus_one = new_label(), done = new_label();
  put(sized_for(wide, F::test_rr_32, F::test_rr_64), {y, y});
  jump_if(Cond::e, zero);
  if (is_signed) {
    put(sized_for(wide, F::cmp_ri_32, F::cmp_ri_64), {y}, -1);
    jump_if(Cond::e, minus_one);
    put(sized_for(wide, F::idiv_r_32, F::idiv_r_64), {y});
  } else {
    put(sized_for(wide, F::div_r_32, F::div_r_64), {y});
  }
  emit_jump(done);
  if (is_signed) {
    bind(minus_one);
    if (remainder)
      put(F::xor_rr_32, {high, high});
    else
      put(sized_for(wide, F::neg_r_32, F::neg_r_64), {low});
    emit_jump(done);
  }
  bind(zero);
  if (remainder)
    put(sized_for(wide, F::mov_rr_32, F::mov_rr_64), {high, low});
  else
    put(F::xor_rr_32, {low, low});
  bind(done);
}

// ---- atomics ----

// Until nothing came between: temp = old op operand, stored if memory still holds old (in rax; loaded by
// selection, then by each failure).
inline void Emitter::emit_atomic_loop(const MachInst& m) {
  const u32 packed = static_cast<u32>(packed_imm(m.imm));
  const AtomicOp op = static_cast<AtomicOp>(packed & 0xff);
  const u32 bits = 8U << (packed >> 8);
  const u8 operand = reg(m, 2), old = preg::rax.id, temp = reg(m, 5);
  const Memory place = memory(m, reg(m, 0), reg(m, 1));
  const Label again = new_label();
  bind(again);
  put(F::mov_rr_64, {temp, old});
  switch (op) {
    case AtomicOp::and_: put(F::and_rr_64, {temp, operand}); break;
    case AtomicOp::or_: put(F::or_rr_64, {temp, operand}); break;
    case AtomicOp::xor_: put(F::xor_rr_64, {temp, operand}); break;
    default: {
      const Cond takes_operand = op == AtomicOp::smin ? Cond::g : op == AtomicOp::smax ? Cond::l
                                 : op == AtomicOp::umin ? Cond::a : Cond::b;
      put(sized(F::cmp_rr_8, bits), {old, operand});
      put(form_for(F::cmovo_rr_64, takes_operand), {temp, operand});
    }
  }
  store(sized(F::lock_cmpxchg_mr_8, bits), place, temp);
  jump_if(Cond::ne, again);
}

inline void Emitter::emit_exchange_pair(const MachInst& m) {
  const Label again = new_label();
  bind(again);
  u8 regs[2];
  put_memory(F::lock_cmpxchg16b_m, regs, 0, memory(m, reg(m, 0), reg(m, 1)));
  jump_if(Cond::ne, again);
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_EMITTER_MACROS_HPP
