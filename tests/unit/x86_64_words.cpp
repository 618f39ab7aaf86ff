// x86-64 bytes: methods against the text assembler, and every form over its operand space encoded,
// decoded, printed and assembled back.
#include <doctest/doctest.h>

#include <jitkit/emit/x86_64/avx512_assembler.hpp>
#include <jitkit/emit/x86_64/disassembler.hpp>
#include <jitkit/emit/x86_64/text_assembler.hpp>
#include <jitkit/x86_64.hpp>

#include <algorithm>
#include <iterator>
#include <string>

#include "../support/x86_64_samples.hpp"

using namespace jitkit;
using namespace jitkit::x86_64;

// Fixed points that need no run.
constexpr u8 add_rax_rbx[] = {0x48, 0x01, 0xd8};
static_assert(decode(add_rax_rbx).form == Form::add_rr_64);
static_assert(decode(std::span(add_rax_rbx).first(2)).form == Form::none);
constexpr u8 one_nop[] = {0x90};
static_assert(decode(one_nop).form == Form::nop);
constexpr u8 exchange_r8[] = {0x41, 0x90};
static_assert(decode(exchange_r8).form == Form::xchg_ao_32);
constexpr u8 add_ymm[] = {0xc5, 0xf4, 0x58, 0x44, 0xcb, 0x10};
static_assert(decode(add_ymm).form == Form::vaddps_rrm_256);
static_assert(decode(add_ymm).operand[2].mem.disp == 16);

namespace {

std::string text_of(std::span<const u8> bytes, usize& length) {
  std::string s;
  StringSink sink(s);
  length = disassemble(bytes, sink);
  return s;
}

std::string text_of(const Instruction& in) {
  std::string s;
  StringSink sink(s);
  print(in, sink);
  return s;
}

std::string hex_of(std::span<const u8> bytes) {
  std::string s;
  StringSink sink(s);
  for (const u8 b : bytes) sink.hex(b, 2);
  return s;
}

std::string assembled(const std::string& text) {
  Encoded code;
  std::string error;
  StringSink sink(error);
  if (!assemble_line(text, FeatureSet::all(), code, sink)) return "error: " + error;
  return hex_of({code.bytes, code.size});
}

template <class A = Assembler, class F>
std::string emitted(F f) {
  CodeBuffer code;
  A a(code);
  f(a);
  REQUIRE(code.status().ok());
  return hex_of(code.bytes());
}

// Immediates count modulo their field.
// An alternate may spell a register with another width than the form that is decoded.
bool same_operand(const OperandValue& a, const OperandValue& b, const OperandDesc& d) {
  if (d.cls == OpClass::gpr && a.cls == OpClass::gpr && a.bits != b.bits) return a.bits >= 16 && b.bits >= 16 && a.code == b.code;
  if (d.cls != OpClass::imm || d.imm_bytes == 8) return a == b;
  return b.cls == OpClass::imm && ((a.imm ^ b.imm) & static_cast<i64>(low_mask(d.imm_bytes * 8U))) == 0;
}

// The operands of a decoded instruction are those that were encoded; those of xchg and test may have
// changed places.
bool same_operands(const Instruction& in, const Instruction& back) {
  const std::string_view text = row_of(in.form).text;
  if (in.count != back.count) return false;
  const bool swapped = (text.ends_with("xchg") || text == "test") && !(in.operand[0] == back.operand[0]);
  for (unsigned i = 0; i < in.count; ++i)
    if (!same_operand(in.operand[i], back.operand[swapped ? 1 - i : i], operand_of(row_of(back.form), i))) return false;
  return true;
}

}  // namespace

