// The registers of AArch64 as types: a register of the wrong class, width or arrangement does not
// compile.
//
// Invariants:
//  - XReg and WReg are registers 0..30. Number 31 is a register only through XRegOrZr (xzr) or XRegOrSp
//    (sp), so the one can never stand for the other. XReg is an XRegOrZr by inheritance: where an
//    instruction takes both, the form that means xzr is the better overload, as in the assemblers.
//  - PReg numbering (register allocation): x0..x30 are 0..30, v0..v31 are 32..63; 31 is never allocated.
// Source: Arm ARM B1.2, C1.2.5.
#ifndef JITKIT_EMIT_ARM64_REGISTERS_HPP
#define JITKIT_EMIT_ARM64_REGISTERS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/form.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// A register number that an instruction field takes; the base of all register types.
struct RegBase {
  u8 id = 0;
  friend constexpr bool operator==(RegBase, RegBase) = default;

 protected:
  constexpr explicit RegBase(unsigned number) : id(static_cast<u8>(number)) {}
};

// General registers. `name`: 0..30. `name`OrZr: also number 31 read as zero. `name`OrSp: also the stack
// pointer. Numbers known only at run time go through the constructor (checked as an invariant).
#define JITKIT_A64_GENERAL_REGISTER(Name, Sp, zr_name, sp_name)                          \
  struct Name##OrZr : RegBase {                                                          \
    friend struct Name;                                                                  \
    static constexpr Name##OrZr zero() { return Name##OrZr(31); }                        \
                                                                                         \
   protected:                                                                            \
    constexpr explicit Name##OrZr(unsigned number) : RegBase(number) {}                  \
  };                                                                                     \
  struct Name : Name##OrZr {                                                             \
    constexpr explicit Name(unsigned number) : Name##OrZr(number) { check(number < 31); } \
    constexpr explicit Name(PReg r) : Name(unsigned{r.id}) {}                            \
    constexpr PReg preg() const { return PReg(id); }                                     \
  };                                                                                     \
  struct Sp : RegBase {                                                                  \
    constexpr Sp() : RegBase(31) {}                                                      \
  };                                                                                     \
  struct Name##OrSp : RegBase {                                                          \
    constexpr Name##OrSp(Name r) : RegBase(r.id) {}                                      \
    constexpr Name##OrSp(Sp r) : RegBase(r.id) {}                                        \
  };                                                                                     \
  inline constexpr Name##OrZr zr_name = Name##OrZr::zero();                              \
  inline constexpr Sp sp_name

JITKIT_A64_GENERAL_REGISTER(XReg, XSpReg, xzr, sp);
JITKIT_A64_GENERAL_REGISTER(WReg, WSpReg, wzr, wsp);
#undef JITKIT_A64_GENERAL_REGISTER

// Where ret goes: nothing written is x30.
struct ReturnReg : RegBase {
  constexpr ReturnReg() : RegBase(30) {}
  constexpr ReturnReg(XRegOrZr r) : RegBase(r.id) {}
};

// The arrangement of a vector register, or of one lane (b, h, s, d). q1 is pmull's 1q; b4 and h2 are
// the groups that dot products take by element.
enum class Arr : u8 { b8, b16, h4, h8, s2, s4, d1, d2, q1, b, h, s, d, q, b4, h2 };

// log2 of the bytes of an element.
constexpr unsigned element_log2(Arr a) {
  constexpr u8 table[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 0, 1, 2, 3, 4, 2, 2};
  return table[static_cast<u8>(a)];
}
// Lanes of a whole register, by element: 16 of b, 4 of 4b.
constexpr unsigned lane_count(Arr a) { return 16U >> element_log2(a); }
constexpr bool is_full(Arr a) {
  return a == Arr::b16 || a == Arr::h8 || a == Arr::s4 || a == Arr::d2 || a == Arr::q1;
}
constexpr Arr element(Arr a) { return static_cast<Arr>(static_cast<u8>(Arr::b) + element_log2(a)); }
// The full-width arrangement with elements twice as wide: of 8b and of 16b it is 8h.
constexpr Arr widened(Arr a) {
  constexpr Arr table[] = {Arr::h8, Arr::s4, Arr::d2, Arr::q1};
  return table[element_log2(a)];
}
// The same bits read as elements twice as wide: of 8b it is 4h, of 16b 8h.
constexpr Arr paired(Arr a) { return static_cast<Arr>(static_cast<u8>(a) + 2); }
// The bytes of the same register.
constexpr Arr bytes_of(Arr a) { return is_full(a) ? Arr::b16 : Arr::b8; }

// A vector register with an arrangement.
template <Arr A>
struct V : RegBase {
  constexpr explicit V(unsigned number) : RegBase(number) { check(number < 32); }
};

