// MacroAssembler: the assembler, and beside it what takes more than one instruction or may be written
// shorter. Any constant, any immediate of arithmetic, logical instructions and compares, any offset,
// addresses and calls at any distance, constants of vector registers, padding.
//
//   m.mov(rax, 0x123456789abcdef0);  m.add(rax, rcx, n);  m.cmp(rax, n);  m.call_far(address);
//
// A run-time integer where the exact assembler takes a literal is what chooses these methods; other
// arguments reach the exact ones. Branches to labels need nothing here: backward ones are short where they
// reach, forward ones near unless short_to() says otherwise.
//
// Invariants:
//  - Registers of the scratch set (r11 and xmm15 at first) are overwritten, and no other. An operand is
//    never taken as scratch. None left: Error::no_register.
//  - mov, address, load_literal, nops, call_far and jump_far keep flags. With two operands (add(d, n)) flags
//    are those of the one instruction; with three (add(d, n, v)) they are unspecified, which allows lea,
//    narrower and commuted forms.
//  - exact(n) keeps literals and tables out, so a sequence stays together.
#ifndef JITKIT_EMIT_X86_64_MACRO_ASSEMBLER_HPP
#define JITKIT_EMIT_X86_64_MACRO_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/x86_64/assembler.hpp>
#include <jitkit/emit/x86_64/constants.hpp>
#include <jitkit/ir/support/form.hpp>

#include <bit>
#include <concepts>

namespace jitkit::inline JITKIT_ABI::x86_64 {

template <class Buffer>
class BasicMacroAssembler : public BasicAssembler<Buffer> {
  using Base = BasicAssembler<Buffer>;

 public:
  // `avx`: vector constants by VEX instructions, which do not mix with dirty upper halves.
  explicit BasicMacroAssembler(Buffer& code, bool avx = false) : Base(code), avx_(avx) {}
  using Base::buffer;

  // --- scopes --------------------------------------------------------------------------------------
  // Lends scratch registers until its end, and keeps the set: what the scope includes or takes is undone.
  class [[nodiscard]] ScratchScope {
   public:
    explicit ScratchScope(BasicMacroAssembler& m) : m_(m), before_(m.scratch_) {}
    ScratchScope(const ScratchScope&) = delete;
    ScratchScope& operator=(const ScratchScope&) = delete;
    ~ScratchScope() { m_.scratch_ = before_; }

    Gp64 r64() { return Gp64(m_.take(general, 11).id); }
    Gp32 r32() { return Gp32(m_.take(general, 11).id); }
    Xmm xmm() { return Xmm(m_.take(vectors, 31).id - 16U); }
    Ymm ymm() { return Ymm(m_.take(vectors, 31).id - 16U); }
    void include(RegSet s) { m_.scratch_ = m_.scratch_ | s; }
    void exclude(RegSet s) { m_.scratch_ = m_.scratch_ - s; }
    // base + offset as an address; what does not fit a displacement goes through a scratch register.
    Mem at(Gp64 base, i64 offset) {
      if (fits_signed(offset, 32)) return x86_64::address(base, static_cast<i32>(offset));
      exclude(RegSet::of(PReg(base.number())));
      const Gp64 s = r64();
      m_.put_constant(s.number(), static_cast<u64>(offset));
      return base == rsp ? base + s : s + base;
    }

   private:
    BasicMacroAssembler& m_;
    RegSet before_;
  };
  // What macros may overwrite, by PReg.
  RegSet scratch() const { return scratch_; }

  // Exactly `bytes` bytes follow, and no literals among them.
  typename Buffer::Scope exact(u32 bytes) { return buffer().exact(bytes); }

