// The unwind rows of AArch64 functions at every pc, against a walk over the code that follows the stack
// pointer, the frame pointer and what stands where: the caller's frame is where the rows say, a register
// said to be saved is saved there and not below the stack pointer, and what was stored has a row.
#include <doctest/doctest.h>

#include <compilers.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

#include <fuzz/random_program.hpp>

using namespace jitkit;

namespace {

// Everything counted downwards from the caller's frame.
struct Machine {
  bool sp_known = true;
  i64 sp = 0;
  i64 fp = -1;  // -1: still the caller's
  u64 scratch = 0;
  std::map<u32, i64> stored;  // DWARF numbers

  void store(u32 first, u32 second, i64 at, u32 unit) {
    stored.emplace(first, at);
    if (second != 0) stored.emplace(second, at - unit);
  }

  // `leaving`: in an epilogue, where saved registers are loaded again.
  void step(u32 w, bool leaving) {
    const i64 imm12 = static_cast<i64>(w >> 10 & 0xfff) << ((w >> 22 & 1) != 0 ? 12 : 0);
    const u32 rt = w & 31, rn = w >> 5 & 31, rt2 = w >> 10 & 31;
    if ((w & 0xff8003ff) == 0xd10003ff) sp += imm12;                        // sub sp, sp, #
    if ((w & 0xff8003ff) == 0x910003ff) sp -= imm12;                        // add sp, sp, #
    if ((w & 0xffe0ffff) == 0xcb2063ff) move_stack(w >> 16 & 31, 1);        // sub sp, sp, x
    if ((w & 0xffe0ffff) == 0x8b2063ff) move_stack(w >> 16 & 31, -1);       // add sp, sp, x
    if (w == 0x910003fd) fp = sp;                                           // mov x29, sp
    if (w == 0x910003bf) {                                                  // mov sp, x29
      sp = fp;
      sp_known = true;
    }
    constants(w);
    if (rn != 31) return;
    const i64 pair = (static_cast<i64>(w >> 15 & 0x7f) ^ 64) - 64, single = static_cast<i64>(w >> 10 & 0xfff) * 8;
    switch (w & 0xffc00000) {
      case 0xa9000000: return kept(rt) && kept(rt2) ? store(rt, rt2, sp - pair * 8, 8) : void();
      case 0xf9000000: return kept(rt) ? store(rt, 0, sp - single, 8) : void();
      case 0x6d000000: return rt >= 8 && rt < 16 ? store(64 + rt, 64 + rt2, sp - pair * 8, 8) : void();
      case 0xfd000000: return rt >= 8 && rt < 16 ? store(64 + rt, 0, sp - single, 8) : void();
      default: break;
    }
    if (!leaving) return;
    switch (w & 0xffc00000) {
      case 0xa9400000: stored.erase(rt); stored.erase(rt2); break;
      case 0xf9400000: stored.erase(rt); break;
      case 0x6d400000: stored.erase(64 + rt); stored.erase(64 + rt2); break;
      case 0xfd400000: stored.erase(64 + rt); break;
      default: break;
    }
  }

