// The allocator against the contract's hard cases, each written by hand: every register boundary-fixed and
// live through to two exits, guards that share a map, tuples of eight and written-back addresses, flags
// across forced spills, masks, pairs of results, frames without or with few slots, pinned registers.
// Every allocation is proved by the checker.
#include <doctest/doctest.h>

#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/cfg_build.hpp>
#include <jitkit/ir/frequency.hpp>
#include <jitkit/ir/layout.hpp>
#include <jitkit/ir/liveness.hpp>
#include <jitkit/ir/regalloc.hpp>
#include <jitkit/ir/regalloc_checker.hpp>
#include <jitkit/ir/select.hpp>

#include <vector>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

// A machine function of one block, or of one that branches to two that leave.
class Machine {
 public:
  explicit Machine(u32 exits = 1) {
    const u32 blocks = exits == 1 ? 1 : 3;
    for (u32 n = 0; n < blocks; ++n) fn_.new_block();
    const Value c = fn_.constant(Type::i1, 1);
    if (blocks == 3) {
      const Edge yes = fn_.new_edge(Block(2), {});
      fn_.new_edge(Block(3), {});
      fn_.append(Block(1), fn_.new_inst(Opcode::brif, Type::none, {&c, 1}, {}, yes.id));
    }
    for (u32 n = blocks == 3 ? 2 : 1; n <= blocks; ++n) fn_.append(Block(n), fn_.new_inst(Opcode::ret, Type::none, {}, {}));
    Cfg cfg;
    cfg.compute(fn_, arena_);
    Frequencies frequencies;
    frequencies.compute(fn_, cfg, arena_);
    mf.attach(arena_);
    lay_out(fn_, cfg, frequencies, mf);
    code_.resize(blocks);
  }

  VReg value(Type t = Type::i64) { return mf.new_vreg(t); }
  std::vector<VReg> values(u32 count, Type t = Type::i64) {
    std::vector<VReg> list;
    for (u32 n = 0; n < count; ++n) list.push_back(value(t));
    return list;
  }
  MachInst& add(std::vector<Operand> operands, u32 block = 0, u16 form = 1, u8 flags = 0) {
    MachInst m;
    m.form = form;
    m.flags = flags;
    code_[block].push_back({m, std::move(operands)});
    return code_[block].back().first;
  }
  // The end of a block; of the first of three it branches.
  void end(std::vector<Operand> operands, u32 block = 0) {
    add(std::move(operands), block, 1, mach_terminator).extra = mf.blocks[block].first_edge;
  }
  u16 clobbers(RegSet full, RegSet upper = {}) {
    mf.clobbers.push({full, upper});
    return static_cast<u16>(mf.clobbers.size() - 1);
  }

  Status allocate(const RegisterInfo& info) {
    for (u32 k = static_cast<u32>(code_.size()); k-- > 0;) {
      mf.blocks[k].bottom = mf.insts.size();
      for (usize n = code_[k].size(); n-- > 0;) {
        auto& [inst, operands] = code_[k][n];
        inst.first = mf.operands.size();
        inst.operands = static_cast<u16>(operands.size());
        mf.operands.append(operands);
        mf.insts.push(inst);
      }
      mf.blocks[k].top = mf.insts.size();
    }
    Liveness live(arena_);
    REQUIRE(live.compute(mf));
    const Status s = RegisterAllocator(mf, live, info, arena_).run();
    if (s.ok()) fault = AllocationChecker(mf, info, nullptr, arena_).run().fault;
    return s;
  }

  MachFunction mf;
  AllocationFault fault = AllocationFault::none;

 private:
  FunctionData fn_;
  Arena arena_;
  std::vector<std::vector<std::pair<MachInst, std::vector<Operand>>>> code_;
};

RegisterInfo registers(u32 gprs, u32 vecs, u32 masks = 0) {
  RegisterInfo info;
  info.bank[0] = RegSet::range(0, gprs);
  info.bank[1] = RegSet::range(32, vecs > 16 ? 31 : vecs);
  info.bank[2] = masks != 0 ? RegSet::range(48, masks) : RegSet();
  info.allocatable = info.bank[0] | info.bank[1] | info.bank[2];
  info.has_swap[0] = info.has_swap[1] = true;
  return info;
}

