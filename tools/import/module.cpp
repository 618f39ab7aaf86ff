// ModuleImporter: symbols and signatures.
#include "module.hpp"

#include <cstring>

#include "function.hpp"

namespace jitkit::importer {

namespace {

unsigned attribute_kind(const char* name) { return LLVMGetEnumAttributeKindForName(name, std::strlen(name)); }

// An attribute of a parameter (index 1 ...) or of the result (0), of a function or of a call.
LLVMAttributeRef attribute(LLVMValueRef of, unsigned index, const char* name) {
  if (of == nullptr) return nullptr;
  const unsigned kind = attribute_kind(name);
  return LLVMIsAFunction(of) != nullptr ? LLVMGetEnumAttributeAtIndex(of, index, kind)
                                        : LLVMGetCallSiteEnumAttribute(of, index, kind);
}

std::string name_of(LLVMValueRef v) {
  usize length = 0;
  const char* text = LLVMGetValueName2(v, &length);
  std::string name(text, length);
  if (!name.empty() && name[0] == '\1') name.erase(0, 1);  // a name the assembler must not change
  return name;
}

// What the optimiser must keep: nothing here goes away.
bool is_list_of_used(LLVMValueRef g) { return name_of(g) == "llvm.used" || name_of(g) == "llvm.compiler.used"; }

}  // namespace

ModuleImporter::ModuleImporter(LLVMModuleRef from, ir::Unit& to)
    : from_(from),
      to_(to),
      layout_(LLVMGetModuleDataLayout(from)),
      is_arm64_(std::strncmp(LLVMGetTarget(from), "aarch64", 7) == 0) {}

void ModuleImporter::run() {
  check_features();
  for (LLVMValueRef f = LLVMGetFirstFunction(from_); f != nullptr; f = LLVMGetNextFunction(f))
    if (LLVMIsDeclaration(f) == 0) symbol(f);
  const auto each_global = [&](auto visit) {
    for (LLVMValueRef g = LLVMGetFirstGlobal(from_); g != nullptr; g = LLVMGetNextGlobal(g))
      if (LLVMIsDeclaration(g) == 0 && !is_list_of_used(g)) visit(g);
  };
  each_global([&](LLVMValueRef g) { symbol(g); });
  each_global([&](LLVMValueRef g) { define(g); });
  for (LLVMValueRef f = LLVMGetFirstFunction(from_); f != nullptr; f = LLVMGetNextFunction(f)) {
    if (LLVMIsDeclaration(f) != 0) continue;
    ir::FunctionData* made = to_.add_function(symbol(f));
    if (made == nullptr) throw Refused{"out of memory"};
    FunctionImporter(*this, f, *made).run();
  }
}

void ModuleImporter::check_features() {
  usize length = 0;
  if (*LLVMGetModuleInlineAsm(from_, &length) != '\0') throw Refused{"assembler text outside functions"};
  if (LLVMGetFirstGlobalIFunc(from_) != nullptr) throw Refused{"an ifunc"};
}

ir::SymbolRef ModuleImporter::add(LLVMValueRef global, ir::SymbolInfo info) {
  const std::string name = name_of(global);
  if (name.empty()) throw Refused{"a symbol without a name"};
  const ir::SymbolRef made = module().add_symbol(name, info);
  symbols_[global] = names_[name] = made;
  return made;
}

ir::SymbolRef ModuleImporter::symbol(LLVMValueRef global) {
  const auto found = symbols_.find(global);
  return found != symbols_.end() ? found->second : declare(global);
}

ir::SymbolRef ModuleImporter::declare(LLVMValueRef global) {
  const std::string name = name_of(global);
  if (LLVMIsAGlobalAlias(global) != nullptr || LLVMIsAGlobalIFunc(global) != nullptr)
    throw Refused{"the alias @" + name};
  if (LLVMIsThreadLocal(global) != 0) throw Refused{"the thread-local variable @" + name};
  if (const char* section = LLVMGetSection(global);
      section != nullptr && *section != '\0' && name.rfind("llvm.", 0) != 0)
    throw Refused{"the section of @" + name};
  ir::SymbolInfo info;
  switch (LLVMGetLinkage(global)) {
    case LLVMInternalLinkage:
    case LLVMPrivateLinkage: info.linkage = ir::Linkage::internal; break;
    case LLVMExternalWeakLinkage: throw Refused{"the weak reference @" + name};
    default:
      info.linkage = LLVMIsDeclaration(global) != 0 ? ir::Linkage::external : ir::Linkage::exported;
  }
  const LLVMTypeRef type = LLVMGlobalGetValueType(global);
  if (LLVMIsAFunction(global) != nullptr) {
    if (LLVMGetFunctionCallConv(global) != LLVMCCallConv && LLVMGetFunctionCallConv(global) != LLVMFastCallConv)
      throw Refused{"the calling convention of @" + name};
    info.signature = signature(type, global);
    const auto known = names_.find(name);  // as a library function
    if (known != names_.end()) return symbols_[global] = known->second;
    return add(global, info);
  }
  info.kind = LLVMIsGlobalConstant(global) != 0 ? ir::SymbolKind::rodata : ir::SymbolKind::data;
  const unsigned align = LLVMGetAlignment(global);
  info.align_log2 = static_cast<u8>(log2_floor(align != 0 ? align : layout_.alignment(type)));
  info.size = layout_.size(type);
  return add(global, info);
}

ir::SymbolRef ModuleImporter::library(const char* name, std::initializer_list<ir::Type> params,
                                      std::initializer_list<ir::Type> results) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second;
  return names_[name] = module().declare_function(name, module().add_signature(params, results));
}

