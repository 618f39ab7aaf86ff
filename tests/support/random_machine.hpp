// Random machine functions for tests of the allocator: any CFG, SSA values of several types, and
// instructions with every constraint the allocator knows. Valid by construction; the instructions mean
// nothing.
#ifndef JITKIT_TESTS_SUPPORT_RANDOM_MACHINE_HPP
#define JITKIT_TESTS_SUPPORT_RANDOM_MACHINE_HPP

#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/frequency.hpp>
#include <jitkit/ir/layout.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/select.hpp>
#include <jitkit/ir/target.hpp>

#include <random>
#include <vector>

namespace jitkit::test {

using namespace jitkit::ir;

struct RandomMachineOptions {
  u32 blocks = 12;
  u32 insts_per_block = 12;
  u32 gprs = 8;   // allocatable general registers: 0 .. gprs - 1
  u32 vecs = 8;   // allocatable vector registers: 32 .. 32 + vecs - 1
  bool calls = true;
  bool tuples = true;
  bool states = true;
};

class RandomMachine {
 public:
  RandomMachine(u64 seed, const RandomMachineOptions& options) : random_(seed), o_(options) {}

  static RegisterInfo registers(const RandomMachineOptions& o) {
    static RegSet subsets[2];
    RegisterInfo info;
    info.bank[0] = RegSet::range(0, o.gprs + 2);
    info.bank[1] = RegSet::range(32, o.vecs);
    info.allocatable = RegSet::range(0, o.gprs) | RegSet::range(32, o.vecs);
    info.preserved = RegSet::range(o.gprs / 2, o.gprs - o.gprs / 2) | RegSet::range(32 + o.vecs / 2, 1);
    subsets[0] = RegSet::range(0, 3);
    subsets[1] = RegSet::range(32, 3);
    info.subsets = subsets;
    info.has_swap[0] = true;
    info.slot_bytes = 8;
    return info;
  }

  void build(FunctionData& fn, MachFunction& mf, Arena& arena) {
    make_cfg(fn);
    Cfg cfg;
    cfg.compute(fn, arena);
    Frequencies freq;
    freq.compute(fn, cfg, arena);
    mf.attach(arena);
    lay_out(fn, cfg, freq, mf);
    const u32 n = mf.blocks.size();
    available_.assign(n, {});
    code_.assign(n, {});
    for (u32 k = 0; k < n; ++k) {
      if (k != 0) available_[k] = available_[cfg.position(cfg.idom(mf.blocks[k].block))];
      add_params(mf, k);
      fill_block(mf, k);
    }
    for (u32 k = 0; k < n; ++k) add_arguments(mf, k);
    for (u32 k = n; k-- > 0;) store_block(mf, k);
  }

 private:
  using Code = std::vector<std::pair<MachInst, std::vector<Operand>>>;

  u32 below(u32 n) { return n == 0 ? 0 : static_cast<u32>(random_() % n); }
  bool chance(u32 percent) { return below(100) < percent; }

  void make_cfg(FunctionData& fn) {
    const u32 n = 1 + below(o_.blocks);
    for (u32 k = 0; k < n; ++k) fn.new_block();
    for (u32 k = 1; k <= n; ++k) {
      const Block b(k);
      std::vector<Block> to;
      if (k < n) {
        to.push_back(Block(k + 1));
        if (n > 1 && chance(60)) to.push_back(Block(2 + below(n - 1)));
        if (to.size() == 2 && chance(30)) std::swap(to[0], to[1]);
      } else if (n > 1 && chance(30)) {
        to.push_back(Block(2 + below(n - 1)));
      }
      const Value c = fn.constant(Type::i1, 1);
      u32 first = 0;
      for (const Block t : to) {
        const Edge e = fn.new_edge(t, {});
        if (first == 0) first = e.id;
      }
      Inst i;
      if (to.empty())
        i = fn.new_inst(Opcode::ret, Type::none, {}, {});
      else if (to.size() == 1)
        i = fn.new_inst(Opcode::br, Type::none, {}, {}, first);
      else
        i = fn.new_inst(Opcode::brif, Type::none, {&c, 1}, {}, first);
      fn.append(b, i);
    }
  }

