// Memory operands, immediates and the "register or memory" operands of assembler methods.
//
// Invariants: a literal that does not fit does not compile (consteval constructors); a run-time value
// goes through make(), which answers nothing when it does not fit. A memory operand without a size
// takes its size from the other operands; one with a size (qword_ptr[...]) fits only that size.
// Source: Intel SDM vol. 2, 2.1.5 (ModR/M and SIB) and 2.2.1.6 (RIP-relative).
#ifndef JITKIT_EMIT_X86_64_OPERANDS_HPP
#define JITKIT_EMIT_X86_64_OPERANDS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/registers.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/index.hpp>
#include <jitkit/ir/support/maybe.hpp>

namespace jitkit::inline JITKIT_ABI {
struct LabelTag;
using Label = Index<LabelTag>;
struct SymbolTag;
using Symbol = Index<SymbolTag>;
}  // namespace jitkit::inline JITKIT_ABI

namespace jitkit::inline JITKIT_ABI::x86_64 {

// Not constexpr on purpose: the call that makes a bad literal fail to compile.
inline void literal_out_of_range() { __builtin_trap(); }

// An immediate of an instruction of W bits: anything that has these low bits after the sign extension
// the instruction makes. At 64 bits that is a signed 32-bit number.
template <int W>
struct Imm {
  static constexpr u8 bytes = W == 64 ? 4 : W / 8;
  i64 value;

  consteval Imm(i64 v) : value(v) {
    if (!fits(v)) literal_out_of_range();
  }
  static constexpr bool fits(i64 v) {
    if (W == 64) return fits_signed(v, 32);
    return fits_signed(v, W) || fits_unsigned(static_cast<u64>(v), W);
  }
  static constexpr Maybe<Imm> make(i64 v) { return {Imm(Raw{v}), fits(v)}; }

 private:
  struct Raw {
    i64 v;
  };
  constexpr explicit Imm(Raw r) : value(r.v) {}
};
using Imm8 = Imm<8>;
using Imm16 = Imm<16>;
using Imm32 = Imm<32>;

// Any 64-bit number: mov r64, imm and absolute addresses.
struct Imm64 {
  static constexpr u8 bytes = 8;
  i64 value;
  constexpr Imm64(i64 v) : value(v) {}
};

// mov's immediate: a 64-bit register takes any number.
template <class T>
struct MovImm {
  using type = Imm<T::bits>;
};
template <>
struct MovImm<Gp64> {
  using type = Imm64;
};

// The factor of an index register.
struct Scale {
  u8 log2;
  consteval Scale(int factor) : log2(0) {
    if (factor != 1 && factor != 2 && factor != 4 && factor != 8) literal_out_of_range();
    while (1 << log2 != factor) ++log2;
  }
  static constexpr Maybe<Scale> make(int factor) {
    const bool known = factor == 1 || factor == 2 || factor == 4 || factor == 8;
    Scale s(1);
    if (known) s.log2 = static_cast<u8>(log2_floor(static_cast<u64>(factor)));
    return {s, known};
  }
};

// An address, or (for the encoder only) a register where both may stand: 16 bytes, two registers of
// the host when passed.
struct Mem {
  // label, symbol: RIP-relative to `target`; disp is added.
  enum class Kind : u8 { base_index, rip, label, symbol, reg };
  static constexpr u8 none = 0x80;  // no base, no index; any register code stays below
  static constexpr u8 vector_index = 0x40;

  u32 target = 0;
  i32 disp = 0;
  u8 base = none;   // Kind::reg: the register's code
  u8 index = none;  // | vector_index for gathers
  u8 scale = 0;     // log2
  Kind kind = Kind::base_index;
  u8 segment = 0;  // 0 none, else 1 + the segment register's number
  bool addr32 = false;  // the address is the low 32 bits of the sum, zero-extended
  u16 unused = 0;       // no padding: MemWords

