// A C header for what a Module exports: prototypes and declarations of globals, for C and C++.
//
// Invariant: a prototype is written only if C's call means the same on every target; what C has no type
// for (several results, a custom convention, mask registers ...) becomes a remark that says so.
// Integers are unsigned unless the module sign-extends them.
#ifndef JITKIT_IR_C_HEADER_HPP
#define JITKIT_IR_C_HEADER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/type.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

class CHeader {
 public:
  CHeader(const Module& m, Sink& out) : m_(m), out_(out) {}

  // `name`: of the header, from which its guard is made; `origin` goes into its first line. `features`:
  // what the code asks of a CPU, for a macro that says so; empty: none is written.
  void print(std::string_view name, std::string_view origin, std::string_view features = {}) {
    out_ << "/* Made by jitkit from " << origin << ": do not edit. */\n#ifndef ";
    guard(name);
    out_ << "\n#define ";
    guard(name);
    if (!features.empty()) {
      out_ << "\n\n/* The features of a CPU that may run it. */\n#define ";
      guard(name.substr(0, name.rfind('.')));
      out_ << "_FEATURES \"" << features << "\"";
    }
    out_ << "\n\n#include <stdbool.h>\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    for (u32 n = 1; n < m_.symbol_count(); ++n) {
      const SymbolRef s(n);
      const SymbolInfo& i = m_.symbol(s);
      if (i.linkage != Linkage::exported) continue;
      if (!is_identifier(m_.symbol_name(s)))
        remark(s, "is no name in C");
      else if (i.kind == SymbolKind::function)
        function(s);
      else
        global(s);
    }
    out_ << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  }

  static bool is_identifier(std::string_view s) {
    if (s.empty() || is_digit(s[0])) return false;
    for (const char c : s)
      if (!is_letter(c) && !is_digit(c)) return false;
    return true;
  }

 private:
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  void guard(std::string_view name) {
    out_ << "JITKIT_STUBS_";
    for (const char c : name)
      out_.put(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : is_letter(c) || is_digit(c) ? c : '_');
  }
  void remark(SymbolRef s, const char* why) { out_ << "/* " << m_.symbol_name(s) << ": " << why << " */\n"; }

  // The type in C; null if there is none.
  static const char* c_type(const Param& p, bool result) {
    const bool is_signed = (p.attr & ParamAttr::sext) != 0;
    if ((p.attr & (ParamAttr::sret | ParamAttr::byval)) != 0) return nullptr;
    switch (p.type) {
      // Only bit 0 of a result counts unless it is extended.
      case Type::i1: return result && (p.attr & ParamAttr::zext) == 0 ? "uint8_t" : "bool";
      case Type::i8: return is_signed ? "int8_t" : "uint8_t";
      case Type::i16: return is_signed ? "int16_t" : "uint16_t";
      case Type::i32: return is_signed ? "int32_t" : "uint32_t";
      case Type::i64: return is_signed ? "int64_t" : "uint64_t";
      case Type::i128: return "__extension__ unsigned __int128";
      case Type::ptr: return "void*";
      case Type::f32: return "float";
      case Type::f64: return "double";
      case Type::v64: return "__attribute__((vector_size(8))) unsigned char";
      case Type::v128: return "__attribute__((vector_size(16))) unsigned char";
      default: return nullptr;
    }
  }
  static bool is_word(Type t) { return t == Type::i64 || t == Type::ptr || t == Type::f64; }

  // Whether each is a value, or a struct of 8-byte members of one kind.
  static bool has_types(Span<const Param> list, bool result) {
    for (usize n = 0; n < list.size(); ++n) {
      if (c_type(list[n], result) == nullptr || list[n].place.kind != FixedPlace::Kind::none) return false;
      for (u8 k = 0; list[n].group > 1 && k < list[n].group; ++k) {
        const Type t = list[n + k].type;
        if (!is_word(t) || (t == Type::f64) != (list[n].type == Type::f64)) return false;
      }
    }
    return true;
  }
  static bool is_struct(const Param& p) { return p.group > 1; }

  // struct NAME_KIND_N { members };
  void structs(std::string_view name, std::string_view kind, Span<const Param> list) {
    for (usize n = 0; n < list.size(); ++n) {
      if (!is_struct(list[n])) continue;
      struct_name(name, kind, n);
      out_ << " {";
      for (u8 k = 0; k < list[n].group; ++k) {
        out_ << (k == 0 ? " " : "; ") << c_type(list[n + k], false) << " m";
        out_.udec(k);
      }
      out_ << "; };\n";
    }
  }
  void struct_name(std::string_view name, std::string_view kind, usize n) {
    (out_ << "struct " << name << "_" << kind).udec(n);
  }
  void type(std::string_view name, std::string_view kind, Span<const Param> list, usize n) {
    if (is_struct(list[n]))
      struct_name(name, kind, n);
    else
      out_ << c_type(list[n], kind == "result");
  }

  void function(SymbolRef s) {
    const Signature& g = m_.signature(m_.symbol(s).signature);
    const Span<const Param> params = m_.params(m_.symbol(s).signature);
    const Span<const Param> results = m_.results(m_.symbol(s).signature);
    const std::string_view name = m_.symbol_name(s);
    const bool one = results.empty() || results.size() == results[0].group;
    if (g.conv != CallConv::c) return remark(s, "has another calling convention than C");
    if (!one) return remark(s, "has several results");
    if (!has_types(params, false) || !has_types(results, true) || (g.variadic && params.empty()))
      return remark(s, "has parameters or results that C has no type for");
    structs(name, "argument", params);
    structs(name, "result", results);
    if (results.empty())
      out_ << "void";
    else
      type(name, "result", results, 0);
    out_ << " " << name << "(";
    for (usize n = 0; n < params.size(); ++n) {
      if (params[n].group == 0) continue;  // a later member of a struct
      if (n != 0) out_ << ", ";
      type(name, "argument", params, n);
    }
    out_ << (g.variadic ? ", ..." : params.empty() ? "void" : "") << ");\n";
  }

  void global(SymbolRef s) {
    const SymbolInfo& i = m_.symbol(s);
    out_ << "extern " << (i.kind == SymbolKind::rodata ? "const " : "") << "unsigned char " << m_.symbol_name(s);
    (out_ << "[").udec(i.size) << "];\n";
  }

  const Module& m_;
  Sink& out_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_C_HEADER_HPP
