// A frame as LuaJIT's traces have it: slots of four bytes counted from the stack pointer, the lowest of them
// the parent's, which hands values over there and gets values back; nobody but the parent, written by hand,
// moves the pointer. The function spills into the slots above; executed on the host, values compared.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/arm64.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>
#include <jitkit/x86_64.hpp>

#include <cstring>
#include <string>

using namespace jitkit;

namespace {

constexpr u32 frame_bytes = 1024, parent_bytes = 64, longs = 40, ints = 24;

// enter(image): a frame at the stack pointer, filled from the image. write_end: where the function ends; copies
// the frame back. What the parent itself keeps stands above the frame.
#if defined(__aarch64__)
constexpr int own = 128;
void write_parent(CodeBuffer& code) {
  using namespace arm64;
  MacroAssembler a(code);
  a.sub(sp, sp, i64{frame_bytes + own});
  for (u32 n = 19; n < 31; ++n) a.str(XReg(n), sp, i64{frame_bytes + 8 * (n - 19)});
  a.str(x0, sp, i64{frame_bytes + 104});
  for (u32 n = 0; n < frame_bytes; n += 8) {
    a.ldr(x1, x0, i64{n});
    a.str(x1, sp, i64{n});
  }
}
void write_end(CodeBuffer& code) {
  using namespace arm64;
  MacroAssembler a(code);
  a.ldr(x0, sp, i64{frame_bytes + 104});
  for (u32 n = 0; n < frame_bytes; n += 8) {
    a.ldr(x1, sp, i64{n});
    a.str(x1, x0, i64{n});
  }
  for (u32 n = 19; n < 31; ++n) a.ldr(XReg(n), sp, i64{frame_bytes + 8 * (n - 19)});
  a.add(sp, sp, i64{frame_bytes + own});
  a.ret();
}
#else
constexpr int own = 136;
void write_parent(CodeBuffer& code) {
  using namespace x86_64;
  Assembler a(code);
  for (const Gp64 r : {rbx, rbp, r12, r13, r14, r15}) a.push(r);
  a.lea(rsp, ptr[rsp - static_cast<int>(frame_bytes + own)]);
  a.mov(qword_ptr[rsp + static_cast<int>(frame_bytes)], rdi);
  for (u32 n = 0; n < frame_bytes; n += 8) {
    a.mov(rax, qword_ptr[rdi + static_cast<int>(n)]);
    a.mov(qword_ptr[rsp + static_cast<int>(n)], rax);
  }
}
void write_end(CodeBuffer& code) {
  using namespace x86_64;
  Assembler a(code);
  a.mov(rdi, qword_ptr[rsp + static_cast<int>(frame_bytes)]);
  for (u32 n = 0; n < frame_bytes; n += 8) {
    a.mov(rax, qword_ptr[rsp + static_cast<int>(n)]);
    a.mov(qword_ptr[rdi + static_cast<int>(n)], rax);
  }
  a.lea(rsp, ptr[rsp + static_cast<int>(frame_bytes + own)]);
  for (const Gp64 r : {r15, r14, r13, r12, rbp, rbx}) a.pop(r);
  a.ret();
}
#endif

ir::Convention trace() {
  ir::Convention c = host::Isa::convention(ir::CallConv::c);
  c.name = "trace";
  c.preserved = c.preserved_low = {};
  c.frame.adjusts_sp = c.frame.saves_link = false;
  c.frame.reserved = parent_bytes;
  c.frame.slot_bytes = 4;
  c.frame.max_slots = (frame_bytes - parent_bytes) / 4;
  c.frame.slot_from_def = true;
  return c;
}

std::string text() {
  const std::string out = "(i64 in slot(10), i32 in slot(12), f64 in slot(14))";
  std::string t = "declare @left" + out + "\nfunc @f(ptr in slot(0), i32 in slot(3), i64 in slot(8), i32 in slot(4)) conv custom0 {\n  e1 = exit_to bare @left" +
                  out + "\nb1(p: ptr, a: i32, b: i64, c: i32):\n", sums = "  s0 = add.i64 b, v0\n  t0 = add.i32 a, w0\n";
  const auto number = [](u32 n) { return std::to_string(n); };
  for (u32 n = 0; n < longs; ++n) t += "  v" + number(n) + " = load.i64.volatile p + " + number(8 * n) + "\n";
  for (u32 n = 0; n < ints; ++n) t += "  w" + number(n) + " = load.i32.volatile p + " + number(8 * n + 4) + "\n";
  t += "  d = load.f64.volatile p + 16\n";
  for (u32 n = 1; n < longs; ++n)
    sums += "  m" + number(n) + " = mul.i64 s" + number(n - 1) + ", 3\n  s" + number(n) + " = xor.i64 m" + number(n) + ", v" + number(n) + "\n";
  for (u32 n = 1; n < ints; ++n)
    sums += "  k" + number(n) + " = mul.i32 t" + number(n - 1) + ", 5\n  t" + number(n) + " = add.i32 k" + number(n) + ", w" + number(n) + "\n";
  return t + sums + "  r = xor.i32 t" + number(ints - 1) + ", c\n  exit e1, s" + number(longs - 1) + ", r, d\n}\n";
}

}  // namespace

