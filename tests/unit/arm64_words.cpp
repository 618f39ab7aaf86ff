// AArch64 words: methods against hand-checked words, text and back for every form, immediates and
// their neighbours.
#include <doctest/doctest.h>

#include <jitkit/arm64.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>

#include <bit>
#include <cstring>
#include <string>
#include <utility>

using namespace jitkit;
using namespace jitkit::arm64;

// Fixed points that need no run: the bits of a form with its immediates merged.
static_assert(form_bits(Form::add_imm_x) == 0x91000000);
static_assert((form_bits(Form::add_imm_x) ^ *encode_imm(DetailedOperands(Form::add_imm_x).detail(2), 4096)) == 0x91400400);
static_assert((form_bits(Form::add_imm_x) ^ *encode_imm(DetailedOperands(Form::add_imm_x).detail(2), -1)) == 0xd1000400);
static_assert(!encode_imm(DetailedOperands(Form::add_imm_x).detail(2), 4097));
static_assert((form_bits(Form::ldr_imm_x) ^ *encode_imm(DetailedOperands(Form::ldr_imm_x).detail(2), 64)) == 0xf9402000);
static_assert((form_bits(Form::ldr_imm_x) ^ *encode_imm(DetailedOperands(Form::ldr_imm_x).detail(2), -1)) == 0xf85ff000);
static_assert((form_bits(Form::sha1c)) == 0x5e000000);
static_assert(DetailedOperands(Form::add_shift_x).detail(2).lsb == 16);

namespace {

template <class F>
u32 word_of(F f) {
  CodeBuffer code;
  Assembler a(code);
  f(a);
  REQUIRE(code.status().ok());
  REQUIRE(code.bytes().size() == 4);
  u32 w = 0;
  std::memcpy(&w, code.bytes().data(), 4);
  return w;
}

std::string text_of(u32 word) {
  std::string s;
  StringSink sink(s);
  return disassemble(word, sink) ? s : std::string();
}

// A bit-mask immediate has words with rotations beyond its element; text gives the canonical one.
bool has_mask(Form f) {
  for (OperandKind k : row_of(f).operands)
    if (operand_info(k).imm.kind == ImmKind::logical && operand_info(k).has_imm) return true;
  return false;
}

bool assembles(const std::string& text, u32& word) {
  std::string error;
  StringSink sink(error);
  return assemble_line(text, FeatureSet::all(), word, sink);
}

}  // namespace

TEST_CASE("arm64: methods emit the word the text assembler gives") {
#define SAME(call, text)                                     \
  do {                                                       \
    u32 expected = 0;                                        \
    REQUIRE_MESSAGE(assembles(text, expected), text);        \
    CHECK_MESSAGE(word_of([](Assembler& a) { a.call; }) == expected, text); \
  } while (false)
  SAME(add(x0, x1, 4096), "add x0, x1, #4096");
  SAME(add(x0, x1, x2), "add x0, x1, x2");
  SAME(add(sp, x1, x2), "add sp, x1, x2");
  SAME(add(x0, sp, x2, lsl(3)), "add x0, sp, x2, lsl #3");
  SAME(add(x0, x1, w2, uxtw(2)), "add x0, x1, w2, uxtw #2");
  SAME(and_(x27, x28, 0x00ff00ff00ff00ff), "and x27, x28, #0x00ff00ff00ff00ff");
  SAME(mov(sp, x1), "mov sp, x1");
  SAME(mov(x0, x1), "mov x0, x1");
  SAME(mov(x0, -1), "mov x0, #-1");
  SAME(ldr(x0, x1, x2, lsl(3)), "ldr x0, [x1, x2, lsl #3]");
  SAME(ldr(x0, sp, w2, sxtw(3)), "ldr x0, [sp, w2, sxtw #3]");
  SAME(ldr(x0, x1), "ldr x0, [x1]");
  SAME(ldr(x0, x1, post(8)), "ldr x0, [x1], #8");
  SAME(stp(x12, x13, x14, pre(-32)), "stp x12, x13, [x14, #-32]!");
  SAME(strb(w0, x1, x2, lsl(0)), "strb w0, [x1, x2, lsl #0]");
  SAME(cset(x0, Cond::ne), "cset x0, ne");
  SAME(b(Cond::eq, 8), "b.eq #8");
  SAME(tbz(x1, 33, 16), "tbz x1, #33, #16");
  SAME(ubfx(x0, x1, field(3, 5)), "ubfx x0, x1, #3, #5");
  SAME(casp(x0, x2, x4), "casp x0, x1, x2, x3, [x4]");
  SAME(fmov(d0, 1.0), "fmov d0, #1.0");
  SAME(mrs(x0, sys_reg("nzcv")), "mrs x0, nzcv");
  SAME(ret(), "ret");
  SAME(add(v0.s4(), v1.s4(), v2.s4()), "add v0.4s, v1.4s, v2.4s");
  SAME(sha1c(q0, s9, v19.s4()), "sha1c q0, s9, v19.4s");
#undef SAME
}

