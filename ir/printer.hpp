// The text form (.jk) of instructions, functions and whole units; docs/ir.md has the grammar.
//
// Invariants: parsing what is printed gives the same structure, and printing that gives the same text.
// Values are called v1, v2 ... in the order of their definition in the text, blocks b1 ..., whatever
// their indices. IR that breaks rules of the verifier prints too.
#ifndef JITKIT_IR_PRINTER_HPP
#define JITKIT_IR_PRINTER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/constant_text.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/lexer.hpp>
#include <jitkit/ir/operand_type.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/unit.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// What symbols, signatures and globals look like.
class ModulePrinter {
 public:
  ModulePrinter(const Module& m, const IsaInfo* isa, Sink& out) : m_(m), isa_(isa), out_(out) {}

  void symbol(SymbolRef s) {
    const std::string_view name = s.id < m_.symbol_count() ? m_.symbol_name(s) : "?";
    out_ << "@";
    bool plain = !name.empty();
    for (const char c : name) plain = plain && (Lexer::is_word(c) || Lexer::is_digit(c));
    if (plain)
      out_ << name;
    else
      quoted(name);
  }

  // (i64 in x0, {f64, f64}, ptr, ...) -> i64 conv win64
  void signature(SigRef s) {
    const Signature& g = m_.signature(s);
    out_ << "(";
    params(m_.params(s), g.variadic ? g.fixed_params : ~0U);
    out_ << ")";
    const Span<const Param> results = m_.results(s);
    if (!results.empty()) {
      const bool single = results.size() == 1 && results[0].group == 1;
      out_ << (single ? " -> " : " -> (");
      params(results, ~0U);
      if (!single) out_ << ")";
    }
    convention(g.conv);
  }

  // A symbol that the unit does not define.
  void declaration(SymbolRef s) {
    const SymbolInfo& i = m_.symbol(s);
    out_ << "declare ";
    if (i.kind != SymbolKind::function) out_ << kind_name(i.kind) << " ";
    linkage(i.linkage, Linkage::external);
    symbol(s);
    if (i.kind == SymbolKind::function)
      signature(i.signature);
    else
      layout(i);
    out_ << "\n";
  }

  void global(SymbolRef s) {
    const SymbolInfo& i = m_.symbol(s);
    out_ << kind_name(i.kind) << " ";
    linkage(i.linkage, Linkage::exported);
    symbol(s);
    layout(i);
    if (i.kind != SymbolKind::bss) bytes(m_.global_bytes(s));
    relocations(m_.global_relocs(s));
    out_ << "\n";
  }

  void linkage(Linkage l, Linkage usual) {
    static constexpr const char* names[] = {"external", "exported", "internal"};
    if (l != usual) out_ << names[static_cast<u8>(l)] << " ";
  }

 private:
  static const char* kind_name(SymbolKind k) {
    static constexpr const char* names[] = {"func", "data", "bss", "rodata"};
    return names[static_cast<u8>(k)];
  }

  void quoted(std::string_view s) {
    out_.put('"');
    for (const char c : s) {
      if (c == '"' || c == '\\')
        out_.put('\\').put(c);
      else if (c >= ' ' && c <= '~')
        out_.put(c);
      else
        (out_ << "\\x").hex(static_cast<u8>(c), 2);
    }
    out_.put('"');
  }

  // `fixed`: parameters before the dots; ~0: no dots.
  void params(Span<const Param> list, u32 fixed) {
    u32 open = 0;  // members of a group still to come
    for (u32 n = 0; n <= list.size(); ++n) {
      if (n == fixed) out_ << (n != 0 ? ", ..." : "...");
      if (n == list.size()) return;
      if (n != 0 || fixed == 0) out_ << ", ";
      const Param& p = list[n];
      if (p.group > 1 && open == 0) {
        out_ << "{";
        open = p.group;
      }
      param(p);
      if (open != 0 && --open == 0) out_ << "}";
    }
  }

