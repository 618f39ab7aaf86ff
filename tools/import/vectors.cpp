// FunctionImporter: vectors. What jitkit has an operation for is one; the rest is done element by element.
#include "function.hpp"

namespace jitkit::importer {

FunctionImporter::Lanes FunctionImporter::split(const Leaves& v, LLVMTypeRef type) {
  const VectorShape s = layout_.vector(type);
  if (!s.packed) return v;
  Lanes lanes;
  for (unsigned n = 0; n < s.count; ++n) {
    const Value x = b_.vextract(s.lane, v[0], n);
    lanes.push_back(s.scalar.type == Type::ptr ? b_.bitcast(Type::ptr, x) : x);
  }
  return lanes;
}

Leaves FunctionImporter::join(const Lanes& lanes, LLVMTypeRef type) {
  const VectorShape s = layout_.vector(type);
  if (!s.packed) return lanes;
  Value v = b_.constant(s.type, 0);
  for (unsigned n = 0; n < s.count; ++n) {
    const Value x = s.scalar.type == Type::ptr ? b_.bitcast(Type::i64, lanes[n]) : lanes[n];
    v = b_.vinsert(s.lane, v, x, n);
  }
  return {v};
}

std::optional<ir::Value> FunctionImporter::vector_binary(LLVMOpcode op, Value x, Value y, const VectorShape& s) {
  const auto legal = [&](ir::Opcode o) { return (ir::legal_lanes(o) >> static_cast<unsigned>(s.lane) & 1) != 0; };
  using Op = ir::Opcode;
  switch (op) {
    case LLVMAnd: return b_.vand(x, y);
    case LLVMOr: return b_.vor(x, y);
    case LLVMXor: return b_.vxor(x, y);
    case LLVMAdd:
    case LLVMFAdd:
      if (legal(Op::vadd)) return b_.vadd(s.lane, x, y);
      break;
    case LLVMSub:
    case LLVMFSub:
      if (legal(Op::vsub)) return b_.vsub(s.lane, x, y);
      break;
    case LLVMMul:
    case LLVMFMul:
      if (legal(Op::vmul)) return b_.vmul(s.lane, x, y);
      break;
    case LLVMFDiv:
      if (legal(Op::vfdiv)) return b_.vfdiv(s.lane, x, y);
      break;
    default: break;
  }
  return std::nullopt;
}

bool FunctionImporter::vector(LLVMValueRef i) {
  switch (LLVMGetInstructionOpcode(i)) {
    case LLVMExtractElement: element(i, false); return true;
    case LLVMInsertElement: element(i, true); return true;
    case LLVMShuffleVector: shuffle(i); return true;
    default: return false;
  }
}

// A number that is not constant goes through a comparison per element.
void FunctionImporter::element(LLVMValueRef i, bool insert) {
  const LLVMValueRef from = LLVMGetOperand(i, 0);
  const LLVMValueRef index = LLVMGetOperand(i, insert ? 2 : 1);
  const LLVMTypeRef type = LLVMTypeOf(from);
  const VectorShape s = layout_.vector(type);
  if (LLVMIsAConstantInt(index) != nullptr) {
    const u64 n = LLVMConstIntGetZExtValue(index) % s.count;
    if (s.packed && s.scalar.type != Type::ptr) {
      const u32 lane = static_cast<u32>(n);
      return define(
          i, insert ? b_.vinsert(s.lane, value(from), operand(i, 1), lane) : b_.vextract(s.lane, value(from), lane));
    }
    Lanes lanes = lanes_of(from);
    if (!insert) return define(i, lanes[n]);
    lanes[n] = operand(i, 1);
    return define(i, join(lanes, type));
  }
  Lanes lanes = lanes_of(from);
  const Leaf& l = layout_.leaf(LLVMTypeOf(index));
  const Value at = value(index);
  Value found = lanes[0];
  for (unsigned n = 0; n < s.count; ++n) {
    const Value here = b_.icmp(ir::ICond::eq, at, number(l, n));
    if (insert) lanes[n] = b_.select(here, operand(i, 1), lanes[n]);
    else if (n != 0) found = b_.select(here, lanes[n], found);
  }
  define(i, insert ? join(lanes, type) : Leaves{found});
}

void FunctionImporter::shuffle(LLVMValueRef i) {
  const LLVMTypeRef from = LLVMTypeOf(LLVMGetOperand(i, 0)), to = LLVMTypeOf(i);
  const VectorShape x = layout_.vector(from), y = layout_.vector(to);
  const unsigned count = LLVMGetNumMaskElements(i);
  if (x.packed && y.packed && x.type == y.type) {
    std::vector<u8> mask;
    const unsigned bytes = ir::lane_bits(x.lane) / 8;
    for (unsigned n = 0; n < count; ++n) {
      const int m = LLVMGetMaskValue(i, n);
      const unsigned lane = m < 0 ? 0U : static_cast<unsigned>(m);  // undefined: any
      for (unsigned k = 0; k < bytes; ++k) mask.push_back(static_cast<u8>(lane * bytes + k));
    }
    return define(i, b_.vshuffle(operand(i, 0), operand(i, 1), std::span<const u8>(mask)));
  }
  Lanes all = lanes_of(LLVMGetOperand(i, 0));
  for (const Value v : lanes_of(LLVMGetOperand(i, 1))) all.push_back(v);
  Lanes made;
  for (unsigned n = 0; n < count; ++n) {
    const int m = LLVMGetMaskValue(i, n);
    made.push_back(all[m < 0 ? 0U : static_cast<unsigned>(m)]);
  }
  define(i, join(made, to));
}

// llvm.vector.reduce.OP
bool FunctionImporter::reduction(LLVMValueRef call, const std::string& name) {
  const std::string prefix = "llvm.vector.reduce.";
  if (name.rfind(prefix, 0) != 0) return false;
  const std::string op = name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
  const bool has_start = op == "fadd" || op == "fmul";
  const LLVMValueRef v = LLVMGetOperand(call, has_start ? 1 : 0);
  const Leaf l = layout_.vector(LLVMTypeOf(v)).scalar;
  Lanes lanes = lanes_of(v);
  Value sum = has_start ? operand(call, 0) : lanes[0];
  static const std::map<std::string, LLVMOpcode> plain = {{"add", LLVMAdd},  {"mul", LLVMMul}, {"and", LLVMAnd},
                                                          {"or", LLVMOr},    {"xor", LLVMXor}, {"fadd", LLVMFAdd},
                                                          {"fmul", LLVMFMul}};
  const auto found = plain.find(op);
  const bool is_extreme = op == "smax" || op == "smin" || op == "umax" || op == "umin";
  if (found == plain.end() && !is_extreme) return false;
  for (usize n = has_start ? 0 : 1; n < lanes.size(); ++n)
    sum = is_extreme ? extreme("llvm." + op, sum, lanes[n], l) : binary(call, found->second, sum, lanes[n], l);
  define(call, sum);
  return true;
}

}  // namespace jitkit::importer