TEST_CASE("arm64: every form decodes, prints and assembles back") {
  u32 random = 12345;
  unsigned tried = 0;
  for (unsigned i = 1; i < form_count; ++i) {
    const Form f = static_cast<Form>(i);
    CHECK(form_operands(f).size() <= FormOperands::capacity);  // or it traps
    for (int round = 0; round < 64; ++round) {
      random = random * 1664525 + 1013904223;
      const u32 mixed = random ^ random >> 15;
      const u32 word = (form_bits(f) & form_mask(f)) | (mixed & ~form_mask(f));
      const std::string text = text_of(word);
      if (text.empty()) continue;
      const Form seen = decode(word);
      if (detail::registers_conflict(seen, word)) continue;
      u32 back = 0;
      CHECK_MESSAGE(assembles(text, back), text);
      CHECK_MESSAGE((back == word || (has_mask(seen) && ((back ^ word) & ~0x003f0000U) == 0)), text);
      ++tried;
    }
  }
  CHECK(tried > form_count * 32);
}

TEST_CASE("arm64: all logical immediates and no other") {
  unsigned count = 0;
  for (unsigned size = 2; size <= 64; size *= 2)
    for (unsigned ones = 1; ones < size; ++ones)
      for (unsigned turn = 0; turn < size; ++turn) {
        u64 e = low_mask(ones);
        e = turn == 0 ? e : ((e << turn | e >> (size - turn)) & low_mask(size));
        for (unsigned filled = size; filled < 64; filled *= 2) e |= e << filled;
        const Encoded bits = encode_logical(e, 64);
        REQUIRE(bits != refused);
        u64 back = 0;
        REQUIRE(decode_logical(static_cast<u32>(bits), 64, back));
        CHECK(back == e);
        ++count;
      }
  CHECK(count == 5334);
  for (u64 v : {u64{0}, ~u64{0}, u64{5}, u64{0x12345}, u64{0x8000000000000002}, u64{0xdeadbeef}})
    CHECK(encode_logical(v, 64) == refused);
}