  constexpr bool is_reg() const { return kind == Kind::reg; }
  constexpr bool is_label() const { return kind == Kind::label || kind == Kind::symbol; }
  static constexpr Mem of_register(u8 code) {
    Mem m;
    m.base = code;
    m.kind = Kind::reg;
    return m;
  }
  friend constexpr bool operator==(const Mem&, const Mem&) = default;
};

// A Mem as it is passed: target and disp; the other members from base on, lowest first.
struct MemWords {
  u64 low;
  u64 high;
};

// rcx * 4
struct ScaledIndex {
  Gp64 index;
  u8 scale;
};
constexpr ScaledIndex operator*(Gp64 r, Scale s) { return {r, s.log2}; }

// An address with a vector of L bits as index: what gathers and scatters take. ptr[rax + zmm1 * 4].
template <int L>
struct VectorMem {
  Mem mem;
};
template <int L>
struct ScaledVector {
  Vec<L> index;
  u8 scale;
};

struct Rip {};
inline constexpr Rip rip;

constexpr Mem address(Gp64 base, i32 disp = 0) {
  Mem m;
  m.base = base.code;
  m.disp = disp;
  return m;
}
constexpr Mem address(Gp64 base, ScaledIndex i, i32 disp = 0) {
  Mem m = address(base, disp);
  m.index = i.index.code;
  m.scale = i.scale;
  return m;
}
constexpr Mem address(ScaledIndex i, i32 disp = 0) {
  Mem m;
  m.index = i.index.code;
  m.scale = i.scale;
  m.disp = disp;
  return m;
}
// A sign-extended 32-bit absolute address.
constexpr Mem absolute(i32 disp) {
  Mem m;
  m.disp = disp;
  return m;
}
// `disp` counts from the end of the instruction.
constexpr Mem rip_relative(i32 disp) {
  Mem m;
  m.kind = Mem::Kind::rip;
  m.disp = disp;
  return m;
}
constexpr Mem rip_relative(Label l, i32 addend = 0) {
  Mem m;
  m.kind = Mem::Kind::label;
  m.target = l.id;
  m.disp = addend;
  return m;
}
constexpr Mem rip_relative(Symbol s, i32 addend = 0) {
  Mem m;
  m.kind = Mem::Kind::symbol;
  m.target = s.id;
  m.disp = addend;
  return m;
}

// rax + rcx * 4 + 8. A displacement is an int: anything wider does not compile.
constexpr Mem operator+(Gp64 base, ScaledIndex i) { return address(base, i); }
constexpr Mem operator+(Gp64 base, Gp64 index) { return address(base, {index, 0}); }
constexpr Mem operator+(Gp64 base, int disp) { return address(base, disp); }
constexpr Mem operator-(Gp64 base, int disp) { return address(base, -disp); }
constexpr Mem operator+(ScaledIndex i, int disp) { return address(i, disp); }
constexpr Mem operator-(ScaledIndex i, int disp) { return address(i, -disp); }
constexpr Mem operator+(Rip, int disp) { return rip_relative(disp); }
constexpr Mem operator-(Rip, int disp) { return rip_relative(-disp); }
constexpr Mem operator+(Mem m, int disp) {
  m.disp += disp;
  return m;
}
constexpr Mem operator-(Mem m, int disp) {
  m.disp -= disp;
  return m;
}
// rax + zmm1 * 4 + 8.
template <int L>
constexpr ScaledVector<L> operator*(Vec<L> r, Scale s) {
  return {r, s.log2};
}
template <int L>
constexpr VectorMem<L> operator+(Mem m, ScaledVector<L> i) {
  m.index = static_cast<u8>(i.index.code | Mem::vector_index);
  m.scale = i.scale;
  return {m};
}
template <int L>
constexpr VectorMem<L> operator+(Gp64 base, ScaledVector<L> i) {
  return address(base) + i;
}
template <int L>
constexpr VectorMem<L> operator+(VectorMem<L> m, int disp) {
  m.mem.disp += disp;
  return m;
}

template <class T>
concept WideInteger = requires(T v) { v % 2; } && (sizeof(T) > 4 || T(-1) > T(0)) && sizeof(T) >= 4;
constexpr Mem operator+(Gp64, WideInteger auto) = delete;
constexpr Mem operator-(Gp64, WideInteger auto) = delete;
constexpr Mem operator+(ScaledIndex, WideInteger auto) = delete;
constexpr Mem operator-(ScaledIndex, WideInteger auto) = delete;
constexpr Mem operator+(Rip, WideInteger auto) = delete;
constexpr Mem operator-(Rip, WideInteger auto) = delete;
constexpr Mem operator+(Mem, WideInteger auto) = delete;
constexpr Mem operator-(Mem, WideInteger auto) = delete;

// An address with a size in bits.
template <int W>
struct MemOf {
  static constexpr int bits = W;
  Mem mem;
};

// ptr[rax + 8], qword_ptr[label], fs[...]: what turns an address into an operand.
template <class Result>
struct Pointer {
  constexpr Result operator[](Mem m) const { return wrap(m); }
  template <int L>
  constexpr VectorMem<L> operator[](VectorMem<L> m) const { return m; }
  template <int L>
  constexpr VectorMem<L> operator[](ScaledVector<L> i) const { return Mem() + i; }
  constexpr Result operator[](Gp64 base) const { return wrap(address(base)); }
  constexpr Result operator[](ScaledIndex i) const { return wrap(address(i)); }
  constexpr Result operator[](Label l) const { return wrap(rip_relative(l)); }
  constexpr Result operator[](Symbol s) const { return wrap(rip_relative(s)); }

