// FunctionImporter: blocks in order, and the dispatch over instructions.
#include <algorithm>

#include "function.hpp"

namespace jitkit::importer {

void FunctionImporter::refuse(LLVMValueRef i) const {
  throw Refused{"@" + std::string(LLVMGetValueName(from_)) + ": " + text_of(i)};
}

void FunctionImporter::run() {
  find_order();
  make_blocks();
  receive_parameters();
  for (const LLVMBasicBlockRef b : order_) {
    const ir::Block to = target(b);
    const std::vector<LLVMBasicBlockRef>& from = predecessors_[b];
    if (b != order_[0] && from.size() == 1)
      b_.at(to, target(from[0]));
    else
      b_.at(to);
    block(b);
  }
}

// Reverse postorder of what can be reached, and the predecessors of each block there.
void FunctionImporter::find_order() {
  struct Visit {
    LLVMBasicBlockRef block;
    unsigned next;
  };
  std::unordered_map<LLVMBasicBlockRef, bool> seen;
  std::vector<Visit> stack{{LLVMGetEntryBasicBlock(from_), 0}};
  seen[stack[0].block] = true;
  while (!stack.empty()) {
    Visit& v = stack.back();
    const LLVMValueRef end = LLVMGetBasicBlockTerminator(v.block);
    if (v.next == LLVMGetNumSuccessors(end)) {
      order_.push_back(v.block);
      stack.pop_back();
      continue;
    }
    const LLVMBasicBlockRef to = LLVMGetSuccessor(end, v.next++);
    predecessors_[to].push_back(v.block);
    if (!seen[to]) {
      seen[to] = true;
      stack.push_back({to, 0});
    }
  }
  std::reverse(order_.begin(), order_.end());
}

void FunctionImporter::make_blocks() {
  for (const LLVMBasicBlockRef b : order_) {
    if (b == order_[0]) {
      blocks_[b] = b_.entry();
      continue;
    }
    const ir::Block made = blocks_[b] = b_.new_block();
    for (LLVMValueRef i = LLVMGetFirstInstruction(b); i != nullptr && LLVMIsAPHINode(i) != nullptr;
         i = LLVMGetNextInstruction(i)) {
      Leaves& phi = values_[i];
      for (const Leaf& l : layout_.leaves(LLVMTypeOf(i))) phi.push_back(b_.add_param(made, l.type));
    }
  }
}

void FunctionImporter::receive_parameters() {
  const ir::Block entry = target(order_[0]);
  u32 next = 0;
  for (LLVMValueRef p = LLVMGetFirstParam(from_); p != nullptr; p = LLVMGetNextParam(p)) {
    Leaves& made = values_[p];
    for (const Leaf& l : layout_.leaves(LLVMTypeOf(p))) made.push_back(fit(b_.param(entry, next++), l));
  }
}

void FunctionImporter::block(LLVMBasicBlockRef b) {
  for (LLVMValueRef i = LLVMGetFirstInstruction(b); i != nullptr; i = LLVMGetNextInstruction(i)) {
    if (LLVMIsAPHINode(i) != nullptr) continue;
    b_.position(LLVMGetDebugLocLine(i));
    try {
      instruction(i);
    } catch (const Refused& r) {
      const std::string where = "@" + std::string(LLVMGetValueName(from_)) + ": ";
      if (r.what.rfind(where, 0) == 0) throw;
      throw Refused{where + text_of(i) + ": " + r.what};
    }
  }
}

void FunctionImporter::define(LLVMValueRef i, Leaves leaves) {
  if (leaves.size() != layout_.leaves(LLVMTypeOf(i)).size()) refuse(i);
  values_[i] = std::move(leaves);
}

void FunctionImporter::instruction(LLVMValueRef i) {
  switch (LLVMGetInstructionOpcode(i)) {
    case LLVMCall: return call(i);
    case LLVMExtractValue:
    case LLVMInsertValue: return aggregate(i);
    case LLVMFreeze: return define(i, leaves(LLVMGetOperand(i, 0)));  // undef is zero here, always the same
    case LLVMSelect: return select(i);
    default: break;
  }
  if (LLVMIsATerminatorInst(i) != nullptr) return terminator(i);
  if (!arithmetic(i) && !conversion(i) && !memory(i) && !atomic(i) && !vector(i)) refuse(i);
}

// Which leaves of the aggregate operand the instruction is about: the first, and how many.
std::pair<usize, usize> FunctionImporter::member(LLVMValueRef i) const {
  LLVMTypeRef t = LLVMTypeOf(LLVMGetOperand(i, 0));
  const unsigned* indices = LLVMGetIndices(i);
  usize first = 0;
  for (unsigned n = 0; n < LLVMGetNumIndices(i); ++n) {
    const bool is_struct = LLVMGetTypeKind(t) == LLVMStructTypeKind;
    const auto type_at = [&](unsigned k) { return is_struct ? LLVMStructGetTypeAtIndex(t, k) : LLVMGetElementType(t); };
    for (unsigned k = 0; k < indices[n]; ++k) first += layout_.leaves(type_at(k)).size();
    t = type_at(indices[n]);
  }
  return {first, layout_.leaves(t).size()};
}

void FunctionImporter::aggregate(LLVMValueRef i) {
  Leaves all = leaves(LLVMGetOperand(i, 0));
  const auto [first, count] = member(i);
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  if (LLVMGetInstructionOpcode(i) == LLVMExtractValue)
    return define(i, Leaves(begin, begin + static_cast<std::ptrdiff_t>(count)));
  const Leaves part = leaves(LLVMGetOperand(i, 1));
  std::copy(part.begin(), part.end(), begin);
  define(i, all);
}

}  // namespace jitkit::importer
