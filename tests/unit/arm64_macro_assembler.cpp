// The AArch64 macro-assembler: constants against the best of every start an instruction can make,
// immediates and offsets against a small model of the instructions they use, far branches and calls. Where
// the host is an AArch64 (QEMU), sequences are also run.
#include <doctest/doctest.h>

#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/macro_assembler.hpp>
#include <jitkit/emit/placement.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>

#include <cstring>
#include <unordered_set>
#include <vector>

using namespace jitkit;
using namespace jitkit::arm64;

static_assert(plan_constant(0).count == 1);
static_assert(plan_constant(0).words[0] == 0xd2800000);                    // movz x0, #0
static_assert(plan_constant(0xffffffffffff1234).words[0] == 0x929db960);   // movn
static_assert(plan_constant(0x00ff00ff00ff00ff).words[0] == 0xb2009fe0);   // orr
static_assert(plan_constant(0x5555555555551234).count == 2);               // orr, movk
static_assert(plan_constant(0x12340000f000000f).count == 2);               // orr w, movk
static_assert(plan_constant(0x123456789abcdef0).count == 4);
static_assert(vector_word(0x0101010101010101, 0x0101010101010101) == 0x4f00e420);  // movi v0.16b, #1
static_assert(vector_word(0x3ff0000000000000, 0) == 0x1e6e1000);                   // fmov d0, #1.0
static_assert(single_word(0x3f800000) == 0x1e2e1000);                              // fmov s0, #1.0

