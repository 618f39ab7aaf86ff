// The exact assembler: one method per row of insts.def, overloaded by operand type. What is written is
// the shortest encoding of exactly these operands; nothing is narrowed, commuted or materialised.
//
// Invariants: one space check per instruction; operands that cannot be encoded together (a high byte
// register with REX, rsp as an index) are the buffer's sticky error. Only the columns needed here are
// expanded; roles, text and decoding are other headers. A class template, so that only the methods a
// program uses are compiled, and so that it also runs in constant expressions over another Buffer.
//
// A Buffer has has_room(n), cursor(), reserve(n), advance(n), offset(), fail(Status), and, for labels,
// what CodeBuffer has.
#ifndef JITKIT_EMIT_X86_64_ASSEMBLER_HPP
#define JITKIT_EMIT_X86_64_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/x86_64/encoder.hpp>
#include <jitkit/emit/x86_64/operands.hpp>
#include <jitkit/emit/x86_64/registers.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// Where a direct branch goes. A label that is bound, and near enough, is reached by the short form;
// one that is not yet bound by the near form unless short_to() was said.
struct Target {
  u32 id;
  bool is_symbol;
  bool wants_short = false;
  constexpr Target(Label l) : id(l.id), is_symbol(false) {}
  constexpr Target(Symbol s) : id(s.id), is_symbol(true) {}
};
constexpr Target short_to(Label l) {
  Target t(l);
  t.wants_short = true;
  return t;
}

namespace detail {

template <class T>
struct Identity {
  using type = T;
};
// Keeps a parameter out of template argument deduction, so that conversions apply.
template <class T>
using Plain = typename Identity<T>::type;

// Operands whose register is fixed: only that one, as a literal, compiles.
struct FixedOperand {};
struct Cl : FixedOperand {
  consteval Cl(Gp8 r) {
    if (!(r == cl)) literal_out_of_range();
  }
};
struct Dx : FixedOperand {
  consteval Dx(Gp16 r) {
    if (!(r == dx)) literal_out_of_range();
  }
};
struct Xmm0 : FixedOperand {
  consteval Xmm0(Xmm r) {
    if (!(r == xmm0)) literal_out_of_range();
  }
};

// A register, or memory whose size must be stated.
template <class R, int M>
struct RegStatedMem {
  Mem mem;
  constexpr RegStatedMem(R r) : mem(Mem::of_register(r.code)) {}
  constexpr RegStatedMem(MemOf<M> m) : mem(m.mem) {}
};

// The low 1/N of a vector of L bits: in the smallest register that holds it, or in memory.
template <int L, int N>
using PartOf = Plain<RegMem<Vec<(L / N > 128 ? L / N : 128)>, L / N>>;

// What the formats see of any operand: a register's code, an address, the immediate at the end.
struct Code {
  u8 value;
  constexpr Code(const auto& r) requires requires { r.code; } : value(bounded_code(r)) {}
};
struct Place {
  Mem mem;
  constexpr Place(const auto& o) : mem(as_mem(o)) {}
};
struct Tail {
  i64 value = 0;
  u8 bytes = 0;
  constexpr Tail() = default;
  constexpr Tail(i64 v, u8 n) : value(v), bytes(n) {}
  constexpr Tail(const FixedOperand&) {}
  constexpr Tail(const auto& imm) requires requires { imm.value; } : value(imm.value), bytes(imm.bytes) {}
};

}  // namespace detail

