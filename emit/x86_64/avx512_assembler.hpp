// The exact assembler with AVX-512: Avx512Assembler is the Assembler of assembler.hpp with one method per row
// of avx512.def. An include of its own, so that who needs none of it does not pay for it.
//
//   a.vaddps(zmm1, zmm2, zmm3);                        a.vaddps(zmm1, zmm2, zmm3, rn_sae);
//   a.vaddps(zmm1 | k1 | zeroing, zmm2, ptr[rax]);     a.vaddps(ymm16 | k1, ymm2, dword_bcst[rax + 4]);
//   a.vmovups(ptr[rax] | k1, zmm1);                    a.vpgatherdd(zmm1 | k1, ptr[rax + zmm2 * 4]);
//
// Invariants: operands that no form of the row takes do not compile. A method that an instruction with VEX has
// too writes VEX where VEX can say it, as assembler text does. A mask is k1..k7: k0 is the buffer's error.
#ifndef JITKIT_EMIT_X86_64_AVX512_ASSEMBLER_HPP
#define JITKIT_EMIT_X86_64_AVX512_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/assembler.hpp>
#include <jitkit/emit/x86_64/evex_rows.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// A first operand under a mask.
template <class T>
struct Masked {
  T operand;
  u8 mask;
  bool zero = false;
};
struct Zeroing {};
inline constexpr Zeroing zeroing;
template <int L>
constexpr Masked<Vec<L>> operator|(Vec<L> r, KReg k) {
  return {r, k.code};
}
constexpr Masked<KReg> operator|(KReg r, KReg k) { return {r, k.code}; }
constexpr Masked<Mem> operator|(Mem m, KReg k) { return {m, k.code}; }
template <int W>
constexpr Masked<MemOf<W>> operator|(MemOf<W> m, KReg k) {
  return {m, k.code};
}
template <int L>
constexpr Masked<VectorMem<L>> operator|(VectorMem<L> m, KReg k) {
  return {m, k.code};
}
template <int L>
constexpr Masked<Vec<L>> operator|(Masked<Vec<L>> m, Zeroing) {
  m.zero = true;
  return m;
}

// One element of W bits in memory, for all elements of the operand: N of them, where N is not 0.
template <int W, int N = 0>
struct Broadcast {
  Mem mem;
};
inline constexpr Pointer<Broadcast<32>> dword_bcst;
inline constexpr Pointer<Broadcast<64>> qword_bcst;
// Where the other operands do not say how long the vector is: vcvtpd2ps(xmm1, qword_bcst_to<4>[rax]).
template <int N>
inline constexpr Pointer<Broadcast<32, N>> dword_bcst_to;
template <int N>
inline constexpr Pointer<Broadcast<64, N>> qword_bcst_to;

struct RoundingArg {
  Rounding mode;
};
inline constexpr RoundingArg sae{Rounding::sae}, rn_sae{Rounding::rn}, rd_sae{Rounding::rd}, ru_sae{Rounding::ru},
    rz_sae{Rounding::rz};

