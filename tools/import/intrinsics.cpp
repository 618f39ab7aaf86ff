// FunctionImporter: intrinsics without arithmetic. Those of integers and floats have files of their own.
#include "function.hpp"

namespace jitkit::importer {

namespace {

bool starts(const std::string& s, const char* with) { return s.rfind(with, 0) == 0; }

// What says something to LLVM's passes and nothing to the machine.
bool is_note(const std::string& name) {
  for (const char* n : {"llvm.lifetime.", "llvm.dbg.", "llvm.assume", "llvm.donothing",
                        "llvm.experimental.noalias.scope.decl", "llvm.invariant.end", "llvm.prefetch", "llvm.va_end",
                        "llvm.sideeffect", "llvm.pseudoprobe", "llvm.var.annotation"})
    if (starts(name, n)) return true;
  return false;
}
// Whose result is their first argument.
bool is_first_argument(const std::string& name) {
  for (const char* n : {"llvm.expect.", "llvm.launder.invariant.group", "llvm.strip.invariant.group", "llvm.ssa.copy",
                        "llvm.annotation.", "llvm.ptr.annotation."})
    if (starts(name, n)) return true;
  return false;
}

}  // namespace

void FunctionImporter::intrinsic(LLVMValueRef i, const std::string& name) {
  if (plain_intrinsic(i, name) || memory_intrinsic(i, name) || overflow_intrinsic(i, name) ||
      integer_intrinsic(i, name) || float_intrinsic(i, name) || reduction(i, name))
    return;
  refuse(i);
}

bool FunctionImporter::plain_intrinsic(LLVMValueRef i, const std::string& name) {
  if (is_note(name)) return true;
  if (is_first_argument(name)) {
    define(i, leaves(LLVMGetOperand(i, 0)));
    return true;
  }
  if (name == "llvm.trap" || name == "llvm.debugtrap" || starts(name, "llvm.ubsantrap")) {
    b_.trap();
    b_.at(b_.new_block());  // what follows is never reached
    return true;
  }
  // Stack of a variable size is given back at return and not before.
  if (starts(name, "llvm.stacksave")) {
    define(i, b_.ptr(0));
    return true;
  }
  if (starts(name, "llvm.stackrestore")) return true;
  if (starts(name, "llvm.invariant.start")) {
    define(i, b_.ptr(0));
    return true;
  }
  if (starts(name, "llvm.objectsize.")) {
    const bool least = LLVMConstIntGetZExtValue(LLVMGetOperand(i, 1)) != 0;
    define(i, number(layout_.leaf(LLVMTypeOf(i)), least ? 0 : ~u64{0}));
    return true;
  }
  if (starts(name, "llvm.is.constant.")) {
    define(i, b_.i1(LLVMIsConstant(LLVMGetOperand(i, 0)) != 0));
    return true;
  }
  return false;
}

bool FunctionImporter::memory_intrinsic(LLVMValueRef i, const std::string& name) {
  const auto length = [&] {
    const LLVMValueRef n = LLVMGetOperand(i, 2);
    return resized(value(n), layout_.leaf(LLVMTypeOf(n)), integer_leaf(64), false);
  };
  if (starts(name, "llvm.memcpy.")) {
    b_.memcopy(operand(i, 0), operand(i, 1), length());
  } else if (starts(name, "llvm.memmove.")) {
    b_.memmove(operand(i, 0), operand(i, 1), length());
  } else if (starts(name, "llvm.memset.")) {
    b_.memset(operand(i, 0), b_.zext(Type::i32, operand(i, 1)), length());
  } else if (starts(name, "llvm.va_start")) {
    b_.va_start_(operand(i, 0));
  } else if (starts(name, "llvm.va_copy")) {  // the size of a va_list
    b_.memcopy(operand(i, 0), operand(i, 1), b_.i64(m_.is_arm64() ? 32 : 24));
  } else if (starts(name, "llvm.ptrmask.")) {
    define(i, b_.bitcast(Type::ptr, b_.and_(b_.bitcast(Type::i64, operand(i, 0)), operand(i, 1))));
  } else {
    return false;
  }
  return true;
}

}  // namespace jitkit::importer