std::vector<Operand> fixed(const std::vector<VReg>& list, bool def) {
  std::vector<Operand> ops;
  for (u32 n = 0; n < list.size(); ++n)
    ops.push_back(def ? Reg::def_fixed(list[n], PReg(n)) : Reg::use_fixed(list[n], PReg(n)));
  return ops;
}
std::vector<Operand> tuple(const std::vector<VReg>& list, bool def) {
  std::vector<Operand> ops;
  for (u32 n = 0; n < list.size(); ++n) {
    Operand o = def ? Reg::def(list[n]) : Reg::use(list[n]);
    o.constraint = ConstraintKind::tuple;
    o.arg = static_cast<u8>(n);
    ops.push_back(o);
  }
  return ops;
}

}  // namespace

TEST_CASE("contract: all registers boundary-fixed and live through, no free register, two exits") {
  for (const u32 gprs : {31U, 15U}) {
    Machine m(2);
    const std::vector<VReg> held = m.values(gprs);
    m.add(fixed(held, true), 0, static_cast<u16>(Pseudo::param_def));
    // The first instruction already needs a register that nobody can give.
    VReg sum = m.value();
    m.add({Reg::use(held[0]), Reg::use(held[1]), Reg::early_def(sum)});
    for (u32 n = 2; n < gprs; ++n) {
      const VReg next = m.value();
      m.add({Reg::use(sum), Reg::def_tied(next), Reg::use(held[n])});
      sum = next;
    }
    m.end({Reg::use(sum)});
    m.end(fixed(held, false), 1);
    // The other exit wants two of them exchanged.
    std::vector<VReg> other = held;
    std::swap(other[0], other[gprs - 1]);
    m.end(fixed(other, false), 2);
    REQUIRE(m.allocate(registers(gprs, 4)).ok());
    CHECK(m.fault == AllocationFault::none);
    CHECK(m.mf.slot_count >= 1);
    CHECK(m.mf.used.count() == gprs);
  }
}

TEST_CASE("contract: guards of one frame state share one map, whatever happens between them") {
  Machine m;
  const RegisterInfo info = registers(6, 4);
  const std::vector<VReg> kept = m.values(4);
  m.add(fixed(kept, true), 0, static_cast<u16>(Pseudo::param_def));
  const auto guard = [&] {
    std::vector<Operand> ops{Reg::use(kept[0])};
    for (const VReg v : kept) ops.push_back(Reg::any(v));
    m.add(ops).state = FrameStateRef(1);
  };
  guard();
  // More values than registers, then a call that destroys them all.
  const std::vector<VReg> more = m.values(6);
  for (const VReg v : more) m.add({Reg::use(kept[1]), Reg::def(v)});
  for (const VReg v : more) m.add({Reg::use(v)});
  guard();
  m.add({Reg::use_fixed(kept[2], PReg(0))}, 0, 1, mach_call).clobbers = m.clobbers(info.bank[0]);
  guard();
  m.end({});
  REQUIRE(m.allocate(info).ok());
  CHECK(m.fault == AllocationFault::none);
  std::vector<Allocation> first;
  u32 guards = 0;
  for (u32 i = m.mf.insts.size(); i-- > 0;) {
    if (!m.mf.insts[i].state) continue;
    std::vector<Allocation> map;
    for (const Operand& o : m.mf.operands_of(m.mf.insts[i]))
      if (o.constraint == ConstraintKind::any) map.push_back(o.alloc);
    if (guards++ == 0) first = map;
    CHECK(map == first);
  }
  CHECK(guards == 3);
}

TEST_CASE("contract: values that are ever spilled are reported in their slot, if the frame asks") {
  for (const bool asked : {false, true}) {
    Machine m;
    RegisterInfo info = registers(4, 4);
    info.slot_from_def = asked;
    const VReg kept = m.value();
    m.add({Reg::def(kept)});
    m.add({Reg::use(kept), Reg::any(kept)}).state = FrameStateRef(1);  // still in its register here
    const std::vector<VReg> more = m.values(4);
    for (const VReg v : more) m.add({Reg::def(v)});
    m.add({Reg::use(more[0]), Reg::use(more[1]), Reg::use(more[2]), Reg::use(more[3])});
    m.end({Reg::use(kept)});
    REQUIRE(m.allocate(info).ok());
    CHECK(m.fault == AllocationFault::none);
    CHECK(m.mf[kept].spilled());
    for (const MachInst& i : m.mf.insts)
      if (i.state) CHECK(m.mf.operands_of(i)[1].alloc.is_reg() == !asked);
  }
}

