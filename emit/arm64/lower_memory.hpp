// Selection for AArch64: loads, stores, addresses, pairs, stack and symbols, block copies. Part of Lower
// (lower.hpp).
//
// Pairs: two accesses of one size to neighbouring places off the same base, with nothing between them
// that could see the difference, become one ldp at the first load's place or one stp at the second
// store's. The half met first (selection runs backwards) is remembered in pairs_ until the other comes.
#ifndef JITKIT_EMIT_ARM64_LOWER_MEMORY_HPP
#define JITKIT_EMIT_ARM64_LOWER_MEMORY_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- addresses ----

inline Lower::Address Lower::at(VReg base, i64 offset) {
  Address a;
  a.base = base;
  a.offset = offset;
  return a;
}
inline Lower::Address Lower::frame(u32 slot, i64 offset) {
  Address a;
  a.kind = Address::Kind::frame;
  a.slot = slot;
  a.offset = offset;
  return a;
}

// The value that base + offset counts from, beyond additions of constants.
inline ir::Value Lower::root(Value base, i64& offset) const {
  for (;;) {
    const Inst i = made_by(base, Opcode::ptr_add);
    i64 more = 0;
    if (!i || !is_constant(fn_.operand(i, 1), more) || !fits_signed(more, 40)) return base;
    offset += more;
    base = fn_.operand(i, 0);
  }
}

inline Lower::Address Lower::address(Value base, i64 offset, unsigned log2) {
  i64 total = offset;
  const Value from = root(base, total);
  if (const Inst s = made_by(from, Opcode::stack_addr))
    if (is_frame_displacement(total)) return frame(fn_[s].aux, total);
  if (total == 0) return index_address(from, log2);
  if (detail::offset_bits(total, log2) != refused) return at(vreg(from), total);
  if (from != base && detail::offset_bits(offset, log2) != refused && wanted(base)) return at(vreg(base), offset);
  return far_address(from, total, log2);
}

// base + (index << log2), where the index may be extended from an i32.
inline Lower::Address Lower::index_address(Value base, unsigned log2) {
  // A pair has no index, so it adds for itself.
  const Inst i = fn_[current_].type == Type::i128 ? folds(base, Opcode::ptr_add) : folds_freely(base, Opcode::ptr_add);
  if (!i) return at(vreg(base), 0);
  Address a;
  a.kind = Address::Kind::index;
  Value index = fn_.operand(i, 1);
  u64 count = 0;
  unsigned scale = 0;
  if (const Inst s = folds_freely(index, Opcode::shl))
    if (is_constant(fn_.operand(s, 1), count) && count == log2 && log2 != 0) {
      scale = log2;
      index = fn_.operand(s, 0);
    }
  ExtendKind kind = ExtendKind::uxtx;
  for (const Opcode ext : {Opcode::zext, Opcode::sext}) {
    const Inst e = folds_freely(index, ext);
    if (!e || type_of(e, 0) != Type::i32) continue;
    kind = ext == Opcode::zext ? ExtendKind::uxtw : ExtendKind::sxtw;
    a.kind = Address::Kind::word_index;
    index = fn_.operand(e, 0);
    break;
  }
  a.base = operand_vreg(i, 0);
  a.index = vreg(index);
  a.imm = static_cast<u32>(kind) << 13 | (scale != 0 ? 1U << 12 : 0U);
  return a;
}

// An offset beyond the immediate: its upper part added first, or all of it in a register.
inline Lower::Address Lower::far_address(Value base, i64 offset, unsigned log2) {
  const i64 low = offset & 0xfff, high = offset - low;
  const Encoded e = encode_addsub(high);
  if (e != refused && detail::offset_bits(low, log2) != refused) {
    const VReg sum = new_vreg(Type::ptr);
    op_dn(Form::add_imm_x, sum, vreg(base), static_cast<u32>(e));
    return at(sum, low);
  }
  Address a;
  a.kind = Address::Kind::index;
  a.base = vreg(base);
  a.index = constant(Type::i64, static_cast<u64>(offset));
  a.imm = static_cast<u32>(ExtendKind::uxtx) << 13;
  return a;
}

