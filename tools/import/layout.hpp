// How an LLVM type is held: as a list of leaves, each one value of jitkit's IR.
//
// An integer of a width that jitkit lacks stands in the next larger type, zero-extended: an i24 is an i32
// below 2^24. A vector of 64 or 128 bits is one leaf; any other vector, an array and a struct are the
// leaves of their elements. So an aggregate is nothing but the list of its parts.
//
// Invariant: leaves() of a type stays where it is while the Layout lives.
#ifndef JITKIT_TOOLS_IMPORT_LAYOUT_HPP
#define JITKIT_TOOLS_IMPORT_LAYOUT_HPP

#include <jitkit/ir/type.hpp>
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include <string>
#include <unordered_map>
#include <vector>

namespace jitkit::importer {

// What the importer does not know; `what` names it. Caught in main.
struct Refused {
  std::string what;
};

struct Leaf {
  ir::Type type = ir::Type::none;
  unsigned bits = 0;  // of an integer: its width in LLVM
  u64 offset = 0;     // bytes from the start of the aggregate

  bool is_integer() const { return bits != 0; }
  // Whether the bits of `type` above `bits` must be kept clear.
  bool is_odd() const { return bits != 0 && bits != ir::bits(type); }
};

// A vector type: one value if `packed`, else a list of elements.
struct VectorShape {
  bool packed = false;
  ir::Type type = ir::Type::none;  // packed: v64 or v128
  ir::Lane lane = ir::Lane::i8;
  unsigned count = 0;
  LLVMTypeRef element = nullptr;
  Leaf scalar;  // of an element
};

class Layout {
 public:
  explicit Layout(LLVMTargetDataRef data) : data_(data) {}

  const std::vector<Leaf>& leaves(LLVMTypeRef t);
  // Of a type that is one leaf; anything else is refused.
  const Leaf& leaf(LLVMTypeRef t);
  VectorShape vector(LLVMTypeRef t);

  u64 size(LLVMTypeRef t) const { return LLVMABISizeOfType(data_, t); }  // distance of array elements
  u64 stored_size(LLVMTypeRef t) const { return LLVMStoreSizeOfType(data_, t); }
  u32 alignment(LLVMTypeRef t) const { return LLVMABIAlignmentOfType(data_, t); }
  u64 field_offset(LLVMTypeRef t, unsigned n) const { return LLVMOffsetOfElement(data_, t, n); }

 private:
  void append(LLVMTypeRef t, u64 offset, std::vector<Leaf>& out);

  LLVMTargetDataRef data_;
  std::unordered_map<LLVMTypeRef, std::vector<Leaf>> known_;
};

// The text of a type, a value or an instruction, on one line.
std::string text_of(LLVMTypeRef t);
std::string text_of(LLVMValueRef v);
// The smallest integer type with that many bits.
ir::Type integer_type(unsigned bits);

inline bool is_vector(LLVMTypeRef t) { return LLVMGetTypeKind(t) == LLVMVectorTypeKind; }

}  // namespace jitkit::importer

#endif  // JITKIT_TOOLS_IMPORT_LAYOUT_HPP
