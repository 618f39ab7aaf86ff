// Assembler: one method per instruction form. A call emits exactly one word, the one it names.
//
// Methods are the lower-case mnemonics, overloaded by operand type; C++ keywords take a trailing
// underscore (and_). Conditional branches are b(cond, label). Memory operands follow their base:
//
//   a.ldr(x0, x1);  a.ldr(x0, x1, 8);  a.ldr(x0, x1, pre(-16));  a.ldr(x0, x1, x2, lsl(3));
//   a.add(x0, x1, 4096);  a.add(v0.s4(), v1.s4(), v2.s4());  a.cbz(x0, label);
//
// A literal that does not fit does not compile; Type::make(value) answers for a run-time value, where
// Type is that of the parameter, such as arg::addsub. What the text assembler accepts, the methods
// accept, but for `mov xzr, #n`, which does nothing and with a bit mask would be `mov sp`.
//
// Invariant: methods of the class template are instantiated only where used; this header expands the
// rows' encodings and nothing else of them.
#ifndef JITKIT_EMIT_ARM64_ASSEMBLER_HPP
#define JITKIT_EMIT_ARM64_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/operands.hpp>
#include <jitkit/emit/code_buffer.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// The argument types of operand kinds, by the kind's name.
namespace arg {
#define JITKIT_A64_REG(kind, Type, lsb, text, bank, bits, role) using kind = Type;
#define JITKIT_A64_REG2(kind, Type, lsb, lsb2, text, bank, bits) using kind = Type;
#define JITKIT_A64_PAIR(kind, Type, lsb, text, bits, count, role) using kind = Type;
#define JITKIT_A64_LANE(kind, E, lsb, reg_bits, imm, imm_lsb, width, scale, role) \
  using kind = LaneArg<Arr::E, ImmSpec{ImmKind::imm, imm_lsb, width, scale}, reg_bits>;
#define JITKIT_A64_LIST(kind, A, count, lsb, bits, role) using kind = ListArg<Arr::A, count>;
#define JITKIT_A64_LANE_LIST(kind, E, count, width, role) \
  using kind = LaneListArg<Arr::E, count, ImmSpec{ImmKind::lane_q, 0, width, 0}>;
#define JITKIT_A64_IMM(kind, Wrapper, imm, lsb, width, scale, text) \
  using kind = Wrapper<ImmSpec{ImmKind::imm, lsb, width, scale}>;
#include <jitkit/emit/arm64/operands.def>
}  // namespace arg

// The bits of an argument in the word.
namespace field_of {
#define JITKIT_A64_REG(kind, Type, lsb, text, bank, bits, role) \
  constexpr u32 kind(RegBase r) { return u32{r.id} << lsb; }
#define JITKIT_A64_REG2(kind, Type, lsb, lsb2, text, bank, bits) \
  constexpr u32 kind(RegBase r) { return u32{r.id} << lsb | u32{r.id} << lsb2; }
#define JITKIT_A64_PAIR(kind, Type, lsb, text, bits, count, role) \
  constexpr u32 kind(RegBase r) { return u32{r.id} << lsb; }
#define JITKIT_A64_LANE(kind, E, lsb, reg_bits, imm, imm_lsb, width, scale, role) \
  constexpr u32 kind(const arg::kind& l) { return u32{l.id} << lsb | l.bits; }
#define JITKIT_A64_LIST(kind, A, count, lsb, bits, role) \
  constexpr u32 kind(RegBase r) { return u32{r.id} << lsb; }
#define JITKIT_A64_LANE_LIST(kind, E, count, width, role) \
  constexpr u32 kind(const arg::kind& l) { return u32{l.id} | l.bits; }
#define JITKIT_A64_IMM(kind, Wrapper, imm, lsb, width, scale, text) \
  constexpr u32 kind(const arg::kind& v) { return v.bits; }
#include <jitkit/emit/arm64/operands.def>
}  // namespace field_of

// What the methods are made of.
template <class Buffer>
class MethodsBase {
 public:
  explicit MethodsBase(Buffer& buffer) : buffer_(buffer) {}

  Buffer& buffer() { return buffer_; }
  u32 offset() const { return buffer_.offset(); }
  Label new_label() { return buffer_.new_label(); }
  void bind(Label l) { buffer_.bind(l); }
  void emit(u32 word) { buffer_.put32(word); }

