// Win64 on Linux: functions of convention `win64` called by, and calling, functions that gcc makes of
// `__attribute__((ms_abi))`: places by position, stack arguments above the home space, variable arguments in both
// registers, registers that survive. What the convention passes by a pointer to a copy is refused as a value.
#include "../support/compiled_text.hpp"

#include <cstdarg>
#include <cstring>

using namespace jitkit;

#if defined(__x86_64__)

#define MS __attribute__((ms_abi))

namespace {

struct Seen {
  u64 a;
  double b;
  i32 c;
  float d;
  u64 e;
  double f;
  i16 g;
  float h;
};

// Integers and floating-point numbers by turns: four positions in registers, four in memory.
constexpr const char* mixed = "(i64, f64, i32, f32, i64, f64, i16, f32, ptr)";

MS u64 write_seen(u64 a, double b, i32 c, float d, u64 e, double f, i16 g, float h, Seen* to) {
  *to = {a, b, c, d, e, f, g, h};
  return 77;
}

constexpr Seen sample{0x1122334455667788, -2.5, -3, 4.25F, ~u64{5}, 6e300, -7, 8.5F};

void check_seen(const Seen& s) {
  CHECK(s.a == sample.a);
  CHECK(s.b == sample.b);
  CHECK(s.c == sample.c);
  CHECK(s.d == sample.d);
  CHECK(s.e == sample.e);
  CHECK(s.f == sample.f);
  CHECK(s.g == sample.g);
  CHECK(s.h == sample.h);
}

// n pairs of an integer and a double: all added, each by its place.
MS double weighted(u64 n, ...) {
  __builtin_ms_va_list list;
  __builtin_ms_va_start(list, n);
  double sum = 0;
  for (u64 k = 0; k < n; ++k) {
    sum += static_cast<double>(k + 1) * static_cast<double>(__builtin_va_arg(list, i64));
    sum += static_cast<double>(k + 1) * __builtin_va_arg(list, double);
  }
  __builtin_ms_va_end(list);
  return sum;
}

struct Preserved {
  u64 general[6];     // rsi, rdi, r12 to r15
  u64 vector[10][2];  // xmm6 to xmm15
};

// Calls f(argument) with `registers` in the registers that Win64 preserves, and writes what they hold afterwards.
void call_with(u64 f, u64* argument, Preserved& registers) {
  register u64 target asm("rax") = f;
  register u64* first asm("rcx") = argument;
  register Preserved* block asm("rdx") = &registers;
  asm volatile(
      "mov %%rsp, %%rbx\n\t"
      "sub $256, %%rsp\n\t"
      "and $-16, %%rsp\n\t"
      "mov %%rdx, 40(%%rsp)\n\t"
      "mov (%%rdx), %%rsi\n\tmov 8(%%rdx), %%rdi\n\tmov 16(%%rdx), %%r12\n\tmov 24(%%rdx), %%r13\n\t"
      "mov 32(%%rdx), %%r14\n\tmov 40(%%rdx), %%r15\n\t"
      "movups 48(%%rdx), %%xmm6\n\tmovups 64(%%rdx), %%xmm7\n\tmovups 80(%%rdx), %%xmm8\n\t"
      "movups 96(%%rdx), %%xmm9\n\tmovups 112(%%rdx), %%xmm10\n\tmovups 128(%%rdx), %%xmm11\n\t"
      "movups 144(%%rdx), %%xmm12\n\tmovups 160(%%rdx), %%xmm13\n\tmovups 176(%%rdx), %%xmm14\n\t"
      "movups 192(%%rdx), %%xmm15\n\t"
      "call *%%rax\n\t"
      "mov 40(%%rsp), %%rdx\n\t"
      "mov %%rsi, (%%rdx)\n\tmov %%rdi, 8(%%rdx)\n\tmov %%r12, 16(%%rdx)\n\tmov %%r13, 24(%%rdx)\n\t"
      "mov %%r14, 32(%%rdx)\n\tmov %%r15, 40(%%rdx)\n\t"
      "movups %%xmm6, 48(%%rdx)\n\tmovups %%xmm7, 64(%%rdx)\n\tmovups %%xmm8, 80(%%rdx)\n\t"
      "movups %%xmm9, 96(%%rdx)\n\tmovups %%xmm10, 112(%%rdx)\n\tmovups %%xmm11, 128(%%rdx)\n\t"
      "movups %%xmm12, 144(%%rdx)\n\tmovups %%xmm13, 160(%%rdx)\n\tmovups %%xmm14, 176(%%rdx)\n\t"
      "movups %%xmm15, 192(%%rdx)\n\t"
      "mov %%rbx, %%rsp"
      : "+r"(target), "+r"(first), "+r"(block)
      :
      : "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3",
        "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}

}  // namespace

TEST_CASE("win64: gcc calls a function of jitkit: places by position") {
  const CompiledText f("func @f" + std::string(mixed) + R"( -> f64 conv win64 {
b1(a: i64, b: f64, c: i32, d: f32, e: i64, f: f64, g: i16, h: f32, p: ptr):
  store.i64 p, a
  store.f64 p + 8, b
  store.i32 p + 16, c
  store.f32 p + 20, d
  store.i64 p + 24, e
  store.f64 p + 32, f
  store.i16 p + 40, g
  store.f32 p + 44, h
  r = fadd.f64 b, f
  ret r
}
)");
  Seen seen{};
  const auto& s = sample;
  const double r = f.as<MS double(u64, double, i32, float, u64, double, i16, float, Seen*)>()(s.a, s.b, s.c, s.d, s.e, s.f, s.g,
                                                                                              s.h, &seen);
  check_seen(seen);
  CHECK(r == s.b + s.f);
}

TEST_CASE("win64: a function of jitkit calls gcc's: places by position, home space") {
  const CompiledText f("declare @g" + std::string(mixed) + " -> i64 conv win64\nfunc @f" + mixed + R"( -> i64 {
b1(a: i64, b: f64, c: i32, d: f32, e: i64, f: f64, g: i16, h: f32, p: ptr):
  r = call @g(a, b, c, d, e, f, g, h, p)
  s = add.i64 r, a
  ret s
}
)",
                       reinterpret_cast<u64>(&write_seen));
  Seen seen{};
  const auto& s = sample;
  CHECK(f.as<u64(u64, double, i32, float, u64, double, i16, float, Seen*)>()(s.a, s.b, s.c, s.d, s.e, s.f, s.g, s.h, &seen) ==
        s.a + 77);
  check_seen(seen);
}

