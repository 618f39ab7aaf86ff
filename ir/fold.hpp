// Folding: what a pure instruction is equal to, found before it is made.
//
// Three steps. canonical() puts a constant operand on the right and writes some ops in terms of others;
// evaluated() computes an instruction whose operands are all constants, through the same evaluate() the
// interpreter runs; simplified() knows the algebra of one instruction over its operands' definitions. Only
// equalities that hold for every bit pattern are used: no floating-point identity that a signaling NaN
// or a signed zero breaks.
//
// Invariant: every rule lowers the number of operations or leaves it and moves towards the canonical
// form, so rewriting ends.
#ifndef JITKIT_IR_FOLD_HPP
#define JITKIT_IR_FOLD_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/op_signature.hpp>
#include <jitkit/ir/semantics.hpp>

#include <utility>

namespace jitkit::inline JITKIT_ABI::ir {

// A pure instruction that may never be made.
struct PureInst {
  Opcode op = Opcode::none;
  Type type = Type::none;
  u8 flags = 0;
  u8 operands = 0;
  u32 aux = 0;
  Value x[3] = {};

  // Of an instruction with three operands at most, without them.
  static PureInst of(const InstData& d) { return {d.op, d.type, d.flags, static_cast<u8>(d.operands), d.aux, {}}; }

  // As InstData::what() and with() of the instruction made of it.
  u64 what() const { return packed_what(op, type, flags, aux); }
  u64 with() const { return x[0].id | u64{x[1].id} << 32; }
};

namespace fold_traits {
inline constexpr u8 commutes = 1;  // its first two operands may change places
inline constexpr u8 looks_in = 2;  // has rules that look at operands which are not constants
}  // namespace fold_traits

namespace detail {

constexpr u8 traits_of(Opcode op) {
  using namespace fold_traits;
  switch (op) {
    case Opcode::add:
    case Opcode::mul:
    case Opcode::smulhi:
    case Opcode::umulhi:
    case Opcode::smin:
    case Opcode::smax:
    case Opcode::umin:
    case Opcode::umax:
    case Opcode::and_:
    case Opcode::or_:
    case Opcode::xor_:
    case Opcode::sadd_ov:
    case Opcode::smul_ov:
    case Opcode::uadd_ov:
    case Opcode::umul_ov:
    case Opcode::add_carry:
    case Opcode::icmp:  // with the condition swapped
    case Opcode::fcmp:
    case Opcode::fadd:
    case Opcode::fmul:
    case Opcode::fma:
    case Opcode::fmin:
    case Opcode::fmax:
    case Opcode::vadd:
    case Opcode::vmul:
    case Opcode::vsmin:
    case Opcode::vsmax:
    case Opcode::vumin:
    case Opcode::vumax:
    case Opcode::vcmpeq:
    case Opcode::vand:
    case Opcode::vor:
    case Opcode::vxor: return commutes;
    case Opcode::neg:
    case Opcode::not_:
    case Opcode::zext:
    case Opcode::sext:
    case Opcode::trunc:
    case Opcode::bitcast:
    case Opcode::fneg:
    case Opcode::fabs:
    case Opcode::vnot: return looks_in;
    default: return 0;
  }
}

struct FoldTraits {
  u8 of[core_op_count] = {};
  consteval FoldTraits() {
    for (unsigned n = 0; n < core_op_count; ++n) of[n] = traits_of(static_cast<Opcode>(n));
  }
};
inline constexpr FoldTraits fold_table;

}  // namespace detail

constexpr u8 fold_traits_of(Opcode op) { return detail::fold_table.of[static_cast<u16>(op)]; }

class Folder {
 public:
  explicit Folder(FunctionData& f) : f_(f) {}

  // Whether the rules could find something about i: a cheap question before them.
  static bool applies(const FunctionData& f, const PureInst& i) {
    if (f.is_constant(i.x[0]) || (fold_traits_of(i.op) & fold_traits::looks_in) != 0) return true;
    if (i.operands < 2) return false;
    return f.is_constant(i.x[1]) || i.x[0] == i.x[1] || (i.operands == 3 && i.x[1] == i.x[2]);
  }
  // Puts a constant on the right. Precondition: at least two operands, the first one constant.
  static void swap_operands(PureInst& i) {
    std::swap(i.x[0], i.x[1]);
    if (i.op == Opcode::icmp) i.aux = static_cast<u32>(swapped(static_cast<ICond>(i.aux)));
    if (i.op == Opcode::fcmp) i.aux = static_cast<u32>(swapped(static_cast<FCond>(i.aux)));
  }

