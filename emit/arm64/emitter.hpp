// Emission for AArch64: allocated machine instructions to words in a CodeBuffer. The walk over blocks,
// moves and jumps is ir/emission.hpp's; here is what one instruction, one move and a frame become.
//
// Invariants:
//  - Moves, constants and addresses touch no flags and no register but their own, x16 and x17.
//  - Branches go through CodeBuffer's fixups, so that far ones get veneers. A veneer may overwrite x16.
//  - x16 and x17 may hold values where the function begins, calls and is left: parameters, arguments, what a
//    convention preserves. There they are no scratch (kept_), branches get no veneer, and what cannot do
//    without is refused (Error::register_kept). Where a frame state is named they hold none: it is no place of
//    the allocator's, parameters have moved on, and a function that names one saves what is preserved.
//  - exits() lists every place where control can leave through a frame state, by code offset.
// Source: Arm ARM C4.1, C6.2.
#ifndef JITKIT_EMIT_ARM64_EMITTER_HPP
#define JITKIT_EMIT_ARM64_EMITTER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/frame.hpp>
#include <jitkit/emit/arm64/lower.hpp>
#include <jitkit/emit/arm64/macro_assembler.hpp>
#include <jitkit/emit/cfi.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/ir/emission.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

class Emitter : public ir::EmitterBase<Emitter, Label> {
  using Base = ir::EmitterBase<Emitter, Label>;
  using MachInst = ir::MachInst;
  using Operand = ir::Operand;
  using Allocation = ir::Allocation;
  using Type = ir::Type;

 public:
  using CfiRow = jitkit::CfiRow;

  Emitter(const ir::FunctionData& fn, ir::MachFunction& mf, const ir::Convention& conv,
          const Options& options, CodeBuffer& code, Arena& arena)
      : Base(fn, mf, arena), code_(code), asm_(code), options_(options), conv_(conv), frame_(fn, mf, conv, arena),
        arena_(arena), cfi_(arena), pending_words_(arena) {}

  Status run() {
    const Status laid_out = frame_.lay_out();
    if (!laid_out.ok()) return laid_out;
    emit_function();
    const Status mapped = make_location_map();
    if (arena_.failed()) return arena_.status();
    // Nothing needs more than the two scratch registers there are, unless one is kept.
    if (code_.status().error == Error::no_register) return {Error::register_kept, 0, preg::scratch.id};
    return code_.status().ok() ? mapped : code_.status();
  }
  u32 frame_bytes() const { return frame_.bytes(); }
  const Vec<CfiRow>& cfi() const { return cfi_; }

 private:
  friend Base;

  // --- words
  Label new_label() { return code_.new_label(); }
  void bind(Label l) { code_.bind(l); }
  u32 offset() { return code_.offset(); }
  void put(u32 word) { code_.put32(word); }
  void put(Form f, u32 rest) { code_.put32(form_bits(f) ^ rest); }
  template <class Target>
  void put_branch(u32 word, Target to) {
    code_.put32(word, to, branch_kind(word));
  }
  static FixupKind branch_kind(u32 word) {
    if ((word & 0x7c000000) == 0x14000000) return FixupKind::a64_branch26;
    return (word & 0x7e000000) == 0x36000000 ? FixupKind::a64_branch14 : FixupKind::a64_branch19;
  }
  static constexpr u32 insts_in_reach = 1024;  // 32 KiB with 8 words each
  // The opposite of a conditional branch.
  static u32 inverse_branch(u32 word) {
    return word ^ ((word & 0xff000000) == form_bits(Form::b_cond) ? 1U : 1U << 24);
  }
  static unsigned number(const Operand& o) { return o.alloc.index() & 31; }
  unsigned reg(const MachInst& m, unsigned n) const { return number(mf_.operands[m.first + n]); }

  u32 merged(const MachInst& m) const {
    u32 word = static_cast<u32>(m.imm);
    u64 where = m.imm >> 32;
    const Operand* o = mf_.operands.data() + m.first;
    for (; where != 0; where >>= 3, ++o)
      word |= static_cast<u32>(u64{o->alloc.index() & 31} << field_lsb[where & 7]);
    return word;
  }

