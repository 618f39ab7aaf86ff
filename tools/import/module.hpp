// ModuleImporter: the symbols of an LLVM module, its globals with their initial bytes, its functions one
// after the other (function.hpp).
//
// Invariant: a declaration is made when something refers to it, so what clang declares and nothing uses
// leaves no trace.
#ifndef JITKIT_TOOLS_IMPORT_MODULE_HPP
#define JITKIT_TOOLS_IMPORT_MODULE_HPP

#include <jitkit/ir/unit.hpp>

#include <map>

#include "layout.hpp"

namespace jitkit::importer {

// A constant as a linker sees it: a number, or the address of a symbol and a distance.
struct Address {
  ir::SymbolRef symbol;  // none: only the number
  i64 addend = 0;
};
// The bits of an integer constant.
struct Wide {
  u64 lo = 0;
  u64 hi = 0;
};

class ModuleImporter {
 public:
  ModuleImporter(LLVMModuleRef from, ir::Unit& to);

  // Throws Refused.
  void run();

  ir::Module& module() { return to_.module; }
  Layout& layout() { return layout_; }
  bool is_arm64() const { return is_arm64_; }

  // The symbol of a function or global variable.
  ir::SymbolRef symbol(LLVMValueRef global);
  // A function of the C library or of libgcc.
  ir::SymbolRef library(const char* name, std::initializer_list<ir::Type> params,
                        std::initializer_list<ir::Type> results);
  // The signature of a function or of a call.
  ir::SigRef signature(LLVMTypeRef type, LLVMValueRef of);
  ir::SigRef signature(const std::vector<ir::Param>& params, const std::vector<ir::Param>& results, bool variadic,
                       unsigned fixed);
  std::vector<ir::Param> parameters(LLVMTypeRef type, LLVMValueRef of);
  std::vector<ir::Param> results(LLVMTypeRef type, LLVMValueRef of);

  // Constants, globals.cpp.
  Wide integer(LLVMValueRef c);
  Wide floating(LLVMValueRef c);
  Address address(LLVMValueRef c);  // of any constant that is a number or an address
  i64 block_number(LLVMBasicBlockRef b);

 private:
  struct Image {  // of a global being made
    std::vector<u8> bytes;
    std::vector<ir::DataReloc> relocs;
  };

  void check_features();
  void add_param(LLVMTypeRef type, LLVMValueRef of, unsigned index, std::vector<ir::Param>& out);
  ir::SymbolRef declare(LLVMValueRef global);
  ir::SymbolRef add(LLVMValueRef global, ir::SymbolInfo info);
  void define(LLVMValueRef variable);
  void fill(LLVMValueRef constant, u64 offset, Image& image);
  void fill_packed(LLVMValueRef constant, u64 offset, Image& image);
  Address expression(LLVMValueRef c);
  Address element(LLVMValueRef gep);

  LLVMModuleRef from_;
  ir::Unit& to_;
  Layout layout_;
  bool is_arm64_;
  std::unordered_map<LLVMValueRef, ir::SymbolRef> symbols_;
  std::map<std::string, ir::SymbolRef> names_;
  std::map<std::string, ir::SigRef> signatures_;
  std::unordered_map<LLVMBasicBlockRef, i64> block_numbers_;
};

}  // namespace jitkit::importer

#endif  // JITKIT_TOOLS_IMPORT_MODULE_HPP
