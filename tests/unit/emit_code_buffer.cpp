// CodeBuffer: bytes, labels, fixups, scopes, symbols, remarks and its errors.
#include <doctest/doctest.h>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/placement.hpp>

#include <string>
#include <vector>

using namespace jitkit;

namespace {

u32 word_at(const CodeBuffer& code, u32 at) {
  u32 w = 0;
  std::memcpy(&w, code.bytes().data() + at, 4);
  return w;
}

}  // namespace

TEST_CASE("bytes arrive in order and growth keeps them") {
  CodeBuffer code;
  for (u32 i = 0; i < 100000; ++i) code.put32(i);
  code.put8(0xab);
  code.put16(0x1234);
  code.put64(0x1122334455667788);
  REQUIRE(code.finish().ok());
  CHECK(code.bytes().size() == 400000 + 11);
  CHECK(word_at(code, 4 * 99999) == 99999);
  CHECK(code.bytes()[400000] == 0xab);
  CHECK(code.bytes()[400001] == 0x34);
  CHECK(code.bytes()[400003] == 0x88);
}

TEST_CASE("the caller's memory never overflows, and the error counts all that was wanted") {
  u8 memory[24];
  std::memset(memory, 0xcc, sizeof memory);
  CodeBuffer code(std::span<u8>(memory, 16));
  for (u32 i = 0; i < 4; ++i) code.put32(i);
  CHECK(code.status().ok());
  for (u32 i = 0; i < 5; ++i) code.put32(7);
  code.put64(1);
  CHECK(code.finish() == Status{Error::out_of_code_space, 16, 16 + 20 + 8});
  CHECK(code.offset() == 16);
  for (u32 i = 16; i < 24; ++i) CHECK(memory[i] == 0xcc);
  code.reset();
  code.put32(5);
  CHECK(code.finish().ok());
  CHECK(code.data() == memory);
}

TEST_CASE("no limit reaches beyond offsets of 32 bits") {
  constexpr u64 size = u64{5} << 30;
  CodeBuffer code(~u64{0});
  CHECK(code.reserve(size) == nullptr);
  CHECK(code.status() == Status{Error::out_of_code_space, 0, size});
}

TEST_CASE("literals and veneers count in what the error says was needed: that much is enough") {
  const auto work = [](CodeBuffer& code) {
    const Label out = code.new_label();
    for (u32 n = 0; n < 12; ++n) {
      code.put32(0x58000000, code.literal(FixupKind::a64_load19, n % 2 == 0 ? 8 : 16, n / 3), FixupKind::a64_load19);
      code.put32(0x94000000, code.symbol(n % 4 == 0 ? "f" : "g", 0x1000), FixupKind::a64_branch26);
      code.put32(0x36000000, out, FixupKind::a64_branch14);
    }
    code.bind(out);
    return code.place(u64{1} << 40);
  };
  CodeBuffer grown;
  REQUIRE(work(grown).ok());
  for (usize room = 0; room < grown.bytes().size(); room += 4) {
    std::vector<u8> memory(room);
    CodeBuffer tight{std::span<u8>(memory)};
    const Status s = work(tight);
    REQUIRE(s.error == Error::out_of_code_space);
    CHECK(s.detail < grown.bytes().size() + 200);
    memory.resize(s.detail);
    CodeBuffer enough{std::span<u8>(memory)};
    CHECK(work(enough).ok());
  }
}

TEST_CASE("a limit on growing memory") {
  CodeBuffer code(100);
  for (int i = 0; i < 25; ++i) code.put32(0);
  CHECK(code.status().ok());
  code.put32(0);
  CHECK(code.status() == Status{Error::out_of_code_space, 100, 104});
}

