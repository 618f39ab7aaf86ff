// Emission for x86-64: allocated machine instructions to bytes in a CodeBuffer. The walk over blocks,
// moves and jumps is ir/emission.hpp's; here is what one instruction, one move and a frame become.
//
// Invariants:
//  - Moves, constants and addresses touch no flags and no register but their own.
//  - A jump back takes the short form where it reaches; a jump forward the near one.
//  - exits() lists every place where control can leave through a frame state, by code offset.
//  - In a function with 256-bit values, calls, returns and native exits that pass none come after vzeroupper.
// Sources: Intel SDM vol. 2; Intel Optimization Reference Manual 15.3 (AVX and SSE transitions).
#ifndef JITKIT_EMIT_X86_64_EMITTER_HPP
#define JITKIT_EMIT_X86_64_EMITTER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/cfi.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/x86_64/emitter_frame.hpp>
#include <jitkit/emit/x86_64/formats.hpp>
#include <jitkit/emit/x86_64/lower.hpp>
#include <jitkit/emit/x86_64/machine_word.hpp>
#include <jitkit/emit/x86_64/macro_assembler.hpp>
#include <jitkit/ir/emission.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

class Emitter : public ir::EmitterBase<Emitter, Label> {
  using Base = ir::EmitterBase<Emitter, Label>;
  using MachInst = ir::MachInst;
  using Operand = ir::Operand;
  using Allocation = ir::Allocation;
  using Type = ir::Type;
  using F = Form;

 public:
  using CfiRow = jitkit::CfiRow;

  Emitter(const ir::FunctionData& fn, ir::MachFunction& mf, const ir::Convention& conv,
          const Options& options, CodeBuffer& code, Arena& arena)
      : Base(fn, mf, arena), code_(code), macros_(code, options.features.has(Feature::avx)), options_(options),
        avx_(options.features.has(Feature::avx)), conv_(conv), frame_(fn, mf, conv, arena), arena_(arena), cfi_(arena) {}

  Status run() {
    const Status laid_out = frame_.lay_out();
    if (!laid_out.ok()) return laid_out;
    uses_upper_halves_ = is_wide(mf_.widest_vector());
    for (const ir::Param& p : fn_.module->params(fn_.signature)) uses_upper_halves_ = uses_upper_halves_ || is_wide(p.type);
    emit_function();
    const Status mapped = make_location_map();
    if (arena_.failed()) return arena_.status();
    return code_.status().ok() ? mapped : code_.status();
  }
  u32 frame_bytes() const { return frame_.bytes(); }
  const jitkit::Vec<CfiRow>& cfi() const { return cfi_; }

 private:
  friend Base;
  static constexpr unsigned max_length = 16;

  // A memory operand whose registers are known.
  struct Memory {
    u8 base = reg_none;
    u8 index = reg_none;
    u8 scale = 0;
    AddressKind kind = AddressKind::registers;  // symbol, literal: rip-relative
    i32 disp = 0;
    u32 extra = 0;
    u32 literal_bytes = 0;
  };
  static Memory at(Frame::Place p, i32 disp = 0) { return based(p.base, p.offset + disp); }
  static Memory based(u8 base, i32 disp) {
    Memory m;
    m.base = base;
    m.disp = disp;
    return m;
  }

  // --- bytes
  Label new_label() { return code_.new_label(); }
  void bind(Label l) { code_.bind(l); }
  u32 offset() { return code_.offset(); }
  void put(Form f, const u8* regs, i32 disp = 0, u8 scale = 0, i64 imm = 0);
  bool put_quick(Form f, const u8* regs, i32 disp, u8 scale, i64 imm);
  void put_slow(Form f, const u8* regs, i32 disp, u8 scale, i64 imm);
  void put(Form f, std::initializer_list<u8> regs, i64 imm = 0) { put(f, regs.begin(), 0, 0, imm); }
  void put_memory(Form f, u8* regs, unsigned at, const Memory& m, i64 imm = 0);
  void load(Form f, u8 r, const Memory& m) {
    u8 regs[3] = {r};
    put_memory(f, regs, 1, m);
  }
  void store(Form f, const Memory& m, u8 r) {
    u8 regs[3] = {0, 0, r};
    put_memory(f, regs, 0, m);
  }
  void put_symbol(Form f, Symbol s) {
    put(f, {});
    code_.use_symbol(s, FixupKind::x86_plt32, offset() - 4);
  }
  void put_jump(Form short_form, Form near_form, Label l);
  void put_jump(Form, Form near_form, Symbol s) {
    if (put_branch(near_form, 4)) code_.use_symbol(s, FixupKind::x86_plt32, offset() - 4);
  }
  bool put_branch(Form f, unsigned field);
  template <class Target>
  void jump_if(u8 code, Target to);
  template <class Target>
  void jump_if(Cond c, Target to) {
    put_jump(form_for(F::jo_l8, c), form_for(F::jo_l, c), to);
  }