TEST_CASE("arm64: conditional branches without their dot") {
  constexpr const char* names[] = {"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc",
                                   "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
  u32 word = 0;
  for (u32 n = 0; n < 16; ++n) {
    CHECK_MESSAGE(assembles(std::string("b") + names[n] + " #8", word), names[n]);
    CHECK(word == (0x54000040 | n));
  }
  CHECK(assembles("bhs #8", word));
  CHECK(word == 0x54000042);
  CHECK(assembles("  BLO\t-4 // back", word));
  CHECK(word == 0x54ffffe3);
  for (const char* text : {"beq", "beq x0", "bqe #8", "bne.eq #8", "b.beq #8", "bceq #8", "beqq #8"}) CHECK_MESSAGE(!assembles(text, word), text);
  // A column of an error is the source's, and a line may have as many characters as any other.
  for (const char* text : {"bge #8 ?", "bic #8 ?"}) {
    std::string error;
    StringSink sink(error);
    CHECK(!assemble_line(text, FeatureSet::all(), word, sink));
    CHECK(error == "column 8: not a token of an instruction");
  }
  CHECK(assembles("bgt #8" + std::string(249, ' '), word));
}

TEST_CASE("arm64: immediates that stand for their complement, and zero without a fraction") {
  constexpr std::pair<const char*, const char*> same[] = {
      {"bic x0, x1, #0xff", "and x0, x1, #0xffffffffffffff00"},
      {"bic sp, x1, #0xff", "and sp, x1, #0xffffffffffffff00"},
      {"bic w0, w1, #0xff", "and w0, w1, #0xffffff00"},
      {"bic w0, w1, #-256", "and w0, w1, #0xff"},
      {"bic w0, w1, #0xffffff00", "and w0, w1, #0xff"},
      {"bic x0, x1, #-256", "and x0, x1, #0xff"},
      {"bics x0, x1, #1", "ands x0, x1, #-2"},
      {"orn wsp, w1, #1", "orr wsp, w1, #0xfffffffe"},
      {"eon x0, x1, #1", "eor x0, x1, #-2"},
      {"fcmgt v0.4s, v1.4s, #0", "fcmgt v0.4s, v1.4s, #0.0"},
      {"fcmle h0, h1, #0", "fcmle h0, h1, #0.0"},
  };
  u32 word = 0, other = 0;
  for (const auto& [text, row] : same) {
    CHECK_MESSAGE(assembles(text, word), text);
    CHECK_MESSAGE(assembles(row, other), row);
    CHECK_MESSAGE(word == other, text);
  }
  for (const char* text : {"bic x0, x1, #0", "bic x0, x1, #-1", "bic w0, w1, #0", "bic w0, w1, #0x1000000ff", "bic xzr, x1, #1",
                           "bic x0, w1, #1", "bic x0, x1, #1.0", "bics sp, x1, #1", "orn x0, x1, #5", "bic x0, #1",
                           "bic x0, x1, #1, lsl #2", "bic x0, x1, #-0x8000000000000001", "fcmgt v0.4s, v1.4s, #-0",
                           "fcmgt v0.4s, v1.4s, #1"})
    CHECK_MESSAGE(!assembles(text, word), text);
  CHECK(assembles("bic v0.4s, #1", word));
  CHECK(word == 0x6f001420);
}

TEST_CASE("arm64: what must be refused") {
  u32 word = 0;
  for (const char* text : {"add x0, x1, #4097", "add x0, x1, sp", "movz sp, #1", "ldr x0, [x1, #32768]", "ldr x1, [x1], #8",
                           "str x1, [x1, #8]!", "stxr w0, x0, [x1]", "cset x0, al", "msr pan, #2", "bogus x0",
                           "add v0.4s, v1.4s, v2.8h", "shl v0.2d, v1.2d, #64", "tlbi nosuch, x0", "b #2"})
    CHECK_MESSAGE(!assembles(text, word), text);
  std::string error;
  StringSink sink(error);
  FeatureSet features = FeatureSet::all();
  CHECK(features.apply("-lse").empty());
  CHECK(!assemble_line("ldadd x0, x1, [x2]", features, word, sink));
  CHECK(error == "needs feature lse");
}

TEST_CASE("arm64: names within a form need their features") {
  constexpr std::pair<const char*, const char*> needs[] = {
      {"msr pan, #1", "pan"}, {"msr uao, #1", "uao"}, {"msr dit, #1", "dit"}, {"msr ssbs, #1", "ssbs"}, {"msr tco, #1", "mte"},
      {"dc cvap, x0", "dpb"}, {"dc cvadp, x0", "dpb2"}, {"dc gva, x0", "mte"}, {"dc cgvap, x0", "mte"}, {"dc igsw, x0", "mte"},
      {"at s1e1rp, x0", "pan2"}, {"tlbi vae1os, x0", "tlbios"}, {"tlbi ipas2le1os, x0", "tlbios"}, {"tlbi rvae1os, x0", "tlbirange"},
      {"tlbi ripas2e1is, x0", "tlbirange"}, {"tlbi vmalle1nxs", "xs"}, {"mrs x0, rndrrs", "rng"}};
  for (const auto& [text, feature] : needs) {
    u32 word = 0;
    std::string error;
    StringSink sink(error);
    FeatureSet features = FeatureSet::all();
    CHECK_MESSAGE(assemble_line(text, features, word, sink), text);
    CHECK(features.apply(std::string("-") + feature).empty());
    CHECK_MESSAGE(!assemble_line(text, features, word, sink), text);
    CHECK(error == std::string("needs feature ") + feature);
  }
  for (const char* text : {"msr daifset, #1", "dc zva, x0", "dc civac, x0", "dc cisw, x0", "at s1e1r, x0", "tlbi vae1is, x0",
                           "tlbi ipas2le1is, x0", "tlbi alle2", "mrs x0, tpidr_el0"}) {
    u32 word = 0;
    std::string error;
    StringSink sink(error);
    FeatureSet features = FeatureSet::all();
    CHECK(features.apply("base").empty());
    CHECK_MESSAGE(assemble_line(text, features, word, sink), text);
  }
}

TEST_CASE("arm64: lanes, lists and the operands that only some values fit") {
#define SAME(call, text)                                     \
  do {                                                       \
    u32 expected = 0;                                        \
    REQUIRE_MESSAGE(assembles(text, expected), text);        \
    CHECK_MESSAGE(word_of([](Assembler& a) { a.call; }) == expected, text); \
  } while (false)
  SAME(ins(v0.b(15), v31.b(3)), "ins v0.b[15], v31.b[3]");
  SAME(umov(x1, v2.d(1)), "mov x1, v2.d[1]");
  SAME(dup(v0.s4(), v1.s(3)), "dup v0.4s, v1.s[3]");
  SAME(fmov(x3, v4.d(1)), "fmov x3, v4.d[1]");
  SAME(fmla(v0.h8(), v1.h8(), v15.h(7)), "fmla v0.8h, v1.8h, v15.h[7]");
  SAME(sdot(v0.s4(), v1.b16(), v31.b4(2)), "sdot v0.4s, v1.16b, v31.4b[2]");
  SAME(fcmla(v0.h4(), v1.h4(), v2.h(1), 90), "fcmla v0.4h, v1.4h, v2.h[1], #90");
  SAME(ld4(regs<4>(v30.s4()), x1), "ld4 { v30.4s, v31.4s, v0.4s, v1.4s }, [x1]");
  SAME(ld1(v3.b16(), x1, post(16)), "ld1 { v3.16b }, [x1], #16");
  SAME(st3(regs<3>(v31.h(5)), sp, x2), "st3 { v31.h, v0.h, v1.h }[5], [sp], x2");
  SAME(tbl(v0.b16(), regs<2>(v31.b16()), v1.b16()), "tbl v0.16b, { v31.16b - v0.16b }, v1.16b");
  SAME(ldraa(x0, x1, pre(-4096)), "ldraa x0, [x1, #-4096]!");
  SAME(irg(sp, x1), "irg sp, x1");
  SAME(addg(x0, sp, 1008, 15), "addg x0, sp, #1008, #15");
  SAME(cpyfp(x0, x1, x2), "cpyfp [x0]!, [x1]!, x2!");
  SAME(ld64b(x22, x0), "ld64b x22, [x0]");
  SAME(bti(Landing::jc), "bti jc");
  SAME(stlr(x0, sp, pre(-8)), "stlr x0, [sp, #-8]!");
#undef SAME
  u32 word = 0;
  for (const char* text : {"fmla v0.8h, v1.8h, v16.h[0]", "fcmla v0.4h, v1.4h, v2.h[2], #90", "ld1 { v0.4s, v2.4s }, [x0]",
                           "ld1 { v0.16b }, [x0], #8", "ld64b x24, [x0]", "ldclrp x0, x0, [x1]", "ldraa x0, [x0, #8]!",
                           "cpyfp [x0]!, [x0]!, x1!", "ld1 { v0.s }[4], [x0]", "prfm pldl1keep, [x0, #4]"})
    CHECK_MESSAGE(!assembles(text, word), text);
  // Run-time registers and lanes are asked for.
  CHECK(arg::Vm_el_h::make(VReg(15).h(7)).has_value());
  CHECK(!arg::Vm_el_h::make(VReg(16).h(7)).has_value());
  CHECK(!arg::Vm_pair_h4::make(VReg(0).h(2)).has_value());
  CHECK(!arg::Xt8def::make(x24).has_value());
}