  u32 guard_branch(MachInst m) const {
    m.imm &= low_mask(35);  // one register at most
    return merged(m);
  }

  // --- x16 and x17
  void keep(RegSet s) {
    kept_ = s | untouched_;
    asm_.set_scratch(preg::scratches - kept_);
  }
  void release() {
    if (!kept_.empty()) keep({});
  }
  // Those that operands of m name: what it reads, or the results that live on.
  RegSet named(const MachInst& m, bool results) const {
    RegSet s;
    for (const Operand& o : mf_.operands_of(m)) {
      if (!o.alloc.is_reg() || !preg::scratches.has(o.alloc.preg())) continue;
      if (results ? o.is_def() && o.next_use != ir::no_use : o.is_use()) s.add(o.alloc.preg());
    }
    return s;
  }
  FixupKind symbol_branch() const { return kept_.empty() ? FixupKind::a64_branch26 : FixupKind::a64_branch26_direct; }

  // --- called by the walk
  void emit_inst(const MachInst& m) {
    if (kept_.empty() && (m.flags & ir::mach_call) == 0) return emit_plain(m);
    keep(named(m, false));  // what had arrived there has moved on
    emit_plain(m);
    keep(named(m, true));
  }
  void emit_plain(const MachInst& m);
  bool is_branch(const MachInst& m) const {
    return m.form == form_of(Form::b_cond) || (m.form >= form_of(Form::cbz_w) && m.form <= form_of(Form::tbnz_x));
  }
  void emit_branch(const MachInst& m, bool inverted, Label l) {
    release();
    const u32 word = merged(m);
    put_branch(inverted ? inverse_branch(word) : word, l);
  }
  bool is_guard(const MachInst& m) const { return m.form == form_of(Macro::guard); }
  void emit_guard_inverted(const MachInst& m, Label l) {
    release();
    put_branch(inverse_branch(guard_branch(m)), l);
    if (const Symbol s = exit_symbol(m, options_.exit_symbols))
      code_.put32(form_bits(Form::b), s, symbol_branch());
    else
      put_branch(form_bits(Form::b), exit_label(m));
    record(m, offset() - 4);
  }
  void emit_jump(Label l) {
    release();
    put_branch(form_bits(Form::b), l);
  }
  void emit_move(const ir::Move& move);
  void put_move(const ir::Move& move);
  bool locate(Allocation a, Location& l) const;
  void prologue();
  void finish();

  // --- parts
  void epilogue();
  // After the instruction that leaves: what follows is the body again.
  void end_epilogue() {
    release();
    if (frame_.adjusts_sp()) add_row(CfiOp::restore_state, 0, 0);
  }
  // The return address is signed with the stack pointer the function is entered with.
  bool signs() const { return options_.return_signing && frame_.adjusts_sp() && frame_.saves_link(); }
  void sign(Form f) {
    put(f, 0);
    add_row(CfiOp::negate_ra_state, 0, 0);
  }
  void save_registers(bool store);
  void save(const Frame::Save& s, bool store, unsigned base, i64 offset);
  void adjust_sp(i64 by);
  void add_row(CfiOp op, u8 number, i32 value) { cfi_.push({code_.offset() - start_, op, number, value}); }
  void float_constant(unsigned rd, u64 bits, unsigned width);
  // rd <- rn + offset, where 31 is the stack pointer.
  void add_offset(unsigned rd, unsigned rn, i64 offset) {
    asm_.put_arith(MacroAssembler::Arith::add, true, rd, rn, offset);
  }
  void slot_address(unsigned rd, u32 slot);
  void memory_move(Type t, unsigned r, bool load, unsigned base, i64 offset);
  void rematerialise(Type t, PReg to, const ir::Remat& r);
  void symbol_address(unsigned rd, u32 symbol, i64 addend);
  Symbol symbol(u32 id) { return code_.symbol(fn_.module->symbol_name(ir::SymbolRef(id))); }
  void emit_copy(Type t, unsigned rd, unsigned rn);
  void emit_swap(Type t, PReg a, PReg b);
  void emit_macro(const MachInst& m);
  void emit_switch(const MachInst& m);
  void emit_exclusive(const MachInst& m);
  void emit_update(ir::Opcode op, unsigned size, unsigned result, unsigned old, unsigned operand);
  void emit_pair_loop(const MachInst& m);
  void emit_region(const MachInst& m);
  void branch_out(const MachInst& m);
  struct RegionWord {
    u32 word;
    u32 names;
  };