  // --- operands
  static u8 number(const Operand& o) { return o.alloc.is_reg() ? static_cast<u8>(o.alloc.index()) : reg_none; }
  u8 reg(const MachInst& m, unsigned n) const { return number(mf_.operands[m.first + n]); }
  Memory memory(const MachInst& m, u8 base, u8 index) const;
  Symbol symbol(u32 id) { return code_.symbol(fn_.module->symbol_name(ir::SymbolRef(id))); }
  static Form sized_for(bool wide, Form f32, Form f64) { return wide ? f64 : f32; }
  Form vec(Form legacy, Form vex) const { return avx_ ? vex : legacy; }
  static bool is_wide(Type t) { return ir::bank(t) == Bank::vec && ir::bits(t) > 128; }

  // --- called by the walk
  void emit_inst(const MachInst& m);
  bool is_branch(const MachInst& m) const { return m.form == form_of(Macro::branch); }
  void emit_branch(const MachInst& m, bool inverted, Label l) {
    jump_if(inverted ? inverse_code(m.aux) : m.aux, l);
  }
  bool is_guard(const MachInst& m) const { return m.form == form_of(Macro::guard); }
  void emit_guard_inverted(const MachInst& m, Label l) {
    jump_if(inverse_code(m.aux), l);
    record(m, offset());
    if (const Symbol s = exit_symbol(m, options_.exit_symbols)) return put_jump(F::jmp_l8, F::jmp_l, s);
    put_jump(F::jmp_l8, F::jmp_l, exit_label(m));
  }
  void emit_jump(Label l) { put_jump(F::jmp_l8, F::jmp_l, l); }
  void emit_move(const ir::Move& move);
  bool locate(Allocation a, Location& l) const;
  void prologue();
  void finish();

  // --- parts
  void epilogue();
  // After the instruction that leaves: what follows is the body again.
  void end_epilogue() {
    if (frame_.adjusts_sp()) add_row(CfiOp::restore_state, 0, 0);
  }
  void save_in_frame(bool store_them);
  void add_row(CfiOp op, u8 number, i32 value) { cfi_.push({offset() - start_, op, number, value}); }
  void leave_upper_halves(const MachInst& m) {
    if (uses_upper_halves_ && (m.aux & keeps_upper_halves) == 0) put(F::vzeroupper, {});
  }
  // One instruction, where the macro-assembler would take two shorter ones.
  void constant(u8 d, u64 value) {
    put(value <= 0xffffffff ? F::mov_ri_32 : F::mov_ri_64, {d}, static_cast<i64>(value));
  }
  void rematerialise(Type t, u8 d, const ir::Remat& r);
  void mask_constant(u8 d, const ir::Remat& r);
  void symbol_address(u8 d, u32 id, i32 addend);
  void emit_copy(Type t, u8 d, u8 s);
  void emit_swap(Type t, u8 a, u8 b);
  void copy_general(bool wide, u8 d, u8 s);
  void move_general(bool wide, u8 r, bool is_load, Frame::Place place);
  void spill_move(Type t, u8 r, bool is_load, Frame::Place place);
  void emit_macro(const MachInst& m);
  void emit_switch(const MachInst& m);
  struct Case {
    i64 value;
    u32 edge;
  };
  void compare_with(u8 x, u8 temp, bool wide, i64 value);
  void search(const Case* cases, u32 count, const MachInst& m, Label other);
  void emit_divide(const MachInst& m);
  void emit_atomic_loop(const MachInst& m);
  void emit_exchange_pair(const MachInst& m);
  void branch_out(const MachInst& m);

  CodeBuffer& code_;
  MacroAssembler macros_;
  const Options& options_;
  const bool avx_;
  const ir::Convention& conv_;
  Frame frame_;
  Arena& arena_;
  jitkit::Vec<CfiRow> cfi_;
  bool uses_upper_halves_ = false;
};

// ---- bytes ----

inline void Emitter::put(Form f, const u8* regs, i32 disp, u8 scale, i64 imm) {
  if (!put_quick(f, regs, disp, scale, imm)) put_slow(f, regs, disp, scale, imm);
}

inline void Emitter::put_slow(Form f, const u8* regs, i32 disp, u8 scale, i64 imm) {
  u8* p = code_.reserve(max_length);
  if (p == nullptr) return;
  const u8 length = encode(f, regs, disp, scale, imm, p);
  if (length == 0) return code_.fail({Error::operand_range, offset(), static_cast<u64>(f)});
  code_.advance(length);
}

