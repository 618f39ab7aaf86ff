// Emission for x86-64: the allocator's moves, constants and addresses, prologue and epilogue. Part of
// Emitter (emitter.hpp).
#ifndef JITKIT_EMIT_X86_64_EMITTER_MOVES_HPP
#define JITKIT_EMIT_X86_64_EMITTER_MOVES_HPP

#include <jitkit/emit/x86_64/emitter.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// ---- constants and addresses ----

inline void Emitter::symbol_address(u8 d, u32 id, i32 addend) {
  const bool here = fn_.module->symbol(ir::SymbolRef(id)).linkage != ir::Linkage::external;
  const u8 relative[3] = {d, reg_rip, reg_none};
  put(here ? F::lea_rm_64 : F::mov_rm_64, relative);
  // Both fields count from the end of the instruction, which is the end of the field.
  const FixupKind kind = here ? FixupKind::x86_rel32 : FixupKind::x86_gotpcrel32;
  code_.use_symbol(symbol(id), kind, offset() - 4, here ? addend : 0);
  if (!here && addend != 0) load(F::lea_rm_64, d, based(d, addend));
}

inline void Emitter::rematerialise(Type t, u8 d, const ir::Remat& r) {
  const auto load_literal = [&](u32 bytes) {
    const ir::ConstantData& c = mf_.literals[r.extra];
    macros_.put_load(d - 16U, bytes, c.lo, c.hi);
  };
  if (t == Type::mask) return mask_constant(d, r);
  switch (static_cast<Macro>(r.form)) {
    case Macro::integer: return constant(d, r.imm);
    case Macro::vec_zero: return macros_.put_zero(d - 16U);
    case Macro::vec_ones: return macros_.put_ones(d - 16U);
    case Macro::literal_4: return load_literal(4);
    case Macro::literal_8: return load_literal(8);
    case Macro::literal_16: return load_literal(16);
    case Macro::slot_address: return load(F::lea_rm_64, d, at(frame_.slot(r.extra), static_cast<i32>(r.imm)));
    case Macro::symbol_address: return symbol_address(d, r.extra, static_cast<i32>(r.imm));
    default: break;
  }
  code_.fail({Error::unsupported, 0, static_cast<u64>(t)});
}

inline void Emitter::mask_constant(u8 d, const ir::Remat& r) {
  if (r.form == form_of(Macro::vec_zero)) return put(F::kxorq_kkk, {d, d, d});
  if (r.form == form_of(Macro::vec_ones)) return put(F::kxnorq_kkk, {d, d, d});
  Memory m;
  m.kind = AddressKind::literal;
  m.extra = r.extra;
  m.literal_bytes = 8;
  load(F::kmovq_km, d, m);
}

// ---- moves ----

// Copies, loads and stores of general registers are most of the moves: they skip what put() finds out.
inline void Emitter::copy_general(bool wide, u8 d, u8 s) {
  u8* p = code_.reserve(max_length);
  if (p == nullptr) return;
  constexpr auto enc = [](Form f) { return detail::encode_table.record[static_cast<u16>(f)].enc; };
  static_assert(detail::encode_table.record[static_cast<u16>(F::mov_rr_64)].format == Format::MR);
  code_.advance(static_cast<usize>(put_plain_registers(p, wide ? enc(F::mov_rr_64) : enc(F::mov_rr_32), s, d) - p));
}
inline void Emitter::move_general(bool wide, u8 r, bool is_load, Frame::Place place) {
  u8* p = code_.reserve(max_length);
  if (p == nullptr) return;
  constexpr auto enc = [](Form f) { return detail::encode_table.record[static_cast<u16>(f)].enc; };
  const Enc narrow = is_load ? enc(F::mov_rm_32) : enc(F::mov_mr_32);
  static_assert((enc(F::mov_rm_32) | table::W1) == enc(F::mov_rm_64));
  static_assert((enc(F::mov_mr_32) | table::W1) == enc(F::mov_mr_64));
  Mem m;
  m.base = place.base;
  m.disp = place.offset;
  code_.advance(static_cast<usize>(put_plain_memory(p, wide ? narrow | table::W1 : narrow, r, std::bit_cast<MemWords>(m)) - p));
}

inline void Emitter::emit_copy(Type t, u8 d, u8 s) {
  if (ir::bank(t) == Bank::gpr) return copy_general(ir::bits(t) > 32, d, s);
  if (t == Type::mask) return put(F::kmovq_kk, {d, s});
  if (t == Type::v512) return put(evex_form(EvexId::vmovaps, 512), {d, s});
  if (ir::bank(t) != Bank::vec) return code_.fail({Error::unsupported, 0, static_cast<u64>(t)});
  put(is_wide(t) ? F::vmovaps_rr_256 : vec(F::movaps_rr, F::vmovaps_rr_128), {d, s});
}