  // --- constants -----------------------------------------------------------------------------------
  using Base::mov;
  template <int W, std::integral Int>
  void mov(Gp<W> d, Int v) {
    if (!fits<W>(v)) return;
    if constexpr (W >= 32)
      put_constant(d.number(), W == 64 ? static_cast<u64>(v) : static_cast<u32>(v));
    else
      Base::mov(d, *Imm<W>::make(static_cast<i64>(v)));
  }
  template <int W, std::integral Int>
  void mov(MemOf<W> d, Int v) {
    if (!fits<W>(v)) return;
    if (const auto imm = Imm<W>::make(static_cast<i64>(v))) return Base::mov(d, *imm);
    if constexpr (W == 64) Base::mov(d.mem, constant_for(d.mem, static_cast<u64>(v)));
  }
  // Shorter where flags may go.
  template <std::integral Int>
  void mov_clobbering_flags(Gp64 d, Int v) {
    put_plan(d.number(), plan_constant_flags(d.number(), static_cast<u64>(v)));
  }
  // All 128 bits, and cleared above where AVX is on; zero and ones without memory.
  void mov(Xmm d, u64 low, u64 high) {
    if ((low & high) == ~u64{0}) return put_ones(d.number());
    if ((low | high) == 0) return put_zero(d.number());
    load_literal(d, low, high);
  }
  void mov(Xmm d, double v) { std::bit_cast<u64>(v) == 0 ? put_zero(d.number()) : load_literal(d, v); }
  void mov(Xmm d, float v) { std::bit_cast<u32>(v) == 0 ? put_zero(d.number()) : load_literal(d, v); }

  // From the literal pool, whatever the value; the rest of a vector register is cleared.
  void load_literal(Gp64 d, u64 v) { Base::mov(d, literal(8, v)); }
  void load_literal(Gp32 d, u32 v) { Base::mov(d, literal(4, v)); }
  void load_literal(Xmm d, float v) { put_load(d.number(), 4, std::bit_cast<u32>(v)); }
  void load_literal(Xmm d, double v) { put_load(d.number(), 8, std::bit_cast<u64>(v)); }
  void load_literal(Xmm d, u64 low, u64 high) { put_load(d.number(), 16, low, high); }
  // The 128 bits twice.
  void load_literal(Ymm d, u64 low, u64 high) { Base::vbroadcastf128(d, literal(16, low, high)); }
  // The address of a constant of 4, 8 or 16 bytes in the pool.
  Mem literal(u32 bytes, u64 low, u64 high = 0) {
    return rip_relative(buffer().literal(FixupKind::x86_rel32, bytes, low, high));
  }

  // --- arithmetic with any immediate -----------------------------------------------------------------
  // At 64 bits the immediate is any number, below that any of so many bits, signed or not.
#define JITKIT_X86_ANY_IMMEDIATE(m)                                                        \
  using Base::m;                                                                           \
  template <int W, std::integral Int>                                                      \
  void m(Gp<W> d, Int v) {                                                                 \
    if (!fits<W>(v)) return;                                                               \
    if (const auto imm = Imm<W>::make(static_cast<i64>(v))) return Base::m(d, *imm);       \
    if constexpr (W == 64) Base::m(d, constant_for(Mem::of_register(d.code), static_cast<u64>(v))); \
  }                                                                                        \
  template <int W, std::integral Int>                                                      \
  void m(MemOf<W> d, Int v) {                                                              \
    if (!fits<W>(v)) return;                                                               \
    if (const auto imm = Imm<W>::make(static_cast<i64>(v))) return Base::m(d, *imm);       \
    if constexpr (W == 64) Base::m(d.mem, constant_for(d.mem, static_cast<u64>(v)));       \
  }
  JITKIT_X86_ANY_IMMEDIATE(add)
  JITKIT_X86_ANY_IMMEDIATE(adc)
  JITKIT_X86_ANY_IMMEDIATE(sub)
  JITKIT_X86_ANY_IMMEDIATE(sbb)
  JITKIT_X86_ANY_IMMEDIATE(and_)
  JITKIT_X86_ANY_IMMEDIATE(or_)
  JITKIT_X86_ANY_IMMEDIATE(xor_)
  JITKIT_X86_ANY_IMMEDIATE(cmp)
  JITKIT_X86_ANY_IMMEDIATE(test)
#undef JITKIT_X86_ANY_IMMEDIATE

