// Placement: symbols, page-relative fields, far veneers, GOT slots, code that ends at an address.
#include <doctest/doctest.h>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/placement.hpp>

#include <vector>

using namespace jitkit;

namespace {

constexpr u64 home = 0x7f1234560000;

u32 word_at(const CodeBuffer& code, u64 at) {
  u32 w = 0;
  std::memcpy(&w, code.bytes().data() + at, 4);
  return w;
}
u64 quad_at(const CodeBuffer& code, u64 at) {
  u64 q = 0;
  std::memcpy(&q, code.bytes().data() + at, 8);
  return q;
}
// The address a b or bl at `at` goes to.
u64 branch26_target(const CodeBuffer& code, u64 at) {
  return code.address() + at + static_cast<u64>(sign_extend(word_at(code, at) & 0x3ffffff, 26) * 4);
}
u64 rel32_target(const CodeBuffer& code, u64 at) {
  return code.address() + at + 4 + static_cast<u64>(i64{static_cast<i32>(word_at(code, at))});
}

}  // namespace

TEST_CASE("place: near symbols are reached directly") {
  CodeBuffer code;
  code.put32(0x94000000, code.symbol("near", home + 0x1000), FixupKind::a64_branch26);
  code.put32(0x14000000, code.symbol("near"), FixupKind::a64_branch26, 8);
  const u64 bound = code.size_bound();
  REQUIRE(code.place(home).ok());
  CHECK(branch26_target(code, 0) == home + 0x1000);
  CHECK(branch26_target(code, 4) == home + 0x1008);
  CHECK(code.bytes().size() == 8);
  CHECK(bound == 8 + 2 * 24);
}

TEST_CASE("place: AArch64 branches at and across 128 MiB, both directions") {
  constexpr i64 reach = 128 << 20;
  for (const i64 d : {reach - 4, reach, reach + 4, i64{1} << 40, -reach, -reach - 4, -(i64{1} << 40)}) {
    CodeBuffer code;
    const u64 target = home + static_cast<u64>(d);
    code.put32(0x94000000, code.symbol("f", target), FixupKind::a64_branch26);
    code.put32(0xd65f03c0);
    REQUIRE(code.place(home).ok());
    const bool near = d >= -reach && d < reach;
    CHECK((code.bytes().size() == 8) == near);
    if (near) {
      CHECK(branch26_target(code, 0) == target);
    } else {
      CHECK(branch26_target(code, 0) == home + 8);
      CHECK(word_at(code, 8) == 0x58000050);
      CHECK(word_at(code, 12) == 0xd61f0200);
      CHECK(quad_at(code, 16) == target);
      REQUIRE(code.data_ranges().size() == 1);
      CHECK(code.data_ranges()[0].begin == 16);
    }
  }
}

TEST_CASE("place: x86 calls at and across 2 GiB, both directions; data may not be led astray") {
  constexpr i64 reach = i64{1} << 31;
  for (const i64 d : {reach - 1, reach, -reach, -reach - 1}) {
    CodeBuffer code;
    const u64 target = home + 5 + static_cast<u64>(d);
    const bool near = d >= -reach && d < reach;
    code.put8(0xe8);
    code.put32(0, code.symbol("f", target), FixupKind::x86_plt32);
    code.put8(0xc3);
    REQUIRE(code.place(home).ok());
    CHECK((code.bytes().size() == 6) == near);
    CHECK(rel32_target(code, 1) == (near ? target : home + 8));
    if (!near) {
      CHECK(code.bytes()[8] == 0xff);
      CHECK(code.bytes()[9] == 0x25);
      CHECK(word_at(code, 10) == 0);
      CHECK(quad_at(code, 14) == target);
    }
    CodeBuffer data;
    data.put8(0);
    data.put32(0, data.symbol("f", target), FixupKind::x86_rel32);
    const Status s = data.place(home);
    CHECK(s == (near ? Status{} : Status{Error::fixup_range, 1, static_cast<u64>(d)}));
    CHECK(data.place(target).ok());  // the failure left it movable
  }
}

