// Selection, the half that every target shares: the backward walk over the IR, the map from Values to
// VRegs, what may be folded into its consumer, and the making of machine instructions. The target's
// Lower derives from Selector and says how each op becomes instructions.
//
// Invariants:
//  - Blocks in reverse layout order, instructions from last to first: when an instruction is reached,
//    all its consumers have been selected. One that nobody asked for in a register, and that has no
//    effect of its own, is skipped: folded or dead.
//  - Within one IR instruction the target emits in program order; end_inst() reverses the run, because
//    MachFunction is stored backwards.
//  - A consumer may fold a producer (look through it instead of asking for its VReg) if folds() allows.
//    A load moves to its consumer only past instructions without memory effects.
// Tree matching against a backward walk with use counts: as in Cranelift's machinst lowering.
#ifndef JITKIT_IR_SELECT_HPP
#define JITKIT_IR_SELECT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>

#include <initializer_list>

namespace jitkit::inline JITKIT_ABI::ir {

// One operand, as selection writes it.
struct Reg {
  static constexpr Operand use(VReg v) { return make(v, role_use); }
  static constexpr Operand def(VReg v) { return make(v, role_def); }
  static constexpr Operand early_def(VReg v) { return make(v, role_def | role_early_def); }
  static constexpr Operand late_use(VReg v) { return make(v, role_use | role_late_use); }
  static constexpr Operand use_fixed(VReg v, PReg r) { return fixed(make(v, role_use), r); }
  static constexpr Operand def_fixed(VReg v, PReg r) { return fixed(make(v, role_def), r); }
  // A def that takes the register of the use operand `back` places before it (1: the one before).
  static constexpr Operand def_tied(VReg v, unsigned back = 1) {
    Operand o = make(v, role_def);
    o.tied = static_cast<u8>(back);
    return o;
  }
  static constexpr Operand any(VReg v) {
    Operand o = make(v, role_use | role_late_use);
    o.constraint = ConstraintKind::any;
    return o;
  }

 private:
  static constexpr Operand make(VReg v, unsigned role) {
    Operand o;
    o.vreg = v;
    o.role = static_cast<u8>(role);
    return o;
  }
  static constexpr Operand fixed(Operand o, PReg r) {
    o.constraint = ConstraintKind::fixed;
    o.arg = r.id;
    return o;
  }
};

// What the compiler shows of a target's lower.def that is not in step with ops.def: the op whose row is
// missing or not at its place, as an argument.
template <Opcode op>
struct LowerRow {
  static_assert(op == Opcode::core_count, "lower.def: no row for this op of ops.def, or not at its place: the order is that of ops.def");
  static constexpr bool there = true;
};
// That op, core_count if all is well. `rows`: Opcode::none, then the ops of lower.def.
consteval Opcode misplaced_lower_row(Span<const Opcode> rows) {
  for (unsigned n = 0; n < core_op_count; ++n)
    if (n == rows.size() || static_cast<unsigned>(rows[n]) != n) return static_cast<Opcode>(n);
  return rows.size() == core_op_count ? Opcode::core_count : rows[core_op_count];
}

// CRTP base. Derived provides:
//   void lower(Inst)                          emits the instructions of one IR instruction
//   void lower_entry()                        emits Pseudo::param_def for the function's parameters
//   bool constant_recipe(Type, ConstantData, Remat&)  how to make a constant without inputs
//   bool keeps_flags(const InstData&)         whether selection of it writes no flags
//   Status missing(Type)                      why the target cannot hold values of a type; ok if it can
template <class Derived>
class Selector {
 public:
  Selector(const FunctionData& fn, MachFunction& mf, Arena& arena) : fn_(fn), mf_(mf), memory_(arena) {
    vreg_of_.attach(arena);
    epochs_.attach(arena);
  }

