// FunctionImporter: one LLVM function to one of jitkit's.
//
// Blocks are visited in reverse postorder, so that a value is made before it is used; phis are block
// parameters. Every LLVM value is a list of leaves (layout.hpp). Integers of odd widths are kept
// zero-extended: what may set bits above is followed by fit(), what reads the sign is given wide_sign().
#ifndef JITKIT_TOOLS_IMPORT_FUNCTION_HPP
#define JITKIT_TOOLS_IMPORT_FUNCTION_HPP

#include <jitkit/ir/builder.hpp>

#include <optional>

#include "module.hpp"

namespace jitkit::importer {

using Leaves = std::vector<ir::Value>;

class FunctionImporter {
 public:
  FunctionImporter(ModuleImporter& m, LLVMValueRef from, ir::FunctionData& to)
      : m_(m), layout_(m.layout()), from_(from), b_(to) {}

  // Throws Refused.
  void run();

 private:
  using Value = ir::Value;
  using Type = ir::Type;
  // The scalar operation of one LLVM opcode, for each element of a vector.
  using Lanes = std::vector<Value>;

  // --- function.cpp: the frame and what stands in it
  void find_order();
  void make_blocks();
  void receive_parameters();
  void block(LLVMBasicBlockRef b);
  void instruction(LLVMValueRef i);
  void define(LLVMValueRef i, Leaves leaves);
  void define(LLVMValueRef i, Value v) { define(i, Leaves{v}); }
  void aggregate(LLVMValueRef i);
  std::pair<usize, usize> member(LLVMValueRef i) const;
  [[noreturn]] void refuse(LLVMValueRef i) const;

  // --- operands.cpp: values and constants
  Leaves leaves(LLVMValueRef v);
  Value value(LLVMValueRef v);  // of one leaf
  Value operand(LLVMValueRef i, unsigned n) { return value(LLVMGetOperand(i, n)); }
  Leaves constant(LLVMValueRef c);
  Value computed(LLVMValueRef c);  // a constant expression as instructions; none if it is an address
  Value packed_constant(LLVMValueRef c, const VectorShape& s);
  Value zero(const Leaf& l) { return b_.constant(l.type, 0); }
  Value number(const Leaf& l, u64 v) { return b_.constant(l.type, v); }
  // v - 1 is all bits of l's width.
  Value mask_of(const Leaf& l);
  Value fit(Value v, const Leaf& l);
  Value wide_sign(Value v, const Leaf& l);
  // An integer of another width.
  Value resized(Value v, const Leaf& from, const Leaf& to, bool is_signed);
  Leaf integer_leaf(unsigned bits) const { return {integer_type(bits), bits, 0}; }

  // --- control.cpp
  void terminator(LLVMValueRef i);
  Leaves edge(LLVMBasicBlockRef from, LLVMBasicBlockRef to);
  ir::Block target(LLVMBasicBlockRef b) { return blocks_.at(b); }
  void conditional(LLVMValueRef i);
  void switch_(LLVMValueRef i);
  void wide_switch(LLVMValueRef i);
  void indirect(LLVMValueRef i);

  // --- arithmetic.cpp
  bool arithmetic(LLVMValueRef i);
  Value binary(LLVMValueRef i, LLVMOpcode op, Value x, Value y, const Leaf& l);
  Value bit_binary(LLVMOpcode op, Value x, Value y);
  Value divide(LLVMOpcode op, Value x, Value y, const Leaf& l);
  Value remainder(Value x, Value y);
  Value compare(LLVMIntPredicate p, Value x, Value y, const Leaf& l);
  Value compare(LLVMRealPredicate p, Value x, Value y);
  void select(LLVMValueRef i);

  // f of floats; those of half precision are computed in single precision, which rounds the same.
  template <class F>
  Value in_single(Lanes x, F f);

  // --- conversions.cpp
  bool conversion(LLVMValueRef i);
  Value convert(LLVMOpcode op, Value x, const Leaf& from, const Leaf& to);
  Value to_float(Value x, const Leaf& from, Type to, bool is_signed);
  Value to_integer(Value x, const Leaf& to, bool is_signed, bool saturates);
  Leaves reinterpret(const Leaves& x, LLVMTypeRef from, LLVMTypeRef to);
  Value gathered(const Leaves& x, LLVMTypeRef type, unsigned bits);
  Leaves scattered(Value x, LLVMTypeRef type);

  // --- vectors.cpp
  Lanes split(const Leaves& v, LLVMTypeRef type);
  Leaves join(const Lanes& lanes, LLVMTypeRef type);
  Lanes lanes_of(LLVMValueRef v) { return split(leaves(v), LLVMTypeOf(v)); }
  std::optional<Value> vector_binary(LLVMOpcode op, Value x, Value y, const VectorShape& s);
  // f on each element, or on the one value of a type that is no vector.
  template <class F>
  void each(LLVMValueRef i, F f);
  bool vector(LLVMValueRef i);
  void shuffle(LLVMValueRef i);
  void element(LLVMValueRef i, bool insert);
  bool reduction(LLVMValueRef call, const std::string& name);