TEST_CASE("a frame as data: slots of four bytes in a frame that a parent made") {
  ir::Unit unit;
  ir::Diagnostics errors;
  REQUIRE(ir::parse(text(), unit, {}, errors));
  REQUIRE(ir::verify(unit, errors));
  const ir::Convention convention = trace();
  host::Options o;
  o.features = host_features();
  o.conventions = {&convention, 1};
  ir::Compiler<host::Isa> compiler(o);
  compiler.check_allocations = true;
  ExecMemory memory;
  ExecBlock end, block;
  CodeBuffer end_code, code;
  write_end(end_code);
  REQUIRE(memory.add(end_code, end).ok());
  write_parent(code);
  REQUIRE(compiler.compile(*unit.find("f"), code).ok());
  const auto find = [](void* context, std::string_view, u64& address) {
    address = static_cast<ExecBlock*>(context)->run;
    return true;
  };
  REQUIRE(memory.add(code, block, {find, &end}, end.run).ok());

  bool odd = false;  // a value of four bytes takes one slot, one of eight an even pair
  u32 spilled = 0;
  for (const ir::VRegData& v : compiler.machine().vregs) {
    if (!v.spilled()) continue;
    ++spilled;
    odd = odd || v.slot % 2 != 0;
    CHECK((ir::bytes(v.type) <= 4 || v.slot % 2 == 0));
  }
  CHECK(odd);
  CHECK(spilled > 20);

  u64 data[longs];
  for (u32 n = 0; n < longs; ++n) data[n] = (n + 1) * u64{0x9e3779b97f4a7c15};
  u32 image[frame_bytes / 4], before[frame_bytes / 4];
  for (u32 n = 0; n < frame_bytes / 4; ++n) image[n] = 0x5a5a0000 + n;
  const u64 address = reinterpret_cast<u64>(data), b = 0x123456789abcdef0;
  const u32 a = 77, c = 0xdeadbeef;
  std::memcpy(image, &address, 8);
  std::memcpy(image + 8, &b, 8);
  image[3] = a;
  image[4] = c;
  std::memcpy(before, image, sizeof image);
  block.as<void(u32*)>()(image);

  u64 s = b + data[0];
  u32 t = a + static_cast<u32>(data[0] >> 32);
  for (u32 n = 1; n < longs; ++n) s = (s * 3) ^ data[n];
  for (u32 n = 1; n < ints; ++n) t = t * 5 + static_cast<u32>(data[n] >> 32);
  u64 got = 0;
  std::memcpy(&got, image + 10, 8);
  CHECK(got == s);
  CHECK(image[12] == (t ^ c));
  std::memcpy(&got, image + 14, 8);
  CHECK(got == data[2]);
  // Of the parent's slots only the three results changed, and nothing above the spill slots.
  for (const u32 n : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 13U}) CHECK(image[n] == before[n]);
  u32 used = 0;
  for (u32 n = parent_bytes / 4; n < frame_bytes / 4; ++n) used += image[n] != before[n] ? 1 : 0;
  CHECK(used >= spilled);
  for (u32 n = parent_bytes / 4 + compiler.machine().slot_count; n < frame_bytes / 4; ++n) CHECK(image[n] == before[n]);
}
