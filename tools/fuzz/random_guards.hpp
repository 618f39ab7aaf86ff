// Speculation in random functions: guards and loads that may trap, of which a few do, safepoints and patch points,
// each with a frame state of values in scope.
//
// Invariants: what fails ends the call. The process that runs the code reads there, and at safepoints and patch points,
// what the location map names (exits.hpp), so each of these points has a state of its own with an id of its own in the
// program. A load traps at an address that no process has, wherever it runs.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_GUARDS_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_GUARDS_HPP

#include <jitkit/ir/frame_state.hpp>

#include "random_patterns.hpp"

namespace jitkit::fuzz {

class RandomGuards : public RandomPatterns {
 public:
  using RandomPatterns::RandomPatterns;

 protected:
  void speculate() {
    switch (r_.below(7)) {
      case 0: return trapping_load();
      case 1:
      case 2: return void(put(Opcode::safepoint, Type::none, {}, {}, state().id));
      case 3: return patch_point();
      default: return guards();
    }
  }

 private:
  FrameStateRef state() {
    FrameState s{u64{f_.symbol.id} * 1000 + f_.frame_states.size(), f_.frame_entries.size(), 0,
                 f_.virtual_objects.size(), 0};
    const auto add = [&](u32 objects) {
      FrameEntry e;
      e.key = r_.below(100);
      const Type t = r_.one_of({Type::i64, Type::i32, Type::f64, Type::i128, Type::v128, Type::i1});
      if (objects != 0 && r_.chance(20)) {
        e.kind = FrameEntry::Kind::virtual_object;
        e.index = r_.below(objects);
      } else {
        const Value v = pick_dirty(t);
        e.index = v.id;
        ++f_.values[v.id].uses;
      }
      f_.frame_entries.push(e);
    };
    const u32 objects = r_.chance(20) ? r_.between(1, 2) : 0;
    for (u32 n = r_.between(1, 6); n > 0; --n, ++s.entries) add(objects);
    for (u32 n = 0; n < objects; ++n, ++s.objects) {
      const u32 first = f_.frame_entries.size(), fields = r_.below(3);
      for (u32 k = 0; k < fields; ++k) add(n);
      f_.virtual_objects.push({r_.below(1000), first, fields});
    }
    f_.frame_states.push(s);
    return FrameStateRef(f_.frame_states.size() - 1);
  }

  // An area of nops, or one that nobody leaves as it is: it has results.
  void patch_point() {
    std::vector<Value> operands;
    for (u32 n = r_.below(4); n > 0; --n)
      operands.push_back(pick(r_.one_of({Type::i64, Type::i64, Type::i32, Type::f64, Type::i128, Type::v128})));
    std::vector<Type> results;
    for (u32 n = r_.chance(40) ? r_.between(1, 3) : 0; n > 0; --n)
      results.push_back(r_.one_of({Type::i64, Type::i64, Type::i32, Type::f64, Type::v128}));
    const Inst i =
        put(Opcode::patch_point, Type::none, operands, results, state().id, static_cast<u8>(r_.one_of({8, 8, 16, 32})));
    for (u32 n = 0; n < results.size(); ++n) keep(f_.result(i, n));
  }

  // One, or two of one state.
  void guards() {
    const FrameStateRef s = state();
    for (u32 n = r_.chance(30) ? 2 : 1; n > 0; --n) {
      if (r_.chance(30)) {  // a sum of halves, which overflows at the edges alone
        const Value half = make(Opcode::ashr, Type::i64, {pick_variable(Type::i64), number(1)});
        const Value operands[] = {
            overflow(r_.chance(50) ? Opcode::sadd_ov : Opcode::ssub_ov, Type::i64, half, number(r_.below(1U << 30)))};
        put(Opcode::guard_not, Type::none, operands, {}, s.id);
        continue;
      }
      const u32 values = r_.chance(20) ? 4 : 0x1000;
      const Value low = make(Opcode::and_, Type::i64, {pick_variable(Type::i64), number(values - 1)});
      const bool sense = r_.chance(50);
      const ICond holds = sense ? ICond::ne : ICond::eq;
      const Value c =
          make(Opcode::icmp, Type::i64, {low, number(r_.below(values))}, static_cast<u32>(holds), 0, Type::i1);
      const Value operands[] = {c};
      put(sense ? Opcode::guard : Opcode::guard_not, Type::none, operands, {}, s.id);
    }
  }

  void trapping_load() {
    const Type t = r_.one_of({Type::i64, Type::i32, Type::f64});
    Place p = any_place(bytes(t), false, false);
    if (!p.valid) return;
    if (r_.chance(30)) {
      const Value low = make(Opcode::and_, Type::i64, {pick_variable(Type::i64), number(7)});
      const Value good =
          make(Opcode::icmp, Type::i64, {low, number(r_.below(8))}, static_cast<u32>(ICond::ne), 0, Type::i1);
      const Value nowhere = constant(Type::ptr, 0x1000 + 16 * r_.below(64) - static_cast<u64>(i64{p.offset}));
      p.address = make(Opcode::select, Type::ptr, {good, p.address, nowhere});
    }
    f_.traps.push({p.offset, state()});
    keep(make(Opcode::load_trap, t, {p.address}, f_.traps.size() - 1, MemFlags::make(p.align).bits));
  }
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_GUARDS_HPP