// The C++ type of each operand kind; W and L are the axis.
#define JITKIT_X86_T_r Gp<W>
#define JITKIT_X86_T_e T
#define JITKIT_X86_T_en T
#define JITKIT_X86_T_rm detail::Plain<Rm<W>>
#define JITKIT_X86_T_m detail::Plain<MemArg<W>>
#define JITKIT_X86_T_ms MemOf<W>
#define JITKIT_X86_T_r8 Gp8
#define JITKIT_X86_T_r16 Gp16
#define JITKIT_X86_T_r32 Gp32
#define JITKIT_X86_T_r64 Gp64
#define JITKIT_X86_T_rms8 detail::RegStatedMem<Gp8, 8>
#define JITKIT_X86_T_rms16 detail::RegStatedMem<Gp16, 16>
#define JITKIT_X86_T_rms32 detail::RegStatedMem<Gp32, 32>
#define JITKIT_X86_T_rms64 detail::RegStatedMem<Gp64, 64>
#define JITKIT_X86_T_rm8 Rm<8>
#define JITKIT_X86_T_rm32 Rm<32>
#define JITKIT_X86_T_rm64 Rm<64>
#define JITKIT_X86_T_rm16 Rm<16>
#define JITKIT_X86_T_ms16 MemOf<16>
#define JITKIT_X86_T_r32m8 RegMem<Gp32, 8>
#define JITKIT_X86_T_r32m16 RegMem<Gp32, 16>
#define JITKIT_X86_T_m0 MemArg<0>
#define JITKIT_X86_T_m8 MemArg<8>
#define JITKIT_X86_T_m16 MemArg<16>
#define JITKIT_X86_T_m32 MemArg<32>
#define JITKIT_X86_T_m64 MemArg<64>
#define JITKIT_X86_T_m128 MemArg<128>
#define JITKIT_X86_T_m256 MemArg<256>
#define JITKIT_X86_T_m512 MemArg<512>
#define JITKIT_X86_T_ma512 MemArg<512>
#define JITKIT_X86_T_x Xmm
#define JITKIT_X86_T_xs Xmm
#define JITKIT_X86_T_xd Xmm
#define JITKIT_X86_T_y Ymm
#define JITKIT_X86_T_v Vec<L>
#define JITKIT_X86_T_xs32 RegMem<Xmm, 32>
#define JITKIT_X86_T_xd64 RegMem<Xmm, 64>
#define JITKIT_X86_T_xm128 RegMem<Xmm, 128>
#define JITKIT_X86_T_xb8 RegMem<Xmm, 8>
#define JITKIT_X86_T_xw16 RegMem<Xmm, 16>
#define JITKIT_X86_T_xm32 RegMem<Xmm, 32>
#define JITKIT_X86_T_ym256 RegMem<Ymm, 256>
#define JITKIT_X86_T_ve T
#define JITKIT_X86_T_vh detail::PartOf<L, 2>
#define JITKIT_X86_T_vq detail::PartOf<L, 4>
#define JITKIT_X86_T_vo detail::PartOf<L, 8>
#define JITKIT_X86_T_sreg SegmentReg
#define JITKIT_X86_T_cr ControlReg
#define JITKIT_X86_T_dr DebugReg
#define JITKIT_X86_T_vm detail::Plain<RegMem<Vec<L>, L>>
#define JITKIT_X86_T_mv detail::Plain<MemArg<L>>
#define JITKIT_X86_T_i detail::Plain<Imm<W>>
#define JITKIT_X86_T_im typename MovImm<T>::type
#define JITKIT_X86_T_i8 Imm8
#define JITKIT_X86_T_i16 Imm16
#define JITKIT_X86_T_i32 Imm32
#define JITKIT_X86_T_i64 Imm64
#define JITKIT_X86_T_i64s Imm<64>
#define JITKIT_X86_T_cl detail::Cl
#define JITKIT_X86_T_dx detail::Dx
#define JITKIT_X86_T_xmm0 detail::Xmm0
#define JITKIT_X86_T_rel8 Label
#define JITKIT_X86_T_rel32 Target
#define JITKIT_X86_T_acc Gp<W>
#define JITKIT_X86_T_moffs Imm64
#define JITKIT_X86_T_k KReg
#define JITKIT_X86_T_km8 RegMem<KReg, 8>
#define JITKIT_X86_T_km16 RegMem<KReg, 16>
#define JITKIT_X86_T_km32 RegMem<KReg, 32>
#define JITKIT_X86_T_km64 RegMem<KReg, 64>
#define JITKIT_X86_T_h Vec<(L > 256 ? L / 2 : 128)>
#define JITKIT_X86_T_gx VectorMem<L>
#define JITKIT_X86_T_gh VectorMem<(L > 256 ? L / 2 : 128)>
#define JITKIT_X86_T_gd VectorMem<L>

