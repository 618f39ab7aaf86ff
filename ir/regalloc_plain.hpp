// The allocator, plain instructions (mach_plain): operands in any register of their bank, at most one
// result in the register of an operand; and guards (mach_leaves). Most instructions are; they pay for no other
// constraint. Included by regalloc.hpp.
//
// Invariant: the moves need no MoveResolver, because each goes into a register that is free or whose
// value stays behind in memory, and none reads a register that another writes.
#ifndef JITKIT_IR_REGALLOC_PLAIN_HPP
#define JITKIT_IR_REGALLOC_PLAIN_HPP

#include <jitkit/ir/regalloc.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// True if m was such an instruction, and is done.
inline bool RegisterAllocator::allocate_plain(u32 i, const MachInst& m, Span<Operand> ops) {
  if ((m.flags & mach_plain) == 0) return false;
  RegSet locked;
  Operand* def = nullptr;
  Operand* tied = nullptr;
  u32 defs = 0, ties = 0;
  bool missing = false;
  for (Operand& o : ops) {
    if (o.is_def()) {
      def = &o;
      ++defs;
      if (o.tied != 0) tied = &o, ++ties;
    }
    if (!o.is_use()) continue;
    const VRegData& s = vreg(o.vreg.id);
    if (s.reg == nowhere) {
      missing = missing || s.bank != Bank::flags;
      continue;
    }
    locked.add(PReg(s.reg));
    o.alloc = Allocation::reg(PReg(s.reg));
  }
  locked_ = locked;
  if (missing && !fetch_operands(i, ops)) return true;
  if (ties > 1 || (ties == 1 && !free_tied(i, *tied))) {
    for (Operand& o : ops) o.alloc = {};
    locked_ = {};
    return false;
  }
  for (const Operand& o : ops) {
    if (!o.is_use() || !o.alloc.is_reg()) continue;
    if (o.next_use == no_use)
      vacate(o.vreg.id);
    else
      set_next(o.vreg.id, o.next_use);
  }
  locked_ = {};
  if (tied != nullptr) define_in(i, *tied, tied->alloc.preg().id);
  if (defs == 1)
    define_result(i, *def);
  else if (defs != 0)
    define_results(i, ops);
  return true;
}

// The same for a guard: what it tests is in registers, and the values of its frame state stay where they are.
inline bool RegisterAllocator::allocate_guard(u32 i, const MachInst& m, Span<Operand> ops) {
  if ((m.flags & mach_leaves) == 0) return false;
  for (Operand& o : ops) {
    const VRegData& s = vreg(o.vreg.id);
    if (s.bank == Bank::flags) continue;
    const bool anywhere = o.constraint == ConstraintKind::any;
    if (s.reg == nowhere && !anywhere) return false;
    o.alloc = s.reg != nowhere ? Allocation::reg(PReg(s.reg)) : memory_of(o.vreg.id);
    if (s.reg == nowhere) any_in_memory_ = true;
  }
  same_places(i, m, ops);
  for (const Operand& o : ops) {
    if (vreg(o.vreg.id).bank == Bank::flags) continue;
    if (o.next_use == no_use)
      vacate(o.vreg.id);
    else
      set_next(o.vreg.id, o.next_use);
  }
  return true;
}

// Brings the operands that are in no register into one. False: there are not enough.
inline bool RegisterAllocator::fetch_operands(u32 i, Span<Operand> ops) {
  for (Operand& o : ops) {
    const u32 v = o.vreg.id;
    if (!o.is_use() || vreg(v).bank == Bank::flags) continue;
    if (vreg(v).reg == nowhere) {
      const u8 r = take_plain(v);
      if (r == nowhere) return false;
      mf_.edits.push({i, Move{memory_of(v), Allocation::reg(PReg(r)), vreg(v).type, false, VReg(v)}});
      occupy(v, r);
      locked_.add(PReg(r));
    }
    o.alloc = Allocation::reg(PReg(vreg(v).reg));
  }
  return true;
}

// A register of v's bank; nowhere (and an error) if all are locked. The value there stays in memory.
inline u8 RegisterAllocator::take_plain(u32 v) {
  const PReg r = choose_free(v, bank_regs(v) - locked_);
  return r.valid() && vreg(v).hint == nowhere ? r.id : take_held(v, r);
}

// The same where v has a register it would best be in, or none is free. `free`: one that is, if any.
[[gnu::noinline]] inline u8 RegisterAllocator::take_held(u32 v, PReg free) {
  u32 victim = vreg(v).partner && vreg(v).hint != free.id ? in_the_way_home(v) : 0;
  if (victim == 0 && free.valid()) return free.id;
  if (victim == 0) victim = farthest(bank_regs(v));
  if (victim == 0) {
    fail_registers(1);
    return nowhere;
  }
  const u8 freed = vreg(victim).reg;
  leave_in_memory(victim);
  return freed;
}

// What holds the register of the loop's parameter that v comes back to, if memory has it and it is not needed
// before: it must leave there anyway, and v then needs no move on the edge.
inline u32 RegisterAllocator::in_the_way_home(u32 v) const {
  const VRegData& d = vreg(v);
  const VRegData& home = vreg(d.partner.id);
  if (home.param_of == 0 || home.def_reg != d.hint || d.hint == nowhere || locked_.has(PReg(d.hint))) return 0;
  const u32 w = holder_[d.hint];
  return w != 0 && has_memory(w) && vreg(w).next > d.range.end ? w : 0;
}

// Gives the result `o` the register of its operand, whose value, if it lives on, goes elsewhere. False if
// the operand is no register.
inline bool RegisterAllocator::free_tied(u32 i, Operand& o) {
  const Operand& use = *(&o - o.tied);
  const u32 v = use.vreg.id;
  if (!use.alloc.is_reg() || vreg(o.vreg.id).bank == Bank::flags) return false;
  o.alloc = use.alloc;
  if (use.next_use == no_use) return true;
  const PReg to = choose_free(v, bank_regs(v) - locked_);
  if (!to.valid()) {
    leave_in_memory(v);
    return true;
  }
  vacate(v);
  mf_.edits.push({i, Move{use.alloc, Allocation::reg(to), vreg(v).type, false, VReg(v)}});
  occupy(v, to.id);
  return true;
}

// A def in any register; a tied one is in its own already.
inline void RegisterAllocator::define_result(u32 i, Operand& o) {
  if (vreg(o.vreg.id).bank == Bank::flags) return;
  if (o.tied == 0) {
    const u8 r = take_plain(o.vreg.id);
    if (r == nowhere) return;
    define_in(i, o, r);
  }
  if (o.next_use == no_use) vacate(o.vreg.id);
}

// The same for several: no two of them share a register.
inline void RegisterAllocator::define_results(u32 i, Span<Operand> ops) {
  for (Operand& o : ops) {
    if (!o.is_def() || vreg(o.vreg.id).bank == Bank::flags || o.tied != 0) continue;
    const u8 r = take_plain(o.vreg.id);
    if (r == nowhere) return;
    define_in(i, o, r);
  }
  for (const Operand& o : ops)
    if (o.is_def() && o.next_use == no_use) vacate(o.vreg.id);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_PLAIN_HPP
