// FunctionImporter: addresses, loads, stores and the stack.
//
// Aggregates are loaded and stored leaf by leaf; padding is not written. An integer of N bits takes the
// bytes that N bits need and no more: an i24 is three bytes.
#include "function.hpp"

namespace jitkit::importer {

bool FunctionImporter::memory(LLVMValueRef i) {
  switch (LLVMGetInstructionOpcode(i)) {
    case LLVMAlloca: allocate(i); return true;
    case LLVMGetElementPtr: offset_pointer(i); return true;
    case LLVMLoad:
      if (LLVMGetOrdering(i) != LLVMAtomicOrderingNotAtomic) return false;
      define(i, load(LLVMTypeOf(i), operand(i, 0), LLVMGetAlignment(i), LLVMGetVolatile(i) != 0));
      return true;
    case LLVMStore:
      if (LLVMGetOrdering(i) != LLVMAtomicOrderingNotAtomic) return false;
      store(LLVMTypeOf(LLVMGetOperand(i, 0)), leaves(LLVMGetOperand(i, 0)), operand(i, 1), LLVMGetAlignment(i),
            LLVMGetVolatile(i) != 0);
      return true;
    default: return false;
  }
}

// One of a known size in the entry block is a stack slot.
void FunctionImporter::allocate(LLVMValueRef i) {
  const u64 size = layout_.size(LLVMGetAllocatedType(i));
  const u32 align = LLVMGetAlignment(i);
  const LLVMValueRef count = LLVMGetOperand(i, 0);
  const bool fixed = LLVMIsAConstantInt(count) != nullptr && LLVMGetInstructionParent(i) == order_[0];
  if (fixed) {
    const u64 bytes = size * LLVMConstIntGetZExtValue(count);
    if (bytes > (u64{1} << 30)) refuse(i);
    return define(i, b_.stack_addr(b_.new_slot(static_cast<u32>(bytes == 0 ? 1 : bytes), align)));
  }
  const Value n = resized(value(count), layout_.leaf(LLVMTypeOf(count)), integer_leaf(64), false);
  define(i, b_.alloca_(b_.mul(n, b_.i64(static_cast<i64>(size))), align < 16 ? 16 : align));
}

ir::Value FunctionImporter::moved(Value address, i64 bytes) {
  return bytes == 0 ? address : b_.ptr_add(address, b_.i64(bytes));
}

// What is constant comes last, where loads and stores take it as their offset.
void FunctionImporter::offset_pointer(LLVMValueRef i) {
  if (is_vector(LLVMTypeOf(i))) refuse(i);
  LLVMTypeRef t = LLVMGetGEPSourceElementType(i);
  Value address = operand(i, 0);
  i64 fixed = 0;
  const unsigned count = static_cast<unsigned>(LLVMGetNumOperands(i));
  for (unsigned n = 1; n < count; ++n) {
    const LLVMValueRef index = LLVMGetOperand(i, n);
    if (n > 1 && LLVMGetTypeKind(t) == LLVMStructTypeKind) {
      const unsigned field = static_cast<unsigned>(LLVMConstIntGetZExtValue(index));
      fixed += static_cast<i64>(layout_.field_offset(t, field));
      t = LLVMStructGetTypeAtIndex(t, field);
      continue;
    }
    if (n > 1) t = LLVMGetElementType(t);
    const i64 size = static_cast<i64>(layout_.size(t));
    if (LLVMIsAConstantInt(index) != nullptr) {
      fixed += LLVMConstIntGetSExtValue(index) * size;
      continue;
    }
    const Value k = resized(value(index), layout_.leaf(LLVMTypeOf(index)), integer_leaf(64), true);
    const bool shift = size > 0 && (size & (size - 1)) == 0;
    address =
        b_.ptr_add(address, shift ? b_.shl(k, b_.i64(log2_floor(static_cast<u64>(size)))) : b_.mul(k, b_.i64(size)));
  }
  define(i, moved(address, fixed));
}

// --- Access

Leaves FunctionImporter::load(LLVMTypeRef type, Value address, u32 align, bool is_volatile) {
  if (is_vector(type) && !layout_.vector(type).packed && layout_.vector(type).scalar.bits % 8 != 0) {
    const Leaf whole = integer_leaf(layout_.vector(type).count * layout_.vector(type).scalar.bits);
    return scattered(load_leaf(whole, address, 0, align, is_volatile), type);
  }
  Leaves all;
  for (const Leaf& l : layout_.leaves(type)) all.push_back(load_leaf(l, address, l.offset, align, is_volatile));
  return all;
}

void FunctionImporter::store(LLVMTypeRef type, const Leaves& v, Value address, u32 align, bool is_volatile) {
  if (is_vector(type) && !layout_.vector(type).packed && layout_.vector(type).scalar.bits % 8 != 0) {
    const unsigned bits = layout_.vector(type).count * layout_.vector(type).scalar.bits;
    return store_leaf(integer_leaf(bits), gathered(v, type, bits), address, 0, align, is_volatile);
  }
  const std::vector<Leaf>& parts = layout_.leaves(type);
  for (usize n = 0; n < parts.size(); ++n) store_leaf(parts[n], v[n], address, parts[n].offset, align, is_volatile);
}

namespace {

// The alignment of what stands `offset` bytes behind an address.
ir::MemFlags access(u32 align, u64 offset, bool is_volatile) {
  u64 known = align == 0 ? 1 : align;
  while (offset % known != 0) known /= 2;
  return ir::MemFlags::make(static_cast<u32>(known > 16384 ? 16384 : known), is_volatile);
}

// The number of bytes that are not those of a type of jitkit.
bool is_uneven(const Leaf& l) { return l.is_odd() && (l.bits + 7) / 8 != ir::bytes(l.type); }

}  // namespace

ir::Value FunctionImporter::load_leaf(const Leaf& l, Value address, u64 offset, u32 align, bool is_volatile) {
  const Value at = moved(address, static_cast<i64>(offset));
  if (is_uneven(l)) return load_odd(l, address, offset, is_volatile);
  if (l.type == Type::i1) return b_.trunc(Type::i1, b_.load(Type::i8, at, 0, access(1, 0, is_volatile)));
  return fit(b_.load(l.type, at, 0, access(align, offset, is_volatile)), l);
}

void FunctionImporter::store_leaf(const Leaf& l, Value v, Value address, u64 offset, u32 align, bool is_volatile) {
  if (is_uneven(l)) return store_odd(l, v, address, offset, is_volatile);
  if (l.type == Type::i1) v = b_.zext(Type::i8, v);
  b_.store(moved(address, static_cast<i64>(offset)), v, 0, access(align, offset, is_volatile));
}

// In pieces of 8, 4, 2 and 1 bytes, the lowest first.
ir::Value FunctionImporter::load_odd(const Leaf& l, Value address, u64 offset, bool is_volatile) {
  Value all = zero(l);
  const unsigned bytes = (l.bits + 7) / 8;
  for (unsigned done = 0; done < bytes;) {
    unsigned size = 8;
    while (size > bytes - done) size /= 2;
    const Leaf piece = integer_leaf(size * 8);
    const Value v =
        b_.load(piece.type, moved(address, static_cast<i64>(offset + done)), 0, ir::MemFlags::make(1, is_volatile));
    all = b_.or_(all, b_.shl(b_.zext(l.type, v), number(l, u64{done} * 8)));
    done += size;
  }
  return fit(all, l);
}

void FunctionImporter::store_odd(const Leaf& l, Value v, Value address, u64 offset, bool is_volatile) {
  const unsigned bytes = (l.bits + 7) / 8;
  for (unsigned done = 0; done < bytes;) {
    unsigned size = 8;
    while (size > bytes - done) size /= 2;
    const Leaf piece = integer_leaf(size * 8);
    const Value part = b_.trunc(piece.type, b_.lshr(v, number(l, u64{done} * 8)));
    b_.store(moved(address, static_cast<i64>(offset + done)), part, 0, ir::MemFlags::make(1, is_volatile));
    done += size;
  }
}

}  // namespace jitkit::importer