  CodeBuffer& code_;
  MacroAssembler asm_;
  const Options& options_;
  const ir::Convention& conv_;
  Frame frame_;
  Arena& arena_;
  Vec<CfiRow> cfi_;
  Vec<RegionWord> pending_words_;
  RegSet kept_;      // of x16 and x17: those that hold a value now ...
  RegSet arriving_;  // ... and those that hold a parameter at the start
  RegSet leaving_;    // what a native exit gives out: not restored
  RegSet untouched_;  // preserved and not saved: never scratch
};

// ---- instructions ----

inline void Emitter::emit_plain(const MachInst& m) {
  if (is_macro(m.form) && m.form != form_of(Macro::word)) return emit_macro(m);
  if (m.form >= static_cast<u16>(ir::Pseudo::first)) {
    if (m.form == static_cast<u16>(ir::Pseudo::copy)) {
      const Operand& from = mf_.operands[m.first];
      const Operand& to = mf_.operands[m.first + 1];
      const Type t = mf_[to.vreg].type;
      if (from.alloc != to.alloc) emit_copy(t, number(to), number(from));
    }
    return;
  }
  if ((m.flags & ir::mach_frame_address) != 0) {
    MachInst plain = m;  // without the displacement, and with the fields of three operands
    plain.imm = m.imm & low_mask(64 - displacement_bits);
    const bool outgoing = m.extra == frame_outgoing;
    const i64 place = outgoing ? 0 : frame_.place(m.extra);
    unsigned base = outgoing ? Frame::sp : frame_.base();
    i64 distance = place + displacement_of(m.imm);
    if (frame_.over_alignment(m.extra) != 0) {
      slot_address(preg::scratch.id, m.extra);
      base = preg::scratch.id;
      distance = displacement_of(m.imm);
    }
    asm_.put_access(merged(plain), base, distance);
    if (m.state) record(m, offset() - 4);
    return;
  }
  const u32 word = merged(m);
  put(word);
  if (m.state) record(m, offset() - 4);
}

// The branch of a guard or of a checking op, to code behind the function. A symbol's veneer stands there too, and
// tbz reaches it only in a function of few instructions, with room for the words each may become.
inline void Emitter::branch_out(const MachInst& m) {
  if (const Symbol s = exit_symbol(m, options_.exit_symbols)) {
    check(kept_.empty());  // a veneer may stand between
    const u32 word = guard_branch(m);
    if (branch_kind(word) == FixupKind::a64_branch14 && mf_.insts.size() > insts_in_reach) {
      put(inverse_branch(word) | 2U << 5);  // over the next
      code_.put32(form_bits(Form::b), s, symbol_branch());
    } else {
      put_branch(word, s);
    }
  } else {
    put_branch(guard_branch(m), exit_label(m));
  }
  if (m.state) record(m, offset() - 4);
}

