// The allocator on random machine functions, proved by the checker; and the checker on allocations that
// were broken on purpose, one kind of damage at a time.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include <jitkit/ir/regalloc.hpp>
#include <jitkit/ir/regalloc_checker.hpp>

#include "../support/random_machine.hpp"

using namespace jitkit;
using namespace jitkit::ir;
using namespace jitkit::test;

namespace {

// One random function with its allocation.
class Allocated {
 public:
  explicit Allocated(u64 seed) {
    options_.blocks = 1 + static_cast<u32>(seed % 17);
    options_.insts_per_block = 3 + static_cast<u32>(seed % 23);
    options_.gprs = 5 + static_cast<u32>(seed % 7);
    options_.vecs = 4 + static_cast<u32>(seed % 5);
    options_.tuples = seed % 3 != 0;
    options_.states = seed % 5 != 0;
    RandomMachine(seed, options_).build(fn_, mf, arena_);
    info = RandomMachine::registers(options_);
    info.slot_from_def = seed % 2 != 0;
    info.lists_changes = seed % 4 != 3;
    Liveness live(arena_);
    live.compute(mf);
    status = RegisterAllocator(mf, live, info, arena_).run();
  }
  AllocationFault check() { return AllocationChecker(mf, info, nullptr, arena_).run().fault; }

  MachFunction mf;
  RegisterInfo info;
  Status status;