  // The results of i if all its operands are constants and it does not trap on them; false otherwise.
  bool evaluated(const PureInst& i, Value* results, const Type* types, u32 count) {
    return f_.is_constant(i.x[0]) && evaluated_constants(i, results, types, count);
  }
  // What i is equal to, or none; i may have become a simpler instruction.
  Value simplified(PureInst& i);

 private:
  bool evaluated_constants(const PureInst& i, Value* results, const Type* types, u32 count);

  struct Known {
    bool constant = false;
    bool small = false;  // its bits above 64 are clear
    u64 v = 0;           // zero-extended
    bool is(u64 n) const { return constant && small && v == n; }
    bool zero() const { return is(0); }
  };

  Known known(Value v) const {
    if (!f_.is_constant(v)) return {};
    return {true, f_.constant(v).hi == 0, f_.constant(v).lo};
  }
  u64 ones(Type t) const { return low_mask(bits(t)); }
  Value zero(Type t) { return f_.constant(t, 0); }
  // The Inst that defines v if it is `op` in the same type.
  const InstData* defined_by(Value v, Opcode op) const {
    const Inst d = f_.def(v);
    return d && f_[d].op == op ? &f_[d] : nullptr;
  }

  Value integer(PureInst& i, Known y);
  Value division(PureInst& i, Known y);
  Value shift(PureInst& i, Known y);
  Value same_operands(const PureInst& i);
  Value compare(PureInst& i, Known y);
  Value choice(const PureInst& i);
  Value conversion(PureInst& i);
  Value twice(PureInst& i);
  Value vector(const PureInst& i);
  bool reassociate(PureInst& i, Known y);