TEST_CASE("contract: a tuple of eight registers, used, made and written back") {
  for (const u32 vecs : {31U, 12U}) {
    Machine m;
    const VReg base = m.value();
    const std::vector<VReg> row = m.values(8, Type::v128), next = m.values(8, Type::v128), held = m.values(vecs - 9, Type::v128);
    m.add({Reg::def(base)});
    for (const VReg v : held) m.add({Reg::def(v)});
    const VReg after = m.value();
    std::vector<Operand> load = tuple(row, true);  // ld1 {8}, [base], #128
    load.insert(load.begin(), {Reg::use(base), Reg::def_tied(after)});
    m.add(load);
    std::vector<Operand> both = tuple(row, false);
    for (const Operand& o : tuple(next, true)) both.push_back(o);
    m.add(both);
    std::vector<VReg> backwards(row.rbegin(), row.rend());  // the same values in another order
    std::vector<Operand> store = tuple(backwards, false);
    const VReg end = m.value();
    store.insert(store.begin(), {Reg::use(after), Reg::def_tied(end)});
    m.add(store);
    std::vector<Operand> rest{Reg::use(end), Reg::use(base), Reg::use(after)};
    m.add(rest);
    for (const VReg v : next) m.add({Reg::use(v)});
    for (const VReg v : held) m.add({Reg::use(v)});
    m.end({});
    REQUIRE(m.allocate(registers(8, vecs)).ok());
    CHECK(m.fault == AllocationFault::none);
  }
}

TEST_CASE("contract: a carry chain across forced spills") {
  Machine m;
  const RegisterInfo info = registers(5, 4);
  const std::vector<VReg> x = m.values(8), y = m.values(8), sum = m.values(8);
  for (const VReg v : x) m.add({Reg::def(v)});
  for (const VReg v : y) m.add({Reg::def(v)});
  VReg carry;
  for (u32 n = 0; n < 8; ++n) {
    const VReg next = m.value(Type::flags);
    std::vector<Operand> ops{Reg::use(x[n]), Reg::use(y[n]), Reg::def(sum[n])};
    if (carry) ops.push_back(Reg::use(carry));
    ops.push_back(Reg::def(next));
    m.add(ops, 0, 1, mach_writes_flags);
    carry = next;
  }
  for (const VReg v : sum) m.add({Reg::use(v)});
  m.end({});
  REQUIRE(m.allocate(info).ok());
  CHECK(m.fault == AllocationFault::none);
  CHECK(m.mf.slot_count >= 8);
}

TEST_CASE("contract: masks are spilled, copied and kept across calls") {
  Machine m;
  const RegisterInfo info = registers(4, 4, 4);
  const std::vector<VReg> masks = m.values(7, Type::mask);
  for (const VReg v : masks) m.add({Reg::def(v)});
  m.add({}, 0, 1, mach_call).clobbers = m.clobbers(info.bank[2]);
  const VReg both = m.value(Type::mask);
  m.add({Reg::use(masks[0]), Reg::def_tied(both), Reg::use(masks[6])});
  for (const VReg v : masks) m.add({Reg::use(v), Reg::use(both)});
  m.end({});
  REQUIRE(m.allocate(info).ok());
  CHECK(m.fault == AllocationFault::none);
  CHECK(m.mf.slot_count >= 7);
}

TEST_CASE("contract: calls that return pairs, one after the other") {
  Machine m;
  RegisterInfo info = registers(6, 4);
  info.preserved = RegSet::range(4, 2);
  const u16 destroyed = m.clobbers(RegSet::range(2, 2));
  std::vector<VReg> results;
  for (u32 n = 0; n < 3; ++n) {
    const VReg low = m.value(), high = m.value();
    std::vector<Operand> ops;
    if (n != 0) ops = {Reg::use_fixed(results[2 * n - 1], PReg(0)), Reg::use_fixed(results[2 * n - 2], PReg(1))};
    ops.push_back(Reg::def_fixed(low, PReg(0)));
    ops.push_back(Reg::def_fixed(high, PReg(1)));
    m.add(ops, 0, 1, mach_call).clobbers = destroyed;
    results.push_back(low);
    results.push_back(high);
  }
  for (const VReg v : results) m.add({Reg::use(v)});
  m.end({});
  REQUIRE(m.allocate(info).ok());
  CHECK(m.fault == AllocationFault::none);
}