TEST_CASE("labels forward and backward, each field kind") {
  CodeBuffer code;
  const Label back = code.new_label();
  const Label ahead = code.new_label();
  code.bind(back);
  code.put32(0x14000000, ahead, FixupKind::a64_branch26);
  code.put32(0x54000001, ahead, FixupKind::a64_branch19);
  code.put32(0x36000000, ahead, FixupKind::a64_branch14);
  code.put32(0x10000000, ahead, FixupKind::a64_adr21, 1);
  CHECK_FALSE(code.is_bound(ahead));
  code.bind(ahead);
  CHECK(code.is_bound(ahead));
  code.put32(0x17ffffff & 0xfc000000, back, FixupKind::a64_branch26);
  code.put32(0x54000000, back, FixupKind::a64_branch19);
  code.put32(0x37f80000, back, FixupKind::a64_branch14);
  code.put32(0x10000000, back, FixupKind::a64_adr21);
  REQUIRE(code.finish().ok());
  CHECK(word_at(code, 0) == 0x14000004);   // b .+16
  CHECK(word_at(code, 4) == 0x54000061);   // b.ne .+12
  CHECK(word_at(code, 8) == 0x36000040);   // tbz w0, #0, .+8
  CHECK(word_at(code, 12) == 0x30000020);  // adr x0, .+5
  CHECK(word_at(code, 16) == 0x17fffffc);  // b .-16
  CHECK(word_at(code, 20) == 0x54ffff60);  // b.eq .-20
  CHECK(word_at(code, 24) == 0x37ffff40);  // tbnz w0, #31, .-24
  CHECK(word_at(code, 28) == 0x10ffff20);  // adr x0, .-28
}

TEST_CASE("x86 distances count from the end of the field; a trailing immediate is an addend") {
  CodeBuffer code;
  const Label l = code.new_label();
  code.put8(0xeb);
  code.put8(0);
  code.use_label(l, FixupKind::x86_rel8, code.offset() - 1);
  code.put8(0xe9);
  code.put32(0);
  code.use_label(l, FixupKind::x86_rel32, code.offset() - 4);
  code.put16(0x3d83);  // cmp dword [rip + l], imm8
  code.put32(0);
  const u32 at = code.offset() - 4;
  code.put8(9);
  code.use_label(l, FixupKind::x86_rel32, at, -1);
  code.bind(l);
  REQUIRE(code.finish().ok());
  CHECK(code.bytes()[1] == 12);
  CHECK(word_at(code, 3) == 7);
  CHECK(word_at(code, at) == 0);
}

TEST_CASE("a rel8 that does not fit is an error at its offset") {
  for (const u32 gap : {127U, 128U}) {
    CodeBuffer code;
    const Label l = code.new_label();
    code.put16(0xeb);
    code.use_label(l, FixupKind::x86_rel8, code.offset() - 1);
    for (u32 i = 0; i < gap; ++i) code.put8(0x90);
    code.bind(l);
    if (gap == 127) {
      CHECK(code.finish().ok());
      CHECK(code.bytes()[1] == 127);
    } else {
      CHECK(code.finish() == Status{Error::fixup_range, 1, 128});
    }
  }
}

TEST_CASE("a misaligned AArch64 target is an error") {
  CodeBuffer code;
  const Label l = code.new_label();
  code.put32(0x14000000, l, FixupKind::a64_branch26);
  code.put16(0);
  code.bind(l);
  CHECK(code.finish() == Status{Error::fixup_range, 0, 6});
}

TEST_CASE("unbound and rebound labels") {
  CodeBuffer code;
  const Label unused = code.new_label();
  const Label used = code.new_label();
  code.put32(0);
  code.put32(0x14000000, used, FixupKind::a64_branch26);
  CHECK(code.finish() == Status{Error::label_unbound, used.id, 4});
  code.reset();
  const Label twice = code.new_label();
  CHECK(twice == unused);
  code.bind(twice);
  code.put32(0);
  code.bind(twice);
  CHECK(code.status() == Status{Error::label_rebound, twice.id, 0});
}

TEST_CASE("the first error stays") {
  CodeBuffer code;
  code.fail({Error::feature_missing, 3, 4});
  code.fail({Error::operand_range, 1, 2});
  code.put32(0x14000000, code.new_label(), FixupKind::a64_branch26);
  CHECK(code.finish() == Status{Error::feature_missing, 3, 4});
  CHECK(code.offset() == 0);
}

TEST_CASE("named labels and symbols are found by name") {
  CodeBuffer code;
  const Label a = code.label("loop");
  const Label b = code.label("end");
  CHECK(a != b);
  CHECK(code.label("loop") == a);
  CHECK(code.label_name(b) == "end");
  CHECK(code.label_name(code.new_label()) == "");
  const Symbol f = code.symbol("memcpy");
  const Symbol g = code.symbol("memset", 0x1234);
  CHECK(code.symbol("memcpy") == f);
  CHECK(code.symbol("memset") == g);
  CHECK(code.symbol_name(g) == "memset");
  for (int i = 0; i < 1000; ++i) code.symbol("s" + std::to_string(i));
  CHECK(code.symbol("s777").id == g.id + 778);
  CHECK(code.symbol("memcpy") == f);
  CHECK(code.finish().ok());
}