 private:
  static bool kept(u32 r) { return r >= 19 && r < 31; }
  void move_stack(u32 r, i64 sign) {
    if (r == 16)
      sp += sign * static_cast<i64>(scratch);
    else
      sp_known = false;
  }
  void constants(u32 w) {
    const unsigned shift = (w >> 21 & 3) * 16;
    const u64 part = static_cast<u64>(w >> 5 & 0xffff) << shift;
    if ((w & 0x7f80001f) == 0x52800010) scratch = part;
    if ((w & 0xff80001f) == 0xf2800010) scratch = (scratch & ~(u64{0xffff} << shift)) | part;
    if ((w & 0xff80001f) == 0x92800010) scratch = ~part;
    u64 mask = 0;
    if ((w & 0xffc003ff) == 0x320003f0 && arm64::decode_logical(w, 32, mask)) scratch = mask & 0xffffffff;
    if ((w & 0xff80001f) == 0x12800010) scratch = ~part & 0xffffffff;
    if ((w & 0xff8003ff) == 0xb20003f0 && arm64::decode_logical(w, 64, mask)) scratch = mask;
  }
};

struct Rows {
  u32 base = dwarf_a64_sp;
  i64 offset = 0;
  std::map<u32, i64> saved;
};

// The first pc where the rows are wrong; ~0 if nowhere.
u32 first_wrong(std::span<const u32> code, std::span<const DataRange> data, std::span<const CfiRow> rows) {
  Machine m;
  Rows r;
  std::vector<std::pair<Machine, Rows>> remembered;
  usize next = 0;
  for (u32 at = 0; at < code.size(); ++at) {
    for (; next < rows.size() && rows[next].offset == at * 4; ++next) {
      const CfiRow& row = rows[next];
      switch (row.op) {
        case CfiOp::def_cfa:
          r.base = row.reg;
          r.offset = row.value;
          break;
        case CfiOp::def_cfa_register: r.base = row.reg; break;
        case CfiOp::def_cfa_offset: r.offset = row.value; break;
        case CfiOp::offset: r.saved[row.reg] = -row.value; break;
        case CfiOp::restore:
        case CfiOp::same_value: r.saved.erase(row.reg); break;
        case CfiOp::remember: remembered.emplace_back(m, r); break;
        case CfiOp::restore_state:
          m = remembered.back().first;
          r = remembered.back().second;
          remembered.pop_back();
          break;
        case CfiOp::negate_ra_state: break;
      }
    }
    const bool from_sp = r.base == dwarf_a64_sp;
    if (from_sp ? !m.sp_known || m.sp != r.offset : m.fp != r.offset) return at * 4;
    for (const auto& [reg, where] : r.saved) {
      const auto s = m.stored.find(reg);
      if (s == m.stored.end() || s->second != where || (m.sp_known && where > m.sp)) return at * 4;
    }
    for (const auto& [reg, where] : m.stored)
      if (!r.saved.contains(reg)) return at * 4;
    const auto holds = [&](const DataRange& d) { return d.begin <= at * 4 && at * 4 < d.end; };
    if (std::none_of(data.begin(), data.end(), holds)) m.step(code[at], !remembered.empty());
  }
  return ~u32{0};
}

}  // namespace

TEST_CASE("unwind rows hold at every pc of AArch64 functions") {
  arm64::Isa::Options options;
  options.features = arm64::Isa::core_features();
  const ir::Convention custom[] = {arm64::aapcs64};
  options.conventions = custom;
  ir::Compiler<arm64::Isa> compiler(options);
  u32 functions = 0, frames = 0;
  for (u64 seed = 1; seed <= 60; ++seed) {
    ir::Unit unit;
    fuzz::RandomProgram(seed, unit).build();
    unit.for_each([&](ir::FunctionData& f, ir::TextMap&) {
      CodeBuffer code;
      REQUIRE(compiler.compile(f, code).ok());
      std::vector<u32> words(code.offset() / 4);
      std::memcpy(words.data(), code.data(), words.size() * 4);
      INFO("seed ", seed, " @", std::string(unit.module.symbol_name(f.symbol)));
      const u32 wrong = first_wrong(words, code.data_ranges(), compiler.cfi());
      CHECK(wrong == ~u32{0});
      if (wrong != ~u32{0}) {
        for (u32 n = wrong < 64 ? 0 : wrong / 4 - 16; n < words.size() && n < wrong / 4 + 2; ++n) std::printf("%08x ", words[n]);
        for (const CfiRow& r : compiler.cfi().first(6)) std::printf("[%u %d %u %d] ", r.offset, static_cast<int>(r.op), r.reg, r.value);
        std::printf("\n");
      }
      ++functions;
      frames += compiler.cfi().size() > 8 ? 1 : 0;
    });
  }
  CHECK(functions > 100);
  CHECK(frames > 50);
}