  void param(const Param& p) {
    out_ << name(p.type);
    if ((p.attr & ParamAttr::zext) != 0) out_ << " zext";
    if ((p.attr & ParamAttr::sext) != 0) out_ << " sext";
    if ((p.attr & ParamAttr::sret) != 0) out_ << " sret";
    if ((p.attr & ParamAttr::byval) != 0) (out_ << " byval(").udec(p.size) << ")";
    if (p.align_log2 != 0) (out_ << " align(").udec(u64{1} << (p.align_log2 & 63)) << ")";
    if (p.place.kind == FixedPlace::Kind::slot) (out_ << " in slot(").dec(p.place.slot) << ")";
    if (p.place.kind != FixedPlace::Kind::reg) return;
    const u8 id = p.place.reg.id;
    if (isa_ != nullptr && id < isa_->registers.size() && isa_->registers[id][0] != 0)
      out_ << " in " << isa_->registers[id];
    else
      (out_ << " in reg(").udec(id) << ")";
  }

  void convention(CallConv c) {
    static constexpr const char* names[] = {"c", "win64", "darwin"};
    if (c == CallConv::c) return;
    out_ << " conv ";
    const u8 n = static_cast<u8>(c);
    if (c >= CallConv::custom0)
      (out_ << "custom").udec(n - static_cast<u8>(CallConv::custom0));
    else
      out_ << (n < 3 ? names[n] : "?");
  }

  void layout(const SymbolInfo& i) {
    (out_ << " size ").udec(i.size);
    if (i.align_log2 != 0) (out_ << " align ").udec(u64{1} << (i.align_log2 & 63));
  }

  // Bytes, 32 in a line, without the zeroes at the end.
  void bytes(Span<const u8> b) {
    usize n = b.size();
    while (n != 0 && b[n - 1] == 0) --n;
    out_ << " {";
    for (usize i = 0; i < n; ++i) {
      out_ << (i % 32 == 0 ? "\n  " : " ");
      out_.hex(b[i], 2);
    }
    out_ << (n == 0 ? "}" : "\n}");
  }

  void relocations(Span<const DataReloc> relocs) {
    if (relocs.empty()) return;
    out_ << " relocs {";
    for (const DataReloc& r : relocs) {
      (out_ << "\n  ").udec(r.offset) << ": ";
      symbol(r.symbol);
      addend(r.addend);
    }
    out_ << "\n}";
  }

 public:
  void addend(i64 v) {
    if (v == 0) return;
    out_ << (v < 0 ? " - " : " + ");
    out_.udec(v < 0 ? u64{0} - static_cast<u64>(v) : static_cast<u64>(v));
  }

 private:
  const Module& m_;
  const IsaInfo* isa_;
  Sink& out_;
};

class Printer {
 public:
  // Numbers the values and is then good for any part of f, until f changes.
  Printer(const FunctionData& f, Sink& out) : f_(f), out_(out), module_(module_of(f), f.isa, out) {
    number_values();
  }

  // The definition of f's symbol: header, body, closing brace.
  void function();
  void block_header(Block b);
  // One instruction without indentation and line end.
  void inst(Inst i);
  void value(Value v, Type implied = Type::none);
  void block(Block b) { (out_ << "b").udec(b.id); }

 private:
  static const Module& module_of(const FunctionData& f) {
    static const Module empty(0);
    return f.module != nullptr ? *f.module : empty;
  }
  void number_values();
  void results(Inst i);
  void name_and_options(const InstData& d);
  void memory_flags(const InstData& d);
  void operands(const InstData& d, Span<const u32> ops);
  void native_operands(const InstData& d, Span<const u32> ops);
  void call(const InstData& d, Span<const u32> ops);
  void trailing(const InstData& d, bool after_operands);
  void edges(Inst i);
  void edge(Edge e);
  void frame_state(u32 id);
  void entries(u32 first, u32 count);
  void separated(bool comma) { out_ << (comma ? ", " : " "); }

  const FunctionData& f_;
  Sink& out_;
  ModulePrinter module_;
  Arena arena_;
  Vec<u32> numbers_;  // by Value
};

