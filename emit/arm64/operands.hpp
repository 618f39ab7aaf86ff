// The C++ argument types of AArch64 instructions, built on the encoders of immediates.hpp.
//
// Invariant: an argument type holds encoded bits, so what exists is legal: a literal is checked by a
// consteval constructor, a run-time value by make().
// Source: Arm ARM C1.2, C3, C6.2, C7.2.
#ifndef JITKIT_EMIT_ARM64_OPERANDS_HPP
#define JITKIT_EMIT_ARM64_OPERANDS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/immediates.hpp>
#include <jitkit/emit/arm64/registers.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/maybe.hpp>

#include <type_traits>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// The bits of a literal; a literal that cannot be encoded is no constant expression, so the call does
// not compile.
consteval u32 required(Maybe<u32> e) {
  if (!e) __builtin_trap();
  return *e;
}

// The argument with these bits, if there is an encoding.
template <class Arg>
[[gnu::always_inline]] constexpr Maybe<Arg> made_of(Maybe<u32> e) {
  Arg result;
  result.bits = e.any();
  return {result, e.has_value()};
}

// An integer immediate; nothing written is 0.
template <ImmSpec S>
struct Imm {
  u32 bits = S.kind == ImmKind::offset ? 1U << 24 : 0;

  constexpr Imm() = default;
  template <class Int>
    requires std::is_integral_v<Int>
  consteval Imm(Int v) : bits(required(encode_as<S>(static_cast<i64>(v)))) {}
  static constexpr Maybe<Imm> make(i64 v) { return made_of<Imm>(encode_as<S>(v)); }
};

// An immediate written in C++ as a value of type Source with a member pack().
template <ImmSpec S, class... Source>
struct PackedImm {
  u32 bits = default_bits();

  constexpr PackedImm() = default;
  template <class T>
    requires(std::is_same_v<T, Source> || ...)
  consteval PackedImm(T v) : bits(required(encode_as<S>(v.pack()))) {}
  template <class T>
    requires(std::is_same_v<T, Source> || ...)
  static constexpr Maybe<PackedImm> make(T v) {
    return made_of<PackedImm>(encode_as<S>(v.pack()));
  }

 private:
  // No extension of a memory index is lsl (uxtx); no shift is no bits.
  static constexpr u32 default_bits() { return S.kind == ImmKind::index && S.width == 64 ? 3U << 13 : 0; }
};

struct Shift {
  ShiftKind kind;
  u8 amount;
  constexpr i64 pack() const { return pack_shift(kind, amount); }
};
struct Lsl {
  u8 amount;
  constexpr operator Shift() const { return {ShiftKind::lsl, amount}; }
  constexpr i64 pack() const { return pack_shift(ShiftKind::lsl, amount); }
};
struct Extend {
  ExtendKind kind;
  u8 amount;
  bool written;
  constexpr i64 pack() const { return written ? pack_extend(kind, amount) : pack_extend(kind); }
};
struct Field {
  u8 lsb;
  u8 width;
  constexpr i64 pack() const { return pack_field(lsb, width); }
};
// An offset with writeback: before the access, after it.
struct Pre {
  i64 offset;
  constexpr i64 pack() const { return offset; }
};
struct Post {
  i64 offset;
  constexpr i64 pack() const { return offset; }
};
struct Msl {
  u8 amount;
  constexpr i64 pack() const { return amount; }
};

constexpr u8 small(i64 v) { return v >= 0 && v < 0x7f ? static_cast<u8>(v) : u8{0x7f}; }
constexpr Lsl lsl(i64 amount) { return {small(amount)}; }
constexpr Shift lsr(i64 amount) { return {ShiftKind::lsr, small(amount)}; }
constexpr Shift asr(i64 amount) { return {ShiftKind::asr, small(amount)}; }
constexpr Shift ror(i64 amount) { return {ShiftKind::ror, small(amount)}; }
#define JITKIT_A64_EXTEND(name)                                                              \
  constexpr Extend name() { return {ExtendKind::name, 0, false}; }                           \
  constexpr Extend name(i64 amount) { return {ExtendKind::name, small(amount), true}; }