// The address as a value: for instructions whose address is a register alone.
inline ir::VReg Lower::address_register(const Address& a) {
  if (a.kind == Address::Kind::offset && a.offset == 0) return a.base;
  const VReg d = new_vreg(Type::ptr);
  if (a.kind == Address::Kind::frame) {
    put_macro(Macro::slot_address, {Reg::def(d)}, static_cast<u64>(a.offset), a.slot);
    return d;
  }
  const Encoded e = encode_addsub(a.offset);
  if (e != refused)
    op_dn(Form::add_imm_x, d, a.base, static_cast<u32>(e));
  else
    op_dnm(Form::add_shift_x, d, a.base, constant(Type::i64, static_cast<u64>(a.offset)));
  return d;
}

// One access; f is its _imm form.
inline void Lower::access(Form f, unsigned log2, Operand data, const Address& a) {
  const u32 zero = data.vreg ? 0 : in_field(RegField::d, 31);
  switch (a.kind) {
    case Address::Kind::offset:
      return put(f, fields(RegField::d, RegField::n), static_cast<u32>(detail::offset_bits(a.offset, log2)) ^ zero,
                 {data, Reg::use(a.base)});
    case Address::Kind::index:
      return put(next(f, detail::index_row), fields(RegField::d, RegField::n, RegField::m), a.imm ^ zero,
                 {data, Reg::use(a.base), Reg::use(a.index)});
    case Address::Kind::word_index:
      return put(next(f, detail::word_index_row), fields(RegField::d, RegField::n, RegField::m), a.imm ^ zero,
                 {data, Reg::use(a.base), Reg::use(a.index)});
    case Address::Kind::frame:
      put(f, fields(RegField::d), zero, {data});
      last().imm |= pack_displacement(a.offset);
      last().extra = a.slot;
      last().flags |= ir::mach_frame_address;
      return;
  }
}

// Two accesses to neighbouring places; f is a form of a pair without writeback.
inline void Lower::access_pair(Form f, unsigned log2, Operand first, Operand second, Address a) {
  const u32 zeroes = (first.vreg ? 0 : in_field(RegField::d, 31)) | (second.vreg ? 0 : in_field(RegField::a, 31));
  if (a.kind == Address::Kind::frame) {
    put(f, fields(RegField::d, RegField::a), zeroes, {first, second});
    last().imm |= pack_displacement(a.offset);
    last().extra = a.slot;
    last().flags |= ir::mach_frame_address;
    return;
  }
  if (a.kind == Address::Kind::index || a.kind == Address::Kind::word_index) {
    const VReg sum = new_vreg(Type::ptr);
    const ExtendKind kind = static_cast<ExtendKind>(a.imm >> 13 & 7);
    const unsigned amount = (a.imm >> 12 & 1) != 0 ? log2 : 0;
    if (a.kind == Address::Kind::index)
      op_dnm(Form::add_shift_x, sum, a.base, a.index, amount << 10);
    else
      op_dnm(Form::add_ext_x, sum, a.base, a.index, static_cast<u32>(kind) << 13 | amount << 10);
    a = at(sum, 0);
  }
  Encoded e = detail::pair_bits(a.offset, log2);
  if (e == refused) {
    a = at(address_register(a), 0);
    e = 0;
  }
  put(f, fields(RegField::d, RegField::a, RegField::n), static_cast<u32>(e) ^ zeroes,
      {first, second, Reg::use(a.base)});
}

// ---- loads ----

inline void Lower::load_from(Type t, VReg d, const Address& a) {
  const detail::AccessForms f = detail::access_forms(t);
  if (f.load == Form::none) return fail(Error::unsupported, static_cast<u64>(fn_[current_].op));
  access(f.load, f.size_log2, Reg::def(d), a);
}