  // d = n op v; flags are unspecified.
#define JITKIT_X86_THREE_OPERANDS(m, ...)                                                  \
  template <int W, std::integral Int>                                                      \
  requires(W >= 32) void m(Gp<W> d, Gp<W> n, Int v) {                                      \
    if (fits<W>(v)) __VA_ARGS__;                                                           \
  }
  JITKIT_X86_THREE_OPERANDS(add, put_add(d, n, signed_value<W>(v)))
  JITKIT_X86_THREE_OPERANDS(sub, put_add(d, n, static_cast<i64>(0 - static_cast<u64>(signed_value<W>(v)))))
  JITKIT_X86_THREE_OPERANDS(and_, put_and(d, n, signed_value<W>(v)))
  JITKIT_X86_THREE_OPERANDS(or_, put_or(d, n, signed_value<W>(v)))
  JITKIT_X86_THREE_OPERANDS(xor_, put_xor(d, n, signed_value<W>(v)))
#undef JITKIT_X86_THREE_OPERANDS

  // --- addresses, calls and jumps --------------------------------------------------------------------
  // The address of a label or symbol within 2 GiB of where the code will run.
  void address(Gp64 d, Label l) { Base::lea(d, rip_relative(l)); }
  void address(Gp64 d, Symbol s, i32 addend = 0) { Base::lea(d, rip_relative(s, addend)); }
  // Anywhere: an address known now stands in the pool, or in a scratch register where that is shorter; a
  // symbol gets a veneer behind the code when the code is placed out of its reach.
  void call_far(u64 to) {
    if (is_short_constant(to)) return Base::call(constant_for(Mem(), to));
    Base::call(literal(8, to));
  }
  void jump_far(u64 to) {
    if (is_short_constant(to)) return Base::jmp(constant_for(Mem(), to));
    Base::jmp(literal(8, to));
  }
  void call_far(Symbol s) { Base::call(s); }
  void jump_far(Symbol s) { Base::jmp(s); }
  void call_far(Label l) { Base::call(l); }
  void jump_far(Label l) { Base::jmp(l); }
  void jump_far(Cond c, u64 to) {
    const Label past = Base::new_label();
    Base::jcc(inverse(c), short_to(past));
    jump_far(to);
    Base::bind(past);
  }

  // --- padding ---------------------------------------------------------------------------------------
  // As few instructions as make up that many bytes.
  void nops(u32 bytes) {
    constexpr u8 shapes[8][8] = {{0x90},
                                 {0x66, 0x90},
                                 {0x0f, 0x1f, 0x00},
                                 {0x0f, 0x1f, 0x40},
                                 {0x0f, 0x1f, 0x44},
                                 {0x66, 0x0f, 0x1f, 0x44},
                                 {0x0f, 0x1f, 0x80},
                                 {0x0f, 0x1f, 0x84}};
    while (bytes != 0) {
      const u32 n = bytes < 8 ? bytes : 8;
      buffer().put_raw(shapes[n - 1], n);
      bytes -= n;
    }
  }
  // Nops up to a multiple of `bytes`, a power of two.
  void align_code(u32 bytes) { nops((0 - buffer().offset()) & (bytes - 1)); }

  // --- by number -------------------------------------------------------------------------------------
  // What the methods above are made of, for code generators that have numbers.
  void put_constant(unsigned d, u64 v) { put_plan(d, plan_constant(d, v)); }
  void put_zero(unsigned d) { avx_ ? Base::vxorps(Xmm(d), Xmm(d), Xmm(d)) : Base::xorps(Xmm(d), Xmm(d)); }
  void put_ones(unsigned d) { avx_ ? Base::vpcmpeqd(Xmm(d), Xmm(d), Xmm(d)) : Base::pcmpeqd(Xmm(d), Xmm(d)); }
  // A literal of 4, 8 or 16 bytes into vector register d.
  void put_load(unsigned d, u32 bytes, u64 low, u64 high = 0) {
    const Xmm x(d);
    const Mem m = literal(bytes, low, high);
    if (bytes == 4) return avx_ ? Base::vmovss(x, m) : Base::movss(x, m);
    if (bytes == 8) return avx_ ? Base::vmovsd(x, m) : Base::movsd(x, m);
    avx_ ? Base::vmovaps(x, m) : Base::movaps(x, m);
  }