TEST_CASE("x86-64: methods emit the bytes the text assembler gives") {
#define SAME(call, text) CHECK_MESSAGE(emitted([](Assembler& a) { a.call; }) == assembled(text), text)
  SAME(add(rax, rbx), "add rax, rbx");
  SAME(add(eax, 127), "add eax, 127");
  SAME(add(eax, 128), "add eax, 128");
  SAME(add(ah, cl), "add ah, cl");
  SAME(sub(qword_ptr[rsp + 128], 1), "sub qword ptr [rsp + 128], 1");
  SAME(mov(rax, -1), "mov rax, -1");
  SAME(mov(rax, 0x123456789), "mov rax, 0x123456789");
  SAME(lea(r9, ptr[r10 + r11 * 4 + 8]), "lea r9, [r10 + r11*4 + 8]");
  SAME(mov(eax, in_segment(fs, ptr[rax + 16])), "mov eax, fs:[rax + 16]");
  SAME(mov(eax, in_32_bits(in_segment(fs, ptr[rax + rcx * 4]))), "mov eax, fs:[eax + ecx*4]");
  SAME(mov(eax, in_32_bits(ptr[rax + 8])), "mov eax, [eax + 8]");
  SAME(int_(3), "int3");
  SAME(int_(4), "int 4");
  SAME(push(ptr[rax]), "push [rax]");
  SAME(push(word_ptr[rax]), "push word ptr [rax]");
  SAME(xchg(cl, bh), "xchg cl, bh");
  SAME(xchg(ptr[rax], cl), "xchg cl, [rax]");
  SAME(mov(rax, ptr[rip + 5]), "mov rax, [rip + 5]");
  SAME(xchg(rax, rcx), "xchg rax, rcx");
  SAME(xchg(eax, eax), "xchg eax, eax");
  SAME(add(ax, -128), "add ax, -128");
  SAME(shl(rdx, 1), "shl rdx, 1");
  SAME(imul(eax, ebx, 1000), "imul eax, ebx, 1000");
  SAME(lock_xadd(ptr[rdi], eax), "lock xadd [rdi], eax");
  SAME(vaddps(ymm0, ymm1, ptr[rax]), "vaddps ymm0, ymm1, [rax]");
  SAME(vmovaps(xmm0, xmm8), "vmovaps xmm0, xmm8");
  SAME(sha256rnds2(xmm1, xmm2, xmm0), "sha256rnds2 xmm1, xmm2, xmm0");
  SAME(vpgatherdd(ymm1, ptr[rax + ymm2 * 4], ymm3), "vpgatherdd ymm1, [rax + ymm2*4], ymm3");
  SAME(kmovw(k1, eax), "kmovw k1, eax");
  SAME(kandq(k1, k2, k3), "kandq k1, k2, k3");
#undef SAME
}

