// ModuleImporter: constants as bits and addresses, and the initial bytes of globals.
#include <cstdlib>

#include "module.hpp"

namespace jitkit::importer {

// The C API gives 64 bits; the text has them all.
Wide ModuleImporter::integer(LLVMValueRef c) {
  const unsigned bits = LLVMGetIntTypeWidth(LLVMTypeOf(c));
  if (bits <= 64) return {LLVMConstIntGetZExtValue(c), 0};
  if (bits > 128) throw Refused{"the type i" + std::to_string(bits)};
  const std::string text = text_of(c);
  using u128 = unsigned __int128;
  u128 v = 0;
  for (const char d : text.substr(text.find(' ') + 1))
    if (d != '-') v = v * 10 + static_cast<unsigned>(d - '0');
  if (text.find('-') != std::string::npos) v = -v;
  if (bits < 128) v &= (u128{1} << bits) - 1;
  return {static_cast<u64>(v), static_cast<u64>(v >> 64)};
}

Wide ModuleImporter::floating(LLVMValueRef c) {
  const unsigned bits = ir::bits(layout_.leaf(LLVMTypeOf(c)).type);
  const LLVMTypeRef as = LLVMIntTypeInContext(LLVMGetModuleContext(from_), bits);
  return integer(LLVMConstBitCast(c, as));
}

// Labels whose address is taken are numbers; see indirectbr in control.cpp.
i64 ModuleImporter::block_number(LLVMBasicBlockRef b) {
  if (block_numbers_.find(b) == block_numbers_.end()) {
    i64 n = 0;
    const LLVMValueRef f = LLVMGetBasicBlockParent(b);
    for (LLVMBasicBlockRef k = LLVMGetFirstBasicBlock(f); k != nullptr; k = LLVMGetNextBasicBlock(k))
      block_numbers_[k] = ++n;
  }
  return block_numbers_[b];
}

Address ModuleImporter::address(LLVMValueRef c) {
  switch (LLVMGetValueKind(c)) {
    case LLVMFunctionValueKind:
    case LLVMGlobalVariableValueKind: return {symbol(c), 0};
    case LLVMGlobalAliasValueKind: return address(LLVMAliasGetAliasee(c));
    case LLVMConstantPointerNullValueKind:
    case LLVMUndefValueValueKind:
    case LLVMPoisonValueValueKind: return {};
    case LLVMConstantIntValueKind: {
      const Wide w = integer(c);
      if (w.hi != 0) break;
      return {{}, static_cast<i64>(w.lo)};
    }
    case LLVMBlockAddressValueKind: return {{}, block_number(LLVMGetBlockAddressBasicBlock(c))};
    case LLVMConstantExprValueKind: return expression(c);
    default: break;
  }
  throw Refused{"the constant " + text_of(c)};
}

Address ModuleImporter::expression(LLVMValueRef c) {
  const auto operand = [&](unsigned n) { return address(LLVMGetOperand(c, n)); };
  switch (LLVMGetConstOpcode(c)) {
    case LLVMGetElementPtr: return element(c);
    case LLVMBitCast:
    case LLVMIntToPtr: return operand(0);
    case LLVMPtrToInt:
    case LLVMTrunc: {
      Address a = operand(0);
      const unsigned bits = LLVMGetIntTypeWidth(LLVMTypeOf(c));
      if (bits >= 64) return a;
      if (a.symbol) break;
      a.addend &= static_cast<i64>(low_mask(bits));
      return a;
    }
    case LLVMAdd: {
      const Address x = operand(0), y = operand(1);
      if (x.symbol && y.symbol) break;
      return {x.symbol ? x.symbol : y.symbol, x.addend + y.addend};
    }
    case LLVMSub: {
      const Address x = operand(0), y = operand(1);
      if (y.symbol && x.symbol != y.symbol) break;
      return {y.symbol ? ir::SymbolRef() : x.symbol, x.addend - y.addend};
    }
    default: break;
  }
  throw Refused{"the constant expression " + text_of(c)};
}

Address ModuleImporter::element(LLVMValueRef gep) {
  Address a = address(LLVMGetOperand(gep, 0));
  LLVMTypeRef t = LLVMGetGEPSourceElementType(gep);
  const unsigned count = static_cast<unsigned>(LLVMGetNumOperands(gep));
  for (unsigned n = 1; n < count; ++n) {
    const LLVMValueRef index = LLVMGetOperand(gep, n);
    if (LLVMIsAConstantInt(index) == nullptr) throw Refused{"the constant expression " + text_of(gep)};
    const i64 i = LLVMConstIntGetSExtValue(index);
    if (n > 1 && LLVMGetTypeKind(t) == LLVMStructTypeKind) {
      a.addend += static_cast<i64>(layout_.field_offset(t, static_cast<unsigned>(i)));
      t = LLVMStructGetTypeAtIndex(t, static_cast<unsigned>(i));
      continue;
    }
    if (n > 1) t = LLVMGetElementType(t);
    a.addend += i * static_cast<i64>(layout_.size(t));
  }
  return a;
}

// --- Globals

// A vector of elements that are not whole bytes.
void ModuleImporter::fill_packed(LLVMValueRef c, u64 offset, Image& image) {
  const VectorShape s = layout_.vector(LLVMTypeOf(c));
  for (unsigned n = 0; n < s.count; ++n) {
    const u64 bit = u64{n} * s.scalar.bits;
    const u64 value = integer(LLVMGetAggregateElement(c, n)).lo;
    if (s.scalar.bits != 1) throw Refused{"a global of the type " + text_of(LLVMTypeOf(c))};
    image.bytes[offset + bit / 8] = static_cast<u8>(image.bytes[offset + bit / 8] | value << (bit % 8));
  }
}

void ModuleImporter::fill(LLVMValueRef c, u64 offset, Image& image) {
  const LLVMTypeRef type = LLVMTypeOf(c);
  const auto put = [&](Wide w, u64 bytes) {
    for (u64 n = 0; n < bytes; ++n) image.bytes[offset + n] = static_cast<u8>((n < 8 ? w.lo : w.hi) >> (n % 8 * 8));
  };
  switch (LLVMGetValueKind(c)) {
    case LLVMUndefValueValueKind:
    case LLVMPoisonValueValueKind:
    case LLVMConstantAggregateZeroValueKind: return;
    case LLVMConstantIntValueKind: put(integer(c), layout_.stored_size(type)); return;
    case LLVMConstantFPValueKind: put(floating(c), layout_.stored_size(type)); return;
    case LLVMConstantStructValueKind:
      for (unsigned n = 0; n < LLVMCountStructElementTypes(type); ++n)
        fill(LLVMGetOperand(c, n), offset + layout_.field_offset(type, n), image);
      return;
    case LLVMConstantArrayValueKind:
    case LLVMConstantDataArrayValueKind: {
      const u64 size = layout_.size(LLVMGetElementType(type));
      for (u64 n = 0; n < LLVMGetArrayLength2(type); ++n)
        fill(LLVMGetAggregateElement(c, static_cast<unsigned>(n)), offset + n * size, image);
      return;
    }
    case LLVMConstantVectorValueKind:
    case LLVMConstantDataVectorValueKind: {
      const VectorShape s = layout_.vector(type);
      if (s.scalar.is_odd() || s.scalar.bits == 1) return fill_packed(c, offset, image);
      for (unsigned n = 0; n < s.count; ++n)
        fill(LLVMGetAggregateElement(c, n), offset + n * ir::bytes(s.scalar.type), image);
      return;
    }
    default: break;
  }
  const Address a = address(c);
  if (!a.symbol) return put({static_cast<u64>(a.addend), 0}, layout_.stored_size(type));
  if (layout_.stored_size(type) != 8) throw Refused{"the constant " + text_of(c)};
  image.relocs.push_back({offset, a.symbol, a.addend});
}

void ModuleImporter::define(LLVMValueRef variable) {
  const std::string name(LLVMGetValueName(variable));
  if (name.rfind("llvm.", 0) == 0) throw Refused{"the variable @" + name};
  const ir::SymbolRef s = symbol(variable);
  const LLVMValueRef initial = LLVMGetInitializer(variable);
  Image image;
  image.bytes.resize(layout_.size(LLVMTypeOf(initial)));
  fill(initial, 0, image);
  ir::SymbolInfo& info = module().symbol(s);
  bool zero = image.relocs.empty();
  for (const u8 b : image.bytes) zero = zero && b == 0;
  if (zero && info.kind == ir::SymbolKind::data) info.kind = ir::SymbolKind::bss;
  // A C object of no bytes still has an address of its own.
  if (info.size == 0) {
    info.size = 1;
    image.bytes.resize(1);
  }
  module().set_contents(s, {image.bytes.data(), image.bytes.size()}, {image.relocs.data(), image.relocs.size()});
}

}  // namespace jitkit::importer
