// MacroAssembler: the assembler, and beside it what takes more than one instruction. Any constant, any
// immediate of add, sub, compare and the logical instructions, any offset of a load or store, addresses and
// calls at any distance.
//
//   m.mov(x0, 0x123456789abcdef0);  m.add(x0, x1, n);  m.ldr(x0, x1, n);  m.call_far(address);
//
// A run-time integer where the exact assembler takes a literal is what chooses these methods; other
// arguments reach the exact ones. Branches and calls to labels need nothing here: CodeBuffer leads those
// that do not reach through veneers.
//
// Invariants:
//  - Registers of the scratch set (x16, x17 at first) are overwritten, and no other; flags only by methods
//    that are named for it. An operand is never taken as scratch. None left: Error::no_register.
//  - A method emits the fewest instructions it can without touching more.
//  - exact(n) keeps islands and pools out, so a sequence stays together.
#ifndef JITKIT_EMIT_ARM64_MACRO_ASSEMBLER_HPP
#define JITKIT_EMIT_ARM64_MACRO_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/assembler.hpp>
#include <jitkit/emit/arm64/constants.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/ir/support/form.hpp>

#include <concepts>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

template <class Buffer>
class BasicMacroAssembler : public BasicAssembler<Buffer> {
  using Base = BasicAssembler<Buffer>;

 public:
  explicit BasicMacroAssembler(Buffer& code) : Base(code) {}
  using Base::buffer;
  using Base::emit;

  // --- scopes --------------------------------------------------------------------------------------
  // Lends scratch registers until its end, and keeps the set: what the scope includes or takes is undone.
  class [[nodiscard]] ScratchScope {
   public:
    explicit ScratchScope(BasicMacroAssembler& m) : m_(m), before_(m.scratch_) {}
    ScratchScope(const ScratchScope&) = delete;
    ScratchScope& operator=(const ScratchScope&) = delete;
    ~ScratchScope() { m_.scratch_ = before_; }

    XReg x() { return XReg(m_.take(RegSet::range(0, 31), 16)); }
    WReg w() { return WReg(m_.take(RegSet::range(0, 31), 16)); }
    VReg v() { return VReg(m_.take(RegSet::range(32, 32), 32 + 31)); }
    void include(RegSet s) { m_.scratch_ = m_.scratch_ | s; }
    void exclude(RegSet s) { m_.scratch_ = m_.scratch_ - s; }

   private:
    BasicMacroAssembler& m_;
    RegSet before_;
  };
  // What macros may overwrite, by PReg.
  RegSet scratch() const { return scratch_; }
  void set_scratch(RegSet s) { scratch_ = s; }

  // Exactly `bytes` bytes follow, neither island nor pool among them.
  typename Buffer::Scope exact(u32 bytes) { return buffer().exact(bytes); }

  // --- constants -----------------------------------------------------------------------------------
  using Base::mov;
  template <std::integral Int>
  void mov(XReg d, Int v) {
    put_constant(d.id, static_cast<u64>(v));
  }
  template <std::integral Int>
  void mov(WReg d, Int v) {
    if (fits_word(static_cast<i64>(v))) put_constant(d.id, static_cast<u32>(v));
  }
  // All 128 bits; one instruction where there is one, else from the pool.
  void mov(VReg d, u64 low, u64 high) { put_vector(d.id, low, high); }
  using Base::fmov;
  void fmov(DReg d, double v) { put_double(d.id, std::bit_cast<u64>(v)); }
  void fmov(SReg d, float v) { put_single(d.id, std::bit_cast<u32>(v)); }

  // From the literal pool, whatever the value.
  void load_literal(XReg d, u64 v) { put_literal(0x58000000 | d.id, 8, v); }
  void load_literal(WReg d, u32 v) { put_literal(0x18000000 | d.id, 4, v); }
  void load_literal(SReg d, float v) { put_literal(0x1c000000 | d.id, 4, std::bit_cast<u32>(v)); }
  void load_literal(DReg d, double v) { put_literal(0x5c000000 | d.id, 8, std::bit_cast<u64>(v)); }
  void load_literal(QReg d, u64 low, u64 high) { put_literal(0x9c000000 | d.id, 16, low, high); }