TEST_CASE("x86-64: methods of AVX-512 emit the bytes the text assembler gives") {
#define SAME(call, text) CHECK_MESSAGE(emitted<Avx512Assembler>([](Avx512Assembler& a) { a.call; }) == assembled(text), text)
  SAME(vaddps(zmm1, zmm2, zmm3), "vaddps zmm1, zmm2, zmm3");
  SAME(vaddps(xmm1, xmm2, ptr[rax + 16]), "vaddps xmm1, xmm2, [rax + 16]");
  SAME(vaddps(xmm1, xmm2, xmm16), "vaddps xmm1, xmm2, xmm16");
  SAME(vaddps(zmm1, zmm2, zmm3, rz_sae), "vaddps zmm1, zmm2, zmm3, {rz-sae}");
  SAME(vaddps(zmm1 | k1 | zeroing, zmm2, ptr[rax + 64]), "vaddps zmm1{k1}{z}, zmm2, [rax + 64]");
  SAME(vaddps(ymm16 | k7, ymm2, dword_bcst[rax - 512]), "vaddps ymm16{k7}, ymm2, dword ptr [rax - 512]{1to8}");
  SAME(vcvtpd2ps(xmm1, qword_bcst_to<2>[rax]), "vcvtpd2ps xmm1, qword ptr [rax]{1to2}");
  SAME(vcvtpd2ps(ymm1, ptr[rax]), "vcvtpd2ps ymm1, [rax]");
  SAME(vmovups(zmmword_ptr[rax] | k1, zmm1), "vmovups zmmword ptr [rax]{k1}, zmm1");
  SAME(vmovups(ptr[rax], xmm3), "vmovups [rax], xmm3");
  SAME(vmovups(ptr[rax], xmm19), "vmovups [rax], xmm19");
  SAME(vpgatherdd(zmm1 | k1, ptr[rax + zmm18 * 4]), "vpgatherdd zmm1{k1}, [rax + zmm18*4]");
  SAME(vscatterdps(ptr[rax + ymm2 * 8 + 4] | k2, ymm3), "vscatterdps [rax + ymm2*8 + 4]{k2}, ymm3");
  SAME(vpgatherdd(ymm1, ptr[rax + ymm2 * 4], ymm3), "vpgatherdd ymm1, [rax + ymm2*4], ymm3");
  SAME(vgetmantpd(zmm1, zmm2, 5, sae), "vgetmantpd zmm1, zmm2, {sae}, 5");
  SAME(vpternlogd(zmm1, zmm2, zmm3, 255), "vpternlogd zmm1, zmm2, zmm3, 255");
  SAME(vpcmpeqd(k1 | k2, zmm1, zmm2), "vpcmpeqd k1{k2}, zmm1, zmm2");
  SAME(vpcmpeqd(ymm1, ymm2, ymm3), "vpcmpeqd ymm1, ymm2, ymm3");
  SAME(vcmpps(xmm1, xmm2, xmm3, 3), "vcmpps xmm1, xmm2, xmm3, 3");
  SAME(vcmpps(k1, zmm2, zmm3, 3, sae), "vcmpps k1, zmm2, zmm3, {sae}, 3");
  SAME(vpsllw(zmm1, zmm2, 3), "vpsllw zmm1, zmm2, 3");
  SAME(vpsllw(xmm1, xmm2, 3), "vpsllw xmm1, xmm2, 3");
  SAME(vmovd(xmm17, eax), "vmovd xmm17, eax");
  SAME(vcvtsi2sd(xmm17, xmm1, rax, rd_sae), "vcvtsi2sd xmm17, xmm1, {rd-sae}, rax");
  SAME(vaesenc(zmm1, zmm2, zmm3), "vaesenc zmm1, zmm2, zmm3");
  SAME(add(rax, rbx), "add rax, rbx");
#undef SAME
  CodeBuffer code;
  Avx512Assembler a(code);
  a.vaddps(zmm1 | k0, zmm2, zmm3);
  CHECK(code.status().error == Error::operand_range);
}

// encode_quick() read behind its table for these, and wrote what it found there.
TEST_CASE("x86-64: forms of AVX-512 have no short way to encode") {
  const u8 regs[] = {0, 1, 2, 3};
  u8 out[16];
  unsigned forms = 0;
  for (unsigned n = form_count; n < form_limit; ++n) {
    const Form f = static_cast<Form>(n);
    if (!is_form(f)) continue;
    ++forms;
    CHECK_MESSAGE(encode_quick(f, regs, 0, 1, 0, out) == nullptr, form_name(f));
  }
  CHECK(forms > 1000);
}

