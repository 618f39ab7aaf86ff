// Selection and emission for AArch64, from text to words: what folds into one instruction, and that
// loops of exclusives pass the static check whatever the operation.
#include <jitkit/emit/arm64/exclusives_check.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/cfg_build.hpp>
#include <jitkit/ir/frequency.hpp>
#include <jitkit/ir/layout.hpp>
#include <jitkit/ir/liveness.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/regalloc.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace jitkit;

// The words of the first function of `text`; empty if it was refused, with the reason in `status`.
std::vector<u32> compile(const std::string& text, const char* features, Status& status) {
  ir::Unit unit;
  ir::Diagnostics errors;
  const ir::IsaInfo* const targets[] = {&arm64::Isa::isa_info()};
  REQUIRE(ir::parse(text, unit, targets, errors));
  arm64::Options options;
  options.features.apply(features);
  Arena arena;
  std::vector<u32> words;
  unit.for_each([&](ir::FunctionData& fn, ir::TextMap&) {
    if (!words.empty()) return;
    ir::Cfg cfg;
    cfg.compute(fn, arena);
    ir::Frequencies frequencies;
    frequencies.compute(fn, cfg, arena);
    ir::MachFunction mf;
    mf.attach(arena);
    REQUIRE(ir::lay_out(fn, cfg, frequencies, mf));
    arm64::Lower lower(fn, mf, options, arena);
    status = lower.run();
    if (!status.ok()) return;
    const ir::RegisterInfo info = arm64::Isa::register_info(arm64::aapcs64, mf);
    ir::Liveness live(arena);
    REQUIRE(live.compute(mf));
    ir::RegisterAllocator allocator(mf, live, info, arena);
    status = allocator.run();
    if (!status.ok()) return;
    CodeBuffer code;
    arm64::Emitter emitter(fn, mf, arm64::aapcs64, options, code, arena);
    status = emitter.run();
    if (status.ok()) status = code.finish();
    words.resize(code.offset() / 4);
    std::memcpy(words.data(), code.data(), words.size() * 4);
  });
  return words;
}

constexpr u32 ret = 0xd65f03c0;

}  // namespace

TEST_CASE("arm64 lower: one instruction where one is enough") {
  const struct {
    const char* signature;
    const char* body;
    u32 word;
  } cases[] = {
      {"(i64, i64) -> i64", "b1(x: i64, y: i64):\n  s = shl.i64 y, 3\n  r = add.i64 x, s\n  ret r", 0x8b010c00},
      {"(i64, i32) -> i64", "b1(x: i64, y: i32):\n  s = sext.i64 y\n  r = add.i64 x, s\n  ret r", 0x8b21c000},
      {"(i32) -> i32", "b1(x: i32):\n  r = sub.i32 x, 4096\n  ret r", 0x51400400},
      {"(i64, i64, i64) -> i64", "b1(x: i64, y: i64, z: i64):\n  p = mul.i64 y, z\n  r = sub.i64 x, p\n  ret r", 0x9b028020},
      {"(i32) -> i32", "b1(x: i32):\n  s = lshr.i32 x, 5\n  r = and.i32 s, 255\n  ret r", 0x53053000},
      {"(i64, i64) -> i64", "b1(x: i64, y: i64):\n  n = not.i64 y\n  r = and.i64 x, n\n  ret r", 0x8a210000},
      {"(i8) -> i8", "b1(x: i8):\n  r = ashr.i8 x, 3\n  ret r", 0x13031c00},
      {"(ptr) -> i64", "b1(p: ptr):\n  r = load.i64 p + 32\n  ret r", 0xf9401000},
      {"(ptr) -> i64", "b1(p: ptr):\n  r = load.i64 p - 8\n  ret r", 0xf85f8000},
      {"(f64, f64, f64) -> f64", "b1(x: f64, y: f64, z: f64):\n  n = fneg.f64 x\n  r = fma.f64 n, y, z\n  ret r", 0x1f418800},
  };
  for (const auto& c : cases) {
    const std::string text = std::string("func @f") + c.signature + " {\n" + c.body + "\n}\n";
    CAPTURE(text);
    Status status;
    const std::vector<u32> words = compile(text, "asimd", status);
    CHECK(status.ok());
    CHECK(words == std::vector<u32>{c.word, ret});
  }
}

TEST_CASE("arm64 lower: a missing feature is named") {
  Status status;
  const char* text = "func @f(i32, i8) -> i32 {\nb1(x: i32, y: i8):\n  r = crc32c.i8 x, y\n  ret r\n}\n";
  CHECK(compile(text, "asimd", status).empty());
  CHECK(status.error == Error::feature_missing);
  CHECK(status.detail == static_cast<u64>(arm64::Feature::crc));
  CHECK(compile(text, "crc", status).size() == 2);
}

TEST_CASE("arm64 lower: regions have operands that are overwritten, and subsets; a violation inside is found") {
  const auto report = [](const std::string& inside, Status& status) {
    // 30 values and the vectors are alive through the region.
    std::string text = "target arm64\nfunc @f(ptr, i64, v128, v128) -> (i64, v128) {\nb1(p: ptr, x: i64, v: v128, w: v128):\n", sum;
    for (u32 n = 0; n < 30; ++n) {
      const std::string id = std::to_string(n), before = n == 0 ? "x" : "h" + std::to_string(n - 1);
      text += "  v" + id + " = mul.i64 x, " + std::to_string(n + 3) + "\n";
      sum += "  h" + id + " = xor.i64 " + before + ", v" + id + "\n";
    }
    text += "  region_begin\n  old = arm64.ldaxr_x p\n" + inside + "  st = arm64.stlxr_x n, p\n  region_end\n  s = zext.i64 st\n" + sum +
            "  r = xor.i64 h29, s\n  q = vxor.v128 z, w\n  ret r, q\n}\n";
    CAPTURE(text);
    const std::vector<u32> words = compile(text, "all", status);
    return arm64::check_exclusives(words).fault;
  };
  Status status;
  const std::string tied = "  m = arm64.movk_x old, 7, 48\n  n = arm64.movk_x m, 3, 0\n";
  CHECK(report(tied + "  z = arm64.mla_el_8h v, v, w, 3\n", status) == arm64::ExclusiveFault::none);
  CHECK(status.ok());
  CHECK(report(tied + "  z = arm64.ldr_imm_q p, 16\n", status) == arm64::ExclusiveFault::memory_access);
  CHECK(status.ok());
}

TEST_CASE("arm64 lower: loops of exclusives keep their rules") {
  for (const char* op : {"xchg", "add", "sub", "and", "or", "xor", "smin", "smax", "umin", "umax"})
    for (const char* type : {"i8", "i16", "i32", "i64"}) {
      const std::string t = type;
      const std::string text = "func @f(ptr, " + t + ") -> " + t + " {\nb1(p: ptr, y: " + t + "):\n  r = atomic_" +
                               op + "." + t + ".seq_cst p, y\n  ret r\n}\n";
      CAPTURE(text);
      Status status;
      const std::vector<u32> words = compile(text, "asimd", status);
      CHECK(status.ok());
      CHECK(words.size() > 3);
      CHECK(arm64::check_exclusives(words).ok());
    }
}