inline void Emitter::emit_macro(const MachInst& m) {
  switch (static_cast<Macro>(m.form)) {
    case Macro::guard:
    case Macro::trap_if: return branch_out(m);
    case Macro::switch_: return emit_switch(m);
    case Macro::call_symbol: return code_.put32(form_bits(Form::bl), symbol(m.extra), symbol_branch());
    case Macro::call_helper:
      return code_.put32(form_bits(Form::bl), code_.symbol(helper_names[m.extra]), FixupKind::a64_branch26);
    case Macro::tail_symbol:
      epilogue();
      code_.put32(form_bits(Form::b), symbol(m.extra), symbol_branch());
      return end_epilogue();
    case Macro::tail_reg: {
      unsigned target = reg(m, 0);
      epilogue();
      if (options_.landing_pads) {  // through x16 or x17 a branch may land where a call may (bti c)
        const RegSet free = preg::scratches - kept_;
        if (free.empty()) return code_.fail({Error::no_register, offset(), 1});
        emit_copy(Type::i64, free.first().id, target);
        target = free.first().id;
      }
      put(Form::br, target << 5);
      return end_epilogue();
    }
    case Macro::ret:
      epilogue();
      put(Form::ret, u32{preg::link.id} << 5);
      return end_epilogue();
    case Macro::exit_: {
      const ir::ExitData& e = fn_.exits[m.extra];
      const bool full = e.epilogue == ir::ExitData::Epilogue::full;
      for (const Operand& o : mf_.operands_of(m))
        if (full && o.alloc.is_reg()) leaving_.add(o.alloc.preg());
      if (leaving_.has(preg::frame) && frame_.keeps_frame_pointer())
        return code_.fail({Error::register_kept, m.inst.id, preg::frame.id});
      if (full) epilogue();
      leaving_ = {};
      record_exit(m);
      if (e.target)
        code_.put32(form_bits(Form::b), symbol(e.target.id), symbol_branch());
      else
        falls_out(m.inst);
      if (full) end_epilogue();
      return;
    }
    case Macro::unreachable: return put(Form::udf, 0);
    case Macro::patch_area:
      record(m, offset());
      for (u64 n = 0; n < m.imm; n += 4) put(Form::nop, 0);
      return;
    case Macro::safepoint: return record(m, offset());
    case Macro::slot_address:
    case Macro::symbol_address: {
      const Operand& d = mf_.operands[m.first];
      return rematerialise(Type::i64, d.alloc.preg(), {m.form, m.imm, m.extra});
    }
    case Macro::allocate_stack: {
      const unsigned size = reg(m, 0), d = reg(m, 1);
      put(Form::sub_extx_x, 31 | 31 << 5 | size << 16 | 3 << 13);
      const i64 outgoing = static_cast<i64>(align_up(mf_.outgoing_bytes, 16));
      const i64 align = static_cast<i64>(m.imm);
      if (align > 16) adjust_sp(-align);
      add_offset(d, Frame::sp, outgoing + (align > 16 ? align - 1 : 0));
      if (align > 16)
        put(Form::and_imm_x, d | d << 5 | static_cast<u32>(encode_logical(~static_cast<u64>(align - 1), 64)));
      return;
    }
    case Macro::exchange_loop:
    case Macro::compare_loop: return emit_exclusive(m);
    case Macro::pair_load_loop:
    case Macro::pair_exchange_loop:
    case Macro::pair_compare_loop: return emit_pair_loop(m);
    case Macro::region_word: pending_words_.push({static_cast<u32>(m.imm), m.extra}); return;
    case Macro::region: return emit_region(m);
    case Macro::integer:
    case Macro::float_bits:
    case Macro::vector:
    case Macro::word:
    case Macro::end: break;
  }
}

inline void Emitter::emit_region(const MachInst& m) {
  CodeBuffer::Scope together = code_.exact(pending_words_.size() * 4);  // no island inside
  for (const RegionWord& w : pending_words_) {
    u32 word = w.word;
    for (unsigned f = 0; f < 4; ++f) {
      const u32 name = w.names >> (8 * f) & 0xff;
      if (name != 0) word |= in_field(static_cast<RegField>(f + 1), reg(m, name - 1));
    }
    put(word);
  }
  pending_words_.clear();
}

// ---- switches ----

