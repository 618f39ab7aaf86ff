// The allocator, one instruction: uses, moves, defs. Included by regalloc.hpp.
//
// Invariants: while an instruction is allocated, VRegData::next already tells of the time after it.
// lives_on(v) is true for values needed after it or until its end (late uses). A register an operand
// names is locked: nothing is moved into it before the instruction reads it. A register in copies_
// holds an extra copy for this instruction only.
#ifndef JITKIT_IR_REGALLOC_INST_HPP
#define JITKIT_IR_REGALLOC_INST_HPP

#include <jitkit/ir/regalloc.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

[[gnu::always_inline]] inline void RegisterAllocator::allocate(u32 i) {
  const MachInst& m = mf_.insts[i];
  const Span<Operand> ops = mf_.operands_of(m);
  current_ = i;
  position_ = mf_.position(i);
  locked_ = {};
  copies_ = {};
  if (m.form == static_cast<u16>(Pseudo::copy)) {
    allocate_copy(i, ops);
  } else if (!allocate_plain(i, m, ops) && !allocate_guard(i, m, ops)) {
    allocate_constrained(i, m, ops, traits_of(m, ops));
  }
  if ((m.flags & mach_call) != 0) --next_call_;
}

// Which constraints occur, so that the common ones do not pay for the rare.
inline u8 RegisterAllocator::traits_of(const MachInst& m, Span<const Operand> ops) {
  constexpr u8 by_constraint[] = {0, has_pinned, has_subset, has_tuple | has_pinned, has_any};
  u8 traits = m.clobbers != 0 ? has_clobbers : 0;
  for (const Operand& o : ops) {
    traits |= by_constraint[static_cast<u8>(o.constraint)];
    if (o.tied != 0) traits |= has_tied;
    if ((o.role & (role_early_def | role_late_use)) != 0) traits |= has_early_or_late;
  }
  return traits;
}

inline RegSet RegisterAllocator::allowed(const Operand& o) const {
  const RegSet regs = bank_regs(o.vreg.id);
  const RegSet set = o.constraint == ConstraintKind::subset ? regs & info_.subsets[o.arg] : regs;
  // What is there until the end, or is written early, must not meet a result with a fixed place.
  return (o.role & (role_late_use | role_early_def)) != 0 ? set - fixed_results_ : set;
}

// True if the operand names a value that lives in registers at all.
inline bool RegisterAllocator::is_register(const Operand& o) const {
  return o.vreg && vreg(o.vreg.id).type != Type::flags;
}

inline bool RegisterAllocator::lives_on(u32 v) const {
  return vreg(v).next != no_use || vreg(v).late_at == position_;
}

// Where the value was before the moves that precede the current instruction.
inline Allocation RegisterAllocator::origin_of(u32 v) const {
  const VRegData& s = vreg(v);
  const u8 r = s.touched ? s.origin : s.reg;
  return r != nowhere ? Allocation::reg(PReg(r)) : memory_of(v);
}

inline void RegisterAllocator::forget_touched() {
  for (const u32 v : touched_) vreg(v).touched = false;
  touched_.clear();
}

// v gets a register of `regs` if it has none.
inline void RegisterAllocator::load(u32 v, RegSet regs) {
  if (vreg(v).reg != nowhere) return;
  const u8 r = take_register(v, regs - locked_ - copies_);
  if (r == nowhere) return;
  touch(v);
  occupy(v, r);
  locked_.add(PReg(r));
}

inline void RegisterAllocator::define_operand(u32 i, Operand& o, RegSet regs) {
  const u8 r = take_register(o.vreg.id, regs - locked_);
  if (r == nowhere) return;
  define_in(i, o, r);
}

inline void RegisterAllocator::define_in(u32 i, Operand& o, u8 r) {
  o.alloc = Allocation::reg(PReg(r));
  locked_.add(PReg(r));
  define(o.vreg.id, o.next_use, r, i - 1);
}

