// The body of a random function: blocks, branches, loops, switches and calls around random instructions and guards.
//
// Invariants: every loop counts down or spends fuel, and calls go to functions with a higher number, so
// each call ends; `cost` bounds the instructions it executes. All stack memory is written before it is
// read.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_BODY_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_BODY_HPP

#include <jitkit/ir/module.hpp>

#include <algorithm>

#include "random_guards.hpp"

namespace jitkit::fuzz {

// What the functions of a program know of each other. In parameters marked by_address a ptr is the
// address of smallest_object bytes (byval: of the aggregate).
struct RandomFunctionInfo {
  SymbolRef symbol;
  SigRef signature;
  std::vector<bool> by_address;
  u64 cost = 0;
};

class RandomBody : public RandomGuards {
 public:
  static constexpr u64 cost_limit = 40000;

  RandomBody(FunctionData& f, RandomSource& r, std::span<const RandomFunctionInfo> callees,
             std::vector<bool> by_address)
      : RandomGuards(f, r), callees_(callees), by_address_(std::move(by_address)) {}

  // Fills the function with about `size` instructions and gives its cost.
  u64 fill(u32 size) {
    constant_percent_ = 5 + r_.below(25);
    block_ = f_.new_block();
    parameters();
    objects();
    if (r_.chance(65)) pressure();
    if (r_.chance(25))
      tangle(size);
    else
      statements(size, 0);
    finish();
    return cost_;
  }

 private:
  std::span<const Param> params() const { return f_.module->params(f_.signature); }
  std::span<const Param> results() const { return f_.module->results(f_.signature); }

  void parameters() {
    const std::span<const Param> list = params();
    for (u32 n = 0; n < list.size(); ++n) {
      const Value v = f_.add_param(block_, list[n].type);
      if (!by_address_[n])
        keep(v);
      else
        objects_.push_back({v, (list[n].attr & ParamAttr::byval) != 0 ? list[n].size : smallest_object, true,
                            (list[n].attr & ParamAttr::byval) != 0});
    }
    inherited_ = objects_.size();
  }

  // Stack slots, cleared; globals.
  void objects() {
    // x86-64 refuses slots aligned to more than 16 beside an alloca.
    const bool dynamic = r_.chance(10);
    for (u32 n = 1 + r_.below(3); n > 0; --n) {
      const u32 size = smallest_object * r_.one_of({1U, 1U, 2U, 5U, 100U});
      f_.slots.push({size, static_cast<u8>(dynamic ? 4 : r_.one_of({4, 4, 5, 6}))});
      const u32 slot = f_.slots.size() - 1;
      const Value base = make(Opcode::stack_addr, Type::none, {}, slot, 0, Type::ptr);
      clear(base, number(size));
      objects_.push_back({base, size, true, true, Opcode::stack_addr, slot});
    }
    const Module& m = *f_.module;
    for (u32 s = 1; s < m.symbol_count(); ++s) {
      const SymbolInfo& i = m.symbol(SymbolRef(s));
      if (i.kind == SymbolKind::function || r_.chance(30)) continue;
      const Value base = make(Opcode::symbol_addr, Type::none, {}, s, 0, Type::ptr);
      objects_.push_back({base, static_cast<u32>(i.size), i.kind != SymbolKind::rodata, false, Opcode::symbol_addr, s});
    }
    if (dynamic) allocate();
  }
  void clear(Value base, Value size) {
    const Value operands[] = {base, constant(Type::i32, r_.below(256)), size};
    put(Opcode::memset, Type::none, operands, {});
  }
  void allocate() {
    const Value more = make(Opcode::and_, Type::i64, {pick_variable(Type::i64), number(127)});
    const Value size =
        r_.chance(50) ? make(Opcode::add, Type::i64, {more, number(smallest_object)}) : number(smallest_object);
    const Value base = make(Opcode::alloca_, Type::none, {size}, r_.one_of({16U, 16U, 32U, 128U}), 0, Type::ptr);
    clear(base, size);
    objects_.push_back({base, smallest_object, true, true});
  }

