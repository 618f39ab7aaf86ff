// Proves one allocation right: a symbolic execution of the allocated machine function in which every
// register and slot holds a set of VRegs, iterated to a fixed point over the CFG. It shares no code
// with the allocator and knows only operands, clobbers, moves and edges.
//
// Rules (an error names one):
//  - a use reads a place that holds its value, in the width of its type, wherever control came from;
//  - fixed, subset, tuple, tied, early-clobber and late operands are where their constraints say;
//  - no two results of an instruction share a register; clobbers destroy, wide values above 64 bits too;
//  - allocated registers are allocatable; pinned registers are never written; transient ones hold nothing
//    beyond the moves behind the instruction that defines them and before the one that names them;
//  - slots of different values that overlap destroy each other; slots lie within the frame's limit;
//  - a flags value is not separated from its use by an instruction that writes flags it reads (carry, overflow
//    and the rest apart), nor by a move that would;
//  - guards of one frame state name the same place for each value;
//  - with slot_from_def: a value that has a slot is stored there once, right behind its definition, and
//    frame states name the slot; the list of register changes names a register that holds its value, at
//    every instruction, and the register that a frame state names;
//  - at edges every live parameter's place receives its argument.
// Idea: regalloc2's checker (src/checker.rs).
#ifndef JITKIT_IR_REGALLOC_CHECKER_HPP
#define JITKIT_IR_REGALLOC_CHECKER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>
#include <jitkit/status.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI::ir {

enum class AllocationFault : u8 {
  none,
  out_of_memory,
  unallocated,        // an operand has no place
  wrong_value,        // a use reads a place that does not hold its value
  wrong_fixed,        // a fixed operand is elsewhere
  not_allowed,        // outside the bank, the subset or the allocatable registers
  tuple_broken,       // a tuple is not consecutive
  tie_broken,         // a tied result is not in its use's register
  early_clobber,      // an early result shares a register with an input
  late_overlap,       // a result shares a register with a late input
  double_definition,  // two results in one register
  clobbered_result,   // a result in a register the instruction destroys
  flags_lost,         // flags written between a definition and its use
  slot_range,         // a slot outside the frame
  state_moved,        // guards of one frame state disagree
  slot_not_named,     // slot_from_def: a frame state names a register of a value that has a slot
  late_store,         // slot_from_def: a slot is stored again, or not right behind the definition
  wrong_change,       // the list of register changes names a register that does not hold the value
  bad_move,           // a move between places of different kinds that nobody can execute
};

constexpr const char* describe(AllocationFault f) {
  switch (f) {
    case AllocationFault::none: return "no fault";
    case AllocationFault::out_of_memory: return "the checker ran out of memory";
    case AllocationFault::unallocated: return "an operand has no place";
    case AllocationFault::wrong_value: return "a place that is read does not hold the value";
    case AllocationFault::wrong_fixed: return "a fixed operand is in another register";
    case AllocationFault::not_allowed: return "a register the operand may not have";
    case AllocationFault::tuple_broken: return "the registers of a tuple do not follow each other";
    case AllocationFault::tie_broken: return "a tied result is not in its input's register";
    case AllocationFault::early_clobber: return "an early result shares a register with an input";
    case AllocationFault::late_overlap: return "a result shares a register with a late input";
    case AllocationFault::double_definition: return "two results in one register";
    case AllocationFault::clobbered_result: return "a result in a register that is destroyed";
    case AllocationFault::flags_lost: return "flags are written between definition and use";
    case AllocationFault::slot_range: return "a slot outside the frame";
    case AllocationFault::state_moved: return "guards of one frame state disagree on a place";
    case AllocationFault::slot_not_named: return "a frame state does not name the slot of a value that has one";
    case AllocationFault::late_store: return "a slot is not stored once, right behind the definition";
    case AllocationFault::wrong_change: return "the list of register changes is wrong";
    case AllocationFault::bad_move: return "a move that cannot be executed";
  }
  return "unknown fault";
}

struct AllocationError {
  AllocationFault fault = AllocationFault::none;
  u32 inst = no_use;  // index in MachFunction::insts; no_use for edges
  u32 edge = 0;
  VReg vreg;

  bool ok() const { return fault == AllocationFault::none; }
};