// A copy takes over the register of a value that dies, or loads straight into its result.
inline void RegisterAllocator::allocate_copy(u32 i, Span<Operand> ops) {
  Operand& use = ops[0];
  Operand& def = ops[1];
  const u32 v = use.vreg.id;
  set_next(v, use.next_use);
  const RegSet regs = bank_regs(def.vreg.id);
  if (vreg(v).reg == nowhere) {
    const u8 r = take_register(def.vreg.id, regs);
    if (r == nowhere) return;
    mf_.edits.push({i, Move{memory_of(v), Allocation::reg(PReg(r)), vreg(v).type, false, use.vreg}});
    use.alloc = Allocation::reg(PReg(r));
    define_in(i, def, r);
  } else {
    const u8 r = vreg(v).reg;
    use.alloc = Allocation::reg(PReg(r));
    if (use.next_use == no_use) {
      vacate(v);
      if (regs.has(PReg(r)) && vreg(def.vreg.id).hint == 0xff)
        define_in(i, def, r);
      else
        define_operand(i, def, regs);
    } else {
      define_operand(i, def, regs);
    }
  }
  if (status_.ok() && def.next_use == no_use) vacate(def.vreg.id);
  forget_touched();
}

inline void RegisterAllocator::allocate_constrained(u32 i, const MachInst& m,
                                                    Span<Operand> ops, u8 traits) {
  const Clobbers clobbers = mf_.clobbers[m.clobbers];
  for (const Operand& o : ops) {
    if (!o.is_use() || !is_register(o)) continue;
    VRegData& s = vreg(o.vreg.id);
    set_next(o.vreg.id, o.next_use);
    if ((o.role & role_late_use) != 0) s.late_at = position_;
  }
  fixed_results_ = {};
  for (const Operand& o : ops)
    if (o.is_def() && o.constraint == ConstraintKind::fixed && o.tied == 0)
      fixed_results_.add(PReg(o.arg));
  const auto has = [&](u8 trait) { return (traits & trait) != 0 && status_.ok(); };
  if (has(has_tuple)) choose_tuples(ops, role_use);
  if (has(has_pinned)) place_fixed_uses(ops);
  if (status_.ok()) place_uses(ops);
  if (has(has_tied)) place_tied(ops);
  if (has(has_early_or_late)) place_early_defs(i, ops, clobbers.full);
  if (has(has_tuple)) choose_tuples(ops, role_def);
  if (!status_.ok()) return;
  if (has(has_clobbers | has_pinned)) save_clobbered(clobbers, ops);
  if (has(has_any)) place_any(ops);
  if (m.state) same_places(i, m, ops);
  flush_moves(i);
  for (const Operand& o : ops)
    if (o.is_use() && is_register(o) && !lives_on(o.vreg.id)) vacate(o.vreg.id);
  place_defs(i, ops, clobbers.full);
  for (const Operand& o : ops)
    if (is_register(o) && vreg(o.vreg.id).next == no_use) vacate(o.vreg.id);
  forget_touched();
  if (has(has_pinned) && !(held_ & info_.transient).empty()) leave_transient(i);
}

// Results of instruction i in registers that the emitter uses go elsewhere, before the next instruction.
inline void RegisterAllocator::leave_transient(u32 i) {
  locked_ = copies_ = {};
  for_each_bit((held_ & info_.transient).bits, [&](unsigned r) {
    const u32 v = holder_[r];
    touch(v);
    vacate(v);
    const PReg to = choose_free(v, bank_regs(v));
    if (to.valid())
      occupy(v, to.id);
    else
      spill(v);
  });
  flush_moves(i - 1);
}

inline bool RegisterAllocator::is_pinned_place(const Operand& o) const {
  return o.constraint == ConstraintKind::fixed || o.constraint == ConstraintKind::tuple;
}
inline PReg RegisterAllocator::pinned_place(const Operand& o) const {
  return o.constraint == ConstraintKind::fixed ? PReg(o.arg) : o.alloc.preg();
}