 private:
  static constexpr RegSet general = RegSet::range(0, 16), vectors = RegSet::range(16, 16);

  PReg take(RegSet among, unsigned otherwise) {
    const RegSet free = scratch_ & among;
    if (free.empty()) {
      buffer().fail({Error::no_register, buffer().offset(), 1});
      return PReg(otherwise);
    }
    scratch_.remove(free.first());
    return free.first();
  }
  // The constant in a scratch register that is none of the operand's.
  Gp64 constant_for(const Mem& operand, u64 v) {
    RegSet used;
    if (operand.base < 16) used.add(PReg(operand.base));
    if (operand.index < 16) used.add(PReg(operand.index));
    const RegSet free = (scratch_ & general) - used;
    if (free.empty()) buffer().fail({Error::no_register, buffer().offset(), 1});
    const Gp64 s(free.empty() ? 11U : free.first().id);
    put_constant(s.number(), v);
    return s;
  }
  static constexpr bool is_short_constant(u64 v) { return v <= 0xffffffff || fits_signed(static_cast<i64>(v), 32); }

  template <int W, std::integral Int>
  bool fits(Int v) {
    if constexpr (W == 64) return true;
    const bool good = std::is_signed_v<Int> ? fits_signed(static_cast<i64>(v), W) || (v >= 0 && fits_unsigned(static_cast<u64>(v), W))
                                            : fits_unsigned(static_cast<u64>(v), W);
    if (!good) buffer().fail({Error::operand_range, buffer().offset(), static_cast<u64>(v)});
    return good;
  }
  template <int W, std::integral Int>
  static constexpr i64 signed_value(Int v) {
    return W == 32 ? i64{static_cast<i32>(v)} : static_cast<i64>(v);
  }

  void put_plan(unsigned d, const ConstantPlan& p);
  template <int W>
  void copy(Gp<W> d, Gp<W> n) {
    if (!(d == n)) Base::mov(d, n);
  }
  template <int W>
  void put_add(Gp<W> d, Gp<W> n, i64 v);
  template <int W>
  void put_and(Gp<W> d, Gp<W> n, i64 v);
  template <int W>
  void put_or(Gp<W> d, Gp<W> n, i64 v);
  template <int W>
  void put_xor(Gp<W> d, Gp<W> n, i64 v);
  // d = n op v for a v that needs a register: d itself where it is free.
  template <int W>
  void by_register(Gp<W> d, Gp<W> n, i64 v, auto op) {
    if (d == n) return op(d, Gp<W>(constant_for(Mem::of_register(d.code), static_cast<u64>(v)).number()));
    put_constant(d.number(), static_cast<u64>(v));
    op(d, n);
  }