  // Many values that live until the end.
  void pressure() {
    const u32 ints = r_.below(32), floats = r_.below(36);
    for (u32 n = 0; n < ints; ++n) {
      const Type t = r_.chance(80) ? Type::i64 : type_of(types::integer);
      held_.push_back(keep(make(r_.chance(50) ? Opcode::add : Opcode::mul, t, {pick_variable(t), constant_of(t)})));
    }
    for (u32 n = 0; n < floats; ++n) {
      const bool vector = r_.chance(30);
      const Type t = vector ? Type::v128 : Type::f64;
      held_.push_back(keep(vector ? make(Opcode::vxor, t, {pick_variable(t), constant_of(t)})
                                  : make(Opcode::sitofp, t, {pick(Type::i64)})));
    }
  }

  // ---- straight code ----

  void statements(u32 count, u32 depth) {
    const u32 end = ops_ + count;
    // What makes no instruction counts as well, so that this ends.
    for (u32 k = 0; ops_ < end && k < 2 * count; ++k) {
      const u32 kind = r_.below(100);
      const u32 inner = std::min(count / 3, 25U) + 2;
      const bool deeper = depth < 4 && cost_ < cost_limit;
      const u32 before = ops_;
      if (kind < 12 && deeper)
        branch(inner, depth);
      else if (kind < 17 && deeper)
        loop(inner, depth);
      else if (kind < 20 && deeper)
        switch_over(inner, depth);
      else if (kind < 28)
        call();
      else if (kind < 50)
        any_pattern();
      else if (kind < 56)
        speculate();
      else
        any_op();
      if (kind >= 28) cost_ += u64{ops_ - before} * times_;
    }
  }

  // ---- edges ----

  struct Target {
    Block block;
    std::vector<Value> arguments;
    i64 value = 0;
  };
  void jump(Opcode op, std::span<const Value> operands, const std::vector<Target>& to, Type t = Type::none) {
    u32 first = 0;
    for (const Target& target : to) {
      const u16 weight = r_.chance(20) ? static_cast<u16>(r_.between(1, 100)) : 0;
      const Edge e = f_.new_edge(target.block, target.arguments, weight, target.value);
      if (first == 0) first = e.id;
    }
    const Inst i = put(op, t, operands, {}, first);
    if (op == Opcode::switch_) f_[i].ops[1] = static_cast<u32>(to.size());
    cost_ += times_;
  }
  void go(Block to, std::vector<Value> arguments = {}) { jump(Opcode::br, {}, {{to, std::move(arguments)}}); }
  void go_if(Value c, Target yes, Target no) { jump(Opcode::brif, {&c, 1}, {std::move(yes), std::move(no)}); }

  std::vector<Type> some_types(u32 most) {
    std::vector<Type> list(r_.below(most + 1));
    for (Type& t : list) t = r_.chance(50) ? type_of(types::wide_int) : type_of(portable);
    return list;
  }
  std::vector<Value> some_values(std::span<const Type> list) {
    std::vector<Value> v;
    for (const Type t : list) v.push_back(pick(t));
    return v;
  }
  void enter(Block b) {
    block_ = b;
    f_[b].cold = r_.chance(5);
  }
  void take(Block b, std::span<const Type> list) {
    for (const Type t : list) keep(f_.add_param(b, t));
  }

  // ---- structured control flow ----

  // Fills an arm that ends in `join`, or in a return of its own.
  void arm(u32 size, u32 depth, Block join, std::span<const Type> list) {
    const Mark m = mark();
    statements(r_.below(size + 1), depth + 1);
    if (r_.chance(7))
      leave();
    else
      go(join, some_values(list));
    forget(m);
  }

  void branch(u32 size, u32 depth) {
    const std::vector<Type> list = some_types(4);
    const Block join = f_.new_block(), yes = f_.new_block();
    const Value c = condition();
    const bool both = r_.chance(60);
    Target past{join, {}};
    if (!both) past.arguments = some_values(list);
    const Mark m = mark();
    if (both) {
      const Block no = f_.new_block();
      go_if(c, {yes, {}}, {no, {}});
      enter(yes);
      arm(size, depth, join, list);
      enter(no);
      statements(r_.below(size / 2 + 1), depth + 1);
    } else {
      r_.chance(50) ? go_if(c, {yes, {}}, past) : go_if(c, past, {yes, {}});
      enter(yes);
    }
    // The last arm always reaches the join, so that there is one.
    if (!both) statements(r_.below(size + 1), depth + 1);
    go(join, some_values(list));
    forget(m);
    enter(join);
    take(join, list);
  }