// Gives every operand of each tuple its register (in alloc), so that it is a fixed operand from here on.
inline void RegisterAllocator::choose_tuples(Span<Operand> ops, u8 role) {
  RegSet taken;  // by operands whose register is settled and that a tuple of this role cannot share
  for (const Operand& o : ops) {
    if (!is_register(o) || o.constraint == ConstraintKind::tuple) continue;
    const bool fixed = o.constraint == ConstraintKind::fixed && (o.role & role) != 0;
    const bool late = role == role_def && (o.role & (role_late_use | role_early_def)) != 0;
    if (fixed || (late && o.constraint == ConstraintKind::fixed))
      taken.add(PReg(o.arg));
    else if ((late || o.tied != 0) && o.alloc.is_reg())
      taken.add(o.alloc.preg());
  }
  for (u32 n = 0; n < ops.size(); ++n) {
    if (ops[n].constraint != ConstraintKind::tuple || ops[n].arg != 0 || (ops[n].role & role) == 0 ||
        (role == role_def && ops[n].tied != 0))
      continue;
    u32 members[8] = {n};
    u32 length = 1;
    for (u32 k = n + 1; k < ops.size() && length < 8; ++k)
      if (ops[k].constraint == ConstraintKind::tuple && (ops[k].role & role) != 0 &&
          ops[k].arg == length)
        members[length++] = k;
      else if (ops[k].constraint == ConstraintKind::tuple && (ops[k].role & role) != 0)
        break;
    const u32 lowest = static_cast<u32>(ctz(info_.bank[static_cast<u8>(mf_[ops[n].vreg].bank)].bits));
    const u8 base = tuple_base(ops, {members, length}, taken);
    if (base == nowhere) {
      fail_registers(length);
      return;
    }
    const u32 count = static_cast<u32>(info_.bank[static_cast<u8>(mf_[ops[n].vreg].bank)].count());
    for (u32 k = 0; k < length; ++k) {
      const PReg r((base - lowest + k) % count + lowest);
      ops[members[k]].alloc = Allocation::reg(r);
      taken.add(r);
    }
  }
}

// The first register of the cheapest run for a tuple: members already there, then free registers.
inline u8 RegisterAllocator::tuple_base(Span<Operand> ops, Span<const u32> members,
                                        RegSet taken) const {
  const Operand& first = ops[members[0]];
  const RegSet bank_all = info_.bank[static_cast<u8>(mf_[first.vreg].bank)];
  const u32 lowest = ctz(bank_all.bits);
  const u32 count = bank_all.count();
  u8 best = nowhere;
  u32 best_cost = ~u32{0};
  for (u32 base = 0; base < count; ++base) {
    if ((first.role & role_tuple_even) != 0 && base % 2 != 0) continue;
    if ((first.role & role_tuple_wraps) == 0 && base + members.size() > count) break;
    u32 cost = 0;
    for (u32 k = 0; k < members.size(); ++k) {
      const PReg r(lowest + (base + k) % count);
      const u32 holds = holder_[r.id];
      if (!allowed_in_tuple(ops[members[k]]).has(r) || taken.has(r)) {
        cost = ~u32{0};
        break;
      }
      if (holds != ops[members[k]].vreg.id) cost += holds == 0 ? 1 : lives_on(holds) ? 4 : 2;
    }
    if (cost < best_cost) {
      best_cost = cost;
      best = static_cast<u8>(lowest + base);
    }
  }
  return best;
}

inline RegSet RegisterAllocator::allowed_in_tuple(const Operand& o) const {
  return bank_regs(o.vreg.id);
}

// Values that operands want in a certain register.
inline void RegisterAllocator::place_fixed_uses(Span<Operand> ops) {
  RegSet targets;
  for (const Operand& o : ops)
    if (o.is_use() && is_register(o) && is_pinned_place(o)) targets.add(pinned_place(o));
  if (targets.empty()) return;
  u32 displaced[64];
  u32 count = 0;
  for (const Operand& o : ops) {
    if (!o.is_use() || !is_register(o) || !is_pinned_place(o)) continue;
    const u32 w = holder_[pinned_place(o).id];
    if (w == 0 || w == o.vreg.id) continue;
    touch(w);
    vacate(w);
    displaced[count++] = w;
  }
  for (Operand& o : ops)
    if (o.is_use() && is_register(o) && is_pinned_place(o)) place_fixed_use(o);
  for (u32 n = 0; n < count; ++n) {
    const u32 w = displaced[n];
    if (vreg(w).reg != nowhere || !(lives_on(w) || needed_elsewhere(w, ops))) continue;
    const PReg r = choose_free(w, bank_regs(w) - targets - locked_);
    if (r.valid())
      occupy(w, r.id);
    else
      evict(w);
  }
}

