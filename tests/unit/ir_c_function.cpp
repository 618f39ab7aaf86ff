// A function as C (ir/c_function.hpp): an op that has no C is named, also where only its operands are too wide.
#include <jitkit/ir/c_function.hpp>
#include <jitkit/ir/parser.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace jitkit;

namespace {

// The op without C in a body that leaves with r; "" if all have one.
std::string missing(const std::string& body) {
  ir::Unit unit;
  ir::Diagnostics errors;
  REQUIRE(ir::parse("func @f(i64) conv custom0 {\n  e = exit_to (i64 in reg(0))\nb1(a: i64):\n" + body + "  exit e, r\n}\n", unit, {}, errors));
  char memory[4096];
  BufferSink out(memory, sizeof memory);
  ir::CFunction c(*unit.find("f"), out);
  const std::string_view arguments[] = {"x"};
  const bool written = c.write(arguments);
  CHECK(written == c.missing.empty());
  return std::string(c.missing);
}

}  // namespace

TEST_CASE("c function: ops of up to 64 bits") {
  CHECK(missing("  x = add.i64 a, 1\n  c = icmp.ne.i64 x, 0\n  r = select.i64 c, x, a\n") == "");
  CHECK(missing("  x = trunc.i32 a\n  r = sext.i64 x\n") == "");
}
TEST_CASE("c function: 128 bits in a result, an operand or a constant are refused") {
  CHECK(missing("  x = zext.i128 a\n  r = add.i64 a, 1\n") == "zext");
  CHECK(missing("  c = icmp.eq.i128 0x10000000000000000, 0\n  r = select.i64 c, a, 1\n") == "icmp");
}
TEST_CASE("c function: an op without C") {
  CHECK(missing("  r = clz.i64 a\n") == "clz");
}