// put() for most of what code is made of; false, and nothing done, for the rest.
[[gnu::always_inline]] inline bool Emitter::put_quick(Form f, const u8* regs, i32 disp, u8 scale, i64 imm) {
  u8* p = code_.reserve(max_length);
  if (p == nullptr) return false;
  const u8* end = encode_quick(f, regs, disp, scale, imm, p);
  if (end == nullptr) return false;
  code_.advance(static_cast<usize>(end - p));
  return true;
}

// regs[at] and regs[at + 1] become the memory operand's registers.
inline void Emitter::put_memory(Form f, u8* regs, unsigned at, const Memory& m, i64 imm) {
  const bool relative = m.kind == AddressKind::symbol || m.kind == AddressKind::literal;
  regs[at] = relative ? reg_rip : m.base;
  regs[at + 1] = m.index;
  if (!relative) return put(f, regs, m.disp, m.scale, imm);
  const u32 begin = offset();
  put(f, regs, 0, 0, imm);
  // Where the field ends: the first byte that another displacement changes, and three more.
  u8 other[max_length] = {};
  const u8 length = encode(f, regs, -1, 0, imm, other);
  if (length == 0 || !code_.status().ok()) return;
  u32 field = 0;
  while (code_.data()[begin + field] == other[field]) ++field;
  const i64 addend = i64{m.disp} - (length - field - 4);
  if (m.kind == AddressKind::symbol)
    return code_.use_symbol(symbol(m.extra), FixupKind::x86_rel32, begin + field, addend);
  const ir::ConstantData& c = mf_.literals[m.extra];
  const Label l = code_.literal(FixupKind::x86_rel32, m.literal_bytes, c.lo, c.hi);
  code_.use_label(l, FixupKind::x86_rel32, begin + field, addend);
}

// A direct branch with distance 0 for now, in a field of so many bytes.
inline bool Emitter::put_branch(Form f, unsigned field) {
  u8* p = code_.reserve(max_length);
  if (p == nullptr) return false;
  const Enc e = detail::encode_table.record[static_cast<u16>(f)].enc;
  code_.advance(static_cast<usize>(put_bytes(p, e & 0xffff, opcode_bytes(e) + field) - p));
  return true;
}

inline void Emitter::put_jump(Form short_form, Form near_form, Label l) {
  const bool is_short = code_.is_bound(l) && offset() - code_.offset_of(l) < 126;
  if (!put_branch(is_short ? short_form : near_form, is_short ? 1 : 4)) return;
  code_.use_label(l, is_short ? FixupKind::x86_rel8 : FixupKind::x86_rel32, offset() - (is_short ? 1 : 4));
}

// Equality of floats is two flags.
template <class Target>
inline void Emitter::jump_if(u8 code, Target to) {
  if (code == cond_unordered_or_ne) {
    jump_if(Cond::ne, to);
    return jump_if(Cond::p, to);
  }
  if (code != cond_ordered_equal) return jump_if(static_cast<Cond>(code), to);
  const Label unordered = new_label();
  jump_if(Cond::p, unordered);
  jump_if(Cond::e, to);
  bind(unordered);
}

// ---- instructions ----

inline Emitter::Memory Emitter::memory(const MachInst& m, u8 base, u8 index) const {
  Memory r;
  r.base = base;
  r.index = index;
  r.scale = packed_scale(m.aux);
  r.kind = packed_kind(m.aux);
  r.disp = packed_disp(m.imm);
  r.extra = m.extra;
  r.literal_bytes = packed_literal_bytes(m.aux);
  Frame::Place p{};
  switch (r.kind) {
    case AddressKind::registers:
    case AddressKind::symbol:
    case AddressKind::literal: return r;
    case AddressKind::slot: p = frame_.slot(m.extra); break;
    case AddressKind::outgoing: p = m.extra == above_outgoing ? frame_.dynamic() : frame_.outgoing(); break;
    case AddressKind::incoming: p = frame_.incoming(); break;
    case AddressKind::environment: p = frame_.environment(m.extra); break;
  }
  r.base = p.base;
  r.disp += p.offset;
  return r;
}