TEST_CASE("contract: no spill, or at most so many, is refused with the number that is missing") {
  const auto spilling = [](u32 max_slots) {
    Machine m;
    RegisterInfo info = registers(4, 4);
    info.max_slots = max_slots;
    const std::vector<VReg> many = m.values(9);
    for (const VReg v : many) m.add({Reg::def(v)});
    for (const VReg v : many) m.add({Reg::use(v)});
    m.end({});
    return m.allocate(info);
  };
  CHECK(spilling(5).ok());
  CHECK(spilling(0) == Status{Error::too_many_slots, 0, 5});
  CHECK(spilling(4) == Status{Error::too_many_slots, 0, 1});
}

TEST_CASE("contract: a pinned register is read and written where it is named and nowhere else") {
  Machine m;
  RegisterInfo info = registers(5, 4);
  info.allocatable.remove(PReg(2));
  const std::vector<VReg> many = m.values(6);
  for (const VReg v : many) m.add({Reg::def(v)});
  m.add({Reg::use_fixed(many[3], PReg(2))});
  for (const VReg v : many) m.add({Reg::use(v)});
  m.end({});
  const Status s = m.allocate(info);
  REQUIRE(s.ok());
  CHECK(m.fault == AllocationFault::none);
  for (const MachInst& i : m.mf.insts)
    for (const Operand& o : m.mf.operands_of(i))
      CHECK((o.alloc != Allocation::reg(PReg(2)) || o.constraint == ConstraintKind::fixed));
}

TEST_CASE("contract: a register of the emitter's holds a value only where it is named") {
  for (const u32 taken : {2U, 4U}) {  // with free registers and with none
    Machine m;
    RegisterInfo info = registers(5, 4);
    info.allocatable.remove(PReg(4));
    info.transient.add(PReg(4));
    const VReg first = m.value(), other = m.value();
    std::vector<VReg> held = m.values(taken);
    std::vector<Operand> params = fixed(held, true);
    params.push_back(Reg::def_fixed(first, PReg(4)));
    m.add(params, 0, static_cast<u16>(Pseudo::param_def));
    for (const VReg v : held) m.add({Reg::use(v)});
    m.add({Reg::use(first), Reg::def(other)});
    m.end({Reg::use_fixed(other, PReg(4)), Reg::use_fixed(first, PReg(0))});
    REQUIRE(m.allocate(info).ok());
    CHECK(m.fault == AllocationFault::none);
    for (const MachInst& i : m.mf.insts)
      for (const Operand& o : m.mf.operands_of(i)) CHECK((o.alloc != Allocation::reg(PReg(4)) || o.constraint == ConstraintKind::fixed));
    // The move behind the definition is what saves it.
    for (Edit& e : m.mf.edits)
      if (e.move.from == Allocation::reg(PReg(4))) e.move.to = e.move.from;
    Arena arena;
    CHECK(AllocationChecker(m.mf, info, nullptr, arena).run().fault != AllocationFault::none);
  }
}

TEST_CASE("contract: 256-bit values keep their upper half where a register is borrowed") {
  // A cycle of slots between two blocks: both parameters in memory, every register taken.
  Machine m;
  RegisterInfo info = registers(4, 2);
  info.has_swap[1] = false;
  const std::vector<VReg> wide = m.values(5, Type::v256);
  for (const VReg v : wide) m.add({Reg::def(v)});
  m.add({Reg::use_fixed(wide[0], PReg(33)), Reg::use_fixed(wide[1], PReg(32))});
  m.add({Reg::use_fixed(wide[0], PReg(32)), Reg::use_fixed(wide[1], PReg(33))});
  for (const VReg v : wide) m.add({Reg::use(v)});
  m.end({});
  REQUIRE(m.allocate(info).ok());
  CHECK(m.fault == AllocationFault::none);
  for (const Edit& e : m.mf.edits) CHECK(bits(e.move.type) == 256);
}

TEST_CASE("contract: the moves of an edge borrow a register at its full width") {
  for (const Type t : {Type::v128, Type::v256, Type::v512}) {
    Arena arena;
    MoveResolver resolver(arena);
    MoveResources r;
    r.bank[1] = RegSet::range(32, 1);
    r.widest_vector = t;
    r.scratch = Allocation::slot(100);
    r.borrow = Allocation::slot(200);
    const Move move{Allocation::slot(1), Allocation::slot(9), Type::f64, false, VReg(1)};
    u32 saved = 0;
    resolver.resolve({&move, 1}, r, [&](const Move& m) {
      if (m.to != r.borrow && m.from != r.borrow) return;
      ++saved;
      CHECK(m.type == t);
    });
    CHECK(saved == 2);
  }
}