JITKIT_A64_EXTEND(uxtb)
JITKIT_A64_EXTEND(uxth)
JITKIT_A64_EXTEND(uxtw)
JITKIT_A64_EXTEND(uxtx)
JITKIT_A64_EXTEND(sxtb)
JITKIT_A64_EXTEND(sxth)
JITKIT_A64_EXTEND(sxtw)
JITKIT_A64_EXTEND(sxtx)
#undef JITKIT_A64_EXTEND
constexpr Field field(i64 lsb, i64 width) { return {small(lsb), small(width)}; }
constexpr Pre pre(i64 offset) { return {offset}; }
constexpr Post post(i64 offset) { return {offset}; }
constexpr Msl msl(i64 amount) { return {small(amount)}; }

template <ImmSpec S>
using ShiftImm = PackedImm<S, Shift, Lsl>;
template <ImmSpec S>
struct LslImm {
  u32 bits = 0;
  constexpr LslImm() = default;
  consteval LslImm(Lsl l) : bits(required(encode_as<S>(l.amount))) {}
  static constexpr Maybe<LslImm> make(Lsl l) { return made_of<LslImm>(encode_as<S>(l.amount)); }
};
// lsl as an extension: uxtw of a W form, else uxtx.
struct LslAsExtend {
  static constexpr i64 pack(ImmSpec s, Lsl l) {
    const bool wide = s.kind == ImmKind::index ? s.width == 64 : s.width == 64 || s.scale == 1;
    return pack_extend(wide ? ExtendKind::uxtx : ExtendKind::uxtw, l.amount);
  }
};
template <ImmSpec S>
struct ExtendImm {
  u32 bits;
  // Nothing written: the whole register.
  constexpr ExtendImm() : bits(encode_as<S>(LslAsExtend::pack(S, {0}) & ~amount_written).any()) {}
  consteval ExtendImm(Extend e) : bits(required(encode_as<S>(e.pack()))) {}
  consteval ExtendImm(Lsl l)
    requires(S.kind != ImmKind::index || S.width == 64)
      : bits(required(encode_as<S>(LslAsExtend::pack(S, l)))) {}
  static constexpr Maybe<ExtendImm> make(Extend e) { return made_of<ExtendImm>(encode_as<S>(e.pack())); }
  static constexpr Maybe<ExtendImm> make(Lsl l) { return made_of<ExtendImm>(encode_as<S>(LslAsExtend::pack(S, l))); }
};
template <ImmSpec S>
using OffsetImm = Imm<S>;
template <ImmSpec S>
using FieldImm = PackedImm<S, Field>;
template <ImmSpec S>
using PreImm = PackedImm<S, Pre>;
template <ImmSpec S>
using PostImm = PackedImm<S, Post>;
// Written as the negative of what the spec holds.
template <ImmSpec S>
struct PreStepImm {
  u32 bits = 0;
  consteval PreStepImm(Pre p) : bits(required(encode_as<S>(-p.offset))) {}
};
template <ImmSpec S>
using MslImm = PackedImm<S, Msl>;

// A floating-point immediate.
template <ImmSpec S>
struct FpImm {
  u32 bits = 0;
  constexpr FpImm() = default;
  consteval FpImm(double v) : bits(required(encode(v))) {}
  static constexpr Maybe<FpImm> make(double v) { return made_of<FpImm>(encode(v)); }

 private:
  static constexpr Maybe<u32> encode(double v) { return encode_as<S>(std::bit_cast<i64>(v)); }
};

// A condition that is stored inverted (cset, cinc ...); al and nv have no inverse.
template <ImmSpec S>
struct InvertedCond {
  u32 bits = 0;
  consteval InvertedCond(Cond c) : bits(required(encode_as<S>(static_cast<i64>(c)))) {}
  static constexpr Maybe<InvertedCond> make(Cond c) {
    const Maybe<u32> e = encode_as<S>(static_cast<i64>(c));
    return {InvertedCond(e.any(), 0), e.has_value()};
  }

 private:
  constexpr InvertedCond(u32 b, int) : bits(b) {}
};

// #0.0, the only immediate of a compare with zero.
template <ImmSpec S>
struct FpZero {
  u32 bits = 0;
  consteval FpZero(double v) {
    if (std::bit_cast<u64>(v) != 0) __builtin_trap();
  }
};

