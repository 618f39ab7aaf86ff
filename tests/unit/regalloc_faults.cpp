// Mutation testing of the checker: what an allocator with a fault would make, by category. The faults were
// chosen before the checker was run on them. A fault is caught if the checker refuses what it makes; what it
// passes must be harmless, as numbers run through the allocation show (allocation_run.hpp).
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <jitkit/ir/regalloc.hpp>
#include <jitkit/ir/regalloc_checker.hpp>

#include "../support/allocation_run.hpp"
#include "../support/random_machine.hpp"

using namespace jitkit;
using namespace jitkit::ir;
using namespace jitkit::test;

namespace {

// A random function, allocated; and the parts of it that a fault may touch, in random order.
class Subject {
 public:
  Subject(u64 seed, bool slot_from_def) : random_(seed) {
    o_.blocks = 1 + static_cast<u32>(seed % 13);
    o_.insts_per_block = 4 + static_cast<u32>(seed % 19);
    o_.gprs = 5 + static_cast<u32>(seed % 6);
    o_.vecs = 4 + static_cast<u32>(seed % 5);
    RandomMachine(seed, o_).build(fn_, mf, arena_);
    info = RandomMachine::registers(o_);
    info.slot_from_def = slot_from_def;
    Liveness live(arena_);
    live.compute(mf);
    good = RegisterAllocator(mf, live, info, arena_).run().ok() && passes() && AllocationRun(mf, info).good(seed, 5);
  }
  bool passes() { return AllocationChecker(mf, info, nullptr, check_arena_).run().ok(); }

  // ---- what a fault may touch: f is called until it says that it did something ----

  template <class F>
  bool operand(F f) {
    std::vector<std::pair<u32, u32>> all;
    for (u32 i = 0; i < mf.insts.size(); ++i)
      for (u32 n = 0; n < mf.insts[i].operands; ++n) all.emplace_back(i, n);
    std::shuffle(all.begin(), all.end(), random_);
    for (const auto& [i, n] : all) {
      Operand& o = mf.operands[mf.insts[i].first + n];
      if (o.vreg && type(o.vreg) != Type::flags && f(mf.insts[i], o)) return true;
    }
    return false;
  }
  // Two operands of one instruction, of one bank, in different registers.
  template <class F>
  bool two(F f) {
    return operand([&](MachInst& m, Operand& o) {
      for (Operand& p : mf.operands_of(m))
        if (&p != &o && p.vreg && p.alloc.is_reg() && o.alloc.is_reg() && p.alloc != o.alloc && type(p.vreg) != Type::flags &&
            p.vreg != o.vreg && bank(type(p.vreg)) == bank(type(o.vreg)) && f(m, o, p))
          return true;
      return false;
    });
  }
  template <class F>
  bool edit(F f) {
    return from_anywhere(mf.edits.size(), [&](u32 n) { return f(mf.edits[n]); });
  }
  template <class F>
  bool edge_move(F f) {
    return from_anywhere(mf.edge_moves.size(), [&](u32 n) { return f(mf.edge_moves[n]); });
  }
  template <class F>
  bool from_anywhere(u32 size, F f) {
    const u32 start = size == 0 ? 0 : below(size);
    for (u32 n = 0; n < size; ++n)
      if (f((start + n) % size)) return true;
    return false;
  }
  u32 below(u32 n) { return static_cast<u32>(random_() % n); }
  Type type(VReg v) const { return mf[v].type; }

  // ---- faults that fit in many places ----