// ---------------------------------------------------------------------------------------------------

inline void Printer::number_values() {
  numbers_.attach(arena_);
  if (!numbers_.resize(f_.values.size())) return;
  u32 next = 0;
  for (u32 b = 1; b < f_.blocks.size(); ++b) {
    for (u32 n = 0; n < f_.blocks[b].param_count; ++n) numbers_[f_.param(Block(b), n).id] = ++next;
    for (Inst i = f_.blocks[b].first; i; i = f_[i].next)
      for (u32 n = 0; n < f_[i].results; ++n) numbers_[f_.result(i, n).id] = ++next;
  }
}

// A constant's type is written unless it is the implied one.
inline void Printer::value(Value v, Type implied) {
  if (!v) {
    out_ << "_";
    return;
  }
  if (v.id >= f_.values.size()) {
    out_ << "?";
    return;
  }
  if (f_.is_constant(v)) {
    const Type t = f_.type(v);
    print_constant(out_, t, {f_.constant(v).lo, f_.constant(v).hi});
    if (t != implied) out_ << ":" << name(t);
    return;
  }
  const u32 n = v.id < numbers_.size() ? numbers_[v.id] : 0;
  if (n != 0)
    (out_ << "v").udec(n);
  else
    (out_ << "?").udec(v.id);  // defined nowhere
}

inline void Printer::results(Inst i) {
  const InstData& d = f_[i];
  for (u32 n = 0; n < d.results; ++n) {
    if (n != 0) out_ << ", ";
    const Value v = f_.result(i, n);
    value(v);
    if (f_.type(v) != result_slot(f_, d, n).implied) out_ << ": " << name(f_.type(v));
  }
  if (d.results != 0) out_ << " = ";
}

inline void Printer::memory_flags(const InstData& d) {
  const Option o = info(d.op).option;
  const MemFlags m(d.flags);
  if (m.align() != 1) (out_ << ".align").udec(m.align());
  if (m.is_volatile()) out_ << ".volatile";
  const u8 order = static_cast<u8>(m.order());
  if (o == Option::atomic || o == Option::order || order != 0)
    out_ << "." << (order < 5 ? order_names[order] : "?");
}

inline void Printer::name_and_options(const InstData& d) {
  if (is_native(d.op)) {
    out_ << f_.isa->name << "." << f_.isa->form_name(native_form(d.op));
    return;
  }
  const Option o = info(d.op).option;
  out_ << name(d.op);
  if (o == Option::icond) out_ << "." << (d.aux < icond_count ? icond_names[d.aux] : "?");
  if (o == Option::fcond) out_ << "." << (d.aux < fcond_count ? fcond_names[d.aux] : "?");
  if (has_lane(d.op)) out_ << "." << (d.flags < lane_count_kinds ? lane_names[d.flags] : "?");
  if (has_type(d.op)) out_ << "." << name(d.type);
  if (o == Option::mem || o == Option::atomic || o == Option::order || o == Option::trap_mem)
    memory_flags(d);
  if (d.op == Opcode::patch_point) out_.put('.').udec(d.flags);
}

inline void Printer::inst(Inst i) {
  const InstData& d = f_[i];
  const Span<const u32> ops = f_.operands(i);
  results(i);
  name_and_options(d);
  if (is_native(d.op))
    native_operands(d, ops);
  else if (is_call(d.op))
    call(d, ops);
  else
    operands(d, ops);
  if (is_terminator(d.op)) edges(i);
  if (i.id < f_.positions.size() && f_.positions[i.id] != 0) (out_ << " !").udec(f_.positions[i.id]);
}

inline void Printer::operands(const InstData& d, Span<const u32> ops) {
  const Option o = info(d.op).option;
  bool some = false;
  if (d.op == Opcode::exit_) {
    (out_ << " e").udec(d.aux);
    some = true;
  }
  for (u32 n = 0; n < ops.size(); ++n) {
    separated(some);
    some = true;
    value(Value(ops[n]), operand_slot(f_, d, n).implied);
    if (n != 0) continue;
    if (o == Option::mem || o == Option::atomic) module_.addend(static_cast<i32>(d.aux));
    if (o == Option::trap_mem && d.aux < f_.traps.size()) module_.addend(f_.traps[d.aux].offset);
  }
  trailing(d, some);
}