  // mf.blocks, loops and edges are laid out; fills everything selection makes.
  Status run() {
    vreg_of_.assign(fn_.values.size(), VReg());
    epochs_.assign(fn_.insts.size(), 0);
    if (epochs_.size() != fn_.insts.size()) return {Error::out_of_memory, 0, fn_.insts.size() * 4};
    // The first instruction is always there for last() to give.
    if (!mf_.insts.reserve(fn_.insts.size() + fn_.insts.size() / 2 + 16) || !mf_.operands.reserve(fn_.insts.size() * 3 + 16) ||
        !mf_.vregs.reserve(fn_.values.size() + fn_.insts.size() / 4 + 16))
      return {Error::out_of_memory, 0, fn_.insts.size() * sizeof(MachInst)};
    declare_params();
    for (u32 k = mf_.blocks.size(); k-- > 0 && status_.ok() && !memory_.failed();) select_block(k);
    if (status_.ok()) status_ = fn_.status();
    return status_;
  }

 protected:
  Derived& self() { return static_cast<Derived&>(*this); }

  // --- Values and registers

  // v in a register; i128 gives the low half, the high half is the next VReg.
  [[gnu::always_inline]] VReg vreg(Value v) {
    const VReg r = vreg_of_[v.id];
    return r ? r : first_vreg(v);
  }
  VReg high_vreg(Value v) { return VReg(vreg(v).id + 1); }
  // The VReg of the operand n of i.
  VReg operand_vreg(Inst i, u32 n) { return vreg(fn_.operand(i, n)); }
  // The VReg result n shall be in: the one its consumers asked for, or a dead one.
  VReg result_vreg(Inst i, u32 n = 0) {
    VReg& r = vreg_of_[fn_.result(i, n).id];
    if (!r) r = new_vreg(fn_.type(fn_.result(i, n)));
    return r;
  }
  bool wanted(Value v) const { return static_cast<bool>(vreg_of_[v.id]); }
  // A new VReg; i128 takes two consecutive i64.
  VReg new_vreg(Type t) {
    if (!contains(present_, t)) {
      if (const Status s = self().missing(t); !s.ok()) fail(s.error, s.detail);
      present_ |= set_of(t);
    }
    if (t != Type::i128) return mf_.new_vreg(t);
    const VReg low = mf_.new_vreg(Type::i64);
    mf_.new_vreg(Type::i64);
    return low;
  }
  // A VReg that is made again wherever it is needed.
  VReg remat_vreg(Type t, const Remat& recipe) {
    const VReg v = mf_.new_vreg(t);
    if (v && mf_.remats.push(recipe)) mf_[v].memory = Allocation::remat(mf_.remats.size() - 1);
    return v;
  }
  // A constant that selection needs, in a register: that of the last equal one, if no other took its place since.
  VReg constant_vreg(Type t, u64 lo, u64 hi = 0) {
    OwnConstant& c = own_constants_[(lo + hi) * 0x9e3779b97f4a7c15 >> 61];
    if (!c.in || c.type != t || c.lo != lo || c.hi != hi) c = {lo, hi, t, new_constant(t, lo, hi)};
    return c.in;
  }
  VReg new_constant(Type t, u64 lo, u64 hi = 0) {
    Remat recipe;
    if (!self().constant_recipe(t, ConstantData{lo, hi}, recipe)) {
      fail(Error::unsupported, 0);
      return {};
    }
    return remat_vreg(t, recipe);
  }

  // --- What may be folded

