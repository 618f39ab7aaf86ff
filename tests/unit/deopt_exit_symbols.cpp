// Guards that branch to symbols of the consumer's: a relocation for each branch, no stubs; and a frame of
// the environment that lies below the slots the environment filled.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/arm64.hpp>
#include <jitkit/emit/placement.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/x86_64.hpp>

#include <cstring>

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

// Code whose exit is 4 GiB away can be placed. Its size in bytes, without veneers.
u32 check_far_exit(const ir::Function<arm64::Isa>& f) {
  CodeBuffer code;
  const Symbol exits[] = {code.symbol("far", u64{1} << 32)};
  const ir::Convention convention = environment<arm64::Isa>();
  arm64::Isa::Options o;
  o.conventions = {&convention, 1};
  o.exit_symbols = exits;
  REQUIRE(ir::Compiler<arm64::Isa>(o).compile(f, code).ok());
  const u32 size = code.offset();
  CHECK(code.place(u64{1} << 20).ok());
  return size;
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
    check_far_exit(unit.f);
  }
}

// tbz reaches 32 KiB, its symbol's veneer stands behind the function.
TEST_CASE("exit symbols: a guard of a bit in a function beyond its branch's reach") {
  for (const i32 stores : {100, 1100, 10000}) {
    Unit<arm64::Isa> unit;
    ir::Builder b(unit.f);
    const Value p = b.param(b.entry(), 0);
    const Value x = b.load(Type::i64, p, 0, ir::MemFlags::make(8, true));
    const ir::FrameEntry entry = ir::Builder::entry_of(0, x);
    const Value bit = b.and_(x, b.i64(32));
    b.guard(b.icmp(ir::ICond::eq, bit, b.i64(0)), b.frame_state(0, {&entry, 1}));
    for (i32 n = 0; n < stores; ++n) b.store(x, p, 8 * (n % 1000), ir::MemFlags::make(8, true));
    unit.leave(b);
    CHECK((check_far_exit(unit.f) > 32768) == (stores > 8192));
  }
}

// A veneer overwrites x16, and exits find values by the map alone: parameters that arrive in x16 and x17 are
// elsewhere before the first guard, and what the convention preserves there is in the frame.
TEST_CASE("exit symbols: nothing is in x16 and x17 where a veneer may be taken") {
  for (const bool preserves : {false, true}) {
    ir::Module module;
    ir::Function<arm64::Isa> f;
    f.module = &module;
    ir::Param params[2];
    for (u32 n = 0; n < 2; ++n) {
      params[n].type = Type::i64;
      params[n].place.kind = ir::FixedPlace::Kind::reg;
      params[n].place.reg = PReg(preserves ? n : 16 + n);
    }
    f.signature = module.add_signature(params, {}, ir::CallConv::custom0);
    ir::Builder b(f);
    const Value x = b.param(b.entry(), 0), y = b.param(b.entry(), 1);
    const ir::FrameEntry entries[] = {ir::Builder::entry_of(0, x), ir::Builder::entry_of(1, y)};
    b.guard(b.icmp(ir::ICond::ne, x, b.i64(0)), b.frame_state(0, entries));
    b.exit_(b.new_exit(module.add_signature({}, {}, ir::CallConv::custom0), {}, ir::ExitData::Epilogue::none), ir::Values({}));

    CodeBuffer code;
    const Symbol exits[] = {code.symbol("far", u64{1} << 32)};
    ir::Convention convention = environment<arm64::Isa>();
    if (preserves) convention.preserved = arm64::preg::scratches;
    arm64::Isa::Options o;
    o.conventions = {&convention, 1};
    o.exit_symbols = exits;
    ir::Compiler<arm64::Isa> compiler(o);
    compiler.check_allocations = true;
    REQUIRE(compiler.compile(f, code).ok());
    const u32 end = code.offset();
    REQUIRE(code.place(u64{1} << 20).ok());
    CHECK(code.offset() > end);  // by a veneer
    const LocationMap map = compiler.locations();
    REQUIRE(map.sites.size() == 1);
    for (const FrameValue& v : map.entries(map.states[0])) CHECK((v.part[0].kind != Location::Kind::reg || !arm64::preg::scratches.has(v.part[0].reg)));
    // Before the guard's branch both went from there: to other registers or to memory.
    u32 left = 0;
    for (u32 at = 0; at < map.sites[0].offset; at += 4) {
      u32 word = 0;
      std::memcpy(&word, code.data() + at, 4);
      const u32 moved = word >> 16 & 31;
      if ((word & 0xffe0ffe0) == 0xaa0003e0 && (moved == 16 || moved == 17)) left |= 1U << (moved - 16);  // mov x, x16
      if ((word & 0xffc0001f) == 0xf9000010 || (word & 0xffc0001f) == 0xf9000011) left |= 1U << (word & 1);  // str x16, [
      if ((word & 0xffc07c1f) == 0xa9004410) left = 3;  // stp x16, x17, [
    }
    CHECK(left == 3);
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
