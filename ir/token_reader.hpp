// What the parts of the parser share: one token of look-ahead, errors, numbers, and the syntax of
// signatures.
//
// Invariants: a function that returns false has reported why; the caller goes on after skip_line().
#ifndef JITKIT_IR_TOKEN_READER_HPP
#define JITKIT_IR_TOKEN_READER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/lexer.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/name_table.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <initializer_list>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

// What all parts of one parse work on.
struct ParseContext {
  Module& module;
  Span<const IsaInfo* const> targets;
  Diagnostics& errors;
  Arena arena;        // names and scratch
  bool exhausted = false;  // no memory: the last error has been reported
  NameTable symbols;  // ids are SymbolRefs
  NameTable ops;      // ids are Opcodes

  ParseContext(Module& m, Span<const IsaInfo* const> isas, Diagnostics& d)
      : module(m), targets(isas), errors(d) {
    symbols.attach(arena);
    ops.attach(arena);
    for (u32 s = 1; s < m.symbol_count(); ++s) symbols.intern(m.symbol_name(SymbolRef(s)));
    for (unsigned n = 1; n < core_op_count; ++n) ops.intern(name(static_cast<Opcode>(n)));
  }
  const IsaInfo* target(std::string_view wanted) const {
    for (const IsaInfo* isa : targets)
      if (wanted == isa->name) return isa;
    return nullptr;
  }
};

inline Type type_named(std::string_view s) {
  for (unsigned i = 1; i < type_count; ++i)
    if (s == type_infos[i].name) return static_cast<Type>(i);
  return Type::none;
}

class TokenReader {
 public:
  explicit TokenReader(ParseContext& c) : context_(c) { scratch_.attach(c.arena); }

  void start(Lexer at, const IsaInfo* isa) {
    lexer_ = at;
    isa_ = isa;
    advance();
  }
  void set_isa(const IsaInfo* isa) { isa_ = isa; }
  void advance() { token_ = lexer_.next(); }
  const Token& token() const { return token_; }
  bool at(Token::Kind k) const { return token_.kind == k; }
  bool at_line_end() const { return at(Token::Kind::newline) || at(Token::Kind::end); }
  // The lexer after the current token.
  Lexer after() const { return lexer_; }

  void skip_line() {
    while (!at_line_end()) advance();
    if (at(Token::Kind::newline)) advance();
  }
  void skip_newlines() {
    while (at(Token::Kind::newline)) advance();
  }

  // Report an error made of texts and numbers; always false.
  template <class... Parts>
  bool error_at(TextPos at, const Parts&... parts) {
    Sink& out = context_.errors.error(at);
    (part(out, parts), ...);
    return false;
  }
  template <class... Parts>
  bool error(const Parts&... parts) {
    return error_at(token_.at, parts...);
  }
  bool expected(std::string_view what) {
    if (at_line_end()) return error("expected ", what, " at the end of the line");
    return error("expected ", what, " before '", printable(token_.text), "'");
  }

  bool accept(char c) {
    if (!token_.is(c)) return false;
    advance();
    return true;
  }
  bool accept(std::string_view word) {
    if (!token_.is(word)) return false;
    advance();
    return true;
  }
  bool expect(char c) {
    if (accept(c)) return true;
    const char quoted[] = {'\'', c, '\''};
    return expected({quoted, 3});
  }
  bool end_of_line() {
    if (at_line_end()) return true;
    return expected("the end of the line");
  }

  // Something could not be kept: the parse ends after this line, and says so then (exhausted()).
  static bool no_memory() { return false; }
  // Whether one of them is not ok; the first time that is an error, the only one about memory.
  bool exhausted(std::initializer_list<Status> all) {
    for (const Status s : all) {
      if (s.error != Error::out_of_memory || context_.exhausted) continue;
      context_.exhausted = true;
      error("out of memory: ", s.detail, " bytes were needed");
    }
    return context_.exhausted;
  }