// Dense cases by a table of distances, others by comparisons in order: and all of them where an indirect
// branch needs a landing pad, which blocks do not have.
inline void Emitter::emit_switch(const MachInst& m) {
  const u32 edges = static_cast<u32>(m.imm), cases = edges - 1;
  const u32 wide = m.aux, x = reg(m, 0), s = preg::scratch.id, t = preg::scratch2.id;
  const u32 sf = wide << 31;
  i64 least = INT64_MAX, greatest = INT64_MIN;
  for (u32 n = 0; n < cases; ++n) {
    const i64 v = fn_[ir::Edge(m.extra + n)].case_value;
    least = v < least ? v : least;
    greatest = v > greatest ? v : greatest;
  }
  const Label other = edge_label(m.extra + cases);
  const u64 span = cases == 0 ? 0 : static_cast<u64>(greatest) - static_cast<u64>(least);
  if (cases < 4 || span >= u64{cases} * 4 || options_.landing_pads) {
    for (u32 n = 0; n < cases; ++n) {
      const i64 v = fn_[ir::Edge(m.extra + n)].case_value;
      asm_.put_arith(MacroAssembler::Arith::subs, wide != 0, Frame::sp, x, v);  // cmp
      put_branch(form_bits(Form::b_cond) | static_cast<u32>(Cond::eq), edge_label(m.extra + n));
    }
    if (!falls_through(m.extra + cases)) emit_jump(other);
    return;
  }
  asm_.put_constant(s, wide != 0 ? static_cast<u64>(least) : static_cast<u32>(least));
  put(Form::sub_shift_w, sf | s | x << 5 | s << 16);
  asm_.put_constant(t, span);
  put(Form::cmp_shift_w, sf | s << 5 | t << 16);
  put_branch(form_bits(Form::b_cond) | static_cast<u32>(Cond::hi), other);
  const Label table = new_label();
  code_.put32(form_bits(Form::adr) | t, table, FixupKind::a64_adr21);
  // The index is below 2^32: the upper half of s is clear, or the table would not exist.
  put(Form::ldrsw_reg, s | t << 5 | s << 16 | static_cast<u32>(ExtendKind::uxtx) << 13 | 1U << 12);
  put(Form::add_shift_x, s | s << 5 | t << 16);
  put(Form::br, s << 5);
  Vec<Label> targets(arena_);
  if (!targets.assign(static_cast<u32>(span) + 1, other)) return;
  for (u32 n = 0; n < cases; ++n) {
    const u64 v = static_cast<u64>(fn_[ir::Edge(m.extra + n)].case_value);
    targets[static_cast<u32>(v - static_cast<u64>(least))] = edge_label(m.extra + n);
  }
  code_.jump_table(table, {targets.data(), targets.size()});
}

// ---- atomics ----

// result <- old op operand, on `size` (log2) bytes.
inline void Emitter::emit_update(ir::Opcode op, unsigned size, unsigned result, unsigned old, unsigned operand) {
  using ir::Opcode;
  const u32 sf = size == 3 ? 1U << 31 : 0, dnm = sf | result | old << 5 | operand << 16;
  switch (op) {
    case Opcode::atomic_add: return put(Form::add_shift_w, dnm);
    case Opcode::atomic_sub: return put(Form::sub_shift_w, dnm);
    case Opcode::atomic_and: return put(Form::and_shift_w, dnm);
    case Opcode::atomic_or: return put(Form::orr_shift_w, dnm);
    case Opcode::atomic_xor: return put(Form::eor_shift_w, dnm);
    default: break;
  }
  const bool is_signed = op == Opcode::atomic_smin || op == Opcode::atomic_smax;
  unsigned left = old;
  if (size < 2 && is_signed) {
    put(size == 0 ? Form::sxtb_w : Form::sxth_w, result | old << 5);
    left = result;
  }
  if (size < 2)
    put(Form::cmp_ext_w, left << 5 | operand << 16 | size << 13 | (is_signed ? 4U << 13 : 0U));
  else
    put(Form::cmp_shift_w, sf | left << 5 | operand << 16);
  const Cond c = op == Opcode::atomic_smin ? Cond::le : op == Opcode::atomic_smax ? Cond::ge
                 : op == Opcode::atomic_umin ? Cond::ls : Cond::hs;
  put(Form::csel_w, dnm | static_cast<u32>(c) << 12);
}