inline void Lower::load(Inst i) {
  const InstData& d = fn_[i];
  if (d.type == Type::i128) return load_wide(i);
  for (u32 n = 0; n < pair_count_; ++n)
    if (pairs_[n].second == i) return;  // comes with the first one
  if (pair_load(i)) return;
  const unsigned log2 = detail::access_forms(d.type).size_log2;
  const VReg r = result_vreg(i);
  load_from(d.type, r, address(fn_.operand(i, 0), static_cast<i32>(d.aux), log2));
}

inline void Lower::load_wide(Inst i) {
  const Wide d = wide_result(i);
  const Address a = address(fn_.operand(i, 0), static_cast<i32>(fn_[i].aux), 3);
  access_pair(Form::ldp_x, 3, Reg::def(d.low), Reg::def(d.high), a);
}

// Whether `other` is an access like i at base + offset +- size; its offset from the same root.
inline bool Lower::pairs_with(Inst other, Inst i, Value base, i64 offset, i64& other_offset) const {
  const InstData& o = fn_[other];
  const InstData& d = fn_[i];
  if (o.op != d.op || o.type != d.type || ir::MemFlags(o.flags).is_volatile()) return false;
  other_offset = static_cast<i32>(o.aux);
  if (root(fn_.operand(other, 0), other_offset) != base) return false;
  const i64 size = ir::bytes(d.type);
  return other_offset == offset + size || other_offset == offset - size;
}

// i is the first or the second of a pair. As the second it waits for the first; true if i is done.
inline bool Lower::pair_load(Inst i) {
  const InstData& d = fn_[i];
  const detail::AccessForms f = detail::access_forms(d.type);
  if (f.load_pair == Form::none || ir::MemFlags(d.flags).is_volatile()) return false;
  i64 offset = static_cast<i32>(d.aux);
  const Value base = root(fn_.operand(i, 0), offset);
  for (u32 n = 0; n < pair_count_; ++n) {
    if (pairs_[n].first != i) continue;
    const Inst other = pairs_[n].second;
    i64 other_offset = static_cast<i32>(fn_[other].aux);
    root(fn_.operand(other, 0), other_offset);
    pairs_[n] = pairs_[--pair_count_];
    const bool in_order = offset < other_offset;
    const Inst low = in_order ? i : other, high = in_order ? other : i;
    const Inst s = made_by(base, Opcode::stack_addr);
    const i64 from = in_order ? offset : other_offset;
    const Address a = s && is_frame_displacement(from) ? frame(fn_[s].aux, from) : at(vreg(base), from);
    access_pair(f.load_pair, f.size_log2, Reg::def(result_vreg(low)), Reg::def(result_vreg(high)), a);
    return true;
  }
  if (pair_count_ == max_pairs) return false;
  u32 steps = 0;
  for (Inst p = fn_[i].prev; p && steps < 8; p = fn_[p].prev, ++steps) {
    i64 other_offset = 0;
    if (pairs_with(p, i, base, offset, other_offset)) {
      const i64 from = offset < other_offset ? offset : other_offset;
      if (!wanted(fn_.result(p)) || detail::pair_bits(from, f.size_log2) == refused) return false;
      for (u32 n = 0; n < pair_count_; ++n)
        if (pairs_[n].first == p || pairs_[n].second == p) return false;
      pairs_[pair_count_++] = {p, i};
      return true;
    }
    if ((fn_.effects(fn_[p]) & (ir::effect::write | ir::effect::trap)) != 0) return false;
  }
  return false;
}