  // An unsigned decimal or hexadecimal number up to `limit`.
  bool number(u64& v, u64 limit = ~u64{0}) {
    if (!at(Token::Kind::number)) return expected("a number");
    u128 wide = 0;
    if (!parse_magnitude(token_.text, wide)) return error("not an integer");
    if (wide > limit) return error("number above ", limit);
    v = static_cast<u64>(wide);
    advance();
    return true;
  }
  // The same with a sign, from -limit - 1 to limit.
  bool signed_number(i64& v, i64 limit = INT64_MAX) {
    const bool negative = token_.is('-');
    if (!accept('-')) accept('+');
    u64 magnitude = 0;
    if (!number(magnitude, static_cast<u64>(limit) + u64{negative})) return false;
    v = static_cast<i64>(negative ? u64{0} - magnitude : magnitude);
    return true;
  }
  // Any number of 64 bits, signed or not, as its bits.
  bool bits64(i64& v) { return token_.is('-') ? signed_number(v) : pattern(v); }
  // A power of two up to 2^15, as its logarithm.
  bool alignment(u8& log2) {
    const TextPos where = token_.at;
    u64 v = 0;
    if (!number(v)) return false;
    if (!is_pow2(v) || v > 32768) return error_at(where, "an alignment is a power of two up to 32768");
    log2 = static_cast<u8>(log2_floor(v));
    return true;
  }
  bool type(Type& t) {
    t = at(Token::Kind::word) ? type_named(token_.text) : Type::none;
    if (t == Type::none) return expected("a type");
    advance();
    return true;
  }

  // @name, decoded; the view is good until the next call.
  bool symbol_name(std::string_view& name) {
    if (!at(Token::Kind::symbol)) return expected("a symbol");
    name = token_.text;
    if (name[0] == '"') {
      scratch_.clear();
      if (!unquote(name, scratch_)) return error("bad quoted name");
      name = {scratch_.data(), scratch_.size()};
    }
    advance();
    return true;
  }
  // A reference to a symbol that exists.
  bool symbol(SymbolRef& s) {
    const TextPos where = token_.at;
    std::string_view name;
    if (!symbol_name(name)) return false;
    s = SymbolRef(context_.symbols.find(name));
    return s || error_at(where, "unknown symbol '@", printable(name), "'");
  }

  bool signature(SigRef& s);

 protected:
  // The text if it is harmless on a terminal.
  static std::string_view printable(std::string_view s) {
    for (const char c : s)
      if (c < ' ' || c > '~') return "?";
    return s;
  }
  ParseContext& context() { return context_; }
  const IsaInfo* isa() const { return isa_; }

 private:
  static void part(Sink& out, std::string_view s) { out << s; }
  static void part(Sink& out, u64 v) { out.udec(v); }

  bool pattern(i64& v) {
    u64 bits = 0;
    if (!number(bits)) return false;
    v = static_cast<i64>(bits);
    return true;
  }
  bool params(Vec<Param>& list, char close, bool& variadic, u16& fixed);
  bool param(Vec<Param>& list, u8 group);
  bool place(FixedPlace& p);
  bool convention(CallConv& c);

  ParseContext& context_;
  Lexer lexer_;
  Token token_;
  const IsaInfo* isa_ = nullptr;
  Vec<char> scratch_;
};

// `(` params `)` [`->` type | `->` `(` params `)`] [`conv` name]
inline bool TokenReader::signature(SigRef& s) {
  Vec<Param> params_list(context_.arena);
  Vec<Param> results(context_.arena);
  bool variadic = false;
  u16 fixed = 0;
  if (!expect('(') || !params(params_list, ')', variadic, fixed)) return false;
  if (at(Token::Kind::arrow)) {
    advance();
    bool dots = false;
    u16 unused = 0;
    if (!accept('(')) {
      if (!param(results, 1)) return false;
    } else if (!params(results, ')', dots, unused)) {
      return false;
    }
    if (dots) return error("results cannot be variadic");
  }
  CallConv conv = CallConv::c;
  if (accept("conv") && !convention(conv)) return false;
  s = context_.module.add_signature({params_list.data(), params_list.size()},
                                    {results.data(), results.size()}, conv, variadic, fixed);
  return s ? true : no_memory();
}