namespace {

u64 random_state = 0x9e3779b97f4a7c15;
u64 random64() {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

// A register machine for what macros emit: moves of constants, add, sub and logical instructions.
struct Model {
  u64 x[32] = {};  // 31 is sp
  u64 address = 0;  // of the last access
  u32 access = 0;   // its word

  u64 reg(u32 n) const { return n == 31 ? 0 : x[n]; }
  void set(u32 n, u64 v, bool wide, bool sp) {
    if (n != 31 || sp) x[n] = wide ? v : v & 0xffffffff;
  }
  bool step(u32 w);
};

bool Model::step(u32 w) {
  const bool wide = w >> 31 != 0;
  const u32 d = w & 31, n = w >> 5 & 31, m = w >> 16 & 31, op = w >> 29 & 3;
  if ((w & 0x1f800000) == 0x12800000) {  // movn, movz, movk
    const u64 part = u64{w >> 5 & 0xffff} << (w >> 21 & 3) * 16;
    if (op == 1) return false;
    const u64 kept = x[d] & ~(u64{0xffff} << (w >> 21 & 3) * 16);
    set(d, op == 0 ? ~part : op == 2 ? part : kept | part, wide, false);
    return true;
  }
  if ((w & 0x1f800000) == 0x12000000 || (w & 0x1f000000) == 0x0a000000) {  // logical
    u64 b = 0;
    const bool immediate = (w & 0x10000000) != 0;
    if (immediate) {
      if (!decode_logical(w, wide ? 64 : 32, b)) return false;
    } else {
      if ((w & 0xc0fc00) != 0) return false;
      b = (w >> 21 & 1) != 0 ? ~reg(m) : reg(m);
    }
    const u64 a = reg(n);
    set(d, op == 1 ? a | b : op == 2 ? a ^ b : a & b, wide, immediate && op != 3);
    return true;
  }
  const bool flags = (op & 1) != 0, minus = (op & 2) != 0;
  if ((w & 0x1f800000) == 0x11000000) {  // add, sub
    const u64 b = u64{w >> 10 & 0xfff} << ((w >> 22 & 1) * 12);
    set(d, minus ? x[n] - b : x[n] + b, wide, !flags);
    return true;
  }
  if ((w & 0x1fe00000) == 0x0b000000) {
    if ((w & 0xfc00) != 0) return false;
    set(d, minus ? reg(n) - reg(m) : reg(n) + reg(m), wide, false);
    return true;
  }
  if ((w & 0x1fe00000) == 0x0b200000) {  // extended by nothing
    if ((w >> 10 & 0x3f) != (wide ? 3U : 2U) << 3) return false;
    set(d, minus ? x[n] - reg(m) : x[n] + reg(m), wide, !flags);
    return true;
  }
  // Loads and stores: base and offset.
  const Form f = decode(w);
  if (f == Form::none) return false;
  address = x[n];
  access = w;
  if ((w & 0x3b200c00) == 0x38200800) {
    address += reg(m);
    return (w & 0xf000) == 0x6000;
  }
  const DetailedOperands operands(f);
  address += static_cast<u64>(decode_operand(operands, operands.size() - 1, w));
  return true;
}

template <class F>
std::vector<u32> words_of(F f) {
  CodeBuffer code;
  MacroAssembler m(code);
  f(m);
  REQUIRE(code.status().ok());
  std::vector<u32> w(code.bytes().size() / 4);
  std::memcpy(w.data(), code.bytes().data(), w.size() * 4);
  return w;
}
Model run(const std::vector<u32>& words, Model start = {}) {
  for (const u32 w : words) REQUIRE(start.step(w));
  return start;
}

// ---- the best there is ----

unsigned parts_apart(u64 a, u64 b) {
  unsigned n = 0;
  for (unsigned i = 0; i < 64; i += 16) n += ((a ^ b) >> i & 0xffff) != 0 ? 1 : 0;
  return n;
}

// Everything orr makes, of 64 bits and of 32.
std::vector<u64> masks() {
  std::unordered_set<u64> all;
  for (unsigned size = 2; size <= 64; size *= 2)
    for (unsigned ones = 1; ones < size; ++ones)
      for (unsigned turn = 0; turn < size; ++turn) {
        u64 e = low_mask(ones);
        e = turn == 0 ? e : ((e << turn | e >> (size - turn)) & low_mask(size));
        for (unsigned filled = size; filled < 64; filled *= 2) e |= e << filled;
        all.insert(e);
        if (size <= 32) all.insert(e & 0xffffffff);
      }
  return {all.begin(), all.end()};
}

unsigned fewest(u64 v, const std::vector<u64>& starts) {
  unsigned zero = 0, one = 0, low_one = 0;
  for (unsigned i = 0; i < 64; i += 16) {
    zero += (v >> i & 0xffff) != 0 ? 1 : 0;
    one += (v >> i & 0xffff) != 0xffff ? 1 : 0;
    low_one += (v >> i & 0xffff) != (i < 32 ? 0xffff : 0) ? 1 : 0;
  }
  // The first instruction sets one part of those that differ, or none.
  unsigned best = zero < one ? zero : one;
  if (best == 0) best = 1;
  // movn w: the upper half is clear, one part of the lower is free.
  for (const unsigned shift : {0U, 16U}) {
    const bool free = (v >> shift & 0xffff) != 0xffff;
    const unsigned n = 1 + low_one - (free ? 1 : 0);
    best = n < best ? n : best;
  }
  for (const u64 s : starts) {
    const unsigned n = 1 + parts_apart(v, s);
    best = n < best ? n : best;
  }
  return best;
}

// Constants of every shape: parts that repeat, runs of ones, masks with parts replaced, noise.
u64 shaped(u64 kind, const std::vector<u64>& starts) {
  u64 v = random64();
  const auto replace = [&] { v = detail::with_part(v, random64() % 4, random64() & 0xffff); };
  switch (kind % 8) {
    case 0: return v;
    case 1: return v & 0xffffffff;
    case 2: return v >> (random64() % 64);
    case 7: return low_mask(static_cast<unsigned>(random64() % 65)) << (random64() % 64);
    case 3:
      for (unsigned n = 0; n < 4; ++n)
        if (random64() % 2 != 0) v = detail::with_part(v, n, random64() % 2 != 0 ? 0 : 0xffff);
      return v;
    default: break;
  }
  v = starts[random64() % starts.size()];
  for (u64 n = kind % 8 - 3; n > 1; --n) replace();
  return v;
}

const i64 edges[] = {0, 1, -1, 8, 255, -256, -257, 256, 4095, 4096, 4097, -4095, -4097, 32760, 32761, 32768, 65535, 0xfff000,
                     0xffffff, 0x1000000, -0xffffff, -0x1000000, 0x7fffffff, 0x80000000, -0x80000000LL, 0xffffffff,
                     0x123456789abcdef, INT64_MAX, INT64_MIN, INT64_MIN + 1, 0x5555555555555555};

}  // namespace

TEST_CASE("arm64 macro: constants in the fewest instructions") {
  const std::vector<u64> starts = masks();
  CHECK(starts.size() == 5334 + 1302 - 527);  // 527 zero-extended runs are masks of 64 bits too
  unsigned by_count[5] = {};
  for (unsigned i = 0; i < 24000; ++i) {
    const u64 v = shaped(i, starts);
    const ConstantPlan p = plan_constant(v);
    ++by_count[p.count];
    const std::vector<u32> words(p.words, p.words + p.count);
    Model before;
    before.x[0] = random64();
    REQUIRE_MESSAGE(run(words, before).x[0] == v, v);
    REQUIRE_MESSAGE(p.count == fewest(v, starts), v);
  }
  for (unsigned n = 1; n <= 4; ++n) CHECK(by_count[n] > 1000);
}

TEST_CASE("arm64 macro: vector constants") {
  unsigned made = 0;
  // Every word of the modified-immediate class that has a value of its own comes back.
  for (u32 imm8 = 0; imm8 < 256; ++imm8) {
    const u64 byte = imm8;
    for (const u64 low : {byte * 0x0101010101010101, byte * 0x0001000100010001, byte * 0x0100010001000100,
                          byte << 8 | byte << 40, byte << 24 | byte << 56, ~(byte << 16 | byte << 48),
                          (byte << 8 | 0xff) * 0x0000000100000001, ~((byte << 16 | 0xffff) * 0x0000000100000001),
                          decode_fp8(imm8)}) {
      const Encoded full = vector_word(low, low);
      REQUIRE(full != refused);
      const Form f = decode(static_cast<u32>(full));
      REQUIRE(f != Form::none);
      made += (form_feature(f) == Feature::asimd) ? 1 : 0;
      // The half register: the same, where it is not the 64-bit mask or double, which are scalar words.
      CHECK(vector_word(low, 0) != refused);
    }
  }
  CHECK(made == 256 * 9);
  CHECK(vector_word(0x0123456789abcdef, 0x0123456789abcdef) == refused);
  CHECK(vector_word(1, 2) == refused);
}

TEST_CASE("arm64 macro: add, sub and logical with any immediate") {
  const auto both = [&](i64 v) {
    Model start;
    for (unsigned n = 0; n < 32; ++n) start.x[n] = n % 2 != 0 ? random64() : n * 0x1000;
    const u64 u = static_cast<u64>(v), b = start.x[1];
    const auto result = [&](auto f, unsigned d = 0) { return run(words_of(f), start).x[d]; };
    CHECK(result([&](MacroAssembler& m) { m.add(x0, x1, v); }) == b + u);
    CHECK(result([&](MacroAssembler& m) { m.sub(x0, x1, v); }) == b - u);
    CHECK(result([&](MacroAssembler& m) { m.adds(x0, x1, v); }) == b + u);
    CHECK(result([&](MacroAssembler& m) { m.add(x1, x1, v); }, 1) == b + u);
    CHECK(result([&](MacroAssembler& m) { m.add(x0, sp, v); }) == start.x[31] + u);
    CHECK(result([&](MacroAssembler& m) { m.sub(sp, sp, v); }, 31) == start.x[31] - u);
    CHECK(result([&](MacroAssembler& m) { m.add(x16, x16, v); }, 16) == start.x[16] + u);
    CHECK(result([&](MacroAssembler& m) { m.add(x17, x16, v); }, 17) == start.x[16] + u);
    CHECK(result([&](MacroAssembler& m) { m.and_(x0, x1, v); }) == (b & u));
    CHECK(result([&](MacroAssembler& m) { m.or_(x0, x1, v); }) == (b | u));
    CHECK(result([&](MacroAssembler& m) { m.xor_(x0, x1, v); }) == (b ^ u));
    CHECK(result([&](MacroAssembler& m) { m.ands(x1, x1, v); }, 1) == (b & u));
    CHECK(result([&](MacroAssembler& m) { m.eor(x16, x16, v); }, 16) == (start.x[16] ^ u));
    if (!fits_signed(v, 32) && !fits_unsigned(u, 32)) return;
    const u64 low = low_mask(32);
    CHECK(result([&](MacroAssembler& m) { m.add(w0, w1, v); }) == ((b + u) & low));
    CHECK(result([&](MacroAssembler& m) { m.sub(w0, w1, v); }) == ((b - u) & low));
    CHECK(result([&](MacroAssembler& m) { m.and_(w0, w1, v); }) == (b & u & low));
    CHECK(result([&](MacroAssembler& m) { m.orr(w0, w1, v); }) == ((b | u) & low));
    CHECK(result([&](MacroAssembler& m) { m.eor(w0, w1, v); }) == ((b ^ u) & low));
    CHECK(result([&](MacroAssembler& m) { m.mov(w0, v); }) == (u & low));
  };
  for (const i64 v : edges) both(v);
  for (int i = 0; i < 300; ++i) both(static_cast<i64>(random64()) >> random64() % 64);
  // What one instruction does stays one.
  CHECK(words_of([](MacroAssembler& m) { m.add(x0, x1, 4096); }).size() == 1);
  CHECK(words_of([](MacroAssembler& m) { m.add(x0, x1, -0x123456); }).size() == 2);
  CHECK(words_of([](MacroAssembler& m) { m.and_(x0, x1, 0xff); }).size() == 1);
  CHECK(words_of([](MacroAssembler& m) { m.cmp(x0, 0x12345); }).size() == 3);
  CHECK(words_of([](MacroAssembler& m) { m.or_(x0, x1, 0); }).size() == 1);
}

TEST_CASE("arm64 macro: loads and stores at any offset") {
  const auto at = [&](i64 offset) {
    Model start;
    for (unsigned n = 0; n < 32; ++n) start.x[n] = random64();
    const u64 u = static_cast<u64>(offset);
    const auto reaches = [&](auto f, unsigned base, u32 rt) {
      const Model end = run(words_of(f), start);
      CHECK(end.address == start.x[base] + u);
      CHECK((end.access & 31) == rt);
    };
    reaches([&](MacroAssembler& m) { m.ldr(x0, x1, offset); }, 1, 0);
    reaches([&](MacroAssembler& m) { m.str(w2, sp, offset); }, 31, 2);
    reaches([&](MacroAssembler& m) { m.ldr(x16, x16, offset); }, 16, 16);
    reaches([&](MacroAssembler& m) { m.str(x17, x1, offset); }, 1, 17);
    reaches([&](MacroAssembler& m) { m.ldrsb(x3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.strh(w3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.ldrsw(x3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.ldr(b3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.str(h3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.ldr(s3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.str(d3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.ldr(q3, x1, offset); }, 1, 3);
    reaches([&](MacroAssembler& m) { m.stp(x2, x3, x1, offset); }, 1, 2);
    reaches([&](MacroAssembler& m) { m.ldp(w2, w3, x16, offset); }, 16, 2);
    reaches([&](MacroAssembler& m) { m.ldp(s2, s3, x1, offset); }, 1, 2);
    reaches([&](MacroAssembler& m) { m.stp(d2, d3, x1, offset); }, 1, 2);
    reaches([&](MacroAssembler& m) { m.stp(q2, q3, sp, offset); }, 31, 2);
  };
  for (const i64 v : edges) at(v);
  for (int i = 0; i < 200; ++i) at(static_cast<i64>(random64()) >> random64() % 64);
  CHECK(words_of([](MacroAssembler& m) { m.ldr(x0, x1, 32760); }).size() == 1);
  CHECK(words_of([](MacroAssembler& m) { m.ldr(x0, x1, 32768); }).size() == 2);
  CHECK(words_of([](MacroAssembler& m) { m.stp(x0, x2, x1, 512); }).size() == 2);
  CHECK(words_of([](MacroAssembler& m) { m.stp(x0, x2, x1, -4000); }).size() == 2);
}

TEST_CASE("arm64 macro: scratch registers and exact scopes") {
  {
    CodeBuffer code;
    MacroAssembler m(code);
    {
      MacroAssembler::ScratchScope scope(m);
      const XReg a = scope.x();
      CHECK(a == x16);
      m.add(x0, x1, 0x123456789);  // x17 is left
      CHECK(code.status().ok());
      CHECK(scope.x() == x17);
      scope.include(RegSet::of(x9.preg()));
      CHECK(scope.w() == w9);
      m.and_(x0, x1, 0x123456789);
      CHECK(code.status().error == Error::no_register);
    }
    CHECK(m.scratch() == RegSet::range(16, 2));
  }
  {
    CodeBuffer code;
    MacroAssembler m(code);
    {
      const auto scope = m.exact(8);
      m.mov(x0, 0x12345678);
    }
    CHECK(code.status().ok());
    {
      const auto scope = m.exact(4);
      m.mov(x0, 0x12345678);
    }
    CHECK(code.status().error == Error::exact_scope);
  }
  CodeBuffer code;
  MacroAssembler m(code);
  m.mov(w0, 0x123456789);
  CHECK(code.status().error == Error::operand_range);
}

TEST_CASE("arm64 macro: a literal load is never led through a veneer") {
  CodeBuffer code;
  MacroAssembler m(code);
  const Label data = code.new_label();
  m.ldr(x0, data);
  for (u32 i = 0; i < (1U << 18); ++i) m.nop();
  code.bind(data);
  code.put64(0);
  CHECK(code.finish().error == Error::fixup_range);
}

#if defined(__aarch64__)

namespace {

// Writes code by `write`, places it and calls it.
template <class F>
u64 execute(F write, u64 a = 0, u64 b = 0) {
  CodeBuffer code;
  MacroAssembler m(code);
  write(m);
  REQUIRE(code.finish().ok());
  ExecMemory memory;
  ExecBlock block;
  const Status s = memory.add(code, block);
  REQUIRE_MESSAGE(s.ok(), describe(s.error));
  return block.as<u64(u64, u64)>()(a, b);
}

u64 plus_one(u64 v) { return v + 1; }

void skip(MacroAssembler& m, u64 bytes) {
  constexpr u32 step = 1 << 12;
  for (u64 i = 0; i < bytes; i += step)
    if (m.buffer().reserve(step) != nullptr) m.buffer().advance(step);
}

}  // namespace

TEST_CASE("arm64 macro, run: constants, immediates and calls") {
  for (int i = 0; i < 40; ++i) {
    const u64 v = static_cast<u64>(static_cast<i64>(random64()) >> random64() % 64), a = random64();
    CHECK(execute([&](MacroAssembler& m) { m.mov(x0, v); m.ret(); }) == v);
    CHECK(execute([&](MacroAssembler& m) { m.load_literal(x0, v); m.ret(); }) == v);
    CHECK(execute([&](MacroAssembler& m) { m.add(x0, x0, v); m.ret(); }, a) == a + v);
    CHECK(execute([&](MacroAssembler& m) { m.xor_(x0, x0, v); m.ret(); }, a) == (a ^ v));
    CHECK(execute([&](MacroAssembler& m) { m.mov(v0, a, v); m.fmov(x0, d0); m.ret(); }) == a);
    const bool less = static_cast<i64>(a) < static_cast<i64>(v);
    CHECK(execute([&](MacroAssembler& m) { m.cmp(x0, v); m.cset(x0, Cond::lt); m.ret(); }, a) == (less ? 1 : 0));
    const u64 place[1] = {v};
    CHECK(execute([&](MacroAssembler& m) { m.ldr(x0, x0, v); m.ret(); }, reinterpret_cast<u64>(place) - v) == v);
  }
  const u64 target = reinterpret_cast<u64>(&plus_one);
  CHECK(execute([&](MacroAssembler& m) {
          m.stp(x29, x30, sp, pre(-16));
          m.call_far(target);
          m.call_far(m.buffer().symbol("plus_one", target));
          m.ldp(x29, x30, sp, post(16));
          m.jump_far(target);
        }, 39) == 42);
}

TEST_CASE("arm64 macro, run: branches across their range") {
  // Forward over `gap` bytes and back, and both ways around the limit.
  const auto there_and_back = [](auto branch, i64 reach) {
    const i64 far = reach > (1 << 20) ? i64{130} << 20 : reach * 3;
    for (const i64 gap : {reach - 8192, reach, reach + 8192, far})
      CHECK(execute([&](MacroAssembler& m) {
              const Label ahead = m.new_label(), behind = m.new_label(), end = m.new_label();
              branch(m, ahead);
              m.mov(x0, 1);
              m.ret();
              m.bind(behind);
              m.add(x0, x0, 2);
              m.b(end);
              skip(m, static_cast<u64>(gap));
              m.bind(ahead);
              m.add(x0, x0, 40);
              branch(m, behind);
              m.mov(x0, 2);
              m.ret();
              m.bind(end);
              m.ret();
            }) == 42);
  };
  there_and_back([](MacroAssembler& m, Label l) { m.b(l); }, 100 << 20);
  there_and_back([](MacroAssembler& m, Label l) { m.cmp(xzr, xzr); m.b(Cond::eq, l); }, 1 << 20);
  there_and_back([](MacroAssembler& m, Label l) { m.cbz(x1, l); }, 1 << 20);
  there_and_back([](MacroAssembler& m, Label l) { m.tbz(x1, 40, l); }, 32 << 10);
  there_and_back([](MacroAssembler& m, Label l) { m.mov(x3, 4); m.tbnz(x3, 2, l); }, 32 << 10);
}

#endif
