// Functions in a frame of their environment: spill slots counted from a base register it gives, above or
// below it, with bytes at the base that stay its own. Executed on the host, inside guarded memory.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/arm64.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/x86_64.hpp>

#include <cstring>
#include <vector>

using namespace jitkit;

namespace {

#if defined(__aarch64__)
constexpr PReg base_register = arm64::preg::x(19);
const ir::Convention& c_convention() { return arm64::aapcs64; }

// call(target, data, base): the base in its register, the data as the only argument.
void write_entry(CodeBuffer& code) {
  using namespace arm64;
  arm64::Assembler a(code);
  a.stp(x19, x30, sp, pre(-16));
  a.mov(x19, x2);
  a.mov(x9, x0);
  a.mov(x0, x1);
  a.blr(x9);
  a.ldp(x19, x30, sp, post(16));
  a.ret();
}
#else
constexpr PReg base_register = x86_64::preg::rbx;
const ir::Convention& c_convention() { return x86_64::conventions[0]; }

void write_entry(CodeBuffer& code) {
  using namespace x86_64;
  x86_64::Assembler a(code);
  a.push(rbx);
  a.mov(rbx, rdx);
  a.mov(rax, rdi);
  a.mov(rdi, rsi);
  a.call(rax);
  a.pop(rbx);
  a.ret();
}
#endif

constexpr u32 values = 60, reserved = 48, area = 2048;

ir::Convention environment(bool grows_down) {
  ir::Convention c = c_convention();
  c.name = "environment";
  c.allocatable.remove(base_register);
  c.preserved.remove(base_register);
  c.frame.base = base_register;
  c.frame.adjusts_sp = false;
  c.frame.grows_down = grows_down;
  c.frame.reserved = reserved;
  return c;
}

// Loads `values` numbers and a few vectors, all alive at once, and gives a sum that depends on their order.
void build(ir::Function<host::Isa>& f, ir::Module& m) {
  using ir::Type;
  using ir::Value;
  f.module = &m;
  f.signature = m.add_signature({Type::ptr}, {Type::i64}, ir::CallConv::custom0);
  ir::Builder b(f);
  const Value data = b.param(b.entry(), 0);
  Value x[values], v[40];
  for (u32 n = 0; n < values; ++n) x[n] = b.load(Type::i64, data, static_cast<i32>(8 * n), ir::MemFlags::make(8, true));
  for (u32 n = 0; n < 40; ++n) v[n] = b.load(Type::v128, data, static_cast<i32>(8 * n), ir::MemFlags::make(8, true));
  Value total = b.i64(0), all = b.v128(0, 0);
  for (u32 n = values; n-- > 0;) total = b.add(b.mul(total, b.i64(3)), x[n]);
  for (u32 n = 40; n-- > 0;) all = b.vxor(b.vadd(ir::Lane::i64, all, all), v[n]);
  b.ret({b.xor_(total, b.vextract(ir::Lane::i64, all, 1U))});
}

u64 expected(const u64* data) {
  u64 total = 0, high = 0;
  for (u32 n = values; n-- > 0;) total = total * 3 + data[n];
  for (u32 n = 40; n-- > 0;) high = (high + high) ^ data[n + 1];
  return total ^ high;
}

void run(bool grows_down) {
  ir::Module module;
  ir::Function<host::Isa> f;
  build(f, module);
  const ir::Convention convention = environment(grows_down);
  host::Options options;
  options.features = host_features();
  options.conventions = {&convention, 1};
  ir::Compiler<host::Isa> compiler(options);
  compiler.check_allocations = true;
  CodeBuffer code, entry;
  ExecMemory memory;
  ExecBlock block, entry_block;
  REQUIRE(compiler.compile(f, code).ok());
  const u64 used = u64{compiler.machine().slot_count} * convention.frame.slot_bytes;
  REQUIRE(used > 200);
  REQUIRE(used + reserved + 256 < area);
  REQUIRE(memory.add(code, block).ok());
  write_entry(entry);
  REQUIRE(memory.add(entry, entry_block).ok());

  u64 data[values];
  for (u32 n = 0; n < values; ++n) data[n] = (n + 1) * u64{0x9e3779b97f4a7c15};
  alignas(16) u8 room[2 * area];
  std::memset(room, 0x5a, sizeof room);
  u8* base = room + area;
  CHECK(entry_block.as<u64(u64, const u64*, u8*)>()(block.run, data, base) == expected(data));

  const auto touched = [&](const u8* begin, const u8* end) {
    for (const u8* p = begin; p != end; ++p)
      if (*p != 0x5a) return true;
    return false;
  };
  CHECK_FALSE(touched(base - reserved, base + reserved));
  CHECK(touched(room, base - reserved) == grows_down);
  CHECK(touched(base + reserved, room + sizeof room) == !grows_down);
}

}  // namespace

TEST_CASE("slots above the base of the environment") { run(false); }
TEST_CASE("slots below the base of the environment") { run(true); }
