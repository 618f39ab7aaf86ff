// The builder's entry block: made once, with the signature's parameters, however often it is asked for.
#include <doctest/doctest.h>

#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

using namespace jitkit;
using namespace jitkit::ir;

TEST_CASE("builder: the entry block is made once") {
  Unit unit;
  const SymbolRef s = unit.module.declare_function("f", unit.module.add_signature({Type::i64, Type::f32}, {}));
  FunctionData& f = *unit.add_function(s, nullptr);
  Builder b(f);
  const Block entry = b.entry();
  CHECK(entry.id == FunctionData::entry().id);
  CHECK(f[entry].param_count == 2);
  const Block next = b.new_block();
  b.at(next);
  CHECK(b.entry().id == entry.id);
  CHECK(b.block().id == entry.id);
  CHECK(f[entry].param_count == 2);
  b.br({next});
  b.at(next);
  b.ret();
  Diagnostics errors;
  CHECK(verify(unit, errors));
}