inline void Lower::extending_load(Inst i) {
  const InstData& d = fn_[i];
  const unsigned wide = is_wide(d.type) ? 1 : 0;
  constexpr unsigned rows = 6;  // of one access in the table
  Form f = Form::none;
  unsigned log2 = 0;
  switch (d.op) {
    case Opcode::uload8: f = Form::ldrb_imm; break;
    case Opcode::uload16: f = Form::ldrh_imm, log2 = 1; break;
    case Opcode::uload32: f = Form::ldr_imm_w, log2 = 2; break;
    case Opcode::sload8: f = next(Form::ldrsb_imm_w, wide * rows); break;
    case Opcode::sload16: f = next(Form::ldrsh_imm_w, wide * rows), log2 = 1; break;
    default: f = Form::ldrsw_imm, log2 = 2; break;
  }
  static_assert(static_cast<u16>(Form::ldrsb_imm_x) == static_cast<u16>(Form::ldrsb_imm_w) + rows);
  const VReg r = result_vreg(i);
  access(f, log2, Reg::def(r), address(fn_.operand(i, 0), static_cast<i32>(d.aux), log2));
}

// ---- stores ----

inline void Lower::store_to(Type t, VReg v, const Address& a) {
  const detail::AccessForms f = detail::access_forms(t);
  if (f.store == Form::none) return fail(Error::unsupported, static_cast<u64>(fn_[current_].op));
  access(f.store, f.size_log2, Reg::use(v), a);
}

// The low bits of the second operand, as many as t has.
inline void Lower::store(Inst i, Type t) {
  const InstData& d = fn_[i];
  const Value v = fn_.operand(i, 1);
  for (u32 n = 0; n < pair_count_; ++n)
    if (pairs_[n].first == i) {  // went with the second one
      pairs_[n] = pairs_[--pair_count_];
      return;
    }
  if (t == Type::i128) {
    const Wide w = wide(v);
    const Address a = address(fn_.operand(i, 0), static_cast<i32>(d.aux), 3);
    return access_pair(Form::stp_x, 3, Reg::use(w.low), Reg::use(w.high), a);
  }
  if (d.op == Opcode::store && pair_store(i)) return;
  // A float zero is stored from the zero register.
  const bool zero = is_zero(v) && ir::bits(t) <= 64;
  if (zero && ir::bank(t) == Bank::vec)
    t = ir::bits(t) == 16 ? Type::i16 : ir::bits(t) == 32 ? Type::i32 : Type::i64;
  const unsigned log2 = detail::access_forms(t).size_log2;
  const VReg r = zero ? VReg() : vreg(v);
  store_to(t, r, address(fn_.operand(i, 0), static_cast<i32>(d.aux), log2));
}

inline bool Lower::pair_store(Inst i) {
  const InstData& d = fn_[i];
  const detail::AccessForms f = detail::access_forms(d.type);
  if (f.store_pair == Form::none || ir::MemFlags(d.flags).is_volatile() || pair_count_ == max_pairs) return false;
  i64 offset = static_cast<i32>(d.aux);
  const Value base = root(fn_.operand(i, 0), offset);
  u32 steps = 0;
  for (Inst p = fn_[i].prev; p && steps < 8; p = fn_[p].prev, ++steps) {
    i64 other_offset = 0;
    if (pairs_with(p, i, base, offset, other_offset)) {
      const i64 from = offset < other_offset ? offset : other_offset;
      if (detail::pair_bits(from, f.size_log2) == refused) return false;
      const Value low = fn_.operand(offset < other_offset ? i : p, 1);
      const Value high = fn_.operand(offset < other_offset ? p : i, 1);
      const bool general = ir::bank(d.type) == Bank::gpr;
      const VReg a = general ? vreg_or_zero(low) : vreg(low), b = general ? vreg_or_zero(high) : vreg(high);
      const Inst s = made_by(base, Opcode::stack_addr);
      const Address to = s && is_frame_displacement(from) ? frame(fn_[s].aux, from) : at(vreg(base), from);
      access_pair(f.store_pair, f.size_log2, Reg::use(a), Reg::use(b), to);
      pairs_[pair_count_++] = {p, i};
      return true;
    }
    if (fn_.effects(fn_[p]) != 0) return false;
  }
  return false;
}