// A place is a register or a slot unit. What is known of one is the set of VRegs whose whole value it
// certainly holds; several, because copies and block parameters make values equal. Forgetting one is
// safe: it can only reject.
class AllocationChecker {
 public:
  // `isa`, if given, tells which forms write flags.
  AllocationChecker(const MachFunction& mf, const RegisterInfo& info, const IsaInfo* isa, Arena& arena)
      : mf_(mf), info_(info), isa_(isa), arena_(arena) {}

  AllocationError run();

 private:
  static constexpr u32 first_slot = 64;  // registers come before the slot units
  struct Place {
    static constexpr u32 most = 31;
    u32 count = 0;
    u32 values[most] = {};

    bool has(u32 v) const {
      for (u32 n = 0; n < count; ++n)
        if (values[n] == v) return true;
      return false;
    }
    void add(u32 v) {
      if (count < most && !has(v)) values[count++] = v;
    }
    template <class Keep>
    bool filter(Keep keep) {
      const u32 before = count;
      for (u32 n = 0; n < count;)
        if (keep(values[n]))
          ++n;
        else
          values[n] = values[--count];
      return count != before;
    }
  };
  using State = Span<Place>;

  u32 units(Type t) const {
    const u32 n = bytes(t);
    return n <= info_.slot_bytes ? 1 : n / info_.slot_bytes;
  }
  Type type(VReg v) const { return mf_.vregs[v.id].type; }
  State block_state(u32 k) { return starts_.slice(k * places_, places_); }

  bool slot_in_frame(Allocation a, Type t) const { return a.index() + units(t) <= mf_.slot_count; }
  // The parts of the flags (jitkit::flags_part) that m writes or reads.
  bool has_form(const MachInst& m) const { return isa_ != nullptr && m.form != 0 && m.form < isa_->forms; }
  u8 flags_written(const MachInst& m) const {
    if (!has_form(m)) return (m.flags & mach_writes_flags) != 0 ? all_flags : u8{0};
    const Effects e = isa_->form_effects(m.form);
    return (e & writes_flags) != 0 ? flags_part(e) : u8{0};
  }
  u8 flags_read(const MachInst& m) const {
    return has_form(m) ? flags_part(static_cast<Effects>(isa_->form_effects(m.form) & ~keeps_carry)) : all_flags;
  }
  RegSet allowed(const Operand& o) const {
    const RegSet bank_set = info_.bank[static_cast<u8>(bank(type(o.vreg)))];
    if (o.constraint == ConstraintKind::fixed) return bank_set;
    const RegSet set = bank_set & info_.allocatable;
    return o.constraint == ConstraintKind::subset ? set & info_.subsets[o.arg] : set;
  }
  bool is_register(const Operand& o) const { return o.vreg && type(o.vreg) != Type::flags; }

  // Whether place a certainly holds the whole of v.
  bool holds(State s, Allocation a, VReg v) const {
    switch (a.kind()) {
      case Allocation::Kind::reg: return s[a.index()].has(v.id);
      case Allocation::Kind::slot:
        if (!slot_in_frame(a, type(v))) return false;
        for (u32 n = 0; n < units(type(v)); ++n)
          if (!s[first_slot + a.index() + n].has(v.id)) return false;
        return true;
      case Allocation::Kind::incoming:
      case Allocation::Kind::remat: return mf_.vregs[v.id].memory == a;
      case Allocation::Kind::none: return false;
    }
    return false;
  }

  void walk_block(u32 k, State s);
  void walk_inst(u32 i, State s);
  void check_uses(u32 i, State s);
  void check_places(u32 i);
  void check_tuple(u32 i, Span<const Operand> ops, u32 first);
  void check_results(u32 i);
  void check_flags(u32 i);
  // The instruction that makes a value again may not touch flags; if its form does, they are lost.
  void make_again(const Remat& r) {
    MachInst m;
    m.form = r.form;
    for (u32 part = 0; part < 3; ++part)
      if ((flags_written(m) >> part & 1) != 0) flags_[part] = 0;
  }
  void check_frame_state(u32 i);
  void check_stores();
  void check_changes(u32 i, State s);
  void define_results(u32 i, State s);
  void apply_move(const Move& m, State s, u32 i);
  // Whether a fixed operand that instruction i reads is in r.
  bool names(u32 i, PReg r) const {
    if (i == no_use) return false;
    for (const Operand& o : mf_.operands_of(mf_.insts[i]))
      if (o.is_use() && o.constraint == ConstraintKind::fixed && PReg(o.arg) == r) return true;
    return false;
  }
  void walk_edge(u32 e, State s);
  void merge(u32 block, State s);