// [address, operand, old, new, status] or [address, expected, desired, old, status].
inline void Emitter::emit_exclusive(const MachInst& m) {
  const unsigned size = m.imm & 3;
  const u32 acquire = (m.imm & 4) != 0 ? 1U << 15 : 0, release = (m.imm & 8) != 0 ? 1U << 15 : 0;
  const bool compares = m.form == form_of(Macro::compare_loop);
  const ir::Opcode op = static_cast<ir::Opcode>(m.imm >> 8 & 0xffff);
  const unsigned at = reg(m, 0), old = reg(m, compares ? 3 : 2), status = reg(m, 4);
  const u32 sf = size == 3 ? 1U << 31 : 0;
  const Label again = new_label(), done = new_label();
  const bool narrow_signed = size < 2 && (op == ir::Opcode::atomic_smin || op == ir::Opcode::atomic_smax);
  const bool selects = op >= ir::Opcode::atomic_smin && op <= ir::Opcode::atomic_umax;
  const u32 middle = compares || selects ? 2 : op == ir::Opcode::atomic_xchg ? 0 : 1;
  CodeBuffer::Scope together = code_.exact((3 + middle + (narrow_signed ? 1 : 0)) * 4);
  bind(again);
  put(form_bits(Form::ldxrb) | size << 30 | acquire | at << 5 | old);
  unsigned stored = reg(m, compares ? 2 : 1);
  if (compares) {
    put(Form::cmp_shift_w, sf | old << 5 | reg(m, 1) << 16);
    put_branch(form_bits(Form::b_cond) | static_cast<u32>(Cond::ne), done);
  } else if (op != ir::Opcode::atomic_xchg) {
    emit_update(op, size, reg(m, 3), old, reg(m, 1));
    stored = reg(m, 3);
  }
  put(form_bits(Form::stxrb) | size << 30 | release | status << 16 | at << 5 | stored);
  put_branch(form_bits(Form::cbnz_w) | status, again);
  bind(done);
}

inline void Emitter::emit_pair_loop(const MachInst& m) {
  const u32 acquire = (m.imm & 4) != 0 ? 1U << 15 : 0, release = (m.imm & 8) != 0 ? 1U << 15 : 0;
  const Macro kind = static_cast<Macro>(m.form);
  const bool compares = kind == Macro::pair_compare_loop, exchanges = kind == Macro::pair_exchange_loop;
  const unsigned first_old = compares ? 5 : exchanges ? 3 : 1;
  const unsigned at = reg(m, 0), low = reg(m, first_old), high = reg(m, first_old + 1);
  const unsigned status = reg(m, first_old + 2), s = preg::scratch.id, t = preg::scratch2.id;
  const Label again = new_label();
  CodeBuffer::Scope together = code_.exact(compares ? 28 : 12);
  bind(again);
  put(form_bits(Form::ldxp_x) | acquire | at << 5 | high << 10 | low);
  unsigned store_low = low, store_high = high;
  if (exchanges) {
    store_low = reg(m, 1);
    store_high = reg(m, 2);
  } else if (compares) {
    put(Form::cmp_shift_x, low << 5 | reg(m, 1) << 16);
    put(Form::ccmp_reg_x, high << 5 | reg(m, 2) << 16 | static_cast<u32>(Cond::eq) << 12);
    put(Form::csel_x, s | reg(m, 3) << 5 | low << 16 | static_cast<u32>(Cond::eq) << 12);
    put(Form::csel_x, t | reg(m, 4) << 5 | high << 16 | static_cast<u32>(Cond::eq) << 12);
    store_low = s;
    store_high = t;
  }
  put(form_bits(Form::stxp_x) | release | status << 16 | at << 5 | store_high << 10 | store_low);
  put_branch(form_bits(Form::cbnz_w) | status, again);
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#include <jitkit/emit/arm64/emitter_moves.hpp>

#endif  // JITKIT_EMIT_ARM64_EMITTER_HPP