// Where a pc-relative instruction points: a label, or a distance in bytes from the instruction.
template <ImmSpec S>
struct Target {
  u32 bits = 0;
  Label label;
  constexpr Target(Label l) : label(l) {}
  template <class Int>
    requires std::is_integral_v<Int>
  consteval Target(Int v) : bits(required(encode_as<S>(static_cast<i64>(v)))) {}
  static constexpr Maybe<Target> make(i64 v) {
    const Maybe<u32> e = encode_as<S>(v);
    Target result{Label()};
    result.bits = e.any();
    return {result, e.has_value()};
  }
};

// The same for data, which no veneer can stand for.
template <ImmSpec S>
struct LiteralTarget : Target<S> {
  using Target<S>::Target;
  constexpr LiteralTarget(Target<S> t) : Target<S>(t) {}
  static constexpr Maybe<LiteralTarget> make(i64 v) {
    const auto t = Target<S>::make(v);
    return {t ? LiteralTarget(*t) : LiteralTarget(Label()), t.has_value()};
  }
};

// A register nothing of which is written means number 31: irg.
struct OptionalXReg : RegBase {
  constexpr OptionalXReg() : RegBase(31) {}
  constexpr OptionalXReg(XRegOrZr r) : RegBase(r.id) {}
};

// One lane where the form takes any: as it is. Where it takes fewer registers or lanes (RegBits 4, or
// fewer bits for the number), a literal is checked, a run-time value goes through make().
template <Arr E, ImmSpec S, unsigned RegBits>
struct LaneArg : RegBase {
  u32 bits;
  static constexpr bool takes_all = RegBits == 5 && (S.kind == ImmKind::lane || S.kind == ImmKind::lane_q || S.kind == ImmKind::uimm) &&
                                    (1U << S.width) == lane_count(E);
  constexpr LaneArg(Lane<E> l)
    requires takes_all
      : RegBase(l.id), bits(encode_as<S>(l.index).any()) {}
  consteval LaneArg(Lane<E> l)
    requires(!takes_all)
      : RegBase(l.id), bits(required(encode(l))) {}
  static constexpr Maybe<LaneArg> make(Lane<E> l) {
    return {LaneArg(l.id, encode(l).any()), encode(l).has_value()};
  }

 private:
  constexpr LaneArg(unsigned number, u32 b) : RegBase(number), bits(b) {}
  static constexpr Maybe<u32> encode(Lane<E> l) {
    const Maybe<u32> e = encode_as<S>(l.index);
    return {e.any(), e.has_value() && l.id >> RegBits == 0};
  }
};
// One lane of each of N registers.
template <Arr E, unsigned N, ImmSpec S>
struct LaneListArg : RegBase {
  u32 bits;
  constexpr LaneListArg(LaneList<E, N> l) : RegBase(l.id), bits(encode_as<S>(l.index).any()) {}
  constexpr LaneListArg(Lane<E> l)
    requires(N == 1)
      : RegBase(l.id), bits(encode_as<S>(l.index).any()) {}
};
// A list of one register is that register.
template <Arr A, unsigned N>
struct ListArg : RegBase {
  constexpr ListArg(VList<A, N> l) : RegBase(l.id) {}
  constexpr ListArg(V<A> v)
    requires(N == 1)
      : RegBase(v.id) {}
};

// Consecutive general registers of which the first is even: pair(x2, x3), oct(x8). Of two, the second
// may be number 31.
constexpr bool is_run_start(unsigned first, unsigned count) {
  return first % 2 == 0 && first + count <= (count == 2 ? 32 : 31);
}
template <class Reg, unsigned Count>
struct RegRun : RegBase {
  consteval RegRun(Reg first) : RegBase(first.id) {  // NOLINT
    if (!valid(first)) __builtin_trap();
  }
  static constexpr Maybe<RegRun> make(Reg first) { return {RegRun(unsigned{first.id}), valid(first)}; }

 private:
  constexpr explicit RegRun(unsigned number) : RegBase(number) {}
  static constexpr bool valid(Reg first) { return is_run_start(first.id, Count); }
};
using XPair = RegRun<XReg, 2>;
using WPair = RegRun<WReg, 2>;
using XOct = RegRun<XReg, 8>;