  bool is_constant(Value v, u64& bits) const {
    if (!fn_.is_constant(v)) return false;
    bits = fn_.constant(v).lo;
    return true;
  }
  // The same as a signed number of the constant's width.
  bool is_constant(Value v, i64& number) const {
    if (!fn_.is_constant(v)) return false;
    const unsigned n = bits(fn_.type(v));
    number = sign_extend(fn_.constant(v).lo, n > 64 ? 64 : n);
    return n <= 64;
  }
  // The instruction that makes v, if the consumer now being selected may look through it: it computes
  // nothing else that is needed, so it will vanish.
  // Inline, because most values are made by another op, which is soon told.
  [[gnu::always_inline]] Inst folds(Value v, Opcode op) const {
    return op_of(v) == op && fn_[v].uses == 1 && !wanted(v) ? fn_.def(v) : Inst();
  }
  // The same for consumers to which it is free, as an index of an address: others in this block may look through it too.
  Inst folds_freely(Value v, Opcode op) const {
    if (op_of(v) != op || wanted(v)) return {};
    const Inst i = fn_.def(v);
    return fn_[v].uses == 1 || epochs_[i.id] != 0 ? i : Inst();
  }
  // The op that makes v; none for parameters and constants.
  Opcode op_of(Value v) const { return fn_[fn_.def(v)].op; }
  // The instruction that makes v if it is `op`, whoever else uses it: looking through costs a copy of
  // its work but needs no register for v.
  Inst made_by(Value v, Opcode op) const {
    return op_of(v) == op ? fn_.def(v) : Inst();
  }
  // A load that only the instruction now being selected consumes and that may move down to it.
  [[gnu::always_inline]] Inst folds_load(Value v, Opcode op = Opcode::load) const {
    const Inst i = folds(v, op);
    if (!i || MemFlags(fn_[i].flags).is_volatile() || epochs_[i.id] / 2 != epoch_) return {};
    return i;
  }

  // What makes the carry v, if that can stay in the flags until the instruction being selected: nobody else asks,
  // and what stands between, not much, keeps_flags().
  Inst carry_before(Value v) {
    const Inst maker = fn_.def(v);
    if (!maker || fn_[v].uses != 1 || wanted(v)) return {};
    constexpr unsigned most_between = 8;
    Inst j = fn_[current_].prev;
    for (unsigned n = 0; j && j != maker; ++n, j = fn_[j].prev)
      if (n == most_between || !self().keeps_flags(fn_[j])) return {};
    return j;
  }

  // --- Emission

  void emit(u16 form, std::initializer_list<Operand> operands, u64 imm = 0, u32 extra = 0,
            u8 flags = 0, u8 aux = 0) {
    emit(form, Span<const Operand>(operands.begin(), operands.size()), imm, extra, flags, aux);
  }
  void emit(u16 form, Span<const Operand> operands, u64 imm = 0, u32 extra = 0, u8 flags = 0,
            u8 aux = 0) {
    check(operands.size() <= most_operands);
    const u32 count = static_cast<u32>(operands.size()), first = mf_.operands.size();
    Operand* to = mf_.operands.extend(count);
    if (to == nullptr) return;
    MachInst* m = mf_.insts.extend(1);
    if (m == nullptr) return;
    *m = {form, static_cast<u16>(count), first, imm, extra, current_, 0, flags, aux, {}};
    const Operand* from = operands.data();
    // Few, so by hand: a call of memcpy costs more.
    for (u32 n = count; n > 3; --n) *to++ = *from++;
    if (count > 0) to[0] = from[0];
    if (count > 1) to[1] = from[1];
    if (count > 2) to[2] = from[2];
  }
  void copy(VReg to, VReg from) {
    emit(static_cast<u16>(Pseudo::copy), {Reg::use(from), Reg::def(to)});
    mf_[from].partner = to;
  }
  // The operands of a native op so far: values with what is asked of their registers.
  struct RegisterOwners {
    static constexpr unsigned capacity = 16;
    struct Owner {
      VReg v;
      u8 role;
    };
    Owner list[capacity];
    unsigned count = 0;
  };
  // v for an operand of that role, or a copy of it where an operand before it names v and the two cannot
  // share a register: both are written, or one is written while the other is read.
  VReg own_register(RegisterOwners& owners, VReg v, u8 role) {
    const auto written = [](u8 r) { return (r & role_use) != 0 && (r & role_def) != 0; };
    const auto early = [&](u8 r) { return written(r) && (r & role_early_def) != 0; };
    for (unsigned n = 0; n < owners.count; ++n) {
      const auto& [other, other_role] = owners.list[n];
      if (other != v || !((written(role) && written(other_role)) || early(role) || early(other_role))) continue;
      const VReg own = mf_.new_vreg(mf_[v].type);
      copy(own, v);
      return own;
    }
    if (owners.count < RegisterOwners::capacity) owners.list[owners.count++] = {v, role};
    return v;
  }
  // The instruction emitted last.
  MachInst& last() { return mf_.insts.back(); }
  // One more operand of the instruction emitted last.
  void add_operand(Operand o) {
    MachInst& m = mf_.insts.back();
    if (m.operands == most_operands) return fail(Error::unsupported, fn_[current_].operands);
    mf_.operands.push(o);
    ++m.operands;
  }

