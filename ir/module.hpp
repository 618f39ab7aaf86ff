// A Module: what functions share and what the linker sees. Symbols (functions, globals, declarations)
// with their linkage, signatures, and the initial bytes and relocations of globals.
//
// Invariants: every symbol has one name, unique in the module; SymbolRef and SigRef are stable. The
// Module owns no functions: a Function (function.hpp) points at its Module and at its own symbol.
#ifndef JITKIT_IR_MODULE_HPP
#define JITKIT_IR_MODULE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/index.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/type.hpp>

#include <initializer_list>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

struct SymbolRefTag;
using SymbolRef = Index<SymbolRefTag>;
struct SigRefTag;
using SigRef = Index<SigRefTag>;

// Calling conventions. The targets describe the named ones as data (emit/<arch>/abi.hpp); custom(n) is
// the n-th convention the user registered with the compiler.
enum class CallConv : u8 {
  c,       // the target's C convention: System V or AAPCS64
  win64,   // Windows x64
  darwin,  // Apple AArch64
  custom0 = 16,
};

// How a parameter or result is passed, beyond its type.
struct ParamAttr {
  static constexpr u8 none = 0;
  static constexpr u8 zext = 1;   // the caller (callee for results) zero-extends to the register
  static constexpr u8 sext = 2;   // ... sign-extends
  static constexpr u8 sret = 4;   // the address where an aggregate result goes
  static constexpr u8 byval = 8;  // a ptr to an aggregate of `size` bytes copied to the stack
};

// A place fixed by a custom signature rather than by the convention's rules.
struct FixedPlace {
  enum class Kind : u8 { none, reg, slot };
  Kind kind = Kind::none;
  PReg reg;      // kind reg
  i32 slot = 0;  // kind slot: index of an incoming slot, in the frame's slot units, below `slots`
  static constexpr i32 slots = 1 << 20;
};

struct Param {
  Type type = Type::none;
  u8 attr = ParamAttr::none;
  // Number of values, this one included, that form one aggregate and are passed together or not at all
  // (a homogeneous float aggregate, a {i64, i64}); 1 for a value of its own, 0 for its later members.
  u8 group = 1;
  u8 align_log2 = 0;  // of a byval or grouped aggregate, log2 bytes
  u32 size = 0;       // of a byval aggregate, bytes
  FixedPlace place;
};

struct Signature {
  u32 first_param = 0;  // into the module's params
  u16 params = 0;
  u16 results = 0;  // follow the params
  CallConv conv = CallConv::c;
  bool variadic = false;
  u16 fixed_params = 0;  // of a variadic signature: parameters before the `...`
};

enum class SymbolKind : u8 { function, data, bss, rodata };
enum class Linkage : u8 { external, exported, internal };

struct SymbolInfo {
  u32 name = 0;  // into the module's text
  u32 name_length = 0;
  SymbolKind kind = SymbolKind::function;
  Linkage linkage = Linkage::external;  // external: declared here, defined elsewhere
  u8 align_log2 = 0;                    // log2 bytes
  SigRef signature;                     // functions
  u32 data = 0;                         // data, rodata: into the module's bytes
  u64 size = 0;                         // bytes of a global
  u32 first_reloc = 0;                  // into the module's relocs
  u32 relocs = 0;
  const void* address = nullptr;  // run-time address of an external symbol, if the user gave one
};

// A pointer inside a global's initial bytes: 8 bytes at `offset` hold symbol + addend.
struct DataReloc {
  u64 offset;
  SymbolRef symbol;
  i64 addend;
};

class Module {
 public:
  explicit Module(u64 memory_limit = ~u64{0}) : arena_(memory_limit) { clear(); }

  void clear() {
    arena_.reset();
    symbols_.attach(arena_);
    signatures_.attach(arena_);
    params_.attach(arena_);
    text_.attach(arena_);
    bytes_.attach(arena_);
    relocs_.attach(arena_);
    symbols_.push({});
    signatures_.push({});
    has_places_ = false;
  }
  Status status() const { return arena_.status(); }