inline void Emitter::emit_inst(const MachInst& m) {
  if (is_macro(m.form)) return emit_macro(m);
  if (m.form >= static_cast<u16>(ir::Pseudo::first)) {
    if (m.form == static_cast<u16>(ir::Pseudo::copy)) {
      const Operand& to = mf_.operands[m.first + 1];
      if (reg(m, 0) != number(to)) emit_copy(mf_[to.vreg].type, number(to), reg(m, 0));
    } else if (m.state) {
      record(m, offset());
    }
    return;
  }
  if ((m.flags & ir::mach_call) != 0) leave_upper_halves(m);
  const Form f = static_cast<Form>(m.form);
  if (m.state) record(m, offset());
  constexpr unsigned most = 8;  // a row has; a frame state's come behind them
  u8 regs[most] = {};
  u8* to = regs;
  const Operand* o = mf_.operands.data() + m.first;
  for (const Operand* const end = o + (m.operands < most ? m.operands : most); o != end; ++o)
    if (o->tied == 0) *to++ = number(*o);
  if (!has_memory(f)) {
    if (!put_quick(f, regs, 0, 0, static_cast<i64>(m.imm))) put_slow(f, regs, 0, 0, static_cast<i64>(m.imm));
    return;
  }
  const unsigned where = encode_record_of(f).rm_at;
  if (packed_kind(m.aux) == AddressKind::registers) {
    const i64 imm = packed_imm(m.imm);
    if (!put_quick(f, regs, packed_disp(m.imm), packed_scale(m.aux), imm)) put_slow(f, regs, packed_disp(m.imm), packed_scale(m.aux), imm);
    return;
  }
  put_memory(f, regs, where, memory(m, regs[where], regs[where + 1]), packed_imm(m.imm));
}

// The branch of a guard or of a checking op, to code behind the function.
inline void Emitter::branch_out(const MachInst& m) {
  if (m.state) record(m, offset());
  if (const Symbol s = exit_symbol(m, options_.exit_symbols)) return jump_if(m.aux, s);
  jump_if(m.aux, exit_label(m));
}

inline void Emitter::emit_macro(const MachInst& m) {
  switch (static_cast<Macro>(m.form)) {
    case Macro::guard:
    case Macro::trap_if: return branch_out(m);
    case Macro::switch_: return emit_switch(m);
    case Macro::call_symbol:
      leave_upper_halves(m);
      return put_symbol(F::call_l, symbol(m.extra));
    case Macro::call_helper:
      leave_upper_halves(m);
      return put_symbol(F::call_l, code_.symbol(helper_names[m.extra]));
    case Macro::tail_symbol:
      leave_upper_halves(m);
      epilogue();
      put_symbol(F::jmp_l, symbol(m.extra));
      return end_epilogue();
    case Macro::tail_reg:
      leave_upper_halves(m);
      epilogue();
      put(F::jmp_r, {reg(m, 0)});
      return end_epilogue();
    case Macro::ret:
      leave_upper_halves(m);
      epilogue();
      put(F::ret, {});
      return end_epilogue();
    case Macro::exit_: {
      const ir::ExitData& e = fn_.exits[m.extra];
      const bool full = e.epilogue == ir::ExitData::Epilogue::full;
      leave_upper_halves(m);
      for (const Operand& o : mf_.operands_of(m))  // what it gives out may not be restored
        if (full && o.alloc.is_reg() && frame_.saved().has(o.alloc.preg()))
          return code_.fail({Error::register_kept, m.inst.id, o.alloc.index()});
      if (full) epilogue();
      record_exit(m);
      if (e.target)
        put_symbol(F::jmp_l, symbol(e.target.id));
      else
        falls_out(m.inst);
      if (full) end_epilogue();
      return;
    }
    case Macro::patch_area: {
      // The instruction that is patched is one nop within 8 aligned bytes: one store changes it.
      const u32 bytes = static_cast<u32>(m.imm), first = bytes < 8 ? bytes : 8, at = offset() % 8;
      if (at + first > 8) macros_.nops(8 - at);
      record(m, offset());
      return macros_.nops(bytes);
    }
    case Macro::lower_stack: return put(F::sub_rr_64, {preg::rsp.id, reg(m, 0)});
    case Macro::divide: return emit_divide(m);
    case Macro::select_wide: {  // the result stands in y's register
      const Label done = new_label();
      put(F::test_rr_8, {reg(m, 0), reg(m, 0)});
      jump_if(Cond::e, done);
      emit_copy(mf_[mf_.operands[m.first + 3].vreg].type, reg(m, 3), reg(m, 1));
      bind(done);
      return;
    }
    case Macro::atomic_loop: return emit_atomic_loop(m);
    case Macro::exchange_pair: return emit_exchange_pair(m);
    case Macro::integer:
    case Macro::vec_zero:
    case Macro::vec_ones:
    case Macro::literal_4:
    case Macro::literal_8:
    case Macro::literal_16:
    case Macro::slot_address:
    case Macro::symbol_address: {
      const Operand& d = mf_.operands[m.first];
      return rematerialise(mf_[d.vreg].type, number(d), {m.form, m.imm, m.extra});
    }
    case Macro::branch:
    case Macro::end: break;
  }
  code_.fail({Error::unsupported, m.inst.id, m.form});
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#include <jitkit/emit/x86_64/emitter_macros.hpp>
#include <jitkit/emit/x86_64/emitter_moves.hpp>

#endif  // JITKIT_EMIT_X86_64_EMITTER_HPP
