// Source lines of a compiled function: rows for line tables, from where its code came from.
//
// Invariants: rows stand in the order of their offsets, at most one per offset, and change the line
// each. Code of the compiler's own belongs to the line before it; the prologue to the first line.
#ifndef JITKIT_IR_LINE_ROWS_HPP
#define JITKIT_IR_LINE_ROWS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/emission.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// Row: an aggregate {offset, line, column, file}, such as jitkit::LineRow. None are made for a function
// whose instructions have no positions.
template <class Row>
void line_rows(const FunctionData& fn, const CodeMap& map, Vec<Row>& rows) {
  if (fn.positions.empty()) return;
  for (const CodePosition& p : map.positions) {
    const SourcePos line = p.inst ? fn.positions[p.inst.id] : 0;
    if (line == 0 || (!rows.empty() && rows.back().line == line)) continue;
    if (!rows.empty() && rows.back().offset == p.offset)
      rows.back().line = line;
    else
      rows.push({rows.empty() ? 0 : p.offset, line, 0, 1});
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LINE_ROWS_HPP
