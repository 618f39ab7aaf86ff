// Guards that branch to symbols of the consumer's: a relocation for each branch, no stubs; and a frame of
// the environment that lies below the slots the environment filled.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/arm64.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/x86_64.hpp>

using namespace jitkit;
using ir::Type;
using ir::Value;

namespace {

template <class Isa>
ir::Convention environment() {
  ir::Convention c = Isa::convention(ir::CallConv::c);
  c.preserved = c.preserved_low = {};
  c.frame.adjusts_sp = c.frame.saves_link = false;
  c.frame.incoming_above = true;
  c.frame.reserved = 8;
  c.frame.slot_bytes = 4;
  return c;
}

// A function of the environment: a pointer in its slot 4, no result.
template <class Isa>
struct Unit {
  Unit() {
    f.module = &module;
    ir::Param at;
    at.type = Type::ptr;
    at.place.kind = ir::FixedPlace::Kind::slot;
    at.place.slot = 4;
    f.signature = module.add_signature(std::span<const ir::Param>(&at, 1), {}, ir::CallConv::custom0);
  }
  void leave(ir::Builder& b) {
    b.exit_(b.new_exit(module.add_signature({}, {}, ir::CallConv::custom0), {}, ir::ExitData::Epilogue::none), ir::Values({}));
  }

  ir::Module module;
  ir::Function<Isa> f;
};

// Two states, the second for an integer and a float comparison; `alive` values across all of it.
template <class Isa>
void check_exits(u32 alive, u32 float_branches) {
  Unit<Isa> unit;
  ir::Builder b(unit.f);
  const Value p = b.param(b.entry(), 0);
  Value x[64];
  for (u32 n = 0; n < alive; ++n) x[n] = b.load(Type::i64, p, static_cast<i32>(8 * n), ir::MemFlags::make(8, true));
  ir::FrameEntry entries[64];
  for (u32 n = 0; n < alive; ++n) entries[n] = ir::Builder::entry_of(n, x[n]);
  const std::span<const ir::FrameEntry> all(entries, alive);
  const ir::FrameStateRef first = b.frame_state(0, all), second = b.frame_state(1, all);
  b.guard(b.icmp(ir::ICond::ne, b.load(Type::i32, p, 600), b.i32(7)), first);
  b.guard(b.icmp(ir::ICond::ult, b.load(Type::i32, p, 604), b.i32(9)), second);
  b.guard(b.fcmp(ir::FCond::oeq, b.load(Type::f64, p, 608), b.load(Type::f64, p, 616)), second);
  unit.leave(b);

  CodeBuffer code;
  const Symbol exits[] = {code.symbol("zero"), code.symbol("one")};
  const ir::Convention convention = environment<Isa>();
  typename Isa::Options o;
  o.features = Isa::core_features();
  o.conventions = {&convention, 1};
  o.exit_symbols = exits;
  ir::Compiler<Isa> compiler(o);
  compiler.check_allocations = true;
  REQUIRE(compiler.compile(unit.f, code).ok());
  u32 branches[2] = {};
  for (const Reloc& r : code.relocs())
    for (u32 n = 0; n < 2; ++n) branches[n] += r.symbol == exits[n] ? 1 : 0;
  CHECK(branches[0] == 1);
  CHECK(branches[1] == 1 + float_branches);
  CHECK(compiler.locations().states.size() == 2);
  for (const LocationMap::State& s : compiler.locations().states) CHECK(s.stub == LocationMap::no_stub);
  CHECK(code.offset() == compiler.code_map().blocks.back());  // nothing stands behind
  const u32 slots = compiler.machine().slot_count;
  CHECK((slots == 0) == (alive < 8));
  CHECK(compiler.frame_bytes() == (slots == 0 ? 0 : (8 + 4 * slots + 15) / 16 * 16));
}

}  // namespace

TEST_CASE("exit symbols: a relocation for each branch of a guard, and a frame below the environment's slots") {
  for (const u32 alive : {3U, 40U}) {
    check_exits<x86_64::Isa>(alive, 2);
    check_exits<arm64::Isa>(alive, 1);
  }
}

// The guard at a loop's end branches back, and leaves behind that.
TEST_CASE("exit symbols: beyond a branch's reach, from straight code and from a loop's end") {
  for (const bool looping : {false, true}) {
    Unit<arm64::Isa> unit;
    ir::Builder b(unit.f);
    const Value p = b.param(b.entry(), 0);
    ir::Block body = b.entry();
    if (looping) {
      body = b.new_block();
      b.br({body, {}});
      b.at(body);
    }
    const Value x = b.load(Type::i64, p, 0, ir::MemFlags::make(8, true));
    const ir::FrameEntry entry = ir::Builder::entry_of(0, x);
    b.guard(b.icmp(ir::ICond::ne, x, b.i64(7)), b.frame_state(0, {&entry, 1}));
    if (looping)
      b.br({body, {}});
    else
      unit.leave(b);
    CodeBuffer code;
    const Symbol exits[] = {code.symbol("far", u64{1} << 32)};
    const ir::Convention convention = environment<arm64::Isa>();
    arm64::Isa::Options o;
    o.conventions = {&convention, 1};
    o.exit_symbols = exits;
    REQUIRE(ir::Compiler<arm64::Isa>(o).compile(unit.f, code).ok());
    CHECK(code.place(u64{1} << 20).ok());
  }
}

// Without SSSE3 bytes are shuffled through a slot that only the lowering knows of.
TEST_CASE("frame below the environment's slots: a scratch slot is room too") {
  Unit<x86_64::Isa> unit;
  ir::Builder b(unit.f);
  const Value p = b.param(b.entry(), 0);
  const u8 mask[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
  const Value x = b.load(Type::v128, p, 0);
  b.store(p, b.vshuffle(x, x, std::span<const u8>(mask)), 16);
  unit.leave(b);
  CodeBuffer code;
  const ir::Convention convention = environment<x86_64::Isa>();
  x86_64::Isa::Options o;
  o.features = {};
  o.conventions = {&convention, 1};
  ir::Compiler<x86_64::Isa> compiler(o);
  compiler.check_allocations = true;
  REQUIRE(compiler.compile(unit.f, code).ok());
  CHECK(compiler.machine().slot_count == 0);
  CHECK(compiler.frame_bytes() >= 8 + x86_64::scratch_slot_bytes);
}
