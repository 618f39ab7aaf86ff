// The x86-64 macro-assembler: constants against every way there is, their lengths; immediates, offsets,
// far calls and literals run on the host where that is an x86-64.
#include <doctest/doctest.h>

#include <jitkit/emit/placement.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/disassembler.hpp>
#include <jitkit/emit/x86_64/macro_assembler.hpp>

#include <bit>
#include <string>
#include <vector>

using namespace jitkit;
using namespace jitkit::x86_64;

static_assert(plan_constant(0, 0).length == 5);
static_assert(plan_constant(9, 0xffffffff).length == 6);
static_assert(plan_constant(0, ~u64{0}).length == 7);
static_assert(plan_constant(0, 0xffffffff00000001).length == 8);  // not
static_assert(plan_constant(0, 0x1234567800000000).length == 8);  // bswap
static_assert(plan_constant(1, 0x1fffffffe).length == 9);         // lea
static_assert(plan_constant(5, 0x1fffffffe).length == 10);        // rbp needs a displacement
static_assert(plan_constant(0, 0x123456789abcdef1).length == 10);
static_assert(plan_constant_flags(0, 0).length == 2);
static_assert(plan_constant_flags(0, ~u64{0}).length == 4);
static_assert(plan_constant_flags(8, u64{1} << 63).length == 8);