  void fault(AllocationFault f, u32 i, VReg v = {}) {
    if (reporting_ && error_.ok()) error_ = {f, i, edge_, v};
  }

  const MachFunction& mf_;
  const RegisterInfo& info_;
  const IsaInfo* isa_;
  Arena& arena_;
  AllocationError error_;
  bool reporting_ = false;
  u32 places_ = 0;
  u32 edge_ = 0;
  u32 flags_[3] = {};  // by part of the flags: the flags value that is intact; 0: none
  Vec<Place> starts_;
  Vec<Place> current_;
  Vec<Place> edge_state_;
  Vec<u8> reached_;
  Vec<u8> queued_;
  Vec<u32> queue_;
  Vec<u32> first_edit_;   // by instruction
  Vec<u32> guard_of_;     // by FrameStateRef: 1 + an instruction that names it
  u32 next_change_ = 0;   // into register_changes
  Vec<u8> listed_;        // by VReg: the register the list names
  Vec<u32> tracked_;      // values in the list so far
};

inline AllocationError AllocationChecker::run() {
  const u32 blocks = mf_.blocks.size();
  places_ = first_slot + mf_.slot_count;
  for (Vec<Place>* v : {&starts_, &current_, &edge_state_}) v->attach(arena_);
  for (Vec<u8>* v : {&reached_, &queued_, &listed_}) v->attach(arena_);
  for (Vec<u32>* v : {&queue_, &first_edit_, &guard_of_, &tracked_}) v->attach(arena_);
  if (!starts_.resize(blocks * places_) || !current_.resize(places_) ||
      !edge_state_.resize(places_) || !reached_.assign(blocks, 0) || !queued_.assign(blocks, 0) ||
      !queue_.reserve(blocks) || !first_edit_.assign(mf_.insts.size(), no_use) ||
      !listed_.assign(mf_.vregs.size(), PReg().id))
    return {AllocationFault::out_of_memory, no_use, 0, {}};
  for (u32 n = mf_.edits.size(); n-- > 0;) first_edit_[mf_.edits[n].at] = n;
  // Knowledge only shrinks, so faults are real only at the fixed point: first reach it silently, then
  // walk once more and report.
  reached_[0] = 1;
  queue_.push(0);
  while (!queue_.empty()) {
    const u32 k = queue_.back();
    queue_.pop_back();
    queued_[k] = 0;
    walk_block(k, current_.slice(0, places_));
  }
  reporting_ = true;
  if (info_.slot_from_def) check_stores();
  for (u32 k = 0; k < blocks && error_.ok(); ++k)
    if (reached_[k] != 0) walk_block(k, current_.slice(0, places_));
  return error_;
}

inline void AllocationChecker::walk_block(u32 k, State s) {
  const MachBlock& b = mf_.blocks[k];
  std::memcpy(s.data(), block_state(k).data(), s.size_bytes());
  for (u32& part : flags_) part = 0;
  for (u32 i = b.top; i-- > b.bottom && error_.ok();) {
    for (u32 n = first_edit_[i]; n < mf_.edits.size() && mf_.edits[n].at == i; ++n)
      apply_move(mf_.edits[n].move, s, i);
    walk_inst(i, s);
  }
  for (u32 e = b.first_edge; e < b.first_edge + b.edges && error_.ok(); ++e) walk_edge(e, s);
  edge_ = 0;
}