// What stands before a method of each axis, and its encoding word.
#define JITKIT_X86_HEAD_none
#define JITKIT_X86_HEAD_bwlq template <int W>
#define JITKIT_X86_HEAD_wlq template <int W> requires(W != 8)
#define JITKIT_X86_HEAD_lq template <int W> requires(W >= 32)
#define JITKIT_X86_HEAD_wq template <int W> requires(W == 16 || W == 64)
#define JITKIT_X86_HEAD_bwlq_t template <SizedOperand T, int W = T::bits>
#define JITKIT_X86_HEAD_wlq_t template <SizedOperand T, int W = T::bits> requires(W != 8)
#define JITKIT_X86_HEAD_bwl template <int W> requires(W <= 32)
#define JITKIT_X86_HEAD_vl_t template <VectorOperand T, int L = T::bits>
#define JITKIT_X86_HEAD_vl template <int L>
#define JITKIT_X86_HEAD_vi template <int L>
#define JITKIT_X86_SIZE_none 0
#define JITKIT_X86_SIZE_bwlq W
#define JITKIT_X86_SIZE_wlq W
#define JITKIT_X86_SIZE_lq W
#define JITKIT_X86_SIZE_wq W
#define JITKIT_X86_SIZE_bwlq_t W
#define JITKIT_X86_SIZE_wlq_t W
#define JITKIT_X86_SIZE_bwl W
#define JITKIT_X86_SIZE_vl_t L
#define JITKIT_X86_SIZE_vl L
#define JITKIT_X86_SIZE_vi L
#define JITKIT_X86_WORD(ax, enc) sized(enc, Axis::ax, JITKIT_X86_SIZE_##ax)

#define JITKIT_X86_S0(f, method, t, ax, fmt, roles, enc, ...) \
  constexpr void method() { emit_##fmt(enc); }
#define JITKIT_X86_S1(f, method, t, ax, fmt, a, roles, enc, ...) \
  JITKIT_X86_HEAD_##ax constexpr void method(JITKIT_X86_T_##a o0) { emit_##fmt(JITKIT_X86_WORD(ax, enc), o0); }
#define JITKIT_X86_S2(f, method, t, ax, fmt, a, b, roles, enc, ...)                          \
  JITKIT_X86_HEAD_##ax constexpr void method(JITKIT_X86_T_##a o0, JITKIT_X86_T_##b o1) {     \
    emit_##fmt(JITKIT_X86_WORD(ax, enc), o0, o1);                                            \
  }
#define JITKIT_X86_S3(f, method, t, ax, fmt, a, b, c, roles, enc, ...)                                             \
  JITKIT_X86_HEAD_##ax constexpr void method(JITKIT_X86_T_##a o0, JITKIT_X86_T_##b o1, JITKIT_X86_T_##c o2) {      \
    emit_##fmt(JITKIT_X86_WORD(ax, enc), o0, o1, o2);                                                              \
  }
#define JITKIT_X86_S4(f, method, t, ax, fmt, a, b, c, d, roles, enc, ...)                                    \
  JITKIT_X86_HEAD_##ax constexpr void method(JITKIT_X86_T_##a o0, JITKIT_X86_T_##b o1, JITKIT_X86_T_##c o2,  \
                                             JITKIT_X86_T_##d o3) {                                          \
    emit_##fmt(JITKIT_X86_WORD(ax, enc), o0, o1, o2, o3);                                                    \
  }
#define JITKIT_X86_D1(f, fm, ...) JITKIT_X86_S1(f, __VA_ARGS__)
#define JITKIT_X86_D2(f, fm, ...) JITKIT_X86_S2(f, __VA_ARGS__)
#define JITKIT_X86_D3(f, fm, ...) JITKIT_X86_S3(f, __VA_ARGS__)
#define JITKIT_X86_D4(f, fm, ...) JITKIT_X86_S4(f, __VA_ARGS__)
#define JITKIT_X86_A1(...)
#define JITKIT_X86_A2(...)
#define JITKIT_X86_A3(...)
#define JITKIT_X86_A4(...)
#define JITKIT_X86_AD2(...)
#define JITKIT_X86_AD3(...)
#define JITKIT_X86_ALIAS(alias, method) \
  constexpr void alias(auto... o) { this->method(o...); }
#define JITKIT_X86_TEXT_ALIAS(alias, method)
#define JITKIT_X86_IMM_ALIAS(alias, method, imm)

namespace table {

template <class Buffer>
class BasicAssembler {
 public:
  constexpr explicit BasicAssembler(Buffer& b) : buffer_(&b) {}