  void loop(u32 size, u32 depth) {
    const u32 most = r_.between(1, 6);
    if (times_ * most * size > cost_limit) return;
    const Type counter = type_of(types::wide_int);
    Value trips = constant(counter, most);
    if (r_.chance(40)) {
      trips = make(Opcode::and_, counter, {pick_variable(counter), constant(counter, most)});
      trips = make(Opcode::add, counter, {trips, constant(counter, 1)});
    }
    const std::vector<Type> list = some_types(5), out = some_types(3);
    const Block header = f_.new_block(), exit = f_.new_block();
    std::vector<Value> arguments = some_values(list);
    arguments.insert(arguments.begin(), trips);
    go(header, arguments);
    enter(header);
    const u64 outer = times_;
    times_ *= most + 1;
    const Mark m = mark();
    const Value left = f_.add_param(header, counter);
    take(header, list);
    keep(left);
    statements(size, depth + 1);
    if (r_.chance(30)) {  // a way out in the middle
      const Block on = f_.new_block();
      go_if(condition(), {exit, some_values(out)}, {on, {}});
      enter(on);
      statements(size / 2, depth + 1);
    }
    const Value next = make(Opcode::sub, counter, {left, constant(counter, 1)});
    arguments = some_values(list);
    arguments.insert(arguments.begin(), next);
    const std::vector<Value> results = some_values(out);
    const bool up = r_.chance(50);
    const Value c = make(Opcode::icmp, counter, {next, constant(counter, 0)},
                         static_cast<u32>(up ? ICond::ne : ICond::eq), 0, Type::i1);
    up ? go_if(c, {header, arguments}, {exit, results}) : go_if(c, {exit, results}, {header, arguments});
    forget(m);
    times_ = outer;
    enter(exit);
    take(exit, out);
  }

  void switch_over(u32 size, u32 depth) {
    const std::vector<Type> list = some_types(3);
    const Type t = type_of(types::wide_int);
    const u32 cases = r_.between(1, 12);
    Value x = pick_variable(t);
    const bool dense = r_.chance(70);
    if (dense) x = make(Opcode::and_, t, {x, constant(t, 15)});
    const Block join = f_.new_block();
    std::vector<Block> arms(r_.between(1, 4));
    for (Block& b : arms) b = f_.new_block();
    std::vector<Target> to;
    const i64 step = dense ? 1 : static_cast<i64>(r_.below(1000000)) + 1;
    for (u32 n = 0; n < cases; ++n) {
      Target c{r_.any(arms), {}, (static_cast<i64>(n) - (dense ? 0 : 3)) * step};
      if (r_.chance(15)) c = {join, some_values(list), c.value};
      to.push_back(c);
    }
    to.push_back({arms[0], {}});
    jump(Opcode::switch_, {&x, 1}, to, t);
    for (usize n = 0; n < arms.size(); ++n) {
      enter(arms[n]);
      const Mark m = mark();
      statements(r_.below(size / 2 + 1), depth + 1);
      go(join, some_values(list));
      forget(m);
    }
    enter(join);
    take(join, list);
  }

  // ---- any control flow: every block can go to every other, with fuel as the first argument ----