inline void Emitter::emit_swap(Type t, u8 a, u8 b) {
  if (ir::bank(t) == Bank::gpr) return put(F::xchg_rr_64, {a, b});
  if (ir::bank(t) != Bank::vec && t != Type::mask) return code_.fail({Error::unsupported, 0, static_cast<u64>(t)});
  const auto mix = [&](u8 d, u8 s) {
    if (t == Type::mask)
      put(F::kxorq_kkk, {d, d, s});
    else if (t == Type::v512)
      put(evex_form(EvexId::vpxorq, 512), {d, d, s});
    else if (avx_)
      put(is_wide(t) ? F::vxorps_rrr_256 : F::vxorps_rrr_128, {d, d, s});
    else
      put(F::xorps_rr, {d, s});
  };
  mix(a, b);
  mix(b, a);
  mix(a, b);
}

// A spill slot keeps all 32 bits of a narrow value, so that its extension survives.
inline void Emitter::spill_move(Type t, u8 r, bool is_load, Frame::Place place) {
  if (ir::bank(t) == Bank::gpr) return move_general(ir::bits(t) > 32, r, is_load, place);
  if (ir::bank(t) != Bank::vec && t != Type::mask) return code_.fail({Error::unsupported, 0, static_cast<u64>(t)});
  struct Pair {
    Form load, store;
  };
  Pair f{};
  if (t == Type::mask)
    f = {F::kmovq_km, F::kmovq_mk};
  else if (t == Type::v512)
    f = {evex_form(EvexId::vmovups, 512, EvexVariant::memory), evex_form(EvexId::vmovups_st, 512, EvexVariant::memory)};
  else if (ir::bits(t) <= 32)
    f = avx_ ? Pair{F::vmovss_rm, F::vmovss_mr} : Pair{F::movss_rm, F::movss_mr};
  else if (ir::bits(t) == 64)
    f = avx_ ? Pair{F::vmovsd_rm, F::vmovsd_mr} : Pair{F::movsd_rm, F::movsd_mr};
  else if (ir::bits(t) == 128)
    f = avx_ ? Pair{F::vmovups_rm_128, F::vmovups_mr_128} : Pair{F::movups_rm, F::movups_mr};
  else
    f = {F::vmovups_rm_256, F::vmovups_mr_256};
  if (is_load)
    load(f.load, r, at(place));
  else
    store(f.store, at(place), r);
}

inline void Emitter::emit_move(const ir::Move& m) {
  using Kind = Allocation::Kind;
  const auto id = [](Allocation a) { return static_cast<u8>(a.index()); };
  if (m.swap) return emit_swap(m.type, id(m.from), id(m.to));
  if (m.to.is_reg()) {
    switch (m.from.kind()) {
      case Kind::reg: return emit_copy(m.type, id(m.to), id(m.from));
      case Kind::slot: return spill_move(m.type, id(m.to), true, frame_.spill(m.from.index()));
      case Kind::remat: return rematerialise(m.type, id(m.to), mf_.remats[m.from.index()]);
      case Kind::incoming: {
        Frame::Place place = frame_.incoming();
        place.offset += static_cast<i32>(m.from.index() * conv_.frame.slot_bytes);
        return spill_move(m.type, id(m.to), true, place);
      }
      case Kind::none: break;
    }
  } else if (m.to.kind() == Kind::slot && m.from.is_reg()) {
    return spill_move(m.type, id(m.from), false, frame_.spill(m.to.index()));
  }
  code_.fail({Error::unsupported, 0, m.from.bits});
}

// ---- frame code ----

// Registers kept in the body: vector registers, and all of them where the environment makes the frame.
inline void Emitter::save_in_frame(bool store_them) {
  u32 n = 0;
  for_each_bit((frame_.saved() & preg::all_vec).bits, [&](unsigned r) {
    const Memory m = at(frame_.vector_save(n++));
    if (store_them)
      store(vec(F::movups_mr, F::vmovups_mr_128), m, static_cast<u8>(r));
    else
      load(vec(F::movups_rm, F::vmovups_rm_128), static_cast<u8>(r), m);
  });
  if (frame_.adjusts_sp()) return;
  n = 0;
  for_each_bit((frame_.saved() & preg::all_gpr).bits, [&](unsigned r) {
    spill_move(Type::i64, static_cast<u8>(r), !store_them, frame_.general_save(n++));
  });
}