  // --- memory.cpp
  bool memory(LLVMValueRef i);
  void allocate(LLVMValueRef i);
  void offset_pointer(LLVMValueRef i);
  Value moved(Value address, i64 bytes);
  Leaves load(LLVMTypeRef type, Value address, u32 align, bool is_volatile);
  void store(LLVMTypeRef type, const Leaves& v, Value address, u32 align, bool is_volatile);
  Value load_leaf(const Leaf& l, Value address, u64 offset, u32 align, bool is_volatile);
  void store_leaf(const Leaf& l, Value v, Value address, u64 offset, u32 align, bool is_volatile);
  Value load_odd(const Leaf& l, Value address, u64 offset, bool is_volatile);
  void store_odd(const Leaf& l, Value v, Value address, u64 offset, bool is_volatile);

  // --- atomics.cpp
  bool atomic(LLVMValueRef i);
  void read_modify_write(LLVMValueRef i);
  void compare_exchange(LLVMValueRef i);
  Value loop_update(LLVMValueRef i, Value address, Value operand, const Leaf& l, ir::Order order);
  Value as_atomic(Value v);
  Value from_atomic(Value v, Type t) { return b_.bitcast(t, v); }

  // --- calls.cpp
  void call(LLVMValueRef i);
  bool assembler(LLVMValueRef i);
  Leaves results_of(ir::Inst call, const std::vector<Leaf>& types);
  Leaves library(const char* name, std::initializer_list<Type> params, std::initializer_list<Type> results,
                 std::initializer_list<Value> args);
  Value library1(const char* name, std::initializer_list<Type> params, Type result, std::initializer_list<Value> args) {
    return library(name, params, {result}, args)[0];
  }

  // --- intrinsics.cpp, intrinsics_integer.cpp, intrinsics_float.cpp. False: not one of these.
  void intrinsic(LLVMValueRef i, const std::string& name);
  bool plain_intrinsic(LLVMValueRef i, const std::string& name);
  bool memory_intrinsic(LLVMValueRef i, const std::string& name);
  bool integer_intrinsic(LLVMValueRef i, const std::string& name);
  bool overflow_intrinsic(LLVMValueRef i, const std::string& name);
  bool float_intrinsic(LLVMValueRef i, const std::string& name);
  Value is_class(Value x, u64 classes);
  Value count_bits(const std::string& name, Value x, const Leaf& l);
  Value reverse(const std::string& name, Value x, const Leaf& l);
  Value funnel(bool left, Value x, Value y, Value n, const Leaf& l);
  ir::WithFlag overflowing(const std::string& name, Value x, Value y, const Leaf& l);
  ir::WithFlag overflowing_wide(const std::string& op, bool is_signed, Value x, Value y);
  ir::WithFlag multiply_wide(Value x, Value y);
  Value saturating(const std::string& name, Value x, Value y, const Leaf& l);
  Value extreme(const std::string& name, Value x, Value y, const Leaf& l);

  ModuleImporter& m_;
  Layout& layout_;
  LLVMValueRef from_;
  ir::Builder b_;
  std::vector<LLVMBasicBlockRef> order_;
  std::unordered_map<LLVMBasicBlockRef, ir::Block> blocks_;
  std::unordered_map<LLVMBasicBlockRef, std::vector<LLVMBasicBlockRef>> predecessors_;
  std::unordered_map<LLVMValueRef, Leaves> values_;
};

template <class F>
ir::Value FunctionImporter::in_single(Lanes x, F f) {
  if (b_.function().type(x[0]) != Type::f16) return f(x);
  for (Value& v : x)
    if (b_.function().type(v) == Type::f16) v = b_.fpext(Type::f32, v);
  return b_.fptrunc(Type::f16, f(x));
}

template <class F>
void FunctionImporter::each(LLVMValueRef i, F f) {
  const LLVMTypeRef type = LLVMTypeOf(i);
  const unsigned operands = static_cast<unsigned>(
      LLVMIsACallInst(i) != nullptr ? LLVMGetNumArgOperands(i) : static_cast<unsigned>(LLVMGetNumOperands(i)));
  std::vector<Lanes> from;
  const bool whole = !is_vector(type);
  unsigned count = 1;
  for (unsigned n = 0; n < operands; ++n) {
    const LLVMValueRef v = LLVMGetOperand(i, n);
    if (whole) {
      from.push_back(leaves(v));
    } else if (is_vector(LLVMTypeOf(v))) {
      from.push_back(lanes_of(v));
      count = static_cast<unsigned>(from.back().size());
    } else {  // one operand for all lanes
      from.emplace_back(LLVMGetVectorSize(type), value(v));
    }
  }
  Lanes made;
  for (unsigned k = 0; k < count; ++k) {
    Lanes operands_of_lane;
    for (const Lanes& l : from) operands_of_lane.push_back(l[k]);
    made.push_back(f(operands_of_lane));
  }
  define(i, whole ? made : join(made, type));
}

}  // namespace jitkit::importer

#endif  // JITKIT_TOOLS_IMPORT_FUNCTION_HPP
