// The parser of one instruction: results, operation with its options, operands, edges.
//
// Invariants: a value may be named before the line that defines it; such operands are none until
// resolve(). A line with an error makes no instruction.
#ifndef JITKIT_IR_INSTRUCTION_PARSER_HPP
#define JITKIT_IR_INSTRUCTION_PARSER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/operand_type.hpp>
#include <jitkit/ir/token_reader.hpp>
#include <jitkit/ir/unit.hpp>

#include <utility>

namespace jitkit::inline JITKIT_ABI::ir {

class InstructionParser : protected TokenReader {
 protected:
  // An operand as read: a value, or the name of one that is not known yet.
  struct Operand {
    Value value;
    u32 name = 0;
    TextPos at;
  };

  InstructionParser(ParseContext& c, FunctionData& f, TextMap& text) : TokenReader(c), f_(f), text_(text) {
    for (NameTable* t : {&values_, &blocks_, &slots_, &exits_, &states_}) t->attach(arena_);
    value_of_.attach(arena_);
    operands_.attach(arena_);
    scratch_.attach(arena_);
    edges_.attach(arena_);
    fixups_.attach(arena_);
  }

  bool define(const Token& name, Value v);
  // [results `=`] operation operands [`!` position], appended to b.
  bool statement(Block b);
  // Fills in the operands whose definitions came later.
  void resolve();
  bool operand(Type implied, Operand& o, bool optional = false);

  FunctionData& f_;
  TextMap& text_;
  Arena arena_;
  NameTable values_;
  NameTable blocks_;  // ids are Blocks, and so on
  NameTable slots_;
  NameTable exits_;
  NameTable states_;

 private:
  struct EdgeText {
    Block target;
    u32 first = 0;  // into operands_
    u32 count = 0;
    u16 weight = 0;
    i64 case_value = 0;
  };
  struct Fixup {
    bool of_edge;
    u32 owner;  // Inst or Edge
    u32 index;
    Operand operand;
  };

  bool result_names();
  bool operation(const Token& name, InstData& d);
  bool options(std::string_view text, InstData& d);
  bool memory_options(std::string_view text, InstData& d);
  bool option_error(std::string_view what, std::string_view part);
  bool native_form_named(std::string_view form, InstData& d);

  bool native_operands(InstData& d);
  bool core_operands(InstData& d);
  bool call_operands(InstData& d);
  bool operand_list(const InstData& d);
  bool next_operand(Type implied, bool optional = false);
  bool separator(bool wanted) { return !wanted || expect(','); }
  bool constant(Type implied, Operand& o);
  bool offset(i32& v);
  bool trailing(InstData& d, bool some);
  bool shuffle_mask(InstData& d);
  bool name_in(NameTable& table, std::string_view what, u32& id);
  bool state_reference(u32& state);
  bool edge_texts(Opcode op, bool some);
  bool edge(EdgeText e);

  bool result_types(const InstData& d, Type* types, u32& count);
  bool make(Block b, InstData& d, TextPos at, SourcePos position);
  bool make_edges(InstData& d);
  Span<const Value> values(u32 first, u32 count);
  void note_unresolved(bool of_edge, u32 owner, u32 first, u32 count);
  u32 value_of(u32 name) const { return name < value_of_.size() ? value_of_[name] : 0; }