// --- Signatures

void ModuleImporter::add_param(LLVMTypeRef type, LLVMValueRef of, unsigned index, std::vector<ir::Param>& out) {
  for (const char* name : {"inreg", "inalloca", "preallocated", "nest", "swiftself", "swifterror", "swiftasync"})
    if (attribute(of, index, name) != nullptr) throw Refused{std::string("the attribute ") + name};
  const usize first = out.size();
  for (const Leaf& l : layout_.leaves(type)) {
    ir::Param p;
    p.type = l.type;
    out.push_back(p);
  }
  if (out.size() == first) return;
  ir::Param& p = out[first];
  if (attribute(of, index, "zeroext") != nullptr) p.attr |= ir::ParamAttr::zext;
  if (attribute(of, index, "signext") != nullptr) p.attr |= ir::ParamAttr::sext;
  if (attribute(of, index, "sret") != nullptr) p.attr |= ir::ParamAttr::sret;
  if (const LLVMAttributeRef by = attribute(of, index, "byval"); by != nullptr) {
    const LLVMTypeRef copied = LLVMGetTypeAttributeValue(by);
    const LLVMAttributeRef align = attribute(of, index, "align");
    p.attr |= ir::ParamAttr::byval;
    p.size = static_cast<u32>(layout_.size(copied));
    p.align_log2 =
        static_cast<u8>(log2_floor(align != nullptr ? static_cast<u32>(LLVMGetEnumAttributeValue(align)) : 8));
  }
  // AArch64 passes arrays in consecutive registers or not at all.
  if (index == 0 || LLVMGetTypeKind(type) != LLVMArrayTypeKind) return;
  p.group = static_cast<u8>(out.size() - first);
  if (const LLVMAttributeRef align = attribute(of, index, "alignstack"); align != nullptr)
    p.align_log2 = static_cast<u8>(log2_floor(static_cast<u32>(LLVMGetEnumAttributeValue(align))));
  for (usize n = first + 1; n < out.size(); ++n) out[n].group = 0;
}

std::vector<ir::Param> ModuleImporter::parameters(LLVMTypeRef type, LLVMValueRef of) {
  std::vector<LLVMTypeRef> types(LLVMCountParamTypes(type));
  LLVMGetParamTypes(type, types.data());
  std::vector<ir::Param> list;
  for (unsigned n = 0; n < types.size(); ++n) add_param(types[n], of, n + 1, list);
  // The variable arguments of a call.
  if (of != nullptr && LLVMIsACallInst(of) != nullptr)
    for (unsigned n = static_cast<unsigned>(types.size()); n < LLVMGetNumArgOperands(of); ++n)
      add_param(LLVMTypeOf(LLVMGetOperand(of, n)), of, n + 1, list);
  return list;
}

std::vector<ir::Param> ModuleImporter::results(LLVMTypeRef type, LLVMValueRef of) {
  std::vector<ir::Param> list;
  add_param(LLVMGetReturnType(type), of, 0, list);
  if (list.size() > 8) throw Refused{"a result of the type " + text_of(LLVMGetReturnType(type))};
  return list;
}

ir::SigRef ModuleImporter::signature(const std::vector<ir::Param>& params, const std::vector<ir::Param>& results,
                                     bool variadic, unsigned fixed) {
  std::string key;
  for (const std::vector<ir::Param>* list : {&params, &results}) {
    for (const ir::Param& p : *list)
      for (const u32 part : {static_cast<u32>(p.type), u32{p.attr}, u32{p.group}, u32{p.align_log2}, p.size})
        key += std::to_string(part) + ",";
    key += ";";
  }
  key += variadic ? std::to_string(fixed) : "";
  const auto known = signatures_.find(key);
  if (known != signatures_.end()) return known->second;
  return signatures_[key] = module().add_signature({params.data(), params.size()}, {results.data(), results.size()},
                                                   ir::CallConv::c, variadic, static_cast<u16>(fixed));
}

ir::SigRef ModuleImporter::signature(LLVMTypeRef type, LLVMValueRef of) {
  const std::vector<ir::Param> params = parameters(type, of);
  const bool variadic = LLVMIsFunctionVarArg(type) != 0;
  usize fixed = params.size();
  if (variadic && of != nullptr && LLVMIsACallInst(of) != nullptr) {
    std::vector<LLVMTypeRef> types(LLVMCountParamTypes(type));
    LLVMGetParamTypes(type, types.data());
    fixed = 0;
    for (const LLVMTypeRef t : types) fixed += layout_.leaves(t).size();
  }
  return signature(params, results(type, of), variadic, static_cast<unsigned>(fixed));
}

}  // namespace jitkit::importer