  // --- arithmetic with any immediate -----------------------------------------------------------------
  // Of a W form the immediate is any number of 32 bits, signed or not.
#define JITKIT_A64_ANY_IMMEDIATE(m, Result, arith)                                       \
  using Base::m;                                                                         \
  template <std::integral Int>                                                           \
  void m(X##Result d, XRegOrSp n, Int v) {                                               \
    put_arith(arith, true, d.id, n.id, static_cast<i64>(v));                             \
  }                                                                                      \
  template <std::integral Int>                                                           \
  void m(W##Result d, WRegOrSp n, Int v) {                                               \
    put_arith(arith, false, d.id, n.id, static_cast<i64>(v));                            \
  }
  JITKIT_A64_ANY_IMMEDIATE(add, RegOrSp, Arith::add)
  JITKIT_A64_ANY_IMMEDIATE(sub, RegOrSp, Arith::sub)
  JITKIT_A64_ANY_IMMEDIATE(adds, RegOrZr, Arith::adds)
  JITKIT_A64_ANY_IMMEDIATE(subs, RegOrZr, Arith::subs)
#undef JITKIT_A64_ANY_IMMEDIATE
#define JITKIT_A64_ANY_COMPARE(m, arith)                                                 \
  using Base::m;                                                                         \
  template <std::integral Int>                                                           \
  void m(XRegOrSp n, Int v) {                                                            \
    put_arith(arith, true, 31, n.id, static_cast<i64>(v));                               \
  }                                                                                      \
  template <std::integral Int>                                                           \
  void m(WRegOrSp n, Int v) {                                                            \
    put_arith(arith, false, 31, n.id, static_cast<i64>(v));                              \
  }
  JITKIT_A64_ANY_COMPARE(cmp, Arith::subs)
  JITKIT_A64_ANY_COMPARE(cmn, Arith::adds)
#undef JITKIT_A64_ANY_COMPARE

#define JITKIT_A64_ANY_LOGICAL(m, logic)                                                 \
  template <std::integral Int>                                                           \
  void m(XRegOrZr d, XRegOrZr n, Int v) {                                                \
    put_logical(logic, true, d.id, n.id, static_cast<u64>(v));                           \
  }                                                                                      \
  template <std::integral Int>                                                           \
  void m(WRegOrZr d, WRegOrZr n, Int v) {                                                \
    if (fits_word(static_cast<i64>(v))) put_logical(logic, false, d.id, n.id, static_cast<u32>(v)); \
  }
  using Base::and_;
  using Base::ands;
  using Base::eor;
  using Base::orr;
  JITKIT_A64_ANY_LOGICAL(and_, Logic::and_)
  JITKIT_A64_ANY_LOGICAL(orr, Logic::orr)
  JITKIT_A64_ANY_LOGICAL(eor, Logic::eor)
  JITKIT_A64_ANY_LOGICAL(ands, Logic::ands)
  // The names that both targets have.
  JITKIT_A64_ANY_LOGICAL(or_, Logic::orr)
  JITKIT_A64_ANY_LOGICAL(xor_, Logic::eor)
#undef JITKIT_A64_ANY_LOGICAL
  using Base::tst;
  template <std::integral Int>
  void tst(XRegOrZr n, Int v) {
    put_logical(Logic::ands, true, 31, n.id, static_cast<u64>(v));
  }
  template <std::integral Int>
  void tst(WRegOrZr n, Int v) {
    if (fits_word(static_cast<i64>(v))) put_logical(Logic::ands, false, 31, n.id, static_cast<u32>(v));
  }

  // --- memory at any offset --------------------------------------------------------------------------
  using Base::ldp;
  using Base::ldr;
  using Base::ldrb;
  using Base::ldrh;
  using Base::ldrsb;
  using Base::ldrsh;
  using Base::ldrsw;
  using Base::stp;
  using Base::str;
  using Base::strb;
  using Base::strh;
#define JITKIT_A64_LDST(p, s, m, ur, bits, ft, fx, t, n, bw)                             \
  template <std::integral Int>                                                           \
  void m(arg::t r, XRegOrSp at, Int offset) {                                            \
    put_access((bits) | r.id, at.id, static_cast<i64>(offset));                          \
  }
#define JITKIT_A64_LDST_PAIR(way, s, bits, ft, fx, t, t2, n, bw)                         \
  template <std::integral Int>                                                           \
  void way##p(arg::t r, arg::t2 r2, XRegOrSp at, Int offset) {                             \
    put_access((bits) | 0x01000000 | r.id | u32{r2.id} << 10, at.id, static_cast<i64>(offset)); \
  }