  void tangle(u32 size) {
    const u32 count = r_.between(3, 9), fuel = r_.between(4, 30);
    std::vector<Type> list = some_types(7);
    std::vector<Block> blocks(count);
    for (Block& b : blocks) b = f_.new_block();
    const Block exit = f_.new_block();
    std::vector<Type> all = list;
    all.insert(all.begin(), Type::i32);
    const auto arguments = [&](Value left) {
      std::vector<Value> v = some_values(list);
      v.insert(v.begin(), left);
      return v;
    };
    go(r_.any(blocks), arguments(constant(Type::i32, fuel)));
    const u64 outer = times_;
    times_ *= fuel;
    for (const Block b : blocks) {
      enter(b);
      const Mark m = mark();
      const Value fuel_in = f_.add_param(b, Type::i32);
      take(b, list);
      statements(size / count, 3);
      const Value left = make(Opcode::sub, Type::i32, {fuel_in, constant(Type::i32, 1)});
      const Value done =
          make(Opcode::icmp, Type::i32, {left, constant(Type::i32, 0)}, static_cast<u32>(ICond::eq), 0, Type::i1);
      const Block on = f_.new_block();
      go_if(done, {exit, some_values(list)}, {on, {}});
      enter(on);
      std::vector<Target> to;
      for (u32 n = r_.below(4); n > 0; --n) to.push_back({r_.any(blocks), arguments(left), static_cast<i64>(n)});
      if (r_.chance(30)) to.push_back({exit, some_values(list), 77});
      to.push_back({r_.any(blocks), arguments(left)});
      if (to.size() == 1)
        go(to[0].block, to[0].arguments);
      else if (to.size() == 2)
        go_if(condition(), to[0], to[1]);
      else {
        const Value x = make(Opcode::and_, Type::i64, {pick_variable(Type::i64), number(3)});
        jump(Opcode::switch_, {&x, 1}, to, Type::i64);
      }
      forget(m);
    }
    times_ = outer;
    enter(exit);
    take(exit, list);
  }

  // ---- calls and returns ----

  // An argument for each parameter of the callee; false if some object is missing.
  bool arguments_for(const RandomFunctionInfo& callee, bool inherited_only, std::vector<Value>& list) {
    const std::span<const Param> wanted = f_.module->params(callee.signature);
    for (u32 n = 0; n < wanted.size(); ++n) {
      if (!callee.by_address[n]) {
        list.push_back(pick(wanted[n].type));
        continue;
      }
      const u32 size = (wanted[n].attr & ParamAttr::byval) != 0 ? wanted[n].size : smallest_object;
      std::vector<RandomObject> fitting;
      for (usize k = 0; k < objects_.size(); ++k)
        if (objects_[k].size >= size && objects_[k].writable && (!inherited_only || outlives_frame(k)))
          fitting.push_back(objects_[k]);
      if (fitting.empty()) return false;
      list.push_back(base_of(r_.any(fitting)));
    }
    return true;
  }

  bool outlives_frame(usize k) const {
    return objects_[k].again == Opcode::symbol_addr || (k < inherited_ && !objects_[k].own);
  }

  const RandomFunctionInfo* any_callee() {
    if (callees_.empty()) return nullptr;
    const RandomFunctionInfo& c = callees_[r_.below(callees_.size())];
    return cost_ + c.cost * times_ > cost_limit ? nullptr : &c;
  }

  void call() {
    const RandomFunctionInfo* callee = any_callee();
    if (callee == nullptr) return any_op();
    std::vector<Value> operands;
    if (!arguments_for(*callee, false, operands)) return;
    const Signature& s = f_.module->signature(callee->signature);
    for (u32 n = s.variadic ? r_.below(6) : 0; n > 0; --n)
      operands.push_back(pick(r_.one_of({Type::i64, Type::f64, Type::i32})));
    std::vector<Type> types;
    for (const Param& p : f_.module->results(callee->signature)) types.push_back(p.type);
    Inst i;
    if (r_.chance(30)) {
      operands.insert(operands.begin(), make(Opcode::symbol_addr, Type::none, {}, callee->symbol.id, 0, Type::ptr));
      i = put(Opcode::call_indirect, Type::none, operands, types, callee->signature.id);
    } else {
      i = put(Opcode::call, Type::none, operands, types, callee->symbol.id);
    }
    for (u32 n = 0; n < types.size(); ++n) keep(f_.result(i, n));
    cost_ += callee->cost * times_;
  }

  void leave() {
    if (r_.chance(4)) {
      put(Opcode::trap, Type::none, {}, {}, r_.below(100));
      return;
    }
    if (r_.chance(30) && tail_call()) return;
    std::vector<Value> values;
    for (const Param& p : results()) values.push_back(pick(p.type));
    put(Opcode::ret, Type::none, values, {});
  }

