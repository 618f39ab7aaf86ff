// A table that lacks the row of an op does not compile, and the compiler says which op it is: a target's
// lower.def, source_types() and legal_lanes().
#include <jitkit/ir/select.hpp>

#include <array>

#include "cases.hpp"

using namespace jitkit;
using Op = ir::Opcode;

// What misplaced_lower_row() says of all ops in order, without one, with one more behind.
consteval Op misplaced(Op left_out, Op behind = Op::none) {
  std::array<Op, ir::core_op_count + 1> rows{};
  usize count = 0;
  for (unsigned n = 0; n < ir::core_op_count; ++n)
    if (static_cast<Op>(n) != left_out) rows[count++] = static_cast<Op>(n);
  if (behind != Op::none) rows[count++] = behind;
  return ir::misplaced_lower_row({rows.data(), count});
}

static_assert(ir::LowerRow<misplaced(Op::core_count)>::there);
FAIL(1, static_assert(ir::LowerRow<misplaced(Op::vumin)>::there))  // expect: LowerRow<\S*Opcode::vumin>
FAIL(2, static_assert(ir::LowerRow<misplaced(Op::add, Op::add)>::there))  // expect: LowerRow<\S*Opcode::add>
FAIL(3, static_assert(ir::LowerRow<misplaced(Op::unreachable)>::there))  // expect: LowerRow<\S*Opcode::unreachable>
FAIL(4, static_assert(ir::LowerRow<misplaced(Op::core_count, Op::sub)>::there))  // expect: LowerRow<\S*Opcode::sub>
FAIL(5, static_assert(ir::detail::SourceTypes<Op::zext>::there))  // expect: SourceTypes<\S*Opcode::zext>
FAIL(6, static_assert(ir::detail::LegalLanes<Op::vadd>::there))  // expect: LegalLanes<\S*Opcode::vadd>