inline void AllocationChecker::apply_move(const Move& m, State s, u32 i) {
  // Others are written only for the instruction that names them, and by a swap not at all.
  const auto real = [&](Allocation a) {
    const bool read_only = a == m.from && !m.swap;
    if (a.is_reg()) return info_.allocatable.has(a.preg()) || read_only || names(i, a.preg());
    return a.kind() != Allocation::Kind::slot || slot_in_frame(a, m.type);
  };
  if (!real(m.from) || !real(m.to)) return fault(AllocationFault::slot_range, i, m.vreg);
  // A move of type t carries values as wide as t, no wider.
  const auto fits = [&](u32 v) { return bits(mf_.vregs[v].type) <= bits(m.type); };
  if (m.swap) {
    if (!m.from.is_reg() || !m.to.is_reg()) return fault(AllocationFault::bad_move, i, m.vreg);
    Place& a = s[m.from.index()];
    Place& b = s[m.to.index()];
    const Place t = a;
    a = b;
    b = t;
    a.filter(fits);
    b.filter(fits);
    return;
  }
  Place what;
  switch (m.from.kind()) {
    case Allocation::Kind::reg: what = s[m.from.index()]; break;
    case Allocation::Kind::slot:
      what = s[first_slot + m.from.index()];
      what.filter([&](u32 v) { return holds(s, m.from, VReg(v)); });
      break;
    case Allocation::Kind::incoming:
    case Allocation::Kind::remat:
      if (!holds(s, m.from, m.vreg)) return fault(AllocationFault::wrong_value, i, m.vreg);
      what.add(m.vreg.id);
      if (m.from.kind() == Allocation::Kind::remat) make_again(mf_.remats[m.from.index()]);
      break;
    case Allocation::Kind::none: return fault(AllocationFault::bad_move, i, m.vreg);
  }
  what.filter(fits);
  if (m.to.is_reg()) {
    s[m.to.index()] = what;
  } else if (m.to.kind() == Allocation::Kind::slot && m.from.is_reg()) {
    for (u32 n = 0; n < units(m.type); ++n) s[first_slot + m.to.index() + n] = what;
  } else {
    fault(AllocationFault::bad_move, i, m.vreg);
  }
}

inline void AllocationChecker::walk_inst(u32 i, State s) {
  if (reporting_) {
    check_places(i);
    check_results(i);
    check_flags(i);
    check_uses(i, s);
    if (mf_.insts[i].state) check_frame_state(i);
    if (info_.slot_from_def && info_.lists_changes) check_changes(i, s);
  }
  define_results(i, s);
}

inline void AllocationChecker::check_uses(u32 i, State s) {
  for (const Operand& o : mf_.operands_of(mf_.insts[i]))
    if (o.is_use() && is_register(o) && !holds(s, o.alloc, o.vreg))
      fault(o.alloc ? AllocationFault::wrong_value : AllocationFault::unallocated, i, o.vreg);
}

// Every operand is where its constraint says.
inline void AllocationChecker::check_places(u32 i) {
  const Span<const Operand> ops = mf_.operands_of(mf_.insts[i]);
  for (u32 n = 0; n < ops.size(); ++n) {
    const Operand& o = ops[n];
    if (!is_register(o)) continue;
    if (o.constraint == ConstraintKind::any) {
      if (!o.alloc) fault(AllocationFault::unallocated, i, o.vreg);
      if (o.alloc.kind() == Allocation::Kind::slot && !slot_in_frame(o.alloc, type(o.vreg)))
        fault(AllocationFault::slot_range, i, o.vreg);
      continue;
    }
    if (!o.alloc.is_reg()) return fault(AllocationFault::unallocated, i, o.vreg);
    if (o.constraint == ConstraintKind::fixed && o.alloc.preg() != PReg(o.arg))
      return fault(AllocationFault::wrong_fixed, i, o.vreg);
    if (!allowed(o).has(o.alloc.preg())) return fault(AllocationFault::not_allowed, i, o.vreg);
    if (o.constraint == ConstraintKind::tuple && o.arg == 0) check_tuple(i, ops, n);
    if (o.tied != 0 && ops[n - o.tied].alloc != o.alloc)
      return fault(AllocationFault::tie_broken, i, o.vreg);
  }
}

inline void AllocationChecker::check_tuple(u32 i, Span<const Operand> ops, u32 first) {
  const Operand& head = ops[first];
  const RegSet all = info_.bank[static_cast<u8>(bank(type(head.vreg)))];
  const u32 lowest = all.first().id;
  const u32 base = head.alloc.index() - lowest;
  if ((head.role & role_tuple_even) != 0 && base % 2 != 0)
    fault(AllocationFault::tuple_broken, i, head.vreg);
  u32 next = 1;
  for (u32 n = first + 1; n < ops.size(); ++n) {
    const Operand& o = ops[n];
    if (o.constraint != ConstraintKind::tuple || o.is_use() != head.is_use()) continue;
    if (o.arg != next) break;
    u32 expected = base + next++;
    if ((head.role & role_tuple_wraps) != 0) expected %= all.count();
    if (!o.alloc.is_reg() || o.alloc.index() - lowest != expected)
      fault(AllocationFault::tuple_broken, i, o.vreg);
  }
}

