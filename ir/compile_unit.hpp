// A whole Unit into an object: its functions compiled, with unwind and line rows, and its globals.
//
// Invariants: every function is tried, so all errors of a unit are found at once; after an error the
// object is not to be written. Symbols are local, global or undefined in the object as they are
// internal, exported or external in the module.
#ifndef JITKIT_IR_COMPILE_UNIT_HPP
#define JITKIT_IR_COMPILE_UNIT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/line_rows.hpp>
#include <jitkit/ir/status_text.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/unit.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// The message on a failed compilation of f, at the instruction it blames.
template <Target T>
void explain(const FunctionData& f, const TextMap& text, Status s, Diagnostics& errors) {
  const Inst i = blamed(f, s);
  TextPos at = i ? TextMap::get(text.insts, i.id) : TextPos();
  if (at.line == 0) at = text.function;
  Sink& out = errors.error(at);
  out << "@" << f.module->symbol_name(f.symbol) << ": ";
  print_status<T>(f, s, out);
}

// The features code of a unit may use. A list without signs: exactly these. Otherwise the changes of the
// list to `base` (Isa::core_features(), or what the host has) and what the unit's native ops ask for.
// Returns the first name that is no feature. AnyUnit: a Unit, or what has its for_each().
template <Target T, class AnyUnit>
std::string_view choose_features(std::string_view list, AnyUnit& unit, typename T::FeatureSet base,
                                 typename T::FeatureSet& set) {
  const bool changes = list.empty() || list.front() == '+' || list.front() == '-';
  set = changes ? base : typename T::FeatureSet();
  if (changes)
    unit.for_each([&](const FunctionData& f, const TextMap&) {
      for (const InstData& d : f.insts)
        if (f.isa == &T::isa_info() && is_native(d.op)) set.enable_all(T::form_features(native_form(d.op)));
    });
  return set.apply(list);
}

// Object: the ObjectWriter of the target's machine, or something that behaves like it.
template <Target T, class Object>
class UnitCompiler {
 public:
  using Buffer = typename T::Buffer;

  UnitCompiler(Compiler<T>& compiler, Object& object) : compiler_(compiler), object_(object) {}

  // Adds the unit, which has passed the verifier. False, with a message each in `errors`, if something
  // cannot be compiled. `after(function, text map, code)` is called for each function that could be.
  // Line rows name the object's first source file; without has_sources there are none.
  // AnyUnit: a Unit, or what has its for_each() and module.
  template <class AnyUnit, class After>
  bool add(AnyUnit& unit, bool has_sources, Diagnostics& errors, After after) {
    const u32 before = errors.count();
    unit.for_each([&](FunctionData& f, TextMap& text) {
      code_.reset();
      Status s = compiler_.compile(f, code_);
      if (s.ok()) s = code_.finish();
      if (s.ok()) {
        after(f, text, code_);
        s = add_function(f, has_sources ? &text : nullptr);
      }
      if (!s.ok()) explain<T>(f, text, s, errors);
    });
    const Module& m = unit.module;
    for (u32 n = 1; n < m.symbol_count(); ++n) {
      const SymbolRef r(n);
      if (m.symbol(r).kind == SymbolKind::function || m.symbol(r).linkage == Linkage::external) continue;
      if (const Status s = add_global(m, r); !s.ok())
        print_status(s, errors.error({}) << "@" << m.symbol_name(r) << ": ");
    }
    return errors.count() == before;
  }
  template <class AnyUnit>
  bool add(AnyUnit& unit, bool has_sources, Diagnostics& errors) {
    return add(unit, has_sources, errors, [](const FunctionData&, const TextMap&, Buffer&) {});
  }

 private:
  using FunctionInfo = typename Object::FunctionInfo;
  using DataInfo = typename Object::DataInfo;
  using LineInfo = typename Object::LineInfo;
  using RelocInfo = typename Object::RelocInfo;
  using Binding = decltype(FunctionInfo::binding);

  static Binding binding(const SymbolInfo& i) {
    return i.linkage == Linkage::internal ? Binding::local : Binding::global;
  }

  Status add_function(const FunctionData& f, const TextMap* text) {
    arena_.reset();
    FunctionInfo info{};
    info.name = f.module->symbol_name(f.symbol);
    info.binding = binding(f.module->symbol(f.symbol));
    info.cfi = compiler_.cfi();
    info.landing_pads = compiler_.options().landing_pads;
    if constexpr (requires { compiler_.options().return_signing; }) info.return_signing = compiler_.options().return_signing;
    Vec<LineInfo> lines(arena_);
    if (text != nullptr) line_rows(f, compiler_.code_map(), lines, text);
    if (arena_.failed()) return arena_.status();
    info.lines = {lines.data(), lines.size()};
    return object_.add_function(code_, info);
  }

  Status add_global(const Module& m, SymbolRef r) {
    arena_.reset();
    const SymbolInfo& i = m.symbol(r);
    Vec<RelocInfo> relocs(arena_);
    for (const DataReloc& d : m.global_relocs(r))
      relocs.push({static_cast<u32>(d.offset), m.symbol_name(d.symbol), d.addend});
    if (arena_.failed()) return arena_.status();
    using Kind = decltype(DataInfo::kind);
    DataInfo info{};
    info.name = m.symbol_name(r);
    info.binding = binding(i);
    info.kind = i.kind == SymbolKind::bss ? Kind::bss : i.kind == SymbolKind::data ? Kind::data : Kind::rodata;
    info.align = 1U << i.align_log2;
    info.bytes = m.global_bytes(r);
    info.size = i.size;
    info.relocs = {relocs.data(), relocs.size()};
    return object_.add_data(info);
  }

  Compiler<T>& compiler_;
  Object& object_;
  Buffer code_;
  Arena arena_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_COMPILE_UNIT_HPP
