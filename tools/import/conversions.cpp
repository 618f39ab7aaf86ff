// FunctionImporter: conversions between integers, floats, pointers, and the same bits as another type.
#include "function.hpp"

namespace jitkit::importer {

bool FunctionImporter::conversion(LLVMValueRef i) {
  const LLVMOpcode op = LLVMGetInstructionOpcode(i);
  if (op < LLVMTrunc || op > LLVMBitCast) return false;
  const LLVMTypeRef from = LLVMTypeOf(LLVMGetOperand(i, 0)), to = LLVMTypeOf(i);
  if (op == LLVMBitCast) {
    define(i, reinterpret(leaves(LLVMGetOperand(i, 0)), from, to));
    return true;
  }
  const auto scalar = [&](LLVMTypeRef t) { return is_vector(t) ? layout_.vector(t).scalar : layout_.leaf(t); };
  const Leaf x = scalar(from), y = scalar(to);
  each(i, [&](const Lanes& v) { return convert(op, v[0], x, y); });
  return true;
}

ir::Value FunctionImporter::convert(LLVMOpcode op, Value x, const Leaf& from, const Leaf& to) {
  const Leaf word = integer_leaf(64);
  switch (op) {
    case LLVMTrunc:
    case LLVMZExt: return resized(x, from, to, false);
    case LLVMSExt: return resized(x, from, to, true);
    case LLVMFPExt: return b_.fpext(to.type, x);
    case LLVMFPTrunc: return b_.fptrunc(to.type, x);
    case LLVMSIToFP: return to_float(x, from, to.type, true);
    case LLVMUIToFP: return to_float(x, from, to.type, false);
    case LLVMFPToSI: return to_integer(x, to, true, false);
    case LLVMFPToUI: return to_integer(x, to, false, false);
    case LLVMPtrToInt: return resized(b_.bitcast(Type::i64, x), word, to, false);
    case LLVMIntToPtr: return b_.bitcast(Type::ptr, resized(x, from, word, false));
    default: throw Refused{"a conversion"};
  }
}

ir::Value FunctionImporter::to_float(Value x, const Leaf& from, Type to, bool is_signed) {
  if (to == Type::f16) return b_.fptrunc(to, to_float(x, from, Type::f32, is_signed));
  if (from.bits > 64) {
    const Leaf wide = integer_leaf(128);
    const char* name = is_signed ? (to == Type::f64 ? "__floattidf" : "__floattisf")
                                 : (to == Type::f64 ? "__floatuntidf" : "__floatuntisf");
    return library1(name, {Type::i128}, to, {resized(x, from, wide, is_signed)});
  }
  const Leaf word = integer_leaf(from.bits > 32 ? 64 : 32);
  const Value v = from.bits == word.bits ? x : resized(x, from, word, is_signed);
  return is_signed ? b_.sitofp(to, v) : b_.uitofp(to, v);
}

ir::Value FunctionImporter::to_integer(Value x, const Leaf& to, bool is_signed, bool saturates) {
  if (b_.function().type(x) == Type::f16) x = b_.fpext(Type::f32, x);
  if (to.bits > 64) {
    if (saturates) throw Refused{"a saturating conversion to more than 64 bits"};
    const bool is_double = b_.function().type(x) == Type::f64;
    const char* name =
        is_signed ? (is_double ? "__fixdfti" : "__fixsfti") : (is_double ? "__fixunsdfti" : "__fixunssfti");
    return fit(library1(name, {b_.function().type(x)}, Type::i128, {x}), to);
  }
  const Leaf word = integer_leaf(to.bits > 32 ? 64 : 32);
  if (!saturates) return resized(is_signed ? b_.fptosi(word.type, x) : b_.fptoui(word.type, x), word, to, false);
  const Value v = is_signed ? b_.fptosi_sat(word.type, x) : b_.fptoui_sat(word.type, x);
  if (to.bits == word.bits) return v;
  if (!is_signed) return resized(b_.umin(v, number(word, low_mask(to.bits))), word, to, false);
  const u64 top = low_mask(to.bits - 1);
  return resized(b_.smax(b_.smin(v, number(word, top)), number(word, ~top)), word, to, true);
}

// All elements of a vector in one integer, the first lowest.
ir::Value FunctionImporter::gathered(const Leaves& x, LLVMTypeRef type, unsigned bits) {
  if (x.size() == 1) {
    const Leaf& l = layout_.leaf(type);
    return l.is_integer() ? x[0] : b_.bitcast(integer_type(bits), x[0]);
  }
  const Leaf whole = integer_leaf(bits);
  const Leaf part = layout_.vector(type).scalar;
  Value sum = zero(whole);
  for (usize n = 0; n < x.size(); ++n) {
    const unsigned width = part.is_integer() ? part.bits : ir::bits(part.type);
    const Leaf element = integer_leaf(width);
    const Value v = part.is_integer() ? x[n] : b_.bitcast(element.type, x[n]);
    sum = b_.or_(sum, b_.shl(resized(v, element, whole, false), number(whole, n * width)));
  }
  return sum;
}

Leaves FunctionImporter::scattered(Value x, LLVMTypeRef type) {
  const VectorShape s = layout_.vector(type);
  const unsigned width = s.scalar.is_integer() ? s.scalar.bits : ir::bits(s.scalar.type);
  const Leaf whole = integer_leaf(width * s.count), element = integer_leaf(width);
  Leaves made;
  for (unsigned n = 0; n < s.count; ++n) {
    const Value v = resized(b_.lshr(x, number(whole, u64{n} * width)), whole, element, false);
    made.push_back(s.scalar.is_integer() ? v : b_.bitcast(s.scalar.type, v));
  }
  return made;
}

Leaves FunctionImporter::reinterpret(const Leaves& x, LLVMTypeRef from, LLVMTypeRef to) {
  const bool one = x.size() == 1 && layout_.leaves(to).size() == 1;
  const auto width = [&](LLVMTypeRef t) {
    const Leaf l = is_vector(t) ? layout_.vector(t).scalar : layout_.leaf(t);
    return (l.is_integer() ? l.bits : ir::bits(l.type)) * (is_vector(t) ? LLVMGetVectorSize(t) : 1U);
  };
  if (one && layout_.leaf(from).type == layout_.leaf(to).type) return x;
  if (one && !layout_.leaf(from).is_odd() && layout_.leaf(to).type != Type::i1)
    return {b_.bitcast(layout_.leaf(to).type, x[0])};
  const unsigned bits = width(from);
  const Value whole = gathered(x, from, bits);
  if (is_vector(to) && !layout_.vector(to).packed) return scattered(whole, to);
  const Leaf& l = layout_.leaf(to);
  return {l.is_integer() ? whole : b_.bitcast(l.type, whole)};
}

}  // namespace jitkit::importer
