// The parser of one function's body.
//
// Two passes over the lines: the first makes blocks with their parameters, slots, exits and the names
// of frame states, so that the second can refer to any of them.
//
// Invariant: any text gives a function that can be printed and verified, or errors; after a line with an
// error parsing goes on with the next one.
#ifndef JITKIT_IR_FUNCTION_PARSER_HPP
#define JITKIT_IR_FUNCTION_PARSER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/instruction_parser.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class FunctionParser : private InstructionParser {
 public:
  FunctionParser(ParseContext& c, FunctionData& f, TextMap& text) : InstructionParser(c, f, text) {
    states_to_read_.attach(arena_);
  }

  // `body`: after the header's line.
  void parse(Lexer body, const IsaInfo* isa) {
    start(body, isa);
    each_line([this] { declaration(); });
    start(body, isa);
    each_line([this] { line(); });
    if (out_of_memory()) return;
    resolve();
    for (const StateText& s : states_to_read_) {
      start(s.text, isa);
      frame_state(s.state);
    }
    out_of_memory();
  }

 private:
  enum class Line : u8 { header, slot, exit_to, state, instruction };
  struct StateText {
    u32 state;
    Lexer text;  // after the word `state`
  };

  template <class F>
  void each_line(F handle) {
    for (skip_newlines(); !at(Token::Kind::end) && !token().is('}') && !out_of_memory(); skip_newlines()) {
      handle();
      skip_line();
    }
  }
  bool out_of_memory() {
    return exhausted({f_.status(), arena_.status(), context().arena.status(), context().module.status()});
  }

  Line kind_of_line() const;
  void declaration();
  void line();
  bool is_new(NameTable& table, const Token& name, std::string_view what);
  bool block_header();
  bool slot();
  bool exit_to();
  bool frame_state(u32 id);
  bool entries(u32& first, u32& count);
  bool entry(FrameEntry& e);

  Vec<StateText> states_to_read_;
  Block block_;
};

// A header is `name:` or `name(...):`; a result with a type, `name: i64 = ...`, is none.
inline FunctionParser::Line FunctionParser::kind_of_line() const {
  if (!at(Token::Kind::word)) return Line::instruction;
  Lexer rest = after();
  const Token second = rest.next();
  Token third = rest.next();
  if (second.is('(')) {  // an indirect call without results starts like this too
    while (third.kind != Token::Kind::newline && third.kind != Token::Kind::end && !third.is(')'))
      third = rest.next();
    return rest.next().is(':') ? Line::header : Line::instruction;
  }
  if (second.is(':')) {
    const bool ends = third.kind == Token::Kind::newline || third.kind == Token::Kind::end;
    return ends || third.is("cold") ? Line::header : Line::instruction;
  }
  if (!second.is('=')) return Line::instruction;
  return third.is("slot")      ? Line::slot
         : third.is("exit_to") ? Line::exit_to
         : third.is("state")   ? Line::state
                               : Line::instruction;
}

inline void FunctionParser::declaration() {
  const Line kind = kind_of_line();
  if (kind == Line::instruction) return;
  if (kind == Line::header) {
    block_header();
    return;
  }
  const Token name = token();
  advance();
  advance();
  if (kind == Line::state) {
    if (!is_new(states_, name, "frame state")) return;
    TextMap::set(text_.frame_states, f_.frame_states.size(), name.at);
    states_to_read_.push({f_.frame_states.size(), after()});
    f_.frame_states.push({});
    return;
  }
  advance();
  if (kind == Line::slot && is_new(slots_, name, "stack slot")) slot();
  if (kind == Line::exit_to && is_new(exits_, name, "exit")) {
    TextMap::set(text_.exits, f_.exits.size(), name.at);
    exit_to();
  }
}

inline void FunctionParser::line() {
  const Line kind = kind_of_line();
  if (kind == Line::header)
    block_ = Block(blocks_.find(token().text));
  else if (kind == Line::instruction && !block_)
    error("an instruction stands before the first block");
  else if (kind == Line::instruction)
    statement(block_);
}

inline bool FunctionParser::is_new(NameTable& table, const Token& name, std::string_view what) {
  if (table.find(name.text) == 0) return table.intern(name.text) != 0 || no_memory();
  return error_at(name.at, what, " '", name.text, "' is defined twice");
}

inline bool FunctionParser::block_header() {
  const Token name = token();
  if (!is_new(blocks_, name, "block")) return false;
  const Block b = f_.new_block();
  if (!b) return no_memory();
  TextMap::set(text_.blocks, b.id, name.at);
  advance();
  if (accept('(') && !accept(')')) {
    do {
      const Token param = token();
      if (!at(Token::Kind::word)) return expected("a parameter's name");
      advance();
      Type t = Type::none;
      if (!expect(':') || !type(t)) return false;
      if (f_[b].param_count == 0xffff) return error("more than 65535 block parameters");
      define(param, f_.add_param(b, t));
    } while (accept(','));
    if (!expect(')')) return false;
  }
  if (!expect(':')) return false;
  f_[b].cold = accept("cold");
  return end_of_line();
}

// SIZE [align N]
inline bool FunctionParser::slot() {
  StackSlotData s;
  u64 size = 0;
  const bool good = number(size, 0xffffffffU) && (!accept("align") || alignment(s.align_log2)) && end_of_line();
  s.size = static_cast<u32>(size);
  return f_.slots.push(s) && good;
}

// [bare] [@target] SIGNATURE
inline bool FunctionParser::exit_to() {
  ExitData e;
  if (accept("bare")) e.epilogue = ExitData::Epilogue::none;
  bool good = !at(Token::Kind::symbol) || symbol(e.target);
  good = good && signature(e.places) && end_of_line();
  return f_.exits.push(e) && good;
}

// ID entries [`with` DESCRIPTOR entries {`,` DESCRIPTOR entries}]
inline bool FunctionParser::frame_state(u32 id) {
  FrameState s;
  s.first_object = f_.virtual_objects.size();
  if (!number(s.id) || !entries(s.first_entry, s.entries)) return false;
  if (accept("with")) {
    do {
      VirtualObject o;
      if (!number(o.descriptor) || !entries(o.first_field, o.fields)) return false;
      if (!f_.virtual_objects.push(o)) return no_memory();
      ++s.objects;
    } while (accept(','));
  }
  f_.frame_states[id] = s;
  return end_of_line();
}

// `[` KEY `:` (value | `object` N) ... `]`
inline bool FunctionParser::entries(u32& first, u32& count) {
  first = f_.frame_entries.size();
  count = 0;
  if (!expect('[')) return false;
  if (accept(']')) return true;
  do {
    FrameEntry e;
    if (!number(e.key) || !expect(':') || !entry(e)) return false;
    if (!f_.frame_entries.push(e)) return no_memory();
    if (e.kind == FrameEntry::Kind::value) ++f_.values[e.index].uses;
    ++count;
  } while (accept(','));
  return expect(']');
}

inline bool FunctionParser::entry(FrameEntry& e) {
  Lexer rest = after();
  if (token().is("object") && rest.next().kind == Token::Kind::number) {
    advance();
    u64 n = 0;
    if (!number(n, 0xffffffffU)) return false;
    e.kind = FrameEntry::Kind::virtual_object;
    e.index = static_cast<u32>(n);
    return true;
  }
  Operand o;
  if (!operand(Type::none, o)) return false;
  e.index = o.value.id;
  if (o.value) return true;
  return error_at(o.at, "value '", values_.name(o.name), "' is not defined");
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_FUNCTION_PARSER_HPP