  // Another allocatable register of the bank.
  Allocation another(Allocation r) {
    const u32 b = info.bank[0].has(r.preg()) ? 0 : 1;
    std::vector<PReg> list;
    for (u32 n = 0; n < 64; ++n)
      if ((info.bank[b] & info.allocatable).has(PReg(n)) && n != r.index()) list.push_back(PReg(n));
    return list.empty() ? Allocation() : Allocation::reg(list[below(static_cast<u32>(list.size()))]);
  }
  bool elsewhere(Allocation& a) {
    if (!a.is_reg()) return false;
    const Allocation r = another(a);
    if (r) a = r;
    return static_cast<bool>(r);
  }
  // A register that is no allocatable one: reserved for something outside.
  Allocation reserved() const { return Allocation::reg(PReg(o_.gprs)); }
  static bool drop(Move& m) {
    if (m.swap || m.from == m.to) return false;
    m.from = m.to = m.to.is_reg() ? m.to : m.from;
    return m.to.is_reg();
  }
  // The move that brings v to `to` right before m.
  Move* bringing(const MachInst& m, const Operand& o) {
    for (Edit& e : mf.edits)
      if (&mf.insts[e.at] == &m && !e.move.swap && e.move.vreg == o.vreg && e.move.to == o.alloc) return &e.move;
    return nullptr;
  }
  // v is in register q wherever it was in p: as an allocator does that believes q to be free.
  bool rename(VReg v, Allocation p, Allocation q) {
    if (!p.is_reg() || !q || p == q) return false;
    for (const Operand& o : mf.operands)
      if (o.vreg == v && (o.constraint != ConstraintKind::reg || o.tied != 0)) return false;
    for (Operand& o : mf.operands)
      if (o.vreg == v && o.alloc == p) o.alloc = q;
    for (Edit& e : mf.edits)
      for (Allocation* a : {&e.move.from, &e.move.to})
        if (e.move.vreg == v && !e.move.swap && *a == p) *a = q;
    return true;
  }
  // Whether v is read in the block of m, behind m.
  bool used_behind(const MachInst& m, VReg v) const {
    const u32 at = static_cast<u32>(&m - mf.insts.data());
    for (const MachBlock& b : mf.blocks)
      if (b.bottom <= at && at < b.top)
        for (u32 i = b.bottom; i < at; ++i)
          for (const Operand& o : mf.operands_of(mf.insts[i]))
            if (o.vreg == v && o.is_use()) return true;
    return false;
  }
  bool is_call(const MachInst& m) const { return (m.flags & mach_call) != 0; }
  bool is_start(const MachInst& m) const { return m.form == static_cast<u16>(Pseudo::param_def); }
  bool is_end(const MachInst& m) const { return (m.flags & mach_terminator) != 0 && m.form == 1; }
  bool inner(const MachInst& m) const { return !is_call(m) && !is_start(m) && !is_end(m); }
  static bool slot(Allocation a) { return a.kind() == Allocation::Kind::slot; }
  static bool remat(Allocation a) { return a.kind() == Allocation::Kind::remat; }
  bool moved(VReg v) const {
    for (const Edit& e : mf.edits)
      if (e.move.vreg == v && !remat(e.move.from)) return true;
    return false;
  }
  bool wide(VReg v) const { return type(v) == Type::v128; }

  MachFunction mf;
  RegisterInfo info;
  bool good = false;