 private:
  RandomMachineOptions options_;
  FunctionData fn_;
  Arena arena_;
};

// A register of the same bank that no value of the instruction is in.
Allocation other_register(const Allocated& a, const MachInst& m, Allocation r) {
  RegSet used;
  for (const Operand& o : a.mf.operands_of(m))
    if (o.alloc.is_reg()) used.add(o.alloc.preg());
  const u32 b = a.info.bank[0].has(r.preg()) ? 0 : 1;
  const RegSet left = (a.info.bank[b] & a.info.allocatable) - used;
  return left.empty() ? Allocation() : Allocation::reg(left.first());
}

// Calls damage(inst, operand) until it says that it did something.
template <class F>
bool some_operand(Allocated& a, std::mt19937_64& random, F damage) {
  std::vector<std::pair<u32, u32>> all;
  for (u32 i = 0; i < a.mf.insts.size(); ++i)
    for (u32 n = 0; n < a.mf.insts[i].operands; ++n) all.push_back({i, n});
  std::shuffle(all.begin(), all.end(), random);
  for (const auto& [i, n] : all) {
    Operand& o = a.mf.operands[a.mf.insts[i].first + n];
    if (o.vreg && a.mf[o.vreg].type != Type::flags && damage(a.mf.insts[i], o)) return true;
  }
  return false;
}
bool to_other_register(Allocated& a, const MachInst& m, Operand& o) {
  if (!o.alloc.is_reg()) return false;
  const Allocation r = other_register(a, m, o.alloc);
  if (!r) return false;
  o.alloc = r;
  return true;
}
template <class F>
bool some_edit(Allocated& a, std::mt19937_64& random, F damage) {
  if (a.mf.edits.empty()) return false;
  const u32 start = static_cast<u32>(random() % a.mf.edits.size());
  for (u32 n = 0; n < a.mf.edits.size(); ++n) {
    Edit& e = a.mf.edits[(start + n) % a.mf.edits.size()];
    if (damage(e.move)) return true;
  }
  return false;
}
// A register no value is ever in, to turn a move into nothing.
bool to_nowhere(Move& m) {
  m = Move{m.to, m.to, m.type, false, m.vreg};
  return true;
}
// Whether an edit reads what this one stores.
bool is_loaded(const Allocated& a, const Move& store) {
  return std::any_of(a.mf.edits.begin(), a.mf.edits.end(),
                     [&](const Edit& e) { return e.move.from == store.to && e.move.vreg == store.vreg; });
}

struct Damage {
  const char* name;
  bool (*apply)(Allocated&, std::mt19937_64&);
  // Percent that must be caught. What is left is harmless: a value that was in both places, or one that
  // an edge brings to a register where it is evicted before any use.
  u32 floor = 90;
};
const Damage damages[] = {
    {"a use in the wrong register",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         return o.is_use() && o.constraint == ConstraintKind::reg && to_other_register(a, m, o);
       });
     }},
    {"a result in the wrong register",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         return o.is_def() && o.next_use != no_use && o.tied == 0 && to_other_register(a, m, o);
       });
     }},
    {"a fixed operand elsewhere",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         return o.constraint == ConstraintKind::fixed && to_other_register(a, m, o);
       });
     }},
    {"a broken tuple",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         return o.constraint == ConstraintKind::tuple && o.arg != 0 && to_other_register(a, m, o);
       });
     }},
    {"a broken tie",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(
           a, r, [&](MachInst& m, Operand& o) { return o.tied != 0 && to_other_register(a, m, o); });
     }},
    {"an early result in an input's register",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         if ((o.role & role_early_def) == 0) return false;
         for (const Operand& p : a.mf.operands_of(m)) {
           if (!p.is_use() || bank(a.mf[p.vreg].type) != bank(a.mf[o.vreg].type)) continue;
           o.alloc = p.alloc;
           return true;
         }
         return false;
       });
     }},
    {"a result in a late input's register",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         if (!o.is_def()) return false;
         for (const Operand& p : a.mf.operands_of(m)) {
           if ((p.role & role_late_use) == 0 || !p.alloc.is_reg() ||
               bank(a.mf[p.vreg].type) != bank(a.mf[o.vreg].type))
             continue;
           o.alloc = p.alloc;
           return true;
         }
         return false;
       });
     }},
    {"two results in one register",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         if (!o.is_def()) return false;
         for (const Operand& p : a.mf.operands_of(m)) {
           if (!p.is_def() || &p == &o || bank(a.mf[p.vreg].type) != bank(a.mf[o.vreg].type)) continue;
           o.alloc = p.alloc;
           return true;
         }
         return false;
       });
     }},
    {"a result in a register that is destroyed",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         if (!o.is_def() || o.constraint == ConstraintKind::fixed || m.clobbers != 0) return false;
         a.mf.clobbers.push({RegSet::of(o.alloc.preg()), {}});
         m.clobbers = static_cast<u16>(a.mf.clobbers.size() - 1);
         return true;
       });
     }},
    {"guards of a state that disagree",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         u32 guards = 0;
         for (const MachInst& g : a.mf.insts) guards += m.state && g.state == m.state ? 1 : 0;
         return guards > 1 && o.constraint == ConstraintKind::any && to_other_register(a, m, o);
       });
     }},
    {"a destroyed register that is still needed",
     [](Allocated& a, std::mt19937_64& r) {
       return some_operand(a, r, [&](MachInst& m, Operand& o) {
         if (!o.is_use() || o.next_use == no_use || !o.alloc.is_reg() || m.clobbers != 0 ||
             a.mf[o.vreg].spilled() || a.mf[o.vreg].is_remat() || (m.flags & mach_terminator) != 0)
           return false;
         for (const Operand& p : a.mf.operands_of(m))
           if (p.is_def() && p.alloc == o.alloc) return false;
         a.mf.clobbers.push({RegSet::of(o.alloc.preg()), {}});
         m.clobbers = static_cast<u16>(a.mf.clobbers.size() - 1);
         return true;
       });
     }},
    {"a missing load",
     [](Allocated& a, std::mt19937_64& r) {
       return some_edit(a, r, [](Move& m) { return m.to.is_reg() && !m.swap && to_nowhere(m); });
     }},
    {"a missing store",
     [](Allocated& a, std::mt19937_64& r) {
       return some_edit(a, r, [&](Move& m) {
         if (m.to.kind() != Allocation::Kind::slot || !is_loaded(a, m)) return false;
         m = Move{m.from, m.from, m.type, false, m.vreg};
         return true;
       });
     }},
    {"a load from another slot",
     [](Allocated& a, std::mt19937_64& r) {
       return some_edit(a, r, [&](Move& m) {
         if (m.from.kind() != Allocation::Kind::slot || a.mf.slot_count < 4) return false;
         m.from = Allocation::slot((m.from.index() + 2) % a.mf.slot_count);
         return true;
       });
     }},
    {"a slot outside the frame",
     [](Allocated& a, std::mt19937_64& r) {
       return some_edit(a, r, [&](Move& m) {
         if (m.to.kind() != Allocation::Kind::slot) return false;
         m.to = Allocation::slot(a.mf.slot_count);
         return true;
       });
     }},
    {"a move that cuts a value",
     [](Allocated& a, std::mt19937_64& r) {
       return some_edit(a, r, [&](Move& m) {
         if (m.swap || m.from.kind() == Allocation::Kind::remat || bits(a.mf[m.vreg].type) != 128) return false;
         if (m.to.kind() == Allocation::Kind::slot && !is_loaded(a, m)) return false;
         m.type = Type::f64;
         return true;
       });
     }},
    {"a wrong constant",
     [](Allocated& a, std::mt19937_64& r) {
       return some_edit(a, r, [&](Move& m) {
         if (m.from.kind() != Allocation::Kind::remat || a.mf.remats.size() < 3) return false;
         m.from = Allocation::remat(m.from.index() == 1 ? 2 : m.from.index() - 1);
         return true;
       });
     }},
    {"a missing move on an edge",
     [](Allocated& a, std::mt19937_64& r) {
       if (a.mf.edge_moves.empty()) return false;
       Move& m = a.mf.edge_moves[static_cast<u32>(r() % a.mf.edge_moves.size())];
       return !m.swap && to_nowhere(m);
     },
     70},
    {"moves on an edge in the wrong order",
     [](Allocated& a, std::mt19937_64&) {
       for (const MachEdge& e : a.mf.edges)
         for (u32 n = e.first_move; n + 1 < e.first_move + e.moves; ++n) {
           Move& x = a.mf.edge_moves[n];
           Move& y = a.mf.edge_moves[n + 1];
           if (x.from != y.to || x.swap || y.swap) continue;
           std::swap(x, y);
           return true;
         }
       return false;
     },
     70},
    {"a frame state that names the register of a value with a slot",
     [](Allocated& a, std::mt19937_64& r) {
       return a.info.slot_from_def && some_operand(a, r, [&](MachInst& m, Operand& o) {
         if (!m.state || o.constraint != ConstraintKind::any || o.alloc.kind() != Allocation::Kind::slot) return false;
         for (const RegisterChange& c : a.mf.register_changes)
           if (c.vreg == o.vreg && c.reg.valid()) {
             o.alloc = Allocation::reg(c.reg);
             return true;
           }
         return false;
       });
     }},
    {"a slot that is stored a second time",
     [](Allocated& a, std::mt19937_64&) {
       for (u32 n = 0; a.info.slot_from_def && n + 1 < a.mf.edits.size(); ++n) {
         const Edit& e = a.mf.edits[n];
         if (!a.mf[e.move.vreg].spilled() || e.move.to != Allocation::slot(a.mf[e.move.vreg].slot)) continue;
         if (a.mf.edits[n + 1].at == e.at) continue;
         a.mf.edits[n + 1].move = e.move;
         return true;
       }
       return false;
     }},
    {"a register change that names another register",
     [](Allocated& a, std::mt19937_64& r) {
       if (a.mf.register_changes.empty()) return false;
       RegisterChange& c = a.mf.register_changes[static_cast<u32>(r() % a.mf.register_changes.size())];
       if (c.reg.valid()) c.reg = PReg(c.reg.id ^ 1U);
       return c.reg.valid();
     }},
    {"a register change that is missing",
     [](Allocated& a, std::mt19937_64&) {
       auto& list = a.mf.register_changes;
       for (u32 n = list.size(); n-- > 1;)
         for (u32 k = 0; k < n; ++k) {
           if (list[k].vreg != list[n].vreg) continue;
           for (; n + 1 < list.size(); ++n) list[n] = list[n + 1];
           list.pop_back();
           return true;
         }
       return false;
     },
     60},  // where blocks meet, a register may still hold what the list gives up
    {"flags written before their use",
     [](Allocated& a, std::mt19937_64&) {
       for (u32 i = 2; i < a.mf.insts.size(); ++i) {
         const auto ops = a.mf.operands_of(a.mf.insts[i]);
         if (ops.size() != 3 || !ops[2].vreg || a.mf[ops[2].vreg].type != Type::flags) continue;
         a.mf.insts[i - 1].flags |= mach_writes_flags;
         return true;
       }
       return false;
     }},
};

}  // namespace

TEST_CASE("allocator: every allocation of random functions is proved") {
  u64 spills = 0, edges = 0;
  for (u64 seed = 1; seed <= 1500; ++seed) {
    CAPTURE(seed);
    Allocated a(seed);
    REQUIRE(a.status.ok());
    REQUIRE(std::string(describe(a.check())) == describe(AllocationFault::none));
    spills += a.mf.slot_count != 0 ? 1 : 0;
    edges += a.mf.edge_moves.size();
  }
  CHECK(spills > 750);
  CHECK(edges > 1500);
}

TEST_CASE("checker: damaged allocations are refused") {
  for (const Damage& d : damages) {
    u32 damaged = 0, caught = 0;
    for (u64 seed = 1; seed <= 150; ++seed) {
      Allocated a(seed);
      std::mt19937_64 random(seed);
      if (!a.status.ok() || !d.apply(a, random)) continue;
      ++damaged;
      caught += a.check() != AllocationFault::none ? 1 : 0;
    }
    INFO(std::string(d.name), ": ", caught, " of ", damaged);
    CHECK(damaged >= 10);
    CHECK(caught * 100 >= damaged * d.floor);
  }
}
