// Emission for AArch64: the allocator's moves, constants and addresses, prologue and epilogue. Part of
// Emitter (emitter.hpp).
#ifndef JITKIT_EMIT_ARM64_EMITTER_MOVES_HPP
#define JITKIT_EMIT_ARM64_EMITTER_MOVES_HPP

#include <jitkit/emit/arm64/emitter.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- constants and addresses ----

inline void Emitter::float_constant(unsigned rd, u64 bits, unsigned width) {
  if (width == 64) return asm_.put_double(rd, bits);
  asm_.put_single(rd, static_cast<u32>(bits));
}

inline void Emitter::slot_address(unsigned rd, u32 slot) {
  const u64 align = frame_.over_alignment(slot);
  if (slot == frame_outgoing) return add_offset(rd, Frame::sp, 0);
  add_offset(rd, frame_.base(), frame_.place(slot) + (align != 0 ? static_cast<i64>(align) - 16 : 0));
  if (align != 0) put(Form::and_imm_x, rd | rd << 5 | static_cast<u32>(encode_logical(~(align - 1), 64)));
}

inline void Emitter::symbol_address(unsigned rd, u32 id, i64 addend) {
  const Symbol s = symbol(id);
  const bool here = fn_.module->symbol(ir::SymbolRef(id)).linkage != ir::Linkage::external;
  if (here) {
    code_.put32(form_bits(Form::adrp) | rd, s, FixupKind::a64_adrp21, addend);
    return code_.put32(form_bits(Form::add_imm_x) | rd | rd << 5, s, FixupKind::a64_lo12, addend);
  }
  code_.put32(form_bits(Form::adrp) | rd, s, FixupKind::a64_got_adrp21);
  code_.put32((form_bits(Form::ldr_imm_x) | 1U << 24) | rd | rd << 5, s, FixupKind::a64_got_lo12);
  if (addend != 0) add_offset(rd, rd, addend);
}

// ---- moves ----

inline void Emitter::emit_copy(Type t, unsigned rd, unsigned rn) {
  if (ir::bank(t) == Bank::gpr)
    return put(ir::bits(t) > 32 ? Form::mov_reg_x : Form::mov_reg_w, rd | rn << 16);
  if (ir::bits(t) <= 64) return put(Form::fmov_reg_d, rd | rn << 5);
  put(vector_copy | rd | rn << 5 | rn << 16);
}

inline void Emitter::emit_swap(Type t, PReg a, PReg b) {
  const u32 x = a.id & 31, y = b.id & 31;
  if (ir::bank(t) == Bank::gpr) {
    const RegSet free = preg::scratches - kept_;
    if (!free.empty()) {
      put(Form::mov_reg_x, free.first().id | x << 16);
      put(Form::mov_reg_x, x | y << 16);
      return put(Form::mov_reg_x, y | u32{free.first().id} << 16);
    }
    put(Form::eor_shift_x, x | x << 5 | y << 16);
    put(Form::eor_shift_x, y | x << 5 | y << 16);
    return put(Form::eor_shift_x, x | x << 5 | y << 16);
  }
  constexpr u32 eor = 0x6e201c00;  // v.16b
  put(eor | x | x << 5 | y << 16);
  put(eor | y | x << 5 | y << 16);
  put(eor | x | x << 5 | y << 16);
}

// A spill slot keeps all 32 bits of a narrow integer, so that its extension survives.
inline void Emitter::memory_move(Type t, unsigned r, bool load, unsigned base, i64 offset) {
  if (ir::bank(t) == Bank::gpr && ir::bits(t) < 32) t = Type::i32;
  if (t == Type::f16) t = Type::f32;
  const detail::AccessForms f = detail::access_forms(t);
  asm_.put_access(form_bits(load ? f.load : f.store) | r, base, offset);
}

inline void Emitter::rematerialise(Type t, PReg to, const ir::Remat& r) {
  const unsigned rd = to.id & 31;
  switch (static_cast<Macro>(r.form)) {
    case Macro::integer: return asm_.put_constant(rd, r.imm);
    case Macro::float_bits: return float_constant(rd, r.imm, r.extra);
    case Macro::vector: return asm_.put_vector(rd, mf_.literals[r.extra].lo, mf_.literals[r.extra].hi);
    case Macro::slot_address:
      slot_address(rd, r.extra);
      if (r.imm != 0) add_offset(rd, rd, static_cast<i64>(r.imm));
      return;
    case Macro::symbol_address: return symbol_address(rd, r.extra, static_cast<i64>(r.imm));
    default: break;
  }
  code_.fail({Error::unsupported, 0, static_cast<u64>(t)});
}