 private:
  std::mt19937_64 random_;
  RandomMachineOptions o_;
  FunctionData fn_;
  Arena arena_, check_arena_;
};

using S = Subject;
using O = Operand;
using M = MachInst;

struct Fault {
  const char* category;
  const char* what;
  bool (*apply)(S&);
  bool slot_from_def = false;
};

const Fault faults[] = {
    {"calls", "an argument in another register", [](S& s) { return s.operand([&](M& m, O& o) { return s.is_call(m) && o.is_use() && s.elsewhere(o.alloc); }); }},
    {"calls", "a result from another register", [](S& s) { return s.operand([&](M& m, O& o) { return s.is_call(m) && o.is_def() && o.next_use != no_use && s.elsewhere(o.alloc); }); }},
    {"calls", "two arguments exchanged", [](S& s) { return s.two([&](M& m, O& o, O& p) { return s.is_call(m) && o.is_use() && p.is_use() && (std::swap(o.alloc, p.alloc), true); }); }},
    {"calls", "an argument that is not brought", [](S& s) { return s.operand([&](M& m, O& o) {
       Move* move = s.is_call(m) && o.is_use() ? s.bringing(m, o) : nullptr;
       return move != nullptr && S::drop(*move); }); }},
    {"calls", "a value kept in a register that the call destroys", [](S& s) { return s.operand([&](M& m, O& o) {
       if (!s.inner(m) || !o.is_def() || !o.alloc.is_reg()) return false;
       for (u32 i = static_cast<u32>(&m - s.mf.insts.data()); i-- > 0 && (s.mf.insts[i].flags & mach_terminator) == 0;) {
         const RegSet lost = s.mf.clobbers[s.mf.insts[i].clobbers].full & s.info.bank[s.info.bank[0].has(o.alloc.preg()) ? 0 : 1] & s.info.allocatable;
         if (s.is_call(s.mf.insts[i]) && !lost.empty() && s.used_behind(s.mf.insts[i], o.vreg) && s.rename(o.vreg, o.alloc, Allocation::reg(lost.first()))) return true;
       }
       return false; }); }},
    {"calls", "a call that destroys more than was known", [](S& s) { return s.operand([&](M& m, O& o) {
       if (!s.inner(m) || !o.is_def() || !o.alloc.is_reg()) return false;
       for (u32 i = static_cast<u32>(&m - s.mf.insts.data()); i-- > 0 && (s.mf.insts[i].flags & mach_terminator) == 0;)
         if (s.is_call(s.mf.insts[i]) && s.used_behind(s.mf.insts[i], o.vreg) && !s.moved(o.vreg)) {
           s.mf.clobbers.push({s.mf.clobbers[s.mf.insts[i].clobbers].full | RegSet::of(o.alloc.preg()), {}});
           s.mf.insts[i].clobbers = static_cast<u16>(s.mf.clobbers.size() - 1);
           return true;
         }
       return false; }); }},

    {"splits", "a move between registers forgotten", [](S& s) { return s.edit([&](Edit& e) { return e.move.from.is_reg() && S::drop(e.move); }); }},
    {"splits", "a move from another register", [](S& s) { return s.edit([&](Edit& e) { return e.move.from.is_reg() && e.move.to.is_reg() && !e.move.swap && s.elsewhere(e.move.from); }); }},
    {"splits", "a move to another register", [](S& s) { return s.edit([&](Edit& e) { return e.move.from.is_reg() && e.move.to.is_reg() && !e.move.swap && s.elsewhere(e.move.to); }); }},
    {"splits", "a use of the part that has ended", [](S& s) { return s.operand([&](M& m, O& o) { return s.inner(m) && o.is_use() && o.constraint == ConstraintKind::reg && s.moved(o.vreg) && s.elsewhere(o.alloc); }); }},
    {"splits", "a swap done as a move", [](S& s) { return s.edit([&](Edit& e) { return e.move.swap && (e.move.swap = false, true); }); }},

    {"spills", "a store forgotten", [](S& s) { return s.edit([&](Edit& e) { return S::slot(e.move.to) && (e.move.to = e.move.from, true); }); }},
    {"spills", "a load forgotten", [](S& s) { return s.edit([&](Edit& e) { return S::slot(e.move.from) && S::drop(e.move); }); }},
    {"spills", "a load from another slot", [](S& s) { return s.edit([&](Edit& e) { return s.mf.slot_count > 2 && S::slot(e.move.from) && (e.move.from = Allocation::slot((e.move.from.index() + 1) % s.mf.slot_count), true); }); }},
    {"spills", "a store to another slot", [](S& s) { return s.edit([&](Edit& e) { return s.mf.slot_count > 2 && S::slot(e.move.to) && (e.move.to = Allocation::slot((e.move.to.index() + 1) % s.mf.slot_count), true); }); }},
    {"spills", "a slot behind the frame", [](S& s) { return s.edit([&](Edit& e) { return S::slot(e.move.to) && (e.move.to = Allocation::slot(s.mf.slot_count), true); }); }},
    {"spills", "one slot for two values", [](S& s) { return s.edit([&](Edit& e) {
       const VReg v = e.move.vreg;
       if (!S::slot(e.move.to)) return false;
       for (const Edit& other : s.mf.edits)
         if (S::slot(other.move.to) && other.move.vreg != v && other.move.to != e.move.to && s.type(other.move.vreg) == s.type(v)) {
           const Allocation from = e.move.to, to = other.move.to;
           for (Edit& x : s.mf.edits)
             for (Allocation* a : {&x.move.from, &x.move.to})
               if (x.move.vreg == v && *a == from) *a = to;
           for (Move& x : s.mf.edge_moves)
             for (Allocation* a : {&x.from, &x.to})
               if (x.vreg == v && *a == from) *a = to;
           return true;
         }
       return false; }); }},
    {"spills", "a store after the register has changed", [](S& s) { return s.from_anywhere(s.mf.edits.size(), [&](u32 n) {
       Edit& e = s.mf.edits[n];
       if (!S::slot(e.move.to) || e.at == 0 || (n + 1 < s.mf.edits.size() && s.mf.edits[n + 1].at == e.at)) return false;
       for (const Operand& o : s.mf.operands_of(s.mf.insts[e.at]))
         if (o.is_def() && o.alloc == e.move.from && (s.mf.insts[e.at].flags & mach_terminator) == 0) return --e.at, true;
       return false; }); }},

    {"remat", "another constant", [](S& s) { return s.edit([&](Edit& e) { return S::remat(e.move.from) && s.mf.remats.size() > 2 && (e.move.from = Allocation::remat(e.move.from.index() == 1 ? 2 : e.move.from.index() - 1), true); }); }},
    {"remat", "a constant that is not made", [](S& s) { return s.edit([&](Edit& e) { return S::remat(e.move.from) && S::drop(e.move); }); }},
    {"remat", "a constant for a value that is none", [](S& s) { return s.edit([&](Edit& e) { return S::slot(e.move.from) && s.mf.remats.size() > 1 && (e.move.from = Allocation::remat(1), true); }); }},
    {"remat", "a constant made in another register", [](S& s) { return s.edit([&](Edit& e) { return S::remat(e.move.from) && s.elsewhere(e.move.to); }); }},
    {"remat", "a constant copied from a register that lacks it", [](S& s) { return s.edit([&](Edit& e) { return S::remat(e.move.from) && e.move.to.is_reg() && (e.move.from = s.another(e.move.to), true) && e.move.from; }); }},

    {"parallel moves", "one forgotten", [](S& s) { return s.edge_move([&](Move& m) { return S::drop(m); }); }},
    {"parallel moves", "one from another register", [](S& s) { return s.edge_move([&](Move& m) { return !m.swap && s.elsewhere(m.from); }); }},
    {"parallel moves", "one to another register", [](S& s) { return s.edge_move([&](Move& m) { return !m.swap && s.elsewhere(m.to); }); }},
    {"parallel moves", "an order that overwrites", [](S& s) {
       for (const MachEdge& e : s.mf.edges)
         for (u32 n = e.first_move; n + 1 < e.first_move + e.moves; ++n) {
           Move &x = s.mf.edge_moves[n], &y = s.mf.edge_moves[n + 1];
           if (x.from == y.to && !x.swap && !y.swap) return std::swap(x, y), true;
         }
       return false; }},
    {"parallel moves", "a swap done as a move", [](S& s) { return s.edge_move([&](Move& m) { return m.swap && (m.swap = false, true); }); }},
    {"parallel moves", "the moves of another edge", [](S& s) { return s.from_anywhere(s.mf.edges.size(), [&](u32 n) {
       MachEdge& e = s.mf.edges[n];
       for (MachEdge& f : s.mf.edges)
         if (e.moves != 0 && &f != &e && f.moves != e.moves) return std::swap(e.first_move, f.first_move), std::swap(e.moves, f.moves), true;
       return false; }); }},

    {"fixed", "a use elsewhere", [](S& s) { return s.operand([&](M& m, O& o) { return s.inner(m) && o.constraint == ConstraintKind::fixed && o.is_use() && s.elsewhere(o.alloc); }); }},
    {"fixed", "a result elsewhere", [](S& s) { return s.operand([&](M& m, O& o) { return s.inner(m) && o.constraint == ConstraintKind::fixed && o.is_def() && s.elsewhere(o.alloc); }); }},
    {"fixed", "a use that is not brought", [](S& s) { return s.operand([&](M& m, O& o) {
       Move* move = s.inner(m) && o.constraint == ConstraintKind::fixed && o.is_use() ? s.bringing(m, o) : nullptr;
       return move != nullptr && S::drop(*move); }); }},
    {"fixed", "two exchanged", [](S& s) { return s.two([&](M& m, O& o, O& p) { return s.inner(m) && o.constraint == ConstraintKind::fixed && p.constraint == ConstraintKind::fixed && o.is_def() == p.is_def() && (std::swap(o.alloc, p.alloc), true); }); }},
    {"fixed", "another use in its register", [](S& s) { return s.two([&](M& m, O& o, O& p) { return s.inner(m) && o.constraint == ConstraintKind::fixed && o.is_use() && p.is_use() && (p.alloc = o.alloc, true); }); }},

    {"pinned", "a use in a reserved register", [](S& s) { return s.operand([&](M&, O& o) { return o.is_use() && o.alloc.is_reg() && s.info.bank[0].has(o.alloc.preg()) && (o.alloc = s.reserved(), true); }); }},
    {"pinned", "a result in a reserved register", [](S& s) { return s.operand([&](M&, O& o) { return o.is_def() && o.alloc.is_reg() && s.info.bank[0].has(o.alloc.preg()) && (o.alloc = s.reserved(), true); }); }},
    {"pinned", "a value that lives in a reserved register", [](S& s) { return s.operand([&](M&, O& o) { return o.is_def() && o.alloc.is_reg() && s.info.bank[0].has(o.alloc.preg()) && s.rename(o.vreg, o.alloc, s.reserved()); }); }},
    {"pinned", "a move to a reserved register", [](S& s) { return s.edit([&](Edit& e) { return e.move.to.is_reg() && s.info.bank[0].has(e.move.to.preg()) && (e.move.to = s.reserved(), true); }); }},
    {"pinned", "a reserved register as scratch on an edge", [](S& s) { return s.edge_move([&](Move& m) { return m.to.is_reg() && s.info.bank[0].has(m.to.preg()) && (m.to = s.reserved(), true); }); }},

    {"boundary-fixed", "a parameter from another register", [](S& s) { return s.operand([&](M& m, O& o) { return s.is_start(m) && s.elsewhere(o.alloc); }); }},
    {"boundary-fixed", "two parameters exchanged", [](S& s) { return s.two([&](M& m, O& o, O& p) { return s.is_start(m) && (std::swap(o.alloc, p.alloc), true); }); }},
    {"boundary-fixed", "at the exit in another register", [](S& s) { return s.operand([&](M& m, O& o) { return s.is_end(m) && o.constraint == ConstraintKind::fixed && s.elsewhere(o.alloc); }); }},
    {"boundary-fixed", "not brought back at the exit", [](S& s) { return s.operand([&](M& m, O& o) {
       Move* move = s.is_end(m) && o.constraint == ConstraintKind::fixed ? s.bringing(m, o) : nullptr;
       return move != nullptr && S::drop(*move); }); }},
    {"boundary-fixed", "two exchanged at the exit", [](S& s) { return s.two([&](M& m, O& o, O& p) { return s.is_end(m) && (std::swap(o.alloc, p.alloc), true); }); }},

    {"tuples", "a member elsewhere", [](S& s) { return s.operand([&](M&, O& o) { return o.constraint == ConstraintKind::tuple && o.arg != 0 && s.elsewhere(o.alloc); }); }},
    {"tuples", "the first elsewhere", [](S& s) { return s.operand([&](M&, O& o) { return o.constraint == ConstraintKind::tuple && o.arg == 0 && s.elsewhere(o.alloc); }); }},
    {"tuples", "two members exchanged", [](S& s) { return s.two([&](M&, O& o, O& p) { return o.constraint == ConstraintKind::tuple && p.constraint == ConstraintKind::tuple && (std::swap(o.alloc, p.alloc), true); }); }},
    {"tuples", "an even one that starts odd", [](S& s) { return s.operand([&](M& m, O& o) {
       if (o.constraint != ConstraintKind::tuple || o.arg != 0 || (o.role & role_tuple_even) == 0) return false;
       for (Operand& p : s.mf.operands_of(m))
         if (p.constraint == ConstraintKind::tuple) p.alloc = Allocation::reg(PReg(p.alloc.index() + 1));
       return true; }); }},
    {"tuples", "a member that is not brought", [](S& s) { return s.operand([&](M& m, O& o) {
       Move* move = o.constraint == ConstraintKind::tuple && o.is_use() ? s.bringing(m, o) : nullptr;
       return move != nullptr && S::drop(*move); }); }},

    {"flags", "written right before their use", [](S& s) { return s.from_anywhere(s.mf.insts.size(), [&](u32 i) {
       for (const Operand& o : s.mf.operands_of(s.mf.insts[i]))
         if (o.is_use() && o.vreg && s.type(o.vreg) == Type::flags && i + 1 < s.mf.insts.size()) return s.mf.insts[i + 1].flags |= mach_writes_flags, true;
       return false; }); }},
    {"flags", "of another definition", [](S& s) { return s.from_anywhere(s.mf.operands.size(), [&](u32 n) {
       Operand& o = s.mf.operands[n];
       for (const Operand& p : s.mf.operands)
         if (o.vreg && p.vreg && o.is_use() && p.is_def() && o.vreg != p.vreg && s.type(o.vreg) == Type::flags && s.type(p.vreg) == Type::flags) return o.vreg = p.vreg, true;
       return false; }); }},
    {"flags", "used before they are defined", [](S& s) { return s.from_anywhere(s.mf.operands.size(), [&](u32 n) {
       Operand& o = s.mf.operands[n];
       if (!o.vreg || !o.is_def() || s.type(o.vreg) != Type::flags) return false;
       for (Operand& p : s.mf.operands)
         if (p.vreg == o.vreg && p.is_use()) return o.vreg = VReg(), true;
       return false; }); }},
    {"flags", "destroyed by a call between", [](S& s) { return s.from_anywhere(s.mf.insts.size(), [&](u32 i) {
       for (const Operand& o : s.mf.operands_of(s.mf.insts[i]))
         if (o.is_use() && o.vreg && s.type(o.vreg) == Type::flags && i + 1 < s.mf.insts.size()) {
           s.mf.insts[i + 1].flags |= mach_writes_flags | mach_call;
           return true;
         }
       return false; }); }},

    {"widths", "a store that cuts", [](S& s) { return s.edit([&](Edit& e) { return s.wide(e.move.vreg) && S::slot(e.move.to) && (e.move.type = Type::f64, true); }); }},
    {"widths", "a load that cuts", [](S& s) { return s.edit([&](Edit& e) { return s.wide(e.move.vreg) && S::slot(e.move.from) && (e.move.type = Type::f64, true); }); }},
    {"widths", "a move that cuts", [](S& s) { return s.edit([&](Edit& e) { return s.wide(e.move.vreg) && e.move.from.is_reg() && e.move.to.is_reg() && (e.move.type = Type::f64, true); }); }},
    {"widths", "64 bits moved as 32", [](S& s) { return s.edit([&](Edit& e) { return s.type(e.move.vreg) == Type::i64 && !S::remat(e.move.from) && !e.move.swap && (e.move.type = Type::i32, true); }); }},
    {"widths", "a move on an edge that cuts", [](S& s) { return s.edge_move([&](Move& m) { return s.wide(m.vreg) && !S::remat(m.from) && (m.type = Type::f64, true); }); }},
    {"widths", "half a slot used by another value", [](S& s) { return s.edit([&](Edit& e) {
       if (S::slot(e.move.to) && !s.wide(e.move.vreg))
         for (const Edit& w : s.mf.edits)
           if (S::slot(w.move.to) && s.wide(w.move.vreg) && w.move.to.index() + 1 < s.mf.slot_count) {
             const Allocation from = e.move.to, to = Allocation::slot(w.move.to.index() + 1);
             const VReg v = e.move.vreg;
             for (Edit& x : s.mf.edits)
               for (Allocation* a : {&x.move.from, &x.move.to})
                 if (x.move.vreg == v && *a == from) *a = to;
             return true;
           }
       return false; }); }},
    {"widths", "a wide value kept where a call preserves the low half", [](S& s) { return s.operand([&](M& m, O& o) {
       if (!s.inner(m) || !o.is_def() || !s.wide(o.vreg) || !o.alloc.is_reg()) return false;
       for (u32 i = static_cast<u32>(&m - s.mf.insts.data()); i-- > 0 && (s.mf.insts[i].flags & mach_terminator) == 0;) {
         const RegSet half = s.mf.clobbers[s.mf.insts[i].clobbers].upper;
         if (s.is_call(s.mf.insts[i]) && !half.empty() && s.used_behind(s.mf.insts[i], o.vreg) && s.rename(o.vreg, o.alloc, Allocation::reg(half.first()))) return true;
       }
       return false; }); }},

    {"frame states", "a value said to be in another register", [](S& s) { return s.operand([&](M& m, O& o) { return m.state && o.constraint == ConstraintKind::any && s.elsewhere(o.alloc); }); }},
    {"frame states", "a value said to be in another slot", [](S& s) { return s.operand([&](M& m, O& o) { return m.state && o.constraint == ConstraintKind::any && S::slot(o.alloc) && s.mf.slot_count > 2 && (o.alloc = Allocation::slot((o.alloc.index() + 1) % s.mf.slot_count), true); }); }},
    {"frame states", "two values exchanged", [](S& s) { return s.two([&](M& m, O& o, O& p) { return m.state && o.constraint == ConstraintKind::any && p.constraint == ConstraintKind::any && (std::swap(o.alloc, p.alloc), true); }); }},
    {"frame states", "a constant for a value that is none", [](S& s) { return s.operand([&](M& m, O& o) { return m.state && o.constraint == ConstraintKind::any && s.mf.remats.size() > 1 && (o.alloc = Allocation::remat(1), true); }); }},
    {"frame states", "a value without a place", [](S& s) { return s.operand([&](M& m, O& o) { return m.state && o.constraint == ConstraintKind::any && (o.alloc = Allocation(), true); }); }},
    {"frame states", "guards of one state that disagree", [](S& s) { return s.operand([&](M& m, O& o) {
       u32 guards = 0;
       for (const MachInst& g : s.mf.insts) guards += m.state && g.state == m.state ? 1 : 0;
       return guards > 1 && o.constraint == ConstraintKind::any && s.elsewhere(o.alloc); }); }},

    {"slot-from-def", "a state names the register", [](S& s) { return s.operand([&](M& m, O& o) {
       if (!m.state || o.constraint != ConstraintKind::any || !S::slot(o.alloc)) return false;
       o.alloc = s.another(Allocation::reg(PReg(bank(s.type(o.vreg)) == Bank::gpr ? 0 : 32)));
       return true; }); }, true},
    {"slot-from-def", "the store forgotten", [](S& s) { return s.edit([&](Edit& e) { return s.mf[e.move.vreg].spilled() && S::slot(e.move.to) && (e.move.to = e.move.from, true); }); }, true},
    {"slot-from-def", "stored late", [](S& s) { return s.from_anywhere(s.mf.edits.size(), [&](u32 n) {
       Edit& e = s.mf.edits[n];
       const bool last = n + 1 == s.mf.edits.size() || s.mf.edits[n + 1].at != e.at;
       return S::slot(e.move.to) && last && e.at > 0 && (s.mf.insts[e.at].flags & mach_terminator) == 0 && (--e.at, true); }); }, true},
    {"slot-from-def", "a slot of another value", [](S& s) { return s.operand([&](M& m, O& o) { return m.state && o.constraint == ConstraintKind::any && S::slot(o.alloc) && s.mf.slot_count > 2 && (o.alloc = Allocation::slot((o.alloc.index() + 1) % s.mf.slot_count), true); }); }, true},
    {"slot-from-def", "a change of register that is not so", [](S& s) { return s.from_anywhere(s.mf.register_changes.size(), [&](u32 n) {
       RegisterChange& c = s.mf.register_changes[n];
       if (c.reg.id >= 64) return false;
       Allocation a = Allocation::reg(c.reg);
       return s.elsewhere(a) && (c.reg = a.preg(), true); }); }, true},

    {"ties and lifetimes", "a broken tie", [](S& s) { return s.operand([&](M&, O& o) { return o.tied != 0 && s.elsewhere(o.alloc); }); }},
    {"ties and lifetimes", "an early result in an input's register", [](S& s) { return s.two([&](M&, O& o, O& p) { return (o.role & role_early_def) != 0 && p.is_use() && (o.alloc = p.alloc, true); }); }},
    {"ties and lifetimes", "a result in a late input's register", [](S& s) { return s.two([&](M&, O& o, O& p) { return o.is_def() && (p.role & role_late_use) != 0 && (o.alloc = p.alloc, true); }); }},
    {"ties and lifetimes", "two results in one register", [](S& s) { return s.two([&](M&, O& o, O& p) { return o.is_def() && p.is_def() && (o.alloc = p.alloc, true); }); }},
    {"ties and lifetimes", "a result where another value still lives", [](S& s) { return s.operand([&](M& m, O& o) {
       if (!s.inner(m) || !o.is_def() || o.constraint != ConstraintKind::reg || o.tied != 0) return false;
       for (const Operand& p : s.mf.operands_of(m))
         if (p.is_use() && p.alloc.is_reg() && p.vreg != o.vreg && bank(s.type(p.vreg)) == bank(s.type(o.vreg)) && s.used_behind(m, p.vreg) && s.rename(o.vreg, o.alloc, p.alloc)) return true;
       return false; }); }},
    {"ties and lifetimes", "outside of the subset", [](S& s) { return s.operand([&](M&, O& o) {
       if (o.constraint != ConstraintKind::subset) return false;
       const RegSet left = (s.info.bank[bank(s.type(o.vreg)) == Bank::gpr ? 0 : 1] & s.info.allocatable) - s.info.subsets[o.arg];
       return !left.empty() && (o.alloc = Allocation::reg(left.first()), true); }); }},
};

}  // namespace

