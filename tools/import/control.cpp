// FunctionImporter: terminators. The values of phis go along the edges.
#include <algorithm>

#include "function.hpp"

namespace jitkit::importer {

Leaves FunctionImporter::edge(LLVMBasicBlockRef from, LLVMBasicBlockRef to) {
  Leaves all;
  for (LLVMValueRef i = LLVMGetFirstInstruction(to); i != nullptr && LLVMIsAPHINode(i) != nullptr;
       i = LLVMGetNextInstruction(i)) {
    unsigned n = 0;
    while (n < LLVMCountIncoming(i) && LLVMGetIncomingBlock(i, n) != from) ++n;
    if (n == LLVMCountIncoming(i)) refuse(i);
    for (const Value v : leaves(LLVMGetIncomingValue(i, n))) all.push_back(v);
  }
  return all;
}

void FunctionImporter::terminator(LLVMValueRef i) {
  const LLVMBasicBlockRef here = LLVMGetInstructionParent(i);
  switch (LLVMGetInstructionOpcode(i)) {
    case LLVMRet: {
      const Leaves all = LLVMGetNumOperands(i) == 0 ? Leaves() : leaves(LLVMGetOperand(i, 0));
      b_.ret(std::span<const Value>(all));
      return;
    }
    case LLVMBr: {
      if (LLVMIsConditional(i) != 0) return conditional(i);
      const Leaves args = edge(here, LLVMGetSuccessor(i, 0));
      b_.br({target(LLVMGetSuccessor(i, 0)), std::span<const Value>(args)});
      return;
    }
    case LLVMSwitch: return switch_(i);
    case LLVMIndirectBr: return indirect(i);
    case LLVMUnreachable: b_.unreachable(); return;
    default: refuse(i);
  }
}

void FunctionImporter::conditional(LLVMValueRef i) {
  const LLVMBasicBlockRef here = LLVMGetInstructionParent(i);
  const LLVMBasicBlockRef yes = LLVMGetSuccessor(i, 0), no = LLVMGetSuccessor(i, 1);
  const Value c = value(LLVMGetCondition(i));
  const Leaves with_yes = edge(here, yes), with_no = edge(here, no);
  b_.brif(c, {target(yes), std::span<const Value>(with_yes)}, {target(no), std::span<const Value>(with_no)});
}

void FunctionImporter::switch_(LLVMValueRef i) {
  const LLVMBasicBlockRef here = LLVMGetInstructionParent(i);
  const Leaf& l = layout_.leaf(LLVMTypeOf(LLVMGetOperand(i, 0)));
  if (l.type == Type::i128) return wide_switch(i);
  Value x = operand(i, 0);
  if (ir::bits(l.type) < 32) x = b_.zext(Type::i32, x);
  const unsigned count = LLVMGetNumSuccessors(i);
  std::vector<Leaves> args;
  for (unsigned n = 0; n < count; ++n) args.push_back(edge(here, LLVMGetSuccessor(i, n)));
  const auto to = [&](unsigned n) { return ir::To(target(LLVMGetSuccessor(i, n)), std::span<const Value>(args[n])); };
  std::vector<ir::Case> cases;
  for (unsigned n = 1; n < count; ++n)
    cases.push_back({static_cast<i64>(LLVMConstIntGetZExtValue(LLVMGetOperand(i, 2 * n))), to(n)});
  b_.switch_(x, std::span<const ir::Case>(cases), to(0));
}

// One comparison after the other.
void FunctionImporter::wide_switch(LLVMValueRef i) {
  const LLVMBasicBlockRef here = LLVMGetInstructionParent(i);
  const Value x = operand(i, 0);
  for (unsigned n = 1; n < LLVMGetNumSuccessors(i); ++n) {
    const LLVMBasicBlockRef to = LLVMGetSuccessor(i, n);
    const Leaves args = edge(here, to);
    const ir::Block next = b_.new_block();
    b_.brif(b_.icmp(ir::ICond::eq, x, operand(i, 2 * n)), {target(to), std::span<const Value>(args)}, {next});
    b_.at(next);
  }
  const Leaves args = edge(here, LLVMGetSwitchDefaultDest(i));
  b_.br({target(LLVMGetSwitchDefaultDest(i)), std::span<const Value>(args)});
}

// An address of a label is its number in the function.
void FunctionImporter::indirect(LLVMValueRef i) {
  const LLVMBasicBlockRef here = LLVMGetInstructionParent(i);
  const Value x = b_.bitcast(Type::i64, operand(i, 0));
  const unsigned count = LLVMGetNumSuccessors(i);
  std::vector<Leaves> args;
  std::vector<LLVMBasicBlockRef> to;
  for (unsigned n = 0; n < count; ++n) {
    const LLVMBasicBlockRef b = LLVMGetSuccessor(i, n);
    if (std::find(to.begin(), to.end(), b) != to.end()) continue;
    to.push_back(b);
    args.push_back(edge(here, b));
  }
  std::vector<ir::Case> cases;
  for (usize n = 0; n < to.size(); ++n)
    cases.push_back({m_.block_number(to[n]), ir::To(target(to[n]), std::span<const Value>(args[n]))});
  const ir::Block never = b_.new_block();
  b_.switch_(x, std::span<const ir::Case>(cases), {never});
  b_.at(never);
  b_.unreachable();
}

}  // namespace jitkit::importer