// Results share no register with each other, with late inputs, with what is destroyed; early results
// with no input at all.
inline void AllocationChecker::check_results(u32 i) {
  const MachInst& m = mf_.insts[i];
  const Span<const Operand> ops = mf_.operands_of(m);
  RegSet inputs, late, results;
  for (const Operand& o : ops) {
    if (!o.is_use() || !is_register(o) || !o.alloc.is_reg()) continue;
    inputs.add(o.alloc.preg());
    if ((o.role & role_late_use) != 0) late.add(o.alloc.preg());
  }
  for (const Operand& o : ops) {
    if (!o.is_def() || !is_register(o) || !o.alloc.is_reg()) continue;
    const PReg r = o.alloc.preg();
    if (results.has(r)) fault(AllocationFault::double_definition, i, o.vreg);
    results.add(r);
    if ((o.role & role_early_def) != 0 && inputs.has(r))
      fault(AllocationFault::early_clobber, i, o.vreg);
    if (late.has(r)) fault(AllocationFault::late_overlap, i, o.vreg);
    if (o.constraint != ConstraintKind::fixed && mf_.clobbers[m.clobbers].full.has(r))
      fault(AllocationFault::clobbered_result, i, o.vreg);
  }
  if (!(late & mf_.clobbers[m.clobbers].full).empty()) fault(AllocationFault::late_overlap, i);
}

inline void AllocationChecker::check_flags(u32 i) {
  const MachInst& m = mf_.insts[i];
  const Span<const Operand> ops = mf_.operands_of(m);
  const u8 read = flags_read(m), written = flags_written(m);
  for (const Operand& o : ops)
    for (u32 part = 0; part < 3 && o.is_use() && o.vreg && type(o.vreg) == Type::flags; ++part)
      if ((read >> part & 1) != 0 && flags_[part] != o.vreg.id) fault(AllocationFault::flags_lost, i, o.vreg);
  u32 made = 0;
  for (const Operand& o : ops)
    if (o.is_def() && o.vreg && type(o.vreg) == Type::flags) made = o.vreg.id;
  for (u32 part = 0; part < 3; ++part)
    if ((written >> part & 1) != 0 || (made != 0 && !has_form(m))) flags_[part] = made;
}

// All guards of a frame state name the same places, in the same order; a value that has a slot is named there if
// the frame wants that.
inline void AllocationChecker::check_frame_state(u32 i) {
  for (const Operand& o : mf_.operands_of(mf_.insts[i]))
    if (info_.slot_from_def && o.constraint == ConstraintKind::any && o.alloc.is_reg() && mf_.vregs[o.vreg.id].spilled())
      return fault(AllocationFault::slot_not_named, i, o.vreg);
  const u32 f = mf_.insts[i].state.id;
  if (f >= guard_of_.size() && !guard_of_.resize(f + 1)) return;
  const u32 other = guard_of_[f];
  guard_of_[f] = i + 1;
  if (other == 0) return;
  const Span<const Operand> a = mf_.operands_of(mf_.insts[other - 1]);
  const Span<const Operand> b = mf_.operands_of(mf_.insts[i]);
  for (u32 n = 1; n <= a.size() && n <= b.size(); ++n) {
    const Operand& x = a[a.size() - n];
    const Operand& y = b[b.size() - n];
    if (x.constraint != ConstraintKind::any || y.constraint != ConstraintKind::any) return;
    if (x.alloc != y.alloc) return fault(AllocationFault::state_moved, i, y.vreg);
  }
}

// Each value that has a slot is stored there once, by the first move behind its definition; a block
// parameter may arrive in its slot on every edge instead.
inline void AllocationChecker::check_stores() {
  Vec<u32> store_at(arena_);  // by VReg: the instruction before which its store stands
  if (!store_at.assign(mf_.vregs.size(), no_use)) return;
  for (u32 i = 1; i < mf_.insts.size(); ++i)
    for (const Operand& o : mf_.operands_of(mf_.insts[i]))
      if (o.is_def()) store_at[o.vreg.id] = i - 1;
  for (const MachBlock& b : mf_.blocks)
    for (u32 n = 0; n < b.params; ++n) store_at[mf_.params[b.first_param + n]] = b.top - 1;
  for (const Edit& e : mf_.edits) {
    const VRegData& d = mf_.vregs[e.move.vreg.id];
    if (!d.spilled() || e.move.swap || e.move.to != Allocation::slot(d.slot)) continue;
    if (store_at[e.move.vreg.id] != e.at) return fault(AllocationFault::late_store, e.at, e.move.vreg);
    store_at[e.move.vreg.id] = no_use;  // once
  }
}