inline void RegisterAllocator::place_fixed_use(Operand& o) {
  const u32 v = o.vreg.id;
  const PReg r = pinned_place(o);
  o.alloc = Allocation::reg(r);
  locked_.add(r);
  if (vreg(v).reg == r.id) return;
  if (holder_[r.id] != 0 || copies_.has(r)) {
    fail_registers(1);  // two values for one register
    return;
  }
  if (vreg(v).reg != nowhere || !info_.allocatable.has(r)) {
    copy_to(v, r.id, origin_of(v));
    return;
  }
  touch(v);
  occupy(v, r.id);
}

inline bool RegisterAllocator::needed_elsewhere(u32 v, Span<const Operand> ops) const {
  for (const Operand& o : ops)
    if (o.is_use() && o.vreg.id == v && !is_pinned_place(o)) return true;
  return false;
}

// Values that operands want in some register.
inline void RegisterAllocator::place_uses(Span<Operand> ops) {
  const auto wants = [&](const Operand& o) {
    return o.is_use() && is_register(o) &&
           (o.constraint == ConstraintKind::reg || o.constraint == ConstraintKind::subset);
  };
  for (const Operand& o : ops) {
    if (!wants(o) || vreg(o.vreg.id).reg == nowhere) continue;
    const PReg r(vreg(o.vreg.id).reg);
    if (allowed(o).has(r)) locked_.add(r);
  }
  for (Operand& o : ops) {
    if (!wants(o)) continue;
    const u32 v = o.vreg.id;
    load(v, allowed(o));
    if (!status_.ok()) return;
    if (allowed(o).has(PReg(vreg(v).reg))) {
      o.alloc = Allocation::reg(PReg(vreg(v).reg));
      continue;
    }
    const u8 r = take_register(v, allowed(o) - locked_ - copies_);
    if (r == nowhere) return;
    copy_to(v, r, origin_of(v));
    locked_.add(PReg(r));
    o.alloc = Allocation::reg(PReg(r));
  }
}

// The value leaves its register, where a copy stays for the current instruction.
inline void RegisterAllocator::detach(u32 v) {
  VRegData& s = vreg(v);
  const u8 r = s.reg;
  const Allocation from = origin_of(v);
  const bool arrives_now = s.touched && s.origin != r;
  touch(v);
  vacate(v);
  if (arrives_now)
    copy_to(v, r, from);
  else {
    copies_.add(PReg(r));
    free_.remove(PReg(r));
  }
}

// The value needs another home than its register, which the current instruction overwrites.
inline void RegisterAllocator::move_home(u32 v, RegSet candidates) {
  const bool named = locked_.has(PReg(vreg(v).reg));
  if (named) {
    detach(v);
  } else {
    touch(v);
    vacate(v);
  }
  const PReg r = choose_free(v, candidates - locked_ - copies_);
  if (r.valid())
    occupy(v, r.id);
  else
    evict(v);
}

// A tied def overwrites the register of its use: whoever lives on must be elsewhere.
inline void RegisterAllocator::place_tied(Span<Operand> ops) {
  for (Operand& o : ops) {
    if (o.tied == 0 || !is_register(o)) continue;
    const Operand& use = *(&o - o.tied);
    if (!use.vreg || !use.alloc.is_reg()) {
      o.alloc = {};
      continue;
    }
    const u32 v = use.vreg.id;
    const u8 r = use.alloc.preg().id;
    o.alloc = use.alloc;
    if (vreg(v).reg != r) continue;
    if (shared_with_other_tie(ops, o, v)) {
      fail_registers(1);
      return;
    }
    if (lives_on(v)) move_home(v, bank_regs(v));
  }
}

// Two results of one instruction cannot take the register of one value.
inline bool RegisterAllocator::shared_with_other_tie(Span<const Operand> ops, const Operand& o,
                                                     u32 v) const {
  for (const Operand& p : ops)
    if (&p < &o && p.tied != 0 && (&p - p.tied)->vreg.id == v && p.alloc == o.alloc) return true;
  return false;
}

