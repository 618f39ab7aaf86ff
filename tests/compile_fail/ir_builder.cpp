// The Builder's methods take what their rows say: the numbers of one kind of entity are not those of
// another, conditions and orders are not left out, and an op without a row has no method.
#include <jitkit/ir/builder.hpp>

#include "cases.hpp"

using namespace jitkit;
using namespace jitkit::ir;

void build(Builder& b, Value x, Value p, Block block) {
  b.store(p, b.add(x, x));
  b.br({block, {x}});
  FAIL(1, b.add(x, 1))  // expect: class
  FAIL(2, b.icmp(x, x, x))  // expect: class
  FAIL(3, b.icmp(FCond::oeq, x, x))  // expect: class
  FAIL(4, b.load(x, x))  // expect: class
  FAIL(5, b.select(x, x))  // expect: class
  FAIL(6, b.vadd(x, x))  // expect: class
  FAIL(7, b.atomic_add(p, x))  // expect: class
  FAIL(8, b.no_such_op(x))  // expect: class
  FAIL(9, b.zext(x))  // expect: class
  FAIL(10, b.br(x))  // expect: class
  FAIL(11, b.stack_addr(block))  // expect: class
  FAIL(12, b.call(block, {x}))  // expect: class
  FAIL(13, b.guard(x, block))  // expect: class
  FAIL(14, b.add(x, block))  // expect: class
  FAIL(15, b.native(1, x))  // expect: class
}
