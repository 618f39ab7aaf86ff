// `--coverage`: what ops.def asks of run tests and rules.def of verifier tests, and what of it there is.
//
// Every rule of the verifier must be broken by some file, or by the unit test named below.
// An op must be run with each of its legal types; beyond that with each type of its other operand, each
// lane shape, each condition and each order. Exempt are, by row or type, only those listed below.
#ifndef JITKIT_TESTS_FILETEST_COVERAGE_HPP
#define JITKIT_TESTS_FILETEST_COVERAGE_HPP

#include <jitkit/ir/function.hpp>
#include <jitkit/ir/op_signature.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/verifier.hpp>

#include <set>
#include <string>

#include "filetest.hpp"

namespace filetest {

// Ops without a run test, each for the reason given.
inline const char* exempt(ir::Opcode op) {
  switch (op) {
    case ir::Opcode::region_begin:
    case ir::Opcode::region_end: return "holds native ops only";
    case ir::Opcode::exit_: return "leaves to a place the consumer makes";
    case ir::Opcode::unreachable: return "is never executed";
    default: return nullptr;
  }
}
// Rules no text can break, each broken in tests/unit/ir_verifier_rules.cpp.
inline bool exempt(ir::Rule r) {
  return r == ir::Rule::results || r == ir::Rule::reference || r == ir::Rule::native ||
         r == ir::Rule::flags_written || r == ir::Rule::constant;
}
// Types that exist only on targets that have them: moved and stored in tests of their own.
inline constexpr ir::TypeSet exempt_types = ir::types::wide_vector | ir::set_of(ir::Type::mask);

class Coverage {
 public:
  Coverage() {
    for (unsigned n = 1; n < ir::core_op_count; ++n) require(static_cast<ir::Opcode>(n));
    for (const ir::RuleInfo& r : ir::rule_infos)
      if (!exempt(r.rule)) required_.insert(rule_name(static_cast<u16>(r.rule)));
  }

  void cover_rule(u16 rule) {
    if (rule != 0) covered_.insert(rule_name(rule));
  }

  // Every instruction of a function that a run test calls, or that such a function may call.
  void cover(const ir::FunctionData& f) {
    for (u32 i = 1; i < f.insts.size(); ++i)
      if (!is_native(f.insts[i].op) && f.insts[i].op != ir::Opcode::none) cover(f, ir::Inst(i));
  }

  usize required() const { return required_.size(); }
  std::vector<std::string> missing() const {
    std::vector<std::string> v;
    for (const std::string& s : required_)
      if (!covered_.contains(s)) v.push_back(s);
    return v;
  }

 private:
  static std::string rule_name(u16 rule) {
    std::string s = "a broken rule ";
    StringSink out(s);
    ir::print_rule(out, rule);
    return s;
  }
  static std::string op_name(ir::Opcode op) { return std::string(name(op)); }

  void require(ir::Opcode op) {
    if (exempt(op) != nullptr) return;
    const std::string n = op_name(op);
    if (!ir::has_type(op)) require_options(op, n);
    for (unsigned i = 1; i < ir::type_count; ++i) {
      const ir::Type t = static_cast<ir::Type>(i);
      if (!contains(info(op).types & ~exempt_types, t)) continue;
      const bool converts = ir::signature_of(op).operand[0] == 'S';
      if (converts && (source_types(op, t) & ~exempt_types) == 0) continue;  // from nothing
      const std::string typed = n + "." + name(t);
      required_.insert(typed);
      for (unsigned k = 1; k < ir::type_count; ++k)
        if (contains(source_types(op, t) & ~exempt_types, static_cast<ir::Type>(k)))
          required_.insert(typed + " of " + name(static_cast<ir::Type>(k)));
      for (unsigned l = 0; l < ir::lane_count_kinds; ++l)
        if ((ir::legal_lanes(op) >> l & 1) != 0)
          required_.insert(typed + " of lanes " + ir::lane_names[l]);
      require_options(op, typed);
    }
  }
  void require_options(ir::Opcode op, const std::string& typed) {
    required_.insert(typed);
    switch (info(op).option) {
      case ir::Option::icond:
        for (const char* c : ir::icond_names) required_.insert(typed + " " + c);
        break;
      case ir::Option::fcond:
        for (const char* c : ir::fcond_names) required_.insert(typed + " " + c);
        break;
      case ir::Option::atomic:
      case ir::Option::order:
        for (unsigned o = 0; o < 5; ++o)
          if (order_fits(op, static_cast<ir::Order>(o)))
            required_.insert(typed + " " + ir::order_names[o]);
        break;
      default: break;
    }
  }
  // As in C11: loads do not release, stores do not acquire, a fence orders.
  static bool order_fits(ir::Opcode op, ir::Order o) {
    if (op == ir::Opcode::atomic_load) return o != ir::Order::release && o != ir::Order::acq_rel;
    if (op == ir::Opcode::atomic_store) return o != ir::Order::acquire && o != ir::Order::acq_rel;
    return op != ir::Opcode::fence || o != ir::Order::relaxed;
  }

  void cover(const ir::FunctionData& f, ir::Inst i) {
    const ir::InstData& d = f[i];
    std::string n = op_name(d.op);
    if (ir::has_type(d.op)) n += std::string(".") + name(d.type);
    covered_.insert(n);
    const std::span<const u32> operands = f.operands(i);
    if (!operands.empty()) covered_.insert(n + " of " + name(f.type(ir::Value(operands[0]))));
    switch (info(d.op).option) {
      case ir::Option::icond: covered_.insert(n + " " + ir::icond_names[d.aux]); break;
      case ir::Option::fcond: covered_.insert(n + " " + ir::fcond_names[d.aux]); break;
      case ir::Option::lane:
      case ir::Option::lanes: covered_.insert(n + " of lanes " + ir::lane_names[d.flags]); break;
      case ir::Option::atomic:
      case ir::Option::order:
        covered_.insert(n + " " + ir::order_names[static_cast<u8>(ir::MemFlags(d.flags).order())]);
        break;
      default: break;
    }
  }

  std::set<std::string> required_;
  std::set<std::string> covered_;
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_COVERAGE_HPP