TEST_CASE("win64: variable arguments of gcc's function: in both registers, then in memory") {
  const CompiledText f(R"(declare @g(i64, ...) -> f64 conv win64
func @f(i64, f64) -> f64 {
b1(i: i64, x: f64):
  y = fadd.f64 x, 0.5
  z = fadd.f64 x, 100.0
  j = add.i64 i, 1
  k = add.i64 i, 2
  r = call @g(3, i, x, j, y, k, z)
  ret r
}
)",
                       reinterpret_cast<u64>(&weighted));
  CHECK(f.as<double(i64, double)>()(10, 1.25) == 10 + 1.25 + 2 * (11 + 1.75) + 3 * (12 + 101.25));
}

TEST_CASE("win64: variable arguments of jitkit's function begin at any position") {
  for (unsigned fixed = 1; fixed <= 5; ++fixed) {
    CAPTURE(fixed);
    std::string types = "i64", params = "a0: i64";
    for (unsigned n = 1; n < fixed; ++n) {
      types += n % 2 != 0 ? ", f64" : ", i64";
      params += ", a" + std::to_string(n) + (n % 2 != 0 ? ": f64" : ": i64");
    }
    // Six variable arguments, by turns an integer and a double: their bits, each times its number.
    std::string text = "func @f(" + types + ", ...) -> i64 conv win64 {\n  s1 = slot 8 align 8\nb1(" + params +
                       "):\n  l = stack_addr s1\n  va_start l\n  q = load.ptr l\n  s0 = add.i64 a0, 0\n";
    for (unsigned n = 1; n <= 6; ++n) {
      const std::string k = std::to_string(n);
      text += "  v" + k + " = load.i64 q + " + std::to_string(8 * (n - 1)) + "\n  m" + k + " = mul.i64 v" + k + ", " + k + "\n  s" + k +
              " = add.i64 s" + std::to_string(n - 1) + ", m" + k + "\n";
    }
    const CompiledText f(text + "  ret s6\n}\n");
    const auto bits = [](double d) {
      u64 b;
      std::memcpy(&b, &d, 8);
      return b;
    };
    const u64 expected = 1 + 10 + 2 * bits(1.5) + 3 * u64{30} + 4 * bits(-2.5) + 5 * u64{50} + 6 * bits(3.5);
    u64 got = 0;
    switch (fixed) {
      case 1: got = f.as<MS u64(u64, ...)>()(1, u64{10}, 1.5, u64{30}, -2.5, u64{50}, 3.5); break;
      case 2: got = f.as<MS u64(u64, double, ...)>()(1, 9.0, u64{10}, 1.5, u64{30}, -2.5, u64{50}, 3.5); break;
      case 3: got = f.as<MS u64(u64, double, u64, ...)>()(1, 9.0, 8, u64{10}, 1.5, u64{30}, -2.5, u64{50}, 3.5); break;
      case 4: got = f.as<MS u64(u64, double, u64, double, ...)>()(1, 9.0, 8, 7.0, u64{10}, 1.5, u64{30}, -2.5, u64{50}, 3.5); break;
      default: got = f.as<MS u64(u64, double, u64, double, u64, ...)>()(1, 9.0, 8, 7.0, 6, u64{10}, 1.5, u64{30}, -2.5, u64{50}, 3.5);
    }
    CHECK(got == expected);
  }
}