namespace detail {

// What a C++ type says of an operand.
struct ArgKind {
  OpClass cls = OpClass::none;
  u16 bits = 0;  // 0: memory without a size
  u16 index = 0;
  bool broadcast = false;
  Masking masking = Masking::none;  // merge: the value says whether it is zero
  bool rounding = false;
  u8 copies = 0;  // of a broadcast; 0: as many as the operand has elements
};
template <class T>
inline constexpr ArgKind arg_kind{};
template <int W>
inline constexpr ArgKind arg_kind<Gp<W>>{OpClass::gpr, W};
template <int L>
inline constexpr ArgKind arg_kind<Vec<L>>{OpClass::vec, L};
template <>
inline constexpr ArgKind arg_kind<KReg>{OpClass::mask, 64};
template <>
inline constexpr ArgKind arg_kind<Mem>{OpClass::mem};
template <int W>
inline constexpr ArgKind arg_kind<MemOf<W>>{OpClass::mem, W};
template <int L>
inline constexpr ArgKind arg_kind<VectorMem<L>>{OpClass::mem, 0, L};
template <int W, int N>
inline constexpr ArgKind arg_kind<Broadcast<W, N>>{OpClass::mem, W, 0, true, Masking::none, false, N};
template <>
inline constexpr ArgKind arg_kind<Imm8>{OpClass::imm, 8};
template <>
inline constexpr ArgKind arg_kind<RoundingArg>{OpClass::none, 0, 0, false, Masking::none, true};
template <class T>
inline constexpr ArgKind arg_kind<Masked<T>>{arg_kind<T>.cls, arg_kind<T>.bits, arg_kind<T>.index, false, Masking::merge};

constexpr bool takes(OperandDesc d, const ArgKind& a, EvexVariant variant, unsigned element) {
  if (d.cls != a.cls) return false;
  if (d.cls == OpClass::vec) return a.bits == (d.bits < 128 ? 128 : d.bits);
  if (d.cls == OpClass::gpr) return a.bits == d.bits;
  if (d.cls != OpClass::mem) return true;
  if (a.index != d.index || a.broadcast != (variant == EvexVariant::broadcast)) return false;
  if (a.broadcast) return a.bits == element && (a.copies == 0 || a.copies * element == d.bits);
  return a.bits == 0 ? !d.stated : a.bits == d.bits;
}

// The form of a row that takes operands of these kinds; id count if there is none. The masking is merge if
// there is a mask.
constexpr EvexParts find_form(EvexId id, const ArgKind* args, unsigned count) {
  const EvexRow& row = evex_rows[static_cast<u16>(id)];
  EvexParts p;
  bool memory = false;
  for (unsigned i = 0; i < count; ++i) {
    memory |= args[i].cls == OpClass::mem;
    if (args[i].masking != Masking::none && i == 0) p.masking = Masking::merge;
    if (args[i].broadcast) p.variant = EvexVariant::broadcast;
    if (args[i].rounding) p.variant = EvexVariant::rounding;
  }
  if (memory && p.variant == EvexVariant::plain) p.variant = EvexVariant::memory;
  if (count != row.kinds.count + (p.variant == EvexVariant::rounding ? 1U : 0U)) return {};
  p.id = id;
  EvexParts found;
  for (p.length = 0; p.length < 3; ++p.length) {
    bool fits = is_evex_form(p);
    for (unsigned i = 0; fits && i < row.kinds.count; ++i) {
      const OperandDesc d = describe(row.kinds.kind[i], static_cast<u16>(128 << p.length), memory && !memory_of(row).always);
      fits = takes(d, args[i], p.variant, 8U << (row.modes >> 8));
    }
    if (fits && found.id == id) return {};  // memory without a size: which length is meant?
    if (fits) found = p;
  }
  return found;
}
template <EvexId id, class... O>
inline constexpr EvexParts form_for_args = [] {
  constexpr ArgKind args[] = {arg_kind<O>...};
  return find_form(id, args, sizeof...(O));
}();
template <EvexId id, class... O>
concept EvexTakes = form_for_args<id, O...>.id == id;

// The rows of one method, chained in table order.
struct EvexMethods {
  bool is_first[evex_count] = {};
  u16 next[evex_count] = {};  // 0: none

  constexpr EvexMethods() {
    u16 last[1024] = {};  // by hash; the row's number plus one
    for (u16 i = 0; i < evex_count; ++i) {
      const std::string_view text = evex_rows[i].text;
      u32 h = 0;
      for (const char c : text) h = h * 31 + static_cast<u8>(c);
      while (last[h % 1024] != 0 && evex_rows[last[h % 1024] - 1].text != text) ++h;
      is_first[i] = last[h % 1024] == 0;
      if (!is_first[i]) next[last[h % 1024] - 1] = i;
      last[h % 1024] = static_cast<u16>(i + 1);
    }
  }
};
inline constexpr EvexMethods evex_methods;

// Whether operands that no row of the method takes are for the method of the same name with VEX.
template <EvexId id, class... O>
inline constexpr bool is_for_vex = [] {
  constexpr ArgKind args[] = {arg_kind<O>...};
  if (!evex_methods.is_first[static_cast<u16>(id)]) return false;
  auto at = static_cast<u16>(id);
  do
    if (find_form(static_cast<EvexId>(at), args, sizeof...(O)).id != EvexId::count) return false;
  while ((at = evex_methods.next[at]) != 0);
  return true;
}();

template <class... O>
struct Types {
  template <EvexId id>
  static constexpr bool fits = EvexTakes<id, O...>;
  template <EvexId id>
  static constexpr bool is_vex = is_for_vex<id, O...>;
};
template <class... O>
Types<O...> types(const O&...);

// An operand without its mask; registers by their code.
constexpr auto bare(const auto& o) { return o; }
template <class T>
constexpr T bare(const Masked<T>& m) {
  return m.operand;
}
constexpr unsigned high_bits(const auto&) { return 0; }
template <int L>
constexpr unsigned high_bits(Vec<L> r) {
  return r.code;
}
template <int L>
constexpr unsigned high_bits(VectorMem<L> m) {
  return m.mem.index & 31U;
}

}  // namespace detail