TEST_CASE("place: one veneer per symbol and addend, and again at another address") {
  CodeBuffer code;
  const Symbol f = code.symbol("f", 0x1000);
  const Symbol g = code.symbol("g", 0x2000);
  for (int i = 0; i < 10; ++i) {
    code.put32(0x94000000, f, FixupKind::a64_branch26);
    code.put32(0x94000000, g, FixupKind::a64_branch26);
    code.put32(0x94000000, g, FixupKind::a64_branch26, 16);
  }
  CHECK(code.size_bound() == 120 + 12 * 24);
  REQUIRE(code.place(home).ok());
  CHECK(code.bytes().size() == 120 + 3 * 16);
  const std::vector<u8> first(code.bytes().begin(), code.bytes().end());
  REQUIRE(code.place(0x10000).ok());
  CHECK(code.bytes().size() == 120);
  CHECK(branch26_target(code, 0) == 0x1000);
  CHECK(branch26_target(code, 8) == 0x2010);
  REQUIRE(code.place(home).ok());
  CHECK(std::vector<u8>(code.bytes().begin(), code.bytes().end()) == first);
}

TEST_CASE("place: adrp and low bits of labels and symbols") {
  CodeBuffer code;
  const Symbol s = code.symbol("s", home + 0x12345678);
  const Label l = code.new_label();
  code.put32(0x90000000, s, FixupKind::a64_adrp21);
  code.put32(0x91000000, s, FixupKind::a64_lo12);
  code.put32(0xf9400000, s, FixupKind::a64_ldst64_lo12);
  code.put32(0x90000000, l, FixupKind::a64_adrp21);
  code.put32(0x91000000, l, FixupKind::a64_lo12, 4);
  code.bind(l);
  // The label is on the page after the adrp's.
  REQUIRE(code.place(home + 0xff0).ok());
  CHECK(word_at(code, 0) == (0x90000000U | (0x12345 & 3) << 29 | (0x12345 >> 2) << 5));
  CHECK(word_at(code, 4) == (0x91000000U | 0x678 << 10));
  CHECK(word_at(code, 8) == (0xf9400000U | (0x678 >> 3) << 10));
  CHECK(word_at(code, 12) == (0x90000000U | 1U << 29));
  CHECK(word_at(code, 16) == (0x91000000U | 8 << 10));
  REQUIRE(code.place(home + 0xfe8).ok());  // and now on the same
  CHECK(word_at(code, 12) == 0x90000000U);
  CHECK(word_at(code, 16) == 0x91000000U);
}

TEST_CASE("place: a scaled offset that would lose bits is an error") {
  CodeBuffer code;
  code.put32(0xf9400000, code.symbol("odd", home + 4), FixupKind::a64_ldst64_lo12);
  CHECK(code.place(home) == Status{Error::fixup_range, 0, 4});
}

TEST_CASE("place: absolute addresses and distances") {
  CodeBuffer code;
  const Label l = code.new_label();
  const Symbol s = code.symbol("s", 0x12345678);
  code.bind(l);
  code.put64(0);
  code.use_label(l, FixupKind::abs64, 0, 3);
  code.put32(0, s, FixupKind::abs32, 1);
  code.put32(0, code.symbol("t", home + 0x100), FixupKind::rel32);
  REQUIRE(code.place(home).ok());
  CHECK(quad_at(code, 0) == home + 3);
  CHECK(word_at(code, 8) == 0x12345679);
  CHECK(word_at(code, 12) == 0x100 - 12);
  code.put32(0, code.symbol("big", u64{1} << 32), FixupKind::abs32);
  CHECK(code.place(home) == Status{Error::fixup_range, 16, u64{1} << 32});
}

TEST_CASE("place: GOT slots") {
  CodeBuffer code;
  const Symbol s = code.symbol("s", 0x123456789abc);
  code.put32(0x90000000, s, FixupKind::a64_got_adrp21);
  code.put32(0xf9400000, s, FixupKind::a64_got_lo12);
  code.put32(0, s, FixupKind::x86_gotpcrel32);
  REQUIRE(code.place(home).ok());
  CHECK(code.bytes().size() == 24);
  CHECK(quad_at(code, 16) == 0x123456789abc);
  CHECK(word_at(code, 0) == 0x90000000);
  CHECK(word_at(code, 4) == (0xf9400000 | 2 << 10));
  CHECK(rel32_target(code, 8) == home + 16);
}

