// Arithmetic, bits, conversions and comparisons of a trace.
//
// Invariant: no rounding but the interpreter's: nothing is fused but what the interpreter of this version fuses, and a
// minimum or maximum picks the operand that the interpreter's comparison picks.
#include <jitkit/consumers/luajit/translate.hpp>

#include <utility>

extern "C" {
#include <lj_carith.h>
}
#include <jitkit_vm.h>

namespace jitkit::luajit {

// Whether the subtraction is the last step of a % b: a - floor(a / b) * b. The trace cannot tell it from the same
// steps in a program's own words.
bool Translator::is_modulo(const IRIns& i) const {
  if (irref_isk(i.op2) || ins(i.op2).o != IR_MUL) return false;
  const IRIns& product = ins(i.op2);
  for (const bool swapped : {false, true}) {
    const IRRef q = swapped ? product.op2 : product.op1, b = swapped ? product.op1 : product.op2;
    if (irref_isk(q) || ins(q).o != IR_FPMATH || ins(q).op2 != IRFPM_FLOOR || irref_isk(ins(q).op1)) continue;
    const IRIns& quotient = ins(ins(q).op1);
    if (quotient.o == IR_DIV && quotient.op1 == i.op1 && quotient.op2 == b) return true;
  }
  return false;
}

// With one rounding, as the interpreter's fmsub.
ir::Value Translator::modulo(const IRIns& i) {
  const IRIns& product = ins(i.op2);
  return b_.fma(b_.fneg(value(product.op1)), value(product.op2), value(i.op1));
}

ir::Value Translator::arithmetic(const IRIns& i) {
  const bool wide = irt_is64(i.t) && !irt_isnum(i.t);
  const Type t = type_of(i.t);
  if (irt_isfloat(i.t)) return fail("type", "float arithmetic"), Value();
  if (irt_isnum(i.t)) {
    const Value x = value(i.op1);
    switch (i.o) {
      case IR_ADD: return b_.fadd(x, value(i.op2));
      case IR_SUB: return JITKIT_LUAJIT_MODULO_FUSES != 0 && is_modulo(i) ? modulo(i) : b_.fsub(x, value(i.op2));
      case IR_MUL: return b_.fmul(x, value(i.op2));
      case IR_DIV: return b_.fdiv(x, value(i.op2));
      case IR_NEG: return b_.fneg(x);
      case IR_ABS: return b_.fabs(x);
      case IR_POW: return call_numbered(IRCALL_pow, i);
      default: return fail("op", "of numbers"), Value();
    }
  }
  if (wide && i.o == IR_DIV) return call_numbered(irt_isi64(i.t) ? IRCALL_lj_carith_divi64 : IRCALL_lj_carith_divu64, i);
  if (wide && i.o == IR_POW) return call_numbered(irt_isi64(i.t) ? IRCALL_lj_carith_powi64 : IRCALL_lj_carith_powu64, i);
  if (i.o == IR_MOD)
    return call_numbered(!wide ? IRCALL_lj_vm_modi : irt_isi64(i.t) ? IRCALL_lj_carith_modi64 : IRCALL_lj_carith_modu64, i);
  if (t == Type::ptr && (i.o == IR_ADD || i.o == IR_SUB)) {
    Value x = value(i.op1), y = value(i.op2);
    if (i.o == IR_SUB) return b_.ptr_add(as_pointer(x), b_.neg(as_word(y)));
    if (t_.fn.type(x) != Type::ptr && t_.fn.type(y) == Type::ptr) std::swap(x, y);
    return b_.ptr_add(as_pointer(x), as_word(y));
  }
  const Type n = wide ? Type::i64 : Type::i32;
  const Value x = as_type(value(i.op1), n);
  switch (i.o) {
    case IR_ADD: return b_.add(x, as_type(value(i.op2), n));
    case IR_SUB: return b_.sub(x, as_type(value(i.op2), n));
    case IR_MUL: return b_.mul(x, as_type(value(i.op2), n));
    case IR_NEG: return b_.neg(x);
    default: return fail("op", "of integers"), Value();
  }
}

ir::Value Translator::bits(const IRIns& i) {
  const Type t = irt_is64(i.t) ? Type::i64 : Type::i32;
  const Value x = as_type(value(i.op1), t);
  if (i.o == IR_BNOT) return b_.not_(x);
  if (i.o == IR_BSWAP) return b_.bswap(x);
  const Value y = as_type(value(i.op2), t);
  switch (i.o) {
    case IR_BAND: return b_.and_(x, y);
    case IR_BOR: return b_.or_(x, y);
    case IR_BXOR: return b_.xor_(x, y);
    case IR_BSHL: return b_.shl(x, y);
    case IR_BSHR: return b_.lshr(x, y);
    case IR_BSAR: return b_.ashr(x, y);
    case IR_BROL: return b_.rotl(x, y);
    default: return b_.rotr(x, y);
  }
}

ir::Value Translator::overflow(const IRIns& i) {
  if (irt_isnum(i.t) || irt_is64(i.t)) return fail("type", "overflow"), Value();
  const Value x = small(i.op1), y = small(i.op2);
  state();  // nothing stands between the operation and its guard then
  const ir::WithFlag r = i.o == IR_ADDOV ? b_.sadd_ov(x, y) : i.o == IR_SUBOV ? b_.ssub_ov(x, y) : b_.smul_ov(x, y);
  guard_not(r.flag);
  return r.value;
}

ir::Value Translator::extreme(const IRIns& i) {
  const Value x = value(i.op1), y = value(i.op2);
  if (!irt_isnum(i.t)) return i.o == IR_MIN ? b_.smin(x, y) : b_.smax(x, y);
  return b_.select(b_.fcmp(i.o == IR_MIN ? FCond::olt : FCond::ogt, x, y), x, y);
}

ir::Value Translator::math(const IRIns& i) {
  if (i.o == IR_LDEXP) return scale(i);
  const Value x = value(i.op1);
  switch (i.op2) {
    case IRFPM_FLOOR: return b_.ffloor(x);
    case IRFPM_CEIL: return b_.fceil(x);
    case IRFPM_TRUNC: return b_.ftrunc(x);
    case IRFPM_SQRT: return b_.fsqrt(x);
    case IRFPM_LOG:
    case IRFPM_LOG2:  // the calls stand in the order of IRFPM_
      return call(reinterpret_cast<const void*>(lj_ir_callinfo[IRCALL_lj_vm_floor + i.op2].func), {x}, Type::f64);
    default: return fail("op", "FPMATH"), Value();
  }
}

// x times two to the y-th, by what the interpreter does it with.
ir::Value Translator::scale(const IRIns& i) {
  const Value x = value(i.op1), y = value(i.op2);
  if (t_.failed()) return {};
  return call(reinterpret_cast<const void*>(Target::scale), {x, y}, Type::f64);
}

void Translator::compare(const IRIns& i) {
  const IRType1 t = ins(i.op1).t;
  const u32 kind = i.o == IR_ABC ? static_cast<u32>(IR_UGT) : i.o;
  if (irt_isfp(t)) {
    static constexpr FCond conditions[] = {FCond::olt, FCond::oge, FCond::ole, FCond::ogt, FCond::ult, FCond::uge, FCond::ule, FCond::ugt, FCond::oeq, FCond::une};
    guard(b_.fcmp(conditions[kind - IR_LT], value(i.op1), value(i.op2)));
    return;
  }
  static constexpr ICond conditions[] = {ICond::slt, ICond::sge, ICond::sle, ICond::sgt, ICond::ult, ICond::uge, ICond::ule, ICond::ugt, ICond::eq, ICond::ne};
  if (irt_ispri(t)) return fail("type", "comparison of primitives");
  Value x = value(i.op1), y = value(i.op2);
  if (t_.failed()) return;
  if (t_.fn.type(x) != t_.fn.type(y)) {
    x = as_word(x);
    y = as_word(y);
  }
  guard(b_.icmp(conditions[kind - IR_LT], x, y));
}

// The integer a number is; leaves if it is none.
ir::Value Translator::checked_integer(Value number) {
  const Value n = b_.fptosi(Type::i32, number);
  guard(b_.fcmp(FCond::oeq, b_.sitofp(Type::f64, n), number));
  return n;
}

// As the interpreter's C has it.
ir::Value Translator::unsigned_integer(Value number, Type t) {
  if constexpr (Target::converts_unsigned) return b_.fptoui_sat(t, number);
  const Value low = b_.fptosi(Type::i64, number);
  if (t == Type::i32) return b_.trunc(Type::i32, low);
  const Value high = b_.fptosi(Type::i64, b_.fsub(number, b_.f64(18446744073709551616.0)));
  return b_.select(b_.icmp(ICond::slt, low, b_.i64(0)), high, low);
}

ir::Value Translator::convert(const IRIns& i) {
  if (i.o == IR_TOBIT)  // the low bits of the sum with 2^52 + 2^51
    return b_.trunc(Type::i32, b_.bitcast(Type::i64, b_.fadd(value(i.op1), value(i.op2))));
  const auto from = static_cast<IRType>(i.op2 & IRCONV_SRCMASK);
  const bool from_wide = from == IRT_I64 || from == IRT_U64 || from == IRT_P64;
  const Value x = value(i.op1);
  const Type t = type_of(i.t);
  if (irt_isfp(i.t)) {
    if (from == IRT_NUM) return b_.fptrunc(Type::f32, x);
    if (from == IRT_FLOAT) return b_.fpext(Type::f64, x);
    if (from == IRT_U32 || from == IRT_U64) return b_.uitofp(t, as_type(x, from == IRT_U64 ? Type::i64 : Type::i32));
    return b_.sitofp(t, as_type(x, from_wide ? Type::i64 : Type::i32));
  }
  if (from == IRT_NUM || from == IRT_FLOAT) {
    if (irt_isguard(i.t)) return checked_integer(x);
    // Out of range the result is the CPU's, as the interpreter's is: on x86-64 not what the builder folds of constants.
    const Value number = Target::converts_unsigned ? x : b_.freeze(x);
    if (irt_isu64(i.t) || irt_isu32(i.t))
      return unsigned_integer(from == IRT_FLOAT ? b_.fpext(Type::f64, number) : number, t);
    return b_.fptosi(t == Type::i32 ? Type::i32 : Type::i64, number);
  }
  if (from >= IRT_I8 && from <= IRT_U16) {
    const Type narrow = from == IRT_I8 || from == IRT_U8 ? Type::i8 : Type::i16;
    const Value low = b_.trunc(narrow, as_type(x, Type::i32));
    const Value wide = from == IRT_I8 || from == IRT_I16 ? b_.sext(Type::i32, low) : b_.zext(Type::i32, low);
    return as_type(wide, t);
  }
  if (t != Type::i32 && !from_wide && t_.fn.type(x) == Type::i32)
    return as_type((i.op2 & IRCONV_SEXT) != 0 ? b_.sext(Type::i64, x) : b_.zext(Type::i64, x), t);
  return as_type(x, t);
}

}  // namespace jitkit::luajit