inline void Emitter::emit_move(const ir::Move& m) {
  put_move(m);
  if (m.to.is_reg() && preg::scratches.has(m.to.preg())) keep(kept_ | RegSet::of(m.to.preg()));
}

inline void Emitter::put_move(const ir::Move& m) {
  using Kind = Allocation::Kind;
  if (m.swap) return emit_swap(m.type, m.from.preg(), m.to.preg());
  if (m.to.is_reg()) {
    const unsigned rd = m.to.index() & 31;
    switch (m.from.kind()) {
      case Kind::reg: return emit_copy(m.type, rd, m.from.index() & 31);
      case Kind::slot: return memory_move(m.type, rd, true, frame_.base(), frame_.spill(m.from.index()));
      case Kind::remat: return rematerialise(m.type, m.to.preg(), mf_.remats[m.from.index()]);
      case Kind::incoming:
        return memory_move(m.type, rd, true, frame_.base(),
                           frame_.incoming() + i64{m.from.index()} * conv_.frame.slot_bytes);
      case Kind::none: break;
    }
  } else if (m.to.kind() == Kind::slot && m.from.is_reg()) {
    return memory_move(m.type, m.from.index() & 31, false, frame_.base(), frame_.spill(m.to.index()));
  }
  code_.fail({Error::unsupported, 0, m.from.bits});
}

// ---- frame code ----

// In one instruction that changes sp: unwind rows hold at every pc.
inline void Emitter::adjust_sp(i64 by) {
  if (encode_addsub(by) != refused) return add_offset(Frame::sp, Frame::sp, by);
  const RegSet free = preg::scratches - kept_;
  if (free.empty()) return code_.fail({Error::no_register, offset(), 1});
  asm_.put_constant(free.first().id, static_cast<u64>(by < 0 ? -by : by));
  put(by < 0 ? Form::sub_extx_x : Form::add_extx_x, 31 | 31 << 5 | u32{free.first().id} << 16 | 3 << 13);
}

inline void Emitter::save(const Frame::Save& s, bool store, unsigned base, i64 offset) {
  const u32 a = s.a.id & 31, b = s.b.id & 31;
  const bool vector = s.a.id >= 32;
  Form f = Form::none;
  if (s.b.valid())
    f = store ? (s.full ? Form::stp_q : vector ? Form::stp_d : Form::stp_x)
              : (s.full ? Form::ldp_q : vector ? Form::ldp_d : Form::ldp_x);
  else
    f = store ? (s.full ? Form::str_imm_q : vector ? Form::str_imm_d : Form::str_imm_x)
              : (s.full ? Form::ldr_imm_q : vector ? Form::ldr_imm_d : Form::ldr_imm_x);
  asm_.put_access(form_bits(f) | a | (s.b.valid() ? b << 10 : 0), base, offset);
}

// x16 and x17 are saved early and restored late: in between they are scratch.
inline void Emitter::save_registers(bool store) {
  const unsigned base = frame_.adjusts_sp() ? Frame::sp : frame_.base();
  for (u32 n = 0; n < frame_.saves().size(); ++n) {
    Frame::Save s = frame_.saves()[store ? n : frame_.saves().size() - 1 - n];
    if (leaving_.has(s.a) && (leaving_.has(s.b) || !s.b.valid())) continue;
    if (leaving_.has(s.a)) s = {s.b, PReg(), s.offset + (s.full ? 16U : 8U), s.full};
    if (leaving_.has(s.b)) s.b = PReg();
    save(s, store, base, frame_.saves_at() + s.offset);
    RegSet both = RegSet::of(s.a);
    if (s.b.valid()) both.add(s.b);
    if (both = both & preg::scratches; !both.empty()) keep(store ? (kept_ - both) | arriving_ : kept_ | both);
    if (!frame_.adjusts_sp()) continue;
    const auto row = [&](PReg r, u32 more) {
      const u8 number = static_cast<u8>(r.id >= 32 ? r.id - 32 + dwarf_a64_v0 : r.id);
      // What is restored is no longer read from the stack, where a signal's frame may come to lie.
      if (!store) return add_row(CfiOp::restore, number, 0);
      add_row(CfiOp::offset, number, static_cast<i32>(s.offset + more) - static_cast<i32>(frame_.save_bytes()));
    };
    row(s.a, 0);
    if (s.b.valid()) row(s.b, s.full ? 16 : 8);
  }
}