TEST_CASE("symbols without names are of their own, found by no name, and have their address") {
  CodeBuffer code;
  const Symbol named = code.symbol("f");
  const Symbol a = code.symbol_at(0x2000);
  const Symbol b = code.symbol_at(0x2000);
  CHECK(a.id == named.id + 1);
  CHECK(b.id == a.id + 1);
  CHECK(code.symbol_name(a) == "");
  const Symbol empty = code.symbol("");
  CHECK(empty.id == b.id + 1);
  for (int i = 0; i < 1000; ++i) code.symbol("s" + std::to_string(i));
  CHECK(code.symbol("") == empty);
  CHECK(code.symbol("f") == named);
  CHECK(code.symbol("s777").id == empty.id + 778);
  code.put32(0x14000000, a, FixupKind::a64_branch26);
  code.put32(0x14000000, b, FixupKind::a64_branch26);
  REQUIRE(code.place(0x1000).ok());
  CHECK(word_at(code, 0) == 0x14000400);
  CHECK(word_at(code, 4) == 0x140003ff);
}

TEST_CASE("exact scopes") {
  CodeBuffer code;
  {
    const auto scope = code.exact(8);
    code.put64(1);
  }
  CHECK(code.status().ok());
  SUBCASE("too few") {
    {
      const auto scope = code.exact(8);
      code.put32(1);
    }
    CHECK(code.finish() == Status{Error::exact_scope, 8, 4});
  }
  SUBCASE("too many") {
    {
      const auto scope = code.exact(4);
      code.put64(1);
    }
    CHECK(code.finish() == Status{Error::exact_scope, 8, 8});
  }
  SUBCASE("a pool in it is too many") {
    {
      const auto scope = code.exact(4);
      const Label l = code.literal(FixupKind::a64_load19, 8, 1);
      code.put32(0x58000000, l, FixupKind::a64_load19);
      code.flush_literals();
    }
    CHECK(code.finish().error == Error::exact_scope);
  }
  SUBCASE("nested") {
    {
      const auto outer = code.exact(12);
      code.put32(1);
      const auto inner = code.exact(8);
      code.put64(1);
    }
    CHECK(code.finish().ok());
  }
}

TEST_CASE("functions at fixed offsets, with a limit") {
  for (const u32 words : {32U, 33U}) {
    CodeBuffer code;
    {
      const auto slot = code.fixed(0x80, 0x80, 0xff);
      CHECK(code.offset() == 0x80);
      for (u32 i = 0; i < words; ++i) code.put32(i);
    }
    if (words == 32) {
      CHECK(code.status().ok());
      const auto slot = code.fixed(0x200, 4);
      CHECK(code.offset() == 0x200);
      CHECK(code.bytes()[0x7f] == 0xff);
      CHECK(code.bytes()[0x1ff] == 0);
    } else {
      CHECK(code.finish() == Status{Error::too_long, 0x80, 4});
    }
  }
  CodeBuffer code;
  code.put64(0);
  code.put64(0);
  code.seek(12);
  CHECK(code.finish() == Status{Error::too_long, 12, 4});
}

TEST_CASE("alignment, jump tables and data ranges") {
  CodeBuffer code;
  code.put8(0x90);
  code.align(16, 0x90);
  CHECK(code.offset() == 16);
  CHECK(code.bytes()[15] == 0x90);
  CHECK(code.alignment() == 16);
  const Label a = code.new_label();
  const Label b = code.new_label();
  const Label table = code.new_label();
  code.bind(a);
  code.put32(0);
  const Label targets[] = {a, b, a};
  code.jump_table(table, targets);
  code.bind(b);
  code.put32(0);
  REQUIRE(code.finish().ok());
  CHECK(code.offset_of(table) == 20);
  CHECK(static_cast<i32>(word_at(code, 20)) == -4);
  CHECK(word_at(code, 24) == 12);
  CHECK(static_cast<i32>(word_at(code, 28)) == -4);
  REQUIRE(code.data_ranges().size() == 1);
  CHECK(code.data_ranges()[0].begin == 20);
  CHECK(code.data_ranges()[0].end == 32);
}

