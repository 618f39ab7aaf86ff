// The parser of .jk text: a whole file into a Unit. docs/ir.md has the grammar.
//
// Two passes: the first reads everything outside function bodies, so that bodies can name any symbol;
// the second reads the bodies.
//
// Invariants: no input makes it crash, loop or recurse; memory is bounded by a multiple of the text, but
// for the sizes of globals, which have their own limit. What is read adds to what the Unit held.
#ifndef JITKIT_IR_PARSER_HPP
#define JITKIT_IR_PARSER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/function_parser.hpp>
#include <jitkit/ir/token_reader.hpp>
#include <jitkit/ir/unit.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class Parser : private TokenReader {
 public:
  static constexpr u64 max_data_bytes = u64{1} << 28;  // of one global with initial bytes

  Parser(ParseContext& c, Unit& u) : TokenReader(c), unit_(u) {
    bodies_.attach(c.arena);
    forward_.attach(c.arena);
  }

  void parse(std::string_view text) {
    start(Lexer(text), nullptr);
    for (skip_newlines(); !at(Token::Kind::end) && !out_of_memory(); skip_newlines()) {
      item();
      skip_line();
    }
    if (out_of_memory()) return;
    resolve_relocations();
    for (const Body& b : bodies_) {
      if (out_of_memory()) return;
      FunctionParser(context(), *b.function, *b.text).parse(b.start, b.isa);
    }
  }

 private:
  struct Body {
    FunctionData* function;
    TextMap* text;
    Lexer start;
    const IsaInfo* isa;
  };
  // A relocation whose symbol stood further down.
  struct Forward {
    SymbolRef global;
    u32 index;
    Lexer text;  // in front of the name
  };

  bool out_of_memory() { return exhausted({unit_.module.status(), context().arena.status()}); }
  bool item();
  bool target();
  bool declaration();
  bool function();
  bool global(SymbolKind kind);
  void skip_body();
  Linkage linkage(Linkage usual);
  bool kind_word(SymbolKind& kind);
  bool layout(SymbolInfo& s, bool& sized);
  bool data_bytes(Vec<char>& bytes);
  bool relocations(u32 global, Vec<DataReloc>& list);
  bool new_symbol(std::string_view& name);
  bool intern(std::string_view name, SymbolRef s);
  void resolve_relocations();

  Unit& unit_;
  const IsaInfo* isa_ = nullptr;
  Vec<Body> bodies_;
  Vec<Forward> forward_;
};

inline bool Parser::item() {
  SymbolKind kind = SymbolKind::function;
  if (accept("target")) return target();
  if (accept("declare")) return declaration();
  if (accept("func")) {
    const bool good = function();
    skip_body();
    return good;
  }
  if (kind_word(kind)) return global(kind);
  return expected("target, declare, func, data, bss or rodata");
}

// What follows uses this target's registers and instructions; `any`: no target's.
inline bool Parser::target() {
  isa_ = nullptr;
  if (!accept("any")) {
    isa_ = at(Token::Kind::word) ? context().target(token().text) : nullptr;
    if (isa_ == nullptr) return expected("a known target");
    advance();
  }
  set_isa(isa_);
  return end_of_line();
}

inline Linkage Parser::linkage(Linkage usual) {
  return accept("external")   ? Linkage::external
         : accept("exported") ? Linkage::exported
         : accept("internal") ? Linkage::internal
                              : usual;
}

inline bool Parser::kind_word(SymbolKind& kind) {
  if (accept("data"))
    kind = SymbolKind::data;
  else if (accept("bss"))
    kind = SymbolKind::bss;
  else if (accept("rodata"))
    kind = SymbolKind::rodata;
  else
    return false;
  return true;
}

// A symbol's name that must be new; the view is good until the next symbol is read.
inline bool Parser::new_symbol(std::string_view& name) {
  const TextPos where = token().at;
  if (!symbol_name(name)) return false;
  if (context().symbols.find(name) == 0) return true;
  return error_at(where, "symbol '@", printable(name), "' is defined twice");
}

inline bool Parser::intern(std::string_view name, SymbolRef s) {
  return (s && context().symbols.intern(name) == s.id) || no_memory();
}

// `declare` [kind] [linkage] @name (signature | layout)
inline bool Parser::declaration() {
  SymbolInfo s;
  kind_word(s.kind);
  s.linkage = linkage(Linkage::external);
  std::string_view name;
  bool sized = false;
  if (!new_symbol(name)) return false;
  const SymbolRef added = unit_.module.add_symbol(name, s);
  if (!intern(name, added)) return false;
  SymbolInfo& info = unit_.module.symbol(added);
  if (s.kind == SymbolKind::function) return signature(info.signature) && end_of_line();
  return layout(info, sized) && end_of_line();
}

