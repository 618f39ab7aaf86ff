// FunctionImporter: calls. A call through a signature that is not the callee's own, as of a variadic
// function with aggregates among its variable arguments, goes through the callee's address.
#include "function.hpp"

namespace jitkit::importer {

Leaves FunctionImporter::results_of(ir::Inst call, const std::vector<Leaf>& types) {
  Leaves all;
  for (u32 n = 0; n < types.size(); ++n) all.push_back(fit(b_.result(call, n), types[n]));
  return all;
}

Leaves FunctionImporter::library(const char* name, std::initializer_list<Type> params,
                                 std::initializer_list<Type> results, std::initializer_list<Value> args) {
  const ir::Inst call = b_.call(m_.library(name, params, results), args);
  Leaves all;
  for (u32 n = 0; n < results.size(); ++n) all.push_back(b_.result(call, n));
  return all;
}

// Text that says nothing to the machine: asm volatile("" ::: "memory"), asm("" : "+r"(x)).
bool FunctionImporter::assembler(LLVMValueRef i) {
  const LLVMValueRef callee = LLVMGetCalledValue(i);
  if (LLVMIsAInlineAsm(callee) == nullptr) return false;
  usize length = 0;
  LLVMGetInlineAsmAsmString(callee, &length);
  if (length != 0) refuse(i);
  const std::string constraints(LLVMGetInlineAsmConstraintString(callee, &length));
  const std::vector<Leaf>& results = layout_.leaves(LLVMTypeOf(i));
  if (results.empty()) return true;
  // Outputs come first; an input named by the number of an output is that output.
  Leaves made(results.size());
  unsigned output = 0, argument = 0;
  for (usize at = 0; at < constraints.size();) {
    usize end = constraints.find(',', at);
    if (end == std::string::npos) end = constraints.size();
    const std::string c = constraints.substr(at, end - at);
    at = end + 1;
    if (c[0] == '~') continue;
    if (c[0] == '=') {
      if (c.find('*') != std::string::npos) ++argument; else ++output;
      continue;
    }
    if (c[0] >= '0' && c[0] <= '9') {
      const usize n = static_cast<usize>(c[0] - '0');
      if (n >= made.size()) refuse(i);
      made[n] = operand(i, argument);
    }
    ++argument;
  }
  for (const Value v : made)
    if (!v) refuse(i);
  define(i, made);
  return true;
}

void FunctionImporter::call(LLVMValueRef i) {
  if (assembler(i)) return;
  const LLVMValueRef callee = LLVMGetCalledValue(i);
  const LLVMTypeRef type = LLVMGetCalledFunctionType(i);
  const bool is_function = LLVMIsAFunction(callee) != nullptr;
  if (is_function) {
    const std::string name(LLVMGetValueName(callee));
    if (name.rfind("llvm.", 0) == 0) return intrinsic(i, name);
  }
  if (LLVMGetTailCallKind(i) == LLVMTailCallKindMustTail) throw Refused{"a call that must be a tail call"};
  if (LLVMGetNumOperandBundles(i) != 0) throw Refused{"an operand bundle"};
  std::vector<Value> args;
  for (unsigned n = 0; n < LLVMGetNumArgOperands(i); ++n)
    for (const Value v : leaves(LLVMGetOperand(i, n))) args.push_back(v);
  bool direct = is_function && LLVMGlobalGetValueType(callee) == type;
  if (direct && LLVMIsFunctionVarArg(type) != 0)
    for (unsigned n = LLVMCountParamTypes(type); n < LLVMGetNumArgOperands(i); ++n) {
      const std::vector<ir::Param> as = m_.parameters(type, i);
      for (const ir::Param& p : as) direct = direct && (p.attr & ir::ParamAttr::byval) == 0 && p.group == 1;
    }
  ir::Inst made;
  if (direct)
    made = b_.call(m_.symbol(callee), std::span<const Value>(args));
  else
    made = b_.call_indirect(m_.signature(type, i), value(callee), std::span<const Value>(args));
  define(i, results_of(made, layout_.leaves(LLVMTypeOf(i))));
}

}  // namespace jitkit::importer