TEST_CASE("place: symbols come from a resolver or a table, and a missing one is named") {
  CodeBuffer code;
  const Symbol f = code.symbol("f");
  const Symbol g = code.symbol("g");
  code.put32(0x94000000, f, FixupKind::a64_branch26);
  code.put32(0x94000000, g, FixupKind::a64_branch26);
  CHECK(code.place(home) == Status{Error::symbol_undefined, f.id, 0});
  const SymbolAddress both[] = {{"g", home + 0x40}, {"f", home + 0x80}};
  const std::span<const SymbolAddress> one(both, 1);
  CHECK(code.place(home, resolve_from(one)) == Status{Error::symbol_undefined, f.id, 0});
  const std::span<const SymbolAddress> all(both);
  REQUIRE(code.place(home, resolve_from(all)).ok());
  CHECK(branch26_target(code, 0) == home + 0x80);
  CHECK(branch26_target(code, 4) == home + 0x40);
  CHECK(code.place(home).error == Error::symbol_undefined);  // asked anew each time
}

TEST_CASE("place: the alignment of the code is asked of the address") {
  CodeBuffer code;
  code.put32(0);
  code.use_label(code.literal(FixupKind::x86_rel32, 16, 1, 2), FixupKind::x86_rel32, 0);
  CHECK(code.place(home + 8) == Status{Error::operand_range, 0, home + 8});
  CHECK(code.place(home + 16).ok());
}

TEST_CASE("place: code that ends at an address") {
  for (const u64 end : {home, home + 4, home + 8, home + 0x1234}) {
    for (const bool far : {false, true}) {
      CodeBuffer code;
      code.put32(0x94000000, code.symbol("f", far ? 0x1000 : home + 0x400), FixupKind::a64_branch26);
      code.put32(0x58000000, code.literal(FixupKind::a64_load19, 16, 5, 6), FixupKind::a64_load19);
      code.put32(0xd65f03c0);
      REQUIRE(code.place_ending_at(end).ok());
      CHECK(code.address() + code.bytes().size() == end);
      CHECK(code.address() % 16 == 0);
      CHECK(code.bytes().size() <= code.size_bound() + 15);
      const u64 target = branch26_target(code, 0);
      if (far)
        CHECK(quad_at(code, target - code.address() + 8) == 0x1000);
      else
        CHECK(target == home + 0x400);
    }
  }
}

TEST_CASE("place: ending at an address so close to the limit that veneers move the code") {
  // f is in reach of the first call only if no veneer moves the code down.
  constexpr u64 reach = 128 << 20;
  CodeBuffer code;
  code.put32(0x94000000, code.symbol("f"), FixupKind::a64_branch26);
  code.put32(0x94000000, code.symbol("g"), FixupKind::a64_branch26);
  const SymbolAddress table[] = {{"f", home - 8 + reach - 4}, {"g", 0x1000}};
  const std::span<const SymbolAddress> symbols(table);
  REQUIRE(code.place_ending_at(home, resolve_from(symbols)).ok());
  CHECK(code.address() + code.bytes().size() == home);
  CHECK(code.bytes().size() == 8 + 32);
  CHECK(quad_at(code, branch26_target(code, 0) - code.address() + 8) == home - 8 + reach - 4);
  CHECK(quad_at(code, branch26_target(code, 4) - code.address() + 8) == 0x1000);
}

TEST_CASE("place: memory without room for several veneers: as much as the error says is enough") {
  const auto work = [](CodeBuffer& code, bool at_end) {
    for (const char* name : {"f", "g", "h", "i"}) code.put32(0x94000000, code.symbol(name, 0x1000), FixupKind::a64_branch26);
    code.align(8);
    return at_end ? code.place_ending_at(home + 4) : code.place(home);
  };
  for (const bool at_end : {false, true}) {
    std::vector<u8> memory(20);
    CodeBuffer tight{std::span<u8>(memory)};
    const Status s = work(tight, at_end);
    REQUIRE(s.error == Error::out_of_code_space);
    memory.resize(s.detail);
    CodeBuffer enough{std::span<u8>(memory)};
    CHECK(work(enough, at_end).ok());
    CHECK(enough.bytes().size() >= 16 + 4 * 16);
  }
}

TEST_CASE("place: no room for veneers in the caller's memory is an error that can be mended") {
  u8 memory[16];
  CodeBuffer code{std::span<u8>(memory)};
  code.put32(0x94000000, code.symbol("f", 0x1000), FixupKind::a64_branch26);
  code.put32(0xd65f03c0);
  const Status s = code.place(home);
  CHECK(s.error == Error::out_of_code_space);
  CHECK(s.detail >= 24);
  CHECK(s.detail == code.size_bound());
  CHECK(code.place(0x2000).ok());
  CHECK(code.bytes().size() == 8);
}