// An enumerator whose number is the value.
template <class Enum, ImmSpec S>
struct EnumImm {
  u32 bits;
  constexpr EnumImm(Enum e) : bits(encode_as<S>(static_cast<i64>(e)).any()) {}
};
template <ImmSpec S>
using CondImm = EnumImm<Cond, S>;

// A system register by its encoding, as in s3_3_c4_c2_0. For names: system_names.hpp.
struct SysReg {
  u16 bits;  // op0:2, op1:3, CRn:4, CRm:4, op2:3
  static constexpr SysReg of(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
    check(op0 < 4 && op1 < 8 && crn < 16 && crm < 16 && op2 < 8);
    return {static_cast<u16>(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2)};
  }
};
template <ImmSpec S>
struct SysRegImm {
  u32 bits;
  constexpr SysRegImm(SysReg r) : bits(u32{r.bits} << S.lsb) {}
};

// What sys takes, by encoding (op1, CRn, CRm, op2); at, dc, ic and tlbi are names of such.
struct SysOp {
  u16 bits;  // op1:3, CRn:4, CRm:4, op2:3
  static constexpr SysOp of(unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
    check(op1 < 8 && crn < 16 && crm < 16 && op2 < 8);
    return {static_cast<u16>(op1 << 11 | crn << 7 | crm << 3 | op2)};
  }
};
template <ImmSpec S>
struct SysOpImm {
  u32 bits;
  constexpr SysOpImm(SysOp r) : bits(u32{r.bits} << S.lsb) {}
};

// Fields of PSTATE that msr sets to a number: op1 << 3 | op2, and bits of CRm for allint and pm.
enum class PState : u8 { uao = 3, pan = 4, spsel = 5, allint = 8, ssbs = 25, dit = 26, tco = 28 };
enum class PStateMask : u8 { daifset = 30, daifclr = 31 };

enum class Prefetch : u8 {
  pldl1keep, pldl1strm, pldl2keep, pldl2strm, pldl3keep, pldl3strm, pldslckeep, pldslcstrm,
  plil1keep, plil1strm, plil2keep, plil2strm, plil3keep, plil3strm, plislckeep, plislcstrm,
  pstl1keep, pstl1strm, pstl2keep, pstl2strm, pstl3keep, pstl3strm, pstslckeep, pstslcstrm,
};
template <ImmSpec S>
using PStateImm = EnumImm<PState, S>;
template <ImmSpec S>
using PStateMaskImm = EnumImm<PStateMask, S>;
template <ImmSpec S>
struct PrefetchImm : EnumImm<Prefetch, S> {
  using EnumImm<Prefetch, S>::EnumImm;
  static constexpr Maybe<PrefetchImm> make(i64 v) {
    return {PrefetchImm(static_cast<Prefetch>(v)), encode_as<S>(v).has_value()};
  }
};

enum class Barrier : u8 {
  oshld = 1, oshst, osh, nshld = 5, nshst, nsh, ishld = 9, ishst, ish, ld = 13, st, sy,
};
enum class NxsBarrier : u8 { oshnxs, nshnxs, ishnxs, synxs };
template <ImmSpec S>
using NxsBarrierImm = EnumImm<NxsBarrier, S>;
// Where a branch may land: bti without a name is for no indirect branch.
enum class Landing : u8 { none, c, j, jc };
template <ImmSpec S>
struct LandingImm {
  u32 bits = 0;
  constexpr LandingImm() = default;
  constexpr LandingImm(Landing l) : bits(static_cast<u32>(l) << S.lsb) {}
};
// The only operand of psb and tsb.
enum class Csync : u8 { csync };
template <ImmSpec S>
using CsyncImm = EnumImm<Csync, S>;
// The only operand of cfp, dvp and cpp.
enum class Rctx : u8 { rctx };
template <ImmSpec S>
using RctxImm = EnumImm<Rctx, S>;
// A barrier option by name, or any of the 16 numbers.
template <ImmSpec S>
struct BarrierImm {
  u32 bits = 15U << S.lsb;  // sy
  constexpr BarrierImm() = default;
  constexpr BarrierImm(Barrier b) : bits(static_cast<u32>(b) << S.lsb) {}
  consteval BarrierImm(int v) : bits(required(encode_as<S>(v))) {}
};

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_OPERANDS_HPP