TEST_CASE("win64: rsi, rdi, r12 to r15 and xmm6 to xmm15 survive a function that needs all") {
  u64 numbers[64];
  std::string text = "func @f(ptr) conv win64 {\nb1(p: ptr):\n";
  for (unsigned n = 0; n < 32; ++n) {
    const std::string k = std::to_string(n);
    text += n % 2 != 0 ? "  v" + k + " = load.f64.volatile p + " + std::to_string(8 * n) + "\n"
                       : "  v" + k + " = load.i64.volatile p + " + std::to_string(8 * n) + "\n";
  }
  for (unsigned n = 0; n < 32; ++n) {
    const std::string k = std::to_string(n), type = n % 2 != 0 ? "f64" : "i64";
    text += "  store." + type + ".volatile p + " + std::to_string(8 * (n + 32)) + ", v" + k + "\n";
  }
  const CompiledText f(text + "  ret\n}\n");
  for (unsigned n = 0; n < 32; ++n) numbers[n] = 0x4000000000000000 + n;
  Preserved before, after;
  for (unsigned n = 0; n < 6; ++n) before.general[n] = 0x1111111111111111 * (n + 1);
  for (unsigned n = 0; n < 10; ++n) before.vector[n][0] = 0x0102030405060708 * (n + 1), before.vector[n][1] = ~before.vector[n][0];
  after = before;
  call_with(f.address(), numbers, after);
  CHECK(std::memcmp(&before, &after, sizeof before) == 0);
  for (unsigned n = 0; n < 32; ++n) CHECK(numbers[n + 32] == numbers[n]);
}

TEST_CASE("win64: values that it passes by a pointer to a copy are refused as values") {
  for (const char* param : {"i128", "v128", "{i64, i64}", "ptr byval(24)"}) {
    CAPTURE(param);
    const std::string type(param), name = type[0] == '{' ? "x: i64, y: i64" : type[0] == 'p' ? "x: ptr" : "x: " + type;
    CHECK(compile_text("func @f(" + type + ") conv win64 {\nb1(" + name + "):\n  ret\n}\n") == Error::unsupported);
  }
}

#endif