TEST_CASE("x86-64: the short way to encode writes what the long one does") {
  constexpr u8 generals[] = {0, 1, 4, 5, 7, 8, 12, 13, 15}, vectors[] = {16, 17, 23, 24, 31, 33};
  constexpr i32 disps[] = {0, 1, 127, 128, -128, -129, 0x12345678};
  constexpr i64 imms[] = {0, 1, 127, 128, -1, -128, -129, 0x7fffffff, 0x80000000, 0xffffffff, -0x80000000LL, 0x123456789abcdef};
  unsigned forms = 0;
  for (unsigned n = 1; n < form_count; ++n) {
    const Form f = static_cast<Form>(n);
    const detail::EncodeRecord r = encode_record_of(f);
    if (r.quick == detail::Quick::none) continue;
    ++forms;
    const FormOperands described = form_operands(f);
    for (unsigned k = 0; k < 200; ++k) {
      u8 regs[8] = {};
      unsigned at = 0;
      for (const FormOperand& o : described) {
        if (o.kind != FormOperand::Kind::reg) continue;
        const unsigned pick = k * 7 + at * 13 + k / 9;
        const bool no_index = r.mem && at == r.rm_at + 1U && k % 3 == 0;
        regs[at++] = no_index ? reg_none : o.bank == Bank::vec ? vectors[pick % std::size(vectors)] : generals[pick % std::size(generals)];
      }
      const i32 disp = disps[k % std::size(disps)];
      i64 imm = imms[k % std::size(imms)];
      if (r.quick != detail::Quick::mov) imm = static_cast<i32>(imm);
      const u8 scale = static_cast<u8>(k & 3);
      u8 quick[16] = {}, whole[24] = {};
      const u8* end = encode_quick(f, regs, disp, scale, imm, quick);
      if (end == nullptr) continue;
      const u8 length = encode(f, regs, disp, scale, imm, whole);
      CHECK_MESSAGE(length == end - quick, form_name(f));
      CHECK_MESSAGE(std::equal(quick, quick + length, whole), form_name(f));
    }
  }
  CHECK(forms > 300);
}

TEST_CASE("x86-64: xmm16 to xmm31 are no operands without EVEX") {
  for (const char* text : {"addps xmm16, xmm1", "addps xmm1, xmm31", "addps xmm24, [rax]", "movd eax, xmm16",
                           "psrld xmm16, 1", "pshufb xmm8, xmm16", "vblendvps xmm1, xmm2, xmm3, xmm16"})
    CHECK_MESSAGE(assembled(text).starts_with("error"), text);
  const auto refused = [](auto emit) {
    CodeBuffer code;
    Assembler a(code);
    emit(a);
    return code.status().error == Error::operand_range;
  };
  CHECK(refused([](Assembler& a) { a.addps(xmm16, xmm1); }));
  CHECK(refused([](Assembler& a) { a.addps(xmm1, xmm31); }));
  CHECK(refused([](Assembler& a) { a.addps(xmm24, ptr[rax]); }));
  CHECK(refused([](Assembler& a) { a.vaddps(xmm1, xmm2, xmm16); }));
  CHECK(refused([](Assembler& a) { a.movups(ptr[rax + 8], xmm17); }));
}

TEST_CASE("x86-64: every form encodes, decodes, prints and assembles back") {
  test::X86Samples samples(1);
  unsigned tried = 0;
  for (u16 f = 1; f < form_limit; ++f) {
    const Form form = static_cast<Form>(f);
    if (!is_form(form)) continue;
    const std::string form_text(form_name(form).view());
    CHECK(form_by_name(form_text) == form);
    CHECK(form_operands(form).size() <= FormOperands::capacity);  // or it traps
    unsigned encoded = 0;
    const int rounds = is_evex(form) ? 4 : 64;  // there are many more of them, and they differ less
    for (int round = 0; round < rounds; ++round) {
      Instruction in = samples.draw(form);
      in.evex = is_evex(form);  // the text must say so where VEX would do
      REQUIRE_MESSAGE(matches(in), form_text);
      u8 bytes[16];
      const u8 length = encode(in, bytes);
      if (length == 0) continue;
      ++encoded;
      const std::span<const u8> code(bytes, length);
      const std::string text = text_of(in);
      const std::string name = form_text + ": " + hex_of(code) + " " + text;
      if (length == 1 && (bytes[0] == 0x90 || bytes[0] == 0xcc)) continue;  // xchg rax, rax is nop, int 3 is int3
      Instruction back = decode(code);
      back.evex = is_evex(back.form);
      REQUIRE_MESSAGE(back.form != Form::none, name);
      CHECK_MESSAGE(back.length == length, name);
      const std::string back_text = name + " came back as " + text_of(back);
      CHECK_MESSAGE(same_operands(in, back), back_text);
      // Alternates are written only where they are shorter, and so are near branches.
      const bool best = !row_of(in.form).alternate && row_of(in.form).format != Format::JUMP;
      for (const std::string& t : {text, text_of(back)})
        CHECK_MESSAGE((best ? assembled(t) == hex_of(code) : assembled(t).size() <= 2U * length), name);
      unsigned cut = 0;
      while (cut < length && decode(code.first(cut)).form == Form::none) ++cut;
      CHECK_MESSAGE(cut == length, name);
    }
    CHECK_MESSAGE(4 * encoded > static_cast<unsigned>(rounds), form_text);
    tried += encoded;
  }
  CHECK(tried > form_count * 32);
}