inline void RegisterAllocator::place_early_defs(u32 i, Span<Operand> ops, RegSet clobbered) {
  for (Operand& o : ops) {
    if (!o.is_def() || (o.role & role_early_def) == 0 || o.tied != 0 || !is_register(o) ||
        is_pinned_place(o))
      continue;
    const u8 r = take_register(o.vreg.id, allowed(o) - locked_ - copies_ - clobbered);
    if (r == nowhere) return;
    define_in(i, o, r);
  }
}

// Values that live on leave the registers the instruction destroys or defines.
inline void RegisterAllocator::save_clobbered(const Clobbers& c, Span<const Operand> ops) {
  RegSet defined;
  for (const Operand& o : ops)
    if (o.is_def() && is_register(o) && is_pinned_place(o) && o.tied == 0)
      defined.add(pinned_place(o));
  const RegSet destroyed = c.full | defined;
  for_each_bit((destroyed | c.upper).bits, [&](unsigned n) {
    const u32 v = holder_[n];
    if (v == 0 || !lives_on(v)) return;
    const bool wide = bits(vreg(v).type) > 64;
    if (!destroyed.has(PReg(n)) && !wide) return;
    const RegSet bad = wide ? destroyed | c.upper : destroyed;
    move_home(v, bank_regs(v) - bad);
  });
}

// Operands that take their value wherever it is.
inline void RegisterAllocator::place_any(Span<Operand> ops) {
  for (Operand& o : ops) {
    if (o.constraint != ConstraintKind::any || !is_register(o)) continue;
    o.alloc = place_of(o.vreg.id);
    if (o.alloc.is_reg())
      locked_.add(o.alloc.preg());
    else
      any_in_memory_ = true;
  }
}

// Keeps the places of a frame state's values the same for all guards that name it.
inline void RegisterAllocator::same_places(u32 i, const MachInst& m, Span<Operand> ops) {
  const u32 f = m.state.id;
  if (f >= guards_.size() && !guards_.resize(f + 1)) return;
  const u32 previous = guards_[f].inst;
  guards_[f].inst = i;
  if (previous == no_use) return;
  const Span<Operand> before = mf_.operands_of(mf_.insts[previous]);
  u32 a = static_cast<u32>(before.size());
  for (u32 b = static_cast<u32>(ops.size());
       a > 0 && b > 0 && ops[b - 1].constraint == ConstraintKind::any; ) {
    Operand& now = ops[--b];
    --a;
    if (now.alloc == before[a].alloc) continue;
    const u32 v = now.vreg.id;
    spill(v);
    now.alloc = memory_of(v);
    any_in_memory_ = true;
    if (moved_values_.empty()) moved_values_.push({});
    GuardSeen& guard = guards_[f];
    if (!has_moved(guard, v) && moved_values_.push({v, guard.moved})) guard.moved = moved_values_.size() - 1;
  }
}

inline void RegisterAllocator::place_defs(u32 i, Span<Operand> ops, RegSet clobbered) {
  RegSet late;
  for (const Operand& o : ops)
    if (o.is_use() && (o.role & role_late_use) != 0 && o.alloc.is_reg()) late.add(o.alloc.preg());
  locked_ = late;
  for (Operand& o : ops) {
    if (!o.is_def() || o.tied == 0 || !is_register(o) || !o.alloc.is_reg()) continue;
    copies_.remove(o.alloc.preg());
    define_in(i, o, o.alloc.preg().id);
  }
  const RegSet done = copies_ - late;
  copies_ = copies_ & late;
  free_ = free_ | (done & info_.allocatable);
  for (Operand& o : ops) {
    if (!o.is_def() || !is_register(o) || o.tied != 0) continue;
    if (is_pinned_place(o))
      define_in(i, o, pinned_place(o).id);
    else if ((o.role & role_early_def) != 0)
      locked_.add(o.alloc.preg());
  }
  for (Operand& o : ops) {
    if (!o.is_def() || !is_register(o) || o.tied != 0 || is_pinned_place(o) ||
        (o.role & role_early_def) != 0)
      continue;
    define_operand(i, o, allowed(o) - clobbered);
    if (!status_.ok()) return;
  }
  free_ = free_ | (copies_ & info_.allocatable);
  copies_ = {};
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_INST_HPP
