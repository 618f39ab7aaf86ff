// A function as a graph, for the tools that draw them: Graphviz (a box per block) and the Ideal Graph Visualizer (a node
// per instruction, parameter and constant; edges are operands; one graph per phase of a function, and a group of them).
//
//   IgvDocument graphs(file);  // emit/runtime/file_sink.hpp
//   graphs.phase(f, "built");
//   optimiser.run(f, [&](Pass p) { graphs.phase(f, info(p).name); });
//
// Invariants: what is printed is complete in itself, whatever names are in it; functions that break rules of the verifier
// are printed too. The numbers of IGV's nodes stay the same from phase to phase, so that it can show what changed.
// Source: the XML that HotSpot's IdealGraphPrinter writes.
#ifndef JITKIT_IR_GRAPH_HPP
#define JITKIT_IR_GRAPH_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/support/quoted_sink.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

inline std::string_view symbol_name(const FunctionData& f) {
  return f.module != nullptr && f.symbol ? f.module->symbol_name(f.symbol) : std::string_view("function");
}

inline void print_dot(const FunctionData& f, Sink& out) {
  QuotedSink quoted(out, QuotedSink::Form::dot);
  Printer printer(f, quoted);
  out << "digraph \"";
  quoted << symbol_name(f);
  out << "\" {\n  node [shape=box, fontname=monospace];\n";
  for (u32 n = 1; n < f.blocks.size(); ++n) {
    const Block b(n);
    if (!f[b].first) continue;  // it was removed
    (out << "  b").udec(n) << " [label=\"";
    printer.block_header(b);
    for (Inst i = f[b].first; i; i = f[i].next) {
      out << "\\l  ";
      printer.inst(i);
    }
    out << "\\l\"];\n";
    const Inst last = f.terminator(b);
    for (u32 k = 0; k < f.edge_count(last); ++k) {
      const EdgeData& e = f[f.edge(last, k)];
      ((out << "  b").udec(n) << " -> b").udec(e.target.id);
      if (e.weight != 0) (out << " [label=").udec(e.weight) << "]";
      out << ";\n";
    }
  }
  out << "}\n";
}

// Prints one <graph>.
class IgvPrinter {
 public:
  IgvPrinter(const FunctionData& f, Sink& out) : f_(f), out_(out), quoted_(out, QuotedSink::Form::xml), printer_(f, quoted_) {}

  void print(std::string_view phase) {
    out_ << "<graph name=\"";
    quoted_ << phase;
    out_ << "\">\n<nodes>\n";
    each_block([&](Block b) {
      for (u32 n = 0; n < f_[b].param_count; ++n) value_node(f_.param(b, n), "parameter", b);
      for (Inst i = f_[b].first; i; i = f_[i].next) inst_node(i, b);
    });
    for (u32 n = 1; n < f_.values.size(); ++n)
      if (f_.is_constant(Value(n)) && f_.values[n].uses != 0) value_node(Value(n), "constant", {});
    out_ << "</nodes>\n<edges>\n";
    each_block([&](Block b) {
      for (Inst i = f_[b].first; i; i = f_[i].next)
        for (u32 n = 0; n < f_[i].operands; ++n) edge(f_.operand(i, n), i.id, n);
      for (u32 k = 0; k < f_.edge_count(f_.terminator(b)); ++k) arguments(f_.edge(f_.terminator(b), k));
    });
    out_ << "</edges>\n<controlFlow>\n";
    each_block([&](Block b) { control(b); });
    out_ << "</controlFlow>\n</graph>\n";
  }