  constexpr Buffer& buffer() const { return *buffer_; }
  Label new_label() { return buffer_->new_label(); }
  void bind(Label l) { buffer_->bind(l); }

#include <jitkit/emit/x86_64/insts.def>

  // The families above with the condition as an operand.
  void jcc(Cond c, Target t) { emit_JUMP(op(M0F, static_cast<u8>(0x80 | static_cast<u8>(c))), t); }
  constexpr void setcc(Cond c, Rm<8> o) { emit_M(op(M0F, static_cast<u8>(0x90 | static_cast<u8>(c))), o); }
  template <int W> requires(W != 8)
  constexpr void cmovcc(Cond c, Gp<W> d, detail::Plain<Rm<W>> s) {
    emit_RM(sized(op(M0F, static_cast<u8>(0x40 | static_cast<u8>(c))), Axis::wlq, W), d, s);
  }

 protected:
  static constexpr usize max_length = 16;
  constexpr void finish(u8* p, u8* end, detail::Tail t = {}) {
    if (end == nullptr) return refuse();
    end = put_imm(end, t.value, t.bytes);
    buffer_->advance(static_cast<usize>(end - p));
  }
  constexpr void finish(u8* p, u8* end, detail::Tail t, const Mem& m) {
    finish(p, end, t);
    if (end != nullptr && m.is_label()) use_target(m, t.bytes);
  }
  [[gnu::cold]] void refuse() { buffer_->fail({Error::operand_range, buffer_->offset(), 0}); }

 private:
  using Code = detail::Code;
  using Place = detail::Place;
  using Tail = detail::Tail;