inline void Emitter::prologue() {
  if (!mf_.insts.empty()) arriving_ = named(mf_.insts.back(), true);
  RegSet unsaved;
  for (const Frame::Save& s : frame_.saves())
    for (const PReg r : {s.a, s.b})
      if (preg::scratches.has(r)) unsaved.add(r);
  untouched_ = (conv_.preserved & preg::scratches) - unsaved;
  if (!(arriving_ | unsaved | untouched_).empty()) keep(arriving_ | unsaved);
  if (signs())
    sign(Form::paciasp);  // a landing pad as well
  else if (options_.landing_pads)
    put(Form::hint, 34 << 5);  // bti c
  const i64 saved = frame_.save_bytes(), body = frame_.body();
  if (!frame_.adjusts_sp()) return save_registers(true);
  if (saved != 0) {
    adjust_sp(-saved);
    add_row(CfiOp::def_cfa_offset, 0, static_cast<i32>(saved));
    save_registers(true);
  }
  if (frame_.keeps_frame_pointer()) {
    add_offset(preg::frame.id, Frame::sp, 0);
    add_row(CfiOp::def_cfa_register, preg::frame.id, 0);
  }
  if (body == 0) return;
  adjust_sp(-body);
  if (!frame_.keeps_frame_pointer()) add_row(CfiOp::def_cfa_offset, 0, static_cast<i32>(saved + body));
}

inline void Emitter::epilogue() {
  const i64 saved = frame_.save_bytes(), body = frame_.body();
  if (!frame_.adjusts_sp()) return save_registers(false);
  add_row(CfiOp::remember, 0, 0);
  if (frame_.is_dynamic())
    add_offset(Frame::sp, preg::frame.id, 0);
  else if (body != 0)
    adjust_sp(body);
  if (saved != 0) {
    add_row(CfiOp::def_cfa, dwarf_a64_sp, static_cast<i32>(saved));
    save_registers(false);
    adjust_sp(saved);
  }
  add_row(CfiOp::def_cfa, dwarf_a64_sp, 0);
  if (signs()) sign(Form::autiasp);
}

// Exit stubs.
inline void Emitter::finish() {
  emit_stubs([this](u32 state) {
    if (state == 0 || options_.exit_symbol.empty()) return put(Form::brk, (state & 0xffff) << 5);
    put(Form::adr, preg::scratch2.id);  // its own address
    code_.put32(form_bits(Form::b), code_.symbol(options_.exit_symbol), FixupKind::a64_branch26);
  });
}

// ---- places ----

inline bool Emitter::locate(Allocation a, Location& l) const {
  using Kind = Allocation::Kind;
  const auto place = [&l](Location::Kind kind, unsigned base, i64 offset) {
    l.kind = kind;
    l.reg = PReg(base);
    l.offset = static_cast<i32>(offset);
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
    case Kind::reg: return place(Location::Kind::reg, a.index(), 0);
    case Kind::slot: return place(Location::Kind::memory, frame_.base(), frame_.spill(a.index()));
    case Kind::incoming:
      return place(Location::Kind::memory, frame_.base(),
                   frame_.incoming() + i64{a.index()} * conv_.frame.slot_bytes);
    case Kind::remat: break;
  }
  const ir::Remat& r = mf_.remats[a.index()];
  switch (static_cast<Macro>(r.form)) {
    case Macro::integer:
    case Macro::float_bits: return value(Location::Kind::constant, r.imm);
    case Macro::vector:
      return value(Location::Kind::constant, mf_.literals[r.extra].lo, mf_.literals[r.extra].hi);
    case Macro::slot_address: {
      const i64 align = static_cast<i64>(frame_.over_alignment(r.extra)), more = static_cast<i64>(r.imm);
      if (align != 0 && (more != 0 || align > 0x8000)) return false;  // rounded before it is added
      l.align = static_cast<u16>(align != 0 ? align : 1);
      return place(Location::Kind::address, frame_.base(),
                   frame_.place(r.extra) + more + (align != 0 ? align - 16 : 0));
    }
    case Macro::symbol_address:
      l.offset = static_cast<i32>(r.imm);
      return value(Location::Kind::symbol, r.extra);
    default: return false;
  }
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_EMITTER_MOVES_HPP