// An immediate is an Imm8, so that a literal is checked; what any other operand may be, the row says.
#define JITKIT_X86_P_i8 Imm8
#define JITKIT_X86_P_m64 auto
#define JITKIT_X86_P_r32m16 auto
#define JITKIT_X86_P_r32m8 auto
#define JITKIT_X86_P_rm32 auto
#define JITKIT_X86_P_rm64 auto
#define JITKIT_X86_P_rms32 auto
#define JITKIT_X86_P_rms64 auto
#define JITKIT_X86_P_vm auto
#define JITKIT_X86_P_x auto
#define JITKIT_X86_P_xd64 auto
#define JITKIT_X86_P_xm32 auto
#define JITKIT_X86_P_xm128 auto
#define JITKIT_X86_P_xs32 auto
#define JITKIT_X86_P_ym256 auto

#define JITKIT_X86_EFITS(id, method, ...)                                                     \
  (decltype(detail::types(__VA_ARGS__))::template fits<EvexId::id> ||                         \
   (decltype(detail::types(__VA_ARGS__))::template is_vex<EvexId::id> && requires(Base& base) { base.method(__VA_ARGS__); }))
#define JITKIT_X86_EBODY(id, method, ...)                                      \
  {                                                                            \
    const auto vex = [this](const auto&... o) {                                \
      (void)this;                                                              \
      constexpr bool has = requires(Base& base) { base.method(o...); };        \
      if constexpr (has) this->Base::method(o...);                             \
      return has;                                                              \
    };                                                                         \
    this->template row<EvexId::id>(vex, __VA_ARGS__);                          \
  }
#define JITKIT_X86_E2(id, method, ax, fmt, a, b, ...)                                                     \
  constexpr void method(auto o0, auto o1, auto... r)                                                      \
    requires JITKIT_X86_EFITS(id, method, o0, o1, r...)                                                   \
  JITKIT_X86_EBODY(id, method, o0, o1, r...)