TEST_CASE("literals are shared, aligned and stand behind the code") {
  CodeBuffer code;
  const FixupKind k = FixupKind::x86_rel32;
  const Label four = code.literal(k, 4, 0x3f800000);
  const Label eight = code.literal(k, 8, 0x3f800000);
  const Label sixteen = code.literal(k, 16, 1, 2);
  CHECK(four != eight);
  CHECK(code.literal(k, 4, 0x3f800000) == four);
  CHECK(code.literal(k, 16, 1, 2) == sixteen);
  CHECK(code.literal(k, 16, 1, 3) != sixteen);
  for (const Label l : {four, eight, sixteen}) {
    code.put32(0);
    code.use_label(l, k, code.offset() - 4);
  }
  code.put8(0xc3);
  REQUIRE(code.finish().ok());
  CHECK(code.offset_of(sixteen) == 16);
  CHECK(code.offset_of(eight) == 48);
  CHECK(code.offset_of(four) == 56);
  CHECK(code.offset() == 60);
  CHECK(word_at(code, 8) == 16 - 12);
  u64 half = 0;
  std::memcpy(&half, code.bytes().data() + 24, 8);
  CHECK(half == 2);
  CHECK(code.data_ranges()[0].begin == 13);
  CHECK(code.data_ranges()[0].end == 60);
}

TEST_CASE("log and notes") {
  std::string text;
  StringSink sink(text);
  CodeBuffer code;
  code.comment("not kept");
  CHECK(code.notes().empty());
  code.set_log(&sink);
  code.keep_notes(true);
  code.put32(0);
  code.comment("after the first word");
  code.bind(code.label("here"));
  code.fail({Error::policy, 0, 0});
  CHECK(text ==
        "00000004: ; after the first word\n"
        "00000004: label here\n"
        "00000004: error not allowed in this mode\n");
  REQUIRE(code.notes().size() == 1);
  CHECK(code.notes()[0].offset == 4);
  CHECK(code.note_text(code.notes()[0]) == "after the first word");
}

TEST_CASE("reset keeps the memory: the same work again allocates nothing") {
  CodeBuffer code;
  const auto work = [&] {
    for (int i = 0; i < 2000; ++i) {
      const Label l = code.new_label();
      code.put32(0x36000000, l, FixupKind::a64_branch14);
      code.put32(0x94000000, code.symbol("f" + std::to_string(i & 63)), FixupKind::a64_branch26);
      code.put32(0x58000000, code.literal(FixupKind::a64_load19, 8, static_cast<u64>(i)),
                 FixupKind::a64_load19);
      code.bind(l);
    }
    return code.finish();
  };
  REQUIRE(work().ok());
  const std::vector<u8> first(code.bytes().begin(), code.bytes().end());
  const u32 calls = code.heap_calls();
  code.reset();
  REQUIRE(work().ok());
  CHECK(code.heap_calls() == calls);
  CHECK(std::vector<u8>(code.bytes().begin(), code.bytes().end()) == first);
}

TEST_CASE("out of memory in the tables is an error with the bytes asked for") {
  CodeBuffer code(u64{1} << 31, 100 * 1024);
  for (int i = 0; i < 100000 && code.status().ok(); ++i)
    code.put32(0x14000000, code.new_label(), FixupKind::a64_branch26);
  CHECK(code.finish().error == Error::out_of_memory);
  CHECK(code.status().detail > 16 * 1024);
  for (int i = 0; i < 10; ++i) {
    const Label l = code.new_label();
    code.put32(0x14000000, l, FixupKind::a64_branch26);
    code.bind(l);
    code.literal(FixupKind::a64_load19, 8, 1);
    code.symbol("x");
  }
  CHECK(code.status().error == Error::out_of_memory);
}

TEST_CASE("without memory for any table, labels and branches leave the error as it is") {
  u8 memory[64];
  CodeBuffer own(u64{1} << 20, 0), given(memory, 0);
  for (CodeBuffer* code : {&own, &given}) {
    CHECK(code->status().error == Error::out_of_memory);
    const Label l = code->new_label();
    code->bind(l);
    code->put32(0x14000000, l, FixupKind::a64_branch26);
    code->put32(0x14000000, code->symbol("x"), FixupKind::a64_branch26);
    CHECK(code->finish().error == Error::out_of_memory);
  }
}