// ---- stack and symbols ----

inline void Lower::stack_address(Inst i) {
  put_macro(Macro::slot_address, {Reg::def(result_vreg(i))}, 0, fn_[i].aux);
}
inline void Lower::symbol_address(Inst i) {
  put_macro(Macro::symbol_address, {Reg::def(result_vreg(i))}, 0, fn_[i].aux);
}

// The size rounded up to 16; the address is above the stack arguments, which stay at the bottom.
inline void Lower::allocate_stack(Inst i) {
  mf_.dynamic_stack = true;
  const VReg padded = new_vreg(Type::i64), size = new_vreg(Type::i64), d = result_vreg(i);
  op_dn(Form::add_imm_x, padded, operand_vreg(i, 0), 15U << 10);
  op_dn(Form::and_imm_x, size, padded, static_cast<u32>(encode_logical(~u64{15}, 64)));
  put_macro(Macro::allocate_stack, {Reg::use(size), Reg::early_def(d)}, fn_[i].aux > 16 ? fn_[i].aux : 16);
}

// ---- block operations ----

// Known and small: all loads before all stores, so that overlap does no harm.
inline void Lower::copy_small(VReg to, VReg from, u64 bytes, i64 to_offset, u32 to_slot) {
  struct Piece {
    Type type;
    u32 at;
    VReg v;
  };
  Piece pieces[8];
  unsigned count = 0;
  u32 at_byte = 0;
  while (bytes != 0) {
    const Type t = bytes >= 16 ? Type::v128 : bytes >= 8 ? Type::i64 : bytes >= 4 ? Type::i32
                   : bytes >= 2 ? Type::i16 : Type::i8;
    pieces[count++] = {t, at_byte, new_vreg(t)};
    at_byte += ir::bytes(t);
    bytes -= ir::bytes(t);
  }
  for (unsigned n = 0; n < count; ++n) load_from(pieces[n].type, pieces[n].v, at(from, pieces[n].at));
  for (unsigned n = 0; n < count; ++n) {
    const i64 offset = to_offset + pieces[n].at;
    store_to(pieces[n].type, pieces[n].v, to_slot != 0 ? frame(to_slot, offset) : at(to, offset));
  }
}

inline void Lower::copy_memory(Inst i, Helper h) {
  u64 bytes = 0;
  if (is_constant(fn_.operand(i, 2), bytes) && bytes <= detail::inline_copy_bytes) {
    if (bytes != 0) copy_small(operand_vreg(i, 0), operand_vreg(i, 1), bytes, 0, 0);
    return;
  }
  const VReg arguments[] = {operand_vreg(i, 0), operand_vreg(i, 1), operand_vreg(i, 2)};
  call_helper(h, arguments, {});
}

inline void Lower::set_memory(Inst i) {
  u64 bytes = 0, value = 0;
  const Value fill = fn_.operand(i, 1);
  if (is_constant(fn_.operand(i, 2), bytes) && is_constant(fill, value) && bytes <= detail::inline_copy_bytes) {
    const u64 pattern = (value & 0xff) * 0x0101010101010101U;
    const VReg to = operand_vreg(i, 0);
    for (u32 at_byte = 0; bytes != 0;) {
      const Type t = bytes >= 8 ? Type::i64 : bytes >= 4 ? Type::i32 : bytes >= 2 ? Type::i16 : Type::i8;
      store_to(t, pattern == 0 ? VReg() : constant(t, pattern & low_mask(ir::bits(t))), at(to, at_byte));
      at_byte += ir::bytes(t);
      bytes -= ir::bytes(t);
    }
    return;
  }
  const VReg arguments[] = {operand_vreg(i, 0), vreg(fill), operand_vreg(i, 2)};
  call_helper(Helper::memset, arguments, {});
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_MEMORY_HPP
