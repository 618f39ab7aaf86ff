// Selection of addresses, loads, stores and blocks of memory.
//
// Invariants: an address folds sums, scaled indices, stack slots and local symbols; a part that another
// consumer already has in a register is used from there. A load becomes a memory operand only where
// Selector::folds_load() lets it move.
#ifndef JITKIT_EMIT_X86_64_LOWER_MEMORY_HPP
#define JITKIT_EMIT_X86_64_LOWER_MEMORY_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// --- Addresses

// v = index << scale with a scale that an address can apply; the shift vanishes.
inline bool Lower::shifted_index(Value v, Value& index, u8& scale) const {
  const Inst i = folds(v, Opcode::shl);
  u64 count = 0;
  if (!i || !is_constant(fn_.operand(i, 1), count) || count > 3) {
    index = v;
    scale = 0;
    return false;
  }
  index = fn_.operand(i, 0);
  scale = static_cast<u8>(count);
  return true;
}

// Whether the symbol is sure to be near the code: defined in this module.
inline bool Lower::is_local(ir::SymbolRef s) const {
  return fn_.module->symbol(s).linkage != ir::Linkage::external;
}

inline Address Lower::address(Value v, i64 disp) {
  Address a;
  Value index;
  // Sums with constants cost nothing to look through unless the sum is in a register anyway.
  for (Inst i = made_by(v, Opcode::ptr_add); i && !wanted(v); i = made_by(v, Opcode::ptr_add)) {
    i64 c = 0;
    if (is_constant(fn_.operand(i, 1), c) && fits_signed(disp + c, 32)) {
      disp += c;
    } else if (!index && folds(v, Opcode::ptr_add)) {
      index = fn_.operand(i, 1);
    } else {
      break;
    }
    v = fn_.operand(i, 0);
  }
  a.disp = static_cast<i32>(disp);
  if (index) {
    Value unscaled;
    shifted_index(index, unscaled, a.scale);
    a.index = vreg(unscaled);
  }
  u64 absolute = 0;
  if (const Inst i = made_by(v, Opcode::stack_addr)) {
    a.kind = AddressKind::slot;
    a.extra = fn_[i].aux;
  } else if (const Inst s = made_by(v, Opcode::symbol_addr); s && !a.index && is_local(ir::SymbolRef(fn_[s].aux))) {
    a.kind = AddressKind::symbol;
    a.extra = fn_[s].aux;
  } else if (is_constant(v, absolute) && fits_signed(static_cast<i64>(absolute) + disp, 32)) {
    a.disp = static_cast<i32>(static_cast<i64>(absolute) + disp);
  } else {
    a.base = vreg(v);
  }
  return a;
}

inline bool Lower::memory_operand(Value v, unsigned bits, Address& a) {
  const Inst i = folds_load(v);
  if (!i || ir::bits(op_type(i)) != bits || bits > 64) return false;
  a = address(i);
  return true;
}

inline void Lower::lower_ptr_add(Inst i) {
  const Value v = fn_.result(i);
  const VReg d = result_vreg(i);
  // As a sum of its operands: v itself is wanted, so address(v) would answer v.
  i64 c = 0;
  Address a;
  if (is_constant(fn_.operand(i, 1), c) && fits_signed(c, 32)) {
    a = address(fn_.operand(i, 0), c);
  } else {
    Value index;
    shifted_index(fn_.operand(i, 1), index, a.scale);
    a.base = operand_vreg(i, 0);
    a.index = vreg(index);
  }
  lea(fn_.type(v), d, a);
}

inline void Lower::lower_stack_addr(Inst i) {
  copy(result_vreg(i), remat_vreg(Type::ptr, {form_of(Macro::slot_address), 0, fn_[i].aux}));
}

inline void Lower::lower_symbol_addr(Inst i) {
  copy(result_vreg(i), remat_vreg(Type::ptr, {form_of(Macro::symbol_address), 0, fn_[i].aux}));
}

// --- Loads and stores of a whole type

