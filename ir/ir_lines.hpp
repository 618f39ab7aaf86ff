// The IR of a compiled function as the source of its code: a text with a line for each instruction, under the source
// line that it came from, and rows of a line table that refer to it. perf annotate and debuggers show such lines amid
// the machine code, as they show those of a program.
//
//   // func @f(i64) -> i64
//   // b1(v1: i64):
//   // f.src line 41: y = x + 1
//     v2 = add.i64 v1, 1
//
// Invariants: blocks stand in the order of their code, so that lines grow with offsets; an instruction has one line,
// also if it has no code of its own. Rows are those of ir/line_rows.hpp: at most one per offset, code of the compiler's
// own belongs to the line before it. The first colon of a line is not followed by a digit: perf takes that for a
// position.
#ifndef JITKIT_IR_IR_LINES_HPP
#define JITKIT_IR_IR_LINES_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/line_rows.hpp>
#include <jitkit/ir/listing.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

class IrLines {
 public:
  // `source`: where the function came from; `lines`: what its file holds, if that is to be shown.
  IrLines(const FunctionData& fn, Sink& out, const ListingSource& source = {}, std::string_view lines = {})
      : fn_(fn), out_(out), source_(source), text_(lines), of_(fn, source.text), printer_(fn, out), line_of_(arena_) {}

  // Writes the text of the function compiled last by `compiler`, and its rows, as line_rows() does.
  template <Target T, class Row>
  Status write(const Compiler<T>& compiler, Vec<Row>& rows, u16 file = 1) {
    if (!line_of_.assign(fn_.insts.size(), 0)) return arena_.status();
    header();
    for (const MachBlock& b : compiler.machine().blocks) block(b.block);
    const auto add = [&](u32 offset, u32 line) {
      if (line == 0 || (!rows.empty() && rows.back().line == line)) return;
      if (!rows.empty() && rows.back().offset == offset) rows.pop_back();
      rows.push({offset, line, 0, file});
    };
    add(0, 1);
    for (const CodePosition& p : compiler.code_map().positions)
      if (p.inst) add(p.offset, line_of_[p.inst.id]);
    return arena_.status();
  }

 private:
  void end_line() {
    out_ << "\n";
    ++line_;
  }

  void header() {
    out_ << "// func";
    if (fn_.module != nullptr && fn_.symbol) {
      out_ << " ";
      ModulePrinter module(*fn_.module, fn_.isa, out_);
      module.symbol(fn_.symbol);
      module.signature(fn_.signature);
    }
    end_line();
  }

  void block(Block b) {
    out_ << "// ";
    printer_.block_header(b);
    end_line();
    for (Inst i = fn_[b].first; i; i = fn_[i].next) {
      const u32 line = of_.of(i).line;
      if (line != 0 && line != shown_) source_line(line);
      out_ << "  ";
      printer_.inst(i);
      line_of_[i.id] = line_;
      end_line();
    }
  }

  void source_line(u32 line) {
    shown_ = line;
    (out_ << "// " << source_.file << (source_.file.empty() ? "line " : " line ")).udec(line);
    std::string_view rest = text_;
    for (u32 n = 1; n < line && !rest.empty(); ++n) {
      const usize end = rest.find('\n');
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    rest = rest.substr(0, rest.find('\n'));
    if (!rest.empty()) out_ << ": " << rest;
    end_line();
  }

  const FunctionData& fn_;
  Sink& out_;
  ListingSource source_;
  std::string_view text_;
  SourceLines of_;
  Printer printer_;
  Arena arena_;
  Vec<u32> line_of_;  // by Inst
  u32 line_ = 1;      // that is being written
  u32 shown_ = 0;     // of the source, last
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_IR_LINES_HPP
