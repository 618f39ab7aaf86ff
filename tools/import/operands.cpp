// FunctionImporter: operands. Values made before, constants, and integers of odd widths.
#include "function.hpp"

namespace jitkit::importer {

Leaves FunctionImporter::leaves(LLVMValueRef v) {
  if (LLVMIsConstant(v) != 0) return constant(v);
  const auto found = values_.find(v);
  if (found == values_.end()) throw Refused{"the operand " + text_of(v)};
  return found->second;
}

ir::Value FunctionImporter::value(LLVMValueRef v) {
  const Leaves all = leaves(v);
  if (all.size() != 1) throw Refused{"the operand " + text_of(v)};
  return all[0];
}

ir::Value FunctionImporter::packed_constant(LLVMValueRef c, const VectorShape& s) {
  u64 words[2] = {0, 0};
  const unsigned bytes = ir::bytes(s.scalar.type);
  for (unsigned n = 0; n < s.count; ++n) {
    const LLVMValueRef e = LLVMGetAggregateElement(c, n);
    Wide w;
    if (LLVMIsAConstantInt(e) != nullptr) w = m_.integer(e);
    else if (LLVMIsAConstantFP(e) != nullptr) w = m_.floating(e);
    else if (LLVMIsNull(e) == 0 && LLVMIsUndef(e) == 0) return {};
    words[n * bytes / 8] |= w.lo << (n * bytes % 8 * 8);
  }
  return b_.constant(s.type, words[0], words[1]);
}

// What a linker could not do: the low half of an address, the distance of two.
ir::Value FunctionImporter::computed(LLVMValueRef c) {
  const LLVMOpcode op = LLVMGetConstOpcode(c);
  const Leaf& to = layout_.leaf(LLVMTypeOf(c));
  const LLVMTypeRef from = LLVMTypeOf(LLVMGetOperand(c, 0));
  switch (op) {
    case LLVMTrunc:
    case LLVMPtrToInt:
    case LLVMIntToPtr: return convert(op, operand(c, 0), layout_.leaf(from), to);
    case LLVMAdd:
    case LLVMSub:
    case LLVMMul:
    case LLVMXor: return binary(c, op, operand(c, 0), operand(c, 1), to);
    default: return {};
  }
}

Leaves FunctionImporter::constant(LLVMValueRef c) {
  const LLVMTypeRef type = LLVMTypeOf(c);
  const std::vector<Leaf>& parts = layout_.leaves(type);
  switch (LLVMGetValueKind(c)) {
    case LLVMConstantIntValueKind: {
      const Wide w = m_.integer(c);
      return {b_.constant(parts[0].type, w.lo, w.hi)};
    }
    case LLVMConstantFPValueKind: return {b_.constant(parts[0].type, m_.floating(c).lo)};
    case LLVMConstantPointerNullValueKind:
    case LLVMUndefValueValueKind:
    case LLVMPoisonValueValueKind:
    case LLVMConstantAggregateZeroValueKind: {
      Leaves all;
      for (const Leaf& l : parts) all.push_back(zero(l));
      return all;
    }
    case LLVMConstantVectorValueKind:
    case LLVMConstantDataVectorValueKind:
    case LLVMConstantStructValueKind:
    case LLVMConstantArrayValueKind:
    case LLVMConstantDataArrayValueKind: {
      const bool vector = is_vector(type);
      if (vector && layout_.vector(type).packed)
        if (const Value v = packed_constant(c, layout_.vector(type)); v) return {v};
      const bool is_struct = LLVMGetTypeKind(type) == LLVMStructTypeKind;
      const u64 count = is_struct ? LLVMCountStructElementTypes(type)
                                  : vector ? LLVMGetVectorSize(type) : LLVMGetArrayLength2(type);
      Leaves all;
      for (unsigned n = 0; n < count; ++n)
        for (const Value v : leaves(LLVMGetAggregateElement(c, n))) all.push_back(v);
      return vector ? join(all, type) : all;
    }
    case LLVMConstantExprValueKind:
      if (const Value v = computed(c); v) return {v};
      break;
    default: break;
  }
  const Address a = m_.address(c);
  const Leaf& l = layout_.leaf(type);
  if (!a.symbol) return {b_.constant(l.type, static_cast<u64>(a.addend))};
  const Value v = moved(b_.symbol_addr(a.symbol), a.addend);
  return {l.type == Type::ptr ? v : b_.bitcast(l.type, v)};
}

// --- Odd widths

ir::Value FunctionImporter::mask_of(const Leaf& l) {
  const u64 lo = l.bits >= 64 ? ~u64{0} : low_mask(l.bits);
  const u64 hi = l.bits > 64 ? low_mask(l.bits - 64) : 0;
  return b_.constant(l.type, lo, hi);
}

ir::Value FunctionImporter::fit(Value v, const Leaf& l) { return l.is_odd() ? b_.and_(v, mask_of(l)) : v; }

ir::Value FunctionImporter::wide_sign(Value v, const Leaf& l) {
  if (!l.is_odd()) return v;
  const Value distance = number(l, ir::bits(l.type) - l.bits);
  return b_.ashr(b_.shl(v, distance), distance);
}

ir::Value FunctionImporter::resized(Value v, const Leaf& from, const Leaf& to, bool is_signed) {
  if (to.bits <= from.bits) return fit(b_.trunc(to.type, v), to);
  if (!is_signed) return b_.zext(to.type, v);
  return fit(b_.sext(to.type, wide_sign(v, from)), to);
}

}  // namespace jitkit::importer
