// The allocator, plain instructions: operands in any register of their bank, at most one result in the
// register of an operand. Most instructions are; they pay for no other constraint. Included by
// regalloc.hpp.
//
// Invariant: the moves need no MoveResolver, because each goes into a register that is free or whose
// value stays behind in memory, and none reads a register that another writes.
#ifndef JITKIT_IR_REGALLOC_PLAIN_HPP
#define JITKIT_IR_REGALLOC_PLAIN_HPP

#include <jitkit/ir/regalloc.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// True if m was such an instruction, and is done.
inline bool RegisterAllocator::allocate_plain(u32 i, const MachInst& m, std::span<Operand> ops) {
  unsigned roles = 0, constraints = m.clobbers, ties = 0;
  u64 locked = 0;
  bool missing = false;
  for (Operand& o : ops) {
    roles |= o.role;
    constraints |= static_cast<unsigned>(o.constraint);
    ties += o.tied != 0 ? 1U : 0U;
    if (!o.is_use()) continue;
    const Value& s = values_[o.vreg.id];
    if (s.reg == nowhere) {
      missing = missing || s.bank != no_bank;
      continue;
    }
    locked |= u64{1} << s.reg;
    o.alloc = Allocation::reg(PReg(s.reg));
  }
  const auto refuse = [&] {
    for (Operand& o : ops) o.alloc = {};
    locked_ = {};
    return false;
  };
  if (constraints != 0 || ties > 1 || (roles & ~unsigned{role_use | role_def}) != 0) return refuse();
  locked_ = RegSet(locked);
  if (missing && !fetch_operands(i, ops)) return true;
  Operand* tied = nullptr;
  if (ties != 0) {
    tied = free_tied(i, ops);
    if (tied == nullptr) return refuse();
  }
  for (const Operand& o : ops) {
    if (!o.is_use() || values_[o.vreg.id].bank == no_bank) continue;
    if (o.next_use == no_use)
      vacate(o.vreg.id);
    else
      set_next(o.vreg.id, o.next_use);
  }
  locked_ = {};
  if (tied != nullptr) define_in(i, *tied, tied->alloc.preg().id);
  define_results(i, ops);
  return true;
}

// Brings the operands that are in no register into one. False: there are not enough.
inline bool RegisterAllocator::fetch_operands(u32 i, std::span<Operand> ops) {
  for (Operand& o : ops) {
    const u32 v = o.vreg.id;
    if (!o.is_use() || values_[v].bank == no_bank) continue;
    if (values_[v].reg == nowhere) {
      const u8 r = take_plain(v);
      if (r == nowhere) return false;
      mf_.edits.push({i, Move{memory_of(v), Allocation::reg(PReg(r)), mf_.vregs[v].type, false, VReg(v)}});
      occupy(v, r);
      locked_.add(PReg(r));
    }
    o.alloc = Allocation::reg(PReg(values_[v].reg));
  }
  return true;
}

// A register of v's bank; nowhere (and an error) if all are locked. The value there stays in memory.
inline u8 RegisterAllocator::take_plain(u32 v) {
  const RegSet regs = info_.bank[values_[v].bank] & info_.allocatable;
  const PReg r = choose_free(v, regs - locked_);
  if (r.valid()) return r.id;
  const u32 victim = farthest(regs);
  if (victim == 0) {
    fail_registers(1);
    return nowhere;
  }
  const u8 freed = values_[victim].reg;
  leave_in_memory(victim);
  return freed;
}

// The result that takes the register of an operand, with that register: the operand's value, if it
// lives on, goes elsewhere. Null if the operand is no register.
inline Operand* RegisterAllocator::free_tied(u32 i, std::span<Operand> ops) {
  for (Operand& o : ops) {
    if (o.tied == 0) continue;
    const Operand& use = *(&o - o.tied);
    const u32 v = use.vreg.id;
    if (!use.alloc.is_reg() || values_[o.vreg.id].bank == no_bank) return nullptr;
    const u8 r = use.alloc.preg().id;
    o.alloc = use.alloc;
    if (use.next_use == no_use) return &o;
    const PReg to = choose_free(v, (info_.bank[values_[v].bank] & info_.allocatable) - locked_);
    if (!to.valid()) {
      leave_in_memory(v);
      return &o;
    }
    vacate(v);
    mf_.edits.push({i, Move{Allocation::reg(PReg(r)), Allocation::reg(to), mf_.vregs[v].type, false, VReg(v)}});
    occupy(v, to.id);
    return &o;
  }
  return nullptr;
}

inline void RegisterAllocator::define_results(u32 i, std::span<Operand> ops) {
  bool dead = false;
  for (Operand& o : ops) {
    if (!o.is_def() || values_[o.vreg.id].bank == no_bank) continue;
    dead = dead || o.next_use == no_use;
    if (o.tied != 0) continue;
    const u8 r = take_plain(o.vreg.id);
    if (r == nowhere) return;
    define_in(i, o, r);
  }
  if (!dead) return;
  for (const Operand& o : ops)
    if (o.is_def() && o.next_use == no_use && values_[o.vreg.id].bank != no_bank) vacate(o.vreg.id);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_PLAIN_HPP