inline void Emitter::prologue() {
  if (options_.landing_pads) put(F::endbr64, {});
  if (!frame_.adjusts_sp()) return save_in_frame(true);
  constexpr u8 stack = preg::rsp.id, frame = preg::rbp.id;
  i32 depth = 8;  // from the caller's frame to the stack pointer
  const bool framed = frame_.keeps_frame_pointer();
  const auto push = [&](u8 r) {
    put(F::push_r_64, {r});
    depth += 8;
    if (!framed || depth == 16) add_row(CfiOp::def_cfa_offset, 0, depth);
    add_row(CfiOp::offset, dwarf_x86_gpr[r], -depth);
  };
  if (framed) {
    push(frame);
    put(F::mov_rr_64, {frame, stack});
    add_row(CfiOp::def_cfa_register, dwarf_x86_gpr[frame], 0);
  }
  for_each_bit((frame_.saved() & preg::all_gpr).bits, [&](unsigned r) { push(static_cast<u8>(r)); });
  if (frame_.body() != 0) {
    put(F::sub_ri_64, {stack}, frame_.body());
    if (!framed) add_row(CfiOp::def_cfa_offset, 0, depth + frame_.body());
  }
  if (frame_.alignment() > 16) put(F::and_ri_64, {stack}, -static_cast<i64>(frame_.alignment()));
  save_in_frame(true);
  if (framed && frame_.alignment() > 16) return;  // where these are is known only to the code
  u32 n = 0;
  for_each_bit((frame_.saved() & preg::all_vec).bits, [&](unsigned r) {
    const Frame::Place p = frame_.vector_save(n++);
    const i32 from_cfa = p.base == frame ? p.offset - 16 : p.offset - depth - frame_.body();
    add_row(CfiOp::offset, static_cast<u8>(dwarf_x86_xmm0 + (r - 16)), from_cfa);
  });
}

inline void Emitter::epilogue() {
  save_in_frame(false);
  if (!frame_.adjusts_sp()) return;
  constexpr u8 stack = preg::rsp.id, frame = preg::rbp.id;
  add_row(CfiOp::remember, 0, 0);
  const bool framed = frame_.keeps_frame_pointer();
  i32 depth = frame_.entry_bytes() + frame_.pushed_bytes();
  if (frame_.restores_from_frame_pointer()) {
    load(F::lea_rm_64, stack, based(frame, -frame_.pushed_bytes()));
  } else if (frame_.body() != 0) {
    put(F::add_ri_64, {stack}, frame_.body());
    if (!framed) add_row(CfiOp::def_cfa_offset, 0, depth);
  }
  const RegSet pushed = frame_.saved() & preg::all_gpr;
  for (unsigned r = 16; r-- > 0;) {
    if (!pushed.has(PReg(r))) continue;
    put(F::pop_r_64, {static_cast<u8>(r)});
    depth -= 8;
    if (!framed) add_row(CfiOp::def_cfa_offset, 0, depth);
  }
  if (!framed) return;
  put(F::pop_r_64, {frame});
  add_row(CfiOp::def_cfa, dwarf_x86_gpr[stack], 8);
}

// Exit stubs.
inline void Emitter::finish() {
  emit_stubs([this](u32 state) {
    if (state == 0 || options_.exit_symbol.empty())
      put(F::ud2, {});
    else
      put_symbol(F::call_l, code_.symbol(options_.exit_symbol));
  });
}

// ---- places ----

inline bool Emitter::locate(Allocation a, Location& l) const {
  using Kind = Allocation::Kind;
  const auto place = [&l](Location::Kind kind, Frame::Place p, i32 more) {
    l.kind = kind;
    l.reg = PReg(p.base);
    l.offset = p.offset + more;
    return true;
  };
  const auto value = [&l](Location::Kind kind, u64 low, u64 high = 0) {
    l.kind = kind;
    l.low = low;
    l.high = high;
    return true;
  };
  switch (a.kind()) {
    case Kind::none: return false;
    case Kind::reg:
      l.kind = Location::Kind::reg;
      l.reg = a.preg();
      return true;
    case Kind::slot: return place(Location::Kind::memory, frame_.spill(a.index()), 0);
    case Kind::incoming:
      return place(Location::Kind::memory, frame_.incoming(), static_cast<i32>(a.index() * conv_.frame.slot_bytes));
    case Kind::remat: break;
  }
  const ir::Remat& r = mf_.remats[a.index()];
  switch (static_cast<Macro>(r.form)) {
    case Macro::integer: return value(Location::Kind::constant, r.imm);
    case Macro::vec_zero: return value(Location::Kind::constant, 0);
    case Macro::vec_ones: return value(Location::Kind::constant, ~u64{0}, ~u64{0});
    case Macro::literal_4:
    case Macro::literal_8:
    case Macro::literal_16:
      return value(Location::Kind::constant, mf_.literals[r.extra].lo, mf_.literals[r.extra].hi);
    case Macro::slot_address: return place(Location::Kind::address, frame_.slot(r.extra), static_cast<i32>(r.imm));
    case Macro::symbol_address:
      l.offset = static_cast<i32>(r.imm);
      return value(Location::Kind::symbol, r.extra);
    default: return false;
  }
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_EMITTER_MOVES_HPP