TEST_CASE("x86-64: what is not exactly the assembler's spelling is data with a comment") {
  const struct {
    const char* text;
    std::vector<u8> bytes;
  } cases[] = {
      {".byte 0x48, 0x81, 0xc0, 0x01, 0x00, 0x00, 0x00  # add rax, 1", {0x48, 0x81, 0xc0, 1, 0, 0, 0}},
      {".byte 0x8b, 0x40, 0x00  # mov eax, dword ptr [rax]", {0x8b, 0x40, 0}},
      {".byte 0x8b, 0x04, 0x20  # mov eax, dword ptr [rax]", {0x8b, 0x04, 0x20}},
      {"{vex3} vaddps xmm0, xmm1, xmm2", {0xc4, 0xe1, 0x70, 0x58, 0xc2}},
      {"{vex3} vaddps xmm0, xmm1, xmm8", {0xc4, 0xc1, 0x70, 0x58, 0xc0}},
      {"vaddps xmm0, xmm1, xmm2", {0xc5, 0xf0, 0x58, 0xc2}},
      {"vaddps zmm0{k1}{z}, zmm0, zmm16", {0x62, 0xb1, 0x7c, 0xc9, 0x58, 0xc0}},
      {"{evex} vaddps xmm0, xmm1, xmm2", {0x62, 0xf1, 0x74, 0x08, 0x58, 0xc2}},
      {"vaddps xmm16, xmm1, dword ptr [rax + 4]{1to4}", {0x62, 0xe1, 0x74, 0x18, 0x58, 0x40, 0x01}},
      {".byte 0x62, 0xf1, 0x7c, 0x48, 0x11, 0xc1  # vmovups zmm1, zmm0", {0x62, 0xf1, 0x7c, 0x48, 0x11, 0xc1}},
      {"jmp 5", {0xeb, 5}},
      {"jmp 5", {0xe9, 5, 0, 0, 0}},
  };
  for (const auto& c : cases) {
    usize length = 0;
    CHECK(text_of(c.bytes, length) == c.text);
    CHECK(length == c.bytes.size());
  }
}

TEST_CASE("x86-64: what is no instruction") {
  const std::vector<u8> cases[] = {
      {},
      {0x06},                          // push es
      {0x66, 0x66, 0x90},              // a prefix twice
      {0x67, 0x01, 0xd8},              // 32-bit addresses without memory
      {0xf0, 0x01, 0xd8},              // lock without memory
      {0x48, 0x66, 0x90},              // REX that is not last
      {0x66, 0xc5, 0xf0, 0x58, 0xc2},  // a prefix before VEX
      {0xc5, 0x70, 0x28, 0xc2},        // vvvv without a third register
      {0x62, 0xf1, 0x7c, 0xc8, 0x58, 0xc0},  // zeroing without a mask
      {0x62, 0xf1, 0x7c, 0x68, 0x58, 0xc0},  // a length that there is none of
      {0x62, 0xf1, 0x7c, 0x18, 0x14, 0xc0},  // rounding where there is none
      {0x62, 0xf9, 0x7c, 0x48, 0x58, 0xc0},  // a bit that must be 0
      {0x0f, 0xff},
      {0xf3, 0x01, 0xd8},
      {0x64, 0x01, 0xd8},              // a segment without memory
  };
  for (const auto& bytes : cases) {
    usize length = 0;
    CHECK_MESSAGE(text_of(bytes, length) == "", hex_of(bytes));
    CHECK(length == 0);
  }
}
