// Layout: LLVM types as leaves.
#include "layout.hpp"

namespace jitkit::importer {

namespace {

std::string taken(char* text) {
  std::string s(text);
  LLVMDisposeMessage(text);
  const usize from = s.find_first_not_of(" \n");
  const usize to = s.find('\n', from == std::string::npos ? 0 : from);
  return from == std::string::npos ? s : s.substr(from, to == std::string::npos ? to : to - from);
}

}  // namespace

std::string text_of(LLVMTypeRef t) { return taken(LLVMPrintTypeToString(t)); }
std::string text_of(LLVMValueRef v) { return taken(LLVMPrintValueToString(v)); }

ir::Type integer_type(unsigned bits) {
  for (const ir::Type t : {ir::Type::i1, ir::Type::i8, ir::Type::i16, ir::Type::i32, ir::Type::i64, ir::Type::i128})
    if (bits <= ir::bits(t)) return t;
  throw Refused{"the type i" + std::to_string(bits)};
}

const std::vector<Leaf>& Layout::leaves(LLVMTypeRef t) {
  const auto found = known_.find(t);
  if (found != known_.end()) return found->second;
  std::vector<Leaf> made;
  append(t, 0, made);
  return known_.emplace(t, std::move(made)).first->second;
}

const Leaf& Layout::leaf(LLVMTypeRef t) {
  const std::vector<Leaf>& all = leaves(t);
  if (all.size() != 1) throw Refused{"the type " + text_of(t) + " where one value is wanted"};
  return all[0];
}

VectorShape Layout::vector(LLVMTypeRef t) {
  VectorShape s;
  s.count = LLVMGetVectorSize(t);
  s.element = LLVMGetElementType(t);
  s.scalar = leaf(s.element);
  const unsigned width = ir::bits(s.scalar.type) * s.count;
  bool has_lane = false;
  if (!s.scalar.is_odd())
    for (unsigned n = 0; n < ir::lane_count_kinds; ++n) {
      const ir::Lane l = static_cast<ir::Lane>(n);
      const bool address = s.scalar.type == ir::Type::ptr && l == ir::Lane::i64;
      if (!address && ir::lane_type(l) != s.scalar.type) continue;
      s.lane = l;
      has_lane = true;
    }
  s.packed = has_lane && (width == 64 || width == 128);
  s.type = width == 64 ? ir::Type::v64 : ir::Type::v128;
  return s;
}

void Layout::append(LLVMTypeRef t, u64 offset, std::vector<Leaf>& out) {
  switch (LLVMGetTypeKind(t)) {
    case LLVMVoidTypeKind: return;
    case LLVMIntegerTypeKind: {
      const unsigned bits = LLVMGetIntTypeWidth(t);
      out.push_back({integer_type(bits), bits, offset});
      return;
    }
    case LLVMPointerTypeKind:
      if (LLVMGetPointerAddressSpace(t) != 0) break;
      out.push_back({ir::Type::ptr, 0, offset});
      return;
    case LLVMHalfTypeKind: out.push_back({ir::Type::f16, 0, offset}); return;
    case LLVMFloatTypeKind: out.push_back({ir::Type::f32, 0, offset}); return;
    case LLVMDoubleTypeKind: out.push_back({ir::Type::f64, 0, offset}); return;
    case LLVMVectorTypeKind: {
      const VectorShape s = vector(t);
      if (s.packed) {
        out.push_back({s.type, 0, offset});
        return;
      }
      for (unsigned n = 0; n < s.count; ++n) append(s.element, offset + n * u64{ir::bytes(s.scalar.type)}, out);
      return;
    }
    case LLVMArrayTypeKind: {
      const u64 count = LLVMGetArrayLength2(t);
      if (count > 4096) throw Refused{"a value of the type " + text_of(t)};
      const LLVMTypeRef element = LLVMGetElementType(t);
      for (u64 n = 0; n < count; ++n) append(element, offset + n * size(element), out);
      return;
    }
    case LLVMStructTypeKind:
      for (unsigned n = 0; n < LLVMCountStructElementTypes(t); ++n)
        append(LLVMStructGetTypeAtIndex(t, n), offset + field_offset(t, n), out);
      return;
    default: break;
  }
  throw Refused{"the type " + text_of(t)};
}

}  // namespace jitkit::importer