  // Adds the values of frame state f to the last instruction as `any` operands, in entry order;
  // constants stand in the frame state alone.
  void add_frame_state(FrameStateRef f) {
    MachInst& m = mf_.insts.back();
    m.state = f;
    const FrameState& s = fn_.frame_states[f.id];
    const FrameEntry* const entries = fn_.frame_entries.data();
    for (u32 n = 0; n < s.entries; ++n) add_entry(entries[s.first_entry + n]);
    for (u32 n = 0; n < s.objects; ++n) {
      const VirtualObject& o = fn_.virtual_objects[s.first_object + n];
      for (u32 k = 0; k < o.fields; ++k) add_entry(entries[o.first_field + k]);
    }
    const u32 count = mf_.operands.size() - m.first;
    if (count > most_operands) return fail(Error::unsupported, fn_[current_].operands);
    m.operands = static_cast<u16>(count);
  }

  // Patch point i, for the last instruction: its operands wherever they are, its results in registers.
  void add_patch_operands(Inst i) {
    for (const u32 v : fn_.operands(i)) {
      add_operand(Reg::any(vreg(Value(v))));
      if (fn_.type(Value(v)) == Type::i128) add_operand(Reg::any(high_vreg(Value(v))));
    }
    for (u32 n = 0; n < fn_[i].results; ++n) {
      if (fn_.type(fn_.result(i, n)) == Type::i128) fail(Error::unsupported, static_cast<u64>(fn_[i].op));
      add_operand(Reg::def(result_vreg(i, n)));
    }
    add_frame_state(FrameStateRef(fn_[i].aux));
  }

  // The index of a set of clobbers, shared.
  u16 clobber_set(Clobbers c) {
    for (u32 n = 1; n < mf_.clobbers.size(); ++n)
      if (mf_.clobbers[n].full == c.full && mf_.clobbers[n].upper == c.upper)
        return static_cast<u16>(n);
    mf_.clobbers.push(c);
    return static_cast<u16>(mf_.clobbers.size() - 1);
  }

  // Asks for the arguments of the edges of terminator i.
  void lower_edges(Inst i) {
    for (u32 n = 0; n < fn_.edge_count(i); ++n) {
      const Edge e = fn_.edge(i, n);
      MachEdge& m = mf_.edges[e.id];
      m.first_arg = mf_.args.size();
      const Span<const u32> args = fn_.args(e);
      for (u32 k = 0; k < args.size(); ++k) {
        if (fn_[fn_.param(fn_[e].target, k)].uses == 0) continue;
        const VReg v = vreg(Value(args[k]));
        mf_.args.push(v.id);
        if (fn_.type(Value(args[k])) == Type::i128) mf_.args.push(v.id + 1);
      }
      m.args = mf_.args.size() - m.first_arg;
    }
  }

  void fail(Error e, u64 detail) {
    if (status_.ok()) status_ = {e, current_.id, detail};
  }

  const FunctionData& fn_;
  MachFunction& mf_;
  Inst current_;   // the IR instruction being selected
  u32 layout_ = 0;  // index of the block being selected

 private:
  static constexpr u32 most_operands = 65535;  // of one instruction; frame entries are among them

  [[gnu::always_inline]] void add_entry(const FrameEntry& e) {
    if (e.kind != FrameEntry::Kind::value) return;
    const ValueData& v = fn_[Value(e.index)];
    if (v.kind == ValueData::Kind::constant) return;
    mf_.operands.push(Reg::any(vreg(Value(e.index))));
    if (v.type == Type::i128) [[unlikely]] add_high_half(e);
  }
  [[gnu::noinline]] void add_high_half(const FrameEntry& e) { mf_.operands.push(Reg::any(high_vreg(Value(e.index)))); }