inline void Lower::load_value(Type t, VReg d, const Address& a) {
  switch (t) {
    case Type::i1:
    case Type::i8: return load(F::movzx_rm8_32, d, a);
    case Type::i16: return load(F::movzx_rm16_32, d, a);
    case Type::i32: return load(F::mov_rm_32, d, a);
    case Type::i64:
    case Type::ptr:
    case Type::ref: return load(F::mov_rm_64, d, a);
    case Type::i128:
      // The second address registers are those of the first; d.lo must not take one of them.
      op_mem(F::mov_rm_64, {Reg::early_def(d), Reg::use(a.base), Reg::use(a.index)}, a);
      return load(F::mov_rm_64, VReg(d.id + 1), at(a, 8));
    case Type::f16: {
      const VReg bits = temp(Type::i32);
      load(F::movzx_rm16_32, bits, a);
      return move_to_vec(d, bits, 32);
    }
    case Type::f32: return vec_load(F::movss_rm, F::vmovss_rm, d, a);
    case Type::f64: return vec_load(F::movsd_rm, F::vmovsd_rm, d, a);
    case Type::v64: return vec_load(F::movq_rm, F::vmovq_rm, d, a);
    case Type::v128: return vec_load(F::movups_rm, F::vmovups_rm_128, d, a);
    case Type::v256:
      if (!missing(Feature::avx)) load(F::vmovups_rm_256, d, a);
      return;
    case Type::v512: return load(evex_form(EvexId::vmovups, 512, EvexVariant::memory), d, a);
    case Type::mask: return load(F::kmovq_km, d, a);
    default: return refuse();
  }
}

inline void Lower::store_vreg(Type t, const Address& a, VReg v) {
  switch (t) {
    case Type::i1:
    case Type::i8: return store(F::mov_mr_8, a, v);
    case Type::i16: return store(F::mov_mr_16, a, v);
    case Type::i32: return store(F::mov_mr_32, a, v);
    case Type::i64:
    case Type::ptr:
    case Type::ref: return store(F::mov_mr_64, a, v);
    case Type::i128:
      store(F::mov_mr_64, a, v);
      return store(F::mov_mr_64, at(a, 8), VReg(v.id + 1));
    case Type::f16: {
      const VReg bits = temp(Type::i32);
      move_to_gpr(bits, v, 32);
      return store(F::mov_mr_16, a, bits);
    }
    case Type::f32: return vec_store(F::movss_mr, F::vmovss_mr, a, v);
    case Type::f64: return vec_store(F::movsd_mr, F::vmovsd_mr, a, v);
    case Type::v64: return vec_store(F::movq_mr, F::vmovq_mr, a, v);
    case Type::v128: return vec_store(F::movups_mr, F::vmovups_mr_128, a, v);
    case Type::v256:
      if (!missing(Feature::avx)) store(F::vmovups_mr_256, a, v);
      return;
    case Type::v512: return store(evex_form(EvexId::vmovups_st, 512, EvexVariant::memory), a, v);
    case Type::mask: return store(F::kmovq_mk, a, v);
    default: return refuse();
  }
}

inline void Lower::store_value(Type t, const Address& a, Value v) {
  i64 c = 0;
  if (ir::contains(ir::types::word, t) && imm32(v, c)) {
    op_mem(sized(F::mov_mi_8, ir::bits(t)), {Reg::use(a.base), Reg::use(a.index)}, a, static_cast<i32>(c));
    return;
  }
  store_vreg(t, a, vreg(v));
}

inline void Lower::lower_load(Inst i) { load_value(op_type(i), result_vreg(i), address(i)); }

inline void Lower::load_extended(Inst i, Form f32, Form f64) {
  load(width(op_type(i)) == 64 ? f64 : f32, result_vreg(i), address(i));
}