#include <jitkit/emit/arm64/insts.def>

  // --- addresses and calls ---------------------------------------------------------------------------
  // The address of a label or symbol within 4 GiB of where the code will run.
  void address(XReg d, Label l) {
    buffer().put32(0x90000000 | d.id, l, FixupKind::a64_adrp21);
    buffer().put32(0x91000000 | d.id | u32{d.id} << 5, l, FixupKind::a64_lo12);
  }
  void address(XReg d, Symbol s, i64 addend = 0) {
    buffer().put32(0x90000000 | d.id, s, FixupKind::a64_adrp21, addend);
    buffer().put32(0x91000000 | d.id | u32{d.id} << 5, s, FixupKind::a64_lo12, addend);
  }
  // Anywhere: an address known now goes through a scratch register, a symbol gets a veneer behind the
  // code when the code is placed out of its reach.
  void call_far(u64 to) { Base::blr(far_target(to)); }
  void jump_far(u64 to) { Base::br(far_target(to)); }
  void call_far(Symbol s) { buffer().put32(0x94000000, s, FixupKind::a64_branch26); }
  void jump_far(Symbol s) { buffer().put32(0x14000000, s, FixupKind::a64_branch26); }
  void call_far(Label l) { Base::bl(l); }
  void jump_far(Label l) { Base::b(l); }

  // --- by number -------------------------------------------------------------------------------------
  // What the methods above are made of, for code generators that have numbers and words. 31 is sp or zr
  // as in the instruction.
  enum class Arith : u8 { add, adds, sub, subs };     // bits 30:29
  enum class Logic : u8 { and_, orr, eor, ands };     // bits 30:29
  void put_constant(unsigned d, u64 v) {
    const ConstantPlan p = plan_constant(v);
    for (unsigned n = 0; n < p.count; ++n) emit(p.words[n] | d);
  }
  void put_vector(unsigned d, u64 low, u64 high) {
    const Encoded one = vector_word(low, high);
    if (one != refused) return emit(static_cast<u32>(one) | d);
    put_literal(0x9c000000 | d, 16, low, high);
  }
  void put_double(unsigned d, u64 bits) {
    const Encoded one = vector_word(bits, 0);
    if (one != refused) return emit(static_cast<u32>(one) | d);
    put_literal(0x5c000000 | d, 8, bits);
  }
  void put_single(unsigned d, u32 bits) {
    const Encoded one = single_word(bits);
    if (one != refused) return emit(static_cast<u32>(one) | d);
    put_literal(0x1c000000 | d, 4, bits);
  }
  void put_literal(u32 word, u32 bytes, u64 low, u64 high = 0) {
    const Label l = buffer().literal(FixupKind::a64_load19, bytes, low, high);
    buffer().put32(word, l, FixupKind::a64_load19);
  }
  void put_arith(Arith op, bool wide, unsigned d, unsigned n, i64 v);
  void put_logical(Logic op, bool wide, unsigned d, unsigned n, u64 v);
  // A load, store or pair of loads or stores: its word without base and offset, in the unscaled form.
  void put_access(u32 word, unsigned base, i64 offset);

 private:
  static constexpr RegSet numbers(unsigned a, unsigned b = 31, unsigned c = 31) {
    return RegSet((u64{1} << a | u64{1} << b | u64{1} << c) & low_mask(31));
  }
  // Takes a register of the set away for good, or fails.
  PReg take(RegSet among, unsigned otherwise) {
    const RegSet free = scratch_ & among;
    if (free.empty()) {
      buffer().fail({Error::no_register, buffer().offset(), 1});
      return PReg(otherwise);
    }
    scratch_.remove(free.first());
    return free.first();
  }
  // A general scratch register that is none of the operands, for this macro only.
  unsigned borrow(RegSet operands) {
    const RegSet free = (scratch_ & RegSet::range(0, 31)) - operands;
    if (!free.empty()) return free.first().id;
    buffer().fail({Error::no_register, buffer().offset(), 1});
    return 16;
  }
  bool fits_word(i64 v) {
    if (fits_signed(v, 32) || fits_unsigned(static_cast<u64>(v), 32)) return true;
    buffer().fail({Error::operand_range, buffer().offset(), static_cast<u64>(v)});
    return false;
  }
  XReg far_target(u64 to) {
    const XReg s(borrow({}));
    put_constant(s.id, to);
    return s;
  }

  RegSet scratch_ = RegSet::range(16, 2);
};