  Vec<u32> value_of_;      // by id in values_; 0: not defined yet
  Vec<Operand> operands_;  // of the statement: its own, then those of its edges
  Vec<Value> scratch_;
  Vec<EdgeText> edges_;
  Vec<Fixup> fixups_;
  static constexpr u32 max_results = 8;
  Token result_name_[max_results];
  Type result_type_[max_results] = {};
  u32 results_ = 0;
  TextPos operation_at_;  // where the operation's name stands
};

// ------------------------------------------------------------------------------------------- values

inline bool InstructionParser::define(const Token& name, Value v) {
  const u32 id = values_.intern(name.text);
  if (id == 0 || (id >= value_of_.size() && !value_of_.resize(id + 1))) return no_memory();
  if (value_of_[id] != 0) {
    return error_at(name.at, "value '", name.text, "' is defined twice");
  }
  value_of_[id] = v.id;
  return true;
}

// A name, a constant, or `_` for an optional operand that is absent.
inline bool InstructionParser::operand(Type implied, Operand& o, bool optional) {
  o = {};
  o.at = token().at;
  if (!at(Token::Kind::word)) return constant(implied, o);
  if (accept("_")) return optional || error_at(o.at, "this operand cannot be absent");
  o.name = values_.intern(token().text);
  o.value = Value(value_of(o.name));
  advance();
  return true;
}

// [sign] literal [`:` type], or `#` bits [`:` type]
inline bool InstructionParser::constant(Type implied, Operand& o) {
  const bool raw = accept('#');
  const bool negative = !raw && token().is('-');
  const bool sign = negative || (!raw && token().is('+'));
  if (sign) advance();
  const Token literal = token();
  const bool special = sign && (literal.is("inf") || literal.is("nan"));
  if (literal.kind != Token::Kind::number && !special) return expected("a value");
  advance();
  Type t = implied;
  if (accept(':') && !type(t)) return false;
  if (t == Type::none) return error_at(o.at, "this constant needs its type (as in 1:i64)");
  Bits v;
  const char* wrong =
      raw ? parse_raw_constant(literal.text, t, v) : parse_constant(negative, literal.text, t, v);
  if (wrong != nullptr) return error_at(o.at, wrong);
  o.value = f_.constant(t, v.lo, v.hi);
  return true;
}

inline bool InstructionParser::next_operand(Type implied, bool optional) {
  Operand o;
  if (!operand(implied, o, optional)) return false;
  if (operands_.size() == 0xffff) return error_at(o.at, "more than 65535 operands");
  return operands_.push(o) || no_memory();
}

// `(` operands `)` after the callee, or a bare list up to the end of the line or a bracket.
inline bool InstructionParser::operand_list(const InstData& d) {
  const bool parens = accept('(');
  if (parens && accept(')')) return true;
  if (!parens && (at_line_end() || token().is('[') || token().is('!'))) return true;
  do {
    if (!next_operand(operand_slot(f_, d, operands_.size()).implied)) return false;
  } while (accept(','));
  return !parens || expect(')');
}

// ---------------------------------------------------------------------------------------- operation

inline bool InstructionParser::result_names() {
  results_ = 0;
  Lexer rest = after();
  const Token second = rest.next();
  if (!at(Token::Kind::word) || (!second.is('=') && !second.is(',') && !second.is(':'))) return true;
  do {
    if (!at(Token::Kind::word)) return expected("a result's name");
    if (results_ == max_results) return error("an instruction has at most 8 results");
    result_name_[results_] = token();
    result_type_[results_] = Type::none;
    advance();
    if (accept(':') && !type(result_type_[results_])) return false;
    ++results_;
  } while (accept(','));
  return expect('=');
}

inline std::string_view take_part(std::string_view& rest) {
  const usize dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  return part;
}

// The index of s in a list of names; the number of names if it is not there.
template <usize N>
u32 index_of(const char* const (&names)[N], std::string_view s) {
  u32 n = 0;
  while (n < N && s != names[n]) ++n;
  return n;
}

inline bool InstructionParser::operation(const Token& name, InstData& d) {
  std::string_view rest = name.text;
  const std::string_view head = take_part(rest);
  operation_at_ = name.at;
  if (isa() != nullptr && head == isa()->name) return native_form_named(rest, d) && native_operands(d);
  if (context().target(head) != nullptr) {
    return error_at(name.at, "this needs a line 'target ", head, "' before the function");
  }
  d.op = static_cast<Opcode>(context().ops.find(head));
  if (d.op == Opcode::none) {
    return error_at(name.at, "unknown operation '", head, "'");
  }
  return options(rest, d) && core_operands(d);
}

inline bool InstructionParser::option_error(std::string_view what, std::string_view part) {
  return part.empty() ? error_at(operation_at_, what) : error_at(operation_at_, what, ", not '", part, "'");
}

// The condition or lane, then the type, then what a memory access has.
inline bool InstructionParser::options(std::string_view rest, InstData& d) {
  const Option o = info(d.op).option;
  if (o == Option::icond || o == Option::fcond) {
    const std::string_view part = take_part(rest);
    d.aux = o == Option::icond ? index_of(icond_names, part) : index_of(fcond_names, part);
    if (d.aux == (o == Option::icond ? icond_count : fcond_count))
      return option_error("the operation needs a condition", part);
  }
  if (has_lane(d.op)) {
    const std::string_view part = take_part(rest);
    d.flags = static_cast<u8>(index_of(lane_names, part));
    if (d.flags == lane_count_kinds) return option_error("the operation needs a lane type", part);
  }
  if (has_type(d.op)) {
    const std::string_view part = take_part(rest);
    d.type = type_named(part);
    if (d.type == Type::none) return option_error("the operation needs a type", part);
  }
  return memory_options(rest, d);
}

// .alignN .volatile .ORDER; of a patch point its size.
inline bool InstructionParser::memory_options(std::string_view rest, InstData& d) {
  const Option o = info(d.op).option;
  const bool order_only = o == Option::order;
  const bool ordered = o == Option::atomic || order_only;
  const bool memory = o == Option::mem || o == Option::trap_mem || ordered;
  u32 align = 1, order = 5;
  bool is_volatile = false;
  while (!rest.empty()) {
    const std::string_view part = take_part(rest);
    u128 n = 0;
    if (d.op == Opcode::patch_point && parse_magnitude(part, n) && n < 256)
      d.flags = static_cast<u8>(n);
    else if (memory && !order_only && part == "volatile")
      is_volatile = true;
    else if (memory && !order_only && part.starts_with("align") && parse_magnitude(part.substr(5), n) &&
             n <= 32768 && is_pow2(static_cast<u64>(n)))
      align = static_cast<u32>(n);
    else if (!memory || (order = index_of(order_names, part)) == 5)
      return option_error("the operation has no such option", part);
  }
  if (!memory) return true;
  if (ordered && order == 5) return option_error("the operation needs a memory order", {});
  d.flags = MemFlags::make(align, is_volatile, static_cast<Order>(order == 5 ? 0 : order)).bits;
  return true;
}

// ----------------------------------------------------------------------------------------- operands

inline bool InstructionParser::native_form_named(std::string_view form, InstData& d) {
  if (const u16 n = isa()->find(form); n != 0) {
    d.op = native_opcode(n);
    return true;
  }
  return error_at(operation_at_, "unknown instruction form '", isa()->name, ".", form, "'");
}

inline bool InstructionParser::native_operands(InstData& d) {
  const u16 form = native_form(d.op);
  d.aux = f_.immediates.size();
  bool some = false;
  const auto use = [&](bool optional) {
    const Type implied = operand_slot(f_, d, operands_.size()).implied;
    return separator(std::exchange(some, true)) && next_operand(implied, optional);
  };
  for (const FormOperand& o : isa()->form_operands(form)) {
    if (o.kind == FormOperand::Kind::label)
      return error_at(operation_at_, "a form with a label cannot be a native operation");
    if (o.kind == FormOperand::Kind::imm) {
      i64 v = 0;
      if (!separator(std::exchange(some, true)) || !bits64(v)) return false;
      f_.immediates.push(v);
    } else if ((o.role & role_use) != 0 && !use((o.role & role_optional) != 0)) {
      return false;
    }
  }
  return !native_shape(*isa(), form).reads_flags || use(false);
}

inline bool InstructionParser::core_operands(InstData& d) {
  if (is_call(d.op)) return call_operands(d);
  const Option o = info(d.op).option;
  bool some = false;
  if (d.op == Opcode::exit_) {
    if (!name_in(exits_, "exit", d.aux)) return false;
    some = true;
    if (accept(',') && !operand_list(d)) return false;
  } else if (signature_of(d.op).any) {
    if (!operand_list(d)) return false;
    some = operands_.size() != 0;
  }
  for (u32 n = 0; n < signature_of(d.op).operands; ++n) {
    if (!separator(some) || !next_operand(operand_slot(f_, d, n).implied)) return false;
    some = true;
    if (n != 0) continue;
    i32 distance = 0;
    if ((o == Option::mem || o == Option::atomic || o == Option::trap_mem) && !offset(distance)) return false;
    d.aux = o == Option::mem || o == Option::atomic ? static_cast<u32>(distance) : d.aux;
    if (o == Option::trap_mem) {
      d.aux = f_.traps.size();
      f_.traps.push({distance, {}});
    }
  }
  return trailing(d, some) && edge_texts(d.op, some);
}

// @f(v1, v2), or a signature, `,` and v1(v2, v3)
inline bool InstructionParser::call_operands(InstData& d) {
  if (is_indirect_call(d.op)) {
    SigRef s;
    if (!signature(s) || !expect(',')) return false;
    d.aux = s.id;
    if (!next_operand(Type::ptr)) return false;
  } else {
    SymbolRef s;
    if (!symbol(s)) return false;
    d.aux = s.id;
  }
  return token().is('(') ? operand_list(d) : expected("'('");
}

// [(`+` | `-`) number] after an address
inline bool InstructionParser::offset(i32& v) {
  v = 0;
  if (!token().is('+') && !token().is('-')) return true;
  i64 wide = 0;
  if (!signed_number(wide, INT32_MAX)) return false;
  v = static_cast<i32>(wide);
  return true;
}

inline bool InstructionParser::name_in(NameTable& table, std::string_view what, u32& id) {
  id = at(Token::Kind::word) ? table.find(token().text) : 0;
  if (id == 0) {
    return error("unknown ", what, " '", printable(token().text), "'");
  }
  advance();
  return true;
}

inline bool InstructionParser::state_reference(u32& state) {
  return expect('[') && name_in(states_, "frame state", state) && expect(']');
}

// What aux holds, where it follows the operands.
inline bool InstructionParser::trailing(InstData& d, bool some) {
  u64 v = 0;
  switch (info(d.op).option) {
    case Option::imm:
      if (d.op == Opcode::trap && !at(Token::Kind::number)) return true;
      [[fallthrough]];
    case Option::lane:
      if (!separator(some) || !number(v, 0xffffffffU)) return false;
      d.aux = static_cast<u32>(v);
      return true;
    case Option::slot: return separator(some) && name_in(slots_, "stack slot", d.aux);
    case Option::symbol: {
      SymbolRef s;
      if (!separator(some) || !symbol(s)) return false;
      d.aux = s.id;
      return true;
    }
    case Option::shuffle: return separator(some) && shuffle_mask(d);
    case Option::frame_state: return state_reference(d.aux);
    case Option::trap_mem: {
      u32 state = 0;
      if (!state_reference(state)) return false;
      if (d.aux < f_.traps.size()) f_.traps[d.aux].state = FrameStateRef(state);
      return true;
    }
    default: return true;
  }
}

// `[` as many byte numbers as the vector has bytes `]`
inline bool InstructionParser::shuffle_mask(InstData& d) {
  d.aux = f_.data.size();
  const u32 count = bytes(d.type);
  if (!expect('[')) return false;
  for (u32 n = 0; n < count; ++n) {
    u64 v = 0;
    if (!separator(n != 0) || !number(v, 255)) return false;
    f_.data.push(static_cast<u8>(v));
  }
  return expect(']');
}

// -------------------------------------------------------------------------------------------- edges

// The edges of br, brif and switch: `5: b2(v1), else: b3`.
inline bool InstructionParser::edge_texts(Opcode op, bool some) {
  for (u32 n = 0; n < FunctionData::fixed_edges(op); ++n)
    if (!separator(some || n != 0) || !edge({})) return false;
  if (op != Opcode::switch_) return true;
  for (;;) {
    EdgeText e;
    if (!expect(',')) return false;
    const bool last = accept("else");
    if (!last && !bits64(e.case_value)) return false;
    if (!expect(':') || !edge(e)) return false;
    if (last) return true;
  }
}

inline bool InstructionParser::edge(EdgeText e) {
  if (!name_in(blocks_, "block", e.target.id)) return false;
  e.first = operands_.size();
  if (accept('(') && !accept(')')) {
    do {
      const u32 n = operands_.size() - e.first;
      const bool known = e.target.id < f_.blocks.size() && n < f_[e.target].param_count;
      if (!next_operand(known ? f_.type(f_.param(e.target, n)) : Type::none)) return false;
    } while (accept(','));
    if (!expect(')')) return false;
  }
  e.count = operands_.size() - e.first;
  u64 weight = 0;
  if (accept("weight") && !number(weight, 0xffff)) return false;
  e.weight = static_cast<u16>(weight);
  return edges_.push(e) || no_memory();
}

// ------------------------------------------------------------------------------------------- making

inline bool InstructionParser::statement(Block b) {
  operands_.clear();
  edges_.clear();
  const TextPos start_of_line = token().at;
  if (!result_names()) return false;
  if (!at(Token::Kind::word)) return expected("an operation");
  const Token name = token();
  advance();
  InstData d;
  u64 position = 0;
  if (!operation(name, d)) return false;
  if (accept('!') && !number(position, 0xffffffffU)) return false;
  return end_of_line() && make(b, d, start_of_line, static_cast<SourcePos>(position));
}

// The types of the results: as written, else implied. Without names, all results are there, unnamed.
inline bool InstructionParser::result_types(const InstData& d, Type* types, u32& count) {
  if (is_native(d.op)) {
    const NativeShape s = native_shape(*isa(), native_form(d.op));
    const bool with_flags = s.writes_flags && results_ == s.defs + 1U;
    count = s.defs + (with_flags ? 1U : 0U);
  } else {
    count = d.op == Opcode::patch_point ? results_ : result_count(f_, d);
  }
  if (results_ != 0 && results_ != count) {
    return error_at(result_name_[0].at, "the operation has ", u64{count}, count == 1 ? " result" : " results");
  }
  if (count > max_results) return error("an instruction has at most 8 results");
  for (u32 n = 0; n < count; ++n) {
    types[n] = n < results_ ? result_type_[n] : Type::none;
    if (types[n] == Type::none) types[n] = result_slot(f_, d, n).implied;
    if (types[n] == Type::none)
      return n < results_ ? error_at(result_name_[n].at, "this result needs its type (as in v1: i64 = ...)")
                          : error("this result needs a name and its type");
  }
  return true;
}

inline Span<const Value> InstructionParser::values(u32 first, u32 count) {
  scratch_.clear();
  for (u32 n = 0; n < count; ++n) scratch_.push(operands_[first + n].value);
  return {scratch_.data(), scratch_.size()};
}

inline void InstructionParser::note_unresolved(bool of_edge, u32 owner, u32 first, u32 count) {
  for (u32 n = 0; n < count; ++n) {
    const Operand& o = operands_[first + n];
    if (o.name != 0 && !o.value) fixups_.push({of_edge, owner, n, o});
  }
}

inline bool InstructionParser::make_edges(InstData& d) {
  for (const EdgeText& e : edges_) {
    const Edge made = f_.new_edge(e.target, values(e.first, e.count), e.weight, e.case_value);
    if (!made) return false;
    if (&e == edges_.begin()) d.aux = made.id;
    note_unresolved(true, made.id, e.first, e.count);
  }
  return true;
}

inline bool InstructionParser::make(Block b, InstData& d, TextPos where, SourcePos position) {
  Type types[max_results] = {};
  u32 results = 0;
  if (!result_types(d, types, results)) return false;
  const u32 operands = edges_.empty() ? operands_.size() : edges_[0].first;
  if (!make_edges(d)) return no_memory();
  const Inst i = f_.new_inst(d.op, d.type, values(0, operands), {types, results}, d.aux, d.flags);
  if (!i || (position != 0 && !f_.positions.resize(i.id + 1))) return no_memory();
  if (d.op == Opcode::switch_) f_[i].ops[1] = edges_.size();
  if (position != 0) f_.positions[i.id] = position;
  note_unresolved(false, i.id, 0, operands);
  TextMap::set(text_.insts, i.id, where);
  f_.append(b, i);
  ++f_.edits;
  for (u32 n = 0; n < results_; ++n) define(result_name_[n], f_.result(i, n));
  return true;
}

inline void InstructionParser::resolve() {
  for (const Fixup& x : fixups_) {
    const Value v(value_of(x.operand.name));
    if (!v) {
      error_at(x.operand.at, "value '", values_.name(x.operand.name), "' is not defined");
    } else if (x.of_edge) {
      f_.args(Edge(x.owner))[x.index] = v.id;
      ++f_[v].uses;
    } else {
      f_.set_operand(Inst(x.owner), x.index, v);
    }
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_INSTRUCTION_PARSER_HPP