// Up to and with `close`. Braces make a group; dots end the fixed parameters.
inline bool TokenReader::params(Vec<Param>& list, char close, bool& variadic, u16& fixed) {
  if (accept(close)) return true;
  do {
    if (list.size() > 1000) return error("more than 1000 parameters");
    if (!variadic && accept("...")) {
      variadic = true;
      fixed = static_cast<u16>(list.size());
    } else if (accept('{')) {
      const u32 first = list.size();
      do {
        if (!param(list, 0)) return false;
      } while (accept(','));
      if (!expect('}')) return false;
      if (list.size() - first > 255) return error("a group has at most 255 members");
      list[first].group = static_cast<u8>(list.size() - first);
    } else if (!param(list, 1)) {
      return false;
    }
  } while (accept(','));
  return expect(close);
}

inline bool TokenReader::param(Vec<Param>& list, u8 group) {
  Param p;
  p.group = group;
  if (!type(p.type)) return false;
  for (;;) {
    u64 size = 0;
    if (accept("zext")) {
      p.attr |= ParamAttr::zext;
    } else if (accept("sext")) {
      p.attr |= ParamAttr::sext;
    } else if (accept("sret")) {
      p.attr |= ParamAttr::sret;
    } else if (accept("byval")) {
      if (!expect('(') || !number(size, 0xffffffffU) || !expect(')')) return false;
      p.attr |= ParamAttr::byval;
      p.size = static_cast<u32>(size);
    } else if (accept("align")) {
      if (!expect('(') || !alignment(p.align_log2) || !expect(')')) return false;
    } else if (accept("in")) {
      if (!place(p.place)) return false;
    } else {
      return list.push(p) || no_memory();
    }
  }
}

inline bool TokenReader::place(FixedPlace& p) {
  if (!at(Token::Kind::word)) return expected("a register, reg(N) or slot(N)");
  if (accept("slot")) {
    i64 slot = 0;
    if (!expect('(') || !signed_number(slot, INT32_MAX) || !expect(')')) return false;
    p.kind = FixedPlace::Kind::slot;
    p.slot = static_cast<i32>(slot);
    return true;
  }
  p.kind = FixedPlace::Kind::reg;
  if (accept("reg")) {
    u64 n = 0;
    if (!expect('(') || !number(n, 63) || !expect(')')) return false;
    p.reg = PReg(static_cast<unsigned>(n));
    return true;
  }
  if (isa_ == nullptr) return error("register names need a target line before");
  for (unsigned n = 0; n < isa_->registers.size(); ++n) {
    if (isa_->registers[n] == nullptr || token_.text != isa_->registers[n]) continue;
    p.reg = PReg(n);
    advance();
    return true;
  }
  return error("no such register");
}

inline bool TokenReader::convention(CallConv& c) {
  static constexpr std::string_view names[] = {"c", "win64", "darwin"};
  for (u8 n = 0; n < 3; ++n) {
    if (!accept(names[n])) continue;
    c = static_cast<CallConv>(n);
    return true;
  }
  std::string_view s = token_.text;
  u128 n = 0;
  if (at(Token::Kind::word) && s.starts_with("custom") && s.size() > 6 && Lexer::is_digit(s.back()) &&
      parse_magnitude(s.substr(6), n) && n < 256 - static_cast<u8>(CallConv::custom0)) {
    c = static_cast<CallConv>(static_cast<u8>(CallConv::custom0) + static_cast<u8>(n));
    advance();
    return true;
  }
  return expected("a calling convention (c, win64, darwin, custom0 ...)");
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_TOKEN_READER_HPP
