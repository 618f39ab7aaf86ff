// The builder's entry block: made once, with the signature's parameters, however often it is asked for. A builder that
// begins again on its function, which was cleared.
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

TEST_CASE("builder: one that begins again shares nothing with the function before") {
  Module m;
  const SymbolRef s = m.declare_function("f", m.add_signature({Type::i64, Type::i64}, {Type::i64}));
  FunctionData f;
  Builder b(f);
  for (u32 round = 0; round < 40; ++round) {
    f.clear();
    f.module = &m;
    f.symbol = s;
    f.signature = m.symbol(s).signature;
    b.restart();
    const Block entry = b.entry();
    const Value x = b.param(entry, 0), y = b.param(entry, 1);
    for (u32 n = 0; n < round % 3; ++n) b.store(b.bitcast(Type::ptr, x), y, static_cast<i32>(8 * n));  // other numbers than before
    const u32 before = f.insts.size();
    const Value sum = b.add(x, y);
    CHECK(f.insts.size() == before + 1);
    const Block next = b.new_block();
    b.br({next});
    b.at(next, entry);
    CHECK(b.add(x, y) == sum);  // shared within the function as ever
    b.ret({sum});
    Diagnostics errors;
    CHECK(verify(f, errors));
  }
}