  Type random_type() {
    constexpr Type kinds[] = {Type::i64, Type::i64, Type::i32, Type::f64, Type::v128};
    return kinds[below(5)];
  }

  VReg pick(MachFunction& mf, u32 k, Bank b) {
    const auto& list = available_[k];
    for (u32 tries = 0; tries < 12 && !list.empty(); ++tries) {
      const u32 size = static_cast<u32>(list.size());
      const VReg v = chance(60) && size > 12 ? list[size - 1 - below(12)] : list[below(size)];
      if (bank(mf[v].type) == b) return v;
    }
    const VReg v = mf.new_vreg(b == Bank::gpr ? Type::i64 : Type::f64);  // a constant
    mf.remats.push({1, random_(), 0});
    mf[v].memory = Allocation::remat(mf.remats.size() - 1);
    available_[k].push_back(v);
    return v;
  }

  void add_params(MachFunction& mf, u32 k) {
    MachBlock& b = mf.blocks[k];
    b.first_param = mf.params.size();
    if (k == 0) return;
    const u32 n = chance(50) ? below(4) : 0;
    for (u32 i = 0; i < n; ++i) {
      const VReg v = mf.new_vreg(random_type());
      mf.params.push(v.id);
      available_[k].push_back(v);
    }
    b.params = n;
  }

  void emit(u32 k, std::vector<Operand> ops, u16 form = 1, u8 flags = 0) {
    MachInst m;
    m.form = form;
    m.flags = flags;
    code_[k].push_back({m, std::move(ops)});
  }
  VReg fresh(MachFunction& mf, std::vector<VReg>& born, Type t) {
    const VReg v = mf.new_vreg(t);
    born.push_back(v);
    return v;
  }

  void fill_block(MachFunction& mf, u32 k) {
    std::vector<VReg> born;
    if (k == 0) {
      std::vector<Operand> ops;
      const u32 n = below(o_.gprs + 1);
      for (u32 r = 0; r < n; ++r) ops.push_back(Reg::def_fixed(fresh(mf, born, Type::i64), PReg(r)));
      emit(k, ops, static_cast<u16>(Pseudo::param_def));
      settle(k, born);
    }
    const u32 n = below(o_.insts_per_block + 1);
    for (u32 i = 0; i < n; ++i) {
      add_inst(mf, k, born);
      settle(k, born);
    }
    terminate(mf, k);
  }
  void settle(u32 k, std::vector<VReg>& born) {
    available_[k].insert(available_[k].end(), born.begin(), born.end());
    born.clear();
  }

