// Patch points: rewritten in both modes of ExecMemory, refused where that would be wrong, and while other threads run
// them: natively, or on a whole machine under QEMU (tests/checks/threads_arm64.py).
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/patch.hpp>

#include "../support/emulated.hpp"
#include "../support/speculation.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <thread>

using namespace jitkit;
using ir::FrameEntry;
using ir::Type;
using ir::Value;
using speculation::Compiled;

namespace {

// f(x, y) with a patch point of `bytes` in its body gives x + y; the point's state names both.
struct Patched {
  ir::Module module;
  ir::Function<host::Isa> f;
  Compiled c;
  PatchArea area{};

  Patched(ExecMemory::Mode mode, Audience audience, u8 bytes) : c(mode, audience) {
    f.module = &module;
    f.signature = module.add_signature({Type::i64, Type::i64}, {Type::i64});
    ir::Builder b(f);
    const ir::Block entry = b.entry();
    const Value x = b.param(entry, 0), y = b.param(entry, 1);
    const Value sum = b.add(x, y);
    const FrameEntry entries[] = {{FrameEntry::Kind::value, x.id, 1}, {FrameEntry::Kind::value, sum.id, 2}};
    b.patch_point(bytes, {}, {}, b.frame_state(3, entries));
    b.ret({sum});
    REQUIRE(c.compile(f));
    REQUIRE(c.map->sites.size() == 1);
    CHECK(c.map->sites[0].kind == LocationMap::SiteKind::patch_point);
    area = {c.map->sites[0].offset, c.map->sites[0].bytes};
    CHECK(area.bytes == bytes);
  }
  u64 operator()(u64 x, u64 y) { return c.block.as<u64(u64, u64)>()(x, y); }
};

void patch_and_clear(ExecMemory::Mode mode, Audience audience, u8 bytes) {
  Patched f(mode, audience, bytes);
  CodePatcher patcher(f.c.memory);
  CHECK(f(20, 22) == 42);
  for (u32 round = 1; round <= 3; ++round) {
    REQUIRE(patcher.jump(f.c.block, f.area, f.c.block.run + f.c.map->states[0].stub).ok());
    CHECK(f(20, 22) == f.c.returns);
    CHECK(f.c.exits == round);
    CHECK(f.c.state()->id == 3);
    CHECK(f.c.values[f.c.state()->first_value].lo == 20);
    CHECK(f.c.values[f.c.state()->first_value + 1].lo == 42);
    REQUIRE(patcher.clear(f.c.block, f.area).ok());
    CHECK(f(30, 1) == 31);
  }
  REQUIRE(patcher.invalidate(f.c.block, 0, *f.c.map).ok());
  CHECK(f(1, 2) == f.c.returns);
}

// True, with a skip of that name, where code written through a second address goes unnoticed.
bool no_second_address(const char* test) {
  if (emulated::user_mode())
    std::printf("SKIP %s: QEMU's user mode does not see writes through a second address\n", test);
  return emulated::user_mode();
}

// A function that gives 1 from an area of nops; 2 with a jump to `jumped` there, 6 with a call of `called`.
struct Rewritten {
  PatchArea area;
  u32 jumped, called;
};

Rewritten put_rewritten(CodeBuffer& code) {
#if defined(__x86_64__)
  // 0: xor ecx, ecx; nop to 8; nops to 16; area of 8; lea eax, [rcx + 1]; ret
  code.put_raw("\x31\xc9\x0f\x1f\x80\x00\x00\x00", 8);
  code.put8(0x90);
  code.put_raw("\x0f\x1f\x80\x00\x00\x00\x00", 7);
  code.put_raw("\x0f\x1f\x84\x00\x00\x00\x00\x00", 8);
  code.put_raw("\x8d\x41\x01\xc3", 4);
  const u32 jumped = code.offset();
  code.put_raw("\xb8\x02\x00\x00\x00\xc3", 6);  // mov eax, 2; ret
  const u32 called = code.offset();
  code.put_raw("\xb9\x05\x00\x00\x00\xc3", 6);  // mov ecx, 5; ret
  return {{16, 8}, jumped, called};
#else
  const auto put = [&code](std::initializer_list<u32> words) {
    const u32 at = code.offset();
    for (const u32 word : words) code.put32(word);
    return at;
  };
  // mov x9, x30; mov w1, 0; area of 4; add w0, w1, 1; ret x9
  put({0xaa1e03e9, 0x52800001, 0xd503201f, 0x11000420, 0xd65f0120});
  const u32 jumped = put({0x52800040, 0xd65f0120});  // mov w0, 2; ret x9
  const u32 called = put({0x528000a1, 0xd65f03c0});  // mov w1, 5; ret
  return {{8, 4}, jumped, called};
#endif
}

}  // namespace