  // The symbol of that name, or none.
  SymbolRef find(std::string_view name) const {
    for (u32 i = 1; i < symbols_.size(); ++i)
      if (symbol_name(SymbolRef(i)) == name) return SymbolRef(i);
    return {};
  }
  // A new symbol; the name must not exist yet and is copied. None when out of memory.
  SymbolRef add_symbol(std::string_view name, SymbolInfo info) {
    info.name = text_.size();
    info.name_length = static_cast<u32>(name.size());
    if (!text_.append({name.data(), name.size()}) || !symbols_.push(info)) return {};
    return SymbolRef(symbols_.size() - 1);
  }
  SymbolRef declare_function(std::string_view name, SigRef sig, const void* address = nullptr) {
    SymbolInfo s;
    s.signature = sig;
    s.address = address;
    return add_symbol(name, s);
  }
  // A global with initial bytes (copied; empty for bss).
  SymbolRef add_global(std::string_view name, SymbolKind kind, Linkage linkage,
                       Span<const u8> initial, u64 size, u8 align_log2,
                       Span<const DataReloc> relocs = {}) {
    SymbolInfo s;
    s.kind = kind;
    s.linkage = linkage;
    s.align_log2 = align_log2;
    s.size = size;
    const SymbolRef made = add_symbol(name, s);
    if (made) set_contents(made, initial, relocs);
    return made;
  }
  // Initial bytes (as many as the global has, or none for bss) and relocations of a global that was added
  // before, once: so globals may hold each other's addresses.
  void set_contents(SymbolRef global, Span<const u8> initial, Span<const DataReloc> relocs) {
    SymbolInfo& s = symbols_[global.id];
    s.data = bytes_.size();
    s.first_reloc = relocs_.size();
    s.relocs = static_cast<u32>(relocs.size());
    bytes_.append(initial);
    relocs_.append(relocs);
  }

  // None when out of memory, and for more than 65535 of either.
  SigRef add_signature(Span<const Param> params, Span<const Param> results,
                       CallConv conv = CallConv::c, bool variadic = false, u16 fixed_params = 0) {
    if (params.size() > 0xffff || results.size() > 0xffff) return {};
    Signature s;
    s.first_param = params_.size();
    s.params = static_cast<u16>(params.size());
    s.results = static_cast<u16>(results.size());
    s.conv = conv;
    s.variadic = variadic;
    s.fixed_params = variadic ? fixed_params : s.params;
    params_.append(params);
    params_.append(results);
    for (const Span<const Param> list : {params, results})
      for (const Param& p : list) has_places_ = has_places_ || p.place.kind != FixedPlace::Kind::none;
    if (!signatures_.push(s)) return {};
    return SigRef(signatures_.size() - 1);
  }
  // The same where parameters and results are plain values: at most 32 of either.
  SigRef add_signature(std::initializer_list<Type> params, std::initializer_list<Type> results,
                       CallConv conv = CallConv::c) {
    check(params.size() <= 32 && results.size() <= 32);
    Param plain[64];
    u32 n = 0;
    for (const Type t : params) plain[n++].type = t;
    for (const Type t : results) plain[n++].type = t;
    return add_signature({plain, params.size()}, {plain + params.size(), results.size()}, conv);
  }

  u32 symbol_count() const { return symbols_.size(); }
  SymbolInfo& symbol(SymbolRef s) { return symbols_[s.id]; }
  const SymbolInfo& symbol(SymbolRef s) const { return symbols_[s.id]; }
  std::string_view symbol_name(SymbolRef s) const {
    return {text_.data() + symbols_[s.id].name, symbols_[s.id].name_length};
  }
  Span<const u8> global_bytes(SymbolRef s) const {
    const SymbolInfo& i = symbols_[s.id];
    return i.kind == SymbolKind::bss ? Span<const u8>{}
                                     : bytes_.slice(i.data, static_cast<u32>(i.size));
  }
  Span<const DataReloc> global_relocs(SymbolRef s) const {
    return relocs_.slice(symbols_[s.id].first_reloc, symbols_[s.id].relocs);
  }
  Span<DataReloc> global_relocs(SymbolRef s) {
    return relocs_.slice(symbols_[s.id].first_reloc, symbols_[s.id].relocs);
  }
  // Whether any signature fixes the place of a value.
  bool has_places() const { return has_places_; }
  u32 signature_count() const { return signatures_.size(); }
  const Signature& signature(SigRef s) const { return signatures_[s.id]; }
  Span<const Param> params(SigRef s) const {
    const Signature& g = signatures_[s.id];
    return params_.slice(g.first_param, g.params);
  }
  Span<const Param> results(SigRef s) const {
    const Signature& g = signatures_[s.id];
    return params_.slice(g.first_param + g.params, g.results);
  }

 private:
  Arena arena_;
  Vec<SymbolInfo> symbols_;
  Vec<Signature> signatures_;
  Vec<Param> params_;
  Vec<char> text_;
  Vec<u8> bytes_;
  Vec<DataReloc> relocs_;
  bool has_places_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_MODULE_HPP