  // One function per format of the table.
  constexpr void emit_ZO(Enc e) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_plain(p, e));
  }
  constexpr void emit_VZO(Enc e) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_vex(p, e, 0, 0, 0));
  }
  constexpr void emit_RM(Enc e, Code reg, Place rm, Tail t = {}) { modrm(e, reg.value, 0, rm.mem, t); }
  constexpr void emit_MR(Enc e, Place rm, Code reg, Tail t = {}) { modrm(e, reg.value, 0, rm.mem, t); }
  constexpr void emit_M(Enc e, Place rm, Tail t = {}) { modrm(e, digit_of(e), 0, rm.mem, t); }
  constexpr void emit_VM(Enc e, Code v, Place rm, Tail t = {}) { modrm(e, digit_of(e), v.value, rm.mem, t); }
  constexpr void emit_RVM(Enc e, Code reg, Code v, Place rm, Tail t = {}) {
    modrm(e, reg.value, v.value, rm.mem, t);
  }
  constexpr void emit_RMV(Enc e, Code reg, Place rm, Code v) { modrm(e, reg.value, v.value, rm.mem, {}); }
  constexpr void emit_MVR(Enc e, Place rm, Code v, Code reg) { modrm(e, reg.value, v.value, rm.mem, {}); }
  constexpr void emit_RVMR(Enc e, Code reg, Code v, Place rm, Code is4) {
    modrm(e, reg.value, v.value | (is4.value & 16U), rm.mem, Tail(is4.value << 4, 1));  // 16: refused
  }
  constexpr void emit_O(Enc e, Code r, Tail t = {}) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, legacy_o(p, e, r.value), t);
  }
  constexpr void emit_I(Enc e, Tail a, Tail b = {}) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_imm(put_plain(p, e), a.value, a.bytes), b);
  }
  void emit_I(Enc e, Label l) { branch_short(opcode_of(e), l); }
  constexpr void emit_ACC(Enc e, Code acc, Tail t) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, acc.value == 0 ? put_plain(p, e) : nullptr, t);
  }
  constexpr void emit_ACC(Enc e, Tail t, Code acc) { emit_ACC(e, acc, t); }
  constexpr void emit_ALUI(Enc e, Place rm, Tail t) {
    if (rm.mem.is_reg() && !byte_form(e))
      return alu_register(e, rm.mem.base, static_cast<i32>(sign_extend(static_cast<u64>(t.value), operand_bits(e))));
    special(e, rm.mem, [&](u8* p) { return put_alu_imm(p, e, rm.mem, t.value); });
  }
  constexpr void emit_TESTI(Enc e, Place rm, Tail t) {
    special(e, rm.mem, [&](u8* p) { return put_test_imm(p, e, rm.mem, t.value); });
  }
  constexpr void emit_SHIFTI(Enc e, Place rm, Tail t) {
    if (rm.mem.is_reg() && t.value != 1) return legacy_register(e, digit_of(e), rm.mem.base, t);
    special(e, rm.mem, [&](u8* p) { return put_shift_imm(p, e, rm.mem, t.value); });
  }
  constexpr void emit_MOVI(Enc e, Place rm, Tail t) {
    if (rm.mem.is_reg() && !byte_form(e) && operand_bits(e) != 16) return mov_register(e, rm.mem.base, t.value);
    special(e, rm.mem, [&](u8* p) { return put_mov_imm(p, e, rm.mem, t.value); });
  }
  constexpr void emit_IMULI(Enc e, Code reg, Place rm, Tail t) {
    special(e, rm.mem, [&](u8* p) { return put_imul_imm(p, e, reg.value, rm.mem, t.value); });
  }
  constexpr void emit_XCHG(Enc e, Code a, Code b) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_xchg(p, e, a.value, b.value));
  }
  constexpr void emit_VMOV(Enc e, Code reg, Place rm) { emit_VMOV3(e, reg, Code(xmm0), rm); }
  constexpr void emit_VMOV3(Enc e, Code reg, Code v, Place rm) {
    special(e, rm.mem, [&](u8* p) { return put_vex_move(p, e, reg.value, v.value, rm.mem); });
  }
  constexpr void emit_INTI(Enc e, Tail t) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_interrupt(p, e, t.value));
  }
  constexpr void emit_PUSHI(Enc e, Tail t) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_push_imm(p, e, t.value));
  }

  // Anything with ModRM. The branches fold at the call: the space is the row's, the kind the type's.
  // Registers alone are a few instructions there; addresses are a function.
  [[gnu::always_inline]] constexpr void modrm(Enc e, unsigned reg, unsigned v, const Mem& rm, Tail t) {
    if (space_of(e) == Space::legacy) {
      if (rm.is_reg())
        legacy_register(e, reg, rm.base, t);
      else if (t.bytes == 0)
        plain_memory(e, reg, rm);
      else
        legacy_memory(e, reg, rm, t);
    } else {
      if (rm.is_reg())
        vex_register(e, reg | v << 8, rm.base, t);
      else
        vex_memory(e, reg | v << 8, rm, t);
    }
  }
  // What is rare is another function with the same arguments, so that nothing has to survive the call.
  [[gnu::always_inline]] constexpr void legacy_register(Enc e, unsigned reg, unsigned rm, Tail t) {
    if (!has_room()) [[unlikely]] return other_register(e, reg, rm, t);
    u8* p = buffer_->cursor();
    finish(p, legacy_rr(p, e, reg, rm), t);
  }
  [[gnu::noinline, gnu::cold]] constexpr void other_register(Enc e, unsigned reg, unsigned rm, Tail t) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, legacy_rr(p, e, reg, rm), t);
  }
  [[gnu::noinline]] constexpr void alu_register(Enc e, unsigned rm, i32 v) {
    if (!has_room()) [[unlikely]] return other_alu_register(e, rm, v);
    u8* p = buffer_->cursor();
    buffer_->advance(static_cast<usize>(put_alu_register(p, e, rm, v) - p));
  }
  [[gnu::noinline, gnu::cold]] constexpr void other_alu_register(Enc e, unsigned rm, i32 v) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_alu_register(p, e, rm, v));
  }
  [[gnu::noinline]] constexpr void mov_register(Enc e, unsigned rm, i64 v) {
    if (!has_room()) [[unlikely]] return other_mov_register(e, rm, v);
    u8* p = buffer_->cursor();
    buffer_->advance(static_cast<usize>(put_mov_register(p, e, rm, v) - p));
  }
  [[gnu::noinline, gnu::cold]] constexpr void other_mov_register(Enc e, unsigned rm, i64 v) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, put_mov_register(p, e, rm, v));
  }
  // No immediate.
  [[gnu::always_inline]] constexpr void plain_memory(Enc e, unsigned reg, const Mem& m) {
    plain_memory(e, reg, std::bit_cast<MemWords>(m));
  }
  [[gnu::noinline]] constexpr void plain_memory(Enc e, unsigned reg, MemWords m) {
    if (!has_room() || !is_plain_address(m, reg)) [[unlikely]] return other_memory(e, reg, m);
    u8* p = buffer_->cursor();
    buffer_->advance(static_cast<usize>(put_plain_memory(p, e, reg, m) - p));
  }
  [[gnu::noinline, gnu::cold]] constexpr void other_memory(Enc e, unsigned reg, MemWords m) {
    legacy_memory(e, reg, std::bit_cast<Mem>(m), {});
  }
  constexpr bool has_room() const { return buffer_->has_room(max_length); }
  [[gnu::noinline]] constexpr void legacy_memory(Enc e, unsigned reg, Mem rm, Tail t) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, legacy_mem(p, e, reg, rm), t, rm);
  }
  [[gnu::always_inline]] constexpr void vex_register(Enc e, unsigned reg_v, unsigned rm, Tail t) {
    if (!has_room()) [[unlikely]] return other_vex_register(e, reg_v, rm, t);
    u8* p = buffer_->cursor();
    finish(p, vex_rr(p, e, reg_v & 0xff, reg_v >> 8, rm), t);
  }
  [[gnu::noinline, gnu::cold]] constexpr void other_vex_register(Enc e, unsigned reg_v, unsigned rm, Tail t) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, vex_rr(p, e, reg_v & 0xff, reg_v >> 8, rm), t);
  }
  [[gnu::noinline]] constexpr void vex_memory(Enc e, unsigned reg_v, Mem rm, Tail t) {
    if (u8* p = buffer_->reserve(max_length)) finish(p, vex_mem(p, e, reg_v & 0xff, reg_v >> 8, rm), t, rm);
  }
  // Formats that pick an encoding: `put` writes the immediate too, so what stands behind a label's
  // field is found by measuring.
  constexpr void special(Enc e, const Mem& rm, auto put) {
    u8* p = buffer_->reserve(max_length);
    if (p == nullptr) return;
    u8* end = put(p);
    finish(p, end);
    if (end == nullptr || !rm.is_label()) return;
    u8 head[max_length] = {};
    const auto after = static_cast<u32>((end - p) - (put_modrm(head, e, 0, 0, rm) - head));
    use_target(rm, after);
  }

  // The 4-byte field stands `after` bytes before the end of the instruction.
  void use_target(const Mem& m, u32 after) {
    const u32 at = buffer_->offset() - after - 4;
    const i64 addend = i64{m.disp} - after;
    if (m.kind == Mem::Kind::label)
      buffer_->use_label_rarely(Label(m.target), FixupKind::x86_rel32, at, addend);
    else
      buffer_->use_symbol(Symbol(m.target), FixupKind::x86_rel32, at, addend);
  }
  void emit_JUMP(Enc e, Target t) {
    const u8 opcode = opcode_of(e);  // 0F 80 + cc, E9 jmp, E8 call
    if (!t.is_symbol && opcode != 0xe8 && (t.wants_short || reaches_short(Label(t.id))))
      return branch_short(static_cast<u8>(opcode == 0xe9 ? 0xeb : opcode - 0x10), Label(t.id));
    u8* p = buffer_->reserve(max_length);
    if (p == nullptr) return;
    buffer_->advance(static_cast<usize>(put_bytes(p, e & 0xffff, opcode_bytes(e) + 4) - p));  // distance 0 for now
    const u32 at = buffer_->offset() - 4;
    if (t.is_symbol)
      buffer_->use_symbol(Symbol(t.id), FixupKind::x86_plt32, at);
    else
      buffer_->use_label(Label(t.id), FixupKind::x86_rel32, at);
  }
  bool reaches_short(Label l) const {
    const u32 here = buffer_->offset(), to = buffer_->offset_of(l);  // not bound: beyond any offset
    return to <= here && here + 2 - to <= 128;
  }
  void branch_short(u8 opcode, Label l) {
    u8* p = buffer_->reserve(max_length);
    if (p == nullptr) return;
    buffer_->advance(static_cast<usize>(put_bytes(p, opcode, 2) - p));
    buffer_->use_label(l, FixupKind::x86_rel8, buffer_->offset() - 1);
  }

  Buffer* buffer_;
};

}  // namespace table