// Every register in the list holds its value when i begins, and a frame state names no other.
inline void AllocationChecker::check_changes(u32 i, State s) {
  const auto& list = mf_.register_changes;
  for (; next_change_ < list.size() && list[next_change_].at >= i; ++next_change_) {
    const RegisterChange& c = list[next_change_];
    listed_[c.vreg.id] = c.reg.id;
    tracked_.push(c.vreg.id);
  }
  u32 kept = 0;  // of tracked_: each value that is in a register once
  for (const u32 v : tracked_) {
    if (listed_[v] >= first_slot) continue;
    if (!s[listed_[v]].has(v)) return fault(AllocationFault::wrong_change, i, VReg(v));
    bool seen = false;
    for (u32 n = 0; n < kept; ++n) seen = seen || tracked_[n] == v;
    if (!seen) tracked_[kept++] = v;
  }
  while (tracked_.size() > kept) tracked_.pop_back();
  if (!mf_.insts[i].state) return;
  for (const Operand& o : mf_.operands_of(mf_.insts[i])) {
    if (o.constraint != ConstraintKind::any || !o.alloc.is_reg()) continue;
    if (listed_[o.vreg.id] != o.alloc.index()) return fault(AllocationFault::wrong_change, i, o.vreg);
  }
}

inline void AllocationChecker::define_results(u32 i, State s) {
  const MachInst& m = mf_.insts[i];
  const Span<const Operand> ops = mf_.operands_of(m);
  const bool is_copy = m.form == static_cast<u16>(Pseudo::copy);
  Place copied;
  if (is_copy && ops[0].alloc.is_reg()) copied = s[ops[0].alloc.index()];
  const Clobbers c = mf_.clobbers[m.clobbers];
  for_each_bit((c.full | info_.transient).bits, [&](unsigned r) { s[r] = {}; });
  for_each_bit(c.upper.bits, [&](unsigned r) {
    s[r].filter([&](u32 v) { return bits(mf_.vregs[v].type) <= 64; });
  });
  for (const Operand& o : ops) {
    if (!o.is_def() || !is_register(o)) continue;
    for (Place& p : s) p.filter([&](u32 v) { return v != o.vreg.id; });
    copied.filter([&](u32 v) { return v != o.vreg.id; });
  }
  for (const Operand& o : ops) {
    if (!o.is_def() || !is_register(o) || !o.alloc.is_reg()) continue;
    Place& p = s[o.alloc.index()];
    p = is_copy ? copied : Place{};
    p.add(o.vreg.id);
  }
}

// Moves of the edge, then its parameters take the names of their arguments, all at once.
inline void AllocationChecker::walk_edge(u32 e, State from) {
  const MachEdge& edge = mf_.edges[e];
  const State s = edge_state_.slice(0, places_);
  std::memcpy(s.data(), from.data(), s.size_bytes());
  edge_ = e;
  for (u32 n = 0; n < edge.moves && error_.ok(); ++n)
    apply_move(mf_.edge_moves[edge.first_move + n], s, no_use);
  const MachBlock& target = mf_.blocks[edge.to];
  for (Place& p : s) {
    const Place old = p;
    p.filter([&](u32 v) {
      for (u32 n = 0; n < target.params; ++n)
        if (mf_.params[target.first_param + n] == v) return false;
      return true;
    });
    for (u32 n = 0; n < target.params; ++n)
      if (old.has(mf_.args[edge.first_arg + n])) p.add(mf_.params[target.first_param + n]);
  }
  if (!reporting_) merge(edge.to, s);
}

inline void AllocationChecker::merge(u32 block, State s) {
  const State known = block_state(block);
  bool changed = false;
  if (reached_[block] == 0) {
    std::memcpy(known.data(), s.data(), s.size_bytes());
    reached_[block] = 1;
    changed = true;
  } else {
    for (u32 n = 0; n < s.size(); ++n)
      changed = known[n].filter([&](u32 v) { return s[n].has(v); }) || changed;
  }
  if (!changed || queued_[block] != 0) return;
  queued_[block] = 1;
  queue_.push(block);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_CHECKER_HPP