  void add_inst(MachFunction& mf, u32 k, std::vector<VReg>& born) {
    const Bank b = chance(65) ? Bank::gpr : Bank::vec;
    const Type t = b == Bank::gpr ? (chance(70) ? Type::i64 : Type::i32)
                                  : (chance(50) ? Type::f64 : Type::v128);
    switch (below(13)) {
      case 0: {  // tied
        emit(k, {Reg::use(pick(mf, k, b)), Reg::def_tied(fresh(mf, born, t)), Reg::use(pick(mf, k, b))});
        break;
      }
      case 1: {  // fixed in and out, as a division has
        emit(k, {Reg::use_fixed(pick(mf, k, Bank::gpr), PReg(0)), Reg::use(pick(mf, k, Bank::gpr)),
                 Reg::def_fixed(fresh(mf, born, Type::i64), PReg(0)),
                 Reg::def_fixed(fresh(mf, born, Type::i64), PReg(2))});
        if (chance(50)) code_[k].back().first.clobbers = clobber(mf, {RegSet::range(1, 1), {}});
        break;
      }
      case 2:
        if (o_.calls) call(mf, k, born);
        break;
      case 3:
        emit(k, {Reg::use(pick(mf, k, b)), Reg::use(pick(mf, k, Bank::gpr)),
                 Reg::early_def(fresh(mf, born, t)), Reg::early_def(fresh(mf, born, Type::i64))});
        break;
      case 4: {
        Operand u = Reg::use(pick(mf, k, b));
        u.constraint = ConstraintKind::subset;
        u.arg = b == Bank::gpr ? 0 : 1;
        Operand d = Reg::def(fresh(mf, born, t));
        d.constraint = ConstraintKind::subset;
        d.arg = u.arg;
        emit(k, {u, Reg::use(pick(mf, k, b)), d});
        break;
      }
      case 5:
        if (o_.tuples) tuple(mf, k, born, b);
        break;
      case 6: {
        const VReg from = pick(mf, k, b);
        if (!mf[from].is_remat())
          emit(k, {Reg::use(from), Reg::def(fresh(mf, born, mf[from].type))}, static_cast<u16>(Pseudo::copy));
        break;
      }
      case 7:
        if (o_.states) guard(mf, k);
        break;
      case 8: {  // flags across an instruction that does not write them
        const VReg f = mf.new_vreg(Type::flags);
        emit(k, {Reg::use(pick(mf, k, Bank::gpr)), Reg::use(pick(mf, k, Bank::gpr)), Reg::def(f)}, 1, mach_writes_flags);
        emit(k, {Reg::use(pick(mf, k, b)), Reg::def(fresh(mf, born, t))});
        emit(k, {Reg::use(f), Reg::use(pick(mf, k, Bank::gpr)), Reg::def(fresh(mf, born, Type::i64))}, 1);
        break;
      }
      case 9:
        if (chance(40)) {  // a fixed result beside late inputs and early results
          emit(k, {Reg::late_use(pick(mf, k, Bank::gpr)), Reg::use(pick(mf, k, Bank::gpr)),
                   Reg::def_fixed(fresh(mf, born, Type::i64), PReg(1)),
                   Reg::early_def(fresh(mf, born, Type::i64))});
          break;
        }
        emit(k, {Reg::late_use(pick(mf, k, b)), Reg::use(pick(mf, k, b)), Reg::def(fresh(mf, born, t))});
        break;
      default:
        emit(k, {Reg::use(pick(mf, k, b)), Reg::use(pick(mf, k, b)), Reg::def(fresh(mf, born, t))});
    }
  }

  static u16 clobber(MachFunction& mf, Clobbers c) {
    mf.clobbers.push(c);
    return static_cast<u16>(mf.clobbers.size() - 1);
  }

  void call(MachFunction& mf, u32 k, std::vector<VReg>& born) {
    std::vector<Operand> ops;
    const u32 args = below(o_.gprs / 2 + 1);
    for (u32 r = 0; r < args; ++r) ops.push_back(Reg::use_fixed(pick(mf, k, Bank::gpr), PReg(r)));
    if (chance(30)) ops.push_back(Reg::use_fixed(pick(mf, k, Bank::vec), PReg(32)));
    if (chance(70)) ops.push_back(Reg::def_fixed(fresh(mf, born, Type::i64), PReg(0)));
    if (chance(20)) ops.push_back(Reg::def_fixed(fresh(mf, born, Type::i64), PReg(1)));
    emit(k, ops, 1, mach_call);
    const RegisterInfo info = registers(o_);
    Clobbers c;
    c.full = (info.allocatable - info.preserved);
    c.upper = info.preserved & info.bank[1];
    code_[k].back().first.clobbers = clobber(mf, c);
  }

