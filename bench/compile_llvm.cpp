// The programs by LLVM at -O0 (FastISel, the fast register allocator): IR by IRBuilder, then an object
// in memory.
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

#include "case.hpp"
#include "programs.hpp"

namespace {

using namespace llvm;
using bench::Recipe;
using bench::Step;

class Cook {
 public:
  using Value = llvm::Value*;
  Cook(Module& m) : b_(m.getContext()) {
    Type* i64 = b_.getInt64Ty();
    f_ = Function::Create(FunctionType::get(i64, {b_.getPtrTy()}, false), Function::ExternalLinkage, "compiled", m);
    b_.SetInsertPoint(BasicBlock::Create(m.getContext(), "", f_));
    memory_ = f_->getArg(0);
  }
  Value load(int word) { return b_.CreateLoad(b_.getInt64Ty(), address(word)); }
  void store(int word, Value v) { b_.CreateStore(v, address(word)); }
  Value binary(Step s, Value a, Value b) {
    switch (s) {
      case Step::add: return b_.CreateAdd(a, b);
      case Step::sub: return b_.CreateSub(a, b);
      case Step::mul: return b_.CreateMul(a, b);
      case Step::and_: return b_.CreateAnd(a, b);
      case Step::or_: return b_.CreateOr(a, b);
      default: return b_.CreateXor(a, b);
    }
  }
  Value immediate(Step s, Value a, int imm) {
    Value n = b_.getInt64(imm);
    switch (s) {
      case Step::add_imm: return b_.CreateAdd(a, n);
      case Step::and_imm: return b_.CreateAnd(a, n);
      case Step::xor_imm: return b_.CreateXor(a, n);
      case Step::shl_imm: return b_.CreateShl(a, n);
      case Step::shr_imm: return b_.CreateLShr(a, n);
      default: return b_.CreateIntrinsic(b_.getInt64Ty(), Intrinsic::fshl, {a, a, n});
    }
  }
  Value select_less(Value a, Value b, Value otherwise) { return b_.CreateSelect(b_.CreateICmpSLT(a, b), a, otherwise); }
  Value diamond(Value a, Value b, Value d, int imm) {
    BasicBlock *yes = block(), *no = block(), *join = block();
    b_.CreateCondBr(b_.CreateICmpSLT(a, b), yes, no);
    b_.SetInsertPoint(yes);
    Value x = b_.CreateAdd(a, b_.getInt64(imm));
    b_.CreateBr(join);
    b_.SetInsertPoint(no);
    Value y = b_.CreateXor(b, d);
    b_.CreateBr(join);
    b_.SetInsertPoint(join);
    PHINode* result = b_.CreatePHI(b_.getInt64Ty(), 2);
    result->addIncoming(x, yes);
    result->addIncoming(y, no);
    return result;
  }
  void ret(Value v) { b_.CreateRet(v); }

 private:
  Value address(int word) { return b_.CreateConstInBoundsGEP1_64(b_.getInt64Ty(), memory_, word); }
  BasicBlock* block() { return BasicBlock::Create(b_.getContext(), "", f_); }
  IRBuilder<> b_;
  Function* f_;
  Value memory_;
};

TargetMachine* machine(const char* triple) {
  std::string error;
  const Target* target = TargetRegistry::lookupTarget(triple, error);
  bench::require(target != nullptr, "llvm: " + error);
  return target->createTargetMachine(triple, "", "", TargetOptions(), Reloc::PIC_, CodeModel::Small,
                                     CodeGenOptLevel::None);
}

void compile(TargetMachine& machine, const Recipe& recipe) {
  LLVMContext context;
  Module m("bench", context);
  m.setTargetTriple(machine.getTargetTriple().str());
  m.setDataLayout(machine.createDataLayout());
  Cook b(m);
  bench::cook(recipe, b);
  SmallVector<char, 0> object;
  raw_svector_ostream out(object);
  legacy::PassManager passes;
  bench::require(!machine.addPassesToEmitFile(passes, out, nullptr, CodeGenFileType::ObjectFile, true), "llvm: no object");
  passes.run(m);
  bench::require(!object.empty(), "llvm: empty object");
}

void add(const char* program, const char* target, const char* triple, const Recipe& recipe) {
  const std::shared_ptr<TargetMachine> made(machine(triple));
  bench::cases().push_back({std::string(program) + " " + target, "llvm -O0", "ops", double(recipe.ops),
                            [made, &recipe] { compile(*made, recipe); }, false});
}
void add_all() {
  InitializeAllTargetInfos();
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmPrinters();
  for (const auto& [target, triple] : {std::pair<const char*, const char*>{"x86_64", "x86_64-linux-gnu"},
                                       {"arm64", "aarch64-linux-gnu"}}) {
    add("line", target, triple, bench::big_line());
    add("blocks", target, triple, bench::thousand_blocks());
  }
}
const bench::Register registered(add_all);

}  // namespace