TEST_CASE("patch: an area becomes a jump to its exit stub and nops again") {
  for (const u8 bytes : {u8{8}, u8{12}, u8{20}})
    patch_and_clear(ExecMemory::Mode::rw_then_rx, Audience::this_thread, bytes);
}

TEST_CASE("patch: through the second address of the code") {
  if (no_second_address("patch_dual_map")) return;
#if defined(__x86_64__)
  const std::initializer_list<u8> sizes = {5, 6, 7, 8, 9, 23};
#else
  const std::initializer_list<u8> sizes = {4, 8, 12, 24};
#endif
  for (const u8 bytes : sizes) patch_and_clear(ExecMemory::Mode::dual_map, Audience::all_threads, bytes);
}

TEST_CASE("patch: what would be wrong is refused") {
  Patched shared(ExecMemory::Mode::rw_then_rx, Audience::all_threads, 8);
  CodePatcher patcher(shared.c.memory);
  const u64 stub = shared.c.block.run + shared.c.map->states[0].stub;
  CHECK(patcher.jump(shared.c.block, shared.area, stub).error == Error::policy);
  CHECK(std::string(describe(Error::policy)) == "not allowed in this mode");
  CHECK(patcher.invalidate(shared.c.block, 0, *shared.c.map).error == Error::policy);
  CHECK(shared(1, 2) == 3);

  Patched own(ExecMemory::Mode::rw_then_rx, Audience::this_thread, 8);
  CodePatcher patch_own(own.c.memory);
  PatchArea small = own.area;
  small.bytes = 3;
  CHECK(patch_own.clear(own.c.block, small).error == Error::too_long);
  CHECK(patch_own.jump(own.c.block, own.area, own.c.block.run + (u64{1} << 40)).error == Error::fixup_range);
  CHECK(patch_own.clear(own.c.block, {own.area.offset + 1, own.area.bytes}).error == Error::operand_range);
  CHECK(patch_own.clear(own.c.block, {static_cast<u32>(own.c.block.size) - 4, 8}).error == Error::operand_range);
  CHECK(own(1, 2) == 3);
}

TEST_CASE("patch: code behind a point finds its operands and gives its result") {
  speculation::Subject of({Type::i64, Type::i64}, {Type::i64});
  ir::Builder& b = of.b;
  const Value x = of.param(0), y = of.param(1);
  const FrameEntry entries[] = {{FrameEntry::Kind::value, y.id, 1}};
  const ir::Inst point = b.patch_point(8, {x, b.i64(5)}, std::array{Type::i64}, b.frame_state(3, entries));
  b.ret({b.add(b.result(point), y)});
  Compiled c(ExecMemory::Mode::rw_then_rx, Audience::this_thread);
  REQUIRE(c.compile(of.f));
  const LocationMap::Site& site = c.map->sites[0];
  REQUIRE(site.operands == 2);
  REQUIRE(site.results == 1);
  const Location from = c.map->operands(site)[0].part[0], constant = c.map->operands(site)[1].part[0];
  const Location to = c.map->results(site)[0].part[0];
  REQUIRE(from.kind == Location::Kind::reg);
  REQUIRE(to.kind == Location::Kind::reg);
  CHECK(constant.kind == Location::Kind::constant);
  CHECK(constant.low == 5);
  CHECK(from.reg != to.reg);
  // result = operand 0 + operand 1; back behind the patched instruction.
  CodeBuffer code;
#if defined(__x86_64__)
  x86_64::Assembler a(code);
  a.lea(x86_64::Gp64(to.reg.id), x86_64::ptr[x86_64::Gp64(from.reg.id) + static_cast<int>(constant.low)]);
  code.put8(0xe9);
  code.put32(0);
  code.use_symbol(code.symbol("back", c.block.run + site.offset + 8), FixupKind::x86_rel32, code.offset() - 4);
#else
  arm64::MacroAssembler a(code);
  a.add(arm64::XReg(to.reg), arm64::XReg(from.reg), static_cast<i64>(constant.low));
  a.jump_far(code.symbol("back", c.block.run + site.offset + 4));
#endif
  ExecBlock block;
  REQUIRE(c.memory.add(code, block, {}, c.block.run).ok());
  CodePatcher patcher(c.memory);
  REQUIRE(patcher.jump(c.block, {site.offset, site.bytes}, block.run).ok());
  CHECK(c.block.as<u64(u64, u64)>()(30, 7) == 42);
  c.memory.free(block);
}

