// Source lines of a compiled function: rows for line tables, from where its code came from.
//
// Invariants: rows stand in the order of their offsets, at most one per offset, and change the line
// each. Code of the compiler's own belongs to the line before it; the prologue to the function's line if
// that is known, else to the first.
#ifndef JITKIT_IR_LINE_ROWS_HPP
#define JITKIT_IR_LINE_ROWS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/emission.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/text_pos.hpp>
#include <jitkit/ir/unit.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// The source line of each instruction, for listings and line tables: the position it carries, or, in a
// function in which none carries one, its place in the text of the function.
class SourceLines {
 public:
  explicit SourceLines(const FunctionData& fn, const TextMap* text = nullptr) : fn_(fn), text_(text) {
    for (const SourcePos p : fn.positions) carried_ = carried_ || p != 0;
  }
  // Line 0: unknown.
  TextPos of(Inst i) const {
    if (carried_) return {i.id < fn_.positions.size() ? fn_.positions[i.id] : 0, 0};
    return text_ != nullptr ? TextMap::get(text_->insts, i.id) : TextPos();
  }
  TextPos start() const { return carried_ || text_ == nullptr ? TextPos() : text_->function; }

 private:
  const FunctionData& fn_;
  const TextMap* text_;
  bool carried_ = false;
};

// Row: an aggregate {offset, line, column, file}, such as jitkit::LineRow; `file` counts from 1. None are made for a function
// whose instructions have neither positions nor a place in a text.
template <class Row>
void line_rows(const FunctionData& fn, const CodeMap& map, Vec<Row>& rows, const TextMap* text = nullptr, u16 file = 1) {
  const SourceLines source(fn, text);
  const auto add = [&](u32 offset, TextPos at) {
    if (at.line == 0 || (!rows.empty() && rows.back().line == at.line)) return;
    if (!rows.empty() && rows.back().offset == offset) rows.pop_back();
    rows.push({rows.empty() ? 0 : offset, at.line, static_cast<u16>(at.column < 0xffff ? at.column : 0), file});
  };
  add(0, source.start());
  for (const CodePosition& p : map.positions)
    if (p.inst) add(p.offset, source.of(p.inst));
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LINE_ROWS_HPP
