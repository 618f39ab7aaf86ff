// FunctionImporter: integer intrinsics, at any width. What jitkit has up to 64 bits is put together from
// halves at 128; odd widths are computed in the next larger type.
#include "function.hpp"

namespace jitkit::importer {

namespace {

// "llvm.ctpop.i32" has the operation "llvm.ctpop"; some have a dot in their own name.
bool is_op(const std::string& name, const char* op) {
  const std::string s(op);
  return name == s || name.rfind(s + ".", 0) == 0;
}
bool contains(const std::string& s, const char* part) { return s.find(part) != std::string::npos; }

}  // namespace

bool FunctionImporter::integer_intrinsic(LLVMValueRef i, const std::string& name) {
  const auto scalar = [&](LLVMTypeRef t) { return is_vector(t) ? layout_.vector(t).scalar : layout_.leaf(t); };
  const auto is_one_of = [&](std::initializer_list<const char*> ops) {
    for (const char* op : ops)
      if (is_op(name, op)) return true;
    return false;
  };
  if (is_one_of({"llvm.ctpop", "llvm.ctlz", "llvm.cttz"})) {
    const Leaf l = scalar(LLVMTypeOf(i));
    if (!is_vector(LLVMTypeOf(i))) {
      define(i, count_bits(name, operand(i, 0), l));
      return true;
    }
    Lanes made;
    for (const Value x : lanes_of(LLVMGetOperand(i, 0))) made.push_back(count_bits(name, x, l));
    define(i, join(made, LLVMTypeOf(i)));
    return true;
  }
  if (is_one_of({"llvm.bswap", "llvm.bitreverse"})) {
    const Leaf l = scalar(LLVMTypeOf(i));
    each(i, [&](const Lanes& x) { return reverse(name, x[0], l); });
    return true;
  }
  if (is_one_of({"llvm.fshl", "llvm.fshr"})) {
    const Leaf l = scalar(LLVMTypeOf(i));
    each(i, [&](const Lanes& x) { return funnel(is_op(name, "llvm.fshl"), x[0], x[1], x[2], l); });
    return true;
  }
  if (is_one_of({"llvm.smax", "llvm.smin", "llvm.umax", "llvm.umin"})) {
    const Leaf l = scalar(LLVMTypeOf(i));
    each(i, [&](const Lanes& x) { return extreme(name, x[0], x[1], l); });
    return true;
  }
  if (is_one_of({"llvm.uadd.sat", "llvm.usub.sat", "llvm.sadd.sat", "llvm.ssub.sat"})) {
    const Leaf l = scalar(LLVMTypeOf(i));
    each(i, [&](const Lanes& x) { return saturating(name, x[0], x[1], l); });
    return true;
  }
  if (is_op(name, "llvm.abs")) {
    const LLVMTypeRef t = LLVMTypeOf(i);
    const Leaf l = scalar(t);
    const auto abs = [&](Value x) {
      const Value wide = wide_sign(x, l);
      return fit(b_.select(b_.icmp(ir::ICond::slt, wide, zero(l)), b_.neg(wide), wide), l);
    };
    if (!is_vector(t)) {
      define(i, abs(operand(i, 0)));
      return true;
    }
    Lanes made;
    for (const Value x : lanes_of(LLVMGetOperand(i, 0))) made.push_back(abs(x));
    define(i, join(made, t));
    return true;
  }
  if (is_one_of({"llvm.ucmp", "llvm.scmp"})) {
    const bool is_signed = is_op(name, "llvm.scmp");
    const Leaf l = layout_.leaf(LLVMTypeOf(LLVMGetOperand(i, 0))), to = layout_.leaf(LLVMTypeOf(i));
    const Value x = operand(i, 0), y = operand(i, 1);
    const Value less = compare(is_signed ? LLVMIntSLT : LLVMIntULT, x, y, l);
    const Value more = compare(is_signed ? LLVMIntSGT : LLVMIntUGT, x, y, l);
    define(i, fit(b_.sub(b_.zext(to.type, more), b_.zext(to.type, less)), to));
    return true;
  }
  return false;
}

ir::Value FunctionImporter::count_bits(const std::string& name, Value x, const Leaf& l) {
  if (l.type == Type::i1) return is_op(name, "llvm.ctpop") ? x : b_.not_(x);
  const u64 spare = ir::bits(l.type) - l.bits;
  if (l.type != Type::i128) {
    if (is_op(name, "llvm.ctpop")) return b_.popcnt(x);
    if (is_op(name, "llvm.ctlz")) return b_.sub(b_.clz(x), number(l, spare));
    const Value n = b_.ctz(x);
    return spare == 0 ? n : b_.umin(n, number(l, l.bits));
  }
  const Value lo = b_.trunc(Type::i64, x), hi = b_.trunc(Type::i64, b_.lshr(x, number(l, 64)));
  Value n;
  if (is_op(name, "llvm.ctpop")) {
    n = b_.add(b_.popcnt(lo), b_.popcnt(hi));
  } else if (is_op(name, "llvm.ctlz")) {
    const Value none = b_.icmp(ir::ICond::eq, hi, b_.i64(0));
    n = b_.sub(b_.select(none, b_.add(b_.clz(lo), b_.i64(64)), b_.clz(hi)), b_.i64(static_cast<i64>(spare)));
  } else {
    const Value none = b_.icmp(ir::ICond::eq, lo, b_.i64(0));
    n = b_.umin(b_.select(none, b_.add(b_.ctz(hi), b_.i64(64)), b_.ctz(lo)), b_.i64(l.bits));
  }
  return b_.zext(Type::i128, n);
}

// The bits of a smaller integer end up on top.
ir::Value FunctionImporter::reverse(const std::string& name, Value x, const Leaf& l) {
  const bool bytes = is_op(name, "llvm.bswap");
  const u64 spare = ir::bits(l.type) - l.bits;
  if (l.type == Type::i1) return x;
  if (bytes) return b_.lshr(b_.bswap(x), number(l, spare));
  if (l.type != Type::i128) return b_.lshr(b_.bitrev(x), number(l, spare));
  const Value lo = b_.trunc(Type::i64, x), hi = b_.trunc(Type::i64, b_.lshr(x, number(l, 64)));
  const Value top = b_.shl(b_.zext(Type::i128, b_.bitrev(lo)), number(l, 64));
  return b_.lshr(b_.or_(top, b_.zext(Type::i128, b_.bitrev(hi))), number(l, spare));
}

// The high (left) or low half of x:y shifted by n modulo the width.
ir::Value FunctionImporter::funnel(bool left, Value x, Value y, Value n, const Leaf& l) {
  if (x == y && !l.is_odd() && l.type != Type::i128) return left ? b_.rotl(x, n) : b_.rotr(x, n);
  if (l.is_odd()) n = b_.urem(n, number(l, l.bits));
  else n = b_.and_(n, number(l, l.bits - 1));
  // A shift by n and one by width - n; that one in two steps, for n = 0.
  const Value rest = b_.sub(number(l, l.bits - 1), n), one = number(l, 1);
  if (left) return fit(b_.or_(b_.shl(x, n), b_.lshr(b_.lshr(y, one), rest)), l);
  return fit(b_.or_(b_.lshr(y, n), b_.shl(fit(b_.shl(x, one), l), rest)), l);
}

ir::Value FunctionImporter::extreme(const std::string& name, Value x, Value y, const Leaf& l) {
  const bool greater = contains(name, "max"), is_signed = contains(name, "llvm.s");
  if (!l.is_odd() && l.type != Type::i128 && l.type != Type::i1) {
    if (is_signed) return greater ? b_.smax(x, y) : b_.smin(x, y);
    return greater ? b_.umax(x, y) : b_.umin(x, y);
  }
  const LLVMIntPredicate p = is_signed ? (greater ? LLVMIntSGT : LLVMIntSLT) : (greater ? LLVMIntUGT : LLVMIntULT);
  return b_.select(compare(p, x, y, l), x, y);
}

// --- Overflow

bool FunctionImporter::overflow_intrinsic(LLVMValueRef i, const std::string& name) {
  if (!contains(name, ".with.overflow.")) return false;
  const LLVMTypeRef t = LLVMTypeOf(LLVMGetOperand(i, 0));
  if (is_vector(t)) return false;
  const ir::WithFlag r = overflowing(name, operand(i, 0), operand(i, 1), layout_.leaf(t));
  define(i, Leaves{r.value, r.flag});
  return true;
}

ir::WithFlag FunctionImporter::overflowing(const std::string& name, Value x, Value y, const Leaf& l) {
  const std::string op = name.substr(6, 3);  // llvm.sadd.with ...
  const bool is_signed = name[5] == 's';
  if (l.type == Type::i1) throw Refused{"overflow of an i1"};
  if (l.is_odd()) {  // exact in a type of twice the width
    const Leaf wide = integer_leaf(l.bits * 2);
    const Value a = resized(x, l, wide, is_signed), b = resized(y, l, wide, is_signed);
    const Value exact = op == "add" ? b_.add(a, b) : op == "sub" ? b_.sub(a, b) : b_.mul(a, b);
    const Value v = resized(fit(exact, wide), wide, l, false);
    return {v, b_.icmp(ir::ICond::ne, fit(exact, wide), resized(v, l, wide, is_signed))};
  }
  if (l.type == Type::i128) return overflowing_wide(op, is_signed, x, y);
  if (op == "add") return is_signed ? b_.sadd_ov(x, y) : b_.uadd_ov(x, y);
  if (op == "sub") return is_signed ? b_.ssub_ov(x, y) : b_.usub_ov(x, y);
  return is_signed ? b_.smul_ov(x, y) : b_.umul_ov(x, y);
}

ir::WithFlag FunctionImporter::overflowing_wide(const std::string& op, bool is_signed, Value x, Value y) {
  const Value none = b_.i128(0, 0);
  const auto is_negative = [&](Value v) { return b_.icmp(ir::ICond::slt, v, none); };
  if (op == "add") {
    const Value v = b_.add(x, y);
    if (!is_signed) return {v, b_.icmp(ir::ICond::ult, v, x)};
    return {v, is_negative(b_.and_(b_.xor_(v, x), b_.xor_(v, y)))};
  }
  if (op == "sub") {
    const Value v = b_.sub(x, y);
    if (!is_signed) return {v, b_.icmp(ir::ICond::ult, x, y)};
    return {v, is_negative(b_.and_(b_.xor_(x, y), b_.xor_(v, x)))};
  }
  if (!is_signed) return multiply_wide(x, y);
  const auto magnitude = [&](Value v) { return b_.select(is_negative(v), b_.neg(v), v); };
  const ir::WithFlag m = multiply_wide(magnitude(x), magnitude(y));
  const Value below = is_negative(b_.xor_(x, y));
  const Value v = b_.select(below, b_.neg(m.value), m.value);
  // A magnitude of 2^127 is right only if the product is negative.
  const Value least = b_.i128(0, u64{1} << 63);
  const Value limit = b_.select(below, least, b_.sub(least, b_.i128(1, 0)));
  return {v, b_.or_(m.flag, b_.icmp(ir::ICond::ugt, m.value, limit))};
}

// Halves: (a 2^64 + b)(c 2^64 + d) = ac 2^128 + (ad + bc) 2^64 + bd.
ir::WithFlag FunctionImporter::multiply_wide(Value x, Value y) {
  const auto low = [&](Value v) { return b_.trunc(Type::i64, v); };
  const auto high = [&](Value v) { return b_.trunc(Type::i64, b_.lshr(v, b_.i128(64, 0))); };
  const Value a = high(x), b = low(x), c = high(y), d = low(y), zero64 = b_.i64(0);
  const ir::WithFlag ad = b_.umul_ov(a, d), bc = b_.umul_ov(b, c);
  const Value both = b_.and_(b_.icmp(ir::ICond::ne, a, zero64), b_.icmp(ir::ICond::ne, c, zero64));
  const ir::WithFlag cross = b_.uadd_ov(ad.value, bc.value);
  const ir::WithFlag top = b_.uadd_ov(cross.value, b_.umulhi(b, d));
  Value flag = b_.or_(b_.or_(both, ad.flag), b_.or_(bc.flag, cross.flag));
  flag = b_.or_(flag, top.flag);
  return {b_.mul(x, y), flag};
}

// The result, or the bound it went beyond.
ir::Value FunctionImporter::saturating(const std::string& name, Value x, Value y, const Leaf& l) {
  const ir::WithFlag r = overflowing(name, x, y, l);
  const bool is_signed = name[5] == 's', add = name.substr(6, 3) == "add";
  if (!is_signed) return b_.select(r.flag, add ? mask_of(l) : zero(l), r.value);
  const Value top = b_.lshr(mask_of(l), number(l, 1));
  const Value below = compare(LLVMIntSLT, x, zero(l), l);  // both operands pull the same way
  return b_.select(r.flag, b_.select(below, fit(b_.not_(top), l), top), r.value);
}

}  // namespace jitkit::importer