// store(op(load(a), y), a) as one instruction; false if that is not what is stored.
inline bool Lower::update_in_memory(Inst i) {
  struct Update {
    Opcode op;
    const AluForms& forms;
  };
  static constexpr Update updates[] = {{Opcode::add, alu_add}, {Opcode::sub, alu_sub}, {Opcode::and_, alu_and},
                                       {Opcode::or_, alu_or},  {Opcode::xor_, alu_xor}};
  const Type t = op_type(i);
  if (!ir::contains(ir::types::small_int, t) || flags_live_) return false;
  for (const Update& u : updates) {
    const Inst computed = folds(fn_.operand(i, 1), u.op);
    if (!computed) continue;
    const Inst loaded = folds_load(fn_.operand(computed, 0));
    if (!loaded || op_type(loaded) != t || fn_[loaded].aux != fn_[i].aux ||
        fn_.operand(loaded, 0) != fn_.operand(i, 0))
      return false;
    const Address a = address(i);
    const Value y = fn_.operand(computed, 1);
    i64 c = 0;
    if (imm32(y, c))
      op_mem(sized(u.forms.mi, ir::bits(t)), {Reg::use(a.base), Reg::use(a.index)}, a, static_cast<i32>(c));
    else
      store(sized(u.forms.mr, ir::bits(t)), a, vreg(y));
    return true;
  }
  return false;
}

inline void Lower::lower_store(Inst i, Type t) {
  if (fn_[i].op == Opcode::store && !ir::MemFlags(fn_[i].flags).is_volatile() && update_in_memory(i)) return;
  store_value(t, address(i), fn_.operand(i, 1));
}

// The destination is early: what the frame state needs must survive a fault.
inline void Lower::lower_load_trap(Inst i) {
  const ir::TrapAccess& access = fn_.traps[fn_[i].aux];
  const Type t = op_type(i);
  const Address a = address(fn_.operand(i, 0), access.offset);
  const bool avx = has(Feature::avx);
  Form f = F::mov_rm_64;
  switch (t) {
    case Type::i8: f = F::movzx_rm8_32; break;
    case Type::i16: f = F::movzx_rm16_32; break;
    case Type::i32: f = F::mov_rm_32; break;
    case Type::f32: f = avx ? F::vmovss_rm : F::movss_rm; break;
    case Type::f64: f = avx ? F::vmovsd_rm : F::movsd_rm; break;
    default: break;
  }
  op_mem(f, {Reg::early_def(result_vreg(i)), Reg::use(a.base), Reg::use(a.index)}, a);
  add_frame_state(access.state);
}

// --- The stack

inline void Lower::lower_alloca(Inst i) {
  mf_.dynamic_stack = true;
  const u32 align = fn_[i].aux > 16 ? fn_[i].aux : 16;
  const VReg d = result_vreg(i);
  const Value size = fn_.operand(i, 0);
  const VReg rounded = temp(Type::i64), bytes = temp(Type::i64);
  lea(Type::i64, rounded, based(vreg(size), static_cast<i32>(align > 16 ? align + 15 : 15)));
  update(F::and_ri_64, bytes, rounded, -16);
  macro(Macro::lower_stack, {Reg::use(bytes)}, 0, 0, ir::mach_writes_flags);
  if (align == 16) return load(F::lea_rm_64, d, of_kind(AddressKind::outgoing, 0, above_outgoing));
  const VReg above = temp(Type::i64);
  load(F::lea_rm_64, above, of_kind(AddressKind::outgoing, static_cast<i32>(align - 1), above_outgoing));
  update(F::and_ri_64, d, above, -static_cast<i64>(align));
}