// What aux holds, where it follows the operands.
inline void Printer::trailing(const InstData& d, bool some) {
  switch (info(d.op).option) {
    case Option::lane:
      separated(some);
      out_.udec(d.aux);
      break;
    case Option::imm:
      if (d.op == Opcode::trap && d.aux == 0) break;
      separated(some);
      out_.udec(d.aux);
      break;
    case Option::slot:
      separated(some);
      (out_ << "s").udec(d.aux);
      break;
    case Option::symbol:
      separated(some);
      module_.symbol(SymbolRef(d.aux));
      break;
    case Option::shuffle: {
      separated(some);
      const u32 n = bytes(d.type);
      for (u32 k = 0; k < n; ++k) {
        out_ << (k == 0 ? "[" : ", ");
        if (d.aux + k < f_.data.size()) out_.udec(f_.data[d.aux + k]);
      }
      out_ << "]";
      break;
    }
    case Option::frame_state: (out_ << " [fs").udec(d.aux) << "]"; break;
    case Option::trap_mem:
      (out_ << " [fs").udec(d.aux < f_.traps.size() ? f_.traps[d.aux].state.id : 0) << "]";
      break;
    default: break;
  }
}

inline void Printer::call(const InstData& d, Span<const u32> ops) {
  out_ << " ";
  u32 first = 0;
  if (is_indirect_call(d.op)) {
    module_.signature(called_signature(f_, d));
    out_ << ", ";
    value(ops.empty() ? Value() : Value(ops[0]), Type::ptr);
    first = 1;
  } else {
    module_.symbol(SymbolRef(d.aux));
  }
  out_ << "(";
  for (u32 n = first; n < ops.size(); ++n) {
    if (n != first) out_ << ", ";
    value(Value(ops[n]), operand_slot(f_, d, n).implied);
  }
  out_ << ")";
}

// Values and immediates in the order of the assembler text; the flags last.
inline void Printer::native_operands(const InstData& d, Span<const u32> ops) {
  u32 use = 0;
  u32 imm = d.aux;
  bool some = false;
  const auto next_use = [&] {
    separated(some);
    some = true;
    const u32 n = use++;
    value(n < ops.size() ? Value(ops[n]) : Value(), operand_slot(f_, d, n).implied);
  };
  for (const FormOperand& o : f_.isa->form_operands(native_form(d.op))) {
    if (o.kind == FormOperand::Kind::imm) {
      separated(some);
      some = true;
      out_.dec(imm < f_.immediates.size() ? f_.immediates[imm] : 0);
      ++imm;
    } else if (o.kind == FormOperand::Kind::reg && (o.role & role_use) != 0) {
      next_use();
    }
  }
  while (use < ops.size()) next_use();
}

inline void Printer::edge(Edge e) {
  const EdgeData& d = f_[e];
  block(d.target);
  const Span<const u32> args = f_.args(e);
  for (u32 n = 0; n < args.size(); ++n) {
    out_ << (n == 0 ? "(" : ", ");
    const bool known = d.target.id < f_.blocks.size() && n < f_[d.target].param_count;
    value(Value(args[n]), known ? f_.type(f_.param(d.target, n)) : Type::none);
  }
  if (!args.empty()) out_ << ")";
  if (d.weight != 0) (out_ << " weight ").udec(d.weight);
}

inline void Printer::edges(Inst i) {
  const u32 count = f_.edge_count(i);
  const bool is_switch = f_[i].op == Opcode::switch_;
  for (u32 n = 0; n < count; ++n) {
    separated(n != 0 || f_[i].operands != 0);
    const Edge e = f_.edge(i, n);
    if (is_switch && n + 1 == count)
      out_ << "else: ";
    else if (is_switch)
      out_.dec(f_[e].case_value) << ": ";
    edge(e);
  }
}