 private:
  template <class Visit>
  void each_block(Visit visit) const {
    for (u32 n = 1; n < f_.blocks.size(); ++n)
      if (f_.blocks[n].first) visit(Block(n));
  }
  // Instructions have even numbers, values that none defines have odd ones.
  static u64 number(Inst i) { return u64{2} * i.id; }
  u64 number(Value v) const {
    const Inst i = f_.def(v);
    return i ? number(i) : u64{2} * v.id + 1;
  }
  void begin_node(u64 n, std::string_view name) {
    (out_ << "<node id=\"").udec(n) << "\"><properties>";
    property("name", [&] { quoted_ << name; });
  }
  template <class Write>
  void property(const char* name, Write write) {
    out_ << "<p name=\"" << name << "\">";
    write();
    out_ << "</p>";
  }
  void end_node(Block b) {
    if (b) property("block", [&] { printer_.block(b); });
    out_ << "</properties></node>\n";
  }
  void value_node(Value v, std::string_view name, Block b) {
    begin_node(number(v), name);
    property("text", [&] { printer_.value(v); });
    end_node(b);
  }
  void inst_node(Inst i, Block b) {
    const InstData& d = f_[i];
    if (is_native(d.op) && f_.isa != nullptr && f_.isa->has(native_form(d.op)))
      begin_node(number(i), f_.isa->form_name(native_form(d.op)).view());
    else
      begin_node(number(i), is_native(d.op) ? std::string_view("native") : ir::name(d.op));
    property("text", [&] { printer_.inst(i); });
    if (f_.positions.size() > i.id && f_.positions[i.id] != 0)
      property("position", [&] { out_.udec(f_.positions[i.id]); });
    end_node(b);
  }
  void edge(Value from, u32 inst, u32 index) {
    if (from) edge_to(from, u64{2} * inst, index);
  }
  void edge_to(Value from, u64 to, u32 index) {
    ((out_ << "<edge from=\"").udec(number(from)) << "\" to=\"").udec(to);
    (out_ << "\" index=\"").udec(index) << "\"/>\n";
  }
  // What a branch passes is an operand of the parameter.
  void arguments(Edge e) {
    const Span<const u32> passed = f_.args(e);
    const Block to = f_[e].target;
    for (u32 n = 0; n < passed.size() && n < f_[to].param_count; ++n) edge_to(Value(passed[n]), number(f_.param(to, n)), n);
  }
  void control(Block b) {
    out_ << "<block name=\"";
    printer_.block(b);
    out_ << "\"><successors>";
    for (u32 k = 0; k < f_.edge_count(f_.terminator(b)); ++k) {
      out_ << "<successor name=\"";
      printer_.block(f_[f_.edge(f_.terminator(b), k)].target);
      out_ << "\"/>";
    }
    out_ << "</successors><nodes>";
    for (u32 n = 0; n < f_[b].param_count; ++n) (out_ << "<node id=\"").udec(number(f_.param(b, n))) << "\"/>";
    for (Inst i = f_[b].first; i; i = f_[i].next) (out_ << "<node id=\"").udec(number(i)) << "\"/>";
    out_ << "</nodes></block>\n";
  }

  const FunctionData& f_;
  Sink& out_;
  QuotedSink quoted_;
  Printer printer_;
};

// A graph of a group.
inline void print_igv(const FunctionData& f, std::string_view phase, Sink& out) { IgvPrinter(f, out).print(phase); }

// A document of all that is given to it: a group for each function, whose phases follow each other. What it is written to
// lives longer.
class IgvDocument {
 public:
  explicit IgvDocument(Sink& out) : out_(out) { out_ << "<graphDocument>\n"; }
  IgvDocument(const IgvDocument&) = delete;
  IgvDocument& operator=(const IgvDocument&) = delete;
  ~IgvDocument() {
    end_group();
    out_ << "</graphDocument>\n";
  }

  void begin_group(std::string_view name) {
    end_group();
    out_ << "<group>\n<properties><p name=\"name\">";
    QuotedSink(out_, QuotedSink::Form::xml) << name;
    out_ << "</p></properties>\n";
    in_group_ = true;
  }
  // A phase of f; begins its group if the one before was another's.
  void phase(const FunctionData& f, std::string_view name) {
    if (!in_group_ || last_ != &f || symbol_ != f.symbol) begin_group(symbol_name(f));
    last_ = &f;
    symbol_ = f.symbol;
    print_igv(f, name, out_);
  }

 private:
  void end_group() {
    if (in_group_) out_ << "</group>\n";
    in_group_ = false;
  }

  Sink& out_;
  bool in_group_ = false;
  const FunctionData* last_ = nullptr;
  SymbolRef symbol_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_GRAPH_HPP
