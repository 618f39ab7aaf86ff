// How compiled code is called by a program that does not know its signature: a wrapper takes the arguments
// from slots in memory and leaves the results there.
//
// Invariant: a value stands at the start of its slot. What is above a narrow one on the way in is garbage on
// purpose, on the way out zero.
#ifndef JITKIT_TOOLS_FUZZ_WRAPPER_HPP
#define JITKIT_TOOLS_FUZZ_WRAPPER_HPP

#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/unit.hpp>

#include <string_view>
#include <vector>

namespace jitkit::fuzz {

inline std::vector<ir::Type> parameter_types(const ir::FunctionData& f) {
  std::vector<ir::Type> t;
  for (const ir::Param& p : f.module->params(f.signature)) t.push_back(p.type);
  return t;
}
inline std::vector<ir::Type> result_types(const ir::FunctionData& f) {
  std::vector<ir::Type> t;
  for (const ir::Param& p : f.module->results(f.signature)) t.push_back(p.type);
  return t;
}

// Makes `wrapper`, of the signature (ptr), which takes the arguments of `callee` from the slots it is
// given, calls it and leaves the results there.
class Wrapper {
 public:
  static constexpr usize slots = 24;
  static constexpr usize slot_bytes = 16;

  Wrapper(ir::Unit& unit, const ir::FunctionData& callee, std::string_view name)
      : function_(declare(unit, name)), b_(*function_) {
    const ir::Module& from = *callee.module;
    const ir::Signature& s = from.signature(callee.signature);
    const ir::SigRef sig = unit.module.add_signature(from.params(callee.signature), from.results(callee.signature),
                                                     s.conv, s.variadic, s.fixed_params);
    const ir::SymbolRef target = unit.module.declare_function(from.symbol_name(callee.symbol), sig);
    b_.entry();
    slots_ = b_.param(b_.block(), 0);
    std::vector<ir::Value> arguments;
    for (const ir::Type t : parameter_types(callee)) arguments.push_back(load(t, arguments.size()));
    const ir::Inst call = b_.call(target, std::span<const ir::Value>(arguments));
    const std::vector<ir::Type> results = result_types(callee);
    for (usize i = 0; i < results.size(); ++i) store(results[i], b_.result(call, static_cast<u32>(i)), i);
    b_.ret();
  }

  ir::FunctionData& function() { return *function_; }

  // Whether arguments or results of these types have places.
  static bool fits(const std::vector<ir::Type>& types) {
    for (const ir::Type t : types)
      if (ir::bytes(t) > slot_bytes) return false;
    return types.size() <= slots;
  }

 private:
  static ir::FunctionData* declare(ir::Unit& unit, std::string_view name) {
    ir::Param p;
    p.type = ir::Type::ptr;
    const ir::SymbolRef s = unit.module.declare_function(name, unit.module.add_signature({&p, 1}, {}));
    unit.module.symbol(s).linkage = ir::Linkage::exported;
    return unit.add_function(s);
  }
  static bool narrow(ir::Type t) {
    return t == ir::Type::i1 || t == ir::Type::i8 || t == ir::Type::i16 || t == ir::Type::i32;
  }
  static i32 offset(usize slot) { return static_cast<i32>(slot * slot_bytes); }

  ir::Value load(ir::Type t, usize slot) {
    return narrow(t) ? b_.trunc(t, b_.load(ir::Type::i64, slots_, offset(slot))) : b_.load(t, slots_, offset(slot));
  }
  void store(ir::Type t, ir::Value v, usize slot) {
    b_.store(slots_, narrow(t) ? b_.zext(ir::Type::i64, v) : v, offset(slot));
  }

  ir::FunctionData* function_;
  ir::Builder b_;
  ir::Value slots_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_WRAPPER_HPP