#define JITKIT_X86_E3(id, method, ax, fmt, a, b, c, ...)                                                  \
  constexpr void method(auto o0, auto o1, JITKIT_X86_P_##c o2, auto... r)                                 \
    requires JITKIT_X86_EFITS(id, method, o0, o1, o2, r...)                                               \
  JITKIT_X86_EBODY(id, method, o0, o1, o2, r...)
#define JITKIT_X86_E4(id, method, ax, fmt, a, b, c, d, ...)                                               \
  constexpr void method(auto o0, auto o1, JITKIT_X86_P_##c o2, JITKIT_X86_P_##d o3, auto... r)            \
    requires JITKIT_X86_EFITS(id, method, o0, o1, o2, o3, r...)                                           \
  JITKIT_X86_EBODY(id, method, o0, o1, o2, o3, r...)
#define JITKIT_X86_EA2(...)
#define JITKIT_X86_EA3(...)
#define JITKIT_X86_EA4(...)

namespace table {

template <class Buffer>
class BasicAvx512Assembler : public BasicAssembler<Buffer> {
  using Base = BasicAssembler<Buffer>;

 public:
  using Base::Base;

#include <jitkit/emit/x86_64/avx512.def>

 private:
  using Code = detail::Code;
  using Place = detail::Place;

  template <EvexId id, class... O>
  constexpr void row(auto vex, const O&... o) {
    constexpr EvexParts p = detail::form_for_args<id, O...>;
    if constexpr (p.id != id)
      vex(o...);
    else
      evex<id, p>(vex, o...);
  }
  template <EvexId id, EvexParts p, class... O>
  constexpr void evex(auto vex, const O&... o) {
    constexpr bool vex_can = p.length < 2 && p.variant < EvexVariant::broadcast && p.masking == Masking::none;
    if constexpr (vex_can)
      if ((detail::high_bits(o) | ...) < 16 && vex(o...)) return;
    u8 mask = 0;
    bool zero = false;
    Rounding rounding = Rounding::none;
    const auto decoration = [&](const auto& x) {
      if constexpr (requires { x.mask; x.operand; }) {
        mask = x.mask;
        zero = x.zero;
      }
      if constexpr (requires { x.mode; }) rounding = x.mode;
    };
    (decoration(o), ...);
    if (p.masking != Masking::none && mask == 0) return Base::refuse();
    constexpr EvexRow r = evex_rows[static_cast<u16>(id)];
    if constexpr (p.variant == EvexVariant::rounding) {
      if ((rounding == Rounding::sae) != ((r.modes & er) == 0)) return Base::refuse();
    }
    const Enc e = decorated(evex_word(p), mask, zero, rounding);
    put<r.format>(e, detail::bare(o)...);
  }
  // By the format: the operands without masks; a rounding mode stands at the end and is in the word.
  template <Format f>
  constexpr void put(Enc e, auto a, auto b, auto... rest) {
    if constexpr (f == Format::RM)
      write(e, Code(a).value, 0, Place(b).mem, rest...);
    else if constexpr (f == Format::MR)
      write(e, Code(b).value, 0, Place(a).mem, rest...);
    else if constexpr (f == Format::VM)
      write(e, digit_of(e), Code(a).value, Place(b).mem, rest...);
    else
      put_three(e, Code(a).value, Code(b).value, rest...);
  }
  constexpr void put_three(Enc e, u8 reg, u8 v, auto c, auto... rest) { write(e, reg, v, Place(c).mem, rest...); }
  constexpr void write(Enc e, unsigned reg, unsigned v, const Mem& rm) { put_evex(e, reg | v << 8, rm, {}); }
  constexpr void write(Enc e, unsigned reg, unsigned v, const Mem& rm, RoundingArg) { write(e, reg, v, rm); }
  constexpr void write(Enc e, unsigned reg, unsigned v, const Mem& rm, Imm8 i) {
    put_evex(e, reg | v << 8, rm, detail::Tail(i.value, 1));
  }
  constexpr void write(Enc e, unsigned reg, unsigned v, const Mem& rm, Imm8 i, RoundingArg) { write(e, reg, v, rm, i); }
  [[gnu::noinline]] constexpr void put_evex(Enc e, unsigned reg_v, Mem rm, detail::Tail t) {
    if (u8* p = this->buffer().reserve(Base::max_length))
      Base::finish(p, put_modrm(p, e, reg_v & 0xff, reg_v >> 8, rm), t, rm);
  }
};

}  // namespace table

#undef JITKIT_X86_EBODY
#undef JITKIT_X86_EFITS
#undef JITKIT_X86_P_i8
#undef JITKIT_X86_P_m64
#undef JITKIT_X86_P_r32m16
#undef JITKIT_X86_P_r32m8
#undef JITKIT_X86_P_rm32
#undef JITKIT_X86_P_rm64
#undef JITKIT_X86_P_rms32
#undef JITKIT_X86_P_rms64
#undef JITKIT_X86_P_vm
#undef JITKIT_X86_P_x
#undef JITKIT_X86_P_xd64
#undef JITKIT_X86_P_xm32
#undef JITKIT_X86_P_xm128
#undef JITKIT_X86_P_xs32
#undef JITKIT_X86_P_ym256

using table::BasicAvx512Assembler;
using Avx512Assembler = BasicAvx512Assembler<CodeBuffer>;

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_AVX512_ASSEMBLER_HPP
