// FunctionImporter: floating-point intrinsics; those that are functions of libm become calls.
#include "function.hpp"

namespace jitkit::importer {

namespace {

bool is_op(const std::string& name, const std::string& op) { return name.rfind("llvm." + op + ".", 0) == 0; }

// Functions of libm with the same name, of one, two or three arguments.
bool is_libm(const std::string& op) {
  for (const char* n : {"sin", "cos", "tan", "exp", "exp2", "exp10", "log", "log2", "log10", "pow", "round", "rint",
                        "asin", "acos", "atan", "sinh", "cosh", "tanh"})
    if (op == n) return true;
  return false;
}

}  // namespace

bool FunctionImporter::float_intrinsic(LLVMValueRef i, const std::string& name) {
  const std::string op = name.substr(5, name.find('.', 5) - 5);
  const auto unary = [&](auto make) {
    each(i, [&](const Lanes& x) { return in_single(x, make); });
    return true;
  };
  if (op == "fabs") return unary([&](const Lanes& x) { return b_.fabs(x[0]); });
  if (op == "sqrt") return unary([&](const Lanes& x) { return b_.fsqrt(x[0]); });
  if (op == "floor") return unary([&](const Lanes& x) { return b_.ffloor(x[0]); });
  if (op == "ceil") return unary([&](const Lanes& x) { return b_.fceil(x[0]); });
  if (op == "trunc") return unary([&](const Lanes& x) { return b_.ftrunc(x[0]); });
  if (op == "roundeven" || op == "nearbyint" || op == "rint")
    return unary([&](const Lanes& x) { return b_.fnearest(x[0]); });
  if (op == "fma") return unary([&](const Lanes& x) { return b_.fma(x[0], x[1], x[2]); });
  // No contraction: two roundings are as right as one.
  if (op == "fmuladd") return unary([&](const Lanes& x) { return b_.fadd(b_.fmul(x[0], x[1]), x[2]); });
  if (op == "copysign") return unary([&](const Lanes& x) { return b_.fcopysign(x[0], x[1]); });
  if (op == "minimum") return unary([&](const Lanes& x) { return b_.fmin(x[0], x[1]); });
  if (op == "maximum") return unary([&](const Lanes& x) { return b_.fmax(x[0], x[1]); });
  if (op == "minnum" || op == "maxnum")  // the other operand if one is a NaN
    return unary([&](const Lanes& x) {
      const Value m = op == "minnum" ? b_.fmin(x[0], x[1]) : b_.fmax(x[0], x[1]);
      const Value first = b_.select(b_.fcmp(ir::FCond::uno, x[1], x[1]), x[0], m);
      return b_.select(b_.fcmp(ir::FCond::uno, x[0], x[0]), x[1], first);
    });
  if (is_op(name, "fptosi.sat") || is_op(name, "fptoui.sat")) {
    const LLVMTypeRef t = LLVMTypeOf(i);
    const Leaf to = is_vector(t) ? layout_.vector(t).scalar : layout_.leaf(t);
    each(i, [&](const Lanes& x) { return to_integer(x[0], to, is_op(name, "fptosi.sat"), true); });
    return true;
  }
  if (op == "is") {  // llvm.is.fpclass
    const u64 classes = LLVMConstIntGetZExtValue(LLVMGetOperand(i, 1));
    if (is_vector(LLVMTypeOf(i))) return false;
    define(i, is_class(operand(i, 0), classes));
    return true;
  }
  if (op == "powi" && is_op(name, "powi.f64")) {
    define(i, library1("__powidf2", {Type::f64, Type::i32}, Type::f64, {operand(i, 0), operand(i, 1)}));
    return true;
  }
  if (!is_libm(op) || is_vector(LLVMTypeOf(i))) return false;
  const Type t = layout_.leaf(LLVMTypeOf(i)).type;
  if (t != Type::f32 && t != Type::f64) return false;
  const std::string function = op + (t == Type::f32 ? "f" : "");
  if (LLVMGetNumArgOperands(i) == 1)
    define(i, library1(function.c_str(), {t}, t, {operand(i, 0)}));
  else
    define(i, library1(function.c_str(), {t, t}, t, {operand(i, 0), operand(i, 1)}));
  return true;
}

// By the bits. Classes as LangRef's llvm.is.fpclass numbers them: signaling and quiet NaN, then -inf, -normal,
// -subnormal, -0, +0, +subnormal, +normal, +inf.
ir::Value FunctionImporter::is_class(Value x, u64 classes) {
  using C = ir::ICond;
  const unsigned width = ir::bits(b_.function().type(x));
  const unsigned fraction = width == 64 ? 52 : width == 32 ? 23 : 10;
  const Leaf l = integer_leaf(width);
  const Value bits = b_.bitcast(l.type, x);
  const Value size = b_.and_(bits, number(l, low_mask(width - 1)));
  const Value infinity = number(l, low_mask(width - 1) & ~low_mask(fraction));
  const Value least_normal = number(l, u64{1} << fraction);
  const Value negative = b_.icmp(C::slt, bits, zero(l));
  const Value quiet = b_.icmp(C::ne, b_.and_(bits, number(l, u64{1} << (fraction - 1))), zero(l));
  const Value nan = b_.icmp(C::ugt, size, infinity), finite = b_.icmp(C::ult, size, infinity);
  const Value none = b_.icmp(C::eq, size, zero(l));
  const Value normal = b_.and_(finite, b_.icmp(C::uge, size, least_normal));
  const Value small = b_.and_(b_.icmp(C::ult, size, least_normal), b_.not_(none));
  const Value kinds[] = {b_.icmp(C::eq, size, infinity), normal, small, none};
  Value any = b_.i1(false);
  if ((classes & 1) != 0) any = b_.or_(any, b_.and_(nan, b_.not_(quiet)));
  if ((classes & 2) != 0) any = b_.or_(any, b_.and_(nan, quiet));
  for (unsigned n = 0; n < 4; ++n) {
    if ((classes >> (2 + n) & 1) != 0) any = b_.or_(any, b_.and_(kinds[n], negative));
    if ((classes >> (9 - n) & 1) != 0) any = b_.or_(any, b_.and_(kinds[n], b_.not_(negative)));
  }
  return any;
}

}  // namespace jitkit::importer
