// FunctionImporter: arithmetic, comparisons and select, on scalars and, element by element, on vectors.
#include "function.hpp"

namespace jitkit::importer {

namespace {

bool is_binary(LLVMOpcode op) {
  switch (op) {
    case LLVMAdd:
    case LLVMFAdd:
    case LLVMSub:
    case LLVMFSub:
    case LLVMMul:
    case LLVMFMul:
    case LLVMUDiv:
    case LLVMSDiv:
    case LLVMFDiv:
    case LLVMURem:
    case LLVMSRem:
    case LLVMFRem:
    case LLVMShl:
    case LLVMLShr:
    case LLVMAShr:
    case LLVMAnd:
    case LLVMOr:
    case LLVMXor: return true;
    default: return false;
  }
}

}  // namespace

bool FunctionImporter::arithmetic(LLVMValueRef i) {
  const LLVMOpcode op = LLVMGetInstructionOpcode(i);
  if (LLVMGetNumOperands(i) == 0) return false;
  const LLVMTypeRef type = LLVMTypeOf(LLVMGetOperand(i, 0));
  const auto scalar = [&] { return is_vector(type) ? layout_.vector(type).scalar : layout_.leaf(type); };
  if (is_binary(op)) {
    if (is_vector(type) && layout_.vector(type).packed)
      if (const auto v = vector_binary(op, operand(i, 0), operand(i, 1), layout_.vector(type)); v) {
        define(i, *v);
        return true;
      }
    const Leaf l = scalar();
    each(i, [&](const Lanes& x) { return binary(i, op, x[0], x[1], l); });
    return true;
  }
  if (op == LLVMFNeg) {
    each(i, [&](const Lanes& x) { return in_single(x, [&](const Lanes& y) { return b_.fneg(y[0]); }); });
    return true;
  }
  if (op == LLVMICmp) {
    const Leaf l = scalar();
    each(i, [&](const Lanes& x) { return compare(LLVMGetICmpPredicate(i), x[0], x[1], l); });
    return true;
  }
  if (op == LLVMFCmp) {
    each(i, [&](const Lanes& x) { return compare(LLVMGetFCmpPredicate(i), x[0], x[1]); });
    return true;
  }
  return false;
}

ir::Value FunctionImporter::binary(LLVMValueRef i, LLVMOpcode op, Value x, Value y, const Leaf& l) {
  if (l.type == Type::i1) return bit_binary(op, x, y);
  if (l.type == Type::f16) {
    const Leaf single{Type::f32, 0, 0};
    return in_single({x, y}, [&](const Lanes& v) { return binary(i, op, v[0], v[1], single); });
  }
  switch (op) {
    case LLVMAdd: return fit(b_.add(x, y), l);
    case LLVMSub: return fit(b_.sub(x, y), l);
    case LLVMMul: return fit(b_.mul(x, y), l);
    case LLVMSDiv:
    case LLVMUDiv:
    case LLVMSRem:
    case LLVMURem: return divide(op, x, y, l);
    case LLVMShl: return fit(b_.shl(x, y), l);
    case LLVMLShr: return b_.lshr(x, y);
    case LLVMAShr: return fit(b_.ashr(wide_sign(x, l), y), l);
    case LLVMAnd: return b_.and_(x, y);
    case LLVMOr: return b_.or_(x, y);
    case LLVMXor: return b_.xor_(x, y);
    case LLVMFAdd: return b_.fadd(x, y);
    case LLVMFSub: return b_.fsub(x, y);
    case LLVMFMul: return b_.fmul(x, y);
    case LLVMFDiv: return b_.fdiv(x, y);
    case LLVMFRem: return remainder(x, y);
    default: refuse(i);
  }
}

// Modulo 2.
ir::Value FunctionImporter::bit_binary(LLVMOpcode op, Value x, Value y) {
  switch (op) {
    case LLVMAdd:
    case LLVMSub:
    case LLVMXor: return b_.xor_(x, y);
    case LLVMMul:
    case LLVMAnd: return b_.and_(x, y);
    case LLVMOr: return b_.or_(x, y);
    case LLVMURem:
    case LLVMSRem: return b_.i1(false);
    default: return x;  // division by 1; a shift by 0
  }
}

// Division by zero and overflow are undefined in LLVM, so each target takes what costs it least: the
// instruction as it is, which traps on x86-64 and gives 0 on AArch64.
ir::Value FunctionImporter::divide(LLVMOpcode op, Value x, Value y, const Leaf& l) {
  const bool is_signed = op == LLVMSDiv || op == LLVMSRem;
  if (is_signed) {
    x = wide_sign(x, l);
    y = wide_sign(y, l);
  }
  const bool traps = !m_.is_arm64() && !b_.function().is_constant(y);
  switch (op) {
    case LLVMSDiv: return fit(traps ? b_.sdiv_trap(x, y) : b_.sdiv(x, y), l);
    case LLVMUDiv: return traps ? b_.udiv_trap(x, y) : b_.udiv(x, y);
    case LLVMSRem: return fit(traps ? b_.srem_trap(x, y) : b_.srem(x, y), l);
    default: return traps ? b_.urem_trap(x, y) : b_.urem(x, y);
  }
}

ir::Value FunctionImporter::remainder(Value x, Value y) {
  const Type t = b_.function().type(x);
  return library1(t == Type::f32 ? "fmodf" : "fmod", {t, t}, t, {x, y});
}

ir::Value FunctionImporter::compare(LLVMIntPredicate p, Value x, Value y, const Leaf& l) {
  using C = ir::ICond;
  const auto with_sign = [&](C c) { return b_.icmp(c, wide_sign(x, l), wide_sign(y, l)); };
  switch (p) {
    case LLVMIntEQ: return b_.icmp(C::eq, x, y);
    case LLVMIntNE: return b_.icmp(C::ne, x, y);
    case LLVMIntUGT: return b_.icmp(C::ugt, x, y);
    case LLVMIntUGE: return b_.icmp(C::uge, x, y);
    case LLVMIntULT: return b_.icmp(C::ult, x, y);
    case LLVMIntULE: return b_.icmp(C::ule, x, y);
    case LLVMIntSGT: return with_sign(C::sgt);
    case LLVMIntSGE: return with_sign(C::sge);
    case LLVMIntSLT: return with_sign(C::slt);
    case LLVMIntSLE: return with_sign(C::sle);
  }
  throw Refused{"a comparison"};
}

ir::Value FunctionImporter::compare(LLVMRealPredicate p, Value x, Value y) {
  using C = ir::FCond;
  if (b_.function().type(x) == Type::f16) {
    x = b_.fpext(Type::f32, x);
    y = b_.fpext(Type::f32, y);
  }
  switch (p) {
    case LLVMRealPredicateFalse: return b_.i1(false);
    case LLVMRealPredicateTrue: return b_.i1(true);
    case LLVMRealOEQ: return b_.fcmp(C::oeq, x, y);
    case LLVMRealOGT: return b_.fcmp(C::ogt, x, y);
    case LLVMRealOGE: return b_.fcmp(C::oge, x, y);
    case LLVMRealOLT: return b_.fcmp(C::olt, x, y);
    case LLVMRealOLE: return b_.fcmp(C::ole, x, y);
    case LLVMRealONE: return b_.fcmp(C::one, x, y);
    case LLVMRealORD: return b_.fcmp(C::ord, x, y);
    case LLVMRealUNO: return b_.fcmp(C::uno, x, y);
    case LLVMRealUEQ: return b_.fcmp(C::ueq, x, y);
    case LLVMRealUGT: return b_.fcmp(C::ugt, x, y);
    case LLVMRealUGE: return b_.fcmp(C::uge, x, y);
    case LLVMRealULT: return b_.fcmp(C::ult, x, y);
    case LLVMRealULE: return b_.fcmp(C::ule, x, y);
    case LLVMRealUNE: return b_.fcmp(C::une, x, y);
  }
  throw Refused{"a comparison"};
}

// A scalar condition chooses whole aggregates, a vector of them each element.
void FunctionImporter::select(LLVMValueRef i) {
  const LLVMValueRef c = LLVMGetOperand(i, 0);
  if (is_vector(LLVMTypeOf(c))) return each(i, [&](const Lanes& x) { return b_.select(x[0], x[1], x[2]); });
  const Value condition = value(c);
  const Leaves yes = leaves(LLVMGetOperand(i, 1)), no = leaves(LLVMGetOperand(i, 2));
  Leaves made;
  for (usize n = 0; n < yes.size(); ++n) made.push_back(b_.select(condition, yes[n], no[n]));
  define(i, made);
}

}  // namespace jitkit::importer