TEST_CASE("checker: an allocator with a fault is found out") {
  constexpr u64 functions = 50;
  constexpr u32 enough = 5;  // of a fault that finds its place in few functions: more are made
  std::map<std::string, u32> categories;
  u32 total = 0, caught_faults = 0, made = 0, refused = 0, harmless = 0;
  for (const Fault& f : faults) {
    const std::string name = std::string(f.category) + ": " + f.what;
    CAPTURE(name);
    u32 instances = 0, caught = 0, missed = 0;
    for (u64 seed = 1; seed <= functions || (instances < enough && seed <= 40 * functions); ++seed) {
      Subject s(seed, f.slot_from_def);
      REQUIRE(s.good);
      if (!f.apply(s)) continue;
      ++instances;
      if (!s.passes())
        ++caught;
      else if (AllocationRun(s.mf, s.info).good(seed))
        ++harmless;
      else
        ++missed;
    }
    INFO(caught, " of ", instances, " caught, ", missed, " missed");
    CHECK(instances >= enough);
    CHECK(missed == 0);
    CHECK(caught > 0);
    ++categories[f.category];
    ++total;
    caught_faults += caught != 0 && missed == 0 ? 1 : 0;
    made += instances;
    refused += caught;
  }
  for (const auto& [category, count] : categories) {
    CAPTURE(category);
    CHECK(count >= 4);
  }
  MESSAGE(total, " faults in ", categories.size(), " categories, ", caught_faults, " caught; ", made, " allocations made with them, ",
          refused, " refused, ", harmless, " harmless");
  CHECK(total >= 60);
  CHECK(caught_faults * 100 >= total * 95);
  CHECK(refused * 100 >= (made - harmless) * 95);
}