// A lane number below N: a literal is checked where it is written, a run-time value by make().
template <unsigned N>
struct LaneIndex {
  u8 value;
  consteval LaneIndex(int v) : value(static_cast<u8>(v)) {  // NOLINT(google-explicit-constructor)
    if (v < 0 || v >= static_cast<int>(N)) __builtin_trap();
  }
  static constexpr LaneIndex unchecked(unsigned v) { return LaneIndex(static_cast<u8>(v), 0); }
  static constexpr bool valid(i64 v) { return v >= 0 && v < i64{N}; }

 private:
  constexpr LaneIndex(u8 v, int) : value(v) {}
};

template <Arr E>
struct Lane : RegBase {
  u8 index;
  constexpr Lane(unsigned number, unsigned i) : RegBase(number), index(static_cast<u8>(i)) {}
};

// N vector registers, each the one after the other, v31 followed by v0.
template <Arr A, unsigned N>
struct VList : RegBase {
  constexpr explicit VList(V<A> first) : RegBase(first.id) {}
};
// One lane of each of N consecutive registers.
template <Arr E, unsigned N>
struct LaneList : RegBase {
  u8 index;
  constexpr explicit LaneList(Lane<E> first) : RegBase(first.id), index(first.index) {}
};

// regs<2>(v0.b16()) is { v0.16b, v1.16b }; regs<2>(v0.s(3)) is { v0.s, v1.s }[3].
template <unsigned N, Arr A>
constexpr VList<A, N> regs(V<A> first) {
  return VList<A, N>(first);
}
template <unsigned N, Arr E>
constexpr LaneList<E, N> regs(Lane<E> first) {
  return LaneList<E, N>(first);
}

// Scalar FP and SIMD registers.
#define JITKIT_A64_SCALAR_REGISTER(Name)                                                 \
  struct Name : RegBase {                                                                \
    constexpr explicit Name(unsigned number) : RegBase(number) { check(number < 32); }   \
    constexpr explicit Name(PReg r) : Name(r.id - 32U) {}                                \
    constexpr PReg preg() const { return PReg(id + 32U); }                               \
  }
JITKIT_A64_SCALAR_REGISTER(BReg);
JITKIT_A64_SCALAR_REGISTER(HReg);
JITKIT_A64_SCALAR_REGISTER(SReg);
JITKIT_A64_SCALAR_REGISTER(DReg);
JITKIT_A64_SCALAR_REGISTER(QReg);
#undef JITKIT_A64_SCALAR_REGISTER

// A vector register before an arrangement is chosen: v0.b16(), v1.s(3).
struct VReg : RegBase {
  constexpr explicit VReg(unsigned number) : RegBase(number) { check(number < 32); }
  constexpr explicit VReg(PReg r) : VReg(r.id - 32U) {}
  constexpr PReg preg() const { return PReg(id + 32U); }

#define JITKIT_A64_ARRANGEMENT(name) \
  constexpr V<Arr::name> name() const { return V<Arr::name>(id); }
  JITKIT_A64_ARRANGEMENT(b8)
  JITKIT_A64_ARRANGEMENT(b16)
  JITKIT_A64_ARRANGEMENT(h4)
  JITKIT_A64_ARRANGEMENT(h8)
  JITKIT_A64_ARRANGEMENT(s2)
  JITKIT_A64_ARRANGEMENT(s4)
  JITKIT_A64_ARRANGEMENT(d1)
  JITKIT_A64_ARRANGEMENT(d2)
  JITKIT_A64_ARRANGEMENT(q1)
#undef JITKIT_A64_ARRANGEMENT
#define JITKIT_A64_LANE(name, lanes) \
  constexpr Lane<Arr::name> name(LaneIndex<lanes> i) const { return {id, i.value}; }
  JITKIT_A64_LANE(b, 16)
  JITKIT_A64_LANE(h, 8)
  JITKIT_A64_LANE(s, 4)
  JITKIT_A64_LANE(d, 2)
  JITKIT_A64_LANE(b4, 4)
  JITKIT_A64_LANE(h2, 4)
#undef JITKIT_A64_LANE
};

// x0..x30, w0..w30, b0..q31, v0..v31.
#define JITKIT_A64_NAME_GENERAL(n)   \
  inline constexpr XReg x##n{n##U};  \
  inline constexpr WReg w##n{n##U};
#define JITKIT_A64_NAME_VECTOR(n)    \
  inline constexpr BReg b##n{n##U};  \
  inline constexpr HReg h##n{n##U};  \
  inline constexpr SReg s##n{n##U};  \
  inline constexpr DReg d##n{n##U};  \
  inline constexpr QReg q##n{n##U};  \
  inline constexpr VReg v##n{n##U};
#define JITKIT_A64_0_TO_30(X)                                                            \
  X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)  \
  X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30)
JITKIT_A64_0_TO_30(JITKIT_A64_NAME_GENERAL)
JITKIT_A64_0_TO_30(JITKIT_A64_NAME_VECTOR)
JITKIT_A64_NAME_VECTOR(31)
#undef JITKIT_A64_0_TO_30
#undef JITKIT_A64_NAME_VECTOR
#undef JITKIT_A64_NAME_GENERAL
inline constexpr XReg lr = x30;

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_REGISTERS_HPP
