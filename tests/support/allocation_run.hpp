// Executes an allocated machine function beside the unallocated one, along random paths, with numbers: every
// use must find in its place the value that its VReg has. Knows nothing of the checker; what it shows wrong
// is wrong.
//
// Invariant: it sees values only. Which register an operand may have is the checker's to prove.
#ifndef JITKIT_TESTS_SUPPORT_ALLOCATION_RUN_HPP
#define JITKIT_TESTS_SUPPORT_ALLOCATION_RUN_HPP

#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/target.hpp>

#include <random>
#include <vector>

namespace jitkit::test {

using namespace jitkit::ir;

class AllocationRun {
 public:
  AllocationRun(const MachFunction& mf, const RegisterInfo& info) : mf_(mf), info_(info) {}

  // Whether all of `paths` paths, of up to `length` blocks, read what they should.
  bool good(u64 seed, u32 paths = 30, u32 length = 60) {
    for (u32 n = 0; n < paths; ++n)
      if (!path(seed * 1000 + n, length)) return false;
    return true;
  }

 private:
  struct Wide {
    u64 low = 0, high = 0;
  };

  static Wide cut(Wide v, Type t) {
    const unsigned n = bits(t);
    if (n < 64) v.low &= (u64{1} << n) - 1;
    if (n <= 64) v.high = 0;
    return v;
  }
  Type type(VReg v) const { return mf_.vregs[v.id].type; }
  u32 units(Type t) const { return bytes(t) <= info_.slot_bytes ? 1 : bytes(t) / info_.slot_bytes; }
  Wide some() { return {random_(), random_()}; }

  bool path(u64 seed, u32 length) {
    random_.seed(seed);
    registers_.assign(64, {});
    slots_.assign(mf_.slot_count + 16, 0);
    values_.assign(mf_.vregs.size(), {});
    for (Wide& r : registers_) r = some();
    for (u64& s : slots_) s = random_();
    for (Wide& v : values_) v = some();
    for (u32 block = 0; length > 0; --length) {
      const MachBlock& b = mf_.blocks[block];
      for (u32 i = b.top; i-- > b.bottom;)
        if (!step(i)) return false;
      if (b.edges == 0) return true;
      block = follow(b.first_edge + static_cast<u32>(random_() % b.edges));
    }
    return true;
  }

  bool step(u32 i) {
    for (const Edit& e : mf_.edits)
      if (e.at == i) move(e.move);
    const MachInst& m = mf_.insts[i];
    const std::span<const Operand> ops = mf_.operands_of(m);
    std::vector<Wide> results(ops.size());
    for (Wide& r : results) r = m.form == static_cast<u16>(Pseudo::copy) ? values_[ops[0].vreg.id] : some();
    const auto write = [&](bool early) {
      for (usize n = 0; n < ops.size(); ++n)
        if (is_value(ops[n]) && ops[n].is_def() && ((ops[n].role & role_early_def) != 0) == early && ops[n].alloc.is_reg())
          registers_[ops[n].alloc.index()] = results[n];
    };
    const auto read = [&](bool late) {
      for (const Operand& o : ops)
        if (is_value(o) && o.is_use() && ((o.role & role_late_use) != 0) == late && !holds(o.alloc, o.vreg)) return false;
      return true;
    };
    write(true);
    if (!read(false)) return false;
    const Clobbers& c = mf_.clobbers[m.clobbers];
    for (u32 r = 0; r < 64; ++r) {
      if (c.full.has(PReg(r))) registers_[r] = some();
      if (c.upper.has(PReg(r))) registers_[r].high = random_();
    }
    write(false);
    if (!read(true)) return false;
    for (usize n = 0; n < ops.size(); ++n)
      if (is_value(ops[n]) && ops[n].is_def()) values_[ops[n].vreg.id] = results[n];
    return true;
  }
  bool is_value(const Operand& o) const { return o.vreg && type(o.vreg) != Type::flags; }

  Wide get(Allocation a, Type t, VReg v) {
    switch (a.kind()) {
      case Allocation::Kind::reg: return registers_[a.index()];
      case Allocation::Kind::slot:
        return {slots_[a.index() % slots_.size()], units(t) > 1 ? slots_[(a.index() + 1) % slots_.size()] : 0};
      // A recipe makes the value it is for, and something else for others.
      case Allocation::Kind::remat: return mf_.vregs[v.id].memory == a ? values_[v.id] : some();
      default: return some();
    }
  }
  bool holds(Allocation a, VReg v) {
    const Wide have = cut(get(a, type(v), v), type(v)), want = cut(values_[v.id], type(v));
    return have.low == want.low && have.high == want.high;
  }

  void move(const Move& m) {
    if (m.swap) {
      const Wide a = cut(registers_[m.from.index() % 64], m.type), b = cut(registers_[m.to.index() % 64], m.type);
      registers_[m.from.index() % 64] = b;
      registers_[m.to.index() % 64] = a;
      return;
    }
    const Wide what = cut(get(m.from, m.type, m.vreg), m.type);
    if (m.to.is_reg()) registers_[m.to.index() % 64] = what;
    if (m.to.kind() != Allocation::Kind::slot) return;
    slots_[m.to.index() % slots_.size()] = what.low;
    if (units(m.type) > 1) slots_[(m.to.index() + 1) % slots_.size()] = what.high;
  }

  // The block that the edge goes to.
  u32 follow(u32 e) {
    const MachEdge& edge = mf_.edges[e];
    for (u32 n = 0; n < edge.moves; ++n) move(mf_.edge_moves[edge.first_move + n]);
    const MachBlock& to = mf_.blocks[edge.to];
    std::vector<Wide> arguments;
    for (u32 n = 0; n < to.params; ++n) arguments.push_back(values_[mf_.args[edge.first_arg + n]]);
    for (u32 n = 0; n < to.params; ++n) values_[mf_.params[to.first_param + n]] = arguments[n];
    return edge.to;
  }

  const MachFunction& mf_;
  const RegisterInfo& info_;
  std::mt19937_64 random_;
  std::vector<Wide> registers_;
  std::vector<u64> slots_;
  std::vector<Wide> values_;  // by VReg
};

}  // namespace jitkit::test

#endif  // JITKIT_TESTS_SUPPORT_ALLOCATION_RUN_HPP