  RegSet scratch_ = RegSet::of(PReg(11)) | RegSet::of(PReg(31));
  bool avx_;
};

template <class Buffer>
void BasicMacroAssembler<Buffer>::put_plan(unsigned d, const ConstantPlan& p) {
  using Way = ConstantPlan::Way;
  const Gp64 q(d);
  const Gp32 l(d);
  const auto word = [&] { Base::mov(l, *Imm<32>::make(static_cast<i64>(p.value))); };
  switch (p.way) {
    case Way::word: return word();
    case Way::sign:
    case Way::full: return Base::mov(q, Imm64(static_cast<i64>(p.value)));
    case Way::inverted: return word(), Base::not_(q);
    case Way::swapped: return word(), Base::bswap(q);
    case Way::doubled: return word(), Base::lea(q, q + q);
    case Way::scaled: return word(), Base::lea(q, x86_64::address(q, ScaledIndex{q, p.by}));
    case Way::zero: return Base::xor_(l, l);
    case Way::ones: return Base::or_(q, Imm<64>(-1));
    case Way::low_ones: return Base::or_(l, Imm<32>(-1));
    case Way::bit: return Base::xor_(l, l), Base::bts(q, *Imm8::make(p.by));
    case Way::shifted: return word(), Base::shl(q, *Imm8::make(p.by));
    case Way::high_mask: return Base::or_(q, Imm<64>(-1)), Base::shl(q, *Imm8::make(p.by));
    case Way::low_mask: return Base::or_(q, Imm<64>(-1)), Base::shr(q, *Imm8::make(p.by));
  }
}

template <class Buffer>
template <int W>
void BasicMacroAssembler<Buffer>::put_add(Gp<W> d, Gp<W> n, i64 v) {
  if (v == 0) return copy(d, n);
  const auto opposite = static_cast<i64>(0 - static_cast<u64>(v));
  if (!(d == n)) {
    if (fits_signed(v, 32)) return Base::lea(d, x86_64::address(Gp64(n.number()), static_cast<i32>(v)));
    return by_register(d, n, v, [this](Gp<W> a, Gp<W> b) { Base::add(a, b); });
  }
  if (v == 1) return Base::inc(d);
  if (v == -1) return Base::dec(d);
  const bool turned = fits_signed(v, 8) ? false : fits_signed(opposite, 8) || !fits_signed(v, 32);
  if (const auto imm = Imm<W>::make(turned ? opposite : v)) return turned ? Base::sub(d, *imm) : Base::add(d, *imm);
  by_register(d, n, v, [this](Gp<W> a, Gp<W> b) { Base::add(a, b); });
}

template <class Buffer>
template <int W>
void BasicMacroAssembler<Buffer>::put_and(Gp<W> d, Gp<W> n, i64 v) {
  const Gp32 low(d.number());
  if (v == 0) return Base::xor_(low, low);
  if (v == -1) return copy(d, n);
  if (v == 0xff) return Base::movzx(low, Gp8(n.number()));
  if (v == 0xffff) return Base::movzx(low, Gp16(n.number()));
  if (v == 0xffffffff) return Base::mov(low, Gp32(n.number()));
  if (fits_unsigned(static_cast<u64>(v), 32)) {  // the upper half is cleared by any 32-bit instruction
    copy(low, Gp32(n.number()));
    return Base::and_(low, *Imm<32>::make(v));
  }
  if (const auto imm = Imm<W>::make(v)) return copy(d, n), Base::and_(d, *imm);
  if (std::has_single_bit(~static_cast<u64>(v)))
    return copy(d, n), Base::btr(d, *Imm8::make(std::countr_one(static_cast<u64>(v))));
  by_register(d, n, v, [this](Gp<W> a, Gp<W> b) { Base::and_(a, b); });
}

template <class Buffer>
template <int W>
void BasicMacroAssembler<Buffer>::put_or(Gp<W> d, Gp<W> n, i64 v) {
  if (v == 0) return copy(d, n);
  if (v == -1) return Base::or_(d, *Imm<W>::make(-1));
  if (const auto imm = Imm<W>::make(v)) return copy(d, n), Base::or_(d, *imm);
  if (std::has_single_bit(static_cast<u64>(v)))
    return copy(d, n), Base::bts(d, *Imm8::make(std::countr_zero(static_cast<u64>(v))));
  by_register(d, n, v, [this](Gp<W> a, Gp<W> b) { Base::or_(a, b); });
}

template <class Buffer>
template <int W>
void BasicMacroAssembler<Buffer>::put_xor(Gp<W> d, Gp<W> n, i64 v) {
  if (v == 0) return copy(d, n);
  if (v == -1) return copy(d, n), Base::not_(d);
  if (const auto imm = Imm<W>::make(v)) return copy(d, n), Base::xor_(d, *imm);
  if (std::has_single_bit(static_cast<u64>(v)))
    return copy(d, n), Base::btc(d, *Imm8::make(std::countr_zero(static_cast<u64>(v))));
  by_register(d, n, v, [this](Gp<W> a, Gp<W> b) { Base::xor_(a, b); });
}

using MacroAssembler = BasicMacroAssembler<CodeBuffer>;

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_MACRO_ASSEMBLER_HPP