  [[gnu::noinline]] VReg first_vreg(Value v) {
    return vreg_of_[v.id] = fn_.is_constant(v) ? constant_vreg(v) : new_vreg(fn_.type(v));
  }
  [[gnu::noinline]] VReg constant_vreg(Value v) {
    const ConstantData& c = fn_.constant(v);
    if (fn_.type(v) != Type::i128) return new_constant(fn_.type(v), c.lo, c.hi);
    const VReg low = new_constant(Type::i64, c.lo);
    new_constant(Type::i64, c.hi);
    return low;
  }

  // Block parameters get their VRegs first; those without uses get none, and no edge passes them.
  void declare_params() {
    for (MachBlock& b : mf_.blocks) {
      b.first_param = mf_.params.size();
      for (u32 n = 0; n < fn_[b.block].param_count; ++n) {
        const Value p = fn_.param(b.block, n);
        if (fn_[p].uses == 0 || b.block == FunctionData::entry()) continue;
        const VReg v = vreg(p);
        mf_.params.push(v.id);
        if (fn_.type(p) == Type::i128) mf_.params.push(v.id + 1);
      }
      b.params = mf_.params.size() - b.first_param;
    }
  }

  // Numbers the stretches of the block between memory effects, so that folds_load() can compare. No number
  // is given twice: what was not numbered yet, in a block above, has 0. The low bit tells what is selected
  // even if nobody wants its results.
  void number_effects(Block b) {
    ++last_epoch_;
    const InstData* const insts = fn_.insts.data();
    u32* const epochs = epochs_.data();
    for (Inst i = fn_[b].first; i; i = insts[i.id].next) {
      const InstData& d = insts[i.id];
      const u8 effects = fn_.effects(d);
      const bool removable_read = effects == effect::read && (is_native(d.op) || !MemFlags(d.flags).is_volatile());
      epochs[i.id] = last_epoch_ * 2 + (effects != 0 && !removable_read ? 1 : 0);
      if ((effects & (effect::write | effect::trap)) != 0) ++last_epoch_;
    }
  }

  void select_block(u32 k) {
    MachBlock& mb = mf_.blocks[k];
    layout_ = k;
    mb.bottom = mf_.insts.size();
    number_effects(mb.block);
    const InstData* const insts = fn_.insts.data();
    const u32* const epochs = epochs_.data();
    for (Inst i = fn_[mb.block].last; i && status_.ok() && !memory_.failed(); i = insts[i.id].prev) {
      if (epochs[i.id] % 2 == 0 && !needed(insts[i.id])) continue;
      current_ = i;
      epoch_ = epochs[i.id] / 2;
      const u32 mark = mf_.insts.size();
      self().lower(i);
      reverse(mark);
    }
    if (mb.block == FunctionData::entry()) {
      current_ = {};
      const u32 mark = mf_.insts.size();
      self().lower_entry();
      reverse(mark);
    }
    mf_.blocks[k].top = mf_.insts.size();
  }

  // Whether somebody wants a result.
  bool needed(const InstData& d) const {
    for (u32 n = 0; n < d.results; ++n)
      if (wanted(Value(d.result.id + n))) return true;
    return false;
  }

  void reverse(u32 mark) {
    for (u32 a = mark, b = mf_.insts.size(); a + 1 < b; ++a) {
      const MachInst t = mf_.insts[a];
      mf_.insts[a] = mf_.insts[--b];
      mf_.insts[b] = t;
    }
  }

  const Arena& memory_;
  Vec<VReg> vreg_of_;  // by Value
  Vec<u32> epochs_;    // by Inst, see number_effects()
  TypeSet present_ = 0;  // types that the target is known to have
  struct OwnConstant {
    u64 lo = 0, hi = 0;
    Type type = {};
    VReg in;
  };
  OwnConstant own_constants_[8];
  u32 epoch_ = 0, last_epoch_ = 0;
  Status status_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_SELECT_HPP