  FunctionData& f_;
};

inline bool Folder::evaluated_constants(const PureInst& i, Value* results, const Type* types, u32 count) {
  Bits x[3];
  Bits r[2];
  for (u32 n = 0; n < i.operands; ++n) {
    if (!f_.is_constant(i.x[n])) return false;
    x[n] = {f_.constant(i.x[n]).lo, f_.constant(i.x[n]).hi};
  }
  if (i.operands == 0 || i.op == Opcode::freeze) return false;
  PureOp op{i.op, i.type, f_.type(i.x[0]), i.flags, i.aux, {}};
  if (i.op == Opcode::vshuffle) op.mask = f_.data.slice(i.aux, bytes(i.type));
  if (evaluate(op, {x, i.operands}, r) != Outcome::value) return false;
  for (u32 n = 0; n < count; ++n) results[n] = f_.constant(types[n], r[n].lo, r[n].hi);
  return true;
}

inline Value Folder::simplified(PureInst& i) {
  const Known y = i.operands > 1 ? known(i.x[1]) : Known();
  if (i.operands == 2 && i.x[0] == i.x[1])
    if (const Value v = same_operands(i)) return v;
  switch (i.op) {
    case Opcode::add:
    case Opcode::sub:
    case Opcode::mul:
    case Opcode::and_:
    case Opcode::or_:
    case Opcode::xor_:
    case Opcode::ptr_add: return integer(i, y);
    case Opcode::sdiv:
    case Opcode::udiv:
    case Opcode::srem:
    case Opcode::urem:
    case Opcode::sdiv_trap:
    case Opcode::udiv_trap:
    case Opcode::srem_trap:
    case Opcode::urem_trap: return division(i, y);
    case Opcode::shl:
    case Opcode::lshr:
    case Opcode::ashr:
    case Opcode::rotl:
    case Opcode::rotr: return shift(i, y);
    case Opcode::icmp: return compare(i, y);
    case Opcode::select: return choice(i);
    case Opcode::zext:
    case Opcode::sext:
    case Opcode::trunc:
    case Opcode::bitcast: return conversion(i);
    case Opcode::neg:
    case Opcode::not_:
    case Opcode::fneg:
    case Opcode::fabs:
    case Opcode::vnot: return twice(i);
    case Opcode::vand:
    case Opcode::vor:
    case Opcode::vxor:
    case Opcode::vbic: return vector(i);
    default: return {};
  }
}

// x op x
inline Value Folder::same_operands(const PureInst& i) {
  switch (i.op) {
    case Opcode::and_:
    case Opcode::or_:
    case Opcode::smin:
    case Opcode::smax:
    case Opcode::umin:
    case Opcode::umax:
    case Opcode::vand:
    case Opcode::vor: return i.x[0];
    case Opcode::sub:
    case Opcode::xor_:
    case Opcode::vxor:
    case Opcode::vbic: return zero(i.type);
    case Opcode::icmp: {
      const ICond c = static_cast<ICond>(i.aux);
      const bool equal = c == ICond::eq || c == ICond::sge || c == ICond::sle || c == ICond::uge || c == ICond::ule;
      return f_.constant(Type::i1, equal ? 1 : 0);
    }
    default: return {};
  }
}

// (x op c1) op y becomes x op (c1 op y).
inline bool Folder::reassociate(PureInst& i, Known y) {
  const InstData* d = defined_by(i.x[0], i.op);
  if (!y.constant || d == nullptr || d->type != i.type || !f_.is_constant(Value(d->ops[1]))) return false;
  const Type t = f_.type(i.x[1]);
  PureInst both{i.op == Opcode::ptr_add ? Opcode::add : i.op, t, 0, 2, 0, {Value(d->ops[1]), i.x[1], {}}};
  Value sum;
  if (!evaluated(both, &sum, &t, 1) || !sum) return false;
  i.x[0] = Value(d->ops[0]);
  i.x[1] = sum;
  return true;
}

inline Value Folder::integer(PureInst& i, Known y) {
  if (i.op == Opcode::sub && y.constant) {  // x - c is x + -c
    const PureInst negative{Opcode::neg, i.type, 0, 1, 0, {i.x[1], {}, {}}};
    Value c;
    if (!evaluated(negative, &c, &i.type, 1) || !c) return {};
    i.op = Opcode::add;
    i.x[1] = c;
    y = known(c);
  }
  if (i.op == Opcode::sub) {
    if (!known(i.x[0]).zero()) return {};
    i = {Opcode::neg, i.type, 0, 1, 0, {i.x[1], {}, {}}};
    return twice(i);
  }
  if (reassociate(i, y)) y = known(i.x[1]);
  if (!y.constant || !y.small) return {};
  const bool all_ones = bits(i.type) <= 64 && y.v == ones(i.type);
  switch (i.op) {
    case Opcode::add:
    case Opcode::ptr_add: return y.v == 0 && f_.type(i.x[0]) != Type::ref ? i.x[0] : Value();
    case Opcode::or_: return y.v == 0 ? i.x[0] : all_ones ? i.x[1] : Value();
    case Opcode::and_: return y.v == 0 ? i.x[1] : all_ones ? i.x[0] : Value();
    case Opcode::xor_:
      if (y.v == 0) return i.x[0];
      if (!all_ones) return {};
      i = {Opcode::not_, i.type, 0, 1, 0, {i.x[0], {}, {}}};
      return twice(i);
    default:  // mul
      if (y.v == 0) return i.x[1];
      if (y.v == 1) return i.x[0];
      if (!is_pow2(y.v) || bits(i.type) > 64) return {};
      i.op = Opcode::shl;
      i.x[1] = f_.constant(i.type, ctz(y.v));
      return {};
  }
}

inline Value Folder::division(PureInst& i, Known y) {
  if (!y.constant || !y.small || y.v == 0 || bits(i.type) > 64) return {};
  const bool minus_one = y.v == ones(i.type);
  const Opcode safe = semantics::without_trap(i.op);
  if (safe != Opcode::none && (!minus_one || safe != Opcode::sdiv)) i.op = safe;
  const bool quotient = i.op == Opcode::sdiv || i.op == Opcode::udiv;
  if (y.v == 1) return quotient ? i.x[0] : zero(i.type);
  if (!is_pow2(y.v) || (i.op != Opcode::udiv && i.op != Opcode::urem)) return {};
  i.op = quotient ? Opcode::lshr : Opcode::and_;
  i.x[1] = f_.constant(i.type, quotient ? ctz(y.v) : y.v - 1);
  return {};
}

// Counts are taken modulo the width.
inline Value Folder::shift(PureInst& i, Known y) {
  if (known(i.x[0]).zero()) return i.x[0];
  if (!y.constant) return {};
  const u64 count = f_.constant(i.x[1]).lo & (bits(i.type) - 1);
  if (count == 0) return i.x[0];
  if (count != f_.constant(i.x[1]).lo || f_.constant(i.x[1]).hi != 0) i.x[1] = f_.constant(i.type, count);
  return {};
}

inline Value Folder::compare(PureInst& i, Known y) {
  const ICond c = static_cast<ICond>(i.aux);
  if (!y.zero()) return {};
  if (c == ICond::ult || c == ICond::uge) return f_.constant(Type::i1, c == ICond::uge ? 1 : 0);
  if (c == ICond::ugt) i.aux = static_cast<u32>(ICond::ne);
  if (c == ICond::ule) i.aux = static_cast<u32>(ICond::eq);
  // A truth value widened and tested is the truth value, or its complement.
  if (static_cast<ICond>(i.aux) != ICond::ne && static_cast<ICond>(i.aux) != ICond::eq) return {};
  const InstData* wide = defined_by(i.x[0], Opcode::zext);
  const Value bit = wide != nullptr ? Value(wide->ops[0]) : i.x[0];
  if (f_.type(bit) != Type::i1) return {};
  if (static_cast<ICond>(i.aux) == ICond::ne) return bit;
  i = {Opcode::not_, Type::i1, 0, 1, 0, {bit, {}, {}}};
  return twice(i);
}

inline Value Folder::choice(const PureInst& i) {
  if (i.x[1] == i.x[2]) return i.x[1];
  if (const Known c = known(i.x[0]); c.constant) return c.v != 0 ? i.x[1] : i.x[2];
  return i.type == Type::i1 && known(i.x[1]).is(1) && known(i.x[2]).zero() ? i.x[0] : Value();
}

// A conversion of a conversion.
inline Value Folder::conversion(PureInst& i) {
  const Inst def = f_.def(i.x[0]);
  if (!def || f_[def].operands != 1 || is_native(f_[def].op)) return {};
  const Opcode inner = f_[def].op;
  const Value source(f_[def].ops[0]);
  const Type t = f_.type(source);
  if (i.op == inner && i.op != Opcode::bitcast) {
    i.x[0] = source;
    return {};
  }
  if (i.op == Opcode::bitcast && inner == Opcode::bitcast) {
    if (t == i.type) return source;
    if (contains(source_types(Opcode::bitcast, i.type), t)) i.x[0] = source;
    return {};
  }
  if (i.op == Opcode::sext && inner == Opcode::zext) {  // the sign is zero
    i.op = Opcode::zext;
    i.x[0] = source;
    return {};
  }
  if (i.op != Opcode::trunc || (inner != Opcode::zext && inner != Opcode::sext)) return {};
  if (t == i.type) return source;
  i.op = bits(t) < bits(i.type) ? inner : Opcode::trunc;
  i.x[0] = source;
  return {};
}

// A complement or sign of another, and the complement of a comparison.
inline Value Folder::twice(PureInst& i) {
  const Inst def = f_.def(i.x[0]);
  if (!def) return {};
  const Opcode inner = f_[def].op;
  if (i.op == Opcode::not_ && (inner == Opcode::icmp || inner == Opcode::fcmp)) {
    const InstData& d = f_[def];
    i = {inner, d.type, 0, 2, d.aux ^ 1, {Value(d.ops[0]), Value(d.ops[1]), {}}};
    return {};
  }
  if (i.op == Opcode::fabs) return inner == Opcode::fabs ? i.x[0] : Value();
  return inner == i.op ? Value(f_[def].ops[0]) : Value();
}

inline Value Folder::vector(const PureInst& i) {
  if (!f_.is_constant(i.x[1])) return {};
  const ConstantData& c = f_.constant(i.x[1]);
  const bool zeroes = c.lo == 0 && c.hi == 0;
  const bool all_ones = c.lo == ~u64{0} && (i.type == Type::v64 || c.hi == ~u64{0});
  switch (i.op) {
    case Opcode::vand: return zeroes ? i.x[1] : all_ones ? i.x[0] : Value();
    case Opcode::vor: return zeroes ? i.x[0] : all_ones ? i.x[1] : Value();
    case Opcode::vxor: return zeroes ? i.x[0] : Value();
    default: return zeroes ? i.x[0] : all_ones ? zero(i.type) : Value();  // vbic
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_FOLD_HPP