 protected:
  template <ImmSpec S>
  [[gnu::always_inline]] void emit_relative(u32 word, Target<S> to) {
    if (to.label)
      buffer_.put32(word, to.label, fixup_of(S));
    else
      buffer_.put32(word ^ to.bits);
  }
  template <ImmSpec S>
  [[gnu::always_inline]] void emit_relative(u32 word, LiteralTarget<S> to) {
    if (to.label)
      buffer_.put32(word, to.label, FixupKind::a64_load19);
    else
      buffer_.put32(word ^ to.bits);
  }

 private:
  static constexpr FixupKind fixup_of(ImmSpec s) {
    if (s.kind == ImmKind::adr) return s.scale == 0 ? FixupKind::a64_adr21 : FixupKind::a64_adrp21;
    return s.width == 26   ? FixupKind::a64_branch26
           : s.width == 19 ? FixupKind::a64_branch19
                           : FixupKind::a64_branch14;
  }

  Buffer& buffer_;
};

// One class per family of insts.def, each derived from the one before it.
#define JITKIT_A64_FAMILY(Before, Name)           \
  };                                              \
  template <class Buffer>                         \
  class Name : public Before<Buffer> {            \
    using Earlier = Before<Buffer>;               \
                                                  \
   public:                                        \
    explicit Name(Buffer& buffer) : Earlier(buffer) {}
#define JITKIT_A64_SHARED(mnemonic) using Earlier::mnemonic;
template <class Buffer>
class GeneralMethods : public MethodsBase<Buffer> {
 public:
  explicit GeneralMethods(Buffer& buffer) : MethodsBase<Buffer>(buffer) {}

#define JITKIT_A64_0(form, m, bits, ft, fx) \
  void m() { this->emit(bits); }
#define JITKIT_A64_1(form, m, bits, ft, fx, A) \
  void m(arg::A a) { this->emit((bits) ^ field_of::A(a)); }
#define JITKIT_A64_2(form, m, bits, ft, fx, A, B) \
  void m(arg::A a, arg::B b) { this->emit((bits) ^ field_of::A(a) ^ field_of::B(b)); }
#define JITKIT_A64_3(form, m, bits, ft, fx, A, B, C) \
  void m(arg::A a, arg::B b, arg::C c) { this->emit((bits) ^ field_of::A(a) ^ field_of::B(b) ^ field_of::C(c)); }
#define JITKIT_A64_4(form, m, bits, ft, fx, A, B, C, D)                                          \
  void m(arg::A a, arg::B b, arg::C c, arg::D d) {                                               \
    this->emit((bits) ^ field_of::A(a) ^ field_of::B(b) ^ field_of::C(c) ^ field_of::D(d));      \
  }
#define JITKIT_A64_5(form, m, bits, ft, fx, A, B, C, D, E)                                       \
  void m(arg::A a, arg::B b, arg::C c, arg::D d, arg::E e) {                                     \
    this->emit((bits) ^ field_of::A(a) ^ field_of::B(b) ^ field_of::C(c) ^ field_of::D(d) ^ field_of::E(e)); \
  }
#define JITKIT_A64_1O(form, m, bits, ft, fx, A) \
  void m(arg::A a = {}) { this->emit((bits) ^ field_of::A(a)); }
#define JITKIT_A64_3O(form, m, bits, ft, fx, A, B, C) \
  void m(arg::A a, arg::B b, arg::C c = {}) { this->emit((bits) ^ field_of::A(a) ^ field_of::B(b) ^ field_of::C(c)); }
#define JITKIT_A64_4O(form, m, bits, ft, fx, A, B, C, D)                                         \
  void m(arg::A a, arg::B b, arg::C c, arg::D d = {}) {                                          \
    this->emit((bits) ^ field_of::A(a) ^ field_of::B(b) ^ field_of::C(c) ^ field_of::D(d));      \
  }
#define JITKIT_A64_L1(form, m, bits, ft, fx, L) \
  void m(arg::L to) { this->emit_relative(bits, to); }
#define JITKIT_A64_L2(form, m, bits, ft, fx, A, L) \
  void m(arg::A a, arg::L to) { this->emit_relative((bits) ^ field_of::A(a), to); }
#define JITKIT_A64_L3(form, m, bits, ft, fx, A, B, L) \
  void m(arg::A a, arg::B b, arg::L to) { this->emit_relative((bits) ^ field_of::A(a) ^ field_of::B(b), to); }
#include <jitkit/emit/arm64/insts.def>
};

template <class Buffer>
class BasicAssembler : public StructureMethods<Buffer> {
 public:
  explicit BasicAssembler(Buffer& buffer) : StructureMethods<Buffer>(buffer) {}
};

using Assembler = BasicAssembler<CodeBuffer>;

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_ASSEMBLER_HPP