#undef JITKIT_X86_HEAD_bwl
#undef JITKIT_X86_HEAD_bwlq
#undef JITKIT_X86_HEAD_bwlq_t
#undef JITKIT_X86_HEAD_lq
#undef JITKIT_X86_HEAD_none
#undef JITKIT_X86_HEAD_vi
#undef JITKIT_X86_HEAD_vl
#undef JITKIT_X86_HEAD_vl_t
#undef JITKIT_X86_HEAD_wlq
#undef JITKIT_X86_HEAD_wlq_t
#undef JITKIT_X86_HEAD_wq
#undef JITKIT_X86_SIZE_bwl
#undef JITKIT_X86_SIZE_bwlq
#undef JITKIT_X86_SIZE_bwlq_t
#undef JITKIT_X86_SIZE_lq
#undef JITKIT_X86_SIZE_none
#undef JITKIT_X86_SIZE_vi
#undef JITKIT_X86_SIZE_vl
#undef JITKIT_X86_SIZE_vl_t
#undef JITKIT_X86_SIZE_wlq
#undef JITKIT_X86_SIZE_wlq_t
#undef JITKIT_X86_SIZE_wq
#undef JITKIT_X86_T_acc
#undef JITKIT_X86_T_cl
#undef JITKIT_X86_T_cr
#undef JITKIT_X86_T_dr
#undef JITKIT_X86_T_dx
#undef JITKIT_X86_T_e
#undef JITKIT_X86_T_en
#undef JITKIT_X86_T_i
#undef JITKIT_X86_T_i16
#undef JITKIT_X86_T_i32
#undef JITKIT_X86_T_i64
#undef JITKIT_X86_T_i64s
#undef JITKIT_X86_T_i8
#undef JITKIT_X86_T_im
#undef JITKIT_X86_T_gd
#undef JITKIT_X86_T_gh
#undef JITKIT_X86_T_gx
#undef JITKIT_X86_T_h
#undef JITKIT_X86_T_k
#undef JITKIT_X86_T_km16
#undef JITKIT_X86_T_km32
#undef JITKIT_X86_T_km64
#undef JITKIT_X86_T_km8
#undef JITKIT_X86_T_m
#undef JITKIT_X86_T_m0
#undef JITKIT_X86_T_m128
#undef JITKIT_X86_T_m16
#undef JITKIT_X86_T_m256
#undef JITKIT_X86_T_m32
#undef JITKIT_X86_T_m512
#undef JITKIT_X86_T_ma512
#undef JITKIT_X86_T_m64
#undef JITKIT_X86_T_m8
#undef JITKIT_X86_T_moffs
#undef JITKIT_X86_T_ms
#undef JITKIT_X86_T_ms16
#undef JITKIT_X86_T_mv
#undef JITKIT_X86_T_r
#undef JITKIT_X86_T_r16
#undef JITKIT_X86_T_r32
#undef JITKIT_X86_T_r32m16
#undef JITKIT_X86_T_r32m8
#undef JITKIT_X86_T_r64
#undef JITKIT_X86_T_r8
#undef JITKIT_X86_T_rel32
#undef JITKIT_X86_T_rel8
#undef JITKIT_X86_T_rm
#undef JITKIT_X86_T_rm16
#undef JITKIT_X86_T_rm32
#undef JITKIT_X86_T_rm64
#undef JITKIT_X86_T_rm8
#undef JITKIT_X86_T_rms16
#undef JITKIT_X86_T_rms32
#undef JITKIT_X86_T_rms64
#undef JITKIT_X86_T_rms8
#undef JITKIT_X86_T_sreg
#undef JITKIT_X86_T_v
#undef JITKIT_X86_T_ve
#undef JITKIT_X86_T_vh
#undef JITKIT_X86_T_vm
#undef JITKIT_X86_T_vo
#undef JITKIT_X86_T_vq
#undef JITKIT_X86_T_x
#undef JITKIT_X86_T_xb8
#undef JITKIT_X86_T_xd
#undef JITKIT_X86_T_xd64
#undef JITKIT_X86_T_xm128
#undef JITKIT_X86_T_xm32
#undef JITKIT_X86_T_xmm0
#undef JITKIT_X86_T_xs
#undef JITKIT_X86_T_xs32
#undef JITKIT_X86_T_xw16
#undef JITKIT_X86_T_y
#undef JITKIT_X86_T_ym256
#undef JITKIT_X86_WORD

using table::BasicAssembler;
using Assembler = BasicAssembler<CodeBuffer>;

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_ASSEMBLER_HPP