TEST_CASE("patch: only what may be replaced is") {
  ExecMemory memory;
  CodeBuffer code;
  // A return and more: no patch area.
  code.put32(host_machine == Machine::arm64 ? 0xd65f03c0 : 0xc3c3c3c3);
  code.put32(0xd65f03c0);
  ExecBlock block;
  REQUIRE(memory.add(code, block, {}, 0, Audience::this_thread).ok());
  CodePatcher patcher(memory);
  CHECK(patcher.clear(block, {0, 8}).error == Error::operand_range);
}

TEST_CASE("patch: several threads run it while it is rewritten over and over") {
  if (no_second_address("patch_threads")) return;
  ExecMemory::Options options;
  options.mode = ExecMemory::Mode::dual_map;
  ExecMemory memory(options);
  CodeBuffer code;
  const auto [area, jumped, called] = put_rewritten(code);
  ExecBlock block;
  REQUIRE(memory.add(code, block).ok());
  CodePatcher patcher(memory);

  std::atomic<bool> stop = false;
  std::atomic<u64> counts[4] = {};
  const auto run = [&] {
    const auto f = block.as<u32()>();
    u64 mine[4] = {};
    while (!stop.load(std::memory_order_relaxed)) {
      const u32 r = f();
      ++mine[r == 1 ? 0 : r == 2 ? 1 : r == 6 ? 2 : 3];
    }
    for (u32 n = 0; n < 4; ++n) counts[n] += mine[n];
  };
  std::thread threads[3] = {std::thread(run), std::thread(run), std::thread(run)};
  constexpr u32 patches = emulated::any ? 100000 : 1000000;
  bool good = true;
  for (u32 n = 0; n < patches; ++n) {
    Status s;
    switch (n % 3) {
      case 0: s = patcher.jump(block, area, block.run + jumped); break;
      case 1: s = patcher.call(block, area, block.run + called); break;
      default: s = patcher.clear(block, area); break;
    }
    good = good && s.ok();
    if (n % 1024 != 0) continue;
    // Others get a turn with each of the three; whoever starts now runs the new code.
    good = good && patcher.settle().ok();
    const u32 expected[3] = {2, 6, 1};
    good = good && block.as<u32()>()() == expected[n % 3];
    std::this_thread::yield();
  }
  stop = true;
  for (std::thread& t : threads) t.join();
  CHECK(good);
  MESSAGE("runs: nops ", counts[0].load(), ", jump ", counts[1].load(), ", call ", counts[2].load());
  CHECK(counts[3] == 0);
  for (u32 n = 0; n < 3; ++n) CHECK(counts[n] > 0);
}

TEST_CASE("patch: code that another thread loops in is invalidated") {
  if (no_second_address("patch_invalidate")) return;
  speculation::Subject of({Type::i64, Type::ptr}, {Type::i64});
  ir::Builder& b = of.b;
  const ir::Block loop = b.new_block(), done = b.new_block();
  const Value i = b.add_param(loop, Type::i64);
  b.br({loop, {of.param(0)}});
  b.at(loop);
  const Value next = b.add(i, b.i64(1));
  b.store(of.param(1), next);
  const FrameEntry entries[] = {{FrameEntry::Kind::value, next.id, 1}};
  b.patch_point(8, {}, {}, b.frame_state(1, entries));
  b.brif(b.icmp(ir::ICond::ne, next, b.i64(-1)), {loop, {next}}, {done});
  b.at(done);
  b.ret({b.i64(1)});
  Compiled c(ExecMemory::Mode::dual_map);
  REQUIRE(c.compile(of.f));
  u64 counter = 0;
  u64 result = 0;
  std::thread worker([&] { result = c.block.as<u64(u64, u64*)>()(0, &counter); });
  while (__atomic_load_n(&counter, __ATOMIC_RELAXED) < 1000) std::this_thread::yield();
  CodePatcher patcher(c.memory);
  const Status s = patcher.invalidate(c.block, 0, *c.map);
  if (!s) ::_exit(1);  // the thread would never end
  worker.join();
  CHECK(result == c.returns);
  CHECK(c.exits == 1);
  CHECK(c.values[c.state()->first_value].lo == counter);
}