  // To a function that returns the same and whose arguments need no more stack than this one's.
  bool tail_call() {
    for (const RandomFunctionInfo& c : callees_) {
      const std::span<const Param> theirs = f_.module->results(c.signature);
      bool same = theirs.size() == results().size() && !f_.module->signature(c.signature).variadic;
      for (u32 n = 0; same && n < theirs.size(); ++n)
        same = theirs[n].type == results()[n].type && theirs[n].attr == results()[n].attr;
      for (const Param& p : f_.module->params(c.signature)) same = same && (p.attr & ParamAttr::byval) == 0;
      if (!same || cost_ + c.cost * times_ > cost_limit || !tail_callable(c)) continue;
      std::vector<Value> operands;
      if (!arguments_for(c, true, operands)) continue;
      if (r_.chance(30)) {
        operands.insert(operands.begin(), make(Opcode::symbol_addr, Type::none, {}, c.symbol.id, 0, Type::ptr));
        put(Opcode::tail_call_indirect, Type::none, operands, {}, c.signature.id);
      } else {
        put(Opcode::tail_call, Type::none, operands, {}, c.symbol.id);
      }
      cost_ += c.cost * times_;
      return true;
    }
    return false;
  }
  bool tail_callable(const RandomFunctionInfo& c) const {
    if (f_.module->signature(c.signature).conv != f_.module->signature(f_.signature).conv) return false;
    u32 words = 0;
    for (const Param& p : f_.module->params(c.signature)) words += p.type == Type::i128 ? 2 : 1;
    return words <= 4;
  }

  // The function's end: every value that was held, and some others, end up in the results.
  void finish() {
    Value hash = number(r_.below(1000));
    const auto mix = [&](Value v) {
      hash = make(Opcode::add, Type::i64, {make(Opcode::rotl, Type::i64, {hash, number(7)}), word(clean(v))});
    };
    for (const Value v : held_) mix(v);
    for (u32 n = 0; n < 6 && !scope_.empty(); ++n) mix(r_.any(scope_));
    keep(hash);
    if (r_.chance(8) && held_.empty() && tail_call()) return;
    std::vector<Value> values;
    bool told = false;
    for (const Param& p : results()) {
      const bool tells = !told && (p.type == Type::i64 || p.type == Type::i32);
      values.push_back(!tells ? pick(p.type) : p.type == Type::i64 ? hash : make(Opcode::trunc, p.type, {hash}));
      told = told || tells;
    }
    put(Opcode::ret, Type::none, values, {});
  }
  // 64 bits that depend on all of v.
  Value word(Value v) {
    const Type t = type(v);
    switch (t) {
      case Type::i64: return v;
      case Type::i128:
        return make(Opcode::xor_, Type::i64,
                    {make(Opcode::trunc, Type::i64, {v}),
                     make(Opcode::trunc, Type::i64, {make(Opcode::lshr, t, {v, constant(t, 64)})})});
      case Type::v128:
        return make(Opcode::add, Type::i64, {make(Opcode::vextract, t, {v}, 0, static_cast<u8>(Lane::i64), Type::i64),
                                             make(Opcode::vextract, t, {v}, 1, static_cast<u8>(Lane::i64), Type::i64)});
      case Type::f16: return make(Opcode::zext, Type::i64, {make(Opcode::bitcast, Type::i16, {v})});
      case Type::f32: return make(Opcode::zext, Type::i64, {make(Opcode::bitcast, Type::i32, {v})});
      case Type::i1:
      case Type::i8:
      case Type::i16:
      case Type::i32: return make(Opcode::zext, Type::i64, {v});
      default: return make(Opcode::bitcast, Type::i64, {v});
    }
  }

  std::span<const RandomFunctionInfo> callees_;
  std::vector<bool> by_address_;
  std::vector<Value> held_;
  usize inherited_ = 0;  // objects that are not of this frame
  u64 times_ = 1;        // how often the current place is executed, at most
  u64 cost_ = 0;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_BODY_HPP