inline void Printer::block_header(Block b) {
  block(b);
  for (u32 n = 0; n < f_[b].param_count; ++n) {
    out_ << (n == 0 ? "(" : ", ");
    value(f_.param(b, n));
    out_ << ": " << name(f_.type(f_.param(b, n)));
  }
  out_ << (f_[b].param_count != 0 ? "):" : ":") << (f_[b].cold ? " cold" : "");
}

inline void Printer::entries(u32 first, u32 count) {
  out_ << "[";
  for (u32 n = 0; n < count; ++n) {
    const FrameEntry& e = f_.frame_entries[first + n];
    if (n != 0) out_ << ", ";
    out_.udec(e.key) << ": ";
    if (e.kind == FrameEntry::Kind::value)
      value(Value(e.index));
    else
      (out_ << "object ").udec(e.index);
  }
  out_ << "]";
}

inline void Printer::frame_state(u32 id) {
  const FrameState& s = f_.frame_states[id];
  (out_ << "  fs").udec(id) << " = state ";
  out_.udec(s.id) << " ";
  entries(s.first_entry, s.entries);
  for (u32 n = 0; n < s.objects; ++n) {
    const VirtualObject& o = f_.virtual_objects[s.first_object + n];
    out_ << (n == 0 ? " with " : ", ");
    out_.udec(o.descriptor) << " ";
    entries(o.first_field, o.fields);
  }
  out_ << "\n";
}

inline void Printer::function() {
  out_ << "func ";
  if (f_.module != nullptr && f_.symbol) {
    module_.linkage(f_.module->symbol(f_.symbol).linkage, Linkage::exported);
    module_.symbol(f_.symbol);
    module_.signature(f_.signature);
  }
  out_ << " {\n";
  for (u32 s = 1; s < f_.slots.size(); ++s) {
    (out_ << "  s").udec(s) << " = slot ";
    out_.udec(f_.slots[s].size);
    if (f_.slots[s].align_log2 != 0) (out_ << " align ").udec(u64{1} << (f_.slots[s].align_log2 & 63));
    out_ << "\n";
  }
  for (u32 e = 1; e < f_.exits.size(); ++e) {
    (out_ << "  e").udec(e) << " = exit_to ";
    if (f_.exits[e].epilogue == ExitData::Epilogue::none) out_ << "bare ";
    if (f_.exits[e].target) module_.symbol(f_.exits[e].target);
    module_.signature(f_.exits[e].places);
    out_ << "\n";
  }
  for (u32 b = 1; b < f_.blocks.size(); ++b) {
    block_header(Block(b));
    out_ << "\n";
    for (Inst i = f_.blocks[b].first; i; i = f_[i].next) {
      out_ << "  ";
      inst(i);
      out_ << "\n";
    }
  }
  for (u32 s = 1; s < f_.frame_states.size(); ++s) frame_state(s);
  out_ << "}\n";
}

inline void print(const FunctionData& f, Sink& out) { Printer(f, out).function(); }

// Symbols in their order, functions where their symbol stands; `target` lines where the target changes.
inline void print(const Unit& u, Sink& out) {
  const IsaInfo* isa = nullptr;
  const auto target = [&](const IsaInfo* wanted) {
    if (wanted == isa) return;
    isa = wanted;
    out << "target " << (isa != nullptr ? isa->name : "any") << "\n";
  };
  const Module& m = u.module;
  for (u32 s = 1; s < m.symbol_count() && isa == nullptr; ++s)
    if (const FunctionData* f = u.find(SymbolRef(s))) target(f->isa);
  for (u32 n = 1; n < m.symbol_count(); ++n) {
    const SymbolRef s(n);
    if (const FunctionData* f = u.find(s)) {
      target(f->isa);
      print(*f, out);
    } else if (m.symbol(s).kind == SymbolKind::function || m.symbol(s).linkage == Linkage::external) {
      ModulePrinter(m, isa, out).declaration(s);
    } else {
      ModulePrinter(m, isa, out).global(s);
    }
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_PRINTER_HPP