// System V: {gp_offset, fp_offset, overflow_arg_area, reg_save_area}.
inline void Lower::lower_va_start(Inst i) {
  const ir::Module& m = *fn_.module;
  ArgumentPlaces places(convention(m.signature(fn_.signature).conv), m.params(fn_.signature));
  for (usize n = 0; n < m.params(fn_.signature).size(); ++n) places.next();
  const Address list = address(fn_.operand(i, 0), 0);
  const VReg overflow = temp(Type::ptr), saved = temp(Type::ptr);
  if (convention(m.signature(fn_.signature).conv).rules == ir::Convention::Rules::win64) {  // the list is a pointer
    const u32 next = places.ints_used() < 4 ? places.ints_used() * 8 : places.next_stack_offset();
    load(F::lea_rm_64, overflow, of_kind(AddressKind::incoming, static_cast<i32>(next)));
    return store(F::mov_mr_64, list, overflow);
  }
  const auto put = [&](i32 offset, unsigned value) {
    op_mem(F::mov_mi_32, {Reg::use(list.base), Reg::use(list.index)}, at(list, offset), static_cast<i32>(value));
  };
  put(0, places.ints_used() * 8);
  put(4, 48 + places.fps_used() * 16);
  load(F::lea_rm_64, overflow, of_kind(AddressKind::incoming, static_cast<i32>(places.next_stack_offset())));
  store(F::mov_mr_64, at(list, 8), overflow);
  load(F::lea_rm_64, saved, of_kind(AddressKind::slot, 0, save_area_slot()));
  store(F::mov_mr_64, at(list, 16), saved);
}

// --- Blocks of memory

// All loads before all stores where the two may overlap.
inline void Lower::copy_bytes(const Address& to, const Address& from, u32 bytes, bool overlaps) {
  static constexpr Type pieces[] = {Type::v128, Type::i64, Type::i32, Type::i16, Type::i8};
  VReg loaded[16];
  Type types[16];
  i32 offsets[16];
  u32 count = 0, done = 0;
  const auto put = [&] {
    for (u32 n = 0; n < count; ++n) store_vreg(types[n], at(to, offsets[n]), loaded[n]);
    count = 0;
  };
  for (const Type t : pieces) {
    for (; bytes - done >= ir::bytes(t); done += ir::bytes(t)) {
      loaded[count] = temp(t);
      types[count] = t;
      offsets[count] = static_cast<i32>(done);
      load_value(t, loaded[count], at(from, offsets[count]));
      if (++count == 16 || !overlaps) put();
    }
  }
  put();
}

inline constexpr u32 inline_block_bytes = 128;

inline bool Lower::inline_copy(Inst i, bool overlaps) {
  u64 bytes = 0;
  if (!is_constant(fn_.operand(i, 2), bytes) || bytes > inline_block_bytes) return false;
  const Address to = address(fn_.operand(i, 0), 0), from = address(fn_.operand(i, 1), 0);
  if (!safe_offset(to, inline_block_bytes) || !safe_offset(from, inline_block_bytes)) return false;
  copy_bytes(to, from, static_cast<u32>(bytes), overlaps);
  return true;
}

inline bool Lower::inline_set(Inst i) {
  u64 bytes = 0, fill = 0;
  if (!is_constant(fn_.operand(i, 2), bytes) || bytes > inline_block_bytes ||
      !is_constant(fn_.operand(i, 1), fill))
    return false;
  const Address to = address(fn_.operand(i, 0), 0);
  if (!safe_offset(to, inline_block_bytes)) return false;
  const u64 pattern = (fill & 0xff) * 0x0101010101010101U;
  static constexpr Type pieces[] = {Type::v128, Type::i64, Type::i32, Type::i16, Type::i8};
  u32 done = 0;
  for (const Type t : pieces) {
    if (bytes - done < ir::bytes(t)) continue;
    const VReg v = constant_vreg(t, t == Type::v128 ? pattern : pattern & low_mask(ir::bits(t)), pattern);
    for (; bytes - done >= ir::bytes(t); done += ir::bytes(t)) store_vreg(t, at(to, static_cast<i32>(done)), v);
  }
  return true;
}

inline void Lower::memory_block(Inst i, Helper h) {
  if (h == Helper::memset ? inline_set(i) : inline_copy(i, h == Helper::memmove)) return;
  const VReg to = operand_vreg(i, 0), second = operand_vreg(i, 1), bytes = operand_vreg(i, 2);
  call_helper(h, {to, second, bytes}, {}, {});
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_MEMORY_HPP