  void tuple(MachFunction& mf, u32 k, std::vector<VReg>& born, Bank b) {
    const u32 n = chance(70) ? 2 : o_.gprs >= 8 && o_.vecs >= 8 ? 4 : 3;
    const bool defs = chance(50);
    std::vector<Operand> ops;
    for (u32 i = 0; i < n; ++i) {
      Operand o = defs ? Reg::def(fresh(mf, born, b == Bank::gpr ? Type::i64 : Type::v128))
                       : Reg::use(pick(mf, k, b));
      o.constraint = ConstraintKind::tuple;
      o.arg = static_cast<u8>(i);
      if (i == 0 && b == Bank::vec) o.role |= role_tuple_wraps;
      if (i == 0 && b == Bank::gpr && n == 2 && chance(50)) o.role |= role_tuple_even;
      ops.push_back(o);
    }
    if (chance(50)) ops.push_back(Reg::use(pick(mf, k, Bank::gpr)));
    emit(k, ops);
  }

  void guard(MachFunction& mf, u32 k) {
    std::vector<Operand> values;
    const u32 n = 1 + below(5);
    const u32 f = ++states_;
    for (u32 i = 0; i < n; ++i) {
      const VReg v = pick(mf, k, chance(70) ? Bank::gpr : Bank::vec);
      if (!mf[v].is_remat()) values.push_back(Reg::any(v));
    }
    std::vector<VReg> born;
    for (u32 times = 1 + below(3); times > 0; --times) {
      std::vector<Operand> ops{Reg::use(pick(mf, k, Bank::gpr))};
      ops.insert(ops.end(), values.begin(), values.end());
      emit(k, ops);
      code_[k].back().first.state = FrameStateRef(f);
      if (chance(50)) emit(k, {Reg::use(pick(mf, k, Bank::gpr)), Reg::def(fresh(mf, born, Type::i64))});
    }
    settle(k, born);
  }

  void terminate(MachFunction& mf, u32 k) {
    const MachBlock& b = mf.blocks[k];
    if (b.edges == 0) {
      std::vector<Operand> ops;
      for (u32 r = 0; r < below(o_.gprs + 1); ++r)
        ops.push_back(Reg::use_fixed(pick(mf, k, Bank::gpr), PReg(r)));
      emit(k, ops, 1, mach_terminator);
    } else if (b.edges == 1) {
      emit(k, {}, static_cast<u16>(Pseudo::jump), mach_terminator);
    } else {
      emit(k, {Reg::use(pick(mf, k, Bank::gpr))}, 1, mach_terminator);
    }
    code_[k].back().first.extra = b.first_edge;
  }

  void add_arguments(MachFunction& mf, u32 k) {
    const MachBlock b = mf.blocks[k];
    for (u32 e = b.first_edge; e < b.first_edge + b.edges; ++e) {
      const MachBlock target = mf.blocks[mf.edges[e].to];
      mf.edges[e].first_arg = mf.args.size();
      mf.edges[e].args = target.params;
      for (u32 n = 0; n < target.params; ++n) {
        const Type t = mf.vregs[mf.params[target.first_param + n]].type;
        VReg arg;
        for (u32 tries = 0; tries < 10 && !available_[k].empty(); ++tries) {
          const VReg v = available_[k][below(static_cast<u32>(available_[k].size()))];
          if (mf[v].type == t) arg = v;
        }
        if (!arg) {
          arg = mf.new_vreg(t);
          mf.remats.push({1, random_(), 0});
          mf[arg].memory = Allocation::remat(mf.remats.size() - 1);
        }
        mf.args.push(arg.id);
      }
    }
  }

  void store_block(MachFunction& mf, u32 k) {
    mf.blocks[k].bottom = mf.insts.size();
    for (std::size_t n = code_[k].size(); n-- > 0;) {
      auto& [inst, ops] = code_[k][n];
      inst.first = mf.operands.size();
      inst.operands = static_cast<u16>(ops.size());
      mf.operands.append({ops.data(), ops.size()});
      mf.insts.push(inst);
    }
    mf.blocks[k].top = mf.insts.size();
  }

  std::mt19937_64 random_;
  RandomMachineOptions o_;
  std::vector<std::vector<VReg>> available_;  // by layout index
  std::vector<Code> code_;
  u32 states_ = 0;
};

}  // namespace jitkit::test

#endif  // JITKIT_TESTS_SUPPORT_RANDOM_MACHINE_HPP