namespace {

u64 random_state = 0x9e3779b97f4a7c15;
u64 random64() {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

// Numbers near the limits of every length, and others.
std::vector<u64> numbers() {
  std::vector<u64> v;
  for (unsigned bit = 0; bit < 64; ++bit)
    for (u64 near : {~u64{0}, u64{0}, u64{1}}) {
      v.push_back((u64{1} << bit) + near);
      v.push_back(0 - ((u64{1} << bit) + near));
      v.push_back(~u64{0} >> bit);
    }
  for (u64 n : {u64{2}, u64{3}, u64{5}, u64{9}}) v.push_back(n * 0xfffffffb);
  for (int i = 0; i < 200; ++i) {
    v.push_back(random64());
    v.push_back(random64() >> (random64() & 63));
    v.push_back(random64() << (random64() & 63));
    v.push_back(random64() | ~u64{0} << (random64() & 63));
  }
  return v;
}

std::string text_of(const CodeBuffer& code) {
  std::string s;
  StringSink sink(s);
  std::span<const u8> rest = code.bytes();
  while (!rest.empty()) {
    const usize n = disassemble(rest, sink);
    if (n == 0) return s + "?";
    sink << "; ";
    rest = rest.subspan(n);
  }
  return s;
}

template <class F>
std::string written(F f) {
  CodeBuffer code;
  MacroAssembler m(code);
  f(m);
  CHECK(code.status().ok());
  return text_of(code);
}

// The value a plan makes, by what its instructions mean.
u64 value_of(const ConstantPlan& p) {
  using Way = ConstantPlan::Way;
  switch (p.way) {
    case Way::word:
    case Way::sign:
    case Way::full: return p.value;
    case Way::inverted: return ~p.value;
    case Way::swapped: return __builtin_bswap64(p.value);
    case Way::doubled: return p.value * 2;
    case Way::scaled: return p.value + (p.value << p.by);
    case Way::zero: return 0;
    case Way::ones: return ~u64{0};
    case Way::low_ones: return 0xffffffff;
    case Way::bit: return u64{1} << p.by;
    case Way::shifted: return p.value << p.by;
    case Way::high_mask: return ~u64{0} << p.by;
    case Way::low_mask: return ~u64{0} >> p.by;
  }
  return 0;
}

}  // namespace

TEST_CASE("x86-64 macro-assembler: constants take the bytes that were planned") {
  for (const u64 v : numbers())
    for (unsigned d = 0; d < 16; ++d)
      for (const bool flags : {false, true}) {
        const ConstantPlan p = flags ? plan_constant_flags(d, v) : plan_constant(d, v);
        CHECK(value_of(p) == v);
        CodeBuffer code;
        MacroAssembler m(code);
        if (flags)
          m.mov_clobbering_flags(Gp64(d), v);
        else
          m.mov(Gp64(d), v);
        CHECK(code.bytes().size() == p.length);
      }
}

TEST_CASE("x86-64 macro-assembler: what is written") {
  CHECK(written([](MacroAssembler& m) { m.add(rax, rax, 128); }) == "sub rax, -128; ");
  CHECK(written([](MacroAssembler& m) { m.add(rax, rcx, 128); }) == "lea rax, [rcx + 128]; ");
  CHECK(written([](MacroAssembler& m) { m.add(rax, 128); }) == "add rax, 128; ");  // its flags count
  CHECK(written([](MacroAssembler& m) { m.add(eax, eax, 1); }) == "inc eax; ");
  CHECK(written([](MacroAssembler& m) { m.sub(rax, rcx, 8); }) == "lea rax, [rcx - 8]; ");
  CHECK(written([](MacroAssembler& m) { m.and_(rax, rcx, 0xffffffff); }) == "mov eax, ecx; ");
  CHECK(written([](MacroAssembler& m) { m.and_(rax, rsi, 0xff); }) == "movzx eax, sil; ");
  CHECK(written([](MacroAssembler& m) { m.or_(rax, rax, u64{1} << 40); }) == "bts rax, 40; ");
  CHECK(written([](MacroAssembler& m) { m.xor_(rax, rcx, -1); }) == "mov rax, rcx; not rax; ");
  CHECK(written([](MacroAssembler& m) { m.cmp(rax, 0x123456789abcdef1); }) ==
        "movabs r11, 1311768467463790321; cmp rax, r11; ");
  CHECK(written([](MacroAssembler& m) { m.mov(qword_ptr[rdi], 5); }) == "mov qword ptr [rdi], 5; ");
  CHECK(written([](MacroAssembler& m) { m.nops(11); }).ends_with("nop dword ptr [rax]; "));
  CHECK(written([](MacroAssembler& m) { m.jump_far(Cond::e, 0x1000); }) == "jne 9; mov r11d, 4096; jmp r11; ");
}

TEST_CASE("x86-64 macro-assembler: scratch registers and scopes") {
  CodeBuffer code;
  MacroAssembler m(code);
  {
    MacroAssembler::ScratchScope s(m);
    CHECK(s.r64() == r11);
    s.include(RegSet::of(PReg(9)));
    CHECK(s.r64() == r9);
    CHECK(s.xmm() == xmm15);
    CHECK(code.status().ok());
    s.r64();
    CHECK(code.status().error == Error::no_register);
  }
  CHECK(m.scratch().has(PReg(11)));
  CodeBuffer other;
  MacroAssembler n(other);
  n.cmp(r11, u64{1} << 40);  // the only scratch register is the operand
  CHECK(other.status().error == Error::no_register);
  CodeBuffer third;
  MacroAssembler o(third);
  {
    const auto scope = o.exact(3);
    o.add(rax, rcx);
  }
  CHECK(third.status().ok());
}

#if defined(__x86_64__)

namespace {

// Writes a System V function of (rdi, rsi) by `write`, places it and calls it.
template <class F>
u64 execute(F write, u64 a = 0, const void* b = nullptr) {
  CodeBuffer code;
  MacroAssembler m(code);
  write(m);
  REQUIRE(code.finish().ok());
  ExecMemory memory;
  ExecBlock block;
  const Status s = memory.add(code, block);
  REQUIRE_MESSAGE(s.ok(), describe(s.error));
  return block.as<u64(u64, const void*)>()(a, b);
}

// Code that stores results one after the other at rsi.
struct Results {
  std::vector<u64> expected;
  void store(MacroAssembler& m, Gp64 r, u64 want) {
    m.mov(ptr[rsi + static_cast<int>(expected.size() * 8)], r);
    expected.push_back(want);
  }
  template <class F>
  void check_all(F write, u64 input = 0) {
    std::vector<u64> got(1 << 17, 0x5555);
    execute([&](MacroAssembler& m) { write(m), m.ret(); }, input, got.data());
    REQUIRE(expected.size() < got.size());
    for (usize i = 0; i < expected.size(); ++i) CHECK(got[i] == expected[i]);
  }
};

u64 plus_one(u64 v) { return v + 1; }
const u64 entry_of_plus_one = std::bit_cast<u64>(&plus_one);

}  // namespace

TEST_CASE("x86-64 macro-assembler, run: constants keep flags") {
  Results r;
  r.check_all([&](MacroAssembler& m) {
    m.stc();
    for (const u64 v : numbers())
      for (const Gp64 d : {rax, rcx, rdx, rdi, r8, r10, r11}) {
        m.mov(d, v);
        r.store(m, d, v);
      }
    m.setc(al);
    m.movzx(eax, al);
    r.store(m, rax, 1);
    for (const u64 v : numbers())
      for (const Gp64 d : {rax, r9}) {
        m.mov_clobbering_flags(d, v);
        r.store(m, d, v);
      }
    for (const u64 v : numbers()) {
      m.mov(ecx, static_cast<u32>(v));
      r.store(m, rcx, static_cast<u32>(v));
    }
  });
}

TEST_CASE("x86-64 macro-assembler, run: any immediate") {
  const u64 a = 0x8123456789abcdef;
  Results r;
  r.check_all(
      [&](MacroAssembler& m) {
        const auto three = [&](auto op, auto want, u64 v) {
          const u64 w64 = want(a, v), w32 = static_cast<u32>(want(a, v));
          op(r8, rdi, v);
          r.store(m, r8, w64);
          m.mov(rax, rdi);
          op(rax, rax, v);
          r.store(m, rax, w64);
          op(edx, edi, static_cast<u32>(v));
          r.store(m, rdx, w32);
          m.mov(r9d, edi);
          op(r9d, r9d, static_cast<u32>(v));
          r.store(m, r9, w32);
        };
        const auto two = [&](auto op, auto want, u64 v) {
          m.mov(r8, rdi);
          op(r8, v);
          r.store(m, r8, want(a, v));
          m.mov(ptr[rsp - 8], rdi);
          op(qword_ptr[rsp - 8], v);
          m.mov(rcx, ptr[rsp - 8]);
          r.store(m, rcx, want(a, v));
        };
        const auto compare = [&](u64 v) {
          for (unsigned c = 0; c < 16; ++c) {
            const bool less = static_cast<i64>(a) < static_cast<i64>(v), below = a < v, equal = a == v;
            const Cond cond = static_cast<Cond>(c);
            if (cond != Cond::b && cond != Cond::e && cond != Cond::l && cond != Cond::be) continue;
            m.cmp(rdi, v);
            m.setcc(cond, al);
            m.movzx(eax, al);
            r.store(m, rax, cond == Cond::b ? below : cond == Cond::e ? equal : cond == Cond::l ? less : below || equal);
            m.test(rdi, v);
            m.setcc(cond, al);
            m.movzx(eax, al);
            const bool none = (a & v) == 0, sign = (a & v) >> 63 != 0;
            r.store(m, rax, cond == Cond::b ? 0 : cond == Cond::e ? none : cond == Cond::l ? sign : none);
          }
        };
        for (const u64 v : numbers()) {
          three([&](auto d, auto n, auto i) { m.add(d, n, i); }, [](u64 x, u64 y) { return x + y; }, v);
          three([&](auto d, auto n, auto i) { m.sub(d, n, i); }, [](u64 x, u64 y) { return x - y; }, v);
          three([&](auto d, auto n, auto i) { m.and_(d, n, i); }, [](u64 x, u64 y) { return x & y; }, v);
          three([&](auto d, auto n, auto i) { m.or_(d, n, i); }, [](u64 x, u64 y) { return x | y; }, v);
          three([&](auto d, auto n, auto i) { m.xor_(d, n, i); }, [](u64 x, u64 y) { return x ^ y; }, v);
          two([&](auto d, u64 i) { m.add(d, i); }, [](u64 x, u64 y) { return x + y; }, v);
          two([&](auto d, u64 i) { m.sub(d, i); }, [](u64 x, u64 y) { return x - y; }, v);
          two([&](auto d, u64 i) { m.and_(d, i); }, [](u64 x, u64 y) { return x & y; }, v);
          two([&](auto d, u64 i) { m.or_(d, i); }, [](u64 x, u64 y) { return x | y; }, v);
          two([&](auto d, u64 i) { m.xor_(d, i); }, [](u64 x, u64 y) { return x ^ y; }, v);
          compare(v);
        }
      },
      a);
}

TEST_CASE("x86-64 macro-assembler, run: offsets, literals, far calls and jumps, padding") {
  u64 value = 42;
  for (const i64 offset : {i64{0}, i64{8}, i64{INT32_MAX}, i64{INT32_MIN}, i64{1} << 40, -(i64{1} << 50)})
    CHECK(execute(
              [&](MacroAssembler& m) {
                MacroAssembler::ScratchScope s(m);
                m.mov(rax, s.at(rdi, offset));
                m.ret();
              },
              std::bit_cast<u64>(&value) - static_cast<u64>(offset)) == 42);
  const auto bits_of_xmm0 = [](auto fill) {
    return execute([&](MacroAssembler& m) {
      fill(m);
      m.movq(rax, xmm0);
      m.ret();
    });
  };
  CHECK(bits_of_xmm0([](MacroAssembler& m) { m.mov(xmm0, 1.5); }) == std::bit_cast<u64>(1.5));
  CHECK(bits_of_xmm0([](MacroAssembler& m) { m.mov(xmm0, -0.0); }) == std::bit_cast<u64>(-0.0));
  CHECK(bits_of_xmm0([](MacroAssembler& m) { m.mov(xmm0, 0.0); }) == 0);
  CHECK(bits_of_xmm0([](MacroAssembler& m) { m.mov(xmm0, 1.5F); }) == std::bit_cast<u32>(1.5F));
  CHECK(bits_of_xmm0([](MacroAssembler& m) { m.mov(xmm0, ~u64{0}, ~u64{0}); }) == ~u64{0});
  CHECK(bits_of_xmm0([](MacroAssembler& m) {
          m.load_literal(xmm0, 1, 0x123456789abcdef0);
          m.psrldq(xmm0, 8);
        }) == 0x123456789abcdef0);
  CHECK(bits_of_xmm0([](MacroAssembler& m) {
          m.load_literal(r11, 77);
          m.load_literal(ecx, 5);
          m.add(r11, rcx);
          m.movq(xmm0, r11);
        }) == 82);
  CHECK(execute([](MacroAssembler& m) { m.sub(rsp, 8), m.call_far(entry_of_plus_one), m.add(rsp, 8), m.ret(); }, 6) == 7);
  CHECK(execute([](MacroAssembler& m) { m.jump_far(entry_of_plus_one); }, 8) == 9);
  CHECK(execute([](MacroAssembler& m) { m.jump_far(m.buffer().symbol("plus_one", entry_of_plus_one)); }, 8) == 9);
  for (const u64 input : {u64{3}, u64{4}})
    CHECK(execute(
              [](MacroAssembler& m) {
                m.cmp(rdi, 3);
                m.jump_far(Cond::e, entry_of_plus_one);
                m.mov(eax, 0);
                m.ret();
              },
              input) == (input == 3 ? 4 : 0));
  for (u32 n = 0; n < 40; ++n)
    CHECK(execute(
              [n](MacroAssembler& m) {
                m.mov(rax, 9);
                m.nops(n);
                m.align_code(16);
                CHECK(m.buffer().offset() % 16 == 0);
                m.ret();
              }) == 9);
  CHECK(execute(
            [](MacroAssembler& m) {
              const Label data = m.new_label();
              m.address(rax, data);
              m.mov(rax, ptr[rax]);
              m.ret();
              m.bind(data);
              m.buffer().put64(1234);
            }) == 1234);
}

#endif