template <class Buffer>
void BasicMacroAssembler<Buffer>::put_arith(Arith op, bool wide, unsigned d, unsigned n, i64 v) {
  if (!wide) {
    if (!fits_word(v)) return;
    v = static_cast<i32>(v);
  }
  const u32 sf = wide ? detail::sf_bit : 0;
  const u32 word = sf | static_cast<u32>(op) << 29 | n << 5 | d;
  constexpr u32 immediate = 0x11000000, opposite = 0x40000000;
  const Encoded one = encode_addsub(v);
  if (one != refused) return emit(word ^ immediate ^ static_cast<u32>(one));
  const bool sets_flags = op == Arith::adds || op == Arith::subs;
  const u64 m = v < 0 ? ~static_cast<u64>(v) + 1 : static_cast<u64>(v);
  const u32 flip = v < 0 ? opposite : 0;
  if (!sets_flags && m <= 0xffffff) {  // two steps of 12 bits; sp stays aligned between them
    emit((word ^ immediate ^ flip) | 1U << 22 | static_cast<u32>(m >> 12) << 10);
    return emit((sf | static_cast<u32>(op) << 29 | d << 5 | d) ^ immediate ^ flip ^ static_cast<u32>(m & 0xfff) << 10);
  }
  const u64 mask = wide ? ~u64{0} : low_mask(32);
  const u64 plain = static_cast<u64>(v) & mask, negated = (~static_cast<u64>(v) + 1) & mask;
  const bool turned = !sets_flags && plan_constant(negated).count < plan_constant(plain).count;
  // The destination will do for the constant, if it is not read.
  const bool in_place = !sets_flags && d != 31 && d != n && scratch_.has(PReg(d));
  const unsigned s = in_place ? d : borrow(numbers(n));
  put_constant(s, turned ? negated : plain);
  // The form with an extension: there 31 is sp where it is not m.
  const bool with_sp = n == 31 || (d == 31 && !sets_flags);
  const u32 by_register = with_sp ? 0x0b200000 | (wide ? 3U : 2U) << 13 : 0x0b000000;
  emit((word ^ (turned ? opposite : 0)) | by_register | s << 16);
}

template <class Buffer>
void BasicMacroAssembler<Buffer>::put_logical(Logic op, bool wide, unsigned d, unsigned n, u64 v) {
  const u32 sf = wide ? detail::sf_bit : 0;
  const u64 mask = wide ? ~u64{0} : low_mask(32);
  const u32 word = sf | static_cast<u32>(op) << 29 | n << 5 | d;
  constexpr u32 immediate = 0x12000000, by_register = 0x0a000000, inverted = 1U << 21;
  v &= mask;
  // 0 and all ones are xzr, or its complement. A destination of 31 is zr here, but sp in the immediate form.
  if (v == 0 || v == mask) return emit(word | by_register | 31U << 16 | (v != 0 ? inverted : 0));
  const Encoded one = encode_logical(v, wide ? 64 : 32);
  if (one != refused && (d != 31 || op == Logic::ands)) return emit(word | immediate | static_cast<u32>(one));
  const bool turned = plan_constant(~v & mask).count < plan_constant(v).count;
  const unsigned s = borrow(numbers(n));
  put_constant(s, turned ? ~v & mask : v);
  emit(word | by_register | s << 16 | (turned ? inverted : 0));
}

template <class Buffer>
void BasicMacroAssembler<Buffer>::put_access(u32 word, unsigned base, i64 offset) {
  const bool pair = (word & 0x3a000000) == 0x28000000;
  const bool vector = (word & 0x04000000) != 0;
  const unsigned size = word >> 30;
  // log2 of the bytes the offset is scaled by. Of pairs: w, x (ldpsw is 1), and s, d, q.
  const unsigned log2 = pair     ? (vector ? size + 2 : size == 2 ? 3 : 2)
                        : vector ? size | (word >> 21 & 4)
                                 : size;
  const auto encode = [&](i64 o) {
    if (pair) return encode_simm({ImmKind::simm, 15, 7, static_cast<u8>(log2)}, o);
    return encode_imm({ImmKind::offset, 10, 12, static_cast<u8>(log2)}, o);
  };
  if (const Encoded e = encode(offset); e != refused) return emit(word ^ static_cast<u32>(e) ^ base << 5);
  const unsigned s = borrow(numbers(base, vector ? 31 : word & 31, pair && !vector ? word >> 10 & 31 : 31));
  // The upper part added, the rest left to the access.
  const i64 reach = pair ? i64{64} << log2 : i64{1} << (12 + log2);
  const auto plus = [](i64 a, i64 b) { return static_cast<i64>(static_cast<u64>(a) + static_cast<u64>(b)); };  // wraps
  const i64 low = pair ? (plus(offset, reach) & (2 * reach - 1)) - reach : offset & (reach - 1);
  for (const i64 rest : {low, offset & 0xfff}) {
    const Encoded high = encode_addsub(plus(offset, -rest)), e = encode(rest);
    if (high == refused || e == refused) continue;
    emit(0x91000000 ^ static_cast<u32>(high) ^ base << 5 ^ s);
    return emit(word ^ static_cast<u32>(e) ^ s << 5);
  }
  if (pair) {
    put_arith(Arith::add, true, s, base, offset);
    return emit(word | s << 5);
  }
  put_constant(s, static_cast<u64>(offset));
  emit(word | 0x00200800 | static_cast<u32>(ExtendKind::uxtx) << 13 | s << 16 | base << 5);
}

using MacroAssembler = BasicMacroAssembler<CodeBuffer>;

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_MACRO_ASSEMBLER_HPP
