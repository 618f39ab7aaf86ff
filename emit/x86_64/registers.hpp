// The registers of x86-64 as types: a register of the wrong class or width does not compile.
//
// Invariants: `code` is what the encoder needs: bits 0..4 the hardware number (rax rcx rdx rbx rsp rbp
// rsi rdi r8 ...); for byte registers bit 6 says a REX prefix is needed (spl bpl sil dil) and bit 5
// that none may be there (ah ch dh bh). PReg numbers: rax..r15 = 0..15, xmm0..31 = 16..47,
// k0..k7 = 48..55.
// Source: Intel SDM vol. 2, 2.2.1 and 3.1.1.1.
#ifndef JITKIT_EMIT_X86_64_REGISTERS_HPP
#define JITKIT_EMIT_X86_64_REGISTERS_HPP

#include <jitkit/config.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline constexpr u8 code_needs_rex = 0x40;
inline constexpr u8 code_forbids_rex = 0x20;

constexpr u8 byte_code(unsigned n) {
  return static_cast<u8>(n - 4 < 4 ? n | code_needs_rex : n);
}

// A general register seen at W bits. The constructor takes a run-time number 0..15.
template <int W>
struct Gp {
  static constexpr int bits = W;
  u8 code;

  constexpr explicit Gp(unsigned n) : code(W == 8 ? byte_code(n) : static_cast<u8>(n)) {
    check(n < 16);
  }
  // ah, ch, dh, bh: the second byte of register n (0..3).
  static constexpr Gp high_byte(unsigned n) requires(W == 8) {
    Gp r(0);
    r.code = static_cast<u8>((n + 4) | code_forbids_rex);
    return r;
  }
  constexpr unsigned number() const { return code & 15U; }
  friend constexpr bool operator==(Gp, Gp) = default;
};
// The code, in a form that tells the compiler which bits a register of the class cannot have.
constexpr u8 bounded_code(const auto& r) { return r.code; }
template <int W>
constexpr u8 bounded_code(const Gp<W>& r) {
  return W == 8 ? r.code : r.code & 15;
}
using Gp8 = Gp<8>;
using Gp16 = Gp<16>;
using Gp32 = Gp<32>;
using Gp64 = Gp<64>;

// A vector register seen at L bits.
template <int L>
struct Vec {
  static constexpr int bits = L;
  u8 code;

  constexpr explicit Vec(unsigned n) : code(static_cast<u8>(n)) { check(n < 32); }
  constexpr unsigned number() const { return code; }
  friend constexpr bool operator==(Vec, Vec) = default;
};
using Xmm = Vec<128>;
using Ymm = Vec<256>;
using Zmm = Vec<512>;

// The small classes: same shape, different types.
template <class Tag, unsigned Count>
struct SmallRegister {
  u8 code;
  constexpr explicit SmallRegister(unsigned n) : code(static_cast<u8>(n)) { check(n < Count); }
  constexpr unsigned number() const { return code; }
  friend constexpr bool operator==(SmallRegister, SmallRegister) = default;
};
using KReg = SmallRegister<struct KRegTag, 8>;
using SegmentReg = SmallRegister<struct SegmentRegTag, 6>;
using ControlReg = SmallRegister<struct ControlRegTag, 16>;
using DebugReg = SmallRegister<struct DebugRegTag, 16>;

#define JITKIT_X86_GP(n, q, l, w, b) \
  inline constexpr Gp64 q{n};        \
  inline constexpr Gp32 l{n};        \
  inline constexpr Gp16 w{n};        \
  inline constexpr Gp8 b{n};
JITKIT_X86_GP(0, rax, eax, ax, al)
JITKIT_X86_GP(1, rcx, ecx, cx, cl)
JITKIT_X86_GP(2, rdx, edx, dx, dl)
JITKIT_X86_GP(3, rbx, ebx, bx, bl)
JITKIT_X86_GP(4, rsp, esp, sp, spl)
JITKIT_X86_GP(5, rbp, ebp, bp, bpl)
JITKIT_X86_GP(6, rsi, esi, si, sil)
JITKIT_X86_GP(7, rdi, edi, di, dil)
JITKIT_X86_GP(8, r8, r8d, r8w, r8b)
JITKIT_X86_GP(9, r9, r9d, r9w, r9b)
JITKIT_X86_GP(10, r10, r10d, r10w, r10b)
JITKIT_X86_GP(11, r11, r11d, r11w, r11b)
JITKIT_X86_GP(12, r12, r12d, r12w, r12b)
JITKIT_X86_GP(13, r13, r13d, r13w, r13b)
JITKIT_X86_GP(14, r14, r14d, r14w, r14b)
JITKIT_X86_GP(15, r15, r15d, r15w, r15b)
#undef JITKIT_X86_GP
inline constexpr Gp8 ah = Gp8::high_byte(0);
inline constexpr Gp8 ch = Gp8::high_byte(1);
inline constexpr Gp8 dh = Gp8::high_byte(2);
inline constexpr Gp8 bh = Gp8::high_byte(3);

#define JITKIT_X86_VEC(n)            \
  inline constexpr Xmm xmm##n{n};    \
  inline constexpr Ymm ymm##n{n};    \
  inline constexpr Zmm zmm##n{n};
#define JITKIT_X86_VEC8(a, b, c, d, e, f, g, h)                                         \
  JITKIT_X86_VEC(a) JITKIT_X86_VEC(b) JITKIT_X86_VEC(c) JITKIT_X86_VEC(d) JITKIT_X86_VEC(e) \
  JITKIT_X86_VEC(f) JITKIT_X86_VEC(g) JITKIT_X86_VEC(h)
JITKIT_X86_VEC8(0, 1, 2, 3, 4, 5, 6, 7)
JITKIT_X86_VEC8(8, 9, 10, 11, 12, 13, 14, 15)
JITKIT_X86_VEC8(16, 17, 18, 19, 20, 21, 22, 23)
JITKIT_X86_VEC8(24, 25, 26, 27, 28, 29, 30, 31)
#undef JITKIT_X86_VEC8
#undef JITKIT_X86_VEC

inline constexpr KReg k0{0}, k1{1}, k2{2}, k3{3}, k4{4}, k5{5}, k6{6}, k7{7};
inline constexpr SegmentReg es{0}, cs{1}, ss{2}, ds{3}, fs{4}, gs{5};
inline constexpr ControlReg cr0{0}, cr2{2}, cr3{3}, cr4{4}, cr8{8};
inline constexpr DebugReg dr0{0}, dr1{1}, dr2{2}, dr3{3}, dr6{6}, dr7{7};

// Conditions, numbered as in the opcode. Each pair (2n, 2n + 1) is a condition and its inverse.
enum class Cond : u8 { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };

constexpr Cond inverse(Cond c) { return static_cast<Cond>(static_cast<u8>(c) ^ 1); }

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_REGISTERS_HPP