// `func` [linkage] @name signature `{`
inline bool Parser::function() {
  SymbolInfo s;
  s.linkage = linkage(Linkage::exported);
  const TextPos where = token().at;
  std::string_view name;
  if (!new_symbol(name)) return false;
  const SymbolRef added = unit_.module.add_symbol(name, s);
  if (!intern(name, added)) return false;
  SigRef sig;
  if (!signature(sig)) return false;
  unit_.module.symbol(added).signature = sig;
  if (!expect('{') || !end_of_line()) return false;
  FunctionData* f = unit_.add_function(added, isa_);
  if (f == nullptr) return context().arena.fail(sizeof(FunctionData)), no_memory();
  TextMap& map = unit_.text_of(added);
  map.function = where;
  bodies_.push({f, &map, after(), isa_});
  return true;
}

// To the line that starts with a closing brace, which ends a body.
inline void Parser::skip_body() {
  const TextPos where = token().at;
  do {
    skip_line();
  } while (!at(Token::Kind::end) && !token().is('}') && !token().is("func"));
  if (!accept('}')) error_at(where, "the function's closing brace is missing");
  if (!at_line_end()) end_of_line();
}

// [`size` N] [`align` N]
inline bool Parser::layout(SymbolInfo& s, bool& sized) {
  sized = accept("size");
  if (sized && !number(s.size)) return false;
  return !accept("align") || alignment(s.align_log2);
}

// KIND [linkage] @name layout [`{` bytes `}`] [`relocs` `{` relocations `}`]
inline bool Parser::global(SymbolKind kind) {
  Vec<char> bytes(context().arena);
  Vec<DataReloc> relocs(context().arena);
  Vec<char> name_copy(context().arena);
  const Linkage l = linkage(Linkage::exported);
  const TextPos where = token().at;
  SymbolInfo s;
  bool sized = false;
  std::string_view name;
  if (!new_symbol(name)) return false;
  name_copy.append({name.data(), name.size()});
  name = {name_copy.data(), name_copy.size()};
  if (!layout(s, sized)) return false;
  if (kind != SymbolKind::bss && !data_bytes(bytes)) return false;
  if (!sized) s.size = bytes.size();
  if (kind != SymbolKind::bss) {
    if (s.size < bytes.size()) return error_at(where, "more bytes than the size says");
    if (s.size > max_data_bytes) return error_at(where, "a global with initial bytes has at most 2^28");
    if (!bytes.resize(static_cast<u32>(s.size), '\0')) return no_memory();
  }
  if (accept("relocs") && !relocations(unit_.module.symbol_count(), relocs)) return false;
  const SymbolRef added = unit_.module.add_global(
      name, kind, l, {reinterpret_cast<const u8*>(bytes.data()), bytes.size()}, s.size, s.align_log2,
      {relocs.data(), relocs.size()});
  return intern(name, added) && end_of_line();
}

// Pairs of hexadecimal digits and quoted strings, over any number of lines.
inline bool Parser::data_bytes(Vec<char>& bytes) {
  if (!expect('{')) return false;
  for (skip_newlines(); !accept('}'); skip_newlines()) {
    const std::string_view s = token().text;
    const int high = s.size() == 2 ? detail::digit_of(s[0]) : 99;
    const int low = s.size() == 2 ? detail::digit_of(s[1]) : 99;
    if (high < 16 && low < 16)
      bytes.push(static_cast<char>(high * 16 + low));
    else if (!at(Token::Kind::string) || !unquote(s, bytes))
      return expected("two hexadecimal digits or a string");
    advance();
  }
  return true;
}

// OFFSET `:` @symbol [(`+` | `-`) addend], over any number of lines, with commas allowed between
inline bool Parser::relocations(u32 global, Vec<DataReloc>& list) {
  if (!expect('{')) return false;
  for (skip_newlines(); !accept('}'); skip_newlines()) {
    DataReloc r{};
    if (!number(r.offset)) return false;
    forward_.push({SymbolRef(global), list.size(), after()});
    std::string_view name;
    if (!expect(':') || !symbol_name(name)) return false;
    if ((token().is('+') || token().is('-')) && !signed_number(r.addend)) return false;
    if (!list.push(r)) return no_memory();
    accept(',');
  }
  return true;
}

inline void Parser::resolve_relocations() {
  const Module& m = unit_.module;
  for (const Forward& x : forward_) {
    start(x.text, isa_);
    SymbolRef s;
    if (!symbol(s) || x.global.id >= m.symbol_count()) continue;
    const Span<DataReloc> relocs = unit_.module.global_relocs(x.global);
    if (x.index < relocs.size()) relocs[x.index].symbol = s;
  }
}

// Reads `text` into `u`; `targets` are those whose instructions it may use. False, with the list of
// errors in `errors`, if the text is wrong; then `u` holds what could be read.
inline bool parse(std::string_view text, Unit& u, Span<const IsaInfo* const> targets,
                  Diagnostics& errors) {
  const u32 before = errors.count();
  if (text.size() > 0xffffffffU) {
    errors.error({}) << "the text is larger than 4 GiB";
    return false;
  }
  ParseContext context(u.module, targets, errors);
  Parser(context, u).parse(text);
  return errors.count() == before;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_PARSER_HPP