 private:
  static constexpr Result wrap(Mem m) {
    if constexpr (requires(Result r) { r.mem; })
      return Result{m};
    else
      return m;
  }
};
inline constexpr Pointer<Mem> ptr;
inline constexpr Pointer<MemOf<8>> byte_ptr;
inline constexpr Pointer<MemOf<16>> word_ptr;
inline constexpr Pointer<MemOf<32>> dword_ptr;
inline constexpr Pointer<MemOf<64>> qword_ptr;
inline constexpr Pointer<MemOf<128>> xmmword_ptr;
inline constexpr Pointer<MemOf<256>> ymmword_ptr;
inline constexpr Pointer<MemOf<512>> zmmword_ptr;

// The same address through fs or gs.
constexpr Mem in_segment(SegmentReg s, Mem m) {
  m.segment = static_cast<u8>(1 + s.code);
  return m;
}

// The same address of 32-bit registers.
constexpr Mem in_32_bits(Mem m) {
  m.addr32 = true;
  return m;
}

// The memory operand of a method: unsized, or of W bits. W = 0: any size or none.
template <int W>
struct MemArg {
  Mem mem;
  constexpr MemArg(Mem m) : mem(m) {}
  constexpr MemArg(MemOf<W> m) : mem(m.mem) {}
};
template <>
struct MemArg<0> {
  Mem mem;
  constexpr MemArg(Mem m) : mem(m) {}
  template <int W>
  constexpr MemArg(MemOf<W> m) : mem(m.mem) {}
};

// A register of class R or M bits of memory.
template <class R, int M>
struct RegMem {
  Mem mem;
  constexpr RegMem(R r) : mem(Mem::of_register(bounded_code(r))) {}
  constexpr RegMem(Mem m) : mem(m) {}
  constexpr RegMem(MemOf<M> m) : mem(m.mem) {}
};
template <int W>
using Rm = RegMem<Gp<W>, W>;

// What fixes the operand size of an instruction by itself.
template <class T>
concept SizedOperand = requires(T o) { T(o); } && (T::bits <= 64);

template <class T>
concept VectorOperand = requires(T o) { T(o); } && (T::bits >= 128);

constexpr Mem as_mem(Mem m) { return m; }
template <int W>
constexpr Mem as_mem(Gp<W> r) {
  return Mem::of_register(bounded_code(r));
}
template <int L>
constexpr Mem as_mem(Vec<L> r) {
  return Mem::of_register(r.code);
}
constexpr Mem as_mem(KReg r) { return Mem::of_register(r.code); }
constexpr Mem as_mem(const auto& o) requires requires { o.mem; } { return o.mem; }

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_OPERANDS_HPP
